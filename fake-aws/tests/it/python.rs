//! The official SDK for Python against the fake: what it reads proves the shapes.
//!
//! The interpreter is that of `XRAY_ECS_TEST_PYTHON`, else `python3`. Without boto3 this skips and
//! says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use fake_aws::{FakeAws, Fault, When};
use serde_json::json;

use crate::fixture::worker_definition;

/// The interpreter, when it has boto3.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("XRAY_ECS_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let needed = "import sys, boto3; print(sys.executable)";
    let output = Command::new(&python).args(["-c", needed]).output();
    match output {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8(output.stdout).unwrap().trim().into())
        }
        _ => {
            eprintln!(
                "skipped: {} lacks boto3; set XRAY_ECS_TEST_PYTHON",
                python.display()
            );
            None
        }
    }
}

#[test]
fn the_official_sdk_reads_every_answer() {
    let Some(python) = python() else { return };
    let fake = FakeAws::builder()
        .account("210987654321")
        .region("eu-central-1")
        .page_size(2)
        .log_page_size(2)
        .task_runner(|task| {
            task.set_running();
            for line in ["one", "two", "three"] {
                task.log("worker", line);
            }
            task.finish(0);
        })
        .start()
        .unwrap();
    fake.seed_cluster("jobs");
    fake.seed_task_definition(worker_definition()).unwrap();
    // The SDK sends again what was throttled, failed or got no answer.
    fake.fail("PutRule", Fault::throttling());
    fake.fail(When::operation("PutTargets").nth(1), Fault::LostAnswer);
    fake.fail("ListRules", Fault::internal());
    fake.fail("DescribeTaskDefinition", Fault::Reset);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/drive.py");
    let output = Command::new(python)
        .arg(script)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_ENDPOINT_URL", fake.endpoint())
        .env("AWS_DEFAULT_REGION", fake.region())
        .env("AWS_ACCESS_KEY_ID", "AKIDTEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(fake.snapshot(), json!({}));
    let unanswered = fake
        .writes()
        .into_iter()
        .filter(|call| call.status.is_none());
    let unanswered: Vec<String> = unanswered.map(|call| call.operation).collect();
    assert_eq!(unanswered, ["PutTargets"]);
}
