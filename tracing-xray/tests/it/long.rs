//! Long jobs: in progress, streamed, too large for a datagram.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;
use tracing::{Dispatch, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_xray::{
    Emitter, EmitterCounts, EmitterOptions, Exception, FlushGuard, LayerOptions, SpanExt,
};

use crate::daemon::{TestDaemon, subsegment};

const VECTORS: &str = include_str!("../vectors/streaming.json");

fn subscriber(daemon: &TestDaemon, options: LayerOptions) -> (Dispatch, Emitter, FlushGuard) {
    let patient = EmitterOptions {
        flush_timeout: Duration::from_secs(60),
        ..EmitterOptions::default()
    };
    let (emitter, guard) = Emitter::start(&daemon.settings(), patient).unwrap();
    let layer = tracing_xray::layer(emitter.clone(), &daemon.settings(), options);
    let subscriber = tracing_subscriber::registry().with(layer);
    (subscriber.into(), emitter, guard)
}

/// Runs work that is done before anybody reads, and answers all that it sent.
fn documents_of(options: LayerOptions, work: impl FnOnce()) -> Vec<Value> {
    let daemon = TestDaemon::start();
    let (subscriber, _, guard) = subscriber(&daemon, options);
    tracing::dispatcher::with_default(&subscriber, work);
    let counts = guard.close();
    assert_eq!((counts.refused, counts.dropped), (0, 0));
    let documents = (0..counts.sent).map(|_| daemon.receive()).collect();
    daemon.assert_silent();
    documents
}

fn never_in_progress() -> LayerOptions {
    LayerOptions {
        in_progress_after: None,
        ..LayerOptions::default()
    }
}

fn streamed_above(streaming_threshold: usize) -> LayerOptions {
    LayerOptions {
        streaming_threshold,
        ..never_in_progress()
    }
}

/// The name of every part by its id, with the id of its parent. Each part comes once.
fn assemble(documents: &[Value]) -> BTreeMap<String, (Option<String>, Value)> {
    fn add(
        part: &Value,
        parent: Option<&str>,
        whole: &mut BTreeMap<String, (Option<String>, Value)>,
    ) {
        let id = part["id"].as_str().unwrap();
        let parent = parent.or(part["parent_id"].as_str()).map(str::to_owned);
        for beneath in part["subsegments"].as_array().into_iter().flatten() {
            add(beneath, Some(id), whole);
        }
        let known = whole.insert(id.to_owned(), (parent, part.clone()));
        assert!(known.is_none(), "{id} twice");
    }
    let mut whole = BTreeMap::new();
    for document in documents {
        assert_eq!(document["trace_id"], documents[0]["trace_id"]);
        add(document, None, &mut whole);
    }
    whole
}

fn segment_in(documents: &[Value]) -> &Value {
    let mut segments = documents
        .iter()
        .filter(|document| document.get("type").is_none());
    let segment = segments.next().unwrap();
    assert!(segments.next().is_none());
    segment
}

#[test]
fn a_segment_that_stays_open_is_shown_in_progress_and_then_complete() {
    let daemon = TestDaemon::start();
    let options = LayerOptions {
        in_progress_after: Some(Duration::from_millis(20)),
        ..LayerOptions::default()
    };
    let (subscriber, _, guard) = subscriber(&daemon, options);
    tracing::dispatcher::with_default(&subscriber, || {
        let span = info_span!(
            "job",
            xray.segment = "long",
            customer = "acme",
            metadata.spec = "all of it",
            http.request.method = "GET",
            late = tracing::field::Empty,
        );
        // Left and entered again, as a future is: that is no end.
        span.in_scope(|| info_span!("first").in_scope(|| ()));
        let shown = daemon.receive();
        assert_eq!(shown["in_progress"], true);
        assert!(shown.get("end_time").is_none());
        assert!(shown.get("subsegments").is_none());
        assert_eq!(shown["annotations"]["customer"], "acme");
        assert_eq!(shown["metadata"]["default"]["spec"], "all of it");
        assert_eq!(shown["http"]["request"]["method"], "GET");
        assert_eq!(shown["aws"]["xray"]["sdk"], "X-Ray for Rust");

        span.record("late", true);
        span.in_scope(|| info_span!("second").in_scope(|| ()));
        drop(span);
        let complete = daemon.receive();
        for same in ["id", "trace_id", "start_time", "name"] {
            assert_eq!(complete[same], shown[same]);
        }
        assert!(complete.get("in_progress").is_none());
        assert_eq!(complete["annotations"]["late"], true);
        subsegment(&complete, "first");
        subsegment(&complete, "second");
    });
    assert_eq!(guard.close().sent, 1);
    daemon.assert_silent();
}

#[test]
fn every_long_segment_is_shown_and_no_short_one() {
    let daemon = TestDaemon::start();
    let options = LayerOptions {
        in_progress_after: Some(Duration::from_millis(20)),
        ..LayerOptions::default()
    };
    let (subscriber, emitter, guard) = subscriber(&daemon, options);
    tracing::dispatcher::with_default(&subscriber, || {
        // One within another, and beside a trace that is not sampled.
        let outer = info_span!("job", xray.segment = "outer");
        let inner = outer.in_scope(|| info_span!("job", xray.segment = "inner"));
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0";
        let unsampled = info_span!("job", xray.segment = "un", xray.trace_header = header);
        assert_eq!(daemon.receive()["name"], "outer");
        assert_eq!(daemon.receive()["name"], "inner");
        drop((inner, outer, unsampled));
    });
    for name in ["inner", "outer"] {
        let complete = daemon.receive();
        assert_eq!(
            (&complete["name"], complete.get("in_progress")),
            (&name.into(), None)
        );
    }
    assert!(emitter.flush(Duration::from_secs(60)));
    assert_eq!(emitter.counts().sent, 2);

    drop(guard);
    let (subscriber, _, guard) = self::subscriber(&daemon, never_in_progress());
    tracing::dispatcher::with_default(&subscriber, || {
        drop(info_span!("job", xray.segment = "short"));
    });
    assert_eq!(daemon.receive()["name"], "short");
    guard.close();
}

#[test]
fn a_segment_open_at_the_end_stays_in_progress() {
    let daemon = TestDaemon::start();
    let options = LayerOptions {
        in_progress_after: Some(Duration::from_millis(5)),
        ..LayerOptions::default()
    };
    let (subscriber, _, guard) = subscriber(&daemon, options);
    tracing::dispatcher::with_default(&subscriber, || {
        let span = info_span!("job", xray.segment = "killed");
        assert_eq!(daemon.receive()["in_progress"], true);
        assert_eq!(guard.close(), EmitterCounts::default());
        drop(span);
    });
    daemon.assert_silent();
}

/// A program's own set-up: one global subscriber, and a layer that may be off.
#[test]
#[ignore = "sets the global subscriber: the next test runs it in a process of its own"]
fn with_a_global_subscriber() {
    let daemon = TestDaemon::start();
    let (emitter, guard) = daemon.emitter();
    let options = LayerOptions {
        in_progress_after: Some(Duration::from_millis(20)),
        ..LayerOptions::default()
    };
    let layer = tracing_xray::layer(emitter, &daemon.settings(), options);
    let subscriber = tracing_subscriber::registry().with(Some(layer));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let span = info_span!("job", xray.segment = "s");
    assert_eq!(daemon.receive()["in_progress"], true);
    drop(span);
    assert!(daemon.receive().get("in_progress").is_none());
    assert_eq!(guard.close().sent, 1);
}

#[test]
fn a_layer_in_an_option_shows_segments_in_progress() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "long::with_a_global_subscriber"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[test]
fn a_segment_in_progress_that_is_refused_is_not_counted() {
    let holder = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    holder.connect("127.0.0.1:9").unwrap();
    let settings = tracing_xray::Settings {
        daemon_address: holder.local_addr().unwrap().to_string().parse().unwrap(),
        ..Default::default()
    };
    let at_once = EmitterOptions {
        start_timeout: Duration::ZERO,
        ..EmitterOptions::default()
    };
    let (emitter, guard) = Emitter::start(&settings, at_once).unwrap();
    let options = LayerOptions {
        in_progress_after: Some(Duration::from_nanos(1)),
        ..LayerOptions::default()
    };
    let layer = tracing_xray::layer(emitter, &settings, options);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for _ in 0..100 {
            let job = info_span!("job", xray.segment = "s");
            std::thread::yield_now();
            drop(job);
        }
    });
    let counts = guard.close();
    assert_eq!((counts.sent, counts.refused), (0, 100));
}

