//! A task in the hands of the test.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};

use super::definitions::Definition;
use super::task::Task;
use crate::{Shared, State};

/// A task that was started. It is PROVISIONING at first, and does what the test says. Clones are the
/// same task; when the last is dropped before the task has ended, the task stops as one that failed to
/// start.
#[derive(Clone)]
pub struct StartedTask(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    arn: String,
    definition: Definition,
    overrides: Value,
    started_by: Option<String>,
}

impl fmt::Debug for StartedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartedTask").field(&self.0.arn).finish()
    }
}

impl StartedTask {
    pub(super) fn new(
        shared: Arc<Shared>,
        arn: String,
        definition: Definition,
        request: &Value,
    ) -> Self {
        Self(Arc::new(Inner {
            shared,
            arn,
            definition,
            overrides: request
                .get("overrides")
                .cloned()
                .unwrap_or_else(|| json!({})),
            started_by: request["startedBy"].as_str().map(str::to_owned),
        }))
    }

    /// The ARN of the task; what follows its last slash is the task's id.
    pub fn arn(&self) -> &str {
        &self.0.arn
    }

    /// The task definition as DescribeTaskDefinition tells it.
    pub fn definition(&self) -> &Value {
        &self.0.definition.told
    }

    /// The TaskOverride of the request; `{}` when there is none.
    pub fn overrides(&self) -> &Value {
        &self.0.overrides
    }

    /// Who says to have started it: EventBridge says `events-rule/<name>`.
    pub fn started_by(&self) -> Option<&str> {
        self.0.started_by.as_deref()
    }

