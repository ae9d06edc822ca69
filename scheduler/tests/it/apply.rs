//! A file is made true: exactly what it says, by exactly the calls that takes.

use scheduler::file::write;
use scheduler::rule::OWNER_TAG;
use serde_json::{Value, json};

use crate::fixture::{Aws, OWNER, file, place, read_file, read_text, rule, target};

/// A file with most of what there is.
fn whole() -> Value {
    json!({
        "version": 1,
        "name": OWNER,
        "tags": { "team": "data" },
        "rules": [
            {
                "name": "buckets",
                "schedule": "cron(0 3 * * ? *)",
                "enabled": false,
                "description": "every night",
                "tags": { "cost": "1" },
                "targets": [
                    {
                        "id": "fargate",
                        "cluster": "batch",
                        "task_definition": "worker:3",
                        "role": "events",
                        "task_count": 2,
                        "capacity_providers": [{ "name": "FARGATE_SPOT", "weight": 1 }],
                        "network": { "subnets": ["subnet-1"], "security_groups": ["sg-1"], "assign_public_ip": true },
                        "platform_version": "1.4.0",
                        "group": "nightly",
                        "enable_execute_command": true,
                        "enable_ecs_managed_tags": true,
                        "propagate_tags": "TASK_DEFINITION",
                        "reference_id": "ref",
                        "task_tags": { "kind": "batch" },
                        "retry_policy": { "maximum_event_age": "1h", "maximum_retry_attempts": 3 },
                        "dead_letter_queue": "lost",
                        "worker": { "job_file": "s3://acme/jobs.json", "environment": { "LOG": "<info>" } },
                        "task": { "cpu": "1024", "ephemeral_storage_gib": 30 },
                    },
                    {
                        "id": "ec2",
                        "cluster": "batch",
                        "task_definition": "worker",
                        "role": "events",
                        "launch_type": "EC2",
                        "placement_constraints": [{ "type": "memberOf", "expression": "attribute:a == b" }],
                        "placement_strategy": [{ "type": "spread", "field": "instanceId" }, { "type": "random" }],
                        "containers": { "daemon": { "command": ["-v"], "memory": 64 } },
                    },
                ],
            },
            {
                "name": "reports",
                "schedule": "rate(1 day)",
                "targets": [{
                    "cluster": "batch", "task_definition": "worker", "role": "events",
                    "input": { "containerOverrides": [{ "name": "worker", "unknown": [1.5] }] },
                }],
            },
        ],
    })
}

#[tokio::test(start_paused = true)]
async fn a_file_becomes_rules_targets_and_tags() {
    let aws = Aws::start();
    let wanted = read_file(&whole());
    aws.make_true(&wanted).await;
    insta::assert_json_snapshot!(aws.fake.snapshot());
}

