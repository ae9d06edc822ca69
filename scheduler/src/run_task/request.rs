//! From a rule's target to the calls that start its tasks.

use serde_json::{Value, json};

use super::{COUNT_MAX, Order, Request};
use crate::input::{EnvironmentValue, INPUT_LEN_MAX, Overrides, RULE_ARN};
use crate::rule::{Rule, Target};

/// The variables with which the worker is told its part and its run.
const SHARD: &str = "XRAY_ECS_SHARD";
const RUN_ID: &str = "XRAY_ECS_RUN_ID";

/// The most characters of `startedBy` (API reference of ECS).
const STARTED_BY_LEN_MAX: usize = 128;

/// Why a target's tasks cannot be started by hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is no task.
    #[error("target `{0}` starts no tasks on ECS: {1}")]
    NoTasks(String, String),
    /// Its input is EventBridge's own.
    #[error(
        "target `{0}`: its input says more than overrides, which only EventBridge can make of an event"
    )]
    Input(String),
    /// Its input asks for more of the event than there is.
    #[error("target `{0}`: a run by hand has no event with {1}")]
    Event(String, String),
    /// Without a worker nobody takes the part.
    #[error(
        "target `{0}` has no `worker` that could be told its shard: give it one in the schedule file"
    )]
    NoWorker(String),
    /// It is too much.
    #[error("target `{0}`: its overrides have {1} characters, ECS takes {INPUT_LEN_MAX}")]
    TooLong(String, usize),
}

/// The calls that start the tasks of a target.
///
/// # Errors
/// See [`RequestError`].
pub fn requests(
    rule: &Rule,
    (id, target): (&str, &Target),
    worker: Option<&str>,
    order: &Order,
) -> Result<Vec<Request>, RequestError> {
    let tasks = target
        .tasks
        .clone()
        .ok_or_else(|| RequestError::NoTasks(id.to_owned(), target.cluster.clone()))?;
    let overrides = target.input.overrides();
    let overrides = overrides.ok_or_else(|| RequestError::Input(id.to_owned()))?;
    let mut overrides = overrides
        .of_firing(&order.event())
        .map_err(|paths| RequestError::Event(id.to_owned(), paths.join(", ")))?;
    if !order.is_firing {
        // With the rule's ARN the worker would take itself for the rule's firing of this minute.
        for container in overrides.containers.values_mut() {
            container.environment.remove(RULE_ARN);
        }
    }
    // Target by target, request by request: none has the token of another.
    let ordinal = rule
        .targets
        .keys()
        .position(|key| key == id)
        .unwrap_or_default();
    let token = |index: usize| format!("{}-{ordinal}-{index}", order.id);
    let template = Request {
        rule: rule.name.clone(),
        target: id.to_owned(),
        shard: None,
        worker: worker.map(str::to_owned),
        cluster: target.cluster.clone(),
        overrides: overrides.clone(),
        count: 0,
        client_token: String::new(),
        started_by: started_by(&rule.name),
        tasks,
    };
    let mut requests = Vec::new();
    match order.shards {
        Some(count) => {
            let worker = worker.ok_or_else(|| RequestError::NoWorker(id.to_owned()))?;
            for index in 1..=count {
                let shard = format!("{index}/{count}");
                let mut overrides = overrides.clone();
                set(&mut overrides, worker, SHARD, &shard);
                if let Some(run_id) = &order.run_id {
                    // Each target's shards are a run of their own.
                    let run_id = match ordinal {
                        0 => run_id.clone(),
                        _ => format!("{run_id}-{ordinal}"),
                    };
                    set(&mut overrides, worker, RUN_ID, &run_id);
                }
                requests.push(Request {
                    overrides,
                    count: 1,
                    client_token: token(index as usize),
                    shard: Some(shard),
                    ..template.clone()
                });
            }
        }
        None => {
            let mut left = template.tasks.task_count;
            while left > 0 {
                let count = left.min(COUNT_MAX);
                left -= count;
                requests.push(Request {
                    count,
                    client_token: token(requests.len()),
                    ..template.clone()
                });
            }
        }
    }
    let longest = requests.iter().map(|request| request.overrides_len()).max();
    match longest {
        Some(len) if len > INPUT_LEN_MAX => Err(RequestError::TooLong(id.to_owned(), len)),
        _ => Ok(requests),
    }
}

fn set(overrides: &mut Overrides, container: &str, name: &str, value: &str) {
    let container = overrides
        .containers
        .entry(container.to_owned())
        .or_default();
    let value = EnvironmentValue::Text(value.to_owned());
    container.environment.insert(name.to_owned(), value);
}

fn started_by(rule: &str) -> String {
    let plain = |c: char| if c == '.' { '_' } else { c };
    let text = format!("xray-ecs/{}", rule.chars().map(plain).collect::<String>());
    text.chars().take(STARTED_BY_LEN_MAX).collect()
}

impl Request {
    /// What it is about: `rule/target`, and its shard.
    pub fn name(&self) -> String {
        let Self { rule, target, .. } = self;
        match &self.shard {
            Some(shard) => format!("{rule}/{target} shard {shard}"),
            None => format!("{rule}/{target}"),
        }
    }

    fn overrides_len(&self) -> usize {
        self.overrides.to_json().to_string().chars().count()
    }

    /// The request as ECS's API spells it.
    pub fn to_json(&self) -> Value {
        let tasks = &self.tasks;
        let mut json = json!({
            "cluster": self.cluster,
            "taskDefinition": tasks.task_definition,
            "count": self.count,
            "clientToken": self.client_token,
            "startedBy": self.started_by,
            "enableECSManagedTags": tasks.enable_ecs_managed_tags,
            "enableExecuteCommand": tasks.enable_execute_command,
        });
        let texts = [
            ("launchType", &tasks.launch_type),
            ("platformVersion", &tasks.platform_version),
            ("group", &tasks.group),
            ("propagateTags", &tasks.propagate_tags),
            ("referenceId", &tasks.reference_id),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                json[name] = text.as_str().into();
            }
        }
        if let Some(network) = &tasks.network {
            let assign = if network.assign_public_ip {
                "ENABLED"
            } else {
                "DISABLED"
            };
            let mut vpc = json!({ "subnets": network.subnets, "assignPublicIp": assign });
            if !network.security_groups.is_empty() {
                vpc["securityGroups"] = json!(network.security_groups);
            }
            json["networkConfiguration"] = json!({ "awsvpcConfiguration": vpc });
        }
        let providers = tasks.capacity_providers.iter();
        let lists = [
            (
                "capacityProviderStrategy",
                providers
                    .map(|one| json!({ "capacityProvider": one.name, "weight": one.weight, "base": one.base }))
                    .collect::<Vec<_>>(),
            ),
            (
                "placementConstraints",
                tasks.placement_constraints.iter().map(|one| json!(one)).collect(),
            ),
            (
                "placementStrategy",
                tasks.placement_strategy.iter().map(|one| json!(one)).collect(),
            ),
            (
                "tags",
                tasks.tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect(),
            ),
        ];
        for (name, list) in lists {
            if !list.is_empty() {
                json[name] = list.into();
            }
        }
        if !self.overrides.is_empty() {
            json["overrides"] = self.overrides.to_json();
        }
        json
    }
}
