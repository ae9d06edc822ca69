//! Where on ECS this process runs, from the task metadata endpoint, version 4.
//!
//! The agent answers `GET` at the address in `ECS_CONTAINER_METADATA_URI_V4` for the container, and
//! at `/task` beneath it for the task. Both are asked once, at the start, within a limit: a trace
//! without them is better than a job that begins late. Without the task there is still the container.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let variable = |name: &str| std::env::var(name).ok();
//! let options = match tracing_xray::ecs::metadata(variable, Duration::from_millis(500))? {
//!     Some(metadata) => metadata.layer_options(),
//!     None => Default::default(), // not on ECS
//! };
//! # Ok(())
//! # }
//! ```

mod address;
mod arn;
mod document;
mod get;
mod response;
mod time;

use std::time::{Duration, Instant};

use thiserror::Error;

use crate::layer::LayerOptions;
use crate::segment::{CloudWatchLogs, Ecs, SegmentAws};
use address::Address;
use arn::Arn;
pub use document::{Container, ContainerLimits, Task, TaskLimits};
pub use get::GetError;

/// The variable in which ECS gives the address of the endpoint.
pub const ADDRESS_VARIABLE: &str = "ECS_CONTAINER_METADATA_URI_V4";

/// The longest time that anybody waits for metadata.
const LIMIT_MAX: Duration = Duration::from_secs(60);

/// The origin of a segment that ran on ECS, whatever the launch type: the one that the official
/// SDKs write.
pub const ORIGIN: &str = "AWS::ECS::Container";

/// What ECS says of this process's container and task.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// The container.
    pub container: Container,
    /// The task that the container is a part of; all of it is `None` where `task_error` is not.
    pub task: Task,
    /// Why the task is not known although its container is, in the words of [`MetadataError`].
    pub task_error: Option<String>,
    /// The container's host name, from the variable `HOSTNAME`, which the container's runtime sets.
    pub hostname: Option<String>,
}

/// Why there is no metadata although this is ECS.
#[derive(Debug, Error)]
pub enum MetadataError {
    /// The address cannot be asked.
    #[error(
        "{ADDRESS_VARIABLE}: `{value}` {why}; ECS sets it itself, as in http://169.254.170.2/v4/ID"
    )]
    Address {
        /// What the variable holds.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There was no answer in time, or none that is any good.
    #[error("ask {url} for task metadata: {why}")]
    Get {
        /// What was asked.
        url: String,
        /// What came of it.
        why: GetError,
    },
    /// The answer is not what the endpoint answers.
    #[error("ask {url} for task metadata: no such JSON: {why}")]
    Json {
        /// What was asked.
        url: String,
        /// Where it stops to be.
        why: serde_json::Error,
    },
}

/// Asks the endpoint for the container and its task; `None` when `variable`, which answers a
/// variable's value, has no address: this is not ECS.
///
/// It blocks, for at most `limit` in all, and never longer than a minute; 500 ms is plenty. A refused
/// connection, a broken one and a server's error (5xx, 429) are tried again until then. In an async
/// program, call it before the runtime starts or where blocking is allowed.
///
/// # Errors
/// The address is malformed, or the container's answer did not come in time or is not what it should
/// be. Of the task's answer, [`Metadata::task_error`] tells the same.
pub fn metadata(
    variable: impl Fn(&str) -> Option<String>,
    limit: Duration,
) -> Result<Option<Metadata>, MetadataError> {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    let Some(value) = get(ADDRESS_VARIABLE) else {
        return Ok(None);
    };
    let address = match Address::parse(&value) {
        Ok(address) => address,
        Err(why) => return Err(MetadataError::Address { value, why }),
    };
    let deadline = Instant::now() + limit.min(LIMIT_MAX);
    let container = ask(&address, "", deadline)?;
    let (task, task_error) = match ask(&address, "/task", deadline) {
        Ok(task) => (task, None),
        Err(error) => (Task::default(), Some(error.to_string())),
    };
    Ok(Some(Metadata {
        container,
        task,
        task_error,
        hostname: get("HOSTNAME"),
    }))
}

fn ask<T: serde::de::DeserializeOwned>(
    address: &Address,
    path: &str,
    deadline: Instant,
) -> Result<T, MetadataError> {
    let url = || address.url(path);
    let body =
        get::get(address, path, deadline).map_err(|why| MetadataError::Get { url: url(), why })?;
    serde_json::from_slice(&body).map_err(|why| MetadataError::Json { url: url(), why })
}

impl Metadata {
    /// What the layer writes into every segment: the origin, the container and its log group.
    pub fn layer_options(&self) -> LayerOptions {
        LayerOptions {
            origin: Some(ORIGIN.into()),
            aws: self.segment_aws(),
            ..LayerOptions::default()
        }
    }

    /// The blocks `ecs` and `cloudwatch_logs` of a segment.
    ///
    /// As in the official SDKs `ecs.container` is the host name; where there is none, it is the
    /// container's name.
    pub fn segment_aws(&self) -> SegmentAws {
        let (container, task) = (&self.container, &self.task);
        let logs = container
            .log_group
            .as_ref()
            .map(|log_group| CloudWatchLogs {
                log_group: Some(log_group.clone()),
                arn: self.log_group_arn(),
            });
        SegmentAws {
            ecs: Some(Ecs {
                container: self.hostname.clone().or_else(|| container.name.clone()),
                container_id: container.docker_id.clone(),
                container_arn: container.container_arn.clone(),
                cluster_arn: self.cluster_arn(),
                task_arn: task.task_arn.clone(),
                task_family: task.family.clone(),
                launch_type: task.launch_type.clone(),
                availability_zone: task.availability_zone.clone(),
            }),
            cloudwatch_logs: logs.into_iter().collect(),
            ..SegmentAws::default()
        }
    }

    /// The region that the task runs in.
    pub fn region(&self) -> Option<&str> {
        self.arn().map(|arn| arn.region)
    }

    /// The account that the task runs in.
    pub fn account_id(&self) -> Option<&str> {
        self.arn().map(|arn| arn.account_id)
    }

    /// The cluster's ARN; the endpoint gives that or only the cluster's name.
    pub fn cluster_arn(&self) -> Option<String> {
        let cluster = self.task.cluster.as_deref()?;
        if Arn::parse(cluster).is_some() {
            return Some(cluster.to_owned());
        }
        let arn = self.arn()?;
        Some(arn.sibling("ecs", arn.region, &format!("cluster/{cluster}")))
    }

    /// The ARN of the log group of the driver `awslogs`. It is in the task's own account, and in the
    /// task's region unless the log's options name another.
    pub fn log_group_arn(&self) -> Option<String> {
        let log_group = self.container.log_group.as_deref()?;
        let arn = self.arn()?;
        let region = self.container.log_region.as_deref().unwrap_or(arn.region);
        Some(arn.sibling("logs", region, &format!("log-group:{log_group}")))
    }

    /// The ARN that tells partition, region and account.
    fn arn(&self) -> Option<Arn<'_>> {
        let known = [&self.container.container_arn, &self.task.task_arn];
        known
            .into_iter()
            .flatten()
            .find_map(|text| Arn::parse(text))
    }
}

#[cfg(test)]
mod tests;
