//! Any JSON, sent to every operation.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

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
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let clock = Clock::System;
    let api = Api { store, clock };
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
