//! The list of traces.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::browse;
use crate::local::Local;

/// How many traces there are, one every ten seconds before now.
const TRACES: u64 = 300;

/// Texts that a page may not take for its own.
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\u{202e}desrever",
    "👩‍🚀 \"quoted\" 'and' \\slashed\\",
    "\" onmouseover=\"alert(1)",
    "x AND y } ) ]",
];

#[test]
fn the_list_of_traces_is_filtered_sorted_and_followed() {
    let local = Local::start();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs();
    let documents: Vec<Value> = (0..TRACES).map(|number| request(number, now)).collect();
    local.put(&documents);
    let group = json!({ "GroupName": "paid", "FilterExpression": "http.method = \"POST\"" });
    local.post("/CreateGroup", &group);
    browse(&local, "traces.py", &[]);
}

#[test]
fn names_from_outside_stay_text() {
    let local = Local::start();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut texts: Vec<String> = HOSTILE.map(str::to_owned).to_vec();
    texts.push("long ".repeat(40));
    let documents = texts.iter().enumerate().map(|(number, text)| {
        let mut document = segment(number as u64, now.as_secs(), 30, 0.5);
        document["name"] = json!("shop & co = #1");
        document["user"] = json!(text);
        document["http"] = json!({ "request": { "method": text, "url": text } });
        document["annotations"] = json!({ "job": text, "note": text, "plain": text });
        document
    });
    local.put(&documents.collect::<Vec<_>>());
    browse(&local, "traces_hostile.py", &[]);
}

/// A segment that began so many seconds before now.
fn segment(number: u64, now: u64, age: u64, seconds: f64) -> Value {
    let start = now - age;
    json!({
        "id": format!("{:016x}", number + 1),
        "trace_id": format!("1-{start:08x}-{number:024x}"),
        "name": "shop",
        "start_time": start as f64,
        "end_time": start as f64 + seconds,
    })
}

/// Requests to a shop, and jobs; every tenth fails, some are throttled, the newest are in progress.
fn request(number: u64, now: u64) -> Value {
    let seconds = 0.002 * 1.04_f64.powf((number * 7 % 200) as f64);
    let mut document = segment(number, now, 20 + number * 10, seconds);
    let user = ["anna", "bert", "carla"][number as usize % 3];
    document["annotations"] = json!({ "size": number % 5, "vip": number % 4 < 2, "plan": format!("plan {}", number % 4) });
    if number.is_multiple_of(6) {
        document["name"] = json!("nightly");
        document["annotations"]["job"] = json!(format!("job-{}", number % 12));
        document["annotations"]["run_id"] = json!(format!("run-{}", number % 18));
    } else {
        document["user"] = json!(user);
        document["http"] = json!({
            "request": { "method": if number.is_multiple_of(5) { "POST" } else { "GET" },
                "url": format!("https://shop.example/orders/{}", number % 11) },
            "response": { "status": if number % 10 == 3 { 500 } else { 200 } },
        });
    }
    let start = document["start_time"].as_f64().unwrap();
    document["subsegments"] = json!([{
        "id": format!("{:016x}", 0x1000 + number), "name": "S3", "namespace": "aws",
        "start_time": start, "end_time": start + seconds / 2.0, "throttle": number == 8,
    }]);
    match number {
        0 | 1 => {
            document["in_progress"] = json!(true);
            document.as_object_mut().unwrap().remove("end_time");
        }
        _ if number % 10 == 3 => document["fault"] = json!(true),
        _ if number % 10 == 7 => document["error"] = json!(true),
        _ if number % 50 == 9 => document["throttle"] = json!(true),
        _ => {}
    }
    document
}
