//! All operations of the service: each answers in its own shape, or refuses and says what instead.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::local::{Local, entity, trace_id};

#[derive(Deserialize)]
struct Operation {
    op: String,
    method: String,
    path: String,
    #[serde(rename = "in")]
    members: Vec<String>,
    required: Vec<String>,
    out: Vec<String>,
}

/// What local X-Ray refuses, and what the refusal has to name.
const REFUSED: [(&str, &str); 9] = [
    ("PutResourcePolicy", "loopback"),
    ("DeleteResourcePolicy", "loopback"),
    ("GetInsight", "GetTimeSeriesServiceStatistics"),
    ("GetInsightEvents", "GetTimeSeriesServiceStatistics"),
    ("GetInsightImpactGraph", "GetTimeSeriesServiceStatistics"),
    ("StartTraceRetrieval", "BatchGetTraces"),
    ("ListRetrievedTraces", "BatchGetTraces"),
    ("GetRetrievedTracesGraph", "GetTraceGraph"),
    ("CancelTraceRetrieval", "nothing to cancel"),
];

fn surface() -> Vec<Operation> {
    let all: Vec<Operation> =
        serde_json::from_str(include_str!("../vectors/api_surface.json")).unwrap();
    assert_eq!(all.len(), 38);
    all
}

/// A request that is whole for each operation that needs more than its times.
fn request(op: &str) -> Value {
    let rule = json!({
        "RuleName": "mine", "Priority": 1, "FixedRate": 0.5, "ReservoirSize": 1, "Version": 1,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
        "ResourceARN": "*",
    });
    let arn = "arn:aws:xray:us-east-1:000000000000:group/Default";
    let mut request = match op {
        "BatchGetTraces" | "GetTraceGraph" | "StartTraceRetrieval" => {
            json!({ "TraceIds": [trace_id(1)] })
        }
        "CreateGroup" | "GetGroup" | "UpdateGroup" | "DeleteGroup" => {
            json!({ "GroupName": "mine" })
        }
        "CreateSamplingRule" => json!({ "SamplingRule": rule }),
        "UpdateSamplingRule" => {
            json!({ "SamplingRuleUpdate": { "RuleName": "mine", "FixedRate": 0.25 } })
        }
        "DeleteSamplingRule" => json!({ "RuleName": "mine" }),
        "GetSamplingTargets" => json!({ "SamplingStatisticsDocuments": [] }),
        "PutEncryptionConfig" => json!({ "Type": "NONE" }),
        "PutTelemetryRecords" => json!({ "TelemetryRecords": [] }),
        "PutTraceSegments" => json!({ "TraceSegmentDocuments": [] }),
        "TagResource" => json!({ "ResourceARN": arn, "Tags": [] }),
        "UntagResource" => json!({ "ResourceARN": arn, "TagKeys": [] }),
        "ListTagsForResource" => json!({ "ResourceARN": arn }),
        "UpdateIndexingRule" => json!({
            "Name": "Default", "Rule": { "Probabilistic": { "DesiredSamplingPercentage": 10 } },
        }),
        "PutResourcePolicy" => json!({ "PolicyName": "mine", "PolicyDocument": "{}" }),
        "DeleteResourcePolicy" => json!({ "PolicyName": "mine" }),
        "GetInsight" | "GetInsightEvents" | "GetInsightImpactGraph" => {
            json!({ "InsightId": "12345678-1234-1234-8234-123456789012" })
        }
        "CancelTraceRetrieval" | "ListRetrievedTraces" | "GetRetrievedTracesGraph" => {
            json!({ "RetrievalToken": "mine" })
        }
        _ => json!({}),
    };
    if matches!(
        op,
        "GetServiceGraph"
            | "GetTimeSeriesServiceStatistics"
            | "GetTraceSummaries"
            | "GetInsightSummaries"
            | "GetInsightImpactGraph"
            | "StartTraceRetrieval"
    ) {
        request["StartTime"] = 1763790000.into();
        request["EndTime"] = 1763790100.into();
    }
    request
}

/// What is created before it is read, and deleted after.
fn in_order(mut operations: Vec<Operation>) -> Vec<Operation> {
    let place = |operation: &Operation| match &operation.op {
        op if op.starts_with("Create") => 0,
        op if op.starts_with("Delete") => 2,
        _ => 1,
    };
    operations.sort_by_key(place);
    operations
}

