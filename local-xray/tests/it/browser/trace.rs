//! One trace: nested, failed, in progress, linked; one of ten thousand segments; one with hostile names.

use serde_json::{Value, json};
use tracing_xray::{Clock, TraceId};

use super::browse;
use crate::local::{Local, entity, trace_id};

/// The start of all, in seconds since the epoch.
const START: f64 = 1_763_790_000.0;

const LARGE: usize = 10_000;

#[test]
fn a_trace_can_be_read_by_everybody() {
    let local = Local::start();
    local.put(&[shop(), payment(), ledger(), hostile()]);
    local.put(&deep());
    // Of this moment, since it is in progress.
    let now = Clock::System.now();
    let running = TraceId::random(now).to_string();
    local.put(&[in_progress(&running, now.as_secs_f64())]);
    for (number, name) in [(100, "alike"), (101, "different")] {
        let calls: Vec<Value> = (0..LARGE).map(|call| large(number, name, call)).collect();
        for batch in calls.chunks(1000) {
            local.put(batch);
        }
    }
    browse(
        &local,
        "trace.py",
        &[
            &trace_id(1),
            &trace_id(3),
            &running,
            &trace_id(100),
            &trace_id(101),
            &trace_id(4),
        ],
    );
}

/// A part that starts and ends so many milliseconds after the start.
fn part(id: &str, name: &str, start: u32, end: u32, more: Value) -> Value {
    let time = |millis: u32| START + f64::from(millis) / 1000.0;
    let mut part = entity(id, time(start), time(end), more);
    part["name"] = name.into();
    part
}

fn of(number: usize, mut document: Value) -> Value {
    document["trace_id"] = trace_id(number).into();
    document
}

/// A web shop that reads a bucket and a database, and asks for a payment that fails.
fn shop() -> Value {
    let large: Vec<String> = (0..9000)
        .map(|line| format!("a line of {line} bytes"))
        .collect();
    let query = part(
        "00000000000000a3",
        "orders@db",
        200,
        380,
        json!({
            "namespace": "remote",
            "sql": {"url": "postgresql://db:5432/orders", "sanitized_query": "SELECT * FROM orders WHERE id = ?",
                "database_type": "PostgreSQL", "database_version": "16.1", "driver_version": "0.7", "user": "shop",
                "preparation": "statement", "connection_string": "host=db"},
        }),
    );
    let bucket = part(
        "00000000000000a4",
        "S3",
        390,
        470,
        json!({
            "namespace": "aws", "error": true,
            "aws": {"operation": "GetObject", "bucket_name": "logs", "region": "eu-west-1", "account_id": "111122223333",
                "request_id": "D5F8C2", "id_2": "fYz", "retries": 1},
            "http": {"response": {"status": 404, "content_length": 211}},
            "cause": {"working_directory": "/app", "paths": ["/app/lib"], "exceptions": [{"id": "00000000000000e4",
                "type": "NoSuchKey", "message": "The specified key does not exist.", "remote": true}]},
        }),
    );
    let load = part(
        "00000000000000a2",
        "load order",
        150,
        480,
        json!({
            "subsegments": [query, bucket], "annotations": {"cached": false},
        }),
    );
    let pay = part(
        "00000000000000a5",
        "payment",
        500,
        1180,
        json!({
            "namespace": "remote", "fault": true, "cause": "00000000000000e6",
            "http": {"request": {"method": "POST", "url": "https://payment.example/v1/charge?card=1", "traced": true},
                "response": {"status": 502}},
        }),
    );
    of(
        1,
        part(
            "00000000000000a1",
            "shop",
            0,
            1250,
            json!({
                "user": "ann@example.com", "origin": "AWS::ECS::Container", "resource_arn": "arn:aws:ecs:eu-west-1:111122223333:task/shop",
                "service": {"version": "1.4.2", "name": "shop", "runtime": "rust"},
                "http": {"request": {"method": "POST", "url": "https://shop.example/checkout?step=pay", "user_agent": "Mozilla/5.0",
                        "client_ip": "203.0.113.7", "x_forwarded_for": true}, "response": {"status": 500, "content_length": 87}},
                "fault": true,
                "aws": {"account_id": "111122223333", "ecs": {"container": "shop", "container_id": "c0ffee"},
                    "cloudwatch_logs": [{"log_group": "/ecs/shop", "arn": "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/shop"}],
                    "xray": {"sdk": "X-Ray for Rust", "sdk_version": "0.1.0", "sampling_rule_name": "Default"}},
                "annotations": {"job": "checkout", "run_id": "0123456789abcdef", "attempt": 2, "note": "it's \"quoted\""},
                "metadata": {"default": {"cart": {"items": 3, "total": 59.9}, "<b>": "<script>alert(1)</script>"}, "large": {"lines": large}},
                "links": [{"trace_id": trace_id(2), "id": "00000000000000b1", "attributes": {"aws.xray.reserved.reference_type": "parent"}}],
                "cause": {"exceptions": [
                    {"id": "00000000000000e1", "type": "CheckoutFailed", "message": "the order could not be paid", "cause": "00000000000000e6",
                     "truncated": 3, "skipped": 1, "stack": [
                        {"path": "src/checkout.rs", "line": 42, "label": "shop::checkout::pay"},
                        {"path": "src/main.rs", "line": 17, "label": "shop::main"}]}]},
                "subsegments": [load, pay],
            }),
        ),
    )
}

