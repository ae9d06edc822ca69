//! The segments that benchmarks and the load tool fill a store with.

use serde_json::json;
use tracing_xray::TraceId;

/// Each segment is a trace of its own, one a second from here on.
pub(crate) const FIRST_SECS: u32 = 1_763_790_000;

/// The trace of a segment.
pub(crate) fn trace_id(number: usize) -> TraceId {
    TraceId::from_parts(FIRST_SECS + number as u32, number as u128)
}

/// The segment of a job that makes one of 200 buckets: about 1 KB, with a step and two calls.
pub(crate) fn document(number: usize) -> String {
    let start = f64::from(FIRST_SECS) + number as f64;
    let call = |id: &str, operation: &str, from: f64| {
        json!({
            "id": id, "name": "S3", "namespace": "aws", "start_time": start + from,
            "end_time": start + from + 0.02 + (number % 300) as f64 / 1000.0,
            "http": { "response": { "status": 200, "content_length": 0 } },
            "aws": { "operation": operation, "region": "eu-west-1", "retries": 0,
                "request_id": "PGN0ZDRIMVEZ8XJT", "bucket_name": format!("logs-{}", number % 200) },
        })
    };
    json!({
        "id": "00000000000000a0", "trace_id": trace_id(number), "name": "bucket creation",
        "start_time": start, "end_time": start + 0.5 + (number % 700) as f64 / 1000.0,
        "origin": "AWS::ECS::Container",
        "annotations": { "job": format!("job-{number}"), "attempt": 1, "outcome": "done" },
        "metadata": { "default": { "spec": { "bucket": format!("logs-{}", number % 200),
            "tags": { "team": "data", "owner": "platform" }, "versioning": true } } },
        "aws": { "account_id": "123456789012",
            "xray": { "sdk": "X-Ray for Rust", "sdk_version": "0.1.0" } },
        "subsegments": [{
            "id": "00000000000000a1", "name": "converge",
            "start_time": start + 0.01, "end_time": start + 0.4,
            "subsegments": [
                call("00000000000000a2", "HeadBucket", 0.02),
                call("00000000000000a3", "CreateBucket", 0.06),
            ],
        }],
    })
    .to_string()
}
