//! An ECS agent for one task: starts its containers in one network namespace in the order that they
//! depend on each other, tells them where they are, minds their health, and stops them in the reverse
//! order when the task is stopped or an essential container ends.

mod ended;
mod endpoint;
mod health;
mod log;
mod options;
mod overrides;
pub(super) mod pause;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::aws::{ACCOUNT, REGION};
use super::definition::{Condition, ContainerDefinition, LaunchType, TaskDefinition};
use super::docker::{LABEL, Removed, docker};
use super::network::Network;
pub(super) use ended::{Ended, EndedContainer};
use health::Health;
pub(super) use log::Log;
pub(super) use overrides::Overrides;

/// A task whose containers run, or have run; they are removed when it is dropped.
pub(super) struct Task {
    definition: TaskDefinition,
    /// Where the log streams are.
    logs: PathBuf,
    pub(super) id: String,
    // In the order in which they must go: the pause container holds the network of the others.
    containers: Vec<Container>,
    pause: Removed,
    volumes: Vec<Removed>,
    network: Arc<Network>,
}

struct Container {
    definition: ContainerDefinition,
    /// When the engine was told to start it.
    started_at: Instant,
    container: Removed,
    log: Log,
    health: Option<Health>,
    credentials_path: String,
}

impl Task {
    /// Starts the containers of a task, with their logs in `logs`.
    pub(super) fn start(
        network: &Arc<Network>,
        logs: &Path,
        definition: &TaskDefinition,
        overrides: &Overrides,
    ) -> Self {
        let id = format!("{:032x}", rand::random::<u128>());
        let mut task = Self {
            network: Arc::clone(network),
            definition: definition.clone(),
            logs: logs.to_owned(),
            pause: pause::start(network.name(), &id),
            id,
            containers: Vec::new(),
            volumes: Vec::new(),
        };
        for volume in &definition.volumes {
            let name = task.volume(&volume.name);
            docker(&["volume", "create", "--label", LABEL, &name]);
            task.volumes.push(Removed::volume(name));
        }
        let definitions = task.definition.clone();
        for container in definitions.in_start_order() {
            for dependency in &container.depends_on {
                match dependency.condition {
                    Condition::Start => {} // the order sees to it
                    Condition::Healthy => task
                        .container(&dependency.container_name)
                        .wait_until_healthy(),
                }
            }
            task.start_container(container, overrides);
        }
        task
    }

    fn start_container(&mut self, definition: &ContainerDefinition, overrides: &Overrides) {
        let metadata_path = format!("/v4/{:032x}", rand::random::<u128>());
        let credentials_path = format!("/v2/credentials/{:032x}", rand::random::<u128>());
        let mut args = vec!["create".to_owned()];
        args.extend(self.options(definition, overrides));
        for (name, value) in
            self.environment(definition, overrides, &metadata_path, &credentials_path)
        {
            args.extend(["--env".to_owned(), format!("{name}={value}")]);
        }
        args.push(definition.image.clone());
        let command = overrides.commands.get(&definition.name);
        args.extend(command.unwrap_or(&definition.command).iter().cloned());
        let container = Removed::container(docker(&args));
        self.announce(
            definition,
            &container.name,
            &metadata_path,
            &credentials_path,
        );
        let started_at = Instant::now();
        docker(&["start", &container.name]);
        let stream = format!("{}.log", self.log_stream(definition));
        let check = definition.health_check.as_ref();
        self.containers.push(Container {
            log: Log::follow(&container.name, self.logs.join(stream)),
            health: check.map(|check| Health::mind(&container.name, check)),
            definition: definition.clone(),
            started_at,
            container,
            credentials_path,
        });
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/batch/{}", self.id)
    }

    fn log_stream(&self, definition: &ContainerDefinition) -> String {
        let prefix = &definition.log_configuration.options["awslogs-stream-prefix"];
        format!("{prefix}/{}/{}", definition.name, self.id)
    }

    fn launch_type(&self) -> LaunchType {
        self.definition.requires_compatibilities[0]
    }

    fn volume(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    fn container(&self, name: &str) -> &Container {
        let mut containers = self.containers.iter();
        containers
            .find(|container| container.definition.name == name)
            .unwrap()
    }

    /// What a container prints.
    pub(super) fn log(&self, container: &str) -> &Log {
        &self.container(container).log
    }

    /// Sends a signal to a container, as from outside of ECS.
    pub(super) fn kill(&self, container: &str, signal: &str) {
        docker(&[
            "kill",
            "--signal",
            signal,
            &self.container(container).container.name,
        ]);
    }

    /// When the engine was told to start a container.
    pub(super) fn started_at(&self, container: &str) -> Instant {
        self.container(container).started_at
    }

    /// Waits until an essential container ends, and stops the others.
    pub(super) fn wait(self) -> Ended {
        let essential: Vec<&str> = self
            .containers
            .iter()
            .filter(|container| container.definition.essential)
            .map(|container| container.container.name.as_str())
            .collect();
        let [essential] = essential[..] else {
            panic!("one essential container, not {essential:?}");
        };
        docker(&["wait", essential]);
        self.stop()
    }

    /// What StopTask does: each container gets SIGTERM once those that depend on it have ended, and
    /// SIGKILL when its time is up.
    pub(super) fn stop(self) -> Ended {
        let order: Vec<&Container> = self.containers.iter().rev().collect();
        for container in order {
            let timeout = container.definition.stop_timeout.to_string();
            docker(&["stop", "--time", &timeout, &container.container.name]);
        }
        self.ended()
    }

    fn ended(&self) -> Ended {
        let mut ends = Vec::new();
        let mut containers = BTreeMap::new();
        for container in &self.containers {
            let state = docker(&[
                "inspect",
                "--format",
                "{{json .State}}",
                &container.container.name,
            ]);
            let state: Value = serde_json::from_str(&state).unwrap();
            let name = container.definition.name.clone();
            ends.push((
                state["FinishedAt"].as_str().unwrap().to_owned(),
                name.clone(),
            ));
            let ended = EndedContainer {
                exit_code: state["ExitCode"].as_i64().unwrap(),
                is_out_of_memory: state["OOMKilled"].as_bool().unwrap(),
                lines: container.log.all(),
                was_healthy: container.health.as_ref().is_some_and(Health::was_good),
                asked_for_credentials: self.network.metadata.was_asked(&container.credentials_path),
            };
            containers.insert(name, ended);
        }
        ends.sort();
        Ended {
            containers,
            order: ends.into_iter().map(|(_, name)| name).collect(),
        }
    }
}

impl Container {
    fn wait_until_healthy(&self) {
        let health = self.health.as_ref().expect("a health check to wait for");
        health.wait_until_healthy(Duration::from_secs(60));
    }
}
