//! Tasks, their logs, and what RunTask refuses.

use std::sync::mpsc;
use std::time::Duration;

use fake_aws::{FakeAws, Fault};
use serde_json::{Value, json};

use crate::fixture::{PATIENCE, call, done, network, refused, started, worker_definition};

fn ecs(fake: &FakeAws, operation: &str, body: Value) -> Value {
    done(fake, "ecs", operation, body)
}

/// RunTask of the worker, with other members or without some.
fn wanted(change: Value) -> Value {
    let mut body = json!({
        "taskDefinition": "worker", "launchType": "FARGATE", "networkConfiguration": network(),
    });
    let change = change.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(change);
    body.as_object_mut()
        .unwrap()
        .retain(|_, member| !member.is_null());
    body
}

fn with_worker() -> FakeAws {
    let fake = started();
    fake.seed_task_definition(worker_definition()).unwrap();
    fake
}

#[test]
fn the_test_plays_the_task() {
    let (send, tasks) = mpsc::channel();
    let fake = FakeAws::builder()
        .task_runner(move |task| send.send(task).unwrap())
        .start()
        .unwrap();
    fake.seed_task_definition(worker_definition()).unwrap();
    let overrides = json!({"containerOverrides": [{
        "name": "worker", "command": ["run", "other.json"],
        "environment": [{"name": "LEVEL", "value": "debug"}],
    }]});
    let body = wanted(json!({"overrides": overrides, "startedBy": "me"}));
    let answer = ecs(&fake, "RunTask", body);
    assert_eq!(answer["tasks"][0]["lastStatus"], "PROVISIONING");
    let task = tasks.recv_timeout(PATIENCE).unwrap();
    assert_eq!(answer["tasks"][0]["taskArn"], task.arn());
    assert_eq!(task.command("worker"), ["run", "other.json"]);
    assert_eq!(task.environment("worker")["LEVEL"], "debug");
    assert_eq!(task.environment("worker")["MODE"], "batch");
    assert_eq!(task.started_by(), Some("me"));
    assert_eq!(*task.overrides(), overrides);

    let described = |fake: &FakeAws| {
        let body = json!({"tasks": [task.arn()]});
        ecs(fake, "DescribeTasks", body)["tasks"][0].clone()
    };
    task.set_pending();
    assert_eq!(described(&fake)["lastStatus"], "PENDING");
    let id = task.arn().rsplit('/').next().unwrap();
    let read = json!({
        "logGroupName": "/ecs/worker", "logStreamName": format!("run/worker/{id}"),
        "startFromHead": true,
    });
    let (code, _) = refused(&fake, "logs", "GetLogEvents", read.clone());
    assert_eq!(code, "ResourceNotFoundException");
    task.set_running();
    assert_eq!(
        done(&fake, "logs", "GetLogEvents", read.clone())["events"],
        json!([])
    );
    task.log("worker", "made bucket a");
    task.log("daemon", "has no log driver");
    let events = done(&fake, "logs", "GetLogEvents", read)["events"].clone();
    assert_eq!(events[0]["message"], "made bucket a");
    task.finish(4);
    let ended = described(&fake);
    assert_eq!(ended["lastStatus"], "STOPPED");
    assert_eq!(ended["stopCode"], "EssentialContainerExited");
    assert_eq!(ended["stoppedReason"], "Essential container in task exited");
    assert_eq!(ended["containers"][0]["exitCode"], 0);
    assert_eq!(ended["containers"][1]["exitCode"], 4);
    assert!(ended["stoppedAt"].as_f64().unwrap() >= ended["startedAt"].as_f64().unwrap());
    // What has stopped stays as it is.
    task.finish(0);
    assert_eq!(described(&fake), ended);
}

#[test]
fn a_task_may_never_start() {
    let fake = FakeAws::builder()
        .task_runner(|task| {
            task.fail(
                "TaskFailedToStart",
                "CannotPullContainerError: no such image",
            );
        })
        .start()
        .unwrap();
    fake.seed_task_definition(worker_definition()).unwrap();
    ecs(&fake, "RunTask", wanted(json!({})));
    let stopped = |tasks: &[Value]| tasks.iter().all(|task| task["lastStatus"] == "STOPPED");
    let task = &fake.wait_for_tasks(PATIENCE, stopped)[0];
    assert_eq!(task["stopCode"], "TaskFailedToStart");
    assert_eq!(task["containers"][1].get("exitCode"), None);
    assert_eq!(task.get("startedAt"), None);
}

#[test]
fn a_runner_that_gives_a_task_up_stops_it() {
    let fake = FakeAws::builder().task_runner(drop).start().unwrap();
    fake.seed_task_definition(worker_definition()).unwrap();
    ecs(&fake, "RunTask", wanted(json!({})));
    let stopped = |tasks: &[Value]| tasks.iter().all(|task| task["lastStatus"] == "STOPPED");
    let tasks = fake.wait_for_tasks(PATIENCE, stopped);
    assert_eq!(tasks[0]["stoppedReason"], "the runner gave the task up");
}

