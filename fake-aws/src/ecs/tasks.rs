//! All tasks: DescribeTasks, ListTasks, StopTask.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::invalid;
use super::task::Task;
use crate::protocol::{ApiError, read};
use crate::{Shared, State};

/// All tasks in the order of their start, and what was answered under a client token of a cluster.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    tasks: Vec<Task>,
    tokens: BTreeMap<(String, String), Tokened>,
}

/// A RunTask with a client token.
#[derive(Debug)]
pub(super) struct Tokened {
    pub(super) request: Value,
    pub(super) tasks: Vec<String>,
    pub(super) failures: Vec<Value>,
}

impl Tasks {
    pub(super) fn add(&mut self, tasks: Vec<Task>) {
        self.tasks.extend(tasks);
    }

    pub(super) fn get(&self, arn: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.arn == arn)
    }

    pub(super) fn get_mut(&mut self, arn: &str) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.arn == arn)
    }

    pub(super) fn by_token(&self, cluster: &str, token: &str) -> Option<&Tokened> {
        self.tokens.get(&(cluster.to_owned(), token.to_owned()))
    }

    pub(super) fn remember(&mut self, cluster: &str, token: String, tokened: Tokened) {
        self.tokens.insert((cluster.to_owned(), token), tokened);
    }

    fn forget_stopped(&mut self) {
        self.tasks.retain(|task| !task.is_stopped());
    }

    pub(super) fn count(&self, cluster: &str, status: &str) -> usize {
        let counted = |task: &&Task| task.cluster == cluster && task.last_status == status;
        self.tasks.iter().filter(counted).count()
    }

    /// A task of a cluster, by ARN or id. An ARN of another cluster is an error.
    fn named(&self, cluster: &str, named: &str) -> Result<Option<&Task>, ApiError> {
        if let Some((_, path)) = named.split_once(":task/")
            && let Some((of, _)) = path.split_once('/')
            && of != cluster
        {
            return Err(invalid(format!(
                "Invalid identifier: Identifier is for cluster {of}. Your cluster is {cluster}"
            )));
        }
        let found =
            |task: &&Task| task.cluster == cluster && (task.arn == named || task.id == named);
        Ok(self.tasks.iter().find(found))
    }
}

pub(crate) fn all(state: &State) -> Vec<Value> {
    let tasks = state.ecs.tasks.tasks.iter();
    tasks.map(|task| task.told(true)).collect()
}

pub(crate) fn forget_stopped(state: &mut State) {
    state.ecs.tasks.forget_stopped();
}

#[derive(Deserialize)]
struct Describe {
    cluster: Option<String>,
    tasks: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

pub(super) fn describe(state: &State, body: &Value) -> Result<Value, ApiError> {
    let wanted: Describe = read(body)?;
    let cluster = state
        .ecs
        .cluster(&state.settings, wanted.cluster.as_deref())?;
    if wanted.tasks.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if wanted.tasks.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let with_tags = wanted.include.iter().any(|field| field == "TAGS");
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for named in wanted.tasks {
        match state.ecs.tasks.named(&cluster, &named)? {
            Some(task) => tasks.push(task.told(with_tags)),
            None => {
                let arn = match named.starts_with("arn:") {
                    true => named,
                    false => state
                        .settings
                        .arn("ecs", &format!("task/{cluster}/{named}")),
                };
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListTasks {
    cluster: Option<String>,
    family: Option<String>,
    started_by: Option<String>,
    desired_status: Option<String>,
    launch_type: Option<String>,
    service_name: Option<String>,
    container_instance: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The ARNs of tasks whose desired status is RUNNING, unless STOPPED is asked for. PENDING finds
/// nothing, as ECS never wants a task to be that.
pub(super) fn list(state: &State, body: &Value) -> Result<Value, ApiError> {
    let wanted: ListTasks = read(body)?;
    let cluster = state
        .ecs
        .cluster(&state.settings, wanted.cluster.as_deref())?;
    let others = [
        &wanted.family,
        &wanted.launch_type,
        &wanted.service_name,
        &wanted.container_instance,
    ];
    if wanted.started_by.is_some() && others.iter().any(|other| other.is_some()) {
        return Err(invalid("startedBy must be the only filter."));
    }
    let size = wanted.max_results.unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(invalid("maxResults must be between 1 and 100."));
    }
    let size = usize::try_from(size)
        .unwrap_or(1)
        .min(state.settings.page_size);
    let start: usize = match &wanted.next_token {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|place| place.parse().ok())
            .ok_or_else(|| invalid("Invalid token in the request."))?,
    };
    let status = wanted.desired_status.as_deref().unwrap_or("RUNNING");
    let none = wanted.service_name.is_some() || wanted.container_instance.is_some();
    let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|w| w == found);
    // The place in the list of all tasks: it stays the same while tasks stop and start.
    let mut found = state
        .ecs
        .tasks
        .tasks
        .iter()
        .enumerate()
        .skip(start)
        .filter(|(_, task)| {
            !none
                && task.cluster == cluster
                && task.desired_status == status
                && is(&wanted.family, &task.family)
                && is(&wanted.launch_type, &task.launch_type)
                && is(
                    &wanted.started_by,
                    task.started_by.as_deref().unwrap_or_default(),
                )
        });
    let page: Vec<(usize, &Task)> = found.by_ref().take(size).collect();
    let arns: Vec<&str> = page.iter().map(|(_, task)| task.arn.as_str()).collect();
    let mut answer = json!({ "taskArns": arns });
    if let (Some((last, _)), Some(_)) = (page.last(), found.next()) {
        answer["nextToken"] = json!(format!("after-{}", last + 1));
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Stop {
    cluster: Option<String>,
    task: String,
    reason: Option<String>,
}

/// Asks a task to stop: the runner is told, and it stops when the runner ends it.
pub(super) fn stop(shared: &Shared, body: &Value) -> Result<Value, ApiError> {
    let wanted: Stop = read(body)?;
    let mut guard = shared.lock();
    let state = &mut *guard;
    let cluster = state
        .ecs
        .cluster(&state.settings, wanted.cluster.as_deref())?;
    let found = state.ecs.tasks.named(&cluster, &wanted.task)?;
    let arn = found
        .ok_or_else(|| invalid("The referenced task was not found."))?
        .arn
        .clone();
    let Some(task) = state.ecs.tasks.get_mut(&arn) else {
        return Ok(json!({}));
    };
    if task.desired_status != "STOPPED" {
        task.desired_status = "STOPPED";
        task.stopping_at = Some(Utc::now());
        task.stop_code = Some("UserInitiated".to_owned());
        let reason = wanted
            .reason
            .unwrap_or_else(|| "Task stopped by user".to_owned());
        task.stopped_reason = Some(reason);
        task.changed();
    }
    let told = task.told(true);
    shared.task_changed.notify_all();
    Ok(json!({ "task": told }))
}
