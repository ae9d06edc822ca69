//! `schedule validate`: faults with their places, and what does not fit what is on AWS.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Scene, file, rule, task_definition};
use crate::program::{Place, ended};

const FAULTY: &str = r#"{
  "version": 1,
  "name": "nightly",
  "defaults": { "cluster": "batch", "task_definition": "xray-ecs", "role": "trigger" },
  "rules": [
    { "name": "a b", "schedule": "cron(0 10 * * ? *)", "targets": [{ "worker": {} }] },
    { "name": "c", "schedule": "cron(*/60 10 * * ? *)", "targets": [{ "task_count": 11 }] }
  ]
}"#;

#[test]
fn a_file_without_faults_is_counted() {
    let place = Place::new();
    let good = place.run(&["schedule", "validate", "config/schedule.json"]);
    assert_eq!((good.code, good.stderr.as_str()), (0, ""));
    assert_eq!(
        good.stdout,
        "config/schedule.json: 1 rule, 1 target, no fault\n"
    );
    let json = place.run(&["schedule", "validate", "--json", "config/schedule.json"]);
    assert_eq!((json.code, json.stderr.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json, json!({ "faults": [], "untold": 0, "warnings": [] }));
}

#[test]
fn every_fault_is_told_with_its_place_and_nothing_else_is() {
    let place = Place::new();
    place.write("s.json", FAULTY);
    let bad = place.run(&["schedule", "validate", "s.json"]);
    assert_eq!((bad.code, bad.stdout.as_str()), (2, ""));
    insta::assert_snapshot!("validate_faults", bad.stderr);

    let json = place.run(&["schedule", "validate", "--json", "s.json"]);
    assert_eq!((json.code, json.stderr.as_str()), (2, ""));
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let faults = json["faults"].as_array().unwrap();
    let place_of = |fault: &Value| {
        let of = |field: &str| fault[field].clone();
        (of("file"), of("line"), of("column"), of("field"))
    };
    assert_eq!(
        place_of(&faults[0]),
        (json!("s.json"), json!(6), json!(15), json!("rules[0].name"))
    );
    assert!(faults.iter().all(|fault| fault["message"].is_string()));
    assert_eq!(
        (&json["untold"], &json["warnings"]),
        (&json!(0), &json!([]))
    );
    // All commands tell the same.
    for command in ["next", "diff", "apply", "delete", "run", "audit"] {
        let reports = &["--reports", "s3://bucket/runs/"][..];
        let more = if command == "audit" { reports } else { &[] };
        let other = place.run(&[&["schedule", command, "s.json"], more].concat());
        assert_eq!((other.code, other.stdout.as_str()), (2, ""), "{command}");
        assert_eq!(other.stderr, bad.stderr, "{command}");
    }
}

#[test]
fn what_is_no_file_is_told() {
    let place = Place::new();
    let validate = |path: &str| {
        let refused = place.run(&["schedule", "validate", path]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{path}");
        assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
        refused.stderr
    };
    let missing = validate("config/schedul.json");
    assert!(
        missing.contains("config/schedul.json, did you mean `config/schedule.json`?"),
        "{missing}"
    );
    assert!(validate("nothing/like/it.json").contains("No such file"));
    assert!(validate("config").contains("directory"));
    place.write("s.json", b"{ \"version\": 1, \"name\": \"\xff\" }");
    let text = validate("s.json");
    assert!(text.starts_with("s.json:1:"), "{text}");
    assert!(text.contains("UTF-8"), "{text}");
    place.write("s.json", "{ \"version\": 1, ");
    assert!(validate("s.json").starts_with("s.json:1:"));
    place.write("s.json", "");
    validate("s.json");
}

#[test]
fn standard_input_is_a_file_too() {
    let place = Place::new();
    let validate = |text: &str| {
        let mut command = place.command(&["schedule", "validate", "-"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let written = child.stdin.take().unwrap().write_all(text.as_bytes());
        written.unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, stdout, _) = validate(&place.read("config/schedule.json"));
    assert_eq!(code, Some(0));
    assert!(stdout.ends_with("1 rule, 1 target, no fault\n"), "{stdout}");
    let (code, stdout, stderr) = validate(FAULTY);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains(":6:15: rules[0].name: "), "{stderr}");
}

#[test]
fn templates_are_filled_from_the_environment() {
    let scene = Scene::new();
    let mut file = file(json!([rule("nightly", "cron(0 3 * * ? *)")]));
    file["defaults"]["cluster"] = json!("batch-{env:STAGE}");
    scene.place.write("s.json", file.to_string());
    let missing = scene.refused(&["validate", "s.json"], 2);
    assert!(
        missing
            .stderr
            .contains("environment variable `STAGE` of template `{env:STAGE}` is not set"),
        "{}",
        missing.stderr
    );
    let set = ended(scene.command(&["validate", "s.json"]).env("STAGE", "test"));
    assert_eq!(set.code, 0, "{}", set.stderr);
    let applied = ended(
        scene
            .command(&["apply", "--yes", "s.json"])
            .env("STAGE", "test"),
    );
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert_eq!(
        scene.rule("nightly")["Targets"]["worker"]["Arn"],
        "arn:aws:ecs:eu-west-1:123456789012:cluster/batch-test"
    );
}

#[test]
fn offline_nobody_is_asked() {
    let scene = Scene::new();
    scene.done(&["validate", "config/schedule.json"]);
    scene.done(&["next", "config/schedule.json"]);
    assert_eq!(scene.aws.calls().len(), 0);
}

fn validate_at_aws(scene: &Scene, code: i32) -> String {
    let ended = scene.refused(&["validate", "--aws", "s.json"], code);
    assert_eq!(ended.stdout.is_empty(), code == 2, "{}", ended.stdout);
    ended.stderr
}

#[test]
fn what_is_on_aws_is_held_against_the_file() {
    let scene = Scene::new();
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules.clone()).to_string());
    let told = validate_at_aws(&scene, 2);
    assert_eq!(
        told,
        "rule `nightly`, target `worker`: there is no task definition \
         arn:aws:ecs:eu-west-1:123456789012:task-definition/xray-ecs: register it first\n"
    );
    scene.aws.seed_task_definition(task_definition()).unwrap();
    assert_eq!(validate_at_aws(&scene, 0), "");

    let mut elsewhere = file(rules);
    elsewhere["defaults"]["cluster"] = json!("batch");
    scene.place.write("s.json", elsewhere.to_string());
    let told = validate_at_aws(&scene, 2);
    assert!(told.contains("there is no cluster "), "{told}");
    let json = scene.schedule(&["validate", "--aws", "--json", "s.json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["faults"].as_array().unwrap().len(), 1);
    scene.aws.seed_cluster("batch");
    assert_eq!(validate_at_aws(&scene, 0), "");
}

#[test]
fn a_sidecar_that_loses_segments_is_warned_of() {
    let scene = Scene::new();
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules).to_string());
    let mut definition = task_definition();
    let containers = definition["containerDefinitions"].as_array_mut().unwrap();
    containers[0]["essential"] = json!(true);
    let worker = containers[1].as_object_mut().unwrap();
    worker.remove("dependsOn");
    worker.remove("logConfiguration");
    scene.aws.seed_task_definition(definition).unwrap();
    let told = validate_at_aws(&scene, 0);
    let mut lines = told.lines();
    assert!(lines.all(|line| line.starts_with("warning: rule `nightly`, target `worker`: ")));
    for words in [
        "does not log to CloudWatch Logs",
        "`daemon` is essential",
        "depend on START",
    ] {
        assert!(told.contains(words), "no `{words}` in {told}");
    }
}

#[test]
fn rules_for_which_there_is_hardly_room_are_warned_of() {
    let scene = Scene::new();
    for number in 0..270 {
        let rule =
            json!({ "Name": format!("other-{number}"), "ScheduleExpression": "rate(1 day)" });
        scene.aws.seed_rule(rule).unwrap();
    }
    scene.aws.seed_task_definition(task_definition()).unwrap();
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules).to_string());
    let told = validate_at_aws(&scene, 0);
    assert!(
        told.starts_with(
            "warning: the event bus would have 271 rules, and the quota of eu-west-1 is 300"
        ),
        "{told}"
    );
}