/// What the shop calls, as it tells it itself.
fn payment() -> Value {
    let card = part(
        "00000000000000a7",
        "check card",
        560,
        1100,
        json!({
            "fault": true, "cause": {"exceptions": [{"id": "00000000000000e6", "type": "CardTimeout",
                "message": "no answer from the bank\nin 500 ms", "stack": [{"path": "bank.py", "line": 9, "label": "ask"}]}]},
        }),
    );
    of(
        1,
        part(
            "00000000000000a6",
            "payment",
            520,
            1150,
            json!({
                "parent_id": "00000000000000a5", "fault": true, "subsegments": [card],
                "http": {"request": {"method": "POST", "url": "https://payment.example/v1/charge"}, "response": {"status": 502}},
                "aws": {"ec2": {"instance_id": "i-0abc", "availability_zone": "eu-west-1a"}},
            }),
        ),
    )
}

/// The trace that the shop links to.
fn ledger() -> Value {
    of(2, part("00000000000000b1", "ledger", 0, 10, json!({})))
}

fn hostile() -> Value {
    // X-Ray refuses such names of segments; whatever else a document says it takes.
    let taken = ["script", "שלום", "logs", &"n".repeat(200)];
    let texts = [
        "<script>alert(1)</script>".to_owned(),
        "\u{202e}gnp.exe \u{2066}".to_owned(),
        "🔥 שלום \"quoted\" 'single'".to_owned(),
        "n".repeat(200),
    ];
    let parts = (1..).zip(taken).zip(&texts).map(|((at, taken), name)| {
        part(&format!("00000000000000c{at}"), taken, 10 * at, 10 * at + 5, json!({
            "annotations": {name: name}, "metadata": {name: {name: name}},
            "http": {"request": {"method": name, "url": "javascript:alert(1)"}},
            "user": name, "namespace": name,
            "cause": {"exceptions": [{"id": "x", "type": name, "message": name, "stack": [{"path": name, "label": name}]}]},
            "links": [{"trace_id": name, "id": name, "attributes": {"aws.xray.reserved.reference_type": name}}],
            "aws": {name: {name: name}},
        }))
    });
    let parts: Vec<Value> = parts.collect();
    of(
        3,
        part(
            "00000000000000c0",
            "hostile",
            0,
            100,
            json!({ "subsegments": parts }),
        ),
    )
}

/// Forty services, each called by the one before.
fn deep() -> Vec<Value> {
    let service = |level: u32| {
        let name = format!("service number {level}");
        let more = match level {
            1 => json!({}),
            _ => json!({ "parent_id": format!("{:016x}", 0xd0_0000 + level - 1) }),
        };
        let id = format!("{:016x}", 0xd0_0000 + level);
        of(4, part(&id, &name, level, 200 - level, more))
    };
    (1..=40).map(service).collect()
}

/// A job that started a minute ago, of which one step is done.
fn in_progress(trace: &str, now: f64) -> Value {
    json!({
        "trace_id": trace, "id": "00000000000000d1", "name": "nightly", "start_time": now - 60.0, "in_progress": true,
        "subsegments": [
            {"id": "00000000000000d2", "name": "first step", "start_time": now - 59.0, "end_time": now - 30.0},
            {"id": "00000000000000d3", "name": "second step", "start_time": now - 30.0, "in_progress": true},
        ],
    })
}

/// A call of the root; the first is the root itself. Every thousandth fails.
fn large(number: usize, name: &str, call: usize) -> Value {
    let id = |call: usize| format!("{:016x}", call + 1);
    let start = START + call as f64 / 1000.0;
    let name = match (call, name) {
        (0, _) => "root".to_owned(),
        (_, "alike") => "worker".to_owned(),
        _ => format!("worker {call}"),
    };
    let end = if call == 0 { START + 20.0 } else { start + 0.5 };
    let mut document = json!({"id": id(call), "name": name, "start_time": start, "end_time": end,
        "fault": call % 1000 == 999});
    if call > 0 {
        document["parent_id"] = id(0).into();
    }
    of(number, document)
}
