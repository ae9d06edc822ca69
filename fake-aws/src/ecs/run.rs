//! RunTask.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::definitions::Definition;
use super::started::StartedTask;
use super::task::Task;
use super::tasks::Tokened;
use super::{client_error, invalid, overrides};
use crate::faults::Fault;
use crate::protocol::{ApiError, read};
use crate::{Shared, State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunTask {
    task_definition: String,
    cluster: Option<String>,
    count: Option<i64>,
    launch_type: Option<String>,
    capacity_provider_strategy: Option<Vec<Value>>,
    network_configuration: Option<Value>,
    pub(super) overrides: Option<Value>,
    pub(super) started_by: Option<String>,
    client_token: Option<String>,
    pub(super) group: Option<String>,
    propagate_tags: Option<String>,
    pub(super) platform_version: Option<String>,
    #[serde(default)]
    pub(super) enable_execute_command: bool,
    #[serde(default, rename = "enableECSManagedTags")]
    enable_ecs_managed_tags: bool,
    tags: Option<Vec<Value>>,
}

impl RunTask {
    /// Where it runs: EC2 when nothing is said.
    pub(super) fn launch_type(&self) -> &str {
        let provider = self.capacity_provider().unwrap_or_default();
        match &self.launch_type {
            Some(launch_type) => launch_type,
            None if provider.starts_with("FARGATE") => "FARGATE",
            None => "EC2",
        }
    }

    pub(super) fn capacity_provider(&self) -> Option<&str> {
        let first = self.capacity_provider_strategy.as_ref()?.first()?;
        first["capacityProvider"].as_str()
    }

    pub(super) fn tags(&self, cluster: &str, definition: &Definition) -> Vec<Value> {
        let mut tags = self.tags.clone().unwrap_or_default();
        if self.propagate_tags.as_deref() == Some("TASK_DEFINITION") {
            tags.extend(definition.tags.as_array().cloned().unwrap_or_default());
        }
        if self.enable_ecs_managed_tags {
            tags.push(json!({ "key": "aws:ecs:clusterName", "value": cluster }));
        }
        tags
    }
}

/// Starts tasks, and lets the runner of the test play each on a thread of its own.
pub(crate) fn run_task(
    shared: &Arc<Shared>,
    body: &Value,
    fault: Option<&Fault>,
) -> Result<Value, ApiError> {
    let wanted: RunTask = read(body)?;
    let mut guard = shared.lock();
    let state = &mut *guard;
    let cluster = state
        .ecs
        .cluster(&state.settings, wanted.cluster.as_deref())?;
    let count = check(&wanted)?;
    if let Some(token) = &wanted.client_token
        && let Some(known) = state.ecs.tasks.by_token(&cluster, token)
    {
        return told_again(state, known, body);
    }
    let found = state.ecs.definitions.find(&wanted.task_definition);
    let definition = found
        .ok_or_else(|| client_error("TaskDefinition not found."))?
        .clone();
    check_against(&wanted, &definition)?;
    let failures = placement_failures(state, fault, count);
    let tasks: Vec<Task> = (failures.len()..count)
        .map(|_| Task::new(&state.settings, &cluster, &definition, &wanted))
        .collect();
    let answer = json!({
        "tasks": tasks.iter().map(|task| task.told(true)).collect::<Vec<_>>(),
        "failures": failures,
    });
    if let Some(token) = wanted.client_token {
        let tokened = Tokened {
            request: body.clone(),
            tasks: tasks.iter().map(|task| task.arn.clone()).collect(),
            failures,
        };
        state.ecs.tasks.remember(&cluster, token, tokened);
    }
    let arns: Vec<String> = tasks.iter().map(|task| task.arn.clone()).collect();
    state.ecs.tasks.add(tasks);
    let runner = state.ecs.runner.0.clone();
    drop(guard);
    shared.task_changed.notify_all();
    for arn in arns {
        let task = StartedTask::new(Arc::clone(shared), arn, definition.clone(), body);
        let runner = runner.clone();
        std::thread::spawn(move || match runner {
            Some(run) => run(task),
            None => {
                task.set_running();
                task.finish(0);
            }
        });
    }
    Ok(answer)
}

/// The same call under the same token is answered with the same tasks, as they are now.
fn told_again(state: &State, known: &Tokened, body: &Value) -> Result<Value, ApiError> {
    if known.request != *body {
        return Err(ApiError::new(
            "ConflictException",
            "The clientToken was used before with other parameters.",
        ));
    }
    let tasks: Vec<Value> = known
        .tasks
        .iter()
        .filter_map(|arn| state.ecs.tasks.get(arn))
        .map(|task| task.told(true))
        .collect();
    Ok(json!({ "tasks": tasks, "failures": known.failures }))
}

fn placement_failures(state: &State, fault: Option<&Fault>, wanted: usize) -> Vec<Value> {
    let Some(Fault::Placement { count, reason }) = fault else {
        return Vec::new();
    };
    let instance = state.settings.arn("ecs", "container-instance/default/1");
    vec![json!({ "arn": instance, "reason": reason }); wanted.min(*count)]
}

/// What is wrong with a request by itself. Tells how many tasks it wants.
fn check(wanted: &RunTask) -> Result<usize, ApiError> {
    let count = wanted.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid("count must be between 1 and 10."));
    }
    if let Some(started_by) = &wanted.started_by {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-/_".contains(c);
        if started_by.len() > 128 || !started_by.chars().all(allowed) {
            return Err(invalid(
                "startedBy must have up to 128 letters, digits, hyphens, slashes and underscores.",
            ));
        }
    }
    if let Some(token) = &wanted.client_token {
        let visible = |byte: u8| (33..=126).contains(&byte);
        if token.is_empty() || token.len() > 64 || !token.bytes().all(visible) {
            return Err(invalid(
                "clientToken must have 1 to 64 visible ASCII characters.",
            ));
        }
    }
    if wanted.launch_type.is_some() && wanted.capacity_provider_strategy.is_some() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. \
             Remove one and try again.",
        ));
    }
    let providers = wanted.capacity_provider_strategy.as_ref();
    if providers.is_some_and(|providers| providers.len() > 20) {
        return Err(invalid(
            "capacityProviderStrategy can have at most 20 items.",
        ));
    }
    if let Some(launch_type) = &wanted.launch_type {
        let known = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
        if !known.contains(&launch_type.as_str()) {
            return Err(invalid(format!("Launch type {launch_type} is not valid.")));
        }
    }
    if let Some("SERVICE") = wanted.propagate_tags.as_deref() {
        return Err(invalid("propagateTags SERVICE is not valid for RunTask."));
    }
    if wanted.tags.as_ref().is_some_and(|tags| tags.len() > 50) {
        return Err(invalid("The number of tags exceeds the maximum of 50."));
    }
    usize::try_from(count).map_err(|_| invalid("count must be between 1 and 10."))
}

