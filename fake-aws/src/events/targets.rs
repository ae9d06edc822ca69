//! PutTargets, RemoveTargets, ListTargetsByRule. A target is kept whole, whatever its kind.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{limit_exceeded, page, rules::page_size};
use crate::State;
use crate::faults::Fault;
use crate::protocol::{ApiError, in_range, name_pattern, read, without_nulls};

mod check;
mod ecs_parameters;

/// How many targets one call takes.
const ENTRIES_MAX: i64 = 10;
/// How many targets a rule may have; not adjustable on AWS.
const TARGETS_MAX: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutTargets {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveTargets {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
    #[serde(default)]
    force: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListTargets {
    rule: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// What the fake looks at in a target.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) arn: String,
    role_arn: Option<String>,
    pub(super) input: Option<String>,
    pub(super) input_path: Option<String>,
    pub(super) input_transformer: Option<InputTransformer>,
    pub(super) ecs_parameters: Option<Value>,
    dead_letter_config: Option<DeadLetterConfig>,
    retry_policy: Option<RetryPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InputTransformer {
    #[serde(default)]
    pub(super) input_paths_map: BTreeMap<String, String>,
    pub(super) input_template: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RetryPolicy {
    maximum_retry_attempts: Option<i64>,
    maximum_event_age_in_seconds: Option<i64>,
}

impl Target {
    pub(super) fn is_cluster(&self) -> bool {
        self.arn.contains(":ecs:") && self.arn.contains(":cluster/")
    }
}

/// Adds targets, or replaces those of the same id whole.
pub(super) fn put(
    state: &mut State,
    body: &Value,
    fault: Option<&Fault>,
) -> Result<Value, ApiError> {
    let wanted: PutTargets = read(body)?;
    let key = key(state, &wanted.rule, wanted.event_bus_name.as_deref())?;
    in_range("Targets", count(wanted.targets.len()), 1, ENTRIES_MAX)?;
    let rule = state.events.rule_to_change(&key, false)?;
    let mut targets = rule.targets.clone();
    let mut failed = Vec::new();
    for mut value in wanted.targets {
        without_nulls(&mut value);
        let target: Target = read(&value)?;
        check::target(&target)?;
        match failed_entry(fault, &target.id) {
            Some(entry) => failed.push(entry),
            None => {
                targets.insert(target.id, value);
            }
        }
    }
    if targets.len() > TARGETS_MAX {
        return Err(limit_exceeded());
    }
    rule.targets = targets;
    Ok(told(&failed))
}

/// Takes targets away; an id that no target has is no error.
pub(super) fn remove(
    state: &mut State,
    body: &Value,
    fault: Option<&Fault>,
) -> Result<Value, ApiError> {
    let wanted: RemoveTargets = read(body)?;
    let key = key(state, &wanted.rule, wanted.event_bus_name.as_deref())?;
    in_range("Ids", count(wanted.ids.len()), 1, 100)?;
    for id in &wanted.ids {
        name_pattern("ids.member", id)?;
    }
    let rule = state.events.rule_to_change(&key, wanted.force)?;
    let mut failed = Vec::new();
    for id in &wanted.ids {
        match failed_entry(fault, id) {
            Some(entry) => failed.push(entry),
            None => {
                rule.targets.remove(id);
            }
        }
    }
    Ok(told(&failed))
}

pub(super) fn list(state: &State, body: &Value) -> Result<Value, ApiError> {
    let wanted: ListTargets = read(body)?;
    let key = key(state, &wanted.rule, wanted.event_bus_name.as_deref())?;
    let size = page_size(state, wanted.limit)?;
    let rule = state.events.rule(&key)?;
    let (page, next) = page(&rule.targets, wanted.next_token.as_deref(), size)?;
    let mut answer = json!({ "Targets": page, "NextToken": next });
    without_nulls(&mut answer);
    Ok(answer)
}

fn key(state: &State, rule: &str, bus: Option<&str>) -> Result<(String, String), ApiError> {
    name_pattern("Rule", rule)?;
    Ok((state.events.bus(bus)?, rule.to_owned()))
}

fn count(entries: usize) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX)
}

fn failed_entry(fault: Option<&Fault>, target: &str) -> Option<Value> {
    match fault {
        Some(Fault::FailedEntry { id, code, message }) if id == target => {
            Some(json!({ "TargetId": id, "ErrorCode": code, "ErrorMessage": message }))
        }
        _ => None,
    }
}

fn told(failed: &[Value]) -> Value {
    json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed })
}
