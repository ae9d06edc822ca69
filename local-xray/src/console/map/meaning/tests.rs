//! What a panel counts is what its filter finds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tracing_xray::{Timestamp, TraceId};

use super::*;
use crate::filter::FilterExpression;
use crate::map::Statistics;
use crate::outline;
use crate::store::{Store, SummaryQuery, TimeRange};

const START: f64 = 1_763_790_000.0;

fn id(number: usize) -> String {
    format!("{number:016x}")
}

/// A segment of a trace with one call to each resource: `flags` of the segment, then of the calls.
fn document(number: usize, name: &str, ms: u64, flags: &Value, calls: &[Value]) -> Value {
    let mut segment = json!({"trace_id": format!("1-6921a2b0-{number:024x}"), "id": id(number), "name": name,
        "origin": "AWS::ECS::Container", "start_time": START, "end_time": START + ms as f64 / 1000.0});
    for (key, value) in flags.as_object().unwrap() {
        segment[key] = value.clone();
    }
    let calls = calls.iter().enumerate().map(|(place, call)| {
        let mut call = call.clone();
        call["id"] = json!(id(number * 1000 + place));
        call["start_time"] = json!(START);
        if call["in_progress"].is_null() {
            call["end_time"] = json!(START + 0.004 * number as f64);
        }
        call
    });
    segment["subsegments"] = calls.collect();
    segment
}

fn bucket(name: &str, flags: &Value) -> Value {
    let mut call = json!({"name": "S3", "namespace": "aws", "aws": {"bucket_name": name}});
    call.as_object_mut()
        .unwrap()
        .extend(flags.as_object().unwrap().clone());
    call
}

/// A store with each trace's requests in one each of the statuses that filters tell apart.
fn scene(dir: &std::path::Path) -> Store {
    let store = Store::open(dir).unwrap();
    let fine = json!({});
    let both = json!({"fault": true, "error": true, "throttle": true});
    let mut documents = vec![
        document(1, "api", 10, &fine, &[]),
        document(2, "api", 20, &json!({"error": true}), &[]),
        document(3, "api", 30, &json!({"error": true, "throttle": true}), &[]),
        document(4, "api", 40, &json!({"fault": true}), &[]),
        document(5, "api", 50, &both, &[bucket("one", &both)]),
        document(
            6,
            "api",
            60,
            &json!({"in_progress": true, "end_time": null}),
            &[bucket("one", &fine)],
        ),
        document(
            7,
            "api",
            70,
            &json!({"origin": "AWS::EC2::Instance", "aws": {"account_id": "1"}}),
            &[],
        ),
        document(
            8,
            "api",
            80,
            &json!({"origin": null}),
            &[bucket("two", &json!({"in_progress": true}))],
        ),
        document(
            9,
            "api",
            90,
            &json!({"origin": "AWS::EC2::Instance", "aws": {"account_id": "2"}}),
            &[],
        ),
        document(
            10,
            "worker",
            5,
            &fine,
            &[bucket("a \"b\" \\", &json!({"error": true}))],
        ),
    ];
    for number in 20..28 {
        documents.push(document(
            number,
            "copier",
            5,
            &fine,
            &[bucket(&format!("b{number}"), &fine)],
        ));
    }
    for number in 100..160 {
        let name = format!("{}-{number}", "long".repeat(10));
        documents.push(document(number, "mover", 5, &fine, &[bucket(&name, &fine)]));
    }
    let now = Timestamp::from_micros(START as u64 * 1_000_000);
    for document in documents {
        let mut document = document;
        // What is null is not sent.
        document
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let refused = store
            .put_trace_segments(&[document.to_string()], now)
            .unwrap();
        assert!(refused.is_empty(), "{document}: {refused:?}");
    }
    store
}

const WINDOW: (Timestamp, Timestamp) = (Timestamp::from_micros(0), Timestamp::from_micros(1 << 52));

