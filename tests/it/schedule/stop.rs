//! `schedule run` of tasks that the test plays: how they end, and how they are stopped.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use fake_aws::{FakeAws, Fault, StartedTask, When};
use serde_json::{Value, json};

use super::{Scene, file, rule, task_definition};
use crate::program::{Ended, PATIENCE, Running, ended};

const RUN: [&str; 4] = ["run", "s.json", "--interval", "10ms"];

/// A scene whose tasks the test plays, one after the other.
pub(super) struct Played {
    pub(super) scene: Scene,
    started: Receiver<StartedTask>,
    last: Mutex<Option<StartedTask>>,
}

impl Played {
    pub(super) fn new() -> Self {
        let (sender, started) = channel();
        let builder = FakeAws::builder().task_runner(move |task| {
            let _ = sender.send(task);
        });
        let scene = Scene::with(builder);
        scene.aws.seed_task_definition(task_definition()).unwrap();
        let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
        scene.place.write("s.json", file(rules).to_string());
        Self {
            scene,
            started,
            last: Mutex::new(None),
        }
    }

    /// Waits for the next task that is started.
    pub(super) fn next(&self) -> StartedTask {
        let task = self.started.recv_timeout(PATIENCE).unwrap();
        *self.last.lock().unwrap() = Some(task.clone());
        task
    }

    /// The task that was last waited for; it is given out once, so that it can end with the test.
    pub(super) fn last(&self) -> StartedTask {
        self.last.lock().unwrap().take().unwrap()
    }

    fn start(&self, args: &[&str]) -> Running {
        Running::start(self.scene.command(&[&RUN[..], args].concat()))
    }
}

/// Runs a rule whose task is played so.
fn played(play: impl Fn(StartedTask) + Send + Sync + 'static, args: &[&str]) -> (Scene, Ended) {
    let scene = Scene::with(FakeAws::builder().task_runner(play));
    scene.aws.seed_task_definition(task_definition()).unwrap();
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules).to_string());
    let ended = scene.schedule(&[&RUN[..], args].concat());
    (scene, ended)
}

#[test]
fn the_log_is_the_result_and_all_else_is_told_beside_it() {
    let play = |task: StartedTask| {
        task.set_pending();
        task.set_running();
        task.log("worker", "first");
        task.log("daemon", "not the worker's");
        task.log("worker", "\u{1b}[31msecond");
        task.finish(0);
    };
    let (scene, run) = played(play, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout.lines().next(), Some("first"));
    assert_eq!(run.stdout.lines().count(), 2);
    // No terminal reads it, so it is what was written.
    assert!(run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
    let arn = scene.aws.tasks()[0]["taskArn"].as_str().unwrap().to_owned();
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], format!("started nightly/worker: {arn}"));
    assert_eq!(lines[lines.len() - 1], "nightly/worker: exit code 0");
    assert_eq!(scene.aws.tasks()[0]["startedBy"], "xray-ecs/nightly");
}

#[test]
fn a_log_of_many_pages_is_shown_to_its_end() {
    let play = |task: StartedTask| {
        task.set_running();
        for number in 0..25 {
            task.log("worker", &format!("line {number}"));
        }
        task.finish(0);
    };
    let scene = Scene::with(FakeAws::builder().log_page_size(4).task_runner(play));
    scene.aws.seed_task_definition(task_definition()).unwrap();
    let rules = json!([rule("nightly", "cron(0 3 * * ? *)")]);
    scene.place.write("s.json", file(rules).to_string());
    let lines: String = (0..25).map(|number| format!("line {number}\n")).collect();
    assert_eq!(scene.done(&RUN).stdout, lines);
}

#[test]
fn the_worker_s_exit_code_is_passed_on() {
    for code in [0, 1, 2, 42, 137] {
        let play = move |task: StartedTask| {
            task.set_running();
            task.finish(code);
        };
        assert_eq!(played(play, &[]).1.code, code);
    }
}

