//! What nobody filled in is told by the schedule's commands and at the start of a container, all of it
//! at once, and nothing is done.

use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Ended, Place, ended};

/// A schedule file as somebody finds it in a template.
const TEMPLATE: &str = r#"{
  "version": 1,
  "name": "nightly",
  "defaults": {
    "cluster": "xray-ecs",
    "task_definition": "xray-ecs",
    "role": "arn:aws:iam::${AWS_ACCOUNT_ID}:role/xray-ecs-trigger",
    "launch_type": "FARGATE",
    "network": { "subnets": ["subnet-xxxx"], "security_groups": ["<security-group>"] },
    "dead_letter_queue": "REPLACE_ME"
  },
  "rules": [
    {
      "name": "nightly-buckets",
      "schedule": "cron(0 3 * * ? *)",
      "targets": [{ "worker": { "environment": { "JOB_FILE": "s3://${BUCKET}/jobs.json" } } }]
    }
  ]
}
"#;

#[test]
fn every_command_of_the_schedule_refuses_a_template() {
    let place = Place::new();
    place.write("s.json", TEMPLATE);
    let told = place.run(&["schedule", "validate", "s.json"]);
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    insta::assert_snapshot!("schedule", told.stderr);
    for command in ["diff", "apply", "run", "delete", "next"] {
        let other = place.run(&["schedule", command, "s.json"]);
        assert_eq!(
            (other.code, other.stderr),
            (2, told.stderr.clone()),
            "{command}"
        );
    }
}

#[test]
fn the_sample_without_its_variables_names_them() {
    let place = Place::new();
    let mut command = place.command(&["schedule", "validate", "config/schedule.json"]);
    command.env_remove("SUBNET_B").env_remove("SECURITY_GROUP");
    let told = ended(&mut command);
    assert_eq!(told.code, 2);
    for name in ["SUBNET_B", "SECURITY_GROUP"] {
        let words =
            format!("environment variable `{name}` of template `{{env:{name}}}` is not set");
        assert!(told.stderr.contains(&words), "{}", told.stderr);
    }
    assert_eq!(told.stderr.lines().count(), 2, "{}", told.stderr);
}

#[test]
fn what_a_template_becomes_may_be_unfilled_too() {
    let place = Place::new();
    let mut command = place.command(&["schedule", "validate", "--json", "config/schedule.json"]);
    let told = ended(command.env("SUBNET_A", "subnet-xxxx"));
    assert_eq!(told.code, 2);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let faults = told["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 1, "{told}");
    assert_eq!(faults[0]["field"], "defaults.network.subnets[0]");
}

/// Starts it as a container's entry point does, with these variables.
fn start(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command: Command = place.command(args);
    ended(command.envs(variables.iter().copied()))
}

#[test]
fn the_worker_does_not_start_with_what_nobody_filled_in() {
    let place = Place::new();
    let variables = [
        ("AWS_REGION", "${AWS_REGION}"),
        ("AWS_XRAY_DAEMON_ADDRESS", "<daemon>:2000"),
        ("AWS_ENDPOINT_URL_S3", "https://${ENDPOINT}"),
        ("JOB_FILE", "s3://xray-ecs-${AWS_ACCOUNT_ID}/jobs.json"),
        ("JOB_SCHEDULED_TIME", "<t>"),
        ("JOB_RULE_ARN", "<aws.events.rule-arn>"),
        ("XRAY_ECS_REPORT", "s3://${BUCKET}/{run_id}.json"),
        ("XRAY_ECS_STOP_BUDGET", "${STOP_BUDGET}"),
    ];
    let told = start(&place, &["run"], &variables);
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    insta::assert_snapshot!("worker", told.stderr);
}

#[test]
fn the_daemon_does_not_start_with_what_nobody_filled_in() {
    let place = Place::new();
    let told = start(
        &place,
        &["daemon"],
        &[("AWS_REGION", "<region>"), ("AWS_PROFILE", "${PROFILE}")],
    );
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    insta::assert_snapshot!("daemon", told.stderr);
}

#[test]
fn what_jobs_are_made_of_is_theirs() {
    let place = Place::new();
    let command = |text: &str| json!(["sh", "-c", text]);
    let spec = json!({
        "version": 1, "name": "shell",
        "jobs": [{ "name": "a", "type": "command", "command": command("echo ${HOME} '<name>'") }],
    });
    let run = ["run", "--plan", "--allow-command", "--daemon", "off"];
    let region = ("AWS_REGION", "eu-west-1");
    let of_spec = start(&place, &run, &[region, ("JOB_SPEC", &spec.to_string())]);
    assert_eq!(of_spec.code, 0, "{}", of_spec.stderr);
    let words = command("echo ${HOME}").to_string();
    let scalars = [
        region,
        ("JOB_TYPE", "command"),
        ("JOB_COMMAND", &words),
        ("GREETING", "${NAME}"),
    ];
    let of_scalars = start(&place, &run, &scalars);
    assert_eq!(of_scalars.code, 0, "{}", of_scalars.stderr);
}