#[tokio::test(start_paused = true)]
async fn applied_twice_it_writes_once() {
    let aws = Aws::start();
    let wanted = read_file(&whole());
    aws.make_true(&wanted).await;
    let writes = aws.writes();
    assert_eq!(writes.len(), 4, "{writes:?}");
    assert_eq!(aws.apply(&wanted).await, []);
    assert_eq!(aws.writes(), writes);
    assert_eq!(aws.diff(&wanted).await.unchanged, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_aws_becomes_a_file_that_wants_the_same() {
    let aws = Aws::start();
    aws.make_true(&read_file(&whole())).await;
    aws.fake
        .seed_rule(json!({ "Name": "theirs", "ScheduleExpression": "rate(1 day)" }))
        .unwrap();
    let remote = aws.eventbridge.read_schedules().await.unwrap();
    assert_eq!(remote.rules.len(), 3);
    let found = remote.rules.values().map(|found| &found.rule);
    let ours = found.filter(|rule| rule.owner.as_deref() == Some(OWNER));
    let written = write(OWNER, &place(), ours).unwrap();
    assert_eq!((written.rule_count, written.left_out.len()), (2, 0));
    let read = read_text(&written.text);
    assert_eq!(aws.diff(&read).await.rules, [], "{}", written.text);
}

/// Makes one file true and then another; tells the calls of the second.
async fn calls(before: &Value, after: &Value) -> Vec<String> {
    let (aws, fresh) = (Aws::start(), Aws::start());
    let after = file(std::slice::from_ref(after));
    aws.make_true(&file(std::slice::from_ref(before))).await;
    let first = aws.writes().len();
    aws.make_true(&after).await;
    fresh.make_true(&after).await;
    assert_eq!(aws.fake.snapshot(), fresh.fake.snapshot());
    aws.writes().split_off(first)
}

#[tokio::test(start_paused = true)]
async fn each_change_takes_the_calls_that_it_needs() {
    let base = |members| rule("a", members);
    let targets = |ids: &[&str]| {
        let targets = ids.iter().map(|id| target(id, json!({})));
        json!({ "targets": targets.collect::<Vec<_>>() })
    };
    let count =
        |count: u32| json!({ "targets": [target("worker", json!({ "task_count": count }))] });
    let on = |enabled: bool, id| json!({ "enabled": enabled, "targets": [target(id, json!({}))] });
    let none = || json!({});
    for (before, after, wanted) in [
        (none(), json!({ "enabled": false }), "PutRule"),
        (json!({ "description": "x" }), none(), "PutRule"),
        (none(), json!({ "schedule": "rate(2 hours)" }), "PutRule"),
        (none(), json!({ "tags": { "a": "1" } }), "TagResource"),
        (
            json!({ "tags": { "a": "1" } }),
            json!({ "tags": { "a": "2" } }),
            "TagResource",
        ),
        (json!({ "tags": { "a": "1" } }), none(), "UntagResource"),
        (
            json!({ "tags": { "a": "1" } }),
            json!({ "tags": { "b": "1" } }),
            "TagResource UntagResource",
        ),
        (count(1), count(2), "PutTargets"),
        (targets(&["a", "b"]), targets(&["b"]), "RemoveTargets"),
        (targets(&["a"]), targets(&["b"]), "PutTargets RemoveTargets"),
        (
            targets(&["a", "b", "c", "d", "e"]),
            targets(&["a", "b", "c", "d", "f"]),
            "RemoveTargets PutTargets",
        ),
        (
            on(false, "a"),
            on(true, "b"),
            "PutTargets RemoveTargets PutRule",
        ),
        (
            on(true, "a"),
            on(false, "b"),
            "PutRule PutTargets RemoveTargets",
        ),
    ] {
        let (before, after) = (base(before), base(after));
        let calls = calls(&before, &after).await;
        assert_eq!(calls.join(" "), wanted, "{before} to {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn tags_go_first_where_there_is_no_room_for_both() {
    let tags = |from: usize| {
        let tags = (from..from + 49).map(|index| (format!("t{index:02}"), "1".into()));
        json!({ "tags": tags.collect::<serde_json::Map<_, _>>() })
    };
    let calls = calls(&rule("a", tags(0)), &rule("a", tags(1))).await;
    assert_eq!(calls, ["UntagResource", "TagResource"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_file_no_longer_has_is_deleted_with_its_targets() {
    let aws = Aws::start();
    aws.make_true(&file(&[rule("a", json!({})), rule("b", json!({}))]))
        .await;
    let first = aws.writes().len();
    aws.make_true(&file(&[rule("b", json!({}))])).await;
    assert_eq!(aws.rule("a"), Value::Null);
    assert_ne!(aws.rule("b"), Value::Null);
    assert_eq!(aws.writes()[first..], ["RemoveTargets", "DeleteRule"]);
}

#[tokio::test(start_paused = true)]
async fn an_input_in_another_spelling_is_no_difference() {
    let aws = Aws::start();
    let wanted = file(&[rule(
        "a",
        json!({ "targets": [target("worker", json!({
            "worker": { "trigger": false, "environment": { "A": "1", "B": "ü" } },
        }))] }),
    )]);
    aws.make_true(&wanted).await;
    let mut found = aws.rule("a");
    let tags = json!([{ "Key": OWNER_TAG, "Value": OWNER }]);
    let targets = found["Targets"].take();
    let mut targets: Vec<Value> = targets.as_object().unwrap().values().cloned().collect();
    targets[0]["Input"] = "{ \"containerOverrides\" : [ { \"environment\": [ \
        {\"value\":\"\\u00fc\",\"name\":\"B\"}, {\"name\":\"A\",\"value\":\"1\"} ], \"name\":\"worker\" } ] }\n"
        .into();
    let aws = Aws::start();
    aws.fake
        .seed_rule(json!({
            "Name": "a", "ScheduleExpression": "rate(1 hour)", "Tags": tags, "Targets": targets,
        }))
        .unwrap();
    assert_eq!(aws.diff(&wanted).await.rules, []);
}