#[test]
fn a_task_that_never_ran_is_told_with_its_reason() {
    let play = |task: StartedTask| {
        task.fail(
            "TaskFailedToStart",
            "CannotPullContainerError: no such image",
        );
    };
    let (_, run) = played(play, &[]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.ends_with(
            "nightly/worker: no exit code (TaskFailedToStart: CannotPullContainerError: no such image)\n"
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn a_task_that_ecs_did_not_start_is_told() {
    let played = Played::new();
    let aws = &played.scene.aws;
    aws.fail("RunTask", Fault::placement(1, "RESOURCE:MEMORY"));
    let run = played.scene.schedule(&RUN);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr
            .starts_with("error: nightly/worker: ECS started no task: RESOURCE:MEMORY"),
        "{}",
        run.stderr
    );
    aws.fail("RunTask", Fault::access_denied());
    let run = played.scene.schedule(&RUN);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr
            .contains("allow ecs:RunTask to these credentials, and for tasks iam:PassRole"),
        "{}",
        run.stderr
    );
    assert_eq!(aws.tasks().len(), 0);
}

#[test]
fn a_call_whose_answer_was_lost_starts_its_task_once() {
    let played = Played::new();
    played.scene.aws.fail("RunTask", Fault::LostAnswer);
    let running = played.start(&["--no-wait"]);
    drop(played.next());
    let (code, lines) = running.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
    assert_eq!(played.scene.aws.tasks().len(), 1);
}

#[test]
fn what_is_not_waited_for_is_told_by_its_arn() {
    let played = Played::new();
    let run = played.scene.schedule(&[&RUN[..], &["--no-wait"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let task = played.next();
    assert_eq!(run.stdout, format!("{}\n", task.arn()));
}

#[test]
fn a_task_that_takes_too_long_is_stopped() {
    let played = Played::new();
    let running = played.start(&["--timeout", "200ms"]);
    let task = played.next();
    task.set_running();
    assert!(task.wait_for_stop(PATIENCE));
    task.finish(143);
    let (code, lines) = running.wait();
    assert_eq!(code, Some(4), "{lines:#?}");
    let stops = played.scene.aws.calls();
    let stop = stops
        .iter()
        .find(|call| call.operation == "StopTask")
        .unwrap();
    assert_eq!(stop.body["task"], task.arn());
    assert_eq!(stop.body["reason"], "its time was over");
}

#[test]
fn a_signal_without_a_terminal_stops_the_task() {
    for (signal, exit) in [("INT", 143), ("TERM", 137)] {
        let played = Played::new();
        let running = played.start(&[]);
        let task = played.next();
        task.set_running();
        running.line("nightly/worker: running");
        running.signal(signal);
        assert!(task.wait_for_stop(PATIENCE));
        task.finish(exit);
        let (code, lines) = running.wait();
        assert_eq!(code, Some(3), "{lines:#?}");
    }
}

#[test]
fn a_second_signal_leaves() {
    let played = Played::new();
    let running = played.start(&[]);
    let task = played.next();
    task.set_running();
    running.line("nightly/worker: running");
    running.signal("INT");
    assert!(task.wait_for_stop(PATIENCE));
    running.signal("INT");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3));
    assert!(
        lines.contains(&format!("may still run: {}", task.arn())),
        "{lines:#?}"
    );
}

#[test]
fn a_task_that_ecs_has_forgotten_is_no_longer_waited_for() {
    let played = Played::new();
    let running = played.start(&[]);
    let task = played.next();
    task.set_running();
    running.line("nightly/worker: running");
    // It ends and is forgotten between two looks, as while a laptop sleeps.
    task.finish(0);
    played.scene.aws.forget_stopped_tasks();
    let (code, lines) = running.wait();
    if lines.iter().any(|line| line.ends_with("exit code 0")) {
        return; // a look came between
    }
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("ECS does not know the task any more")),
        "{lines:#?}"
    );
}

#[test]
fn looks_that_fail_are_tried_again() {
    let played = Played::new();
    let denied = Fault::access_denied();
    played
        .scene
        .aws
        .fail(When::operation("DescribeTasks").times(3), denied);
    let running = played.start(&[]);
    let task = played.next();
    task.set_running();
    running.line("nightly/worker: running");
    task.finish(0);
    assert_eq!(running.wait().0, Some(0));
}

