//! Commands, kinds of a library user, limits of a run and retries.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

fn one_job(job: &Value) -> String {
    json!({ "version": 1, "name": "n", "jobs": [job] }).to_string()
}

fn faults_of(job: &Value) -> Vec<String> {
    let faults = load_text(&one_job(job)).expect_err("faults");
    let faults = faults.told.into_iter();
    faults
        .map(|fault| format!("{}: {}", fault.field, fault.message))
        .collect()
}

#[test]
fn a_command_is_read_with_its_templates() {
    let job = json!({
        "name": "sync", "type": "command",
        "command": ["sh", "-c", "echo {job} ${HOME} {{x}}"],
        "environment": { "STAGE": "{env:STAGE}", "{job}": "k" },
        "stdin": { "account": "{account}", "n": [1, "{job}"] },
        "retry": { "on": ["exit-code", "AccessDenied", "any"] },
    });
    let file = load_text(&one_job(&job)).unwrap();
    let spec = &file.jobs[0];
    assert_eq!(
        (
            spec.kind.type_name(),
            spec.kind.bucket(),
            spec.kind.region()
        ),
        ("command", None, None)
    );
    let JobKind::Command(command) = &spec.kind else {
        panic!("{spec:?}")
    };
    assert_eq!(command.command[2], "echo sync ${HOME} {x}");
    assert_eq!(command.environment["STAGE"], "prod");
    assert_eq!(command.environment["{job}"], "k");
    let job = serde_json::to_value(spec).unwrap();
    assert_eq!(
        job["stdin"],
        json!({ "account": "111122223333", "n": [1, "sync"] })
    );
    assert_eq!(
        job["retry"]["on"],
        json!(["exit-code", "any", "AccessDenied"])
    );
}

#[test]
fn faults_of_a_command_are_told() {
    assert_eq!(
        faults_of(&json!({
            "name": "a", "type": "command", "comand": ["x"], "bucket": "b",
            "success_codes": [300], "working_directory": 1, "timeout": "{env:STAGE}",
            "retry": { "on": ["exit-cod", "{env:STAGE}"] },
        })),
        [
            "jobs[0].command: missing, give the program and its arguments",
            "jobs[0].bucket: unknown field `bucket`, known are `command`, `environment`, \
             `inherit_environment`, `name`, `output_len_max`, `retry`, `stdin`, `success_codes`, \
             `timeout`, `type`, `working_directory`",
            "jobs[0].comand: unknown field `comand`, did you mean `command`?",
            "jobs[0].retry.on[0]: unknown value `exit-cod`, did you mean `exit-code`?",
            "jobs[0].retry.on[1]: unknown value `{env:STAGE}`, wanted `connection`, `timeout`, \
             `throttling`, `server-error`, `conflict`, `not-found`, `exit-code`, `any` or an error \
             code of S3, such as `AccessDenied`",
            "jobs[0].success_codes[0]: found the number 300, wanted a whole number from 0 to 255",
            "jobs[0].timeout: `{env:STAGE}` is no duration, write one such as `250ms`, `30s`, `5m` or `1h30m`",
            "jobs[0].working_directory: found the number 1, wanted text",
        ]
    );
    assert_eq!(
        faults_of(&json!({ "name": "a", "type": "command", "command": ["{env:NOPE}"] })),
        ["jobs[0].command[0]: environment variable `NOPE` of template `{env:NOPE}` is not set"]
    );
}

#[test]
fn a_word_may_come_from_a_template_and_is_checked_then() {
    let job = |stage: &str| json!({ "name": "a", "type": "create-bucket", "bucket": "acme", "object_ownership": stage });
    let text = one_job(&job("{env:OWNERSHIP}"));
    let environment: Environment = [("OWNERSHIP", "ObjectWriter")].into_iter().collect();
    let context = Context {
        environment,
        ..context()
    };
    assert!(load_in(&text, &context).is_ok());
    assert_eq!(
        faults_of(&job("{env:STAGE}")),
        [
            "jobs[0].object_ownership: unknown value `prod`, known are `BucketOwnerEnforced`, \
          `BucketOwnerPreferred`, `ObjectWriter`, `absent`"
        ]
    );
}

#[test]
fn a_name_that_gets_too_long_is_told_as_it_became() {
    let long = "x".repeat(60);
    let job =
        json!({ "name": "a", "type": "create-bucket", "bucket": format!("{long}-{{account}}") });
    let faults = faults_of(&job);
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].contains(&format!("{long}-111122223333")),
        "{faults:?}"
    );
    assert!(faults[0].contains("73"), "{faults:?}");
}

