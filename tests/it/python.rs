//! Clients of others against `xray-ecs local`: the official SDK for Python, boto3, the AWS CLI.
//!
//! They are those of `XRAY_ECS_TEST_PYTHON`, a Python interpreter that has them; else of `python3`.
//! Without them these tests skip and say so.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::program::{Ended, PATIENCE, Place, ended, interpreter, repository};
use crate::serve::{Served, serve};

/// The interpreter, when it has all that is needed.
pub(crate) fn python() -> Option<PathBuf> {
    interpreter("boto3, awscli, aws_xray_sdk")
}

pub(crate) fn run(mut command: Command, place: &Place, served: &Served) -> Ended {
    command
        .current_dir(place.path())
        .env_clear()
        .env("HOME", place.path())
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_ENDPOINT_URL_S3", &served.s3)
        .env("AWS_ENDPOINT_URL_XRAY", &served.xray)
        .env("AWS_XRAY_DAEMON_ADDRESS", &served.daemon)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let ended = ended(&mut command);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    ended
}

pub(crate) fn script(python: &PathBuf, name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.arg(repository().join("tests/it/python").join(name));
    command.args(args);
    command
}

#[test]
fn the_official_sdk_appears_on_the_map_beside_ours_and_every_client_reads_the_same() {
    let Some(python) = python() else { return };
    let place = Place::new();
    let served = serve(&place);
    let ours = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_eq!(ours.code, 0, "{}", ours.stderr);
    run(
        script(&python, "traced_bucket.py", &["made-by-python"]),
        &place,
        &served,
    );

    let expected = [
        "bucket creation - active True",
        "bucket creation client unknown True",
        "bucket creation run - active True", // its link to the jobs
        "bucket creation run client unknown True",
        "made-by-python AWS::S3::Bucket unknown False",
        "python worker - active True",
        "python worker client unknown True",
        "xray-ecs-000000000000-us-east-1 AWS::S3::Bucket unknown False",
    ];
    // The program has ended before the daemon has uploaded its segment.
    let deadline = Instant::now() + PATIENCE;
    let names = loop {
        let ended = run(script(&python, "service_names.py", &[]), &place, &served);
        let mut names: Vec<String> = ended.stdout.lines().map(str::to_owned).collect();
        names.sort();
        if names.len() >= expected.len() || Instant::now() > deadline {
            break names;
        }
    };
    assert_eq!(names, expected);

    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut cli = Command::new(&python);
    cli.args(["-m", "awscli", "xray", "get-service-graph", "--start-time"])
        .arg((now - 3600).to_string())
        .arg("--end-time")
        .arg((now + 1).to_string());
    let of_cli: Value = serde_json::from_str(&run(cli, &place, &served).stdout).unwrap();
    let of_program = place.run(&["map", "--local", "--json"]);
    let of_program: Value = serde_json::from_str(&of_program.stdout).unwrap();
    let shape = |graph: &Value| {
        let mut shape: Vec<(String, usize, Option<u64>)> = graph["Services"]
            .as_array()
            .unwrap()
            .iter()
            .map(|service| {
                let name = format!("{} {}", service["Name"], service["Type"]);
                let edges = service["Edges"].as_array().unwrap().len();
                (
                    name,
                    edges,
                    service["SummaryStatistics"]["TotalCount"].as_u64(),
                )
            })
            .collect();
        shape.sort();
        shape
    };
    assert_eq!(shape(&of_cli), shape(&of_program));
    assert_eq!(of_program["Services"].as_array().unwrap().len(), 8);
}