fn map(store: &Store) -> Map {
    let (services, _) = store.counted_graph(WINDOW, None).unwrap();
    let services: Vec<Value> = services.iter().flat_map(serde_json::to_value).collect();
    Map::new(&services)
}

/// The finished requests that the meaning selects, each with its trace.
fn requests(store: &Store, meaning: &Meaning) -> Vec<(TraceId, outline::Outcome, u64)> {
    let mut requests = Vec::new();
    let selectors = meaning.entity_selectors();
    let visit = |trace, entity: &outline::Outline<'_>| {
        requests.extend(
            entity
                .duration_us()
                .map(|us| (trace, entity.outcome, us / 1000)),
        );
    };
    store.each_request(WINDOW, None, &selectors, visit).unwrap();
    requests
}

fn found(store: &Store, expression: &str) -> BTreeSet<u128> {
    let filter = FilterExpression::parse(expression, &|_| None);
    let filter = filter.unwrap_or_else(|error| panic!("{expression}: {error}"));
    let query = SummaryQuery {
        start: WINDOW.0,
        end: WINDOW.1,
        range: TimeRange::Event,
        filter: Some(&filter),
        limit: 1000,
        ..SummaryQuery::default()
    };
    let summaries = store.trace_summaries(&query).unwrap().summaries;
    let ids = summaries
        .iter()
        .map(|summary| serde_json::to_value(summary).unwrap()["Id"].clone());
    ids.map(|id| id.as_str().unwrap().parse::<TraceId>().unwrap().to_w3c())
        .collect()
}

/// In the scene each trace has one request of a node or an edge at most.
fn check(store: &Store, meaning: &Meaning, statistics: &Statistics, name: &str) {
    let requests = requests(store, meaning);
    assert_eq!(
        requests.len() as u64,
        statistics.total,
        "{name}: {meaning:?}"
    );
    for chosen in 1..16_u32 {
        let outcomes: Vec<Outcome> = Outcome::ALL
            .into_iter()
            .enumerate()
            .filter(|(place, _)| chosen & (1 << place) != 0)
            .map(|(_, outcome)| outcome)
            .collect();
        for (min_ms, max_ms) in [(None, None), (Some(20), Some(40))] {
            let conditions = Conditions {
                outcomes: outcomes.clone(),
                min_ms,
                max_ms,
            };
            let expression = meaning.expression(&conditions, "");
            let counted: BTreeSet<u128> = requests
                .iter()
                .filter(|(_, outcome, ms)| {
                    let is_chosen = chosen & (1 << *outcome as u32) != 0;
                    is_chosen && (min_ms.unwrap_or(0)..=max_ms.unwrap_or(u64::MAX)).contains(ms)
                })
                .map(|(trace, ..)| trace.to_w3c())
                .collect();
            let mut found = found(store, &expression);
            if chosen == 15 && min_ms.or(max_ms).is_none() {
                // Nothing is asked, so that what is in progress is found, too.
                found.retain(|id| counted.contains(id));
            }
            assert_eq!(found, counted, "{name}: {expression}");
        }
    }
}

#[test]
fn the_filter_finds_what_a_panel_counts() {
    let dir = tempfile::tempdir().unwrap();
    let store = scene(dir.path());
    let map = map(&store);
    for (place, node) in map.nodes.iter().enumerate() {
        let mut statistics = node.statistics.clone();
        for edge in map
            .edges
            .iter()
            .filter(|edge| node.is_clients() && edge.from == place)
        {
            statistics.add(&edge.statistics);
        }
        check(
            &store,
            &Meaning::of_node(&map, place),
            &statistics,
            &node.label,
        );
    }
    for (place, edge) in map.edges.iter().enumerate() {
        let name = format!(
            "{} to {}",
            map.nodes[edge.from].label, map.nodes[edge.to].label
        );
        check(
            &store,
            &Meaning::of_edge(&map, place),
            &edge.statistics,
            &name,
        );
    }
}

