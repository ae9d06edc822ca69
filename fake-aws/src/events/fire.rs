//! What EventBridge does when a rule is due: the event, the input of each target, the task.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::targets::Target;
use super::{DEFAULT_BUS, rule_arn, transform};
use crate::faults::Fault;
use crate::protocol::{ApiError, read, uuid};
use crate::{Settings, Shared, ecs};

/// What came of a rule that was due.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// The event, the same in all deliveries; nothing when the rule is missing or disabled.
    pub event: Option<Value>,
    /// One for each target in each delivery, in the order of the targets' ids.
    pub deliveries: Vec<Delivery>,
}

/// What came of the event at one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The id of the target.
    pub target: String,
    /// What the target was given; nothing when it has no input of its own.
    pub input: Option<String>,
    /// The ARNs of the tasks that were started.
    pub tasks: Vec<String>,
    /// RunTask's own `failures`: for EventBridge the invocation succeeded all the same.
    pub failures: Vec<Value>,
    /// Code and message of an invocation that failed. EventBridge would put it into the dead-letter
    /// queue, after retries if it was throttled or the service failed.
    pub error: Option<(String, String)>,
}

impl Firing {
    /// The ARNs of all tasks that were started.
    pub fn tasks(&self) -> Vec<String> {
        self.deliveries
            .iter()
            .flat_map(|delivery| delivery.tasks.clone())
            .collect()
    }

    /// The invocations that failed: code and message.
    pub fn errors(&self) -> Vec<(String, String)> {
        self.deliveries
            .iter()
            .filter_map(|delivery| delivery.error.clone())
            .collect()
    }
}

pub(crate) fn fire(
    shared: &Arc<Shared>,
    name: &str,
    time: DateTime<Utc>,
    deliveries: usize,
) -> Firing {
    let mut firing = Firing {
        event: None,
        deliveries: Vec::new(),
    };
    let (settings, targets) = {
        let state = shared.lock();
        let key = (DEFAULT_BUS.to_owned(), name.to_owned());
        match state.events.rules.get(&key) {
            Some(rule) if rule.state != "DISABLED" => {
                let targets: Vec<Value> = rule.targets.values().cloned().collect();
                (state.settings.clone(), targets)
            }
            _ => return firing,
        }
    };
    let event = scheduled_event(&settings, name, time);
    for _ in 0..deliveries {
        for target in &targets {
            // It was read when it was put.
            if let Ok(target) = read::<Target>(target) {
                let delivery = deliver(shared, &settings, name, &event, &target);
                firing.deliveries.push(delivery);
            }
        }
    }
    firing.event = Some(event);
    firing
}

fn scheduled_event(settings: &Settings, name: &str, time: DateTime<Utc>) -> Value {
    json!({
        "version": "0",
        "id": uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": settings.account,
        "time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": settings.region,
        "resources": [rule_arn(settings, DEFAULT_BUS, name)],
        "detail": {},
    })
}

fn deliver(
    shared: &Arc<Shared>,
    settings: &Settings,
    rule: &str,
    event: &Value,
    target: &Target,
) -> Delivery {
    let input = input(settings, rule, event, target);
    let mut delivery = Delivery {
        target: target.id.clone(),
        input,
        tasks: Vec::new(),
        failures: Vec::new(),
        error: None,
    };
    let (true, Some(parameters)) = (target.is_cluster(), &target.ecs_parameters) else {
        return delivery;
    };
    match run_task(shared, rule, target, parameters, delivery.input.as_deref()) {
        Ok((tasks, failures)) => {
            delivery.tasks = tasks;
            delivery.failures = failures;
        }
        Err(error) => delivery.error = Some((error.code, error.message)),
    }
    delivery
}

/// A cluster is given nothing of the event unless the target says what (the model of PutTargets).
fn input(settings: &Settings, rule: &str, event: &Value, target: &Target) -> Option<String> {
    if let Some(transformer) = &target.input_transformer {
        let arn = rule_arn(settings, DEFAULT_BUS, rule);
        let values = transform::values(&transformer.input_paths_map, event, &arn, rule);
        return Some(transform::fill(&transformer.input_template, &values));
    }
    if let Some(path) = &target.input_path {
        return transform::select(event, path).map(Value::to_string);
    }
    match &target.input {
        Some(input) => Some(input.clone()),
        None if target.is_cluster() => None,
        None => Some(event.to_string()),
    }
}

fn run_task(
    shared: &Arc<Shared>,
    rule: &str,
    target: &Target,
    parameters: &Value,
    input: Option<&str>,
) -> Result<(Vec<String>, Vec<Value>), ApiError> {
    let overrides = input.map(ecs::task_override).transpose()?;
    let request = request(rule, target, parameters, overrides);
    let fault = shared.lock().faults.decide_invocation(&request);
    if let Some(error) = fault.as_ref().and_then(Fault::refusal) {
        return Err(error);
    }
    let answer = ecs::run_task(shared, &request, fault.as_ref())?;
    let list = |member: &str| answer[member].as_array().cloned().unwrap_or_default();
    let tasks = list("tasks")
        .iter()
        .filter_map(|task| task["taskArn"].as_str().map(str::to_owned))
        .collect();
    Ok((tasks, list("failures")))
}

/// The RunTask of a target: its EcsParameters, which spell their members as EventBridge does.
fn request(rule: &str, target: &Target, parameters: &Value, overrides: Option<Value>) -> Value {
    let mut request = json!({
        "cluster": target.arn,
        "count": 1,
        "startedBy": format!("events-rule/{rule}"),
    });
    let Some(parameters) = parameters.as_object() else {
        return request;
    };
    for (member, value) in parameters {
        let (member, value) = match member.as_str() {
            "TaskDefinitionArn" => ("taskDefinition".to_owned(), value.clone()),
            "TaskCount" => ("count".to_owned(), value.clone()),
            "EnableECSManagedTags" => ("enableECSManagedTags".to_owned(), value.clone()),
            member => (camel(member), lowered(value)),
        };
        request[member] = value;
    }
    if let Some(overrides) = overrides {
        request["overrides"] = overrides;
    }
    request
}

/// With all members in the case of ECS.
fn lowered(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(member, value)| (camel(member), lowered(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(entries) => entries.iter().map(lowered).collect(),
        other => other.clone(),
    }
}

fn camel(member: &str) -> String {
    let mut characters = member.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
