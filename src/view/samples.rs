//! Answers of the X-Ray API for the tests of the views.

use serde_json::{Value, json};
use tracing_xray::Timestamp;

/// 2025-11-22 05:40:00 UTC.
pub(super) const START: f64 = 1_763_790_000.0;

pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(1_763_790_012_500_000)
}

pub(super) fn vector(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(super) fn summaries() -> Vec<Value> {
    let vector = vector(include_str!("../../tests/vectors/trace_summaries.json"));
    vector["expected"]
        .as_object()
        .unwrap()
        .values()
        .cloned()
        .collect()
}

/// The summaries of 120 jobs in two days, with users and URLs of some.
pub(super) fn night() -> Vec<Value> {
    let summary = |i: u32| {
        let job = ["logs", "media", "audit"][i as usize % 3];
        let annotation = |value: Value| json!([{"AnnotationValue": value}]);
        let mut summary = json!({
            "Id": format!("1-69214cb0-{i:024}"), "StartTime": START + f64::from(i) * 700.0,
            "Duration": 0.02 * f64::from(1 + i % 40).powf(1.5), "HasFault": i % 29 == 7,
            "HasThrottle": i % 13 == 5, "IsPartial": i == 119,
            "EntryPoint": {"Name": if i.is_multiple_of(3) { "nightly reports" } else { "bucket creation" }},
            "Annotations": {
                "job": annotation(json!({"StringValue": job})),
                "bucket": annotation(json!({"StringValue": format!("acme-{}", i / 2)})),
                "attempt": annotation(json!({"NumberValue": 1 + i % 2})),
                "zone": annotation(json!({"StringValue": (i % 2).to_string()})),
                "request_id": annotation(json!({"StringValue": format!("r-{i}")}))}});
        if i.is_multiple_of(10) {
            summary["Http"] =
                json!({"HttpURL": format!("https://api.example.com/v2/report/{}?token=s", i % 4)});
            summary["Users"] = json!([{"UserName": format!("user{}", i % 7)}]);
        }
        summary
    };
    (0..120).map(summary).collect()
}

pub(super) fn graph() -> Value {
    vector(include_str!("../../tests/vectors/service_graph.json"))
}

/// A trace as BatchGetTraces answers it.
pub(super) fn trace(id: &str, documents: &[Value]) -> Value {
    let segments: Vec<Value> = documents
        .iter()
        .map(|document| json!({"Id": document["id"], "Document": document.to_string()}))
        .collect();
    json!({"Id": id, "Segments": segments})
}

pub(super) fn sample_trace(id: &str) -> Value {
    trace(id, graph()["traces"][id].as_array().unwrap())
}

/// A call of S3 within a trace of this module: milliseconds after `START`.
pub(super) fn s3(id: u32, operation: &str, from: u32, until: u32, status: u32) -> Value {
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

pub(super) fn job(annotations: &Value, until: u32, subsegments: &[Value]) -> Value {
    json!({
        "id": "00000000000000a0", "name": "bucket creation", "trace_id": "1-69214cb0-0a",
        "start_time": START, "end_time": START + f64::from(until) / 1e3,
        "annotations": annotations, "subsegments": subsegments})
}

pub(super) fn attempt(id: u32, from: u32, until: u32, subsegments: &[Value]) -> Value {
    json!({
        "id": format!("{id:016x}"), "name": "attempt", "start_time": START + f64::from(from) / 1e3,
        "end_time": START + f64::from(until) / 1e3, "subsegments": subsegments})
}

/// Two throttled calls, then success.
pub(super) fn retried() -> Value {
    let calls = [
        attempt(
            1,
            0,
            160,
            &[
                s3(2, "HeadBucket", 3, 28, 404),
                s3(3, "CreateBucket", 30, 150, 429),
            ],
        ),
        attempt(4, 400, 530, &[s3(5, "CreateBucket", 405, 520, 503)]),
        attempt(
            6,
            1100,
            1290,
            &[
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
        &[job(&annotations, 1300, &calls), inferred],
    )
}

/// A job whose bucket belongs to somebody else.
pub(super) fn faulted() -> Value {
    let mut call = s3(2, "CreateBucket", 10, 74, 403);
    call["cause"] = json!({"exceptions": [{"id": "00000000000000e3", "remote": true,
        "type": "AccessDenied", "message": "Access Denied"}]});
    let mut job = job(
        &json!({"job": "logs", "outcome": "failed"}),
        80,
        &[attempt(1, 2, 78, &[call])],
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
pub(super) fn running() -> Value {
    let mut started = s3(3, "CreateBucket", 9_000, 0, 0);
    started.as_object_mut().unwrap().remove("end_time");
    started["in_progress"] = json!(true);
    started["http"] = json!({});
    let mut job = job(
        &json!({}),
        0,
        &[s3(2, "HeadBucket", 200, 8_000, 200), started],
    );
    job.as_object_mut().unwrap().remove("end_time");
    job["in_progress"] = json!(true);
    trace("1-69214cb0-00000000000000000000000c", &[job])
}

/// A trace of which parts have not arrived, with work that nobody waits for, links and metadata.
pub(super) fn scattered() -> Value {
    let mut caller = job(
        &json!({"job": "logs"}),
        900,
        &[
            attempt(1, 10, 700, &[s3(2, "PutObject", 20, 680, 200)]),
            s3(3, "PutObject", 650, 1900, 503),
        ],
    );
    let link = |number: u32, kind: &str| {
        json!({"trace_id": format!("1-69214cb0-{number:024}"), "id": format!("{number:016}"),
            "attributes": {"aws.xray.reserved.reference_type": kind}})
    };
    caller["links"] = json!([link(21, "parent"), link(22, "child"), {"trace_id": "1-69214cb0-23"}]);
    caller["metadata"] = json!({"default": {"plan": {"steps": ["create", "protect"], "dry": false}},
        "worker": {"note": "a long text that says what the worker had in mind when it did what it did that night"}});
    let mut orphan = attempt(4, 300, 500, &[s3(5, "GetObject", 310, 490, 200)]);
    orphan["type"] = json!("subsegment");
    orphan["parent_id"] = json!("00000000000000ff");
    let mut inferred = s3(6, "ListObjects", 600, 640, 200);
    inferred["inferred"] = json!(true);
    inferred["parent_id"] = json!("00000000000000fe");
    let mut started = attempt(7, 800, 0, &[]);
    started.as_object_mut().unwrap().remove("end_time");
    started["error"] = json!(true);
    started["parent_id"] = json!("00000000000000a0");
    trace(
        "1-69214cb0-00000000000000000000000e",
        &[caller, orphan, inferred, started],
    )
}

/// 200 calls under one segment, two of them faults.
pub(super) fn many_calls() -> Value {
    let status = |i: u32| if i % 90 == 60 { 500 } else { 200 };
    let calls: Vec<Value> = (1..=200)
        .map(|i| s3(i, "PutObject", i * 5, i * 5 + 4, status(i)))
        .collect();
    trace(
        "1-69214cb0-00000000000000000000000d",
        &[job(&json!({}), 1010, &calls)],
    )
}

pub(super) fn hostile() -> Value {
    let mut job = job(
        &json!({"k\x1b[2Jey": "v\r\nalue"}),
        90,
        &[
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
