//! Tasks that run to their end.

use serde_json::{Value, json};

use super::{EMBEDDED, Overrides, SIDECAR, Scene};

/// A job file with these buckets.
pub(super) fn buckets(names: &[String]) -> Value {
    let jobs: Vec<Value> = names
        .iter()
        .map(|name| json!({ "name": name, "type": "create-bucket", "bucket": name }))
        .collect();
    json!({ "version": 1, "name": "buckets", "jobs": jobs })
}

pub(super) fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("acme-{number:03}"))
        .collect()
}

/// The job file of the image that config/schedule.json names.
fn of_image(scene: &Scene) -> Overrides {
    let mut overrides = scene.overrides();
    overrides.set("worker", "JOB_FILE", "/jobs/create-bucket.json");
    overrides
}

/// Checks that each bucket is there and has its segment, which tells of the task.
fn check(scene: &Scene, buckets: &[String], task_arn: &str) {
    let documents = scene.documents();
    for bucket in buckets {
        scene.aws.assert_bucket(bucket);
        let segment = documents
            .iter()
            .find(|document| document["annotations"]["bucket"] == bucket.as_str())
            .unwrap_or_else(|| panic!("no segment of {bucket} in {documents:#?}"));
        assert_eq!(segment["origin"], "AWS::ECS::Container");
        assert_eq!(segment["annotations"]["outcome"], "changed");
        assert_eq!(segment["in_progress"], Value::Null);
        let ecs = &segment["aws"]["ecs"];
        assert_eq!(ecs["task_arn"], task_arn);
        assert_eq!(ecs["task_family"], "xray-ecs");
        assert_eq!(ecs["launch_type"], "FARGATE");
        assert_eq!(ecs["container"], "ip-169-254-170-3");
        let logs = segment["aws"]["cloudwatch_logs"][0]["log_group"].as_str();
        assert_eq!(logs, Some("/ecs/xray-ecs"));
    }
}

#[test]
fn a_worker_and_its_daemon_make_buckets_and_every_segment_arrives() {
    let Some(scene) = Scene::new() else { return };
    let names = numbered(20);
    let task = scene.start(
        &scene.definition(SIDECAR),
        &scene.overrides_with(&buckets(&names)),
    );
    let arn = task.arn();
    let ended = task.wait();
    let worker = ended.container("worker");
    assert_eq!(worker.exit_code, 0, "{:#?}", worker.lines);
    assert!(worker.asked_for_credentials);
    check(&scene, &names, &arn);

    // Its log is JSON, line by line, for CloudWatch to search.
    assert!(worker.lines.len() > 40);
    for line in &worker.lines {
        assert!(
            serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()),
            "{line}"
        );
    }
    // The daemon outlives the worker, is asked for its health, and ends well.
    assert_eq!(ended.order, ["worker", "xray-daemon"]);
    let daemon = ended.container("xray-daemon");
    assert_eq!(daemon.exit_code, 0);
    assert!(daemon.was_healthy && daemon.asked_for_credentials);
    daemon.assert_counts(&[("refused", 0), ("kernel_dropped", 0)]);
    // And what showed segments in progress, if the machine was slow.
    assert!(daemon.count("sent") >= 21);
    assert_eq!(daemon.count("sent"), daemon.count("received"));
}

#[test]
fn a_worker_with_the_daemon_in_it_does_the_same() {
    let Some(scene) = Scene::new() else { return };
    let names = numbered(5);
    let task = scene.start(
        &scene.definition(EMBEDDED),
        &scene.overrides_with(&buckets(&names)),
    );
    let arn = task.arn();
    let ended = task.wait();
    assert_eq!(
        ended.exit_code(),
        0,
        "{:#?}",
        ended.container("worker").lines
    );
    check(&scene, &names, &arn);
}

#[test]
fn the_job_file_of_the_schedule_is_in_the_image() {
    let Some(scene) = Scene::new() else { return };
    let ended = scene.run(&of_image(&scene));
    assert_eq!(
        ended.exit_code(),
        0,
        "{:#?}",
        ended.container("worker").lines
    );
    scene.aws.assert_bucket("xray-ecs-000000000000-eu-west-1");
}

#[test]
fn a_job_file_that_is_too_large_for_memory_waits_in_the_one_place_to_write() {
    let Some(scene) = Scene::new() else { return };
    // JSON Lines are spooled to a file while they are read from S3.
    let mut lines = json!({ "version": 1, "name": "many" }).to_string();
    for name in numbered(300) {
        lines += &format!(
            "\n{}",
            json!({ "name": name, "type": "create-bucket", "bucket": name })
        );
    }
    scene
        .aws
        .put_object("acme-jobs", "many.jsonl", lines.as_bytes());
    let mut overrides = scene.overrides();
    overrides.set("worker", "JOB_FILE", "s3://acme-jobs/many.jsonl");
    overrides.set(
        "worker",
        "XRAY_ECS_REPORT",
        "s3://acme-jobs/reports/{run_id}.json",
    );
    overrides.set("worker", "XRAY_ECS_RUN_ID", "r1");
    let ended = scene.run(&overrides);
    assert_eq!(
        ended.exit_code(),
        0,
        "{:#?}",
        ended.container("worker").lines.last()
    );
    let report = scene.aws.object("acme-jobs", "reports/r1.json");
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["totals"]["changed"], 300);
    assert_eq!(scene.documents().len(), 301);
}

#[test]
fn the_workers_exit_code_is_the_tasks() {
    let Some(scene) = Scene::new() else { return };
    // A bucket of somebody else's: the job fails.
    let jobs = json!({ "version": 1, "name": "buckets", "jobs": [
        { "name": "refused", "type": "create-bucket", "bucket": "acme-1", "expected_owner": "999999999999" },
        { "name": "made", "type": "create-bucket", "bucket": "acme-2" },
    ]});
    scene.aws.make_bucket("acme-1");
    let failed = scene.run(&scene.overrides_with(&jobs));
    assert_eq!(
        failed.exit_code(),
        1,
        "{:#?}",
        failed.container("worker").lines
    );
    let documents = scene.documents();
    let faults = documents.iter().filter(|document| {
        document["fault"] == true && document["annotations"]["job"] == "refused"
    });
    assert_eq!(faults.count(), 1, "{documents:#?}");

    // Wrong input: nothing is run, and all of it is told.
    let mut overrides = scene.overrides_with(&buckets(&["Not A Bucket".to_owned()]));
    let refused = scene.run(&overrides);
    assert_eq!(refused.exit_code(), 2);
    overrides = scene.overrides();
    overrides.set("worker", "JOB_TYPE", "create-bucket");
    overrides.set("worker", "JOB_BUCKET", "acme-${AWS_ACCOUNT_ID}");
    overrides.set("worker", "JOB_SCHEDULED_TIME", "<time>");
    let refused = scene.run(&overrides);
    let worker = refused.container("worker");
    assert_eq!(worker.exit_code, 2);
    for variable in ["JOB_BUCKET", "JOB_SCHEDULED_TIME"] {
        assert!(
            worker.lines.iter().any(|line| line.contains(variable)),
            "{:#?}",
            worker.lines
        );
    }
}
