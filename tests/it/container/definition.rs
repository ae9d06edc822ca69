//! A task definition, as far as the agent of these tests plays it. What it does not know it refuses, so
//! that nothing in the file goes untested without a word.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What `aws ecs register-task-definition` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TaskDefinition {
    pub(super) family: String,
    pub(super) requires_compatibilities: Vec<LaunchType>,
    /// CPU units; 1024 are a core.
    pub(super) cpu: String,
    /// MiB for all containers together.
    pub(super) memory: String,
    #[serde(default)]
    pub(super) volumes: Vec<Volume>,
    pub(super) container_definitions: Vec<ContainerDefinition>,
    // What there is one way to play for, or none on one machine:
    #[serde(rename = "networkMode")]
    _network_mode: NetworkMode,
    #[serde(rename = "taskRoleArn")]
    _task_role_arn: String,
    #[serde(rename = "executionRoleArn")]
    _execution_role_arn: String,
    #[serde(default, rename = "runtimePlatform")]
    _runtime_platform: Value,
    #[serde(default, rename = "tags")]
    _tags: Value,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum NetworkMode {
    /// All containers in one network namespace with an address of its own.
    Awsvpc,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum LaunchType {
    Fargate,
    Ec2,
}

/// Storage of the task, gone with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Volume {
    pub(super) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ContainerDefinition {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) essential: bool,
    #[serde(default)]
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) environment: Vec<Variable>,
    #[serde(default)]
    pub(super) depends_on: Vec<Dependency>,
    /// Seconds from SIGTERM to SIGKILL.
    pub(super) stop_timeout: u64,
    pub(super) health_check: Option<HealthCheck>,
    pub(super) readonly_root_filesystem: bool,
    pub(super) user: String,
    #[serde(default)]
    pub(super) linux_parameters: LinuxParameters,
    pub(super) log_configuration: LogConfiguration,
    #[serde(default)]
    pub(super) mount_points: Vec<MountPoint>,
    /// CPU units.
    pub(super) cpu: Option<u32>,
    /// The limit in MiB.
    pub(super) memory: Option<u32>,
    /// What it may count on, in MiB.
    pub(super) memory_reservation: Option<u32>,
    // All ports of a network namespace are open within it:
    #[serde(default, rename = "portMappings")]
    _port_mappings: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Dependency {
    pub(super) container_name: String,
    pub(super) condition: Condition,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Condition {
    /// It was started.
    Start,
    /// Its health check passed.
    Healthy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HealthCheck {
    /// `CMD` and the program with its arguments: the image has no shell.
    pub(super) command: Vec<String>,
    /// Seconds between two checks.
    pub(super) interval: u64,
    /// Seconds that one may take.
    pub(super) timeout: u64,
    /// How many in a row make it unhealthy.
    pub(super) retries: u32,
    /// Seconds in which a failure does not count.
    #[serde(default)]
    pub(super) start_period: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LinuxParameters {
    #[serde(default)]
    pub(super) init_process_enabled: bool,
    /// Nothing is added on Fargate, so only what is dropped.
    #[serde(default)]
    pub(super) capabilities: Capabilities,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Capabilities {
    #[serde(default)]
    pub(super) drop: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LogConfiguration {
    #[serde(rename = "logDriver")]
    _log_driver: LogDriver,
    pub(super) options: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum LogDriver {
    Awslogs,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MountPoint {
    pub(super) source_volume: String,
    pub(super) container_path: String,
    #[serde(default)]
    pub(super) read_only: bool,
}

/// The file with a value for each placeholder.
pub(super) fn filled(text: &str) -> Value {
    let text = text
        .replace("${AWS_ACCOUNT_ID}", super::aws::ACCOUNT)
        .replace("${AWS_REGION}", super::aws::REGION)
        .replace("${IMAGE_TAG}", "0.1.0");
    assert!(!text.contains("${"), "{text}");
    serde_json::from_str(&text).unwrap()
}

impl TaskDefinition {
    /// Reads the file, whose placeholders get a value and whose containers get `image`.
    pub(super) fn read(text: &str, image: &str) -> Self {
        let mut definition: Self = serde_json::from_value(filled(text)).unwrap();
        let images: Vec<&str> = definition
            .container_definitions
            .iter()
            .map(|container| container.image.as_str())
            .collect();
        assert!(
            images.windows(2).all(|pair| pair[0] == pair[1]),
            "one image for all containers: {images:?}"
        );
        for container in &mut definition.container_definitions {
            image.clone_into(&mut container.image);
        }
        definition
    }

    /// The containers, each after those that it depends on.
    pub(super) fn in_start_order(&self) -> Vec<&ContainerDefinition> {
        let mut ordered: Vec<&ContainerDefinition> = Vec::new();
        while ordered.len() < self.container_definitions.len() {
            let is_placed = |name: &str| ordered.iter().any(|container| container.name == name);
            let next = self.container_definitions.iter().find(|container| {
                let mut needed = container.depends_on.iter();
                !is_placed(&container.name)
                    && needed.all(|needed| is_placed(&needed.container_name))
            });
            ordered.push(next.expect("containers that wait for each other"));
        }
        ordered
    }

    pub(super) fn container(&mut self, name: &str) -> &mut ContainerDefinition {
        let mut containers = self.container_definitions.iter_mut();
        containers.find(|container| container.name == name).unwrap()
    }
}