#[test]
fn the_vectors_of_streaming_hold() {
    let leaves = |count: usize| {
        for _ in 0..count {
            info_span!("leaf").in_scope(|| ());
        }
    };
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let mut driven = 0;
    for case in vectors["cases"].as_array().unwrap() {
        let Some(tree) = case["tree"].as_str() else {
            continue;
        };
        let threshold = usize::try_from(case["threshold"].as_u64().unwrap()).unwrap();
        let documents = documents_of(streamed_above(threshold), || {
            info_span!("root", xray.segment = "s").in_scope(|| match tree {
                "root with 22 finished children" => leaves(22),
                // The segment and 42: two children with 20 of their own each.
                "42-node tree of the test" => {
                    info_span!("a").in_scope(|| leaves(20));
                    info_span!("b").in_scope(|| leaves(20));
                }
                "chain of 4" => info_span!("two").in_scope(|| {
                    info_span!("three").in_scope(|| info_span!("four").in_scope(|| ()));
                }),
                other => panic!("a tree unknown to this test: {other}"),
            });
        });
        assert_eq!(documents.len() as u64, case["expect_documents"], "{case}");
        if let Some(left) = case["left_in_root"].as_u64() {
            let kept = segment_in(&documents)["subsegments"].as_array().unwrap();
            assert_eq!(kept.len() as u64, left, "{case}");
        }
        for streamed in documents.iter().filter(|it| it.get("type").is_some()) {
            for field in vectors["streamed_document_fields"].as_array().unwrap() {
                let (field, value) = match field.as_str().unwrap().split_once('=') {
                    Some((field, value)) => (field, Some(value)),
                    None => (field.as_str().unwrap(), None),
                };
                assert!(streamed.get(field).is_some(), "{field} in {streamed:#}");
                assert!(value.is_none_or(|value| streamed[field] == value));
            }
        }
        driven += 1;
    }
    assert_eq!(driven, 3);
}

