//! ECS: clusters, task definitions, and tasks that the test plays.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::protocol::{AnswerBody, ApiError, read};
use crate::{Settings, Shared, State};

mod definitions;
mod overrides;
mod run;
mod started;
mod task;
mod tasks;

pub(crate) use definitions::{
    deregister as deregister_task_definition, seed as seed_task_definition,
};
pub(crate) use overrides::task_override;
pub(crate) use run::run_task;
pub use started::StartedTask;
pub(crate) use tasks::{all as all_tasks, forget_stopped as forget_stopped_tasks};

/// Plays a task: called once for each, on a thread of its own. It may keep the task and return; a task
/// that nobody keeps any more stops.
pub type TaskRunner = Arc<dyn Fn(StartedTask) + Send + Sync>;

/// Clusters by name, definitions and tasks.
#[derive(Debug, Default)]
pub(crate) struct Ecs {
    /// The ARNs of the clusters by their names.
    clusters: BTreeMap<String, String>,
    definitions: definitions::Definitions,
    tasks: tasks::Tasks,
    runner: Runner,
}

#[derive(Clone, Default)]
struct Runner(Option<TaskRunner>);

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runner")
    }
}

impl Ecs {
    pub(crate) fn set_runner(&mut self, runner: Option<TaskRunner>) {
        self.runner = Runner(runner);
    }

    /// The name of the cluster that a request names, by name or ARN.
    fn cluster(&self, settings: &Settings, named: Option<&str>) -> Result<String, ApiError> {
        let named = named.unwrap_or("default");
        let found = self.clusters.iter().find(|(name, arn)| {
            *name == named || *arn == named || settings.arn("ecs", named) == **arn
        });
        found
            .map(|(name, _)| name.clone())
            .ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn client_error(message: impl Into<String>) -> ApiError {
    ApiError::new("ClientException", message)
}

pub(crate) fn seed_cluster(state: &mut State, name: &str) -> String {
    let arn = state.settings.arn("ecs", &format!("cluster/{name}"));
    state.ecs.clusters.insert(name.to_owned(), arn.clone());
    arn
}

pub(crate) fn call(
    shared: &Arc<Shared>,
    operation: &str,
    body: &Value,
    fault: Option<&Fault>,
) -> Result<AnswerBody, ApiError> {
    let answer = match operation {
        "RunTask" => run_task(shared, body, fault)?,
        "DescribeClusters" => describe_clusters(&shared.lock(), body)?,
        "DescribeTaskDefinition" => definitions::describe(&shared.lock(), body)?,
        "DescribeTasks" => tasks::describe(&shared.lock(), body)?,
        "ListTasks" => tasks::list(&shared.lock(), body)?,
        "StopTask" => tasks::stop(shared, body)?,
        other => return Err(ApiError::unknown_operation(other)),
    };
    Ok(AnswerBody::Json(answer))
}

#[derive(Deserialize)]
struct DescribeClusters {
    #[serde(default)]
    clusters: Vec<String>,
}

fn describe_clusters(state: &State, body: &Value) -> Result<Value, ApiError> {
    let mut wanted = read::<DescribeClusters>(body)?.clusters;
    if wanted.is_empty() {
        wanted.push("default".to_owned());
    }
    if wanted.len() > 100 {
        return Err(invalid("Clusters cannot have more than 100 elements."));
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for named in wanted {
        match state.ecs.cluster(&state.settings, Some(&named)) {
            Ok(name) => clusters.push(cluster_told(state, &name)),
            Err(_) => {
                let arn = match named.starts_with("arn:") {
                    true => named,
                    false => state.settings.arn("ecs", &format!("cluster/{named}")),
                };
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

fn cluster_told(state: &State, name: &str) -> Value {
    let in_status = |status: &str| state.ecs.tasks.count(name, status);
    json!({
        "clusterArn": state.ecs.clusters.get(name),
        "clusterName": name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 1,
        "runningTasksCount": in_status("RUNNING"),
        "pendingTasksCount": in_status("PENDING") + in_status("PROVISIONING"),
        "activeServicesCount": 0,
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    })
}
