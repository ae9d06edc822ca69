//! Documents that come late, twice, in progress, or without those they belong to.

use serde_json::{Value, json};

use crate::local::{Local, entity, trace_id};

fn trace(local: &Local) -> Value {
    let answer = local.post("/Traces", &json!({ "TraceIds": [trace_id(1)] }));
    answer["Traces"][0].clone()
}

/// The documents of the trace's segments, parsed.
fn segments(local: &Local) -> Vec<Value> {
    let trace = trace(local);
    let segments = trace["Segments"].as_array().unwrap().iter();
    segments
        .map(|segment| serde_json::from_str(segment["Document"].as_str().unwrap()).unwrap())
        .collect()
}

fn summary(local: &Local) -> Value {
    let window = json!({ "StartTime": 0, "EndTime": 4e9, "TimeRangeType": "Event" });
    local.post("/TraceSummaries", &window)["TraceSummaries"][0].clone()
}

fn segment(id: &str, start: f64, end: f64, more: Value) -> Value {
    let mut segment = entity(id, start, end, more);
    segment["trace_id"] = trace_id(1).into();
    segment
}

fn subsegment(id: &str, parent: &str, start: f64, end: f64) -> Value {
    segment(
        id,
        start,
        end,
        json!({ "type": "subsegment", "parent_id": parent }),
    )
}

const ROOT: &str = "00000000000000a0";
const CALL: &str = "00000000000000a1";
const STEP: &str = "00000000000000a2";

#[test]
fn subsegments_of_their_own_find_their_place_in_any_order() {
    let local = Local::start();
    local.put(&[subsegment(STEP, CALL, 12.0, 13.0)]);
    assert_eq!(summary(&local)["IsPartial"], true);
    assert_eq!(segments(&local)[0]["id"], STEP, "an orphan is shown");
    local.put(&[subsegment(CALL, ROOT, 11.0, 14.0)]);
    local.put(&[segment(ROOT, 10.0, 15.0, json!({}))]);
    let segments = segments(&local);
    assert_eq!(segments.len(), 1);
    assert_eq!(segments[0]["subsegments"][0]["id"], CALL);
    assert_eq!(segments[0]["subsegments"][0]["subsegments"][0]["id"], STEP);
    assert_eq!(summary(&local)["IsPartial"], false);
    assert_eq!(trace(&local)["Duration"], 5.0);
}

#[test]
fn a_complete_segment_replaces_one_in_progress_and_never_the_reverse() {
    let mut early = segment(
        ROOT,
        10.0,
        0.0,
        json!({ "in_progress": true, "user": "early" }),
    );
    early.as_object_mut().unwrap().remove("end_time");
    let late = segment(ROOT, 10.0, 15.0, json!({ "user": "late" }));
    for documents in [[&early, &late], [&late, &early]] {
        let local = Local::start();
        for document in documents {
            local.put(std::slice::from_ref(document));
        }
        assert_eq!(segments(&local)[0]["user"], "late");
        assert_eq!(summary(&local)["IsPartial"], false);
        assert_eq!(summary(&local)["ResponseTime"], 5.0);
        assert_eq!(summary(&local)["Revision"], 2);
    }
}

#[test]
fn what_is_sent_again_replaces_what_was_there() {
    let local = Local::start();
    local.put(&[segment(ROOT, 10.0, 15.0, json!({ "user": "first" }))]);
    local.put(&[segment(ROOT, 10.0, 16.0, json!({ "user": "second" }))]);
    assert_eq!(segments(&local).len(), 1);
    assert_eq!(segments(&local)[0]["user"], "second");
    assert_eq!(trace(&local)["Duration"], 6.0);
}

#[test]
fn a_copy_nested_in_another_document_is_shown_once() {
    let local = Local::start();
    let mut unfinished = entity(CALL, 11.0, 0.0, json!({ "in_progress": true }));
    unfinished.as_object_mut().unwrap().remove("end_time");
    local.put(&[
        segment(ROOT, 10.0, 15.0, json!({ "subsegments": [unfinished] })),
        subsegment(STEP, CALL, 12.0, 13.0),
        subsegment(CALL, ROOT, 11.0, 14.0),
    ]);
    let segments = segments(&local);
    let subsegments = segments[0]["subsegments"].as_array().unwrap();
    assert_eq!(subsegments.len(), 1);
    assert_eq!(subsegments[0]["end_time"], 14.0);
    assert_eq!(subsegments[0]["subsegments"][0]["id"], STEP);
    assert_eq!(summary(&local)["IsPartial"], false);
}

#[test]
fn of_two_copies_in_different_documents_all_views_show_the_same() {
    let local = Local::start();
    let copy = |name: &str, fault: bool| {
        entity(
            "0000000000000777",
            1.2,
            1.4,
            json!({ "name": name, "namespace": "remote", "fault": fault }),
        )
    };
    let segment = |id: &str, nested: Value| {
        entity(
            id,
            1.0,
            2.0,
            json!({ "trace_id": trace_id(1), "subsegments": [nested] }),
        )
    };
    local.put(&[
        segment("00000000000000a1", copy("alpha", true)),
        segment("00000000000000a2", copy("beta", false)),
    ]);
    let names = |services: &Value| {
        let services = services.as_array().unwrap().iter();
        let names = services.map(|service| service["Name"].as_str().unwrap().to_owned());
        names
            .filter(|name| name == "alpha" || name == "beta")
            .collect::<Vec<_>>()
    };
    let graph = local.post("/TraceGraph", &json!({ "TraceIds": [trace_id(1)] }));
    let window = json!({ "StartTime": 0, "EndTime": 4_000_000_000_u64 });
    let summaries = local.post("/TraceSummaries", &window);
    assert_eq!(names(&graph["Services"]), ["alpha"]);
    assert_eq!(
        names(&summaries["TraceSummaries"][0]["ServiceIds"]),
        ["alpha"]
    );
}

