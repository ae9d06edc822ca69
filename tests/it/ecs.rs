//! On ECS: the task's metadata in the segments, the schedule's parts before the run, JSON logs.

use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};

use crate::metadata::MetadataServer;
use crate::program::{Ended, Place, ended};

/// What the endpoint of task metadata answers for the container and for the task.
fn answers(pulled: &str) -> [Value; 2] {
    let arn = "arn:aws:ecs:eu-west-1:000000000000";
    let container = json!({
        "DockerId": "cd189a933e5849daa93386466019ab50-2495160603",
        "Name": "worker",
        "DockerName": "worker",
        "ContainerARN": format!("{arn}:container/nightly/cd18/0206b271"),
        "LogDriver": "awslogs",
        "LogOptions": {
            "awslogs-group": "/ecs/bucket-runner", "awslogs-region": "eu-west-1",
            "awslogs-stream": "run/worker/cd18"
        },
        "CreatedAt": pulled,
        "StartedAt": pulled,
    });
    let task = json!({
        "Cluster": "nightly",
        "TaskARN": format!("{arn}:task/nightly/cd18"),
        "Family": "bucket-runner",
        "Revision": "7",
        "LaunchType": "FARGATE",
        "AvailabilityZone": "eu-west-1a",
        "PullStartedAt": pulled,
        "PullStoppedAt": pulled,
        "Containers": [],
    });
    [container, task]
}

/// An endpoint of task metadata.
fn endpoint([container, task]: [Value; 2]) -> MetadataServer {
    let server = MetadataServer::start(SocketAddr::from(([127, 0, 0, 1], 0)));
    server.put("/v4/id", container);
    server.put("/v4/id/task", task);
    server
}

fn run(place: &Place, endpoint: SocketAddr, variables: &[(&str, &str)]) -> (Value, Ended) {
    let mut command = place.command(&[
        "run",
        "--local",
        "--trace",
        "run",
        "--report",
        "r.json",
        "jobs/create-bucket.json",
    ]);
    command
        .env(
            "ECS_CONTAINER_METADATA_URI_V4",
            format!("http://{endpoint}/v4/id"),
        )
        .env("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE")
        .env("HOSTNAME", "ip-10-0-0-7")
        .envs(variables.iter().copied());
    let run = ended(&mut command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = serde_json::from_str(&place.read("r.json")).unwrap();
    (report, run)
}

fn documents(place: &Place, report: &Value) -> Vec<Value> {
    let trace_id = report["trace_id"].as_str().unwrap();
    let trace = place.run(&["trace", trace_id, "--local", "--json"]).stdout;
    let trace: Value = serde_json::from_str(&trace).unwrap();
    let segments = trace["Traces"][0]["Segments"].as_array().unwrap().iter();
    segments
        .map(|segment| serde_json::from_str(segment["Document"].as_str().unwrap()).unwrap())
        .collect()
}

#[test]
fn segments_tell_of_the_task_and_the_schedule_of_its_start() {
    let place = Place::new();
    let ago = |seconds| (chrono::Utc::now() - chrono::TimeDelta::seconds(seconds)).to_rfc3339();
    let scheduled = ago(60);
    let endpoint = endpoint(answers(&ago(20)));
    let (report, Ended { stdout, stderr, .. }) = run(
        &place,
        endpoint.address(),
        &[
            (
                "JOB_RULE_ARN",
                "arn:aws:events:eu-west-1:000000000000:rule/nightly",
            ),
            ("JOB_SCHEDULED_TIME", &scheduled),
        ],
    );
    let documents = documents(&place, &report);
    let named = |name: &str| {
        documents
            .iter()
            .find(|document| document["name"] == name)
            .unwrap()
    };
    let job = named("bucket creation");
    assert_eq!(job["origin"], "AWS::ECS::Container");
    let ecs = &job["aws"]["ecs"];
    assert_eq!(ecs["container"], "ip-10-0-0-7");
    assert_eq!(ecs["task_family"], "bucket-runner");
    assert_eq!(
        ecs["cluster_arn"],
        "arn:aws:ecs:eu-west-1:000000000000:cluster/nightly"
    );
    assert_eq!(
        job["aws"]["cloudwatch_logs"][0]["arn"],
        "arn:aws:logs:eu-west-1:000000000000:log-group:/ecs/bucket-runner"
    );
    let parts = named("schedule:nightly")["subsegments"].as_array().unwrap();
    let names: Vec<_> = parts
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["delivery", "image pull", "container start"]);
    let length =
        |part: &Value| part["end_time"].as_f64().unwrap() - part["start_time"].as_f64().unwrap();
    assert!((39.0..45.0).contains(&length(&parts[0])), "{parts:#?}");

    // Every line of the log is JSON, and those of jobs tell the trace.
    let lines: Vec<Value> = stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> = lines
        .iter()
        .filter_map(|line| line["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        ["platform.start", "platform.runtimeDone", "platform.report"],
        "{stderr}"
    );
    let trace_id = report["jobs"][0]["trace_id"].as_str().unwrap();
    assert!(
        lines[0]["record"]["tracing"]["value"]
            .as_str()
            .unwrap()
            .contains(trace_id)
    );
    assert_eq!(lines[2]["record"]["status"], "success");

    // So is the result, which alarms for missing runs count.
    let result = stdout.lines().next().unwrap();
    let result: Value = serde_json::from_str(result).unwrap();
    assert_eq!(result["type"], "run.report");
    let record = &result["record"];
    assert_eq!(record["run_id"], report["run_id"]);
    assert_eq!(record["trace_id"], report["trace_id"]);
    assert_eq!(record["exit_code"], 0);
    assert_eq!(record["totals"], report["totals"]);
    assert_eq!(record["segments"], report["segments"]);
    assert_eq!(record.get("jobs"), None);
}

#[test]
fn an_endpoint_that_does_not_answer_delays_the_start_by_little_and_fails_nothing() {
    let place = Place::new();
    // It accepts, by its backlog, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (report, Ended { stderr, .. }) = run(&place, silent.local_addr().unwrap(), &[]);
    assert_eq!(report["totals"]["changed"], 1);
    assert!(stderr.contains("metadata"), "{stderr}");
    let documents = documents(&place, &report);
    assert!(
        documents
            .iter()
            .all(|document| document["aws"].get("ecs").is_none())
    );
}
