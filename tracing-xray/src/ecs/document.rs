//! What the endpoint answers, under ECS's own names. All is optional: agents of many ages answer,
//! and a part that is missing must not cost the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::time::parse_rfc3339;
use crate::clock::Timestamp;

/// A container of the task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "RawContainer")]
pub struct Container {
    /// The runtime's id of the container.
    pub docker_id: Option<String>,
    /// The container's name in the task definition.
    pub name: Option<String>,
    /// The container's name at the runtime.
    pub docker_name: Option<String>,
    /// The image, as the task definition names it.
    pub image: Option<String>,
    /// The digest of the image.
    pub image_id: Option<String>,
    /// The container's ARN.
    pub container_arn: Option<String>,
    /// Its limits.
    pub limits: Option<ContainerLimits>,
    /// When the container was made.
    pub created_at: Option<Timestamp>,
    /// When the container began to run.
    pub started_at: Option<Timestamp>,
    /// The log group, when the log driver is `awslogs`.
    pub log_group: Option<String>,
    /// The log group's region, when the log's options name it.
    pub log_region: Option<String>,
    /// The stream in the log group.
    pub log_stream: Option<String>,
}

/// What a container may use.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ContainerLimits {
    /// CPU units, of which a vCPU has 1024.
    #[serde(rename = "CPU")]
    pub cpu_units: Option<f64>,
    /// Memory in MiB; 0 when only the task is limited.
    #[serde(rename = "Memory")]
    pub memory_mib: Option<u64>,
}

/// The task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Task {
    /// The cluster's ARN or its name.
    pub cluster: Option<String>,
    /// The task's ARN.
    #[serde(rename = "TaskARN")]
    pub task_arn: Option<String>,
    /// The family of the task definition.
    pub family: Option<String>,
    /// The revision of the task definition.
    pub revision: Option<String>,
    /// `FARGATE`, `EC2` or `EXTERNAL`.
    pub launch_type: Option<String>,
    /// The availability zone; on Fargate from platform version 1.4 on.
    pub availability_zone: Option<String>,
    /// What the whole task may use; `None` when it has no limits.
    pub limits: Option<TaskLimits>,
    /// When the first image began to be pulled.
    #[serde(deserialize_with = "time")]
    pub pull_started_at: Option<Timestamp>,
    /// When the last image was pulled.
    #[serde(deserialize_with = "time")]
    pub pull_stopped_at: Option<Timestamp>,
    /// All containers of the task.
    #[serde(deserialize_with = "list")]
    pub containers: Vec<Container>,
}

/// What a task may use.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TaskLimits {
    /// vCPUs.
    #[serde(rename = "CPU")]
    pub vcpus: Option<f64>,
    /// Memory in MiB.
    #[serde(rename = "Memory")]
    pub memory_mib: Option<u64>,
}

impl Task {
    /// The task's id: the last part of its ARN.
    pub fn task_id(&self) -> Option<&str> {
        self.task_arn.as_deref()?.rsplit('/').next()
    }

    /// The cluster's name: the last part of its ARN.
    pub fn cluster_name(&self) -> Option<&str> {
        self.cluster.as_deref()?.rsplit('/').next()
    }
}

/// A container as it is written.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RawContainer {
    docker_id: Option<String>,
    name: Option<String>,
    docker_name: Option<String>,
    image: Option<String>,
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    #[serde(rename = "ContainerARN")]
    container_arn: Option<String>,
    limits: Option<ContainerLimits>,
    #[serde(deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    started_at: Option<Timestamp>,
    log_driver: Option<String>,
    log_options: Option<BTreeMap<String, String>>,
}

impl From<RawContainer> for Container {
    fn from(raw: RawContainer) -> Self {
        let is_awslogs = raw.log_driver.as_deref() == Some("awslogs");
        let mut options = raw.log_options.filter(|_| is_awslogs).unwrap_or_default();
        let mut option = |name| options.remove(name).filter(|value| !value.is_empty());
        Self {
            docker_id: raw.docker_id,
            name: raw.name,
            docker_name: raw.docker_name,
            image: raw.image,
            image_id: raw.image_id,
            container_arn: raw.container_arn,
            limits: raw.limits,
            created_at: raw.created_at,
            started_at: raw.started_at,
            log_group: option("awslogs-group"),
            log_region: option("awslogs-region"),
            log_stream: option("awslogs-stream"),
        }
    }
}

/// No list is an empty one.
fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Option::deserialize(deserializer)?;
    Ok(list.unwrap_or_default())
}

/// A time that is not one, or lies before 1970 as Go's zero time does, is as good as none.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(parse_rfc3339))
}
