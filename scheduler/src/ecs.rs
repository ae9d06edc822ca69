//! ECS as far as schedules need it: clusters and task definitions to look at, tasks to run, watch
//! and stop.

mod definition;
mod request;
mod task;

use aws_sdk_ecs::Client;
use aws_types::SdkConfig;

use crate::calls::{RemoteError, retries};
use crate::place::Place;

pub use definition::{AwsLogs, ContainerDefinition, Dependency, TaskDefinition};
pub use task::{ContainerState, Failure, Started, TaskState};

/// The most tasks of one DescribeTasks (API reference of ECS).
pub(crate) const DESCRIBE_MAX: usize = 100;

/// ECS in one region; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ecs {
    client: Client,
}

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// `ACTIVE`, or why it is none that starts tasks.
    pub status: String,
    /// The capacity providers that it may use.
    pub capacity_providers: Vec<String>,
}

impl Ecs {
    /// That of `place`, called as `config` says. Nothing is asked before the first call.
    pub fn new(config: &SdkConfig, place: &Place) -> Self {
        let region = aws_sdk_ecs::config::Region::new(place.region.clone());
        let config = aws_sdk_ecs::config::Builder::from(config)
            .region(region)
            .retry_config(retries())
            .build();
        Self {
            client: Client::from_conf(config),
        }
    }

    /// The cluster of this ARN, if there is one.
    ///
    /// # Errors
    /// The call failed.
    pub async fn cluster(&self, arn: &str) -> Result<Option<Cluster>, RemoteError> {
        let answer = self.client.describe_clusters().clusters(arn).send().await;
        let answer =
            answer.map_err(|error| RemoteError::of_sdk("DescribeClusters", Some(arn), &error))?;
        let cluster = answer.clusters.unwrap_or_default().into_iter().next();
        Ok(cluster.map(|cluster| Cluster {
            status: cluster.status.unwrap_or_default(),
            capacity_providers: cluster.capacity_providers.unwrap_or_default(),
        }))
    }

    /// The task definition of this ARN, without a revision the latest that is active; none where
    /// there is none.
    ///
    /// # Errors
    /// The call failed.
    pub async fn task_definition(&self, arn: &str) -> Result<Option<TaskDefinition>, RemoteError> {
        let call = self.client.describe_task_definition();
        match call.task_definition(arn).send().await {
            Ok(answer) => Ok(answer.task_definition.map(TaskDefinition::of_sdk)),
            Err(error) => {
                let error = RemoteError::of_sdk("DescribeTaskDefinition", Some(arn), &error);
                // So says ECS of one that it does not know.
                match error.code.as_deref() {
                    Some("ClientException") => Ok(None),
                    _ => Err(error),
                }
            }
        }
    }
}
