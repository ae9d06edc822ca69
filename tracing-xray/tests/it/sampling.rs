//! From a sampling decision to what is sent, and what is not.

use tracing::info_span;
use tracing_xray::sampling::{LocalRules, Request};
use tracing_xray::{SpanExt, Timestamp};

use crate::daemon::{TestDaemon, segment_of};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// What a callee of a segment is told that is opened with this decision, and this caller's header.
/// Nothing of it is sent.
fn header_when_unsampled(trace_header: Option<&str>) -> String {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    let header = tracing::dispatcher::with_default(&subscriber, || {
        let job = info_span!(
            "job",
            xray.segment = "s",
            xray.sampled = false,
            xray.trace_header = trace_header
        );
        job.in_scope(|| {
            // More than a segment holds: they are not sent on their own either.
            for _ in 0..150 {
                info_span!("step").in_scope(|| ());
            }
            let call = info_span!("call");
            call.trace_context().unwrap().header().to_string()
        })
    });
    assert_eq!(guard.close().sent, 0);
    daemon.assert_silent();
    header
}

#[test]
fn what_is_not_sampled_is_not_sent_but_handed_on() {
    let fresh = header_when_unsampled(None);
    assert!(fresh.starts_with("Root=1-"), "{fresh}");
    assert!(fresh.ends_with(";Sampled=0"), "{fresh}");
}

#[test]
fn a_given_trace_is_kept_and_the_field_decides() {
    for sampled in ["", ";Sampled=?", ";Sampled=1"] {
        let caller = format!("Root={ROOT};Parent=53995c3f42cd8ad8{sampled};Lineage=a:1");
        let header = header_when_unsampled(Some(&caller));
        assert!(header.starts_with(&format!("Root={ROOT};Parent=")));
        assert!(!header.contains("53995c3f42cd8ad8"), "{header}");
        assert!(header.ends_with(";Sampled=0;Lineage=a:1"), "{header}");
    }
}

#[test]
fn a_decision_stands_in_the_segment() {
    let rules = LocalRules::parse(
        r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}, "rules": [
            {"description": "nightly", "host": "bucket *", "http_method": "*", "url_path": "*",
             "fixed_target": 1, "rate": 0}]}"#,
    )
    .unwrap();
    let request = Request {
        host: Some("bucket creation"),
        ..Request::default()
    };
    let decision = rules.decide(&request, Timestamp::from_micros(0), 0.5);
    let segment = segment_of(|| {
        drop(info_span!(
            "job",
            xray.segment = "bucket creation",
            xray.sampled = decision.sampled,
            xray.sampling_rule = decision.rule
        ));
    });
    let xray = &segment["aws"]["xray"];
    assert_eq!(xray["sampling_rule_name"], "nightly");
    assert_eq!(xray["sdk"], "X-Ray for Rust");
}

#[test]
fn no_rule_s_name_leaves_no_trace_in_the_segment() {
    let segment = segment_of(|| {
        drop(info_span!(
            "job",
            xray.segment = "s",
            xray.sampled = true,
            xray.sampling_rule = None::<&str>
        ));
    });
    assert!(segment["aws"]["xray"].get("sampling_rule_name").is_none());
    assert!(segment.get("annotations").is_none());
}

#[test]
fn a_field_on_a_subsegment_decides_nothing() {
    let segment = segment_of(|| {
        let job = info_span!("job", xray.segment = "s");
        job.in_scope(|| drop(info_span!("step", xray.sampled = false)));
    });
    assert_eq!(segment["subsegments"][0]["name"], "step");
}
