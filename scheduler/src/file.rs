//! The schedule file: rules and what they start, as people write them. The JSON Schema comes from
//! these types, and what it lets pass they read.
//!
//! ```text
//! text ─► JSON ─► schema ─► defaults ─► templates ─► fields ─► checks ─► Rule, as it goes to AWS
//! Rule ─► fields ─► text                                                (dump)
//! ```

mod check;
mod read;
#[cfg(test)]
mod tests;
mod unfilled;
mod write;

use std::collections::BTreeMap;

use checked_json::DurationText;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::input::{TaskOverrides, Transformer};
use crate::rule::{CapacityProvider, Network, PlacementConstraint, PlacementStrategy};

pub use read::{CheckedFile, Context, read};
pub use write::{Written, write};

/// The container whose overrides `worker` has unless it names another.
pub const WORKER_CONTAINER: &str = "worker";

/// The id of a target that names none.
pub const TARGET_ID_DEFAULT: &str = "worker";

/// The JSON Schema (draft 2020-12) of the schedule file, for editors.
pub fn schema() -> Value {
    let mut schema = checked_json::schema::schema_for::<FileFields>();
    checked_json::schema::allow_templates(&mut schema);
    checked_json::schema::publish(&mut schema);
    schema
}

/// Rules of EventBridge that start tasks on ECS.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Schedule file of xray-ecs", transform = required_of_file)]
pub(crate) struct FileFields {
    /// The schema that an editor checks the file with; not read here.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<String>,
    /// The version of the schedule file.
    #[schemars(extend("const" = 1, "x-wanted" = "1, the version that this program reads", "x-give" = "`\"version\": 1`"))]
    pub(crate) version: Option<u32>,
    /// The schedule's name: it stands in the tag `xray-ecs:schedule` of each rule and says that the
    /// rule belongs to this file.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9._:/=+@-]+$"), extend("x-plain" = true, "x-give" = "the schedule a name, such as `nightly`", "x-wanted" = "1 to 128 letters, digits and `. _ : / = + @ -`", "examples" = ["nightly"]))]
    pub(crate) name: Option<String>,
    /// The region of the rules; without it that of AWS_REGION or the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z]{2,4}(-[a-z]+)+-[0-9]+$"), extend("x-wanted" = "a region such as `eu-west-1`"))]
    pub(crate) region: Option<String>,
    /// The account of the rules; without it that of AWS_ACCOUNT_ID or of the credentials. With it, the
    /// credentials must be of this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]{12}$"), extend("x-wanted" = "the twelve digits of an account, as text"))]
    pub(crate) account: Option<String>,
    /// Tags of every rule; those of a rule go before them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// Fields of targets, for targets that do not give them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) defaults: Option<DefaultFields>,
    /// The rules.
    #[schemars(length(min = 1, max = 300), extend("x-give" = "at least one rule"))]
    pub(crate) rules: Option<Vec<RuleFields>>,
}

/// Fields of targets, for targets that do not give them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DefaultFields(TargetFields);

/// One rule: when, and what it starts.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Rule", transform = required_of_rule)]
pub(crate) struct RuleFields {
    /// The rule's name, unique in its account and region.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[.\-_A-Za-z0-9]+$"), extend("x-give" = "the rule a name of its own", "x-wanted" = "1 to 64 letters, digits and `. - _`", "examples" = ["nightly-buckets"]))]
    pub(crate) name: Option<String>,
    /// When it fires, in UTC: `cron(minutes hours day-of-month month day-of-week year)` or `rate(1
    /// hour)`.
    #[schemars(extend("x-plain" = true, "x-give" = "a schedule such as `cron(0 3 * * ? *)` or `rate(1 hour)`", "examples" = ["cron(0 3 * * ? *)", "rate(1 hour)"]))]
    pub(crate) schedule: Option<String>,
    /// Whether it fires. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    /// What people read about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub(crate) description: Option<String>,
    /// The rule's tags, beside those of the file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// What it starts.
    #[schemars(length(min = 1, max = 5), extend("x-give" = "at least one target"))]
    pub(crate) targets: Option<Vec<TargetFields>>,
}

