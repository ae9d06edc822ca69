//! What comes of a rule that is due.

use chrono::{DateTime, Utc};
use fake_aws::{FakeAws, Fault, When};
use serde_json::{Value, json};

use crate::fixture::{PATIENCE, worker_definition};

fn due() -> DateTime<Utc> {
    "2026-01-01T10:00:00Z".parse().unwrap()
}

/// A fake with the rule `nightly`, whose one target is a cluster, with such an input.
fn with_input(input: Value) -> FakeAws {
    let fake = FakeAws::builder().start().unwrap();
    let definition = fake.seed_task_definition(worker_definition()).unwrap();
    let family = definition.trim_end_matches(":1");
    let mut target = json!({
        "Id": "worker",
        "Arn": fake.seed_cluster("jobs"),
        "RoleArn": "arn:aws:iam::123456789012:role/ecsEventsRole",
        "EcsParameters": {
            "TaskDefinitionArn": family, "LaunchType": "FARGATE", "TaskCount": 1,
            "NetworkConfiguration": {"awsvpcConfiguration": {
                "Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED",
            }},
            "PropagateTags": "TASK_DEFINITION", "EnableECSManagedTags": true,
            "Tags": [{"Key": "made-by", "Value": "rule"}],
        },
    });
    let members = input.as_object().unwrap().clone();
    target.as_object_mut().unwrap().extend(members);
    fake.seed_rule(json!({
        "Name": "nightly", "ScheduleExpression": "cron(0 10 * * ? *)", "Targets": [target],
    }))
    .unwrap();
    fake
}

#[test]
fn the_transformed_event_becomes_the_overrides_of_the_task() {
    let template = r#"{"containerOverrides":[{"name":"worker","environment":[
        {"name":"SCHEDULED_TIME","value":<t>},{"name":"RULE_ARN","value":<aws.events.rule-arn>}]}]}"#;
    let fake = with_input(json!({"InputTransformer": {
        "InputPathsMap": {"t": "$.time"}, "InputTemplate": template,
    }}));
    let firing = fake.fire("nightly", due());
    assert_eq!(firing.errors(), []);
    let event = firing.event.as_ref().unwrap();
    assert_eq!(event["detail-type"], "Scheduled Event");
    assert_eq!(event["time"], "2026-01-01T10:00:00Z");
    let tasks = fake.tasks();
    assert_eq!(firing.tasks(), [tasks[0]["taskArn"].as_str().unwrap()]);
    let environment = &tasks[0]["overrides"]["containerOverrides"][0]["environment"];
    let rule = "arn:aws:events:us-east-1:123456789012:rule/nightly";
    assert_eq!(
        *environment,
        json!([
            {"name": "SCHEDULED_TIME", "value": "2026-01-01T10:00:00Z"},
            {"name": "RULE_ARN", "value": rule},
        ])
    );
    assert_eq!(tasks[0]["startedBy"], "events-rule/nightly");
    assert_eq!(tasks[0]["launchType"], "FARGATE");
    assert_eq!(
        tasks[0]["tags"],
        json!([
            {"key": "made-by", "value": "rule"},
            {"key": "team", "value": "data"},
            {"key": "aws:ecs:clusterName", "value": "jobs"},
        ])
    );
    // EventBridge's own call is none of a client.
    assert!(fake.calls().is_empty());
}

#[test]
fn without_an_input_nothing_of_the_event_is_passed() {
    let fake = with_input(json!({}));
    let firing = fake.fire("nightly", due());
    assert_eq!(firing.deliveries[0].input, None);
    assert_eq!(fake.tasks()[0]["overrides"], json!({}));
}

#[test]
fn an_input_that_is_no_task_override_fails() {
    for input in [
        json!({"Input": r#"{"VAR1":"x"}"#}),
        json!({"InputPath": "$.time"}),
        json!({"InputPath": "$"}),
    ] {
        let fake = with_input(input.clone());
        let errors = fake.fire("nightly", due()).errors();
        assert_eq!(
            errors[0].1, "Unable to convert target input to TaskOverride",
            "{input}"
        );
        assert!(fake.tasks().is_empty());
    }
}

#[test]
fn an_override_of_a_container_that_is_not_there_fails() {
    let fake = with_input(json!({"Input": r#"{"containerOverrides":[{"name":"main"}]}"#}));
    let errors = fake.fire("nightly", due()).errors();
    assert_eq!(errors[0].0, "InvalidParameterException");
}

#[test]
fn the_same_event_may_be_delivered_twice() {
    let fake = with_input(json!({}));
    let firing = fake.fire_times("nightly", due(), 2);
    assert_eq!(firing.tasks().len(), 2);
    let tasks = fake.wait_for_tasks(PATIENCE, |tasks| {
        tasks.iter().all(|task| task["lastStatus"] == "STOPPED")
    });
    assert_ne!(tasks[0]["taskArn"], tasks[1]["taskArn"]);
    assert_eq!(tasks[1]["containers"][1]["exitCode"], 0);
}

#[test]
fn a_rule_that_is_disabled_or_missing_does_not_fire() {
    let fake = with_input(json!({}));
    let disabled = json!({
        "Name": "nightly", "ScheduleExpression": "cron(0 10 * * ? *)", "State": "DISABLED",
    });
    fake.seed_rule(disabled).unwrap();
    for rule in ["nightly", "none"] {
        let firing = fake.fire(rule, due());
        assert_eq!((firing.event, firing.deliveries.len()), (None, 0));
    }
}

#[test]
fn tasks_that_find_no_place_count_as_delivered() {
    let fake = with_input(json!({}));
    fake.fail(When::invocation(), Fault::placement(1, "RESOURCE:MEMORY"));
    let firing = fake.fire("nightly", due());
    assert_eq!(firing.errors(), []);
    assert_eq!(
        firing.deliveries[0].failures[0]["reason"],
        "RESOURCE:MEMORY"
    );
    fake.fail(When::invocation(), Fault::access_denied());
    let firing = fake.fire("nightly", due());
    assert_eq!(firing.errors()[0].0, "AccessDeniedException");
    assert!(fake.tasks().is_empty());
}

#[test]
fn a_target_of_another_kind_is_told_what_it_would_get() {
    let fake = FakeAws::builder().start().unwrap();
    fake.seed_rule(json!({
        "Name": "nightly", "ScheduleExpression": "rate(1 day)",
        "Targets": [{"Id": "f", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}],
    }))
    .unwrap();
    let firing = fake.fire("nightly", due());
    let input: Value = serde_json::from_str(firing.deliveries[0].input.as_ref().unwrap()).unwrap();
    assert_eq!(Some(input), firing.event);
}
