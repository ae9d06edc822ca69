//! Jobs that run a program: only when that is allowed, and then traced, timed and retried.

use serde_json::{Value, json};

use crate::program::{Ended, Place, Running};

fn place(jobs: &Value) -> Place {
    let place = Place::new();
    let file = json!({ "version": 1, "name": "commands", "jobs": jobs,
        "defaults": { "retry": { "base_delay": "1ms", "max_delay": "2ms" } } });
    place.write("jobs.json", file.to_string());
    place
}

fn run(place: &Place, args: &[&str]) -> (Ended, Value) {
    let args = [
        &["run", "--allow-command", "--report", "r.json"],
        args,
        &["jobs.json"],
    ]
    .concat();
    let ended = place.run(&args);
    let report = serde_json::from_str(&place.read("r.json")).unwrap();
    (ended, report)
}

#[test]
fn a_command_is_code_and_must_be_allowed() {
    let place =
        place(&json!([{ "name": "touch", "type": "command", "command": ["touch", "here"] }]));
    let refused = place.run(&["run", "--local", "jobs.json"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--allow-command"),
        "{}",
        refused.stderr
    );
    assert!(!place.path().join("here").exists());
    let planned = place.run(&["run", "--local", "--allow-command", "--plan", "jobs.json"]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    assert!(!place.path().join("here").exists(), "a plan runs nothing");
    let allowed = place.run(&["run", "--local", "--allow-command", "jobs.json"]);
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    assert!(place.path().join("here").exists());
}

#[test]
fn a_command_gets_its_input_and_environment_and_joins_the_trace() {
    let place = place(&json!([{
        "name": "child", "type": "command",
        "command": ["sh", "-c", "cat > input; env > environment; echo said"],
        "stdin": "to the child",
        "environment": { "STAGE": "test", "API_TOKEN": "5ecret" }
    }]));
    let (ended, report) = run(&place, &["--local"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(place.read("input"), "to the child");
    let environment = place.read("environment");
    let job = &report["jobs"][0];
    let trace_id = job["trace_id"].as_str().unwrap();
    for line in [
        &*format!("_X_AMZN_TRACE_ID=Root={trace_id};Parent="),
        "AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:",
        "AWS_ENDPOINT_URL_S3=http://127.0.0.1:",
        "STAGE=test",
        "JOB_NAME=child",
    ] {
        assert!(
            environment.lines().any(|got| got.starts_with(line)),
            "{line}: {environment}"
        );
    }
    let trace = place.run(&["trace", trace_id, "--local", "--json"]).stdout;
    assert!(trace.contains("exit_code"), "{trace}");
    assert!(!trace.contains("5ecret"), "a secret is in the trace");
}

#[test]
fn a_failure_is_tried_again_and_told_with_what_the_program_wrote() {
    let place = place(&json!([
        { "name": "third time", "type": "command",
          "command": ["sh", "-c", "echo x >> tries; test $(wc -l < tries) -ge 3"] },
        { "name": "never", "type": "command", "command": ["sh", "-c", "echo no luck >&2; exit 7"],
          "retry": { "max_attempts": 2 } },
        { "name": "missing", "type": "command", "command": ["no-such-program"] }
    ]));
    let (ended, report) = run(&place, &["--local"]);
    assert_eq!(ended.code, 1);
    let job = |n: usize| &report["jobs"][n];
    assert_eq!(
        (job(0)["outcome"].as_str(), job(0)["attempts"].as_u64()),
        (Some("changed"), Some(3))
    );
    assert_eq!(
        (job(1)["outcome"].as_str(), job(1)["attempts"].as_u64()),
        (Some("failed"), Some(2))
    );
    let message = job(1)["error"]["message"].as_str().unwrap();
    assert!(
        message.contains('7') && message.contains("no luck"),
        "{message}"
    );
    assert_eq!(
        job(2)["attempts"],
        1,
        "what cannot start is not tried again"
    );
    assert!(
        job(2)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no-such-program")
    );
}

#[test]
fn a_timeout_ends_the_program_and_its_children() {
    let place = place(&json!([{
        "name": "slow", "type": "command", "timeout": "300ms",
        "command": ["sh", "-c", "sleep 300 & echo $! > pid; wait"]
    }]));
    let (ended, report) = run(&place, &["--local"]);
    assert_eq!(ended.code, 1);
    assert_eq!(report["jobs"][0]["outcome"], "timed_out");
    let pid = place.read("pid");
    let alive = std::process::Command::new("kill")
        .args(["-0", pid.trim()])
        .output()
        .unwrap();
    // A zombie that init has yet to reap is no program any more.
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(!alive.status.success() || state.contains(") Z "), "{state}");
}

#[test]
fn sigterm_waits_for_the_program_and_the_second_ends_it() {
    let place = place(&json!([{
        "name": "slow", "type": "command", "command": ["sh", "-c", "echo $$ > pid; sleep 300"]
    }, { "name": "next", "type": "command", "command": ["true"] }]));
    let mut command = place.command(&[
        "run",
        "--local",
        "--allow-command",
        "--concurrency",
        "1",
        "--report",
        "r.json",
        "jobs.json",
    ]);
    command.stdin(std::process::Stdio::null());
    let run = Running::start(command);
    run.line("START");
    run.signal("TERM");
    run.line("stopping");
    run.signal("TERM");
    let (code, lines) = run.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    assert_eq!(report["jobs"][0]["outcome"], "interrupted");
    assert_eq!(report["jobs"][1]["outcome"], "not_run");
}
