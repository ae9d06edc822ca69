//! Sampling rules, over HTTP.

use serde_json::{Value, json};

use crate::api::check_invalid;
use crate::api_groups::ARN;
use crate::local::Local;

/// A request for a rule with these members besides.
pub(crate) fn rule(name: &str, more: &Value) -> Value {
    let mut rule = json!({
        "RuleName": name, "Priority": 100, "FixedRate": 0.5, "ReservoirSize": 2, "Version": 1,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
        "ResourceARN": "*",
    });
    for (member, value) in more.as_object().unwrap() {
        rule[member] = value.clone();
    }
    json!({ "SamplingRule": rule })
}

fn rule_names(local: &Local) -> Vec<String> {
    let answer = local.post("/GetSamplingRules", &json!({}));
    assert_eq!(answer.get("NextToken"), None, "SDKs read one page");
    let records = answer["SamplingRuleRecords"].as_array().unwrap().iter();
    let names = records.map(|record| record["SamplingRule"]["RuleName"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn rules_come_by_priority_then_name_and_outlive_the_process() {
    let local = Local::start();
    for (name, priority) in [("z", 100), ("last", 9999), ("a", 100), ("first", 1)] {
        let created = local.post(
            "/CreateSamplingRule",
            &rule(name, &json!({ "Priority": priority })),
        );
        let record = &created["SamplingRuleRecord"];
        assert_eq!(
            record["SamplingRule"]["RuleARN"],
            format!("{ARN}sampling-rule/{name}")
        );
        assert_eq!(record["SamplingRule"]["Attributes"], json!({}));
        assert_eq!(record["CreatedAt"], record["ModifiedAt"]);
        assert!(record["CreatedAt"].as_f64().unwrap() > 1.7e9);
    }
    assert_eq!(rule_names(&local), ["first", "a", "z", "last", "Default"]);
    assert_eq!(
        rule_names(&local.restarted()),
        ["first", "a", "z", "last", "Default"]
    );
}

#[test]
fn a_rule_is_changed_and_deleted_by_name_or_arn() {
    let local = Local::start();
    let boost = json!({ "MaxRate": 0.75, "CooldownWindowMinutes": 5 });
    let more = json!({ "Attributes": { "k": "v*" }, "SamplingRateBoost": boost });
    let created = local.post("/CreateSamplingRule", &rule("mine", &more));
    let created = &created["SamplingRuleRecord"];
    assert_eq!(created["SamplingRule"]["SamplingRateBoost"], boost);
    let arn = format!("{ARN}sampling-rule/mine");
    let updated = local.post(
        "/UpdateSamplingRule",
        &json!({ "SamplingRuleUpdate": { "RuleARN": arn, "FixedRate": 0, "URLPath": "/health" } }),
    );
    let updated = &updated["SamplingRuleRecord"];
    let mut expected = created["SamplingRule"].clone();
    expected["FixedRate"] = json!(0.0);
    expected["URLPath"] = "/health".into();
    assert_eq!(updated["SamplingRule"], expected, "the rest stays");
    assert_eq!(updated["CreatedAt"], created["CreatedAt"]);
    assert!(updated["ModifiedAt"].as_f64() >= created["ModifiedAt"].as_f64());
    let deleted = local.post("/DeleteSamplingRule", &json!({ "RuleName": "mine" }));
    assert_eq!(&deleted["SamplingRuleRecord"], updated);
    for (path, body) in [
        ("/DeleteSamplingRule", json!({ "RuleARN": arn })),
        (
            "/UpdateSamplingRule",
            json!({ "SamplingRuleUpdate": { "RuleName": "mine" } }),
        ),
    ] {
        check_invalid(&local, path, &body.to_string(), "no sampling rule");
    }
}

#[test]
fn the_rule_default_changes_its_rate_and_reservoir_only() {
    let local = Local::start();
    let update = |more: Value| {
        let mut update = json!({ "RuleName": "Default" });
        for (member, value) in more.as_object().unwrap() {
            update[member] = value.clone();
        }
        json!({ "SamplingRuleUpdate": update })
    };
    let kept = json!({ "FixedRate": 0.05, "ReservoirSize": 3, "Host": "*", "Attributes": {} });
    let record = &local.post("/UpdateSamplingRule", &update(kept))["SamplingRuleRecord"];
    assert_eq!(record["SamplingRule"]["FixedRate"], 0.05);
    assert_eq!(record["SamplingRule"]["ReservoirSize"], 3);
    assert_eq!(record["SamplingRule"]["Priority"], 10000);
    for (member, value) in [
        ("Priority", json!(9)),
        ("Host", json!("mine")),
        ("ServiceName", json!("mine")),
        ("ServiceType", json!("mine")),
        ("HTTPMethod", json!("GET")),
        ("URLPath", json!("/")),
        ("ResourceARN", json!("arn")),
        ("Attributes", json!({ "a": "b" })),
        (
            "SamplingRateBoost",
            json!({ "MaxRate": 1, "CooldownWindowMinutes": 1 }),
        ),
    ] {
        let body = update(json!({ member: value })).to_string();
        check_invalid(&local, "/UpdateSamplingRule", &body, member);
    }
    check_invalid(
        &local,
        "/DeleteSamplingRule",
        r#"{"RuleName":"Default"}"#,
        "cannot be deleted",
    );
}

#[test]
fn wrong_rules_are_refused_by_member() {
    let local = Local::start();
    local.post("/CreateSamplingRule", &rule("mine", &json!({})));
    let long = |length| Value::from("x".repeat(length));
    for (more, named) in [
        (json!({ "RuleName": "" }), "RuleName"),
        (json!({ "RuleName": long(33) }), "RuleName"),
        (json!({ "RuleName": null }), "RuleName"),
        (json!({ "RuleName": "mine" }), "already"),
        (json!({ "RuleName": "Default" }), "already"),
        (
            json!({ "RuleARN": format!("{ARN}sampling-rule/a") }),
            "RuleARN",
        ),
        (json!({ "Priority": 0 }), "Priority"),
        (json!({ "Priority": 10000 }), "Priority"),
        (json!({ "Priority": 1.5 }), "Priority"),
        (json!({ "Priority": null }), "Priority is missing"),
        (json!({ "FixedRate": 1.01 }), "FixedRate"),
        (json!({ "FixedRate": -0.1 }), "FixedRate"),
        (json!({ "FixedRate": null }), "FixedRate is missing"),
        (json!({ "ReservoirSize": -1 }), "ReservoirSize"),
        (json!({ "ReservoirSize": 2147483648u64 }), "ReservoirSize"),
        (json!({ "ReservoirSize": null }), "ReservoirSize is missing"),
        (json!({ "Version": 2 }), "Version"),
        (json!({ "Version": null }), "Version is missing"),
        (json!({ "ServiceName": long(65) }), "ServiceName"),
        (json!({ "ServiceName": null }), "ServiceName is missing"),
        (json!({ "ServiceType": long(65) }), "ServiceType"),
        (json!({ "ServiceType": null }), "ServiceType is missing"),
        (json!({ "Host": long(65) }), "Host"),
        (json!({ "Host": null }), "Host is missing"),
        (json!({ "HTTPMethod": long(11) }), "HTTPMethod"),
        (json!({ "HTTPMethod": null }), "HTTPMethod is missing"),
        (json!({ "URLPath": long(129) }), "URLPath"),
        (json!({ "URLPath": null }), "URLPath is missing"),
        (json!({ "ResourceARN": long(501) }), "ResourceARN"),
        (json!({ "ResourceARN": null }), "ResourceARN is missing"),
        (json!({ "Attributes": { "a": 1 } }), "Attributes"),
        (json!({ "Attributes": { "": "a" } }), "Attributes"),
        (json!({ "Attributes": { "a": long(33) } }), "Attributes"),
        (
            json!({ "Attributes": { "a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6" } }),
            "Attributes",
        ),
        (
            json!({ "SamplingRateBoost": { "MaxRate": 1 } }),
            "CooldownWindowMinutes",
        ),
        (
            json!({ "SamplingRateBoost": { "MaxRate": 2, "CooldownWindowMinutes": 1 } }),
            "SamplingRateBoost.MaxRate",
        ),
    ] {
        let body = rule("other", &more).to_string();
        check_invalid(&local, "/CreateSamplingRule", &body, named);
    }
    for number in 1..25 {
        local.post(
            "/CreateSamplingRule",
            &rule(&format!("rule {number}"), &json!({})),
        );
    }
    let body = rule("one more", &json!({})).to_string();
    let answer = local.request("POST /CreateSamplingRule HTTP/1.1", "", &body);
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .head
            .contains("x-amzn-errortype: rulelimitexceededexception")
    );
    assert_eq!(rule_names(&local).len(), 26);
}