#[test]
fn defaults_are_for_the_kinds_that_know_them() {
    let text = json!({
        "version": 1, "name": "n",
        "defaults": { "versioning": true, "environment": { "A": "{job}" }, "timeout": "1m" },
        "jobs": [
            { "name": "b", "type": "create-bucket", "bucket": "acme" },
            { "name": "c", "type": "command", "command": ["true"] },
        ],
    });
    let file = load_text(&text.to_string()).unwrap();
    let jobs = serde_json::to_value(&file.jobs).unwrap();
    assert_eq!(
        (&jobs[0]["versioning"], &jobs[0]["environment"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        (&jobs[1]["versioning"], &jobs[1]["environment"]),
        (&Value::Null, &json!({ "A": "c" }))
    );
    assert_eq!(file.jobs[1].timeout, Some(Duration::from_secs(60)));
}

#[test]
fn kinds_can_be_registered() {
    let check: CheckPayload = Arc::new(|payload: &Value| {
        let width = payload["width"].as_u64();
        width.map(drop).ok_or_else(|| "give a width".to_owned())
    });
    let kinds: CustomKinds = [(Arc::from("resize"), check)].into_iter().collect();
    let context = Context { kinds, ..context() };
    let job =
        |payload: Value| one_job(&json!({ "name": "a", "type": "resize", "payload": payload }));
    let file = load_in(&job(json!({ "width": 3, "to": "{job}.png" })), &context).unwrap();
    let JobKind::Custom(custom) = &file.jobs[0].kind else {
        panic!("{file:?}")
    };
    assert_eq!(&*custom.type_name, "resize");
    assert_eq!(custom.payload, json!({ "width": 3, "to": "a.png" }));
    let faults = load_in(&job(json!({})), &context).unwrap_err().to_string();
    assert!(
        faults.ends_with("jobs[0].payload: give a width"),
        "{faults}"
    );
    let faults = load_text(&job(json!({}))).unwrap_err().to_string();
    assert!(faults.contains("unknown value `resize`"), "{faults}");
}

#[test]
fn limits_of_a_run_are_read_and_checked() {
    let file = |limits: Value| {
        let mut file = json!({
            "version": 1, "name": "n",
            "jobs": [{ "name": "c", "type": "command", "command": ["true"] }],
        });
        file.as_object_mut()
            .unwrap()
            .extend(limits.as_object().unwrap().clone());
        load_text(&file.to_string())
    };
    let limits = file(json!({
        "run_timeout": "2h", "tolerated_failure_count": 3, "tolerated_failure_percentage": 2.5,
        "fail_fast": true, "rate_limits": { "*": 50, "CreateBucket": 0.5 },
    }));
    let limits = limits.unwrap().limits;
    assert_eq!(limits.run_timeout, Some(Duration::from_secs(7200)));
    assert_eq!(limits.tolerated_failure_count, Some(3));
    assert_eq!(limits.tolerated_failure_percentage, Some(2.5));
    assert_eq!(limits.fail_fast, Some(true));
    assert_eq!(limits.rate_limits["CreateBucket"], 0.5);
    let faults = file(json!({
        "tolerated_failure_percentage": 101, "fail_fast": 1,
        "rate_limits": { "*": 0, "CreateBuckets": 5 },
    }));
    let faults = faults.unwrap_err().to_string();
    for told in [
        "fail_fast: found the number 1, wanted true or false",
        "rate_limits.*: found the number 0, wanted a number above 0",
        "rate_limits.CreateBuckets: unknown name `CreateBuckets`, did you mean `CreateBucket`?",
        "tolerated_failure_percentage: found the number 101, wanted a number from 0 to 100",
    ] {
        assert!(faults.contains(told), "{told}: {faults}");
    }
}

#[test]
fn what_came_from_a_secret_variable_is_redacted() {
    let environment: Environment = [("API_TOKEN", "5ecret")].into_iter().collect();
    let context = Context {
        environment,
        ..context()
    };
    let job =
        json!({ "name": "a", "type": "command", "command": ["curl", "auth={env:API_TOKEN}"] });
    let file = load_in(&one_job(&job), &context).unwrap();
    assert_eq!(
        file.jobs[0].redacted()["command"],
        json!(["curl", "auth=***"])
    );
    let job = serde_json::to_value(&file.jobs[0]).unwrap();
    assert_eq!(job["command"][1], "auth=5ecret");
}

#[test]
fn a_bucket_with_a_fault_has_no_foreign_resources() {
    for bucket in [Value::Null, json!("{nope}"), json!("Acme")] {
        let mut job = json!({
            "name": "a", "type": "create-bucket", "bucket": bucket, "region": "eu-west-1",
            "policy": { "Statement": { "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                                       "Resource": "arn:aws:s3:::acme/*" } },
        });
        if bucket.is_null() {
            job.as_object_mut().unwrap().remove("bucket");
        }
        let faults = faults_of(&job);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("jobs[0].bucket: "), "{faults:?}");
    }
}
