//! Tasks: started, looked at, stopped.

use aws_sdk_ecs::types as sdk;

use super::{DESCRIBE_MAX, Ecs};
use crate::calls::RemoteError;
use crate::run_task::Request;

/// What became of one RunTask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// The tasks that were started.
    pub tasks: Vec<TaskState>,
    /// Why others were not; ECS answers with success all the same.
    pub failures: Vec<Failure>,
}

/// Why a task was not started, or is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What had no room for it, or what is not known.
    pub arn: Option<String>,
    /// Such as `RESOURCE:MEMORY`, `AGENT` or `MISSING`.
    pub reason: String,
    /// More of it.
    pub detail: Option<String>,
}

/// How a task is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskState {
    /// Its ARN.
    pub arn: String,
    /// The task definition, with its revision.
    pub definition: String,
    /// Such as `PENDING`, `RUNNING` or `STOPPED`.
    pub status: String,
    /// Why it stopped: the code.
    pub stop_code: Option<String>,
    /// Why it stopped: the words.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<ContainerState>,
}

/// How a container is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerState {
    /// Its name.
    pub name: String,
    /// Its exit code; none when it never started.
    pub exit_code: Option<i32>,
    /// Why it did not start, or was killed.
    pub reason: Option<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        match &self.arn {
            Some(arn) => write!(f, " ({arn})"),
            None => Ok(()),
        }
    }
}

impl Ecs {
    /// Starts the tasks of a request.
    ///
    /// # Errors
    /// The call failed. That tasks were not started is no error of the call: see
    /// [`Started::failures`].
    pub async fn run(&self, request: &Request) -> Result<Started, RemoteError> {
        let of = request.name();
        let unsendable = |error: aws_sdk_ecs::error::BuildError| {
            RemoteError::said("RunTask", &of, "not sent", &error.to_string())
        };
        let call = request.to_sdk(self.client.run_task()).map_err(unsendable)?;
        let answer = call.send().await;
        let answer = answer.map_err(|error| RemoteError::of_sdk("RunTask", Some(&of), &error))?;
        Ok(Started {
            tasks: answer
                .tasks
                .unwrap_or_default()
                .into_iter()
                .map(of_sdk)
                .collect(),
            failures: failures(answer.failures),
        })
    }

    /// How tasks of a cluster are; those that ECS does not know are left out: it forgets a stopped
    /// task after about an hour.
    ///
    /// # Errors
    /// A call failed.
    pub async fn tasks(&self, cluster: &str, arns: &[&str]) -> Result<Vec<TaskState>, RemoteError> {
        let mut tasks = Vec::new();
        for some in arns.chunks(DESCRIBE_MAX) {
            let some = some.iter().map(|arn| (*arn).to_owned()).collect();
            let call = self
                .client
                .describe_tasks()
                .cluster(cluster)
                .set_tasks(Some(some));
            let answer = call.send().await;
            let answer = answer
                .map_err(|error| RemoteError::of_sdk("DescribeTasks", Some(cluster), &error))?;
            tasks.extend(answer.tasks.unwrap_or_default().into_iter().map(of_sdk));
        }
        Ok(tasks)
    }

    /// Asks ECS to stop a task: SIGTERM, and SIGKILL when its stop timeout has passed.
    ///
    /// # Errors
    /// The call failed.
    pub async fn stop(&self, cluster: &str, arn: &str, reason: &str) -> Result<(), RemoteError> {
        let call = self
            .client
            .stop_task()
            .cluster(cluster)
            .task(arn)
            .reason(reason);
        let answer = call.send().await;
        answer
            .map(drop)
            .map_err(|error| RemoteError::of_sdk("StopTask", Some(arn), &error))
    }
}

fn of_sdk(task: sdk::Task) -> TaskState {
    let containers = task.containers.unwrap_or_default().into_iter();
    TaskState {
        arn: task.task_arn.unwrap_or_default(),
        definition: task.task_definition_arn.unwrap_or_default(),
        status: task.last_status.unwrap_or_default(),
        stop_code: task.stop_code.map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason,
        containers: containers
            .map(|container| ContainerState {
                name: container.name.unwrap_or_default(),
                exit_code: container.exit_code,
                reason: container.reason,
            })
            .collect(),
    }
}

fn failures(failures: Option<Vec<sdk::Failure>>) -> Vec<Failure> {
    let failures = failures.unwrap_or_default().into_iter();
    failures
        .map(|failure| Failure {
            arn: failure.arn,
            reason: failure.reason.unwrap_or_default(),
            detail: failure.detail,
        })
        .collect()
}