/// What is wrong with a request for this definition.
fn check_against(wanted: &RunTask, definition: &Definition) -> Result<(), ApiError> {
    if !definition.is_active() {
        return Err(client_error("TaskDefinition is inactive"));
    }
    let launch_type = wanted.launch_type();
    let compatibilities = definition.told["compatibilities"].as_array();
    let supports =
        |launch_type: &str| compatibilities.is_some_and(|all| all.contains(&json!(launch_type)));
    if launch_type == "FARGATE" && !supports("FARGATE") {
        return Err(invalid(
            "Task definition does not support launch_type FARGATE.",
        ));
    }
    check_network(wanted, definition.told["networkMode"] == "awsvpc")?;
    match &wanted.overrides {
        Some(overrides) => overrides::check(overrides, definition),
        None => Ok(()),
    }
}

fn check_network(wanted: &RunTask, awsvpc: bool) -> Result<(), ApiError> {
    let network = wanted.network_configuration.as_ref();
    let network = match (
        network.map(|network| &network["awsvpcConfiguration"]),
        awsvpc,
    ) {
        (Some(network), true) => network,
        (None, true) => {
            return Err(invalid(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            ));
        }
        (Some(_), false) => {
            return Err(invalid(
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ));
        }
        (None, false) => return Ok(()),
    };
    let entries = |member: &str| network[member].as_array().map_or(0, Vec::len);
    if entries("subnets") == 0 {
        return Err(invalid("subnets cannot be empty."));
    }
    for (member, max) in [("subnets", 16), ("securityGroups", 5)] {
        if entries(member) > max {
            return Err(invalid(format!("{member} can have at most {max} items.")));
        }
    }
    Ok(())
}
