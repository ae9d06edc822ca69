//! Tasks by hand: what is shown is what is sent, and what EventBridge itself would send.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use fake_aws::{Fault, When};
use scheduler::file::CheckedFile;
use scheduler::run_task::{Order, Request, RequestError, requests};
use serde_json::{Value, json};

use crate::fixture::{Aws, file, rule, target};

const TIME: &str = "2026-11-28T03:00:00Z";
const ID: &str = "6f1c3a52-0000-4000-8000-00000000abcd";

/// A fake on which all targets of the tests can run.
fn started() -> Aws {
    let aws = Aws::start();
    let containers =
        json!([{ "name": "worker", "image": "w" }, { "name": "daemon", "image": "d" }]);
    for (family, mode) in [("worker", "awsvpc"), ("ec2", "bridge")] {
        let definition = json!({
            "family": family, "networkMode": mode, "requiresCompatibilities": ["FARGATE", "EC2"],
            "containerDefinitions": containers,
        });
        aws.fake.seed_task_definition(definition).unwrap();
    }
    aws
}

fn order() -> Order {
    Order {
        scheduled_time: TIME.parse().unwrap(),
        is_firing: false,
        id: ID.to_owned(),
        run_id: None,
        shards: None,
    }
}

/// The requests of all targets of the one rule of a file.
fn requests_of(file: &CheckedFile, order: &Order) -> Result<Vec<Request>, RequestError> {
    let rule = &file.rules[0];
    let mut all = Vec::new();
    for (id, target) in &rule.targets {
        let worker = file.worker(&rule.name, id);
        all.extend(requests(rule, (id, target), worker, order)?);
    }
    Ok(all)
}

fn network() -> Value {
    json!({ "subnets": ["subnet-2", "subnet-1"] })
}

/// Targets that have every field of EcsParameters between them.
fn targets() -> Vec<Value> {
    vec![
        target(
            "fargate",
            json!({
                "task_count": 3, "launch_type": "FARGATE", "platform_version": "1.4.0",
                "network": { "subnets": ["subnet-1"], "security_groups": ["sg-2", "sg-1"], "assign_public_ip": true },
                "group": "nightly", "reference_id": "ref", "propagate_tags": "TASK_DEFINITION",
                "enable_execute_command": true, "enable_ecs_managed_tags": true,
                "task_tags": { "kind": "batch", "team": "data" },
                "worker": {
                    "job_file": "s3://acme/jobs.json", "command": ["run", "--all"],
                    "environment": { "LOG": "<info> \"ü\"" },
                    "environment_files": ["arn:aws:s3:::acme/a.env"],
                    "cpu": 256, "memory": 512, "memory_reservation": 128,
                    "resource_requirements": { "GPU": "1" },
                },
                "containers": { "daemon": { "environment": { "A": "1" } } },
                "task": {
                    "cpu": "1024", "memory": "2048", "ephemeral_storage_gib": 30,
                    "task_role": "task", "execution_role": "execution",
                },
            }),
        ),
        target(
            "spot",
            json!({
                "network": network(),
                "capacity_providers": [
                    { "name": "FARGATE_SPOT", "weight": 3 },
                    { "name": "FARGATE", "weight": 1, "base": 1 },
                ],
                "worker": { "trigger": false, "command": ["x"] },
            }),
        ),
        target(
            "ec2",
            json!({
                "task_definition": "ec2", "launch_type": "EC2",
                "placement_constraints": [
                    { "type": "memberOf", "expression": "attribute:a == b" },
                    { "type": "distinctInstance" },
                ],
                "placement_strategy": [
                    { "type": "spread", "field": "instanceId" },
                    { "type": "binpack", "field": "memory" },
                    { "type": "random" },
                ],
            }),
        ),
        target("plain", json!({ "network": network(), "worker": null })),
    ]
}

/// The call without who makes it, and without what is so anyway.
fn meaning(mut body: Value) -> Value {
    for own in ["startedBy", "clientToken"] {
        body[own] = Value::Null;
    }
    strip(&mut body);
    body
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(strip);
            members.retain(|_, member| {
                !(member.is_null() || *member == false || *member == 0 || *member == json!([]))
            });
        }
        Value::Array(entries) => entries.iter_mut().for_each(strip),
        _ => {}
    }
}