#[test]
fn a_task_learns_that_it_is_to_stop() {
    let (send, tasks) = mpsc::channel();
    let fake = FakeAws::builder()
        .task_runner(move |task| {
            task.set_running();
            send.send(task.clone()).unwrap();
            if task.wait_for_stop(PATIENCE) {
                task.finish(143);
            }
        })
        .start()
        .unwrap();
    fake.seed_task_definition(worker_definition()).unwrap();
    ecs(&fake, "RunTask", wanted(json!({"startedBy": "me"})));
    let task = tasks.recv_timeout(PATIENCE).unwrap();
    assert!(!task.wait_for_stop(Duration::ZERO));
    let arns = |fake: &FakeAws, body: Value| ecs(fake, "ListTasks", body)["taskArns"].clone();
    for (body, found) in [
        (json!({}), true),
        (json!({"startedBy": "me"}), true),
        (json!({"startedBy": "you"}), false),
        (json!({"family": "worker"}), true),
        (json!({"family": "other"}), false),
        (json!({"desiredStatus": "STOPPED"}), false),
    ] {
        let expected = if found {
            json!([task.arn()])
        } else {
            json!([])
        };
        assert_eq!(arns(&fake, body.clone()), expected, "{body}");
    }
    let both = json!({"startedBy": "me", "family": "worker"});
    assert_eq!(
        refused(&fake, "ecs", "ListTasks", both).0,
        "InvalidParameterException"
    );

    let stop = json!({"task": task.arn(), "reason": "timeout"});
    let answer = ecs(&fake, "StopTask", stop);
    assert_eq!(answer["task"]["desiredStatus"], "STOPPED");
    let stopped = |tasks: &[Value]| tasks.iter().all(|task| task["lastStatus"] == "STOPPED");
    let ended = &fake.wait_for_tasks(PATIENCE, stopped)[0];
    assert_eq!(ended["stopCode"], "UserInitiated");
    assert_eq!(ended["stoppedReason"], "timeout");
    assert_eq!(ended["containers"][1]["exitCode"], 143);
    assert!(task.stop_requested());
    assert_eq!(arns(&fake, json!({})), json!([]));
    assert_eq!(
        arns(&fake, json!({"desiredStatus": "STOPPED"})),
        json!([task.arn()])
    );
}

#[test]
fn the_same_token_is_the_same_task() {
    let fake = with_worker();
    let body = wanted(json!({"clientToken": "fire-1"}));
    let first = ecs(&fake, "RunTask", body.clone());
    let again = ecs(&fake, "RunTask", body);
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    let other = wanted(json!({"clientToken": "fire-1", "count": 2}));
    assert_eq!(
        refused(&fake, "ecs", "RunTask", other).0,
        "ConflictException"
    );
    assert_eq!(fake.tasks().len(), 1);
}

#[test]
fn what_run_task_refuses() {
    let fake = with_worker();
    fake.seed_task_definition(json!({
        "family": "host", "networkMode": "host", "containerDefinitions": [{"name": "a"}],
    }))
    .unwrap();
    let gone = fake.seed_task_definition(worker_definition()).unwrap();
    assert!(fake.deregister_task_definition(&gone));
    let long = "x".repeat(8192);
    let environment = json!([{"name": "X", "value": long}]);
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT"}]);
    for (change, expected) in [
        (json!({"taskDefinition": "none"}), "ClientException"),
        (json!({"taskDefinition": "worker:9"}), "ClientException"),
        (json!({"taskDefinition": gone}), "ClientException"),
        (json!({"cluster": "none"}), "ClusterNotFoundException"),
        (json!({"count": 0}), "InvalidParameterException"),
        (json!({"count": 11}), "InvalidParameterException"),
        (
            json!({"networkConfiguration": null}),
            "InvalidParameterException",
        ),
        (
            json!({"taskDefinition": "host", "launchType": "EC2"}),
            "InvalidParameterException",
        ),
        (
            json!({"taskDefinition": "host"}),
            "InvalidParameterException",
        ),
        (
            json!({"capacityProviderStrategy": strategy}),
            "InvalidParameterException",
        ),
        (json!({"startedBy": "a b"}), "InvalidParameterException"),
        (
            json!({"startedBy": "a".repeat(129)}),
            "InvalidParameterException",
        ),
        (json!({"clientToken": "a b"}), "InvalidParameterException"),
        (
            json!({"propagateTags": "SERVICE"}),
            "InvalidParameterException",
        ),
        (
            json!({"overrides": {"containerOverrides": [{"name": "other"}]}}),
            "InvalidParameterException",
        ),
        (
            json!({"overrides": {"containerOverrides": [
                {"name": "worker", "environment": environment},
            ]}}),
            "InvalidParameterException",
        ),
    ] {
        let (code, message) = refused(&fake, "ecs", "RunTask", wanted(change.clone()));
        assert_eq!(code, expected, "{change}: {message}");
    }
    assert!(fake.tasks().is_empty());
}