/// Tasks on a cluster, and what they are given.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Target", transform = required_of_target)]
pub(crate) struct TargetFields {
    /// The target's id, unique in its rule. Default `worker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[.\-_A-Za-z0-9]+$"), extend("x-wanted" = "1 to 64 letters, digits and `. - _`"))]
    pub(crate) id: Option<String>,
    /// The cluster: its name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) cluster: Option<String>,
    /// The task definition: `family` for the latest that is active, `family:revision`, or an ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) task_definition: Option<String>,
    /// The role with which EventBridge starts the tasks: its name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-give" = "the role with which EventBridge starts the tasks, such as `ecsEventsRole`"))]
    pub(crate) role: Option<String>,
    /// How many tasks. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub(crate) task_count: Option<i32>,
    /// Where the tasks run. A capacity provider says it in another way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["EC2", "FARGATE", "EXTERNAL"]))]
    pub(crate) launch_type: Option<String>,
    /// Capacity providers and their shares of the tasks, instead of a launch type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 6))]
    pub(crate) capacity_providers: Option<Vec<CapacityProvider>>,
    /// The network of tasks in `awsvpc` mode, which those on Fargate are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<Network>,
    /// The version of Fargate's platform. Default LATEST.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) platform_version: Option<String>,
    /// The task group. Default: the family.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub(crate) group: Option<String>,
    /// Where tasks may be placed; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10))]
    pub(crate) placement_constraints: Option<Vec<PlacementConstraint>>,
    /// Which place is preferred, the first word first; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 5))]
    pub(crate) placement_strategy: Option<Vec<PlacementStrategy>>,
    /// Whether `aws ecs execute-command` may open a shell in the tasks. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enable_execute_command: Option<bool>,
    /// Whether ECS tags the tasks with their cluster. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enable_ecs_managed_tags: Option<bool>,
    /// Where the tasks get tags from beside `task_tags`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["TASK_DEFINITION"]))]
    pub(crate) propagate_tags: Option<String>,
    /// An id of your own for the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub(crate) reference_id: Option<String>,
    /// The tags of the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task_tags: Option<BTreeMap<String, String>>,
    /// How long and how often EventBridge tries to start the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_policy: Option<RetryFields>,
    /// The SQS queue for firings that could not be delivered: its name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) dead_letter_queue: Option<String>,
    /// What the worker is given: its jobs, and which firing started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) worker: Option<WorkerFields>,
    /// What other containers of the task are given, by their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minProperties" = 1))]
    pub(crate) containers: Option<BTreeMap<String, ContainerFields>>,
    /// What differs from the task definition for the task as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<TaskOverrides>,
    /// The target's input as EventBridge has it, instead of `worker`, `containers` and `task`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any")]
    pub(crate) input: Option<Value>,
    /// A part of the event as the target's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), extend("x-plain" = true))]
    pub(crate) input_path: Option<String>,
    /// The target's input transformer as EventBridge has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-plain" = true))]
    pub(crate) input_transformer: Option<Transformer>,
}

/// How long and how often EventBridge tries to start the tasks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "RetryPolicy")]
pub(crate) struct RetryFields {
    /// How old a firing may get, from 1m to 24h. Default 24h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum_event_age: Option<DurationText>,
    /// How often a start is tried again. Default 185.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 185))]
    pub(crate) maximum_retry_attempts: Option<u32>,
}

/// What the worker is given.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Worker")]
pub(crate) struct WorkerFields {
    /// Its container in the task definition. Default `worker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) container: Option<String>,
    /// The job file: a path in the image, or s3://bucket/key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) job_file: Option<String>,
    /// Whether the worker is told which firing started it: JOB_SCHEDULED_TIME, JOB_EVENT_ID,
    /// JOB_RULE_ARN and JOB_TARGET_ID, of which it makes the run's id and trace. Default true.
    #[serde(skip_serializing_if = "is_true")]
    pub(crate) trigger: bool,
    /// What else the container is given.
    #[serde(flatten)]
    #[schemars(flatten)]
    pub(crate) fields: ContainerFields,
}

/// What a container is given beside what its task definition says.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "Container", deny_unknown_fields)]
pub(crate) struct ContainerFields {
    /// The arguments of its entry point.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(crate) command: Option<Vec<String>>,
    /// Environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) environment: BTreeMap<String, String>,
    /// Files with environment variables: ARNs of objects in S3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) environment_files: Vec<String>,
    /// CPU units, 1024 for a virtual CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub(crate) cpu: Option<i32>,
    /// The memory beyond which the container is killed, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 6))]
    pub(crate) memory: Option<i32>,
    /// The memory that is kept for the container, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 6))]
    pub(crate) memory_reservation: Option<i32>,
    /// How many GPUs and the like, by the type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) resource_requirements: BTreeMap<String, String>,
}

impl Default for WorkerFields {
    fn default() -> Self {
        Self {
            container: None,
            job_file: None,
            trigger: true,
            fields: ContainerFields::default(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_true(flag: &bool) -> bool {
    *flag
}

fn any(_: &mut SchemaGenerator) -> Schema {
    json_schema!({})
}

// The types have no required fields, so that what is right in a file with faults can still be read.
fn required_of_file(schema: &mut Schema) {
    schema.insert("required".into(), json!(["version", "name", "rules"]));
}

fn required_of_rule(schema: &mut Schema) {
    schema.insert("required".into(), json!(["name", "schedule", "targets"]));
}

/// What a target needs may stand in the defaults: it is missed when they are merged.
fn required_of_target(_: &mut Schema) {}

impl JsonSchema for DefaultFields {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Defaults".into()
    }

    /// That of a target, without what is a target's own.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = TargetFields::json_schema(generator);
        let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
        if let Some(fields) = fields {
            fields.remove("id");
        }
        schema
    }
}
