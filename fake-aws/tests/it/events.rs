//! Rules, targets and tags.

use fake_aws::FakeAws;
use serde_json::{Value, json};

use crate::fixture::{done, refused, started};

fn events(fake: &FakeAws, operation: &str, body: Value) -> Value {
    done(fake, "events", operation, body)
}

fn code(fake: &FakeAws, operation: &str, body: Value) -> String {
    refused(fake, "events", operation, body).0
}

fn put_rule(fake: &FakeAws, name: &str) {
    let rule = json!({"Name": name, "ScheduleExpression": "cron(0 10 * * ? *)"});
    events(fake, "PutRule", rule);
}

fn function(id: &str) -> Value {
    json!({"Id": id, "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"})
}

#[test]
fn an_update_replaces_all_but_targets_and_tags() {
    let fake = started();
    let made = json!({
        "Name": "nightly", "ScheduleExpression": "rate(1 day)", "State": "DISABLED",
        "Description": "first", "RoleArn": "arn:aws:iam::123456789012:role/r",
        "Tags": [{"Key": "team", "Value": "data"}],
    });
    let arn = events(&fake, "PutRule", made)["RuleArn"].clone();
    assert_eq!(arn, "arn:aws:events:us-east-1:123456789012:rule/nightly");
    events(
        &fake,
        "PutTargets",
        json!({"Rule": "nightly", "Targets": [function("1")]}),
    );
    let changed = json!({
        "Name": "nightly", "ScheduleExpression": "rate(2 days)",
        "Tags": [{"Key": "team", "Value": "ignored"}],
    });
    events(&fake, "PutRule", changed);
    let rule = events(&fake, "DescribeRule", json!({"Name": "nightly"}));
    assert_eq!(
        rule,
        json!({
            "Name": "nightly", "Arn": arn, "EventBusName": "default", "State": "ENABLED",
            "ScheduleExpression": "rate(2 days)", "CreatedBy": "123456789012",
        })
    );
    let tags = events(&fake, "ListTagsForResource", json!({"ResourceARN": arn}));
    assert_eq!(tags, json!({"Tags": [{"Key": "team", "Value": "data"}]}));
    let targets = events(&fake, "ListTargetsByRule", json!({"Rule": "nightly"}));
    assert_eq!(targets, json!({"Targets": [function("1")]}));
}

#[test]
fn what_put_rule_refuses() {
    let fake = started();
    let good = json!({"Name": "a", "ScheduleExpression": "rate(1 day)"});
    for (change, expected) in [
        (json!({"Name": null}), "ValidationException"),
        (json!({"Name": "a b"}), "ValidationException"),
        (json!({"Name": "n".repeat(65)}), "ValidationException"),
        (json!({"ScheduleExpression": null}), "ValidationException"),
        (
            json!({"ScheduleExpression": "rate(1 days)"}),
            "ValidationException",
        ),
        (
            json!({"ScheduleExpression": "x".repeat(257)}),
            "ValidationException",
        ),
        (
            json!({"Description": "d".repeat(513)}),
            "ValidationException",
        ),
        (json!({"State": "ON"}), "ValidationException"),
        (
            json!({"EventPattern": "[]"}),
            "InvalidEventPatternException",
        ),
        (
            json!({"EventBusName": "other"}),
            "ResourceNotFoundException",
        ),
        (
            json!({"Tags": [{"Key": "aws:a", "Value": ""}]}),
            "ValidationException",
        ),
    ] {
        let mut rule = good.clone();
        rule.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        rule.as_object_mut()
            .unwrap()
            .retain(|_, member| !member.is_null());
        assert_eq!(code(&fake, "PutRule", rule), expected, "{change}");
    }
    let (_, message) = refused(
        &fake,
        "events",
        "PutRule",
        json!({"Name": "a", "ScheduleExpression": "cron(0 10 * * * *)"}),
    );
    assert_eq!(message, "Parameter ScheduleExpression is not valid.");
    assert_eq!(fake.snapshot(), json!({}));
}

