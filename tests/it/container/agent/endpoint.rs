//! What ECS tells a container at its link-local address: metadata of version 4, and credentials of the
//! task's role.

use chrono::SecondsFormat;
use serde_json::json;

use super::super::aws::{ACCOUNT, REGION};
use super::super::definition::{ContainerDefinition, LaunchType};
use super::Task;

impl Task {
    /// Makes the endpoint of metadata and credentials know a container.
    pub(super) fn announce(
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
}
