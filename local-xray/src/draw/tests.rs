//! Drawings that hold whatever the names are.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn service(reference: usize, name: &str, kind: &str, counts: [u64; 4], to: &[usize]) -> Value {
    let [ok, error, throttle, fault] = counts;
    let total = ok + error + throttle + fault;
    let edges: Vec<Value> = to
        .iter()
        .map(|to| {
            json!({"ReferenceId": to, "SummaryStatistics": {"OkCount": 2, "TotalCount": 3,
                "FaultStatistics": {"TotalCount": 1}, "TotalResponseTime": 0.6}})
        })
        .collect();
    json!({"ReferenceId": reference, "Name": name, "Type": kind, "State": "active", "Edges": edges,
        "SummaryStatistics": {"OkCount": ok, "TotalCount": total,
            "ErrorStatistics": {"OtherCount": error, "ThrottleCount": throttle},
            "FaultStatistics": {"TotalCount": fault}, "TotalResponseTime": total as f64 * 0.05},
        "ResponseTimeHistogram": [{"Value": 0.05, "Count": total}]})
}

fn drawn(services: &[Value]) -> String {
    service_map(&Map::new(services), Setting::File, None).svg
}

#[test]
fn nodes_and_edges_have_titles_in_words_and_numbers() {
    let svg = drawn(&[
        service(0, "shop", "client", [0; 4], &[1]),
        service(1, "shop", "AWS::ECS::Container", [97, 1, 0, 2], &[2]),
        service(2, "orders", "", [0; 4], &[]),
    ]);
    for part in [
        "<title>Service map: 3 nodes, 2 edges</title>",
        "<title>Clients: who calls from outside</title>",
        "<title>shop (ECS::Container): 100 requests: 97 ok, 1 error, 2 fault; average response time \
         50.0 ms, 95 % within 50 ms</title>",
        "<title>shop calls orders: 3 requests: 2 ok, 1 fault; average response time 200 ms</title>",
        "<title>orders: no finished requests</title>",
        ">97 % ok, 2 fault<",
        ">100 req · 50.0 ms<",
        ">none finished<",
        "prefers-color-scheme: dark",
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
}

#[test]
fn a_link_is_dashed_and_said_so() {
    let mut from = service(0, "queue", "", [1, 0, 0, 0], &[]);
    from["Edges"] = json!([{"ReferenceId": 1, "EdgeType": "link",
        "SummaryStatistics": {"TotalCount": 3, "OkCount": 3, "TotalResponseTime": 9.0},
        "ReceivedEventAgeHistogram": [{"Value": 1.5, "Count": 3}]}]);
    let svg = drawn(&[from, service(1, "worker", "", [1, 0, 0, 0], &[])]);
    assert!(
        svg.contains("class=\"edge ok link\" data-from=\"queue\""),
        "{svg}"
    );
    let sentence = "queue is linked to worker: 3 events; average age 1.50 s";
    assert!(svg.contains(sentence), "{svg}");
    assert!(svg.contains(">3 events · 1.50 s old<"), "{svg}");
}

#[test]
fn the_drawing_in_a_page_has_no_style_of_its_own() {
    let map = Map::new(&[
        service(0, "a", "", [1, 0, 0, 1], &[0, 1]),
        service(1, "b", "", [1, 0, 0, 0], &[]),
    ]);
    let page = Page {
        node: &|node| (node == 0).then(|| "/?node=a&x".to_owned()),
        edge: &|edge| (edge == 1).then(|| "/?from=a&to=b".to_owned()),
        selected: Some(Part::Edge(1)),
        minutes: Some(60.0),
    };
    let svg = service_map(&map, Setting::Page(page), None).svg;
    assert!(!svg.contains("style") && !svg.contains("ground"), "{svg}");
    for part in [
        "<a class=\"node\" id=",
        "data-node=\"0\" data-arrowright=\"1\" href=",
        "href=\"/?node=a&amp;x\" data-place=\"\" aria-label=\"a: 2 requests: 1 ok, 1 fault; average response time 50 ms",
        "<g class=\"node\" id=",
        "<a class=\"edge fault selected\"",
        "aria-current=\"true\"",
        ">2 req · 0.03/min · 50 ms<",
        &node_id("b"),
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
    assert_eq!(check(&svg), Ok(()));
}

#[test]
fn an_empty_map_is_a_drawing() {
    assert!(drawn(&[]).contains("No services yet."));
}

/// Whether the text is well-formed as far as the drawing goes: tags closed in order, attributes
/// quoted, no `<`, `&` or control character where none may be.
fn check(svg: &str) -> Result<(), String> {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').ok_or("a tag without end")? + start;
        let tag = &rest[start + 1..end];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("{name} was not open"));
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or(tag));
        }
        if !tag.matches('"').count().is_multiple_of(2) || tag.contains('<') {
            return Err(format!("a quote is open in {tag}"));
        }
        rest = &rest[end + 1..];
    }
    if svg.chars().any(|c| c.is_control() && c != '\n') {
        return Err("a control character".to_owned());
    }
    let names = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    let mut ands = svg.split('&').skip(1);
    if !ands.all(|text| names.iter().any(|name| text.starts_with(name))) {
        return Err("a bare &".to_owned());
    }
    match open.is_empty() {
        true => Ok(()),
        false => Err(format!("{open:?} is open")),
    }
}

proptest! {
    #[test]
    fn names_change_nothing_but_text(
        names in prop::collection::vec(
            prop_oneof![
                any::<String>(),
                Just("</title><script>alert(1)</script>".to_owned()),
                Just("\" onload=\"x".to_owned()),
                Just("שלום\u{202e}evil".to_owned()),
                Just("桶🪣".repeat(100)),
            ],
            1..6,
        ),
        edges in prop::collection::vec((0..6_usize, 0..6_usize), 0..9),
    ) {
        let services: Vec<Value> = names.iter().enumerate().map(|(place, name)| {
            let to: Vec<usize> = edges.iter().filter(|edge| edge.0 == place).map(|edge| edge.1).collect();
            service(place, name, name, [place as u64, 1, 0, 2], &to)
        }).collect();
        let svg = drawn(&services);
        prop_assert_eq!(check(&svg), Ok(()), "{}", svg);
        prop_assert!(!svg.contains("<script"));
    }
}
