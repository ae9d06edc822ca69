//! `schedule run` with the real worker as the task.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::tasks::Workers;
use super::{ACCOUNT, REGION, file};
use crate::program::Running;

/// A job file of commands; each notes that it ran.
fn jobs(names: &[&str], command: &str) -> String {
    let jobs = names.iter().map(|name| {
        let command = command.replace("NAME", name);
        json!({ "name": name, "type": "command", "command": ["/bin/sh", "-c", command] })
    });
    let jobs: Vec<Value> = jobs.collect();
    json!({ "version": 1, "name": "notes", "jobs": jobs }).to_string()
}

fn write(workers: &Workers, job_file: &str) {
    let rules = json!([{
        "name": "nightly",
        "schedule": "cron(0 3 * * ? *)",
        "targets": [{ "worker": {
            "job_file": job_file,
            "command": ["run", "--allow-command", "--concurrency", "2"],
        } }],
    }]);
    workers.scene.place.write("s.json", file(rules).to_string());
}

const RUN: [&str; 4] = ["run", "s.json", "--interval", "20ms"];

#[test]
fn the_worker_s_log_and_exit_code_are_those_of_the_command() {
    let workers = Workers::new();
    let place = &workers.scene.place;
    write(&workers, "jobs/create-bucket.json");
    let done = workers.scene.done(&RUN);
    assert!(
        done.stdout.contains("create in eu-west-1"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("segments: 2 sent"), "{}", done.stdout);
    assert!(
        done.stdout.contains("REPORT RequestId: "),
        "{}",
        done.stdout
    );

    place.write("failing.json", jobs(&["one"], "exit 3"));
    write(&workers, "failing.json");
    let failed = workers.scene.schedule(&RUN);
    assert_eq!(failed.code, 1, "{}\n{}", failed.stdout, failed.stderr);
    assert!(
        failed.stderr.ends_with("nightly/worker: exit code 1\n"),
        "{}",
        failed.stderr
    );

    place.write("broken.json", "{");
    write(&workers, "broken.json");
    let refused = workers.scene.schedule(&RUN);
    assert_eq!(refused.code, 2, "{}\n{}", refused.stdout, refused.stderr);
    assert!(
        refused.stdout.contains("broken.json:1:"),
        "{}",
        refused.stdout
    );
    // Nobody's firing: each is a run of its own.
    for environment in workers.environments() {
        assert!(
            !environment.contains_key("JOB_RULE_ARN"),
            "{environment:#?}"
        );
        assert_eq!(environment["JOB_TARGET_ID"], "worker");
    }
}

#[test]
fn shards_run_every_job_once_in_one_run() {
    let workers = Workers::new();
    let names: Vec<String> = (0..12).map(|number| format!("job-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = &workers.scene.place;
    place.write("jobs.json", jobs(&names, "echo NAME >> ran.txt"));
    write(&workers, "jobs.json");
    let run = workers.scene.done(&[&RUN[..], &["--shards", "3"]].concat());
    let mut ran: Vec<String> = place.read("ran.txt").lines().map(str::to_owned).collect();
    ran.sort();
    let mut expected = names.clone();
    expected.sort_unstable();
    assert_eq!(ran, expected, "{}", run.stdout);
    for shard in ["1/3", "2/3", "3/3"] {
        assert!(
            run.stdout.contains(&format!("[shard {shard}] ")),
            "{}",
            run.stdout
        );
    }
    let environments = workers.environments();
    assert_eq!(environments.len(), 3);
    let of = |name: &str| -> BTreeSet<String> {
        environments
            .iter()
            .map(|environment| environment[name].clone())
            .collect()
    };
    assert_eq!(of("XRAY_ECS_RUN_ID").len(), 1);
    assert_eq!(of("XRAY_ECS_SHARD").len(), 3);
}

#[test]
fn a_run_that_stands_for_a_firing_has_its_ids() {
    let workers = Workers::new();
    write(&workers, "jobs/create-bucket.json");
    let next = [
        "next",
        "s.json",
        "--from",
        "2026-01-01T00:00:00Z",
        "--count",
        "1",
        "--trace",
        "--json",
    ];
    let next: Value = serde_json::from_str(&workers.scene.done(&next).stdout).unwrap();
    let target = &next[0]["targets"][0];
    let mut rules: Value = serde_json::from_str(&workers.scene.place.read("s.json")).unwrap();
    rules["rules"][0]["targets"][0]["worker"]["environment"] =
        json!({ "XRAY_ECS_REPORT": "r.json" });
    workers.scene.place.write("s.json", rules.to_string());
    workers
        .scene
        .done(&[&RUN[..], &["--firing", "2026-01-01T03:00:00Z"]].concat());
    let report: Value = serde_json::from_str(&workers.scene.place.read("r.json")).unwrap();
    assert_eq!(report["run_id"], target["run_id"]);
    assert_eq!(report["trace_id"], target["trace_id"]);
    assert_eq!(
        workers.environments()[0]["JOB_RULE_ARN"],
        format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly")
    );
}

#[test]
fn a_worker_that_is_stopped_drains_and_the_rest_is_told() {
    let workers = Workers::new();
    let place = &workers.scene.place;
    place.write(
        "jobs.json",
        jobs(&["one", "two", "three"], "echo begun; exec sleep 60"),
    );
    write(&workers, "jobs.json");
    let mut rules: Value = serde_json::from_str(&place.read("s.json")).unwrap();
    rules["rules"][0]["targets"][0]["worker"]["environment"] =
        json!({ "XRAY_ECS_STOP_BUDGET": "1ms" });
    place.write("s.json", rules.to_string());
    let running = Running::start(workers.scene.command(&RUN));
    running.line("START RequestId: ");
    running.signal("INT");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line == "nightly/worker: exit code 3 (UserInitiated: stopped by hand)"),
        "{lines:#?}"
    );
}
