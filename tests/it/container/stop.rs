//! Tasks that are stopped: SIGTERM to the worker, then to the daemon, at many moments.

use std::time::Duration;

use serde_json::Value;

use super::agent::{Ended, Overrides, Task};
use super::forwarder::Turn;
use super::task::{buckets, numbered};
use super::{EMBEDDED, SIDECAR, Scene};

/// S3 takes its time, so that a run is long enough to be stopped in; X-Ray does not.
fn slow_s3(line: &str) -> Turn {
    match line.contains("TraceSegments") {
        true => Turn::Pass,
        false => Turn::Late(Duration::from_millis(50)),
    }
}

/// S3 never answers; X-Ray does.
fn silent_s3(line: &str) -> Turn {
    match line.contains("TraceSegments") {
        true => Turn::Pass,
        false => Turn::Never,
    }
}

/// A run of 40 buckets, four at a time, that reports to S3.
fn overrides(scene: &Scene) -> Overrides {
    let mut overrides = scene.overrides_with(&buckets(&numbered(40)));
    overrides.set("worker", "XRAY_ECS_CONCURRENCY", "4");
    with_report(scene, &mut overrides);
    overrides
}

fn with_report(scene: &Scene, overrides: &mut Overrides) {
    scene.aws.make_bucket("acme-reports");
    overrides.set("worker", "XRAY_ECS_REPORT", "s3://acme-reports/r.json");
}

fn report(scene: &Scene) -> Value {
    serde_json::from_slice(&scene.aws.object("acme-reports", "r.json")).unwrap()
}

/// That every job that was begun has its segment in X-Ray, complete, and the run's own.
fn check(scene: &Scene, ended: &Ended) {
    let report = report(scene);
    let documents = scene.documents();
    let totals = &report["totals"];
    assert_eq!(report["segments"]["sent"], documents.len(), "{totals:#}");
    assert_eq!(report["segments"]["refused"], 0);
    assert_eq!(report["segments"]["dropped"], 0);
    for job in report["jobs"].as_array().unwrap() {
        let traced = documents
            .iter()
            .find(|document| document["trace_id"] == job["trace_id"]);
        match job["attempts"].as_u64() {
            Some(0) | None => assert!(traced.is_none(), "{job:#}"),
            Some(_) => {
                let segment = traced.unwrap_or_else(|| panic!("no segment of {job:#}"));
                assert!(segment["end_time"].is_number(), "{segment:#}");
                assert_eq!(
                    segment["annotations"]["outcome"], job["outcome"],
                    "{segment:#}"
                );
            }
        }
    }
    if let Some(daemon) = ended.find("xray-daemon") {
        assert_eq!(daemon.exit_code, 0, "{:#?}", daemon.lines);
        assert_eq!(ended.order, ["worker", "xray-daemon"]);
        let none = [
            "refused",
            "kernel_dropped",
            "queue_dropped",
            "failed",
            "abandoned",
        ];
        daemon.assert_counts(&none.map(|count| (count, 0)));
    }
}

#[test]
fn at_every_moment_all_that_was_begun_is_told() {
    // After so many jobs have begun; nothing happens at the same time twice, so this is no script.
    for moment in [1, 3, 4, 8, 15, 27, 40] {
        let Some(scene) = Scene::with(slow_s3) else {
            return;
        };
        let task = scene.start(&scene.definition(SIDECAR), &overrides(&scene));
        task.log("worker").wait_for("platform.start", moment);
        let ended = task.stop();
        let code = ended.exit_code();
        let is_over = code == 0 && report(&scene)["totals"]["changed"] == 40;
        assert!(
            code == 3 || is_over,
            "{moment}: {code} {:#?}",
            ended.container("worker").lines
        );
        check(&scene, &ended);
    }
}

#[test]
fn at_the_first_moment_nothing_is_begun_that_is_not_told() {
    let Some(scene) = Scene::with(slow_s3) else {
        return;
    };
    let task = scene.start(&scene.definition(SIDECAR), &overrides(&scene));
    let ended = task.stop();
    let worker = ended.container("worker");
    // Before the program catches the signal it just dies of it.
    assert!([3, 143].contains(&worker.exit_code), "{:#?}", worker.lines);
    assert_eq!(ended.container("xray-daemon").exit_code, 0);
    let begun = worker
        .lines
        .iter()
        .filter(|line| line.contains("platform.start"));
    let documents = scene.documents();
    let of_jobs = documents
        .iter()
        .filter(|document| document["annotations"]["job"].is_string());
    assert_eq!(of_jobs.count(), begun.count(), "{:#?}", worker.lines);
}

