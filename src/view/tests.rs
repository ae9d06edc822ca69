//! What people see: snapshots of every view, and the two promises that hold for any input.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tracing_xray::Timestamp;
use unicode_width::UnicodeWidthStr;

use super::{Style, service_map, timeline, trace_list};

const WIDE: Style = Style {
    colour: false,
    width: 120,
};
const NARROW: Style = Style {
    colour: false,
    width: 40,
};
const COLOUR: Style = Style {
    colour: true,
    width: 80,
};

/// 2025-11-22 05:40:00 UTC.
const START: f64 = 1_763_790_000.0;

fn now() -> Timestamp {
    Timestamp::from_micros(1_763_790_012_500_000)
}

fn vector(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn summaries() -> Vec<Value> {
    let vector = vector(include_str!("../../tests/vectors/trace_summaries.json"));
    vector["expected"]
        .as_object()
        .unwrap()
        .values()
        .cloned()
        .collect()
}

fn graph() -> Value {
    vector(include_str!("../../tests/vectors/service_graph.json"))
}

fn services(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

/// A trace as BatchGetTraces answers it.
fn trace(id: &str, documents: &[Value]) -> Value {
    let segments: Vec<Value> = documents
        .iter()
        .map(|document| json!({"Id": document["id"], "Document": document.to_string()}))
        .collect();
    json!({"Id": id, "Segments": segments})
}

fn sample_trace(id: &str) -> Value {
    trace(id, graph()["traces"][id].as_array().unwrap())
}

/// A call of S3 within a trace of this module: milliseconds after `START`.
fn s3(id: u32, operation: &str, from: u32, until: u32, status: u32) -> Value {
    let mut call = json!({
        "id": format!("{id:016x}"), "name": "S3", "namespace": "aws",
        "start_time": START + f64::from(from) / 1e3, "end_time": START + f64::from(until) / 1e3,
        "aws": {"operation": operation, "bucket_name": "acme-logs-123456789012-eu-west-1"},
        "http": {"response": {"status": status}}});
    match status {
        429 | 503 => {
            call["error"] = json!(true);
            call["throttle"] = json!(true);
        }
        400..=499 => call["error"] = json!(true),
        500..=599 => call["fault"] = json!(true),
        _ => {}
    }
    call
}

fn job(annotations: Value, until: u32, subsegments: Vec<Value>) -> Value {
    json!({
        "id": "00000000000000a0", "name": "bucket creation", "trace_id": "1-69214cb0-0a",
        "start_time": START, "end_time": START + f64::from(until) / 1e3,
        "annotations": annotations, "subsegments": subsegments})
}

fn attempt(id: u32, from: u32, until: u32, subsegments: Vec<Value>) -> Value {
    json!({
        "id": format!("{id:016x}"), "name": "attempt", "start_time": START + f64::from(from) / 1e3,
        "end_time": START + f64::from(until) / 1e3, "subsegments": subsegments})
}

/// Two throttled calls, then success.
fn retried() -> Value {
    let calls = vec![
        attempt(
            1,
            0,
            160,
            vec![
                s3(2, "HeadBucket", 3, 28, 404),
                s3(3, "CreateBucket", 30, 150, 429),
            ],
        ),
        attempt(4, 400, 530, vec![s3(5, "CreateBucket", 405, 520, 503)]),
        attempt(
            6,
            1100,
            1290,
            vec![
                s3(7, "CreateBucket", 1104, 1190, 200),
                s3(8, "PutBucketVersioning", 1192, 1286, 200),
            ],
        ),
    ];
    let annotations = json!({"job": "logs", "job_type": "create-bucket", "attempt": 3,
        "outcome": "done", "bucket": "acme-logs-123456789012-eu-west-1", "region": "eu-west-1"});
    let mut inferred = s3(9, "CreateBucket", 1104, 1190, 200);
    inferred["inferred"] = json!(true);
    inferred["parent_id"] = json!(format!("{:016x}", 7));
    trace(
        "1-69214cb0-00000000000000000000000a",
        &[job(annotations, 1300, calls), inferred],
    )
}

/// A job whose bucket belongs to somebody else.
fn faulted() -> Value {
    let mut call = s3(2, "CreateBucket", 10, 74, 403);
    call["cause"] = json!({"exceptions": [{"id": "00000000000000e3", "remote": true,
        "type": "AccessDenied", "message": "Access Denied"}]});
    let mut job = job(
        json!({"job": "logs", "outcome": "failed"}),
        80,
        vec![attempt(1, 2, 78, vec![call])],
    );
    job["fault"] = json!(true);
    job["cause"] = json!({"exceptions": [
        {"id": "00000000000000e1", "type": "BucketError", "cause": "00000000000000e2",
         "message": "create bucket acme-logs-123456789012-eu-west-1: the bucket belongs to another account; choose another name or ask its owner for access",
         "stack": [
            {"label": "xray_ecs::bucket::converge", "path": "src/bucket/converge.rs", "line": 71},
            {"label": "xray_ecs::runner::attempt", "path": "src/runner/attempt.rs", "line": 40},
            {"label": "xray_ecs::runner::run", "path": "src/runner.rs", "line": 118},
            {"label": "main", "path": "src/main.rs", "line": 9}], "truncated": 12},
        {"id": "00000000000000e2", "type": "AccessDenied", "message": "Access Denied"}]});
    trace("1-69214cb0-00000000000000000000000b", &[job])
}

/// A run whose last job still works.
fn running() -> Value {
    let mut started = s3(3, "CreateBucket", 9_000, 0, 0);
    started.as_object_mut().unwrap().remove("end_time");
    started["in_progress"] = json!(true);
    started["http"] = json!({});
    let mut job = job(
        json!({}),
        0,
        vec![s3(2, "HeadBucket", 200, 8_000, 200), started],
    );
    job.as_object_mut().unwrap().remove("end_time");
    job["in_progress"] = json!(true);
    trace("1-69214cb0-00000000000000000000000c", &[job])
}

/// 200 calls under one segment, two of them faults.
fn many_calls() -> Value {
    let calls = (1..=200)
        .map(|i| {
            s3(
                i,
                "PutObject",
                i * 5,
                i * 5 + 4,
                if i % 120 == 90 { 500 } else { 200 },
            )
        })
        .collect();
    trace(
        "1-69214cb0-00000000000000000000000d",
        &[job(json!({}), 1010, calls)],
    )
}

fn hostile() -> Value {
    let mut job = job(
        json!({"k\x1b[2Jey": "v\r\nalue"}),
        90,
        vec![
            json!({"id": "1", "name": "桶の作成 🪣🪣", "start_time": START, "end_time": START + 0.03}),
            json!({"id": "2", "name": "\x1b]0;owned\x07\x1b[31mred", "start_time": START + 0.03,
            "end_time": START + 0.06, "fault": true, "cause": {"exceptions": [
                {"type": "\u{9b}31mE", "message": "one\ntwo\x1b[1A\u{202e}three"}]}}),
            json!({"id": "3", "name": "x".repeat(200), "start_time": START, "end_time": START + 0.09}),
        ],
    );
    job["name"] = json!("jo\tb\u{200b}");
    trace("1-69214cb0-\x1b[5m", &[job])
}

fn node(reference: usize, name: &str, kind: &str, counts: [u64; 4], to: &[usize]) -> Value {
    let [ok, error, throttle, fault] = counts;
    let total = ok + error + throttle + fault;
    let edges: Vec<Value> = to.iter().map(|to| json!({"ReferenceId": to})).collect();
    let state = if kind.contains("::") && !kind.contains("ECS") {
        "unknown"
    } else {
        "active"
    };
    json!({"ReferenceId": reference, "Name": name, "Type": kind, "State": state, "Edges": edges,
        "SummaryStatistics": {"OkCount": ok, "TotalCount": total,
            "ErrorStatistics": {"OtherCount": error, "ThrottleCount": throttle, "TotalCount": error + throttle},
            "FaultStatistics": {"OtherCount": fault, "TotalCount": fault},
            "TotalResponseTime": total as f64 * 0.0482},
        "ResponseTimeHistogram": [{"Value": 0.04, "Count": total}]})
}

/// One job that makes 200 buckets, three of which went wrong.
fn fleet() -> Vec<Value> {
    let buckets: Vec<usize> = (2..202).chain([300]).collect();
    let mut services = vec![
        node(0, "bucket creation", "client", [0; 4], &[1]),
        node(
            1,
            "bucket creation",
            "AWS::ECS::Container",
            [197, 0, 0, 3],
            &buckets,
        ),
        node(300, "STS", "AWS::STS", [200, 0, 0, 0], &[]),
    ];
    for bucket in 2..202 {
        let counts = if bucket % 67 == 0 {
            [3, 0, 0, 1]
        } else {
            [4, 0, bucket as u64 % 2, 0]
        };
        services.push(node(
            bucket,
            &format!("acme-{bucket}"),
            "AWS::S3::Bucket",
            counts,
            &[],
        ));
    }
    services
}

/// Fan-in, loops of one and two, a chain that is too deep, a component of its own, a link.
fn tangled() -> Vec<Value> {
    let mut linked = node(7, "reports", "AWS::ECS::Container", [1, 0, 0, 0], &[]);
    linked["Edges"] = json!([{"ReferenceId": 8, "EdgeType": "link"}]);
    vec![
        node(0, "shop", "client", [0; 4], &[1]),
        node(1, "shop", "", [10, 1, 0, 0], &[2, 3, 99]),
        node(2, "basket", "", [9, 0, 0, 0], &[3, 2]),
        node(
            3,
            "payment-with-a-name-that-is-really-long",
            "",
            [9, 0, 2, 1],
            &[4],
        ),
        node(4, "ledger", "", [5, 0, 0, 0], &[5, 1]),
        node(5, "orders", "AWS::DynamoDB::Table", [5, 0, 0, 0], &[]),
        node(6, "ping", "", [1, 0, 0, 0], &[7]),
        linked,
        node(8, "ping-pong", "", [0; 4], &[7]),
        node(9, "tick", "", [1, 0, 0, 0], &[10]),
        node(10, "tock", "", [1, 0, 0, 0], &[9]),
    ]
}

/// Escapes made visible, so that a snapshot is plain text.
fn visible(text: &str) -> String {
    text.replace('\x1b', "␛")
}

#[test]
fn trace_lists() {
    let style = Style::default();
    insta::assert_snapshot!("list", trace_list(&summaries(), style));
    insta::assert_snapshot!("list_wide", trace_list(&summaries(), WIDE));
    insta::assert_snapshot!("list_narrow", trace_list(&summaries(), NARROW));
    insta::assert_snapshot!("list_colour", visible(&trace_list(&summaries(), COLOUR)));
    insta::assert_snapshot!("list_empty", trace_list(&[], style));
    insta::assert_snapshot!("list_empty_narrow", trace_list(&[], NARROW));
    let two_days = [
        json!({"Id": "1-69214cb0-00000000000000000000000a", "Duration": 123.0, "HasThrottle": true,
            "Annotations": {"zone": [{"AnnotationValue": {"NumberValue": 3}}],
                "job": [{"AnnotationValue": {"StringValue": "logs"}}]}}),
        json!({"Id": "1-6921a000-00000000000000000000000b", "StartTime": START + 90_000.0,
            "ServiceIds": [{"Name": "c", "Type": "client"}, {"Name": "\x1b[31mevil"}]}),
        json!({}),
        json!(null),
    ];
    insta::assert_snapshot!("list_sparse", trace_list(&two_days, WIDE));
}

#[test]
fn timelines() {
    let style = Style::default();
    let draw = |trace: &Value| timeline(trace, now(), style);
    let sample = |number: u32| sample_trace(&format!("1-69214cb0-{number:024}"));
    insta::assert_snapshot!("timeline_ok", draw(&sample(1)));
    insta::assert_snapshot!("timeline_two_services_faulted", draw(&sample(2)));
    insta::assert_snapshot!("timeline_sql", draw(&sample(7)));
    insta::assert_snapshot!("timeline_retried", draw(&retried()));
    insta::assert_snapshot!("timeline_faulted", draw(&faulted()));
    insta::assert_snapshot!(
        "timeline_faulted_colour",
        visible(&timeline(&faulted(), now(), COLOUR))
    );
    insta::assert_snapshot!(
        "timeline_faulted_narrow",
        timeline(&faulted(), now(), NARROW)
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
fn service_maps() {
    let style = Style::default();
    let whole = services(&graph()["expected_services"]);
    let one = services(&graph()["per_trace"]["1-69214cb0-000000000000000000000001"]);
    insta::assert_snapshot!("map", service_map(&whole, style));
    insta::assert_snapshot!("map_colour", visible(&service_map(&one, COLOUR)));
    insta::assert_snapshot!("map_narrow", service_map(&one, NARROW));
    insta::assert_snapshot!("map_fleet", service_map(&fleet(), style));
    insta::assert_snapshot!("map_tangled", service_map(&tangled(), style));
    insta::assert_snapshot!("map_empty", service_map(&[], style));
}

#[test]
fn the_order_of_services_does_not_change_the_map() {
    let mut services = tangled();
    let map = service_map(&services, WIDE);
    services.reverse();
    assert_eq!(service_map(&services, WIDE), map);
}

#[test]
fn a_deep_chain_of_services_draws_each_once() {
    let chain: Vec<Value> = (0..2000)
        .map(|i| node(i, &format!("service-{i:04}"), "", [1, 0, 0, 0], &[i + 1]))
        .collect();
    let map = service_map(&chain, Style::default());
    let drawn = map.split("NODE").next().unwrap();
    for i in [0, 1, 999, 1999] {
        assert!(drawn.contains(&format!("service-{i:04}")), "{i}");
    }
    assert!(!drawn.contains('↩'));
}

/// The promises of every view: no line wider than asked, no control character but line ends and
/// our own colours.
fn keeps_its_promises(text: &str, style: Style) -> Result<(), TestCaseError> {
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
const KEYS: [&str; 58] = [
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
];

fn any_json() -> impl Strategy<Value = Value> {
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

fn any_style() -> impl Strategy<Value = Style> {
    (any::<bool>(), 0..200_usize).prop_map(|(colour, width)| Style { colour, width })
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

/// A service of the right shape; references collide and point nowhere.
fn any_service() -> impl Strategy<Value = Value> {
    let edges = proptest::collection::vec(0..12_u64, 0..12);
    let kind =
        proptest::sample::select(&["client", "AWS::S3::Bucket", "remote", "", "AWS::ECS"][..]);
    (any_json(), 0..10_u64, any::<String>(), edges, kind).prop_map(
        |(statistics, reference, name, edges, kind)| {
            let edges: Vec<Value> = edges.iter().map(|to| json!({"ReferenceId": to})).collect();
            json!({"ReferenceId": reference, "Name": name, "Edges": edges, "Type": kind,
                "SummaryStatistics": statistics, "ResponseTimeHistogram": [statistics]})
        },
    )
}

proptest! {
    #[test]
    fn anything_at_all_can_be_shown(value in any_json(), style in any_style()) {
        let list: Vec<Value> = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        keeps_its_promises(&trace_list(&list, style), style)?;
        keeps_its_promises(&service_map(&list, style), style)?;
        keeps_its_promises(&timeline(&value, now(), style), style)?;
    }

    #[test]
    fn any_documents_make_a_timeline(
        documents in proptest::collection::vec(any_document(), 0..8),
        micros in any::<u64>(),
        style in any_style(),
    ) {
        let text = timeline(&trace("1-a-b", &documents), Timestamp::from_micros(micros), style);
        keeps_its_promises(&text, style)?;
    }

    #[test]
    fn any_services_make_a_map(
        services in proptest::collection::vec(any_service(), 0..14),
        style in any_style(),
    ) {
        keeps_its_promises(&service_map(&services, style), style)?;
    }
}