#[test]
fn completed_subtrees_leave_and_open_ones_stay() {
    let documents = documents_of(streamed_above(0), || {
        info_span!("root", xray.segment = "s").in_scope(|| {
            info_span!("open").in_scope(|| {
                info_span!("done").in_scope(|| ());
                info_span!("done too").in_scope(|| ());
            });
        });
    });
    let names: Vec<_> = documents
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["done", "done too", "open", "s"]);
    assert_eq!(documents[0]["parent_id"], documents[2]["id"]);
    assert_eq!(documents[2]["parent_id"], documents[3]["id"]);
}

#[test]
fn large_subsegments_leave_before_the_segment_is_too_large() {
    let daemon = TestDaemon::start();
    let (subscriber, _, guard) = subscriber(&daemon, never_in_progress());
    tracing::dispatcher::with_default(&subscriber, || {
        let job = info_span!("job", xray.segment = "s");
        job.in_scope(|| {
            for _ in 0..10 {
                info_span!("step", metadata.note = "x".repeat(10_000)).in_scope(|| ());
            }
        });
        // The segment is open, and has kept five of 10 KB.
        let early: Vec<_> = (0..5).map(|_| daemon.receive()).collect();
        assert!(early.iter().all(|step| step["type"] == "subsegment"));
        drop(job);
    });
    let segment = daemon.receive();
    assert_eq!(segment["subsegments"].as_array().unwrap().len(), 5);
    assert_eq!(guard.close().sent, 6);
}

/// The steps of a job of 10,000.
const STEPS: usize = 10_000;

#[test]
fn a_job_of_ten_thousand_steps_arrives_whole() {
    let daemon = TestDaemon::start();
    let (subscriber, emitter, guard) = subscriber(&daemon, never_in_progress());
    let mut documents = Vec::new();
    tracing::dispatcher::with_default(&subscriber, || {
        let job = info_span!("job", xray.segment = "s").entered();
        for step in 0..STEPS {
            info_span!("step", step).in_scope(|| ());
            // As many as a default socket buffer holds for sure.
            if step % 50 == 49 {
                assert!(emitter.flush(Duration::from_secs(20)));
                let sent = emitter.counts().sent;
                documents.extend((documents.len() as u64..sent).map(|_| daemon.receive()));
            }
        }
        drop(job);
    });
    documents.push(daemon.receive());
    assert_eq!(guard.close().dropped, 0);
    let segment = segment_in(&documents);
    let whole = assemble(&documents);
    assert_eq!(whole.len(), STEPS + 1);
    let mut steps: Vec<u64> = Vec::new();
    for (parent, part) in whole.values() {
        if let Some(step) = part["annotations"]["step"].as_u64() {
            assert_eq!(parent.as_deref(), segment["id"].as_str());
            steps.push(step);
        }
    }
    steps.sort_unstable();
    assert!(steps.into_iter().eq(0..STEPS as u64));
}