/// All but what is random, in the spelling of the API, of which the SDK leaves out what is empty.
fn comparable(request: &Value) -> Value {
    let mut request = request.clone();
    request.as_object_mut().unwrap().remove("clientToken");
    for container in request["overrides"]["containerOverrides"]
        .as_array_mut()
        .unwrap()
    {
        let variables = container["environment"].as_array_mut().unwrap();
        variables.retain(|variable| variable["name"] != "JOB_EVENT_ID");
        variables.sort_by_key(|variable| variable["name"].as_str().unwrap().to_owned());
    }
    request
}

#[test]
fn a_dry_run_prints_what_would_be_sent_and_asks_nobody() {
    let played = Played::new();
    let mut rules = rule("nightly", "cron(0 3 * * ? *)");
    let target = rules["targets"][0].as_object_mut().unwrap();
    target.extend(json!({
        "task_count": 2,
        "platform_version": "1.4.0",
        "group": "nightly",
        "enable_ecs_managed_tags": true,
        "enable_execute_command": true,
        "propagate_tags": "TASK_DEFINITION",
        "reference_id": "ref",
        "task_tags": { "team": "data" },
        "task": { "cpu": "512", "memory": "1 GB", "ephemeral_storage_gib": 30, "task_role": "worker" },
    }).as_object().unwrap().clone());
    target["worker"] = json!({ "command": ["run", "--plan"], "environment": { "A": "1" }, "cpu": 256,
        "memory": 512, "resource_requirements": { "GPU": "1" },
        "environment_files": ["arn:aws:s3:::acme/worker.env"] });
    played
        .scene
        .place
        .write("s.json", file(json!([rules])).to_string());
    let firing = ["--firing", "2026-01-01T03:00:00Z"];
    let dry = played
        .scene
        .done(&[&RUN[..], &firing, &["--dry-run", "--shards", "2"]].concat());
    assert_eq!(played.scene.aws.calls().len(), 0);
    let dry: Vec<Value> = serde_json::from_str(&dry.stdout).unwrap();
    let sent = played
        .scene
        .done(&[&RUN[..], &firing, &["--no-wait", "--shards", "2"]].concat());
    assert_eq!(sent.stdout.lines().count(), 2);
    let mut calls = played.scene.aws.writes();
    calls.retain(|call| call.operation == "RunTask");
    let mut sent: Vec<Value> = calls.iter().map(|call| comparable(&call.body)).collect();
    sent.sort_by_key(Value::to_string);
    let mut dry: Vec<Value> = dry.iter().map(comparable).collect();
    dry.sort_by_key(Value::to_string);
    assert_eq!(dry, sent);
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_starts() {
    let played = Played::new();
    let rules = json!([rule("a", "cron(0 3 * * ? *)"), rule("b", "rate(1 day)")]);
    played
        .scene
        .place
        .write("two.json", file(rules).to_string());
    for (args, mend) in [
        (
            &["two.json"][..],
            "the file has 2 rules: name one of `a`, `b`",
        ),
        (&["two.json", "c"], "the file has no rule `c`"),
        (
            &["s.json", "--target", "worke"],
            "has no target `worke`, did you mean `worker`?",
        ),
        (
            &["s.json", "--firing", "2026-01-01T03:01:00Z"],
            "does not fire at 2026-01-01 03:01:00 UTC",
        ),
        (&["s.json", "--shards", "0"], "0"),
    ] {
        let refused = played.scene.refused(&[&["run"], args].concat(), 2);
        assert_eq!(refused.stdout, "");
        assert!(refused.stderr.contains(mend), "{}", refused.stderr);
    }
    // A firing in another spelling of the same moment is that firing.
    let dry = [
        "run",
        "s.json",
        "--dry-run",
        "--firing",
        "2026-01-01T04:00:00+01:00",
    ];
    let dry = ended(&mut played.scene.command(&dry));
    assert!(
        dry.stdout.contains("2026-01-01T03:00:00Z"),
        "{}\n{}",
        dry.stdout,
        dry.stderr
    );
}