#[test]
fn each_operation_answers_with_its_own_members_or_says_what_to_use() {
    let local = Local::start();
    let mut document = entity("00000000000000a0", 1763790000.0, 1763790001.0, json!({}));
    document["trace_id"] = trace_id(1).into();
    local.put(&[document]);
    for operation in in_order(surface()) {
        let op = operation.op.as_str();
        let body = request(op);
        for name in body.as_object().unwrap().keys() {
            assert!(operation.members.contains(name), "{op} has no {name}");
        }
        let line = format!("{} {} HTTP/1.1", operation.method, operation.path);
        let answer = local.request(&line, "", &body.to_string());
        if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == op) {
            assert_eq!(answer.status, 400, "{op}: {}", answer.body);
            let message = answer.body["Message"].as_str().unwrap();
            assert!(message.contains("local X-Ray"), "{op}: {message}");
            assert!(message.contains(instead), "{op}: {message}");
            continue;
        }
        assert_eq!(answer.status, 200, "{op}: {}", answer.body);
        let members: Map<String, Value> = serde_json::from_value(answer.body).unwrap();
        let found: Vec<_> = members.keys().map(String::as_str).collect();
        let mut expected: Vec<_> = operation.out.iter().map(String::as_str).collect();
        // There is no further page.
        expected.retain(|member| *member != "NextToken");
        expected.sort_unstable();
        assert_eq!(found, expected, "{op}");
    }
}

#[test]
fn what_is_missing_is_named_in_an_error_of_the_service() {
    let local = Local::start();
    let mut checked = 0;
    for operation in surface() {
        let op = operation.op.as_str();
        let line = format!("{} {} HTTP/1.1", operation.method, operation.path);
        for missing in &operation.required {
            let mut body = request(op);
            body.as_object_mut().unwrap().remove(missing);
            let answer = local.request(&line, "", &body.to_string());
            assert_eq!(
                answer.status, 400,
                "{op} without {missing}: {}",
                answer.body
            );
            let kind = "x-amzn-errortype: invalidrequestexception";
            assert!(answer.head.contains(kind), "{op} without {missing}");
            let message = answer.body["Message"].as_str().unwrap();
            assert!(
                message.contains(missing),
                "{op} without {missing}: {message}"
            );
            assert!(
                message.contains("missing"),
                "{op} without {missing}: {message}"
            );
            checked += 1;
        }
    }
    assert_eq!(checked, 38);
}

#[test]
fn an_empty_body_is_as_good_as_an_empty_object() {
    let local = Local::start();
    let mut checked = 0;
    for operation in surface() {
        if !operation.required.is_empty() {
            continue;
        }
        checked += 1;
        let line = format!("{} {} HTTP/1.1", operation.method, operation.path);
        let answers = ["", "{}"].map(|body| local.request(&line, "", body));
        let [empty, object] = answers.map(|answer| (answer.status, answer.body));
        assert_eq!(empty, object, "{}", operation.op);
        let takes_nothing = !matches!(
            operation.op.as_str(),
            "GetGroup" | "UpdateGroup" | "DeleteGroup" | "DeleteSamplingRule"
        );
        assert_eq!(empty.0 == 200, takes_nothing, "{}", operation.op);
    }
    assert_eq!(checked, 12);
}

#[test]
fn wrong_types_and_foreign_tokens_are_refused_and_nothing_breaks() {
    let local = Local::start();
    for operation in surface() {
        let op = operation.op.as_str();
        let line = format!("{} {} HTTP/1.1", operation.method, operation.path);
        for body in ["[]", "1", "{", "\u{0}", "nul", "\"{}\"", "{\"a\":"] {
            let answer = local.request(&line, "", body);
            assert_eq!(answer.status, 400, "{op} {body}: {}", answer.body);
        }
        for member in &operation.members {
            for value in [
                json!({ "a": [1e300] }),
                json!(-1.5),
                json!([[null]]),
                json!("\u{7}"),
            ] {
                let mut body = request(op);
                body[member] = value.clone();
                let answer = local.request(&line, "", &body.to_string());
                assert!(answer.status < 500, "{op} {body}: {}", answer.body);
                if member == "NextToken" && !value.is_string() {
                    assert_eq!(answer.status, 400, "{op} {body}: {}", answer.body);
                }
            }
        }
        if operation.members.iter().any(|member| member == "NextToken") {
            let mut body = request(op);
            body["NextToken"] = "of somebody else".into();
            let answer = local.request(&line, "", &body.to_string());
            assert_eq!(answer.status, 400, "{op}: {}", answer.body);
            assert!(answer.head.contains("invalidrequestexception"), "{op}");
        }
    }
}