#[test]
fn schedules_are_for_the_default_bus_only() {
    let fake = started();
    fake.seed_event_bus("orders");
    let pattern = json!({"Name": "a", "EventBusName": "orders", "EventPattern": "{}"});
    events(&fake, "PutRule", pattern);
    let schedule =
        json!({"Name": "b", "EventBusName": "orders", "ScheduleExpression": "rate(1 day)"});
    assert_eq!(code(&fake, "PutRule", schedule), "ValidationException");
    let by_arn = "arn:aws:events:us-east-1:123456789012:event-bus/orders";
    let rules = events(&fake, "ListRules", json!({"EventBusName": by_arn}));
    assert_eq!(
        rules["Rules"][0]["Arn"],
        "arn:aws:events:us-east-1:123456789012:rule/orders/a"
    );
    assert_eq!(events(&fake, "ListRules", json!({})), json!({"Rules": []}));
}

#[test]
fn the_quota_of_rules_is_for_new_ones() {
    let fake = FakeAws::builder().rule_quota(2).start().unwrap();
    put_rule(&fake, "a");
    put_rule(&fake, "b");
    let third = json!({"Name": "c", "ScheduleExpression": "rate(1 day)"});
    assert_eq!(code(&fake, "PutRule", third), "LimitExceededException");
    put_rule(&fake, "a");
}

#[test]
fn rules_and_targets_come_in_pages() {
    let fake = FakeAws::builder().page_size(2).start().unwrap();
    for name in ["job-1", "job-2", "job-3", "other"] {
        put_rule(&fake, name);
    }
    let first = events(&fake, "ListRules", json!({"NamePrefix": "job-"}));
    assert_eq!(first["Rules"].as_array().unwrap().len(), 2);
    let token = &first["NextToken"];
    let second = events(
        &fake,
        "ListRules",
        json!({"NamePrefix": "job-", "NextToken": token}),
    );
    assert_eq!(second["Rules"][0]["Name"], "job-3");
    assert_eq!(second.get("NextToken"), None);
    let one = events(&fake, "ListRules", json!({"Limit": 1}));
    assert_eq!(one["Rules"].as_array().unwrap().len(), 1);
    assert_eq!(
        code(&fake, "ListRules", json!({"Limit": 101})),
        "ValidationException"
    );
    assert_eq!(
        code(&fake, "ListRules", json!({"NextToken": "x"})),
        "ValidationException"
    );

    let targets: Vec<Value> = ["1", "2", "3"].map(function).into();
    events(
        &fake,
        "PutTargets",
        json!({"Rule": "other", "Targets": targets}),
    );
    let first = events(&fake, "ListTargetsByRule", json!({"Rule": "other"}));
    let body = json!({"Rule": "other", "NextToken": first["NextToken"]});
    let second = events(&fake, "ListTargetsByRule", body);
    assert_eq!(second["Targets"], json!([function("3")]));
}

#[test]
fn a_rule_has_five_targets_at_the_most_and_a_call_ten() {
    let fake = started();
    put_rule(&fake, "a");
    let targets =
        |count: usize| -> Vec<Value> { (0..count).map(|n| function(&n.to_string())).collect() };
    let put = |count: usize| json!({"Rule": "a", "Targets": targets(count)});
    assert_eq!(code(&fake, "PutTargets", put(6)), "LimitExceededException");
    assert_eq!(code(&fake, "PutTargets", put(11)), "ValidationException");
    assert_eq!(code(&fake, "PutTargets", put(0)), "ValidationException");
    let stored = events(&fake, "PutTargets", put(5));
    assert_eq!(stored, json!({"FailedEntryCount": 0, "FailedEntries": []}));
    events(&fake, "PutTargets", put(5));
    let missing = json!({"Rule": "b", "Targets": targets(1)});
    let (code, message) = refused(&fake, "events", "PutTargets", missing);
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(message, "Rule b does not exist on EventBus default.");
}

#[test]
fn a_rule_is_deleted_once_it_has_no_targets() {
    let fake = started();
    put_rule(&fake, "a");
    events(
        &fake,
        "PutTargets",
        json!({"Rule": "a", "Targets": [function("1")]}),
    );
    let (code, message) = refused(&fake, "events", "DeleteRule", json!({"Name": "a"}));
    assert_eq!(code, "ValidationException");
    assert_eq!(message, "Rule can't be deleted since it has targets.");
    events(
        &fake,
        "RemoveTargets",
        json!({"Rule": "a", "Ids": ["1", "none"]}),
    );
    assert_eq!(
        events(&fake, "DeleteRule", json!({"Name": "a"})),
        Value::Null
    );
    assert_eq!(
        events(&fake, "DeleteRule", json!({"Name": "a"})),
        Value::Null
    );
}

