//! A worker with a job kind of its own: `examples/worker.rs`, run as its users run theirs.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Place, ended};

/// The example, which `cargo test` builds beside the program, unless it is told to build less.
fn worker(place: &Place, args: &[&str]) -> Option<Command> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_xray-ecs"));
    let worker = program.parent().unwrap().join("examples/worker");
    if !worker.exists() {
        eprintln!(
            "skipped: {} is not built; cargo test builds it",
            worker.display()
        );
        return None;
    }
    let mut command = Command::new(worker);
    command
        .args(args)
        .current_dir(place.path())
        .env_clear()
        .env("HOME", place.path());
    Some(command)
}

fn job_file(jobs: &Value) -> String {
    json!({ "version": 1, "name": "words", "jobs": jobs,
        "defaults": { "retry": { "base_delay": "1ms", "on": ["any"] } } })
    .to_string()
}

#[test]
fn a_kind_of_its_own_runs_traced_and_reported() {
    let place = Place::new();
    place.write("text", "one two three");
    place.write(
        "jobs.json",
        job_file(&json!([
            { "name": "count", "type": "word-count", "payload": { "path": "text" } },
            { "name": "missing", "type": "word-count", "payload": { "path": "no-such" } }
        ])),
    );
    let Some(mut command) = worker(
        &place,
        &["run", "--local", "--report", "r.json", "jobs.json"],
    ) else {
        return;
    };
    let run = ended(&mut command);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    let [count, missing] = [0, 1].map(|n| &report["jobs"][n]);
    assert_eq!(count["outcome"], "changed");
    assert_eq!(missing["outcome"], "failed");
    assert_eq!(
        missing["attempts"], 1,
        "what is permanent is not tried again"
    );
    let trace = place.run(&[
        "trace",
        count["trace_id"].as_str().unwrap(),
        "--local",
        "--json",
    ]);
    assert!(
        trace.stdout.contains("\\\"output\\\":3"),
        "{}",
        trace.stdout
    );
    assert!(
        trace.stdout.contains("\\\"name\\\":\\\"count\\\""),
        "{}",
        trace.stdout
    );
}

#[test]
fn its_payload_is_checked_and_its_schema_is_printed() {
    let place = Place::new();
    place.write(
        "jobs.json",
        job_file(&json!([
            { "name": "wrong", "type": "word-count", "payload": { "file": "text" } },
            { "name": "typo", "type": "word-cout", "payload": { "path": "text" } }
        ])),
    );
    let Some(mut command) = worker(&place, &["run", "--local", "jobs.json"]) else {
        return;
    };
    let refused = ended(&mut command);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("missing field `path`"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("did you mean `word-count`"),
        "{}",
        refused.stderr
    );
    let Some(mut command) = worker(&place, &["schema", "job"]) else {
        return;
    };
    assert!(ended(&mut command).stdout.contains("word-count"));
}
