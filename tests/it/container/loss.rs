//! Tasks that lose a part: the daemon is killed, or the worker takes too much memory.

use std::time::Duration;

use serde_json::{Value, json};

use super::forwarder::Turn;
use super::task::{buckets, numbered};
use super::{SIDECAR, Scene};

#[test]
fn a_daemon_that_is_killed_takes_nothing_from_the_jobs() {
    let slow = |line: &str| match line.contains("TraceSegments") {
        true => Turn::Pass,
        false => Turn::Late(Duration::from_millis(20)),
    };
    let Some(scene) = Scene::with(slow) else {
        return;
    };
    let mut overrides = scene.overrides_with(&buckets(&numbered(40)));
    overrides.set("worker", "XRAY_ECS_CONCURRENCY", "2");
    overrides.set("worker", "XRAY_ECS_REPORT", "s3://acme-reports/r.json");
    scene.aws.make_bucket("acme-reports");
    let task = scene.start(&scene.definition(SIDECAR), &overrides);
    task.log("worker").wait_for("platform.report", 5);
    task.kill("xray-daemon", "KILL");
    let ended = task.wait();
    assert_eq!(ended.order, ["xray-daemon", "worker"]);
    assert_eq!(ended.container("xray-daemon").exit_code, 137);
    assert_eq!(
        ended.exit_code(),
        0,
        "{:#?}",
        ended.container("worker").lines
    );
    let report: Value =
        serde_json::from_slice(&scene.aws.object("acme-reports", "r.json")).unwrap();
    assert_eq!(report["totals"]["changed"], 40);
    // What went nowhere is told, and counted: nothing is missing in the sum.
    let [sent, refused, dropped] =
        ["sent", "refused", "dropped"].map(|count| report["segments"][count].as_u64().unwrap());
    assert_eq!(sent + refused + dropped, 41, "{}", report["segments"]);
    assert!(refused > 0, "{}", report["segments"]);
    assert!(scene.documents().len() as u64 <= sent);
}

#[test]
fn a_worker_that_takes_too_much_memory_leaves_what_it_did_and_what_it_was_at() {
    // The policy of a bucket has no end: the worker reads until it is killed for it.
    let endless = |line: &str| match line.contains("hungry") && line.contains("?policy") {
        true => Turn::Endless,
        false => Turn::Pass,
    };
    let Some(scene) = Scene::with(endless) else {
        return;
    };
    for bucket in ["acme-modest", "acme-hungry"] {
        scene.aws.make_bucket(bucket);
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-hungry/*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    }]});
    let jobs = json!({ "version": 1, "name": "buckets", "max_concurrency": 1, "jobs": [
        { "name": "modest", "type": "create-bucket", "bucket": "acme-modest" },
        { "name": "hungry", "type": "create-bucket", "bucket": "acme-hungry", "policy": policy, "timeout": "60s" },
    ]});
    let mut definition = scene.definition(SIDECAR);
    let worker = definition.container("worker");
    worker.memory = Some(128);
    worker.memory_reservation = None;
    let ended = scene
        .start(&definition, &scene.overrides_with(&jobs))
        .wait();
    let worker = ended.container("worker");
    assert_eq!(
        (worker.exit_code, worker.is_out_of_memory),
        (137, true),
        "{:#?}",
        worker.lines
    );
    // The daemon is stopped after it, and has delivered what it was told.
    assert_eq!(ended.order, ["worker", "xray-daemon"]);
    assert_eq!(ended.container("xray-daemon").exit_code, 0);
    let documents = scene.documents();
    let of_job = |job: &str| {
        documents
            .iter()
            .find(|document| document["annotations"]["job"] == job)
    };
    assert!(of_job("modest").unwrap()["end_time"].is_number());
    // It was open for so long that it was told of; its end never comes.
    let hungry = of_job("hungry").expect("a segment in progress");
    assert_eq!(hungry["in_progress"], true, "{hungry:#}");
}
