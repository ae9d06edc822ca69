//! Central sampling over HTTP, as SDKs use it.

use serde_json::{Value, json};

use crate::api::{check_invalid, pages};
use crate::api_rules::rule;
use crate::local::Local;

fn report(rule: &str, client: usize, requests: u32) -> Value {
    json!({
        "RuleName": rule, "ClientID": format!("{client:024x}"), "Timestamp": 1763790000,
        "RequestCount": requests, "SampledCount": 1, "BorrowCount": 1,
    })
}

fn targets(local: &Local, reports: &Value) -> Value {
    local.post(
        "/SamplingTargets",
        &json!({ "SamplingStatisticsDocuments": reports }),
    )
}

fn create_rule(local: &Local, more: &Value) -> Value {
    let mut of_ten = json!({ "ReservoirSize": 10 });
    for (member, value) in more.as_object().unwrap() {
        of_ten[member] = value.clone();
    }
    local.post("/CreateSamplingRule", &rule("mine", &of_ten))
}

fn now() -> f64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    now.as_secs_f64()
}

#[test]
fn everything_is_sampled_at_first() {
    let local = Local::start();
    let rules = local.post("/GetSamplingRules", &json!({}));
    assert_eq!(
        rules,
        json!({ "SamplingRuleRecords": [{
            "CreatedAt": 0.0, "ModifiedAt": 0.0,
            "SamplingRule": {
                "RuleName": "Default", "Priority": 10000, "FixedRate": 1.0, "ReservoirSize": 1,
                "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default",
                "Version": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*",
                "HTTPMethod": "*", "URLPath": "*", "ResourceARN": "*", "Attributes": {},
            },
        }] })
    );
    let before = now();
    let mut answer = targets(
        &local,
        &json!([report("Default", 1, 1), report("mine", 1, 1)]),
    );
    let target = &mut answer["SamplingTargetDocuments"][0];
    let ends = target["ReservoirQuotaTTL"].take().as_f64().unwrap();
    assert!((before + 30.0..now() + 30.1).contains(&ends), "{ends}");
    assert_eq!(
        *target,
        json!({
            "RuleName": "Default", "FixedRate": 1.0, "ReservoirQuota": 1, "Interval": 10,
            "ReservoirQuotaTTL": null,
        })
    );
    assert_eq!(answer["LastRuleModification"], 0.0);
    let unprocessed = &answer["UnprocessedStatistics"][0];
    assert_eq!(
        (&unprocessed["RuleName"], &unprocessed["ErrorCode"]),
        (&json!("mine"), &json!("404"))
    );
    assert!(unprocessed["Message"].is_string());
    assert_eq!(answer["UnprocessedBoostStatistics"], json!([]));
}