    /// The environment of a container: that of the definition, and over it that of the overrides.
    pub fn environment(&self, container: &str) -> BTreeMap<String, String> {
        let of_definition = self.0.definition.container(container);
        let of_both = of_definition
            .into_iter()
            .chain(self.container_override(container));
        let variables = of_both.filter_map(|part| part["environment"].as_array());
        variables
            .flatten()
            .filter_map(|variable| {
                let name = variable["name"].as_str()?;
                let value = variable["value"].as_str().unwrap_or_default();
                Some((name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// The command of a container: that of the overrides, else that of the definition, else nothing,
    /// which stands for the image's own.
    pub fn command(&self, container: &str) -> Vec<String> {
        let of_override = self.container_override(container);
        let of_both = of_override
            .into_iter()
            .chain(self.0.definition.container(container));
        let command = of_both.filter_map(|part| part["command"].as_array()).next();
        command
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    }

    fn container_override(&self, container: &str) -> Option<&Value> {
        let overrides = self.0.overrides["containerOverrides"].as_array()?;
        overrides.iter().find(|part| part["name"] == container)
    }

    /// Its images are being pulled: PENDING.
    pub fn set_pending(&self) {
        self.change(|_, task| task.last_status = "PENDING");
    }

    /// Its containers run, and their log streams exist: RUNNING.
    pub fn set_running(&self) {
        self.change(|_, task| {
            task.last_status = "RUNNING";
            task.started_at = Some(Utc::now());
        });
        let names = self.0.definition.containers().iter();
        for name in names.filter_map(|container| container["name"].as_str()) {
            self.log_lines(name, &[]);
        }
    }

    /// Logs a line of a container, when it has the log driver awslogs.
    pub fn log(&self, container: &str, line: &str) {
        self.log_lines(container, &[line]);
    }

    fn log_lines(&self, container: &str, lines: &[&str]) {
        let mut state = self.0.shared.lock();
        let Some((group, stream)) = self.log_stream(&state, container) else {
            return;
        };
        state.logs.append(&group, &stream, lines);
    }

    /// The log group and stream of a container: `prefix/container/task id`, as the driver awslogs
    /// names it; without a prefix it bears the id of the container.
    fn log_stream(&self, state: &State, container: &str) -> Option<(String, String)> {
        let configuration = &self.0.definition.container(container)?["logConfiguration"];
        if configuration["logDriver"] != "awslogs" {
            return None;
        }
        let option = |name: &str| configuration["options"][name].as_str();
        let group = option("awslogs-group")?.to_owned();
        let task = state.ecs.tasks.get(&self.0.arn)?;
        let stream = match option("awslogs-stream-prefix") {
            Some(prefix) => format!("{prefix}/{container}/{}", task.id),
            None => {
                let mut containers = task.containers.iter();
                let found = containers.find(|found| found.name == container)?;
                found.runtime_id().to_owned()
            }
        };
        Some((group, stream))
    }

    /// A container ends with an exit code. When it is essential the task stops; those that still run
    /// are stopped with it and exit with 0.
    pub fn exit(&self, container: &str, code: i32) {
        self.change(|_, task| {
            let mut ended = false;
            for part in task
                .containers
                .iter_mut()
                .filter(|part| part.name == container)
            {
                part.stopped = true;
                part.exit_code = Some(code);
                ended |= part.essential;
            }
            if !ended && !task.containers.iter().all(|part| part.stopped) {
                return;
            }
            for part in task.containers.iter_mut().filter(|part| !part.stopped) {
                part.exit_code = Some(0);
            }
            stop(
                task,
                "EssentialContainerExited",
                "Essential container in task exited",
            );
        });
    }

    /// The first essential container ends with an exit code, and so the task.
    pub fn finish(&self, code: i32) {
        let essential = |container: &&Value| container["essential"] != false;
        let first = self.0.definition.containers().iter().find(essential);
        if let Some(name) = first.and_then(|container| container["name"].as_str()) {
            self.exit(name, code);
        }
    }

    /// The task stops, and no container that still runs has an exit code: such as with
    /// `TaskFailedToStart` and `CannotPullContainerError: ...`, or with `SpotInterruption`.
    pub fn fail(&self, stop_code: &str, reason: &str) {
        self.change(|_, task| stop(task, stop_code, reason));
    }

    /// Whether StopTask was called.
    pub fn stop_requested(&self) -> bool {
        self.0.stop_requested(&self.0.shared.lock())
    }

    /// Waits until StopTask is called or the task has ended, at most so long; tells whether StopTask
    /// was called.
    pub fn wait_for_stop(&self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let mut state = self.0.shared.lock();
        loop {
            let requested = self.0.stop_requested(&state);
            let ended = state
                .ecs
                .tasks
                .get(&self.0.arn)
                .is_none_or(Task::is_stopped);
            let left = deadline.saturating_duration_since(Instant::now());
            if requested || ended || left.is_zero() {
                return requested;
            }
            state = self.0.shared.wait_for_task(state, left);
        }
    }

    fn change(&self, change: impl FnOnce(&Inner, &mut Task)) {
        self.0.change(change);
    }
}

/// Nothing changes in a task that has stopped. What StopTask said stays said.
fn stop(task: &mut Task, code: &str, reason: &str) {
    task.last_status = "STOPPED";
    task.desired_status = "STOPPED";
    let now = Utc::now();
    task.stopping_at.get_or_insert(now);
    task.stopped_at = Some(now);
    task.stop_code.get_or_insert_with(|| code.to_owned());
    task.stopped_reason.get_or_insert_with(|| reason.to_owned());
    for container in &mut task.containers {
        container.stopped = true;
    }
}

impl Inner {
    fn change(&self, change: impl FnOnce(&Self, &mut Task)) {
        let mut state = self.shared.lock();
        if let Some(task) = state.ecs.tasks.get_mut(&self.arn)
            && !task.is_stopped()
        {
            change(self, task);
            task.changed();
        }
        drop(state);
        self.shared.task_changed.notify_all();
    }

    fn stop_requested(&self, state: &State) -> bool {
        let task = state.ecs.tasks.get(&self.arn);
        task.is_some_and(|task| task.stop_code.as_deref() == Some("UserInitiated"))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.change(|_, task| stop(task, "TaskFailedToStart", "the runner gave the task up"));
    }
}
