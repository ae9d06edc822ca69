//! Two traces beside each other: yesterday's firing of a job and today's, hostile names, ten thousand segments each;
//! and the traces that link to one.

use serde_json::{Value, json};

use super::browse;
use crate::local::{Local, entity, trace_id};

/// The start of the first, in seconds since the epoch.
const START: f64 = 1_763_790_000.0;
const DAY: f64 = 24.0 * 3600.0;

const LARGE: usize = 10_000;

#[test]
fn two_traces_can_be_compared_by_everybody() {
    let local = Local::start();
    local.put(&[yesterday(), between(), today(), run(), hostile()]);
    for (number, name) in [(100, "worker"), (101, "helper")] {
        let calls: Vec<Value> = (0..LARGE).map(|call| large(number, name, call)).collect();
        for batch in calls.chunks(1000) {
            local.put(batch);
        }
    }
    let ids = [1, 2, 3, 4, 5, 100, 101].map(trace_id);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    browse(&local, "compare.py", &ids);
}

fn part(id: u32, name: &str, start: f64, seconds: f64, more: Value) -> Value {
    let mut part = entity(&format!("{id:016x}"), start, start + seconds, more);
    part["name"] = name.into();
    part
}

fn of(number: usize, mut document: Value) -> Value {
    document["trace_id"] = trace_id(number).into();
    document
}

fn puts(number: u32, start: f64) -> Vec<Value> {
    let put = |at: u32| {
        let aws = json!({"namespace": "aws", "aws": {"operation": "PutObject", "bucket_name": format!("b{at}")}});
        part(0x100 + at, "S3", start + 0.1 * f64::from(at), 0.05, aws)
    };
    (0..number).map(put).collect()
}

fn annotations(outcome: &str, run: &str) -> Value {
    json!({"job": "nightly logs", "run_id": run, "outcome": outcome, "attempt": 1})
}

/// A check, twelve objects, a report.
fn yesterday() -> Value {
    let check = part(2, "check", START, 0.2, json!({}));
    let store = part(
        3,
        "store",
        START + 0.2,
        1.3,
        json!({"subsegments": puts(12, START + 0.2)}),
    );
    let report = part(4, "report", START + 1.5, 0.1, json!({}));
    let more = json!({"annotations": annotations("changed", "run-1"), "subsegments": [check, store, report]});
    of(1, part(1, "fleet", START, 1.6, more))
}

/// Another job of the same service, in between.
fn between() -> Value {
    let more = json!({"annotations": {"job": "other", "run_id": "run-2"}});
    of(2, part(1, "fleet", START + DAY / 2.0, 1.0, more))
}

/// Two objects more, a retry, no report, and a failure; it links to its run.
fn today() -> Value {
    let start = START + DAY;
    let check = part(2, "check", start, 0.2, json!({}));
    let more = json!({"subsegments": puts(14, start + 0.2), "fault": true});
    let store = part(3, "store", start + 0.2, 1.5, more);
    let retry = part(5, "retry", start + 1.7, 0.3, json!({"fault": true}));
    let links = json!([{"trace_id": trace_id(4), "id": format!("{:016x}", 9)}]);
    let more = json!({"annotations": annotations("failed", "run-3"), "subsegments": [check, store, retry],
        "fault": true, "links": links});
    of(3, part(1, "fleet", start, 2.0, more))
}

fn run() -> Value {
    of(4, part(9, "fleet run", START + DAY - 0.1, 3.0, json!({})))
}

/// What X-Ray takes of any name.
fn hostile() -> Value {
    let name = "<script>alert(1)</script>\u{202e}gnp";
    let long = "n".repeat(200);
    let parts = ["script", "שלום", &long].into_iter().zip(20..);
    let parts = parts.map(|(taken, id)| {
        part(
            id,
            taken,
            START,
            0.5,
            json!({"http": {"request": {"method": name, "url": "javascript:alert(1)"}}}),
        )
    });
    let parts: Vec<Value> = parts.collect();
    let links = json!([{"trace_id": trace_id(4), "id": format!("{:016x}", 9)}]);
    let mut annotations = json!({"job": name, "run_id": name});
    annotations[name] = name.into();
    let more =
        json!({"annotations": annotations, "subsegments": parts, "user": name, "links": links});
    of(5, part(1, "hostile", START + DAY, 1.0, more))
}

/// A call of the root, each of a name of its own; the first is the root itself.
fn large(number: usize, name: &str, call: usize) -> Value {
    let id = |call: usize| format!("{:016x}", call + 1);
    let start = START + call as f64 / 1000.0;
    let (name, end) = match call {
        0 => ("root".to_owned(), START + 20.0),
        // Every other has another name in the other trace.
        call if call % 2 == 0 => (format!("{name} {call}"), start + 0.5),
        call => (format!("step {call}"), start + 0.001 * number as f64),
    };
    let mut document = json!({"id": id(call), "name": name, "start_time": start, "end_time": end});
    if call > 0 {
        document["parent_id"] = id(0).into();
    }
    of(number, document)
}
