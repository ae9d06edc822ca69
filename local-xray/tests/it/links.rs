//! Links between traces: edges of the graph.

use serde_json::{Value, json};

use crate::filters::window;
use crate::local::{Local, entity, trace_id};

fn link(trace: usize, id: &str, reference: &str) -> Value {
    json!({ "trace_id": trace_id(trace), "id": id,
        "attributes": { "aws.xray.reserved.reference_type": reference } })
}

fn segment(trace: usize, name: &str, start: f64, links: &Value) -> Value {
    let more = json!({ "trace_id": trace_id(trace), "name": name, "links": links });
    let start = 1_763_790_000.0 + start;
    entity("00000000000000a1", start, start + 0.5, more)
}

/// The edges of type link, by name.
fn links(graph: &Value) -> Vec<(String, String, Value)> {
    let services = graph["Services"].as_array().unwrap();
    let name = |reference: &Value| {
        let service = services.iter().find(|s| s["ReferenceId"] == *reference);
        service.unwrap()["Name"].as_str().unwrap().to_owned()
    };
    let mut links = Vec::new();
    for service in services {
        for edge in service["Edges"].as_array().unwrap() {
            if edge["EdgeType"] == "link" {
                let to = name(&edge["ReferenceId"]);
                links.push((name(&service["ReferenceId"]), to, edge.clone()));
            } else {
                assert_eq!(edge.get("EdgeType"), None);
                assert_eq!(edge.get("ReceivedEventAgeHistogram"), None);
            }
        }
    }
    links
}

#[test]
fn a_link_is_an_edge_from_who_sent_to_who_received() {
    let local = Local::start();
    let a1 = "00000000000000a1";
    local.put(&[
        segment(1, "sender", 0.0, &json!([])),
        segment(2, "receiver", 2.0, &json!([link(1, a1, "parent")])),
        segment(3, "receiver", 2.25, &json!([link(1, a1, "parent")])),
        // The other way round, and to what is not here.
        segment(
            4,
            "sender",
            5.0,
            &json!([link(5, a1, "child"), link(9, a1, "parent")]),
        ),
        segment(5, "receiver", 5.25, &json!([])),
        // A service's links to itself.
        segment(6, "sender", 7.0, &json!([link(4, a1, "parent")])),
    ]);
    let graph = local.post("/ServiceGraph", &window());
    let found = links(&graph);
    assert_eq!(found.len(), 1, "{graph:#}");
    let (from, to, edge) = &found[0];
    assert_eq!((from.as_str(), to.as_str()), ("sender", "receiver"));
    assert_eq!(edge["SummaryStatistics"]["TotalCount"], 3);
    assert_eq!(
        edge["ReceivedEventAgeHistogram"],
        json!([{ "Value": 0.0, "Count": 1 }, { "Value": 1.5, "Count": 1 }, { "Value": 1.75, "Count": 1 }])
    );
}

#[test]
fn a_graph_of_traces_has_the_links_among_them() {
    let local = Local::start();
    local.put(&[
        segment(1, "sender", 0.0, &json!([])),
        segment(
            2,
            "receiver",
            2.0,
            &json!([link(1, "00000000000000a1", "parent")]),
        ),
    ]);
    let both = json!({ "TraceIds": [trace_id(1), trace_id(2)] });
    assert_eq!(links(&local.post("/TraceGraph", &both)).len(), 1);
    let one = json!({ "TraceIds": [trace_id(2)] });
    assert_eq!(links(&local.post("/TraceGraph", &one)).len(), 0);
}

#[test]
fn links_of_any_shape_are_taken_and_mean_nothing() {
    let local = Local::start();
    for links in [
        json!(null),
        json!("x"),
        json!([1, {}, { "trace_id": "x", "id": "y" }, { "trace_id": trace_id(1), "id": 7 }]),
        json!({ "trace_id": trace_id(1) }),
    ] {
        local.put(&[segment(1, "sender", 0.0, &links)]);
        assert_eq!(
            self::links(&local.post("/ServiceGraph", &window())).len(),
            0
        );
    }
}
