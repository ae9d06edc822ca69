//! What the tasks of a target are given: overrides of their containers, of which some values come
//! from the event of the firing.
//!
//! EventBridge has no field for overrides. They travel as the target's `Input`, or as an input
//! transformer's template when a part of the event goes along, and are an ECS TaskOverride in JSON
//! (API reference of ECS). `input/template.rs` writes and reads that.

mod aws;
mod template;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

pub use aws::TaskEvent;
pub(crate) use template::{Sent, is_of_trigger};

/// The most characters of a target's input, and of the overrides of a task (API references of
/// EventBridge and ECS).
pub const INPUT_LEN_MAX: usize = 8192;

/// What the tasks of a target are given.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Input {
    /// Overrides of the containers and of the task; empty ones are none.
    Overrides(Overrides),
    /// A text or JSON that is none of the overrides of a task.
    Constant {
        /// It.
        input: Value,
    },
    /// A part of the event.
    Path {
        /// Its JSON path.
        input_path: String,
    },
    /// A template that says more than the values of environment variables.
    Transformer {
        /// It, as EventBridge has it.
        input_transformer: Transformer,
    },
}

/// An input transformer as EventBridge has it.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Transformer {
    /// JSON paths in the event, by the names that the template uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    pub paths: BTreeMap<String, String>,
    /// The input, in which `<name>` stands for what is found at the path.
    #[schemars(length(min = 1, max = 8192))]
    pub template: String,
}

/// What differs from the task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Overrides {
    /// By the names of the containers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub containers: BTreeMap<String, ContainerOverrides>,
    /// Of the task as a whole.
    #[serde(skip_serializing_if = "TaskOverrides::is_empty")]
    pub task: TaskOverrides,
}

/// What differs in one container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContainerOverrides {
    /// The arguments of its entry point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Variables beside those of the task definition.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, EnvironmentValue>,
    /// Files with variables: ARNs of objects in S3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment_files: Vec<String>,
    /// CPU units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<i32>,
    /// The hard limit of memory, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i32>,
    /// The soft limit of memory, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<i32>,
    /// Other resources, such as `GPU`: how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub resource_requirements: BTreeMap<String, String>,
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentValue {
    /// This text.
    Text(String),
    /// What the event of the firing has at this JSON path.
    Event(String),
}

/// What differs in the task as a whole.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(default, deny_unknown_fields)]
pub struct TaskOverrides {
    /// CPU units, or virtual CPUs such as `.5 vCPU`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub cpu: Option<String>,
    /// Memory in MiB, or such as `1 GB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub memory: Option<String>,
    /// The ephemeral storage on Fargate, in GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 20, max = 200))]
    pub ephemeral_storage_gib: Option<i32>,
    /// The role of the containers: its name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub task_role: Option<String>,
    /// The role that pulls images and writes logs: its name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub execution_role: Option<String>,
}

impl TaskOverrides {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::Overrides(Overrides::default())
    }
}

impl Input {
    /// The overrides, where it is such.
    pub fn overrides(&self) -> Option<&Overrides> {
        match self {
            Self::Overrides(overrides) => Some(overrides),
            _ => None,
        }
    }
}

/// A text as it is; a path so that no text can be taken for one.
impl Serialize for EnvironmentValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Event(path) => BTreeMap::from([("event", path)]).serialize(serializer),
        }
    }
}

/// The variables by which a task learns which firing started it, and what EventBridge's event
/// (`$.`) or the rule has for them. The worker makes its run's id and trace of them.
///
/// The rule's ARN is a text and no predefined variable of EventBridge: it is known when the rule is
/// written, and so the length of the input is.
pub fn trigger(rule_arn: &str, target_id: &str) -> [(&'static str, EnvironmentValue); 4] {
    [
        (SCHEDULED_TIME, EnvironmentValue::Event("$.time".to_owned())),
        (EVENT_ID, EnvironmentValue::Event("$.id".to_owned())),
        (RULE_ARN, EnvironmentValue::Text(rule_arn.to_owned())),
        (TARGET_ID, EnvironmentValue::Text(target_id.to_owned())),
    ]
}

/// When the schedule wanted the run.
pub const SCHEDULED_TIME: &str = "JOB_SCHEDULED_TIME";
/// EventBridge's id of the event.
pub const EVENT_ID: &str = "JOB_EVENT_ID";
/// The rule.
pub const RULE_ARN: &str = "JOB_RULE_ARN";
/// The target of the rule.
pub const TARGET_ID: &str = "JOB_TARGET_ID";
