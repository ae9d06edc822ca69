//! A task definition, as far as a schedule must fit it.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

/// A task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskDefinition {
    /// Its ARN with the revision.
    pub arn: String,
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// `awsvpc`, `bridge`, `host` or `none`; on Linux `bridge` unless told.
    pub network_mode: String,
    /// Where it may run: `EC2`, `FARGATE`, `EXTERNAL`.
    pub compatibilities: Vec<String>,
    /// The task's memory in MiB, where it is limited.
    pub memory: Option<i32>,
    /// The containers.
    pub containers: Vec<ContainerDefinition>,
}

/// A container of a task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerDefinition {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Whether the task ends with it.
    pub is_essential: bool,
    /// The arguments of its entry point.
    pub command: Vec<String>,
    /// Its variables.
    pub environment: BTreeMap<String, String>,
    /// Which containers it waits for.
    pub depends_on: Vec<Dependency>,
    /// Its ports: number and protocol.
    pub ports: Vec<(i32, String)>,
    /// How long it may take to stop, in seconds.
    pub stop_timeout_s: Option<i32>,
    /// Whether it has a health check of its own.
    pub has_health_check: bool,
    /// Where its output goes, if that is CloudWatch Logs.
    pub logs: Option<AwsLogs>,
}

/// A container that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub container: String,
    /// `START`, `HEALTHY`, `COMPLETE` or `SUCCESS`.
    pub condition: String,
}

/// Where the log driver `awslogs` writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsLogs {
    /// The log group.
    pub group: String,
    /// The region of the log group.
    pub region: Option<String>,
    /// What the names of streams begin with; without it they are the ids of Docker.
    pub stream_prefix: Option<String>,
}

impl AwsLogs {
    /// The stream of a container of a task (API reference of ECS, LogConfiguration).
    pub fn stream(&self, container: &str, task_arn: &str) -> Option<String> {
        let task = task_arn.rsplit('/').next().unwrap_or(task_arn);
        Some(format!(
            "{}/{container}/{task}",
            self.stream_prefix.as_ref()?
        ))
    }
}

impl TaskDefinition {
    /// The container of this name.
    pub fn container(&self, name: &str) -> Option<&ContainerDefinition> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }

    pub(super) fn of_sdk(definition: sdk::TaskDefinition) -> Self {
        let compatibilities = match definition.requires_compatibilities {
            Some(required) if !required.is_empty() => required,
            _ => definition.compatibilities.unwrap_or_default(),
        };
        let mode = definition.network_mode;
        Self {
            arn: definition.task_definition_arn.unwrap_or_default(),
            status: definition
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            network_mode: mode.map_or("bridge".to_owned(), |mode| mode.as_str().to_owned()),
            compatibilities: compatibilities
                .iter()
                .map(|one| one.as_str().to_owned())
                .collect(),
            memory: definition.memory.and_then(|memory| memory.parse().ok()),
            containers: definition
                .container_definitions
                .unwrap_or_default()
                .into_iter()
                .map(ContainerDefinition::of_sdk)
                .collect(),
        }
    }
}

impl ContainerDefinition {
    fn of_sdk(container: sdk::ContainerDefinition) -> Self {
        let environment = container.environment.unwrap_or_default().into_iter();
        let ports = container.port_mappings.unwrap_or_default().into_iter();
        let dependencies = container.depends_on.unwrap_or_default().into_iter();
        Self {
            name: container.name.unwrap_or_default(),
            image: container.image.unwrap_or_default(),
            is_essential: container.essential.unwrap_or(true),
            command: container.command.unwrap_or_default(),
            environment: environment
                .filter_map(|pair| Some((pair.name?, pair.value?)))
                .collect(),
            depends_on: dependencies
                .map(|one| Dependency {
                    container: one.container_name,
                    condition: one.condition.as_str().to_owned(),
                })
                .collect(),
            ports: ports
                .filter_map(|port| {
                    let protocol = port
                        .protocol
                        .map_or("tcp".to_owned(), |p| p.as_str().to_owned());
                    Some((port.container_port?, protocol))
                })
                .collect(),
            stop_timeout_s: container.stop_timeout,
            has_health_check: container.health_check.is_some(),
            logs: container.log_configuration.and_then(logs_of_sdk),
        }
    }
}

fn logs_of_sdk(configuration: sdk::LogConfiguration) -> Option<AwsLogs> {
    if configuration.log_driver != sdk::LogDriver::Awslogs {
        return None;
    }
    let mut options = configuration.options.unwrap_or_default();
    Some(AwsLogs {
        group: options.remove("awslogs-group")?,
        region: options.remove("awslogs-region"),
        stream_prefix: options.remove("awslogs-stream-prefix"),
    })
}
