//! What people see: snapshots of every view, and the two promises that hold for any input.

use local_xray::Reject;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tracing_xray::Timestamp;
use unicode_width::UnicodeWidthStr;

use super::samples::{
    START, faulted, hostile, many_calls, night, now, retried, running, sample_trace, scattered,
    summaries, trace,
};
use super::{
    Listing, Sort, Style, TraceDetail, listed, rejects, timeline, timeline_svg, trace_list,
};

pub(super) const WIDE: Style = Style {
    colour: false,
    width: 120,
};
pub(super) const NARROW: Style = Style {
    colour: false,
    width: 40,
};
pub(super) const COLOUR: Style = Style {
    colour: true,
    width: 80,
};

/// Escapes made visible, so that a snapshot is plain text.
pub(super) fn visible(text: &str) -> String {
    text.replace('\x1b', "␛")
}

#[test]
fn trace_lists() {
    let style = Style::default();
    insta::assert_snapshot!("list", trace_list(&summaries(), Listing::default(), style));
    insta::assert_snapshot!(
        "list_wide",
        trace_list(&summaries(), Listing::default(), WIDE)
    );
    insta::assert_snapshot!(
        "list_narrow",
        trace_list(&summaries(), Listing::default(), NARROW)
    );
    insta::assert_snapshot!(
        "list_colour",
        visible(&trace_list(&summaries(), Listing::default(), COLOUR))
    );
    insta::assert_snapshot!("list_empty", trace_list(&[], Listing::default(), style));
    insta::assert_snapshot!(
        "list_empty_narrow",
        trace_list(&[], Listing::default(), NARROW)
    );
    let two_days = [
        json!({"Id": "1-69214cb0-00000000000000000000000a", "Duration": 123.0, "HasThrottle": true,
            "Annotations": {"zone": [{"AnnotationValue": {"NumberValue": 3}}],
                "job": [{"AnnotationValue": {"StringValue": "logs"}}]}}),
        json!({"Id": "1-6921a000-00000000000000000000000b", "StartTime": START + 90_000.0,
            "ServiceIds": [{"Name": "c", "Type": "client"}, {"Name": "\x1b[31mevil"}]}),
        json!({}),
        json!(null),
    ];
    insta::assert_snapshot!(
        "list_sparse",
        trace_list(&two_days, Listing::default(), WIDE)
    );
}

#[test]
fn many_traces_are_sorted_cut_and_summed_up() {
    for (name, width) in [("40", 40), ("80", 80), ("200", 200)] {
        let style = Style {
            colour: false,
            width,
        };
        let longest = Listing {
            sort: Sort::Duration,
            reverse: false,
            limit: Some(4),
        };
        let text = trace_list(&night(), longest, style);
        insta::assert_snapshot!(format!("list_longest_{name}"), text);
    }
    let ids = |sort, reverse| {
        let listing = Listing {
            sort,
            reverse,
            limit: Some(3),
        };
        let summaries = summaries();
        let listed = listed(&summaries, listing).into_iter();
        let ids = listed.map(|summary| summary["Id"].as_str().unwrap()[34..].to_owned());
        ids.collect::<String>()
    };
    assert_eq!(ids(Sort::Start, false), "765");
    assert_eq!(ids(Sort::Start, true), "123");
    assert_eq!(ids(Sort::Duration, false), "263");
    assert_eq!(ids(Sort::Status, false), "254");
    assert_eq!(ids(Sort::Service, false), "432");
    assert_eq!(ids(Sort::Service, true), "765");
}

#[test]
fn refused_documents() {
    let bad_name = json!({"id": "70de5b6f19ff9a0a", "name": "shop (v2)", "start_time": 1, "end_time": 2,
        "trace_id": "1-69214cb0-00000000000000000000000a", "annotations": {"note": "a long text ".repeat(30)}});
    let bad_name = bad_name.to_string();
    let of_code = |error_code: &str, document: &str| Reject {
        arrived: Timestamp::from_micros((START * 1e6) as u64),
        error_code: error_code.to_owned(),
        message: "Invalid segment.".to_owned(),
        id: Some("70de5b6f19ff9a0a".to_owned()),
        trace_id: Some("1-69214cb0-00000000000000000000000a".to_owned()),
        name: Some("shop (v2)".to_owned()),
        document: document.to_owned(),
    };
    let unreadable = Reject {
        id: None,
        trace_id: None,
        name: None,
        ..of_code("ParseError", "\u{1b}[2J{\"id\":")
    };
    let mut all = vec![of_code("InvalidName", &bad_name); 5];
    all.insert(1, unreadable);
    for (name, width) in [("40", 40), ("80", 80), ("200", 200)] {
        let style = Style {
            colour: false,
            width,
        };
        insta::assert_snapshot!(format!("rejects_{name}"), rejects(&all, 0, style));
    }
    insta::assert_snapshot!("rejects_none", rejects(&[], 0, Style::default()));
}