#[test]
fn rules_are_enabled_disabled_and_tagged() {
    let fake = started();
    put_rule(&fake, "a");
    events(&fake, "DisableRule", json!({"Name": "a"}));
    let state =
        |fake: &FakeAws| events(fake, "DescribeRule", json!({"Name": "a"}))["State"].clone();
    assert_eq!(state(&fake), "DISABLED");
    events(&fake, "EnableRule", json!({"Name": "a"}));
    assert_eq!(state(&fake), "ENABLED");
    assert_eq!(
        code(&fake, "EnableRule", json!({"Name": "b"})),
        "ResourceNotFoundException"
    );

    let arn = "arn:aws:events:us-east-1:123456789012:rule/a";
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let tags = json!([tag("x", "1"), tag("y", "2")]);
    events(
        &fake,
        "TagResource",
        json!({"ResourceARN": arn, "Tags": tags}),
    );
    events(
        &fake,
        "TagResource",
        json!({"ResourceARN": arn, "Tags": [tag("x", "3")]}),
    );
    events(
        &fake,
        "UntagResource",
        json!({"ResourceARN": arn, "TagKeys": ["y", "none"]}),
    );
    let found = events(&fake, "ListTagsForResource", json!({"ResourceARN": arn}));
    assert_eq!(found, json!({"Tags": [tag("x", "3")]}));
    let other = "arn:aws:events:us-east-1:123456789012:rule/none";
    let body = json!({"ResourceARN": other, "TagKeys": ["y"]});
    assert_eq!(
        code(&fake, "UntagResource", body),
        "ResourceNotFoundException"
    );
}

#[test]
fn a_managed_rule_is_left_to_its_owner() {
    let fake = started();
    fake.seed_rule(json!({
        "Name": "theirs", "EventPattern": "{}", "ManagedBy": "batch.amazonaws.com",
        "Targets": [function("1")], "Tags": [{"Key": "k", "Value": "v"}],
    }))
    .unwrap();
    let name = json!({"Name": "theirs"});
    let rule = json!({"Name": "theirs", "ScheduleExpression": "rate(1 day)"});
    let targets = json!({"Rule": "theirs", "Targets": [function("2")]});
    let ids = json!({"Rule": "theirs", "Ids": ["1"]});
    for (operation, body) in [
        ("PutRule", rule),
        ("PutTargets", targets),
        ("RemoveTargets", ids.clone()),
        ("DisableRule", name.clone()),
        ("DeleteRule", name.clone()),
    ] {
        assert_eq!(
            code(&fake, operation, body),
            "ManagedRuleException",
            "{operation}"
        );
    }
    let described = events(&fake, "DescribeRule", name);
    assert_eq!(described["ManagedBy"], "batch.amazonaws.com");
    let mut forced = ids;
    forced["Force"] = json!(true);
    events(&fake, "RemoveTargets", forced);
    events(
        &fake,
        "DeleteRule",
        json!({"Name": "theirs", "Force": true}),
    );
    assert_eq!(fake.snapshot(), json!({}));
}

#[test]
fn a_snapshot_tells_all() {
    let fake = started();
    let target = json!({
        "Id": "q", "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
        "SqsParameters": {"MessageGroupId": "g"},
    });
    fake.seed_rule(json!({
        "Name": "a", "ScheduleExpression": "rate(1 day)", "Targets": [target],
        "Tags": [{"Key": "k", "Value": "v"}],
    }))
    .unwrap();
    let rule = json!({
        "Name": "a", "Arn": "arn:aws:events:us-east-1:123456789012:rule/a",
        "EventBusName": "default", "State": "ENABLED", "ScheduleExpression": "rate(1 day)",
        "Targets": {"q": target}, "Tags": {"k": "v"},
    });
    assert_eq!(fake.snapshot(), json!({"default": {"a": rule}}));
    let refused = fake.seed_rule(json!({"Name": "b"})).unwrap_err();
    assert!(refused.starts_with("ValidationException: "), "{refused}");
    assert!(fake.calls().is_empty());
}
