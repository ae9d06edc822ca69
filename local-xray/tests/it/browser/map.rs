//! The service map: a shop, names that would do harm, and five hundred services.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::browse;
use crate::local::Local;

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

/// Segments of traces of the last minutes.
struct Scene {
    now: f64,
    documents: Vec<Value>,
}

impl Scene {
    fn new() -> Self {
        Self {
            now: now(),
            documents: Vec::new(),
        }
    }

    fn trace_id(&self, trace: usize) -> String {
        format!("1-{:08x}-{trace:024x}", self.now as u64)
    }

    /// A segment of a trace, some seconds ago; answers its id.
    fn segment(&mut self, trace: usize, name: &str, ms: f64, more: Value) -> String {
        let id = format!("{:016x}", self.documents.len() + 1);
        let start = self.now - 120.0 - trace as f64;
        let mut segment = json!({"trace_id": self.trace_id(trace), "id": id, "name": name, "start_time": start,
            "end_time": start + ms / 1000.0});
        merge(&mut segment, more);
        self.documents.push(segment);
        id
    }

    /// A call of the segment that was made last; answers its id.
    fn call(&mut self, name: &str, ms: f64, more: Value) -> String {
        let segment = self.documents.last_mut().unwrap();
        let calls = segment["subsegments"].as_array().map_or(0, Vec::len);
        let id = format!("{}{calls:02x}", &segment["id"].as_str().unwrap()[2..]);
        let start = segment["start_time"].as_f64().unwrap();
        let mut call =
            json!({"id": id, "name": name, "start_time": start, "end_time": start + ms / 1000.0});
        merge(&mut call, more);
        if calls == 0 {
            segment["subsegments"] = json!([]);
        }
        segment["subsegments"].as_array_mut().unwrap().push(call);
        id
    }

    fn put(self, local: &Local) {
        for documents in self.documents.chunks(200) {
            local.put(documents);
        }
    }
}

fn merge(entity: &mut Value, more: Value) {
    let Value::Object(more) = more else {
        panic!("{more} is no object")
    };
    for (key, value) in more {
        match value {
            Value::Null => drop(entity.as_object_mut().unwrap().remove(&key)),
            value => entity[key] = value,
        }
    }
}

fn parent(id: &str, origin: &str) -> Value {
    json!({"parent_id": id, "origin": origin})
}

fn with(mut entity: Value, more: Value) -> Value {
    merge(&mut entity, more);
    entity
}

/// Customers call a web, which calls an api, which calls orders; orders has a table, eight buckets, a
/// payment host, and tells a worker through a queue.
fn shop() -> Scene {
    let mut shop = Scene::new();
    for trace in 0..40 {
        let slow = (trace * trace) as f64 * 2.0;
        let fault = if trace % 13 == 5 {
            json!({"fault": true})
        } else {
            json!({})
        };
        let error = if trace % 9 == 2 {
            json!({"error": true})
        } else {
            json!({})
        };
        let throttle = match trace % 11 {
            3 => json!({"error": true, "throttle": true}),
            _ => json!({}),
        };
        shop.segment(
            trace,
            "web",
            80.0 + slow,
            with(json!({"origin": "AWS::EC2::Instance"}), fault.clone()),
        );
        let call = shop.call(
            "api",
            70.0 + slow,
            with(json!({"namespace": "remote"}), fault.clone()),
        );
        shop.segment(
            trace,
            "api",
            65.0 + slow,
            with(parent(&call, "AWS::ECS::Container"), fault.clone()),
        );
        let call = shop.call(
            "orders",
            50.0 + slow,
            with(json!({"namespace": "remote"}), error.clone()),
        );
        shop.segment(
            trace,
            "orders",
            45.0 + slow,
            with(parent(&call, "AWS::Lambda::Function"), error),
        );
        shop.call(
            "DynamoDB",
            6.0,
            with(
                json!({"namespace": "aws", "aws": {"table_name": "orders"}}),
                throttle,
            ),
        );
        shop.call(
            "S3",
            12.0,
            json!({"namespace": "aws", "aws": {"bucket_name": format!("invoices-{}", trace % 8)}}),
        );
        shop.call(
            "pay.example.com",
            20.0 + slow,
            with(json!({"namespace": "remote"}), fault),
        );
        shop.call(
            "SQS",
            5.0,
            json!({"namespace": "aws", "aws": {"queue_url": "https://sqs/1/shipments"}}),
        );
        let orders = shop.documents.last().unwrap()["id"].clone();
        let link = json!([{"trace_id": shop.trace_id(trace), "id": orders, "attributes": {"aws.xray.parent": true}}]);
        let sent = shop.documents.last().unwrap()["end_time"].as_f64().unwrap();
        let received = sent + 1.0 + trace as f64 / 20.0;
        shop.segment(
            1000 + trace,
            "shipping",
            30.0,
            json!({"origin": "AWS::ECS::Container", "links": link, "start_time": received,
                "end_time": received + 0.03}),
        );
    }
    shop.segment(
        2000,
        "nightly report",
        0.0,
        json!({"end_time": null, "in_progress": true}),
    );
    shop
}

#[test]
fn the_map_of_a_shop() {
    let local = Local::start();
    shop().put(&local);
    browse(&local, "map.py", &["shop"]);
}

#[test]
fn the_map_without_traces() {
    browse(&Local::start(), "map.py", &["empty"]);
}

#[test]
fn names_on_the_map_do_no_harm() {
    let local = Local::start();
    let mut scene = Scene::new();
    let names = [
        "<script>alert(1)</script>".to_owned(),
        "\"><img src=x onerror=alert(1)>".to_owned(),
        "evil\u{202e}txt.exe 🪣".to_owned(),
        "'; DROP TABLE \"x\" \\".to_owned(),
        "long-".repeat(40),
    ];
    scene.segment(
        0,
        "web & co = %3Cb%3E",
        100.0,
        json!({"origin": "AWS::EC2::Instance"}),
    );
    for name in names {
        scene.call(
            "DynamoDB",
            10.0,
            json!({"namespace": "aws", "aws": {"table_name": name}}),
        );
    }
    scene.put(&local);
    browse(&local, "map.py", &["hostile"]);
}

#[test]
fn the_map_of_five_hundred_nodes() {
    let local = Local::start();
    let mut scene = Scene::new();
    let mut random = 7_u64;
    let mut below = |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % limit
    };
    let mut ids = vec![scene.segment(
        0,
        "service-000",
        900.0,
        json!({"origin": "AWS::ECS::Container"}),
    )];
    for service in 1..499 {
        let caller = ids[below(service)].clone();
        let ms = 10.0 + below(800) as f64;
        ids.push(scene.segment(
            0,
            &format!("service-{service:03}"),
            ms,
            parent(&caller, "AWS::ECS::Container"),
        ));
    }
    for _ in 0..201 {
        let from = below(400);
        let to = format!("service-{:03}", from + 1 + below(90));
        scene.segment(0, &to, 40.0, parent(&ids[from], "AWS::ECS::Container"));
    }
    scene.put(&local);
    browse(&local, "map.py", &["large"]);
}