#[test]
fn an_s3_that_does_not_answer_holds_up_no_stop() {
    let Some(scene) = Scene::with(silent_s3) else {
        return;
    };
    let mut overrides = scene.overrides_with(&buckets(&numbered(4)));
    // Nor does it take the report.
    overrides.set("worker", "XRAY_ECS_REPORT", "s3://acme-reports/r.json");
    overrides.set("worker", "XRAY_ECS_STOP_BUDGET", "2s");
    let task = scene.start(&scene.definition(SIDECAR), &overrides);
    task.log("worker").wait_for("platform.start", 4);
    let ended = task.stop();
    let worker = ended.container("worker");
    assert_eq!(worker.exit_code, 3, "{:#?}", worker.lines);
    assert!(
        worker
            .lines
            .iter()
            .any(|line| line.contains("report not written")),
        "{:#?}",
        worker.lines
    );
    let documents = scene.documents();
    let ends = documents
        .iter()
        .filter(|document| document["end_time"].is_number());
    assert_eq!(ends.count(), 5, "four jobs and the run: {documents:#?}");
}

#[test]
fn a_worker_that_outstays_its_time_is_killed_and_the_daemon_still_delivers() {
    let Some(scene) = Scene::with(silent_s3) else {
        return;
    };
    let mut definition = scene.definition(SIDECAR);
    definition.container("worker").stop_timeout = 1;
    let mut overrides = scene.overrides_with(&buckets(&numbered(2)));
    overrides.set("worker", "XRAY_ECS_STOP_BUDGET", "60s");
    let task = scene.start(&definition, &overrides);
    task.log("worker").wait_for("platform.start", 2);
    let ended = task.stop();
    assert_eq!(ended.exit_code(), 137);
    assert_eq!(ended.order, ["worker", "xray-daemon"]);
    let daemon = ended.container("xray-daemon");
    assert_eq!(daemon.exit_code, 0);
    daemon.assert_counts(&[("refused", 0), ("failed", 0), ("abandoned", 0)]);
    assert_eq!(daemon.count("sent"), daemon.count("received"));
}

#[test]
fn with_the_daemon_in_the_worker_as_well() {
    let Some(scene) = Scene::with(slow_s3) else {
        return;
    };
    let task = scene.start(&scene.definition(EMBEDDED), &overrides(&scene));
    task.log("worker").wait_for("platform.start", 10);
    let ended = task.stop();
    assert_eq!(
        ended.exit_code(),
        3,
        "{:#?}",
        ended.container("worker").lines
    );
    check(&scene, &ended);
}

#[test]
fn what_a_slow_x_ray_takes_is_waited_for() {
    let late = |line: &str| match line.contains("TraceSegments") {
        true => Turn::Late(Duration::from_secs(2)),
        false => Turn::Late(Duration::from_millis(20)),
    };
    let Some(scene) = Scene::with(late) else {
        return;
    };
    let task = scene.start(&scene.definition(SIDECAR), &overrides(&scene));
    task.log("worker").wait_for("platform.start", 20);
    let ended = task.stop();
    assert_eq!(ended.exit_code(), 3);
    check(&scene, &ended);
}

#[test]
fn a_daemon_whose_x_ray_never_answers_ends_in_time_and_tells_what_is_lost() {
    let never = |line: &str| match line.contains("TraceSegments") {
        true => Turn::Never,
        false => Turn::Pass,
    };
    let Some(scene) = Scene::with(never) else {
        return;
    };
    let mut overrides = overrides(&scene);
    overrides.command("xray-daemon", &["daemon", "--drain-deadline", "2s"]);
    let ended = Task::wait(scene.start(&scene.definition(SIDECAR), &overrides));
    // The job has nothing to do with it.
    assert_eq!(ended.exit_code(), 0);
    let daemon = ended.container("xray-daemon");
    assert_eq!(daemon.exit_code, 0, "{:#?}", daemon.lines);
    daemon.assert_counts(&[("sent", 0), ("failed", 0)]);
    assert!(daemon.count("abandoned") >= 41);
    assert_eq!(daemon.count("abandoned"), daemon.count("received"));
    assert!(
        daemon.lines.iter().any(|line| line.contains("2s")),
        "{:#?}",
        daemon.lines
    );
}
