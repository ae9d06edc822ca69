//! A rule as it is wanted or as it is on AWS: the one model that both sides share, in a form in
//! which what means the same is equal. It is what a diff compares and an apply writes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::Input;

/// The tag that says which schedule file a rule belongs to; its value is the file's `name`.
pub const OWNER_TAG: &str = "xray-ecs:schedule";

/// How long EventBridge tries to start a target's tasks when the target does not say, in seconds
/// (API reference of EventBridge, RetryPolicy).
pub const EVENT_AGE_DEFAULT_S: u32 = 86_400;

/// How often it tries when the target does not say.
pub const RETRY_ATTEMPTS_DEFAULT: u32 = 185;

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rule {
    /// Its name, unique on the event bus.
    #[serde(skip)]
    pub name: String,
    /// The file that it belongs to, as [`OWNER_TAG`] says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it fires, as EventBridge spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The events that fire it too; a schedule file has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_pattern: Option<Value>,
    /// `ENABLED`, `DISABLED`, or another state that EventBridge may have for it.
    pub state: String,
    /// What people read about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// A role of the rule itself, which scheduled rules do not need; a schedule file has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its tags, without [`OWNER_TAG`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What it starts, by the ids of the targets.
    pub targets: BTreeMap<String, Target>,
}

/// What a rule starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Target {
    /// The ARN of the cluster, or on AWS of anything else.
    pub cluster: String,
    /// The role with which EventBridge starts the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The tasks; none where the target is no cluster.
    #[serde(flatten)]
    pub tasks: Option<Tasks>,
    /// What the tasks are given.
    #[serde(flatten)]
    pub input: Input,
    /// How long and how often a start is tried.
    pub retry_policy: RetryPolicy,
    /// The ARN of the queue for firings that could not be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_queue: Option<String>,
    /// What the target has for services other than ECS, by the names of EventBridge's API: it goes
    /// when the target is written.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub of_other_services: BTreeSet<String>,
}

/// How the tasks of a target are started: all of EventBridge's EcsParameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// The ARN of the task definition; without a revision the latest that is active.
    pub task_definition: String,
    /// How many tasks.
    pub task_count: i32,
    /// `EC2`, `FARGATE` or `EXTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// The capacity providers to choose from.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub capacity_providers: BTreeSet<CapacityProvider>,
    /// The network of tasks in `awsvpc` mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The version of Fargate's platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The task group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Where tasks may be placed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub placement_constraints: BTreeSet<PlacementConstraint>,
    /// Which place is preferred, the first word first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Whether `ExecuteCommand` may open a shell in them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enable_execute_command: bool,
    /// Whether ECS tags them with cluster and service.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enable_ecs_managed_tags: bool,
    /// Where else tags come from: `TASK_DEFINITION`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// The caller's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// The tags of the tasks.
    #[serde(rename = "task_tags", skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            task_definition: String::new(),
            task_count: 1,
            launch_type: None,
            capacity_providers: BTreeSet::new(),
            network: None,
            platform_version: None,
            group: None,
            placement_constraints: BTreeSet::new(),
            placement_strategy: Vec::new(),
            enable_execute_command: false,
            enable_ecs_managed_tags: false,
            propagate_tags: None,
            reference_id: None,
            tags: BTreeMap::new(),
        }
    }
}

/// A capacity provider and its share of the tasks.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct CapacityProvider {
    /// Its name, such as `FARGATE_SPOT`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its share of the tasks beyond all bases, beside those of the others.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub weight: i32,
    /// How many tasks it gets before the shares count.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100_000))]
    pub base: i32,
}

/// The network of tasks in `awsvpc` mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The ids of the subnets.
    #[schemars(length(min = 1, max = 16))]
    pub subnets: BTreeSet<String>,
    /// The ids of the security groups; without one, the VPC's default.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = 5))]
    pub security_groups: BTreeSet<String>,
    /// Whether the tasks get public addresses, which only Fargate gives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assign_public_ip: bool,
}

/// Where tasks may be placed.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct PlacementConstraint {
    /// `distinctInstance` or `memberOf`.
    #[schemars(extend("enum" = ["distinctInstance", "memberOf"]))]
    pub r#type: String,
    /// For `memberOf`, in ECS's cluster query language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000))]
    pub expression: Option<String>,
}

/// Which place is preferred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementStrategy {
    /// `random`, `spread` or `binpack`.
    #[schemars(extend("enum" = ["random", "spread", "binpack"]))]
    pub r#type: String,
    /// For `spread` an attribute such as `attribute:ecs.availability-zone`, for `binpack` `cpu` or
    /// `memory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub field: Option<String>,
}

/// How long and how often the start of a target's tasks is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RetryPolicy {
    /// How old a firing may get, in seconds.
    pub maximum_event_age_s: u32,
    /// How often it is tried again.
    pub maximum_retry_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            maximum_event_age_s: EVENT_AGE_DEFAULT_S,
            maximum_retry_attempts: RETRY_ATTEMPTS_DEFAULT,
        }
    }
}

/// Fargate's platform version where none is named.
const PLATFORM_VERSION_DEFAULT: &str = "LATEST";

/// A platform version; the default one is none.
pub(crate) fn platform_version(version: Option<String>) -> Option<String> {
    version.filter(|version| version != PLATFORM_VERSION_DEFAULT)
}

impl Rule {
    /// Whether it fires at all.
    pub fn is_enabled(&self) -> bool {
        self.state != DISABLED
    }

    /// The rule as a diff compares it.
    pub fn meaning(&self) -> Value {
        let value = serde_json::to_value(self);
        debug_assert!(
            value.is_ok(),
            "two rules that cannot be written would seem equal: {value:?}"
        );
        value.unwrap_or_default()
    }
}

/// The state of a rule that fires.
pub const ENABLED: &str = "ENABLED";

/// The state of a rule that does not.
pub const DISABLED: &str = "DISABLED";