#[test]
fn some_of_the_tasks_may_find_no_place() {
    let fake = with_worker();
    fake.fail("RunTask", Fault::placement(2, "RESOURCE:MEMORY"));
    let answer = ecs(&fake, "RunTask", wanted(json!({"count": 3})));
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(answer["failures"].as_array().unwrap().len(), 2);
    assert_eq!(answer["failures"][0]["reason"], "RESOURCE:MEMORY");
    fake.fail("RunTask", Fault::LostAnswer);
    assert!(call(&fake, "ecs", "RunTask", &wanted(json!({}))).is_none());
    assert_eq!(fake.tasks().len(), 2);
}

#[test]
fn definitions_are_found_by_family_revision_and_arn() {
    let fake = with_worker();
    let second = fake.seed_task_definition(worker_definition()).unwrap();
    let revision = |named: &str| {
        let body = json!({"taskDefinition": named});
        ecs(&fake, "DescribeTaskDefinition", body)["taskDefinition"]["revision"].clone()
    };
    assert_eq!(revision("worker"), 2);
    assert_eq!(revision("worker:1"), 1);
    assert_eq!(revision(&second), 2);
    assert_eq!(revision(second.trim_end_matches(":2")), 2);
    fake.deregister_task_definition(&second);
    assert_eq!(revision("worker"), 1);
    let inactive = json!({"taskDefinition": "worker:2", "include": ["TAGS"]});
    let inactive = ecs(&fake, "DescribeTaskDefinition", inactive);
    assert_eq!(inactive["taskDefinition"]["status"], "INACTIVE");
    assert_eq!(inactive["tags"], json!([{"key": "team", "value": "data"}]));
    for missing in ["none", "worker:3", "worker:x", "worker:0"] {
        let body = json!({"taskDefinition": missing});
        let (code, message) = refused(&fake, "ecs", "DescribeTaskDefinition", body);
        assert_eq!(code, "ClientException");
        assert_eq!(message, "Unable to describe task definition.");
    }
}

#[test]
fn what_is_missing_is_told_in_failures() {
    let fake = with_worker();
    let jobs = fake.seed_cluster("jobs");
    let clusters = ecs(
        &fake,
        "DescribeClusters",
        json!({"clusters": [jobs, "none"]}),
    );
    assert_eq!(clusters["clusters"][0]["clusterName"], "jobs");
    assert_eq!(
        clusters["failures"],
        json!([{"arn": "arn:aws:ecs:us-east-1:123456789012:cluster/none", "reason": "MISSING"}])
    );
    let task = ecs(&fake, "RunTask", wanted(json!({"cluster": "jobs"})))["tasks"][0].clone();
    let id = task["taskArn"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    let found = ecs(
        &fake,
        "DescribeTasks",
        json!({"cluster": jobs, "tasks": [id, "0123"]}),
    );
    assert_eq!(found["tasks"][0]["taskArn"], task["taskArn"]);
    assert_eq!(found["failures"][0]["reason"], "MISSING");
    let elsewhere = json!({"tasks": [task["taskArn"]]});
    let (code, message) = refused(&fake, "ecs", "DescribeTasks", elsewhere);
    assert_eq!(code, "InvalidParameterException");
    assert!(
        message.contains("Identifier is for cluster jobs"),
        "{message}"
    );
    for (tasks, cluster) in [(vec![], "jobs"), (vec!["0"; 101], "jobs")] {
        let body = json!({"cluster": cluster, "tasks": tasks});
        assert_eq!(
            refused(&fake, "ecs", "DescribeTasks", body).0,
            "InvalidParameterException"
        );
    }
}

#[test]
fn tasks_are_listed_in_pages() {
    let fake = FakeAws::builder().page_size(2).start().unwrap();
    fake.seed_task_definition(worker_definition()).unwrap();
    ecs(&fake, "RunTask", wanted(json!({"count": 5})));
    fake.wait_for_tasks(PATIENCE, |tasks| {
        tasks.iter().all(|task| task["lastStatus"] == "STOPPED")
    });
    let mut seen = Vec::new();
    let mut body = json!({"desiredStatus": "STOPPED"});
    loop {
        let page = ecs(&fake, "ListTasks", body.clone());
        seen.extend(page["taskArns"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => break,
        }
    }
    let all: Vec<Value> = fake
        .tasks()
        .iter()
        .map(|task| task["taskArn"].clone())
        .collect();
    assert_eq!(seen, all);
    fake.forget_stopped_tasks();
    let forgotten = ecs(&fake, "DescribeTasks", json!({"tasks": [all[0]]}));
    assert_eq!(
        forgotten["failures"],
        json!([{"arn": all[0], "reason": "MISSING"}])
    );
}
