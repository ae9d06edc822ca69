//! An ECS agent for one task: starts its containers in one network namespace in the order that they
//! depend on each other, tells them where they are, minds their health, and stops them in the reverse
//! order when the task is stopped or an essential container ends.

mod health;
mod log;
pub(super) mod pause;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::aws::{ACCOUNT, REGION};
use super::definition::{Condition, ContainerDefinition, LaunchType, TaskDefinition};
use super::docker::{attempt, docker};
use super::network::{HOST, Network};
use health::Health;
pub(super) use log::Log;

/// What RunTask changes of a task definition.
#[derive(Clone, Default)]
pub(super) struct Overrides {
    environment: BTreeMap<String, BTreeMap<String, String>>,
    commands: BTreeMap<String, Vec<String>>,
    /// Files of this machine that a container sees, read-only, and where.
    files: Vec<(String, String, String)>,
}

impl Overrides {
    /// Sets a variable of a container.
    pub(super) fn set(&mut self, container: &str, name: &str, value: &str) {
        let environment = self.environment.entry(container.to_owned()).or_default();
        environment.insert(name.to_owned(), value.to_owned());
    }

    /// Sets the command of a container.
    pub(super) fn command(&mut self, container: &str, command: &[&str]) {
        let command = command.iter().map(|&word| word.to_owned()).collect();
        self.commands.insert(container.to_owned(), command);
    }

    /// Shows a file to a container, as a volume would.
    pub(super) fn file(&mut self, container: &str, from: &str, path: &str) {
        self.files
            .push((container.to_owned(), from.to_owned(), path.to_owned()));
    }
}

/// A task whose containers run, or have run; they are removed when it is dropped.
pub(super) struct Task {
    network: Arc<Network>,
    definition: TaskDefinition,
    /// Where the log streams are.
    logs: PathBuf,
    pub(super) id: String,
    pause: String,
    containers: Vec<Container>,
}

struct Container {
    definition: ContainerDefinition,
    /// When the engine was told to start it.
    started_at: Instant,
    docker_id: String,
    log: Log,
    health: Option<Health>,
    credentials_path: String,
}

/// How a task ended.
#[derive(Debug)]
pub(super) struct Ended {
    containers: BTreeMap<String, EndedContainer>,
    /// The containers in the order in which they ended.
    pub(super) order: Vec<String>,
}

/// How a container ended.
#[derive(Debug)]
pub(super) struct EndedContainer {
    pub(super) exit_code: i64,
    pub(super) is_out_of_memory: bool,
    /// What it printed.
    pub(super) lines: Vec<String>,
    /// Whether its health check passed, and never failed too often.
    pub(super) was_healthy: bool,
    /// Whether it asked for the task role's credentials.
    pub(super) asked_for_credentials: bool,
}

impl Ended {
    pub(super) fn container(&self, name: &str) -> &EndedContainer {
        &self.containers[name]
    }

    pub(super) fn find(&self, name: &str) -> Option<&EndedContainer> {
        self.containers.get(name)
    }

    /// That of the worker.
    pub(super) fn exit_code(&self) -> i64 {
        self.container("worker").exit_code
    }
}