#[test]
fn timelines() {
    let style = Style::default();
    let draw = |trace: &Value| timeline(trace, now(), TraceDetail::default(), style);
    let sample = |number: u32| sample_trace(&format!("1-69214cb0-{number:024}"));
    insta::assert_snapshot!("timeline_ok", draw(&sample(1)));
    insta::assert_snapshot!("timeline_two_services_faulted", draw(&sample(2)));
    insta::assert_snapshot!("timeline_sql", draw(&sample(7)));
    insta::assert_snapshot!("timeline_retried", draw(&retried()));
    insta::assert_snapshot!("timeline_faulted", draw(&faulted()));
    insta::assert_snapshot!(
        "timeline_faulted_colour",
        visible(&timeline(&faulted(), now(), TraceDetail::default(), COLOUR))
    );
    insta::assert_snapshot!(
        "timeline_faulted_narrow",
        timeline(&faulted(), now(), TraceDetail::default(), NARROW)
    );
    insta::assert_snapshot!("timeline_running", draw(&running()));
    insta::assert_snapshot!("timeline_many_calls", draw(&many_calls()));
    insta::assert_snapshot!("timeline_hostile", draw(&hostile()));
    insta::assert_snapshot!(
        "timeline_empty",
        draw(&json!({"Id": "1-a-b", "Segments": []}))
    );
    let broken = json!({"LimitExceeded": true, "Segments": [{"Document": "{"}, {}, 7]});
    insta::assert_snapshot!("timeline_unreadable", draw(&broken));
}

#[test]
fn a_timeline_as_svg() {
    let draw = |trace: &Value| timeline_svg(trace, now(), TraceDetail::default());
    insta::assert_snapshot!("timeline_svg", draw(&running()));
    insta::assert_snapshot!("timeline_svg_hostile", draw(&hostile()));
}

#[test]
fn what_is_special_in_a_trace_is_told_in_words() {
    let detail = TraceDetail {
        level_max: Some(2),
        stacks: true,
        metadata: true,
    };
    for (name, width) in [("40", 40), ("80", 80), ("200", 200)] {
        let style = Style {
            colour: false,
            width,
        };
        let text = timeline(&scattered(), now(), TraceDetail::default(), style);
        insta::assert_snapshot!(format!("timeline_scattered_{name}"), text);
        let text = timeline(&scattered(), now(), detail, style);
        insta::assert_snapshot!(format!("timeline_detail_{name}"), text);
    }
}

/// The promises of every view: no line wider than asked, no control character but line ends and
/// our own colours.
pub(super) fn keeps_its_promises(text: &str, style: Style) -> Result<(), TestCaseError> {
    for line in text.lines() {
        let mut plain = line.to_owned();
        if style.colour {
            for sgr in ["0", "1", "2", "31", "32", "33", "35", "36"] {
                plain = plain.replace(&format!("\x1b[{sgr}m"), "");
            }
        }
        prop_assert!(!plain.chars().any(char::is_control), "control in {plain:?}");
        let width = plain.width();
        prop_assert!(width <= style.width.max(40), "{width} columns: {plain:?}");
    }
    Ok(())
}

/// Members of the API's answers and of documents, so that arbitrary values meet the readers.
const KEYS: [&str; 62] = [
    "Id",
    "StartTime",
    "Duration",
    "HasFault",
    "HasError",
    "HasThrottle",
    "IsPartial",
    "Annotations",
    "AnnotationValue",
    "StringValue",
    "EntryPoint",
    "ServiceIds",
    "Name",
    "Type",
    "State",
    "Edges",
    "ReferenceId",
    "EdgeType",
    "SummaryStatistics",
    "OkCount",
    "TotalCount",
    "ErrorStatistics",
    "FaultStatistics",
    "ThrottleCount",
    "OtherCount",
    "TotalResponseTime",
    "ResponseTimeHistogram",
    "Value",
    "Count",
    "Segments",
    "Document",
    "LimitExceeded",
    "id",
    "name",
    "start_time",
    "end_time",
    "in_progress",
    "parent_id",
    "inferred",
    "subsegments",
    "error",
    "fault",
    "throttle",
    "http",
    "request",
    "response",
    "status",
    "url",
    "method",
    "aws",
    "operation",
    "bucket_name",
    "annotations",
    "cause",
    "exceptions",
    "stack",
    "truncated",
    "type",
    "links",
    "trace_id",
    "attributes",
    "metadata",
];

pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0..6_u64).prop_map(Value::from),
        (0.0..9.0_f64).prop_map(|seconds| json!(START + seconds)),
        any::<String>().prop_map(Value::from),
        "[ab]".prop_map(Value::from),
        Just(json!("AWS::S3::Bucket")),
        Just(json!("client")),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let key = prop_oneof![9 => proptest::sample::select(&KEYS[..]).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..12)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

pub(super) fn any_style() -> impl Strategy<Value = Style> {
    (any::<bool>(), 0..200_usize).prop_map(|(colour, width)| Style { colour, width })
}

fn any_listing() -> impl Strategy<Value = Listing> {
    let sort =
        proptest::sample::select(&[Sort::Start, Sort::Duration, Sort::Status, Sort::Service][..]);
    let limit = proptest::option::of(0..5_usize);
    (sort, any::<bool>(), limit).prop_map(|(sort, reverse, limit)| Listing {
        sort,
        reverse,
        limit,
    })
}

fn any_detail() -> impl Strategy<Value = TraceDetail> {
    let level_max = proptest::option::of(0..5_usize);
    (level_max, any::<bool>(), any::<bool>()).prop_map(|(level_max, stacks, metadata)| {
        TraceDetail {
            level_max,
            stacks,
            metadata,
        }
    })
}

/// A document of the right shape that holds anything.
fn any_document() -> impl Strategy<Value = Value> {
    (
        any_json(),
        "[a-e]",
        "[a-f]",
        any::<String>(),
        any_json(),
        any::<bool>(),
    )
        .prop_map(|(base, id, parent, name, subsegments, inferred)| {
            let mut document = if base.is_object() { base } else { json!({}) };
            document["id"] = json!(id);
            document["parent_id"] = json!(parent);
            document["name"] = json!(name);
            document["inferred"] = json!(inferred);
            if document["subsegments"].is_null() {
                document["subsegments"] = json!([subsegments]);
            }
            document
        })
}

proptest! {
    #[test]
    fn anything_at_all_can_be_shown(
        value in any_json(),
        listing in any_listing(),
        style in any_style(),
    ) {
        let list: Vec<Value> = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        keeps_its_promises(&trace_list(&list, listing, style), style)?;
        #[cfg(feature = "local")]
        keeps_its_promises(&super::service_map(&list, style), style)?;
        keeps_its_promises(&timeline(&value, now(), TraceDetail::default(), style), style)?;
    }

    #[test]
    fn any_refused_document_is_shown(
        document in prop_oneof![any_document().prop_map(|document| document.to_string()), any::<String>()],
        code in proptest::sample::select(&["InvalidName", "MissingId", "MissingEndTime", "ParseError", "\x1b"][..]),
        name in proptest::option::of(any::<String>()),
        style in any_style(),
    ) {
        let reject = Reject {
            arrived: Timestamp::from_micros((START * 1e6) as u64),
            error_code: code.to_owned(),
            message: document.clone(),
            id: name.clone(),
            trace_id: name.clone(),
            name,
            document,
        };
        keeps_its_promises(&rejects(&[reject.clone(), reject], 0, style), style)?;
    }

    #[test]
    fn any_documents_make_a_timeline(
        documents in proptest::collection::vec(any_document(), 0..8),
        micros in any::<u64>(),
        detail in any_detail(),
        style in any_style(),
    ) {
        let now = Timestamp::from_micros(micros);
        let trace = trace("1-a-b", &documents);
        keeps_its_promises(&timeline(&trace, now, detail, style), style)?;
        let svg = timeline_svg(&trace, now, detail);
        let svg = roxmltree::Document::parse(&svg);
        prop_assert!(svg.is_ok(), "{svg:?}");
    }
}
