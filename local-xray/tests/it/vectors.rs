//! The vectors of graphs and summaries, asked over HTTP, and the documents of official SDKs.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::local::{Local, floats};

#[derive(Deserialize)]
struct Graphs {
    traces: Map<String, Value>,
    expected_services: Value,
    per_trace: Map<String, Value>,
}

fn graphs() -> Graphs {
    serde_json::from_str(include_str!("../vectors/service_graph.json")).unwrap()
}

fn with_vectors() -> Local {
    let local = Local::start();
    for documents in graphs().traces.values() {
        local.put(documents.as_array().unwrap());
    }
    local
}

#[test]
fn the_graph_of_all_traces_is_the_vectors() {
    let local = with_vectors();
    let graph = local.post(
        "/ServiceGraph",
        &json!({ "StartTime": 1763780000, "EndTime": 1763800000.5, "GroupName": "Default" }),
    );
    assert_eq!(
        floats(graph["Services"].clone()),
        floats(graphs().expected_services)
    );
    assert_eq!(graph["ContainsOldGroupVersions"], false);
    assert_eq!(graph.get("NextToken"), None);
}

#[test]
fn the_graph_of_each_trace_is_the_vectors() {
    let local = with_vectors();
    let expected = graphs().per_trace;
    assert_eq!(expected.len(), 7);
    for (id, expected) in expected {
        let graph = local.post("/TraceGraph", &json!({ "TraceIds": [id] }));
        assert_eq!(floats(graph["Services"].clone()), floats(expected), "{id}");
    }
}

#[test]
fn the_summary_of_each_trace_is_the_vectors() {
    #[derive(Deserialize)]
    struct Summaries {
        expected: Map<String, Value>,
    }
    let vectors = include_str!("../vectors/trace_summaries.json");
    let vectors: Summaries = serde_json::from_str(vectors).unwrap();
    let local = with_vectors();
    let window = json!({ "StartTime": 1763790000, "EndTime": 1763790000 });
    let answer = local.post("/TraceSummaries", &window);
    let summaries = answer["TraceSummaries"].as_array().unwrap();
    assert_eq!(summaries.len(), vectors.expected.len());
    assert_eq!(answer["TracesProcessedCount"], 7);
    for summary in summaries {
        let id = summary["Id"].as_str().unwrap();
        assert_eq!(
            floats(summary.clone()),
            floats(vectors.expected[id].clone()),
            "{id}"
        );
    }
}

#[test]
fn what_official_sdks_send_is_taken_and_assembled() {
    for documents in [
        include_str!("../vectors/sdk-captured/python-2.15.0.jsonl"),
        include_str!("../vectors/sdk-captured/node-sdk.jsonl"),
    ] {
        let local = Local::start();
        let documents: Vec<Value> = documents
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        local.put(&documents);
        let mut ids: Vec<_> = documents
            .iter()
            .map(|document| &document["trace_id"])
            .collect();
        ids.sort_by_key(|id| id.to_string());
        ids.dedup();
        let answer = local.post("/Traces", &json!({ "TraceIds": ids }));
        assert_eq!(answer["Traces"].as_array().unwrap().len(), ids.len());
        let assembled = answer["Traces"].to_string();
        for document in &documents {
            assert!(
                assembled.contains(document["id"].as_str().unwrap()),
                "{document}"
            );
        }
        let graph = local.post("/TraceGraph", &json!({ "TraceIds": ids }));
        let types = graph["Services"].as_array().unwrap().iter();
        let types: Vec<_> = types.filter_map(|node| node["Type"].as_str()).collect();
        assert!(types.contains(&"AWS::S3::Bucket"), "{types:?}");
        assert!(types.contains(&"AWS::DynamoDB::Table"), "{types:?}");
    }
}