#[test]
fn a_burst_of_ten_thousand_steps_is_paced_and_all_of_it_leaves() {
    let daemon = TestDaemon::start();
    let (subscriber, emitter, guard) = subscriber(&daemon, never_in_progress());
    let start = Instant::now();
    tracing::dispatcher::with_default(&subscriber, || {
        info_span!("job", xray.segment = "s").in_scope(|| {
            for _ in 0..STEPS {
                info_span!("step").in_scope(|| ());
            }
        });
    });
    assert!(emitter.flush(Duration::from_secs(60)));
    // Each takes up more than 1,000 bytes of the receiver's buffer, which is trusted to be read at
    // 25,000 in a millisecond. That a reader who does so loses nothing is another test's matter.
    let took = start.elapsed();
    assert!(took > Duration::from_millis(300), "{took:?}");
    let counts = guard.close();
    assert_eq!((counts.sent, counts.dropped), (STEPS as u64 - 99, 0));
}

#[test]
fn a_segment_that_fits_no_datagram_is_split() {
    let documents = documents_of(streamed_above(usize::MAX), || {
        info_span!("job", xray.segment = "s", metadata.own = "x".repeat(40_000)).in_scope(|| {
            for _ in 0..3 {
                info_span!("step", metadata.note = "y".repeat(15_000))
                    .in_scope(|| info_span!("inner").in_scope(|| ()));
            }
        });
    });
    assert_eq!(documents.len(), 3);
    let whole = assemble(&documents);
    assert_eq!(whole.len(), 7);
    assert!(
        whole
            .values()
            .all(|(_, part)| part["metadata"]["xray"].is_null())
    );
    let segment = segment_in(&documents);
    assert_eq!(segment["subsegments"].as_array().unwrap().len(), 1);
}

#[test]
fn an_error_of_five_megabytes_is_cut_and_the_whole_tree_is_there() {
    const LEN: usize = 5_000_000;
    let documents = documents_of(never_in_progress(), || {
        let job = info_span!("job", xray.segment = "s", error = "e".repeat(LEN));
        job.in_scope(|| {
            let step = info_span!("step", metadata.output = "o".repeat(LEN));
            step.edit_entity(|entity| {
                let mut exception = Exception::new("Huge", "");
                exception.message = Some("é".repeat(LEN / 2));
                entity.add_exceptions(vec![exception]);
            });
            step.in_scope(|| info_span!("inner").in_scope(|| ()));
        });
    });
    let whole = assemble(&documents);
    assert_eq!(whole.len(), 3);
    let segment = segment_in(&documents);
    let message = segment["cause"]["exceptions"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.ends_with(" bytes cut)"), "{message}");
    let step = documents.iter().find(|it| it["name"] == "step").unwrap();
    assert_eq!(step["parent_id"], segment["id"]);
    let marks = &step["metadata"]["xray"]["trimmed"];
    assert_eq!(marks[0]["path"], "metadata.default.output");
    assert_eq!(marks[0]["len"], LEN);
    let kept = step["cause"]["exceptions"][0]["message"].as_str().unwrap();
    assert!(kept.starts_with("éé") && kept.ends_with(" bytes cut)"));
    let datagram_len = step.to_string().len();
    assert!((60_000..65_507).contains(&datagram_len), "{datagram_len}");
}

/// A span, and those beneath it.
#[derive(Clone, Debug)]
struct Node(Vec<Node>);

impl Node {
    fn run(&self) {
        for node in &self.0 {
            info_span!("step").in_scope(|| node.run());
        }
    }

    fn count(&self) -> usize {
        1 + self.0.iter().map(Self::count).sum::<usize>()
    }

    /// The shape of the tree, whatever the order.
    fn shape(&self) -> String {
        let mut beneath: Vec<_> = self.0.iter().map(Self::shape).collect();
        beneath.sort();
        format!("({})", beneath.concat())
    }
}

fn trees() -> impl Strategy<Value = Node> {
    Just(Node(Vec::new())).prop_recursive(5, 40, 6, |inner| {
        prop::collection::vec(inner, 0..6).prop_map(Node)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_tree_of_spans_arrives_whole(tree in trees(), threshold in 0_usize..12) {
        let documents = documents_of(streamed_above(threshold), || {
            info_span!("job", xray.segment = "s").in_scope(|| tree.run());
        });
        let subsegments = tree.count() - 1;
        prop_assert_eq!(documents.len(), 1 + subsegments.saturating_sub(threshold));
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (id, (parent, _)) in assemble(&documents) {
            found.entry(parent.unwrap_or_default()).or_default().push(id);
        }
        fn shape(id: &str, found: &BTreeMap<String, Vec<String>>) -> Node {
            let beneath = found.get(id).into_iter().flatten();
            Node(beneath.map(|id| shape(id, found)).collect())
        }
        let root = segment_in(&documents)["id"].as_str().unwrap();
        prop_assert_eq!(shape(root, &found).shape(), tree.shape());
    }
}
