//! temp
#![allow(clippy::unwrap_used)]
use serde_json::json;
fn document(number: usize) -> String {
    let start = (1_763_790_000 + number) as f64;
    let call = |id: &str, operation: &str, from: f64| {
        json!({ "id": id, "name": "S3", "namespace": "aws", "start_time": start + from,
            "end_time": start + from + 0.02 + (number % 300) as f64 / 1000.0,
            "http": { "response": { "status": 200, "content_length": 0 } },
            "aws": { "operation": operation, "region": "eu-west-1", "retries": 0,
                "request_id": "PGN0ZDRIMVEZ8XJT", "bucket_name": format!("logs-{}", number % 200) } })
    };
    json!({ "id": "00000000000000a0", "name": "bucket creation",
        "trace_id": format!("1-{:08x}-{number:024x}", 1_763_790_000 + number),
        "start_time": start, "end_time": start + 0.5 + (number % 700) as f64 / 1000.0,
        "origin": "AWS::ECS::Container",
        "annotations": { "job": format!("job-{number}"), "attempt": 1, "outcome": "done" },
        "metadata": { "default": { "spec": { "bucket": format!("logs-{}", number % 200),
            "tags": { "team": "data" }, "versioning": true } } },
        "aws": { "account_id": "123456789012", "xray": { "sdk": "X-Ray for Rust" } },
        "subsegments": [{ "id": "00000000000000a1", "name": "converge",
            "start_time": start + 0.01, "end_time": start + 0.4,
            "subsegments": [ call("00000000000000a2", "HeadBucket", 0.02), call("00000000000000a3", "CreateBucket", 0.06) ] }] }).to_string()
}
fn main() {
    let dir = tempfile::tempdir().unwrap();
    let store = local_xray::Store::open(dir.path()).unwrap();
    for first in (0..10_000).step_by(50) {
        let documents: Vec<_> = (first..first + 50).map(document).collect();
        store.put_trace_segments(&documents, tracing_xray::Timestamp::default()).unwrap();
    }
}
