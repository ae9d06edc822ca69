//! From the schedule to the map: `config/schedule.json` is applied, and what it starts is the image.

use std::path::PathBuf;
use std::sync::Arc;

use fake_aws::{FakeAws, StartedTask};
use serde_json::Value;

use super::aws::{ACCOUNT, REGION};
use super::definition::TaskDefinition;
use super::network::Network;
use super::{Overrides, SIDECAR, Scene, Task};
use crate::program::{PATIENCE, ended};

/// What a task of the fake ECS needs to be one of containers.
struct Runner {
    network: Arc<Network>,
    logs: PathBuf,
    definition: TaskDefinition,
    overrides: Overrides,
}

impl Runner {
    /// Runs a task to its end, or until it is stopped.
    fn run(&self, started: &StartedTask) {
        let mut overrides = self.overrides.clone();
        for (name, value) in started.environment("worker") {
            overrides.set("worker", &name, &value);
        }
        let task = Task::start(&self.network, &self.logs, &self.definition, &overrides);
        started.set_running();
        let ended = task.wait();
        for line in &ended.container("worker").lines {
            started.log("worker", line);
        }
        started.finish(i32::try_from(ended.exit_code()).unwrap());
    }
}

#[test]
fn what_the_schedule_starts_is_seen_on_the_map() {
    let Some(scene) = Scene::new() else { return };
    let runner = Runner {
        network: Arc::clone(&scene.network),
        logs: scene.place.path().join("logs"),
        definition: scene.definition(SIDECAR),
        overrides: scene.overrides(),
    };
    let builder = FakeAws::builder().account(ACCOUNT).region(REGION);
    let aws = builder
        .task_runner(move |task| runner.run(&task))
        .start()
        .unwrap();
    aws.seed_cluster("xray-ecs");
    let definition = super::definition::filled(&scene.place.read(SIDECAR));
    aws.seed_task_definition(definition).unwrap();
    scene.aws.make_bucket("xray-ecs-reports-000000000000");
    let schedule = |args: &[&str]| {
        let mut command = scene.place.command(&[&["schedule"], args].concat());
        command
            .env("AWS_ENDPOINT_URL", aws.endpoint())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCOUNT_ID", ACCOUNT)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("SUBNET_A", "subnet-0a1b2c3d")
            .env("SUBNET_B", "subnet-0b1c2d3e")
            .env("SECURITY_GROUP", "sg-0a1b2c3d");
        let ended = ended(&mut command);
        assert_eq!(
            ended.code, 0,
            "{args:?}: {}\n{}",
            ended.stdout, ended.stderr
        );
        ended.stdout + &ended.stderr
    };
    schedule(&["apply", "config/schedule.json", "--yes"]);
    let told = schedule(&["run", "config/schedule.json"]);
    assert!(told.contains("run.report"), "{told}");

    // The rule's own firing, twice, as EventBridge may deliver it: one run, whose trace begins with it.
    let time = chrono::Utc::now();
    for _ in 0..2 {
        aws.fire("nightly-buckets", time);
    }
    let all_ended = |tasks: &[Value]| {
        tasks.len() == 3 && tasks.iter().all(|task| task["lastStatus"] == "STOPPED")
    };
    let patience = aws.wait_for_tasks(PATIENCE, all_ended);
    assert!(all_ended(&patience), "{patience:#?}");
    let documents = scene.documents();
    let named = |name: &str| {
        documents
            .iter()
            .filter(|document| document["name"] == name)
            .count()
    };
    assert_eq!(named("schedule:nightly-buckets"), 1, "{documents:#?}");
    assert_eq!(
        named("bucket creation"),
        2,
        "by hand, and by the firing that came first"
    );

    let map = scene.place.run(&["map", "--local"]);
    assert_eq!(map.code, 0, "{}", map.stderr);
    for node in ["bucket creation", "S3 xray-ecs-000000000000-eu-west-1"] {
        assert!(map.stdout.contains(node), "{node}: {}", map.stdout);
    }
}