#[test]
fn a_call_stands_for_its_service_until_that_sends_its_own_segment() {
    let local = Local::start();
    let call = entity(
        CALL,
        11.0,
        14.0,
        json!({ "name": "backend", "namespace": "remote" }),
    );
    local.put(&[segment(ROOT, 10.0, 15.0, json!({ "subsegments": [call] }))]);
    let inferred = &segments(&local)[1];
    assert_eq!(inferred["inferred"], true);
    assert_eq!(inferred["parent_id"], CALL);
    let again = &segments(&local)[1];
    assert_eq!(inferred["id"], again["id"], "the inferred id stays");
    local.put(&[segment(
        STEP,
        12.0,
        13.0,
        json!({ "name": "backend", "parent_id": CALL }),
    )]);
    let segments = segments(&local);
    assert_eq!(segments.len(), 2);
    assert_eq!(segments[1].get("inferred"), None);
    assert_eq!(segments[1]["id"], STEP);
}

#[test]
fn circles_and_endless_chains_of_subsegments_are_shown_as_orphans() {
    let local = Local::start();
    let id = |number: usize| format!("{:016x}", number + 1);
    let mut documents = vec![
        segment(ROOT, 10.0, 15.0, json!({})),
        subsegment(CALL, STEP, 11.0, 14.0),
        subsegment(STEP, CALL, 11.0, 14.0),
    ];
    let chain = (0..5000).map(|n| subsegment(&id(n), &id(n + 1), 10.0, 11.0));
    documents.extend(chain);
    local.put(&documents);
    let shown = trace(&local)["Segments"].to_string();
    assert!(shown.contains(CALL) && shown.contains(STEP));
    for number in [0, 100, 2500, 4999] {
        assert!(shown.contains(&id(number)), "{number}");
    }
    assert_eq!(summary(&local)["IsPartial"], true);
}

#[test]
fn a_trace_whose_caller_is_elsewhere_starts_at_its_earliest_segment() {
    let local = Local::start();
    local.put(&[segment(
        ROOT,
        10.0,
        15.0,
        json!({ "parent_id": "00000000000000ff", "name": "worker" }),
    )]);
    let summary = summary(&local);
    assert_eq!(summary["EntryPoint"]["Name"], "worker");
    assert_eq!(summary["ResponseTime"], 5.0);
    assert_eq!(summary["IsPartial"], false);
}

#[test]
fn one_service_is_one_node_where_only_some_segments_name_its_account() {
    let local = Local::start();
    let account = |id: &str| json!({ "aws": { "account_id": id } });
    local.put(&[
        segment(ROOT, 10.0, 15.0, json!({})),
        segment(CALL, 10.0, 15.0, account("111111111111")),
    ]);
    let nodes = |local: &Local| {
        let graph = local.post("/ServiceGraph", &json!({ "StartTime": 0, "EndTime": 20 }));
        let nodes = graph["Services"].as_array().unwrap().iter();
        let nodes = nodes.filter(|node| node["State"] == "active");
        nodes
            .map(|node| node["SummaryStatistics"]["TotalCount"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(nodes(&local), [2]);
    local.put(&[segment(STEP, 10.0, 15.0, account("222222222222"))]);
    assert_eq!(
        nodes(&local),
        [1, 1, 1],
        "which account it is cannot be told"
    );
}

#[test]
fn each_bucket_is_a_node_of_its_own() {
    let local = Local::start();
    let call = |id: &str, bucket: &str| {
        let aws = json!({ "operation": "CreateBucket", "bucket_name": bucket });
        entity(
            id,
            11.0,
            12.0,
            json!({ "name": "s3", "namespace": "aws", "aws": aws }),
        )
    };
    let calls = [
        call(CALL, "logs"),
        call(STEP, "data"),
        call("00000000000000a3", "logs"),
    ];
    local.put(&[segment(ROOT, 10.0, 15.0, json!({ "subsegments": calls }))]);
    let graph = local.post("/TraceGraph", &json!({ "TraceIds": [trace_id(1)] }));
    let nodes = graph["Services"].as_array().unwrap().iter();
    let buckets: Vec<_> = nodes
        .filter(|node| node["Type"] == "AWS::S3::Bucket")
        .map(|node| {
            (
                node["Name"].clone(),
                node["SummaryStatistics"]["TotalCount"].clone(),
            )
        })
        .collect();
    assert_eq!(
        buckets,
        [("logs".into(), 2.into()), ("data".into(), 1.into())]
    );
    assert_eq!(graph["Services"][0]["Edges"].as_array().unwrap().len(), 2);
}

#[test]
fn what_would_be_too_deep_for_readers_of_json_becomes_a_document_of_its_own() {
    let local = Local::start();
    let id = |number: u64| format!("{number:016x}");
    let chain = (2..=91).map(|number| subsegment(&id(number), &id(number - 1), 10.0, 20.0));
    local.put(&[segment(&id(1), 10.0, 20.0, json!({}))]);
    local.put(&chain.collect::<Vec<_>>());
    let length = |document: &Value| {
        let below = |at: &Value| at.pointer("/subsegments/0").cloned();
        std::iter::successors(Some(document.clone()), below).count()
    };
    let lengths: Vec<_> = segments(&local).iter().map(length).collect();
    assert_eq!(lengths, [64, 27]);
}
