//! Task definitions: families of numbered revisions, each ACTIVE or INACTIVE.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client_error;
use super::task::timestamp;
use crate::State;
use crate::protocol::{ApiError, read};

/// The revisions of each family, the first at index 0.
#[derive(Debug, Default)]
pub(super) struct Definitions(BTreeMap<String, Vec<Definition>>);

/// A revision as DescribeTaskDefinition tells it, and its tags beside it.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) told: Value,
    pub(super) tags: Value,
}

impl Definition {
    pub(super) fn is_active(&self) -> bool {
        self.told["status"] == "ACTIVE"
    }

    pub(super) fn arn(&self) -> &str {
        self.told["taskDefinitionArn"].as_str().unwrap_or_default()
    }

    pub(super) fn family(&self) -> &str {
        self.told["family"].as_str().unwrap_or_default()
    }

    pub(super) fn containers(&self) -> &[Value] {
        let containers = self.told["containerDefinitions"].as_array();
        containers.map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn container(&self, name: &str) -> Option<&Value> {
        self.containers()
            .iter()
            .find(|container| container["name"] == name)
    }
}

impl Definitions {
    /// By family, which stands for its latest ACTIVE revision, by `family:revision`, or by an ARN of
    /// either form.
    pub(super) fn find(&self, named: &str) -> Option<&Definition> {
        let (family, revision) = split(named);
        let revisions = self.0.get(family)?;
        match revision {
            None => revisions.iter().rev().find(|found| found.is_active()),
            Some(revision) => revisions.get(revision.checked_sub(1)?),
        }
    }
}

/// The family and the revision, if any. A revision that is no number is none that exists.
fn split(named: &str) -> (&str, Option<usize>) {
    let name = match named.rsplit_once(":task-definition/") {
        Some((_, name)) => name,
        None => named,
    };
    match name.split_once(':') {
        Some((family, revision)) => (family, Some(revision.parse().unwrap_or(0))),
        None => (name, None),
    }
}

pub(crate) fn seed(state: &mut State, mut definition: Value) -> Result<String, String> {
    let Some(family) = definition["family"].as_str().map(str::to_owned) else {
        return Err("task definition without family".to_owned());
    };
    let containers = definition["containerDefinitions"].as_array();
    let named = |container: &Value| container["name"].is_string();
    if !containers.is_some_and(|all| !all.is_empty() && all.iter().all(named)) {
        return Err(format!(
            "task definition {family}: containerDefinitions needs containers with a name each"
        ));
    }
    let revisions = state.ecs.definitions.0.entry(family.clone()).or_default();
    let revision = revisions.len() + 1;
    let resource = format!("task-definition/{family}:{revision}");
    let arn = state.settings.arn("ecs", &resource);
    let tags = match definition
        .as_object_mut()
        .and_then(|all| all.remove("tags"))
    {
        Some(tags) => tags,
        None => json!([]),
    };
    let required = definition["requiresCompatibilities"].as_array();
    let mut compatibilities = required.cloned().unwrap_or_default();
    if !compatibilities.contains(&json!("EC2")) {
        compatibilities.push(json!("EC2"));
    }
    for container in definition["containerDefinitions"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        for (member, default) in [
            ("essential", json!(true)),
            ("environment", json!([])),
            ("cpu", json!(0)),
        ] {
            if container[member].is_null() {
                container[member] = default;
            }
        }
    }
    definition["taskDefinitionArn"] = json!(arn);
    definition["revision"] = json!(revision);
    definition["status"] = json!("ACTIVE");
    definition["compatibilities"] = json!(compatibilities);
    definition["registeredAt"] = timestamp(Utc::now());
    revisions.push(Definition {
        told: definition,
        tags,
    });
    Ok(arn)
}

pub(crate) fn deregister(state: &mut State, arn: &str) -> bool {
    let (family, revision) = split(arn);
    let revisions = state.ecs.definitions.0.get_mut(family);
    let found = revisions
        .zip(revision.and_then(|revision| revision.checked_sub(1)))
        .and_then(|(revisions, index)| revisions.get_mut(index));
    let Some(definition) = found else {
        return false;
    };
    definition.told["status"] = json!("INACTIVE");
    definition.told["deregisteredAt"] = timestamp(Utc::now());
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    task_definition: String,
    #[serde(default)]
    include: Vec<String>,
}

pub(super) fn describe(state: &State, body: &Value) -> Result<Value, ApiError> {
    let wanted: Describe = read(body)?;
    let found = state.ecs.definitions.find(&wanted.task_definition);
    let definition = found.ok_or_else(|| client_error("Unable to describe task definition."))?;
    let mut answer = json!({ "taskDefinition": definition.told });
    if wanted.include.iter().any(|field| field == "TAGS") {
        answer["tags"] = definition.tags.clone();
    }
    Ok(answer)
}
