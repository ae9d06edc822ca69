//! Filter expressions where the API takes them: searches, groups and what groups filter.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::local::Local;

#[derive(Deserialize)]
struct Vectors {
    groups: BTreeMap<String, String>,
    traces: BTreeMap<String, Vec<Value>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    expr: String,
    matches: BTreeSet<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/filter_eval.json")).unwrap()
}

/// A local X-Ray with the traces of the vectors.
pub(crate) fn with_traces() -> Local {
    let local = Local::start();
    local.put(&vectors().traces.into_values().flatten().collect::<Vec<_>>());
    local
}

pub(crate) fn window() -> Value {
    json!({ "StartTime": 1_763_780_000, "EndTime": 1_763_800_000 })
}

fn matching(local: &Local, expression: &str, range: &str) -> BTreeSet<String> {
    let mut body = window();
    body["FilterExpression"] = expression.into();
    body["TimeRangeType"] = range.into();
    let answer = local.post("/TraceSummaries", &body);
    let summaries = answer["TraceSummaries"].as_array().unwrap();
    assert_eq!(answer["TracesProcessedCount"], 7, "{expression}");
    let id = |summary: &Value| summary["Id"].as_str().unwrap().to_owned();
    summaries.iter().map(id).collect()
}

#[test]
fn a_search_finds_what_the_vectors_say() {
    let vectors = vectors();
    let local = with_traces();
    for (name, expression) in &vectors.groups {
        // A group cannot be made of itself.
        if !expression.contains(name.as_str()) {
            let group = json!({ "GroupName": name, "FilterExpression": expression });
            local.post("/CreateGroup", &group);
        }
    }
    for Case { expr, matches } in vectors.cases {
        assert_eq!(matching(&local, &expr, "TraceId"), matches, "{expr}");
        assert_eq!(matching(&local, &expr, "Event"), matches, "{expr}");
    }
    let slow = matching(&local, "group.name = \"high_response_time\"", "TraceId");
    let arn = "arn:aws:xray:us-east-1:000000000000:group/high_response_time";
    let by_arn = matching(&local, &format!("group.arn = \"{arn}\""), "TraceId");
    assert_eq!(slow, by_arn);
    assert_eq!(slow, matching(&local, "responseTime > 3", "TraceId"));
    assert!(!slow.is_empty());
}

#[test]
fn what_is_no_expression_is_refused_with_its_column_wherever_it_stands() {
    let local = with_traces();
    for (path, body) in [
        ("/TraceSummaries", {
            let mut body = window();
            body["FilterExpression"] = "fault AND durration > 3".into();
            body
        }),
        (
            "/CreateGroup",
            json!({ "GroupName": "slow", "FilterExpression": "fault AND durration > 3" }),
        ),
    ] {
        let answer = local.request(&format!("POST {path} HTTP/1.1"), "", &body.to_string());
        assert_eq!(answer.status, 400);
        assert!(
            answer
                .head
                .contains("x-amzn-errortype: invalidrequestexception")
        );
        let message = answer.body["Message"].as_str().unwrap();
        assert!(message.contains("FilterExpression"), "{message}");
        assert!(message.contains("column 11"), "{message}");
        assert!(message.contains("duration"), "{message}");
    }
    let circle = json!({ "GroupName": "a", "FilterExpression": "group.name = \"a\"" });
    let answer = local.request("POST /CreateGroup HTTP/1.1", "", &circle.to_string());
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[test]
fn a_group_filters_the_graph_and_the_series() {
    let local = with_traces();
    let group = json!({ "GroupName": "faults", "FilterExpression": "fault" });
    local.post("/CreateGroup", &group);
    let mut body = window();
    body["GroupName"] = "faults".into();
    let names = |answer: &Value| {
        let services = answer["Services"].as_array().unwrap();
        let name = |service: &Value| service["Name"].as_str().unwrap().to_owned();
        services.iter().map(name).collect::<BTreeSet<_>>()
    };
    let graph = local.post("/ServiceGraph", &body);
    let expected = ["api.example.com", "backend.example.com"];
    assert_eq!(names(&graph), expected.map(str::to_owned).into());
    assert!(names(&local.post("/ServiceGraph", &window())).len() > 4);
    body["EntitySelectorExpression"] = "service(\"api.example.com\")".into();
    let series = local.post("/TimeSeriesServiceStatistics", &body);
    let points = series["TimeSeriesServiceStatistics"].as_array().unwrap();
    assert_eq!(points.len(), 1, "{series:#}");
    assert_eq!(
        points[0]["ServiceSummaryStatistics"]["FaultStatistics"]["TotalCount"],
        1
    );
    body["GroupName"] = "absent".into();
    let answer = local.request("POST /ServiceGraph HTTP/1.1", "", &body.to_string());
    assert_eq!(answer.status, 400);
}

#[test]
fn a_fixed_rate_gives_a_share_of_the_traces() {
    let local = with_traces();
    let mut body = window();
    body["SamplingStrategy"] = json!({ "Name": "FixedRate", "Value": 0 });
    let none = local.post("/TraceSummaries", &body);
    assert_eq!(none["TraceSummaries"], json!([]));
    body["SamplingStrategy"]["Value"] = 1.into();
    let all = local.post("/TraceSummaries", &body);
    assert_eq!(all["TraceSummaries"].as_array().unwrap().len(), 7);
}

#[test]
fn pages_of_a_search_hold_every_match_once() {
    let local = Local::start();
    let documents: Vec<_> = (0..450)
        .map(|number| {
            let more =
                json!({ "trace_id": crate::local::trace_id(number), "fault": number % 3 == 0 });
            crate::local::entity("00000000000000a1", 1_763_790_000.0, 1_763_790_001.0, more)
        })
        .collect();
    local.put(&documents);
    let mut body = window();
    body["FilterExpression"] = "fault".into();
    let mut found = BTreeSet::new();
    let mut processed = 0;
    loop {
        let answer = local.post("/TraceSummaries", &body);
        processed += answer["TracesProcessedCount"].as_u64().unwrap();
        for summary in answer["TraceSummaries"].as_array().unwrap() {
            assert!(found.insert(summary["Id"].as_str().unwrap().to_owned()));
        }
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(found.len(), 150);
    assert!((450..460).contains(&processed), "{processed}");
}