#[test]
fn expressions_say_what_people_would_write() {
    let dir = tempfile::tempdir().unwrap();
    let store = scene(dir.path());
    let map = map(&store);
    let node = |label: &str| {
        map.nodes
            .iter()
            .position(|node| node.label == label)
            .unwrap()
    };
    let any = Conditions::default();
    let slow_faults = Conditions {
        outcomes: vec![Outcome::Fault],
        min_ms: Some(50),
        max_ms: None,
    };
    let meaning = |label| Meaning::of_node(&map, node(label));
    assert_eq!(
        meaning("api (ECS::Container)").expression(&slow_faults, "ok OR user = \"x\""),
        r#"(ok OR user = "x") AND service(id(name: "api", type: "AWS::ECS::Container")) { fault AND responsetime >= 0.05 }"#
    );
    assert_eq!(
        meaning("S3 a \"b\" \\").expression(&any, ""),
        r#"service(id(name: "a \"b\" \\", type: "AWS::S3::Bucket"))"#
    );
    assert_eq!(
        meaning("Clients").expression(&any, ""),
        r#"service(id(type: "client"))"#
    );
    let folded = meaning("S3, 8 buckets");
    assert!(
        folded
            .expression(&any, "fault")
            .starts_with("fault AND (service(id(name: \"b20\"")
    );
    assert_eq!(
        meaning("S3, 60 buckets").expression(&any, ""),
        r#"edge(id(name: "mover", type: "AWS::ECS::Container"), id(type: "AWS::S3::Bucket"))"#
    );
}

/// Callers of the same buckets, which are one node of the map.
fn fold(callers: usize, buckets: usize) -> Map {
    let service = |number: usize, name: String, kind: &str, calls: Vec<Value>| json!({"ReferenceId": number, "Name": name, "Type": kind, "Edges": calls});
    let calls: Vec<Value> = (0..buckets)
        .map(|bucket| json!({"ReferenceId": bucket}))
        .collect();
    let mut services: Vec<Value> = (0..buckets)
        .map(|number| {
            service(
                number,
                format!("logs-of-\"{number}\""),
                "AWS::S3::Bucket",
                Vec::new(),
            )
        })
        .collect();
    services.extend((buckets..buckets + callers).map(|number| {
        service(
            number,
            format!("copier-of-logs-{number}"),
            "AWS::ECS::Container",
            calls.clone(),
        )
    }));
    let map = Map::new(&services);
    assert_eq!(map.nodes.len(), callers + 1);
    map
}

fn folded(map: &Map) -> usize {
    let mut nodes = map.nodes.iter();
    nodes.position(|node| !node.members.is_empty()).unwrap()
}

#[test]
fn the_filter_of_a_fold_has_room_in_an_expression() {
    let slow_failures = Conditions {
        outcomes: vec![Outcome::Error, Outcome::Fault],
        min_ms: Some(1),
        max_ms: Some(1000),
    };
    let long = |length: usize| format!("ok OR user = \"{}\"", "é".repeat(length));
    for (callers, buckets) in (16..=60).map(|n| (1, n)).chain([(20, 16), (60, 60)]) {
        let map = fold(callers, buckets);
        for meaning in [
            Meaning::of_node(&map, folded(&map)),
            Meaning::of_edge(&map, 0),
        ] {
            for conditions in [&Conditions::default(), &slow_failures] {
                for among in ["", "fault", &long(800), &long(1700)] {
                    let expression = meaning.expression(conditions, among);
                    let read = FilterExpression::parse(&expression, &|_| None);
                    assert!(read.is_ok(), "{callers} {buckets} {expression}: {read:?}");
                }
            }
            assert!(!meaning.entity_selectors().is_empty());
        }
    }
    // Exact as long as there is room.
    let map = fold(1, 16);
    let meaning = Meaning::of_node(&map, folded(&map));
    let expression = meaning.expression(&Conditions::default(), "");
    assert_eq!(expression.matches(" OR ").count(), 15);
}
