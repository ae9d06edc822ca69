//! `compose.yaml`, with the commands that stand in it.

use std::net::TcpStream;
use std::process::{Command, Output};

use super::docker::image;
use crate::program::repository;

/// A project of Compose, gone when it is dropped.
struct Project {
    name: String,
    image: String,
    local_image: String,
}

impl Project {
    /// `None`, which is told, without images.
    fn new() -> Option<Self> {
        let image = image()?;
        let Ok(local_image) = std::env::var("XRAY_ECS_TEST_LOCAL_IMAGE") else {
            eprintln!(
                "skipped: no image with the local services; docker build -t xray-ecs-local --build-arg \
                 FEATURES=local,schedule . && XRAY_ECS_TEST_LOCAL_IMAGE=xray-ecs-local"
            );
            return None;
        };
        Some(Self {
            name: format!("xray-ecs-test-{:08x}", rand::random::<u32>()),
            image,
            local_image,
        })
    }

    /// Runs compose, of the second version or of the first.
    fn run(&self, args: &[&str]) -> Output {
        let is_plugin = Command::new("docker").args(["compose", "version"]).output();
        let mut command = match is_plugin.is_ok_and(|output| output.status.success()) {
            true => {
                let mut command = Command::new("docker");
                command.arg("compose");
                command
            }
            false => Command::new("docker-compose"),
        };
        command
            .current_dir(repository())
            .args(["--project-name", &self.name])
            .args(args)
            .env("XRAY_ECS_IMAGE", &self.image)
            .env("XRAY_ECS_LOCAL_IMAGE", &self.local_image)
            .env("XRAY_ECS_PORT", "0");
        command.output().unwrap()
    }

    /// The same, which must succeed; answers what it prints.
    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {stdout}{stderr}");
        stdout
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.run(&["down", "--volumes"]);
    }
}

/// The arguments of README's commands, with what a test has otherwise: images that are built, and no
/// terminal.
fn documented() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("docker compose "));
    let words = |command: &str| -> Vec<String> {
        let command = command
            .replace("--build", "--no-build")
            .replace("exec ", "exec -T ");
        command.split(' ').map(str::to_owned).collect()
    };
    commands.map(words).collect()
}

#[test]
fn the_task_runs_on_a_laptop_and_its_traces_stay() {
    let Some(project) = Project::new() else {
        return;
    };
    let documented = documented();
    let [up, local, map] = &documented[..] else {
        panic!("not three commands: {documented:?}");
    };
    let done = |command: &[String]| {
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        project.done(&args)
    };
    let told = done(up);
    assert!(told.contains("job bucket: changed"), "{told}");
    done(local);
    let map = done(map);
    for node in ["bucket creation", "\nxray-ecs-000000000000-us-east-1"] {
        assert!(map.contains(node), "{node}: {map}");
    }
    // In the image from scratch there are time zones, for schedules.
    let next = ["--expression", "rate(1 hour)", "--zone", "Europe/Berlin"];
    let exec = ["exec", "-T", "local", "/xray-ecs", "schedule", "next"];
    let next = project.done(&[&exec[..], &next].concat());
    assert!(next.contains(" CE"), "CET or CEST: {next}");
    // The laptop's port leads to the X-Ray API.
    let port = project.done(&["port", "local", "2080"]);
    assert!(TcpStream::connect(port.trim()).is_ok(), "{port}");
}

#[test]
fn what_cannot_be_run_ends_the_command_with_its_code() {
    let Some(project) = Project::new() else {
        return;
    };
    let run = [
        "run",
        "--rm",
        "-T",
        "-e",
        "JOB_FILE=/jobs/no-such.json",
        "worker",
    ];
    let output = project.run(&run);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