impl EndedContainer {
    /// Checks the counts in the daemon's last line.
    pub(super) fn assert_counts(&self, counts: &[(&str, usize)]) {
        let last = self.lines.last().expect("a last line");
        for (name, count) in counts {
            let told = format!("{name}={count}");
            assert!(last.split(' ').any(|word| word == told), "{told}: {last}");
        }
    }
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
        };
        for volume in &definition.volumes {
            docker(&["volume", "create", &task.volume(&volume.name)]);
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
        let metadata_path = format!(
            "/v4/{:032x}-{}",
            rand::random::<u128>(),
            definition.name.len()
        );
        let credentials_path = format!("/v2/credentials/{:032x}", rand::random::<u128>());
        let name = format!("{}-{}", self.id, definition.name);
        let mut args: Vec<String> = ["create", "--network"].map(str::to_owned).into();
        args.push(format!("container:{}", self.pause));
        args.extend(["--name".to_owned(), name]);
        args.extend(self.limits(definition));
        args.extend(["--user".to_owned(), definition.user.clone()]);
        if definition.readonly_root_filesystem {
            args.push("--read-only".to_owned());
        }
        if definition.linux_parameters.init_process_enabled {
            args.push("--init".to_owned());
        }
        for capability in &definition.linux_parameters.capabilities.drop {
            args.extend(["--cap-drop".to_owned(), capability.clone()]);
        }
        for mount in &definition.mount_points {
            let access = if mount.read_only { "ro" } else { "rw" };
            let volume = self.volume(&mount.source_volume);
            args.extend([
                "--volume".to_owned(),
                format!("{volume}:{}:{access}", mount.container_path),
            ]);
        }
        for (_, from, path) in overrides
            .files
            .iter()
            .filter(|(container, ..)| *container == definition.name)
        {
            args.extend(["--volume".to_owned(), format!("{from}:{path}:ro")]);
        }
        for (name, value) in
            self.environment(definition, overrides, &metadata_path, &credentials_path)
        {
            args.extend(["--env".to_owned(), format!("{name}={value}")]);
        }
        args.push(definition.image.clone());
        args.extend(
            overrides
                .commands
                .get(&definition.name)
                .unwrap_or(&definition.command)
                .iter()
                .cloned(),
        );
        let docker_id = docker(&args);
        self.announce(definition, &docker_id, &metadata_path, &credentials_path);
        let started_at = Instant::now();
        docker(&["start", &docker_id]);
        let stream = format!("{}.log", self.log_stream(definition));
        self.containers.push(Container {
            log: Log::follow(&docker_id, self.logs.join(stream)),
            health: definition
                .health_check
                .as_ref()
                .map(|check| Health::mind(&docker_id, check)),
            definition: definition.clone(),
            started_at,
            docker_id,
            credentials_path,
        });
    }

    /// A container's own limit, else the task's: here no container may take what is another's.
    fn limits(&self, definition: &ContainerDefinition) -> Vec<String> {
        let memory = definition
            .memory
            .map_or(self.definition.memory.clone(), |memory| memory.to_string());
        let mut limits = vec!["--memory".to_owned(), format!("{memory}m")];
        limits.extend(["--memory-swap".to_owned(), format!("{memory}m")]);
        if let Some(reservation) = definition.memory_reservation {
            limits.extend(["--memory-reservation".to_owned(), format!("{reservation}m")]);
        }
        if let Some(cpu) = definition.cpu {
            limits.extend(["--cpu-shares".to_owned(), cpu.to_string()]);
        }
        let cores = self.definition.cpu.parse::<f64>().unwrap() / 1024.0;
        limits.extend(["--cpus".to_owned(), cores.to_string()]);
        limits
    }

    /// What the definition and the overrides say, and what ECS adds.
    fn environment(
        &self,
        definition: &ContainerDefinition,
        overrides: &Overrides,
        metadata_path: &str,
        credentials_path: &str,
    ) -> BTreeMap<String, String> {
        let mut environment: BTreeMap<String, String> = definition
            .environment
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.clone()))
            .collect();
        let overridden = overrides
            .environment
            .get(&definition.name)
            .into_iter()
            .flatten();
        environment.extend(overridden.map(|(name, value)| (name.clone(), value.clone())));
        let execution = match self.launch_type() {
            LaunchType::Fargate => "AWS_ECS_FARGATE",
            LaunchType::Ec2 => "AWS_ECS_EC2",
        };
        let of_ecs = [
            (
                "ECS_CONTAINER_METADATA_URI_V4",
                format!("http://{HOST}{metadata_path}"),
            ),
            (
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                credentials_path.to_owned(),
            ),
            ("AWS_EXECUTION_ENV", execution.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ];
        environment.extend(of_ecs.map(|(name, value)| (name.to_owned(), value)));
        environment
    }

    /// Makes the endpoint of metadata and credentials know a container.
    fn announce(
        &self,
        definition: &ContainerDefinition,
        docker_id: &str,
        metadata_path: &str,
        credentials_path: &str,
    ) {
        let now = chrono::Utc::now();
        let arn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}");
        let container = json!({
            "DockerId": docker_id,
            "Name": definition.name,
            "DockerName": definition.name,
            "Image": definition.image,
            "ContainerARN": format!("{arn}:container/batch/{}/{docker_id}", self.id),
            "Type": "NORMAL",
            "LogDriver": "awslogs",
            "LogOptions": {
                "awslogs-group": definition.log_configuration.options["awslogs-group"],
                "awslogs-region": definition.log_configuration.options["awslogs-region"],
                "awslogs-stream": self.log_stream(definition),
            },
            "CreatedAt": now,
            "StartedAt": now,
            "DesiredStatus": "RUNNING",
            "KnownStatus": "RUNNING",
        });
        let task = json!({
            "Cluster": format!("{arn}:cluster/batch"),
            "TaskARN": self.arn(),
            "Family": self.definition.family,
            "Revision": "1",
            "LaunchType": if self.launch_type() == LaunchType::Fargate { "FARGATE" } else { "EC2" },
            "AvailabilityZone": format!("{REGION}a"),
            "PullStartedAt": now,
            "PullStoppedAt": now,
            "Containers": [container],
        });
        let credentials = json!({
            "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/xray-ecs-task"),
            "AccessKeyId": "ASIATASK",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": (now + chrono::TimeDelta::hours(6)).to_rfc3339_opts(SecondsFormat::Secs, true),
        });
        let metadata = &self.network.metadata;
        metadata.put(metadata_path, container);
        metadata.put(&format!("{metadata_path}/task"), task);
        metadata.put(credentials_path, credentials);
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
            &self.container(container).docker_id,
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
            .map(|container| container.docker_id.as_str())
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
            docker(&["stop", "--time", &timeout, &container.docker_id]);
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
                &container.docker_id,
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

impl Drop for Task {
    fn drop(&mut self) {
        let containers = self
            .containers
            .iter()
            .map(|container| container.docker_id.clone());
        for id in containers.chain([self.pause.clone()]) {
            let _ = attempt(&["rm", "--force", "--volumes", &id]);
        }
        for volume in &self.definition.volumes {
            let _ = attempt(&["volume", "rm", &self.volume(&volume.name)]);
        }
    }
}

impl Container {
    fn wait_until_healthy(&self) {
        let health = self.health.as_ref().expect("a health check to wait for");
        health.wait_until_healthy(Duration::from_secs(60));
    }
}
