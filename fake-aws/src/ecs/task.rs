//! One task: what it was started with, where it is in its life, and how DescribeTasks tells it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::definitions::Definition;
use super::run::RunTask;
use crate::Settings;
use crate::protocol::{uuid, without_nulls};

/// A task.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) arn: String,
    pub(super) id: String,
    pub(super) cluster: String,
    pub(super) family: String,
    pub(super) started_by: Option<String>,
    pub(super) launch_type: String,
    /// What does not change in what DescribeTasks tells.
    fixed: Value,
    tags: Vec<Value>,
    pub(super) last_status: &'static str,
    pub(super) desired_status: &'static str,
    created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) stopping_at: Option<DateTime<Utc>>,
    pub(super) stopped_at: Option<DateTime<Utc>>,
    pub(super) stop_code: Option<String>,
    pub(super) stopped_reason: Option<String>,
    pub(super) containers: Vec<Container>,
    version: u64,
}

/// A container of a task.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) essential: bool,
    pub(super) exit_code: Option<i32>,
    pub(super) stopped: bool,
    /// What does not change.
    fixed: Value,
}

impl Task {
    pub(super) fn new(
        settings: &Settings,
        cluster: &str,
        definition: &Definition,
        wanted: &RunTask,
    ) -> Self {
        let id = uuid().replace('-', "");
        let arn = settings.arn("ecs", &format!("task/{cluster}/{id}"));
        let mut overrides = match &wanted.overrides {
            Some(overrides) => overrides.clone(),
            None => json!({}),
        };
        let size = |member: &str| match &overrides[member] {
            Value::Null => definition.told[member].clone(),
            size => size.clone(),
        };
        let (cpu, memory) = (size("cpu"), size("memory"));
        without_nulls(&mut overrides);
        let launch_type = wanted.launch_type().to_owned();
        let platform = (launch_type == "FARGATE")
            .then(|| wanted.platform_version.as_deref().unwrap_or("1.4.0"));
        let family = definition.family().to_owned();
        let group = wanted.group.clone();
        let fixed = json!({
            "taskArn": arn,
            "clusterArn": settings.arn("ecs", &format!("cluster/{cluster}")),
            "taskDefinitionArn": definition.arn(),
            "group": group.unwrap_or_else(|| format!("family:{family}")),
            "launchType": launch_type,
            "capacityProviderName": wanted.capacity_provider(),
            "platformVersion": platform,
            "enableExecuteCommand": wanted.enable_execute_command,
            "overrides": overrides,
            "cpu": cpu,
            "memory": memory,
            "startedBy": wanted.started_by,
            "availabilityZone": format!("{}a", settings.region),
            "attachments": [],
            "healthStatus": "UNKNOWN",
        });
        let containers = definition
            .containers()
            .iter()
            .enumerate()
            .map(|(index, container)| Container::new(settings, cluster, &id, index, container))
            .collect();
        Self {
            arn,
            id,
            cluster: cluster.to_owned(),
            family,
            started_by: wanted.started_by.clone(),
            launch_type,
            fixed,
            tags: wanted.tags(cluster, definition),
            last_status: "PROVISIONING",
            desired_status: "RUNNING",
            created_at: Utc::now(),
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            containers,
            version: 1,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.last_status == "STOPPED"
    }

    pub(super) fn changed(&mut self) {
        self.version += 1;
    }

    /// What DescribeTasks tells.
    pub(super) fn told(&self, with_tags: bool) -> Value {
        let mut told = self.fixed.clone();
        let times = [
            ("createdAt", Some(self.created_at)),
            ("pullStartedAt", self.started_at),
            ("pullStoppedAt", self.started_at),
            ("startedAt", self.started_at),
            ("stoppingAt", self.stopping_at),
            ("executionStoppedAt", self.stopped_at),
            ("stoppedAt", self.stopped_at),
        ];
        for (member, time) in times {
            told[member] = time.map(timestamp).into();
        }
        told["lastStatus"] = json!(self.last_status);
        told["desiredStatus"] = json!(self.desired_status);
        told["stopCode"] = json!(self.stop_code);
        told["stoppedReason"] = json!(self.stopped_reason);
        told["version"] = json!(self.version);
        let containers = self.containers.iter();
        told["containers"] = containers.map(|container| container.told(self)).collect();
        told["tags"] = if with_tags {
            json!(self.tags)
        } else {
            json!([])
        };
        without_nulls(&mut told);
        told
    }
}

impl Container {
    fn new(
        settings: &Settings,
        cluster: &str,
        task: &str,
        index: usize,
        definition: &Value,
    ) -> Self {
        let arn = settings.arn("ecs", &format!("container/{cluster}/{task}/{}", uuid()));
        let name = definition["name"].as_str().unwrap_or_default();
        Self {
            name: name.to_owned(),
            essential: definition["essential"] != false,
            exit_code: None,
            stopped: false,
            fixed: json!({
                "containerArn": arn,
                "taskArn": settings.arn("ecs", &format!("task/{cluster}/{task}")),
                "name": name,
                "image": definition["image"],
                "runtimeId": format!("{task}-{index:010}"),
                "networkBindings": [],
                "networkInterfaces": [],
                "healthStatus": "UNKNOWN",
                "cpu": definition["cpu"].as_i64().unwrap_or(0).to_string(),
            }),
        }
    }

    pub(super) fn runtime_id(&self) -> &str {
        self.fixed["runtimeId"].as_str().unwrap_or_default()
    }

    fn told(&self, task: &Task) -> Value {
        let mut told = self.fixed.clone();
        let status = if self.stopped {
            "STOPPED"
        } else if task.last_status == "PROVISIONING" {
            "PENDING"
        } else {
            task.last_status
        };
        told["lastStatus"] = json!(status);
        told["exitCode"] = json!(self.exit_code);
        told
    }
}

/// A time as AWS JSON tells it: seconds since 1970.
pub(super) fn timestamp(time: DateTime<Utc>) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of our age fit")]
    let seconds = time.timestamp_millis() as f64 / 1000.0;
    json!(seconds)
}