fn without_rule_arn(mut body: Value) -> Value {
    let containers = body.pointer_mut("/overrides/containerOverrides");
    let containers = containers.and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        if let Some(variables) = container["environment"].as_array_mut() {
            variables.retain(|variable| variable["name"] != "JOB_RULE_ARN");
        }
    }
    body
}

fn sent(aws: &Aws) -> Vec<Value> {
    let calls = aws.fake.calls().into_iter();
    let runs = calls.filter(|call| call.operation == "RunTask");
    runs.map(|call| call.body).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_by_hand_is_what_is_shown_and_what_eventbridge_runs() {
    for one in targets() {
        let aws = started();
        let wanted = file(&[rule("nightly", json!({ "targets": [one.clone()] }))]);
        aws.make_true(&wanted).await;

        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        let when = When::invocation().with(move |body| {
            keep.lock().unwrap().push(body.clone());
            false
        });
        aws.fake.fail(when, Fault::Reset);
        let firing = aws.fake.fire("nightly", TIME.parse().unwrap());
        assert_eq!(firing.errors(), [], "{one}");
        let fired = seen.lock().unwrap().pop().unwrap();
        let event = firing.event.unwrap();

        let of_firing = Order {
            is_firing: true,
            id: event["id"].as_str().unwrap().to_owned(),
            ..order()
        };
        let by_hand = Order {
            is_firing: false,
            id: of_firing.id.clone(),
            ..order()
        };
        for (order, alike) in [
            (of_firing, meaning(fired.clone())),
            (by_hand, meaning(without_rule_arn(fired.clone()))),
        ] {
            let requests = requests_of(&wanted, &order).unwrap();
            assert_eq!(requests.len(), 1);
            // ECS would take the same token for the same call.
            let request = Request {
                client_token: format!("{}-{}", order.is_firing, order.id),
                ..requests[0].clone()
            };
            let started = aws.ecs.run(&request).await.unwrap();
            assert_eq!(started.failures, []);
            assert_eq!(started.tasks.len(), usize::try_from(request.count).unwrap());
            let sent = sent(&aws).pop().unwrap();
            assert_eq!(sent, request.to_json(), "what is shown is what is sent");
            assert_eq!(meaning(sent), alike);
            assert_eq!(request.started_by, "xray-ecs/nightly");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_shard_is_a_task_that_is_told_its_part_of_one_run() {
    let aws = started();
    let ids = ["a", "b"].map(|end| format!("{}{end}", "x".repeat(63)));
    let targets = ids.map(|id| target(&id, json!({ "network": network() })));
    let wanted = file(&[rule("nightly", json!({ "targets": targets }))]);
    let order = Order {
        shards: Some(3),
        run_id: Some("run-1".to_owned()),
        ..order()
    };
    for request in requests_of(&wanted, &order).unwrap() {
        assert_eq!(aws.ecs.run(&request).await.unwrap().tasks.len(), 1);
    }
    let sent = sent(&aws);
    let told = |body: &Value, name: &str| {
        let variables = &body["overrides"]["containerOverrides"][0]["environment"];
        let mut variables = variables.as_array().unwrap().iter();
        variables.find(|variable| variable["name"] == name).unwrap()["value"].clone()
    };
    let parts: Vec<Value> = sent
        .iter()
        .map(|body| told(body, "XRAY_ECS_SHARD"))
        .collect();
    assert_eq!(parts, ["1/3", "2/3", "3/3", "1/3", "2/3", "3/3"]);
    // The shards of a target are a run of its own.
    let runs: Vec<Value> = sent
        .iter()
        .map(|body| told(body, "XRAY_ECS_RUN_ID"))
        .collect();
    assert_eq!(
        runs,
        ["run-1", "run-1", "run-1", "run-1-1", "run-1-1", "run-1-1"]
    );
    assert!(sent.iter().all(|body| body["count"] == 1));
    assert_eq!(aws.fake.tasks().len(), 6);
}

#[test]
fn no_two_calls_have_the_same_token() {
    let ids = ["a", "b"].map(|end| format!("{}{end}", "x".repeat(63)));
    let targets = ids.map(|id| target(&id, json!({})));
    let mut wanted = file(&[rule("nightly", json!({ "targets": targets }))]);
    for target in wanted.rules[0].targets.values_mut() {
        // More than a file takes; a rule on AWS may have as many.
        target.tasks.as_mut().unwrap().task_count = 25;
    }
    let all = requests_of(&wanted, &order()).unwrap();
    let counts: Vec<i32> = all.iter().map(|request| request.count).collect();
    assert_eq!(counts, [10, 10, 5, 10, 10, 5]);
    let tokens: BTreeSet<&str> = all.iter().map(|one| one.client_token.as_str()).collect();
    assert_eq!(tokens.len(), all.len(), "{tokens:?}");
    assert!(tokens.iter().all(|token| token.len() <= 64), "{tokens:?}");
}

#[tokio::test(start_paused = true)]
async fn tasks_without_a_place_are_told_beside_those_that_started() {
    let aws = started();
    let many = target("worker", json!({ "task_count": 3, "network": network() }));
    let wanted = file(&[rule("nightly", json!({ "targets": [many] }))]);
    aws.fake
        .fail("RunTask", Fault::placement(2, "RESOURCE:MEMORY"));
    let request = &requests_of(&wanted, &order()).unwrap()[0];
    let started = aws.ecs.run(request).await.unwrap();
    assert_eq!((started.tasks.len(), started.failures.len()), (1, 2));
    let failure = started.failures[0].to_string();
    assert!(
        failure.starts_with("RESOURCE:MEMORY (arn:aws:ecs:"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_answer_is_lost_starts_its_tasks_once() {
    let aws = started();
    let many = target("worker", json!({ "task_count": 3, "network": network() }));
    let wanted = file(&[rule("nightly", json!({ "targets": [many] }))]);
    aws.fake
        .fail(When::operation("RunTask").times(2), Fault::LostAnswer);
    let request = &requests_of(&wanted, &order()).unwrap()[0];
    let started = aws.ecs.run(request).await.unwrap();
    assert_eq!((started.tasks.len(), aws.fake.tasks().len()), (3, 3));
    assert_eq!(sent(&aws).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_ecs_refuses_is_told_with_the_mend() {
    let aws = started();
    let wanted = file(&[rule("nightly.1", json!({}))]);
    let request = &requests_of(&wanted, &order()).unwrap()[0];
    // ECS takes no dots there.
    assert_eq!(request.started_by, "xray-ecs/nightly_1");
    let refused = aws.ecs.run(request).await.unwrap_err().to_string();
    let start = "RunTask `nightly.1/worker`: InvalidParameterException: Network Configuration";
    assert!(refused.starts_with(start), "{refused}");
    aws.fake.fail("RunTask", Fault::access_denied());
    let refused = aws.ecs.run(request).await.unwrap_err().to_string();
    let mend = "allow ecs:RunTask to these credentials, and for tasks iam:PassRole";
    assert!(refused.contains(mend), "{refused}");
}

#[test]
fn what_cannot_be_run_by_hand_is_told_before_any_call() {
    let one = |members| file(&[rule("r", json!({ "targets": [target("t", members)] }))]);
    let told = |file: &CheckedFile, order: &Order| {
        requests_of(file, order).map(drop).unwrap_err().to_string()
    };
    let mut no_tasks = one(json!({}));
    no_tasks.rules[0].targets.get_mut("t").unwrap().tasks = None;
    let sharded = Order {
        shards: Some(2),
        run_id: Some("run-1".to_owned()),
        ..order()
    };
    let raw = json!({ "worker": null, "input": { "detail": 1 } });
    let event = json!({ "worker": null, "input_transformer": {
        "paths": { "a": "$.account" },
        "template": "{\"containerOverrides\":[{\"name\":\"worker\",\"environment\":[{\"name\":\"A\",\"value\":<a>}]}]}",
    } });
    // What EventBridge takes, and is too much with what a shard is told.
    let full = json!({ "worker": { "trigger": false, "environment": { "A": "x".repeat(8_100) } } });
    for (file, order, wanted) in [
        (no_tasks, order(), "target `t` starts no tasks on ECS"),
        (
            one(raw),
            order(),
            "target `t`: its input says more than overrides",
        ),
        (
            one(event),
            order(),
            "target `t`: a run by hand has no event with $.account",
        ),
        (
            one(json!({ "worker": null })),
            sharded.clone(),
            "target `t` has no `worker`",
        ),
        (one(full), sharded, "target `t`: its overrides have 8"),
    ] {
        let told = told(&file, &order);
        assert!(told.starts_with(wanted), "{told}");
    }
}
