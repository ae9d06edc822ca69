//! Any JSON, sent to every operation; and what needs a clock of its own.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use tracing_xray::{ManualClock, Timestamp};

use super::*;

/// Values, mostly those that mean something to some operation.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2i64..100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        proptest::sample::select(vec![
            json!("Default"),
            json!("mine"),
            json!("*"),
            json!("arn:aws:xray:us-east-1:000000000000:group/Default"),
            json!("arn:aws:xray:us-east-1:000000000000:sampling-rule/mine"),
            json!("0123456789abcdef01234567"),
            json!("1-69214cb0-000000000000000000000001"),
            json!("FixedRate"),
            json!("NONE"),
            json!("groups:a"),
        ]),
    ];
    leaf.prop_recursive(3, 40, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(inner).prop_map(Value::Object),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    #[rustfmt::skip]
    let names = proptest::sample::select(vec![
        "GroupName", "GroupARN", "FilterExpression", "InsightsConfiguration", "InsightsEnabled",
        "NotificationsEnabled", "Tags", "Key", "Value", "TagKeys", "ResourceARN", "NextToken",
        "SamplingRule", "SamplingRuleUpdate", "RuleName", "RuleARN", "Priority", "FixedRate",
        "ReservoirSize", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath", "Version",
        "Attributes", "SamplingRateBoost", "MaxRate", "CooldownWindowMinutes",
        "SamplingStatisticsDocuments", "SamplingBoostStatisticsDocuments", "ClientID",
        "Timestamp", "RequestCount", "SampledCount", "BorrowCount", "AnomalyCount", "TotalCount",
        "SampledAnomalyCount", "TelemetryRecords", "BackendConnectionErrors", "Hostname",
        "StartTime", "EndTime", "TraceIds", "TimeRangeType", "SamplingStrategy", "Name", "Rule",
        "Probabilistic", "DesiredSamplingPercentage", "Type", "KeyId", "Destination", "States",
        "MaxResults", "InsightId", "RetrievalToken", "PolicyName", "PolicyDocument",
    ]);
    let members = proptest::collection::vec((names, value), 0..12);
    members.prop_map(|members| {
        let owned = members.into_iter();
        owned
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

#[test]
fn any_json_is_answered_or_refused() {
    let (_dir, api) = api(Clock::System);
    let check = |body: Map<String, Value>| {
        let body = Value::Object(body).to_string();
        for (path, operation) in OPERATIONS {
            match operation(&api, body.as_bytes()) {
                Ok(answer) => {
                    let answer: Value = serde_json::from_slice(&answer).unwrap();
                    prop_assert!(answer.is_object(), "{path} {body}");
                }
                Err(error) => {
                    let status = error.into_response().status();
                    prop_assert!(status.is_client_error(), "{path} {body}: {status}");
                }
            }
        }
        Ok(())
    };
    let config = ProptestConfig {
        cases: 200,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let run = TestRunner::new(config).run(&members(any_value()), check);
    run.unwrap();
}

fn api(clock: Clock) -> (tempfile::TempDir, Api) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, Api { store, clock })
}

fn ask(api: &Api, operation: Operation, body: &Value) -> Value {
    let answer = operation(api, body.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn ten_minutes_of_statistics_come_in_pages() {
    let hand = ManualClock::at(Timestamp::from_micros(1_763_790_003_500_000));
    let (_dir, api) = api(Clock::Manual(hand.clone()));
    let mut rule = json!({
        "RuleName": "a", "Priority": 1, "FixedRate": 1, "ReservoirSize": 1, "Version": 1,
    });
    for member in [
        "ServiceName",
        "ServiceType",
        "Host",
        "HTTPMethod",
        "URLPath",
        "ResourceARN",
    ] {
        rule[member] = "*".into();
    }
    let create = json!({ "SamplingRule": rule });
    ask(&api, rules::create_sampling_rule, &create);
    for requests in 0..70 {
        hand.advance(Duration::from_secs(10));
        let report = |rule| {
            json!({
                "RuleName": rule, "ClientID": "0123456789abcdef01234567", "Timestamp": 1,
                "RequestCount": requests, "SampledCount": 0,
            })
        };
        let reports = json!({ "SamplingStatisticsDocuments": [report("a"), report("Default")] });
        ask(&api, sampling::get_sampling_targets, &reports);
    }
    let (mut pages, mut body) = (Vec::new(), json!({}));
    loop {
        let answer = ask(&api, sampling::get_sampling_statistic_summaries, &body);
        pages.push(
            answer["SamplingStatisticSummaries"]
                .as_array()
                .unwrap()
                .clone(),
        );
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
        // Windows that end while somebody reads do not matter.
        hand.advance(Duration::from_secs(1));
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 20]);
    let all = pages.concat();
    for (index, summary) in all.iter().enumerate() {
        assert_eq!(summary["RuleName"], ["Default", "a"][index % 2]);
        assert_eq!(summary["RequestCount"], 10 + index / 2);
        let window = 1_763_790_000.0 + 10.0 * (11 + index / 2) as f64;
        assert_eq!(summary["Timestamp"], window);
    }
}