#[test]
fn a_reservoir_is_shared_and_a_change_of_rules_is_told() {
    let local = Local::start();
    let record = create_rule(&local, &json!({}));
    let quota = |client, requests| {
        let answer = targets(&local, &json!([report("mine", client, requests)]));
        assert_eq!(answer["SamplingTargetDocuments"][0]["FixedRate"], 0.5);
        answer["SamplingTargetDocuments"][0]["ReservoirQuota"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(quota(1, 1000), 10);
    assert_eq!(quota(2, 1000), 0);
    assert_eq!(quota(1, 1000), 5);
    assert_eq!(quota(2, 1000), 5);
    let last = || {
        targets(&local, &json!([]))["LastRuleModification"]
            .as_f64()
            .unwrap()
    };
    let created = last();
    assert_eq!(record["SamplingRuleRecord"]["ModifiedAt"], created);
    local.post("/DeleteSamplingRule", &json!({ "RuleName": "mine" }));
    assert!(last() >= created, "a rule that is gone is a change");
    assert_ne!(last(), 0.0);
}

#[test]
fn wrong_reports_are_refused_by_member() {
    let local = Local::start();
    let with = |member: &str, value: Value| {
        let mut report = report("Default", 1, 1);
        report[member] = value;
        json!([report])
    };
    for (reports, named) in [
        (with("RuleName", json!("")), "RuleName"),
        (with("RuleName", Value::Null), "RuleName is missing"),
        (with("ClientID", json!("a".repeat(23))), "ClientID"),
        (with("ClientID", json!("g".repeat(24))), "ClientID"),
        (with("ClientID", json!("é".repeat(12))), "ClientID"),
        (with("ClientID", Value::Null), "ClientID is missing"),
        (with("Timestamp", Value::Null), "Timestamp is missing"),
        (with("Timestamp", json!(-1)), "Timestamp"),
        (with("RequestCount", json!(-1)), "RequestCount"),
        (with("RequestCount", json!(2147483648u64)), "RequestCount"),
        (with("RequestCount", Value::Null), "RequestCount is missing"),
        (with("SampledCount", json!(0.5)), "SampledCount"),
        (with("SampledCount", Value::Null), "SampledCount is missing"),
        (with("BorrowCount", json!("1")), "BorrowCount"),
        (json!(vec![report("Default", 1, 1); 26]), "25"),
        (
            json!([report("Default", 1, 1), 1]),
            "SamplingStatisticsDocuments[1]",
        ),
    ] {
        let body = json!({ "SamplingStatisticsDocuments": reports }).to_string();
        check_invalid(&local, "/SamplingTargets", &body, named);
    }
    // The service's own guide writes the time as text.
    targets(&local, &with("Timestamp", json!("2018-07-07T00:20:06Z")));
    targets(&local, &with("ClientID", json!("ABCDEF1234567890ABCDEF10")));
    targets(&local, &with("BorrowCount", Value::Null));
    let summaries = local.post("/SamplingStatisticSummaries", &json!({}));
    let summaries = summaries["SamplingStatisticSummaries"].as_array().unwrap();
    let count = summaries
        .iter()
        .map(|summary| summary["RequestCount"].as_u64().unwrap());
    assert_eq!(
        count.sum::<u64>(),
        3,
        "a refused request counts for nothing"
    );
}

#[test]
fn missed_anomalies_boost_a_rule_that_allows_it() {
    let local = Local::start();
    let boost = json!({ "MaxRate": 0.9, "CooldownWindowMinutes": 10 });
    create_rule(&local, &json!({ "SamplingRateBoost": boost }));
    let ask = |rule: &str, anomalies, sampled| {
        local.post(
            "/SamplingTargets",
            &json!({
                "SamplingStatisticsDocuments": [report("mine", 1, 10)],
                "SamplingBoostStatisticsDocuments": [{
                    "RuleName": rule, "ServiceName": "service", "Timestamp": 1763790000,
                    "AnomalyCount": anomalies, "TotalCount": 10, "SampledAnomalyCount": sampled,
                }],
            }),
        )
    };
    let of_target = |answer: &Value| {
        answer["SamplingTargetDocuments"][0]
            .get("SamplingBoost")
            .cloned()
    };
    assert_eq!(
        of_target(&ask("mine", 3, 3)),
        None,
        "all anomalies were sampled"
    );
    let answer = ask("mine", 3, 1);
    assert_eq!(answer["UnprocessedBoostStatistics"], json!([]));
    let boost = of_target(&answer).unwrap();
    assert_eq!(boost["BoostRate"], 0.9);
    let ends = boost["BoostRateTTL"].as_f64().unwrap();
    assert!((now() + 50.0..now() + 60.1).contains(&ends), "{ends}");
    assert_eq!(
        of_target(&ask("mine", 9, 1)),
        Some(boost),
        "one boost in its window"
    );
    for (rule, code) in [("Default", "400"), ("none", "404")] {
        let answer = ask(rule, 1, 0);
        let unprocessed = &answer["UnprocessedBoostStatistics"][0];
        assert_eq!(
            (&unprocessed["RuleName"], &unprocessed["ErrorCode"]),
            (&json!(rule), &json!(code))
        );
    }
    let body = r#"{"SamplingStatisticsDocuments":[],"SamplingBoostStatisticsDocuments":[{}]}"#;
    check_invalid(
        &local,
        "/SamplingTargets",
        body,
        "SamplingBoostStatisticsDocuments[0].",
    );
}

#[test]
fn reports_come_back_as_sums_of_each_rule() {
    let local = Local::start();
    create_rule(&local, &json!({}));
    targets(
        &local,
        &json!([
            report("mine", 1, 5),
            report("mine", 2, 6),
            report("Default", 1, 7)
        ]),
    );
    let summaries = pages(
        &local,
        "/SamplingStatisticSummaries",
        json!({}),
        "SamplingStatisticSummaries",
    );
    let summaries = summaries.concat();
    let mut names: Vec<_> = summaries
        .iter()
        .map(|summary| summary["RuleName"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["Default", "mine"], "one window");
    for summary in &summaries {
        let (requests, others) = match summary["RuleName"].as_str() {
            Some("mine") => (11, 2),
            _ => (7, 1),
        };
        assert_eq!(summary["RequestCount"], requests);
        assert_eq!(summary["SampledCount"], others);
        assert_eq!(summary["BorrowCount"], others);
        let start = summary["Timestamp"].as_f64().unwrap();
        assert_eq!(start % 10.0, 0.0);
        assert!(start <= now() && start > now() - 60.0);
    }
}
