//! EventBridge: rules by bus and name, each with its targets and tags.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::protocol::{AnswerBody, ApiError, validation};
use crate::{Settings, State};

mod fire;
mod rules;
mod schedule;
mod tags;
mod targets;
mod transform;

pub(crate) use fire::fire;
pub use fire::{Delivery, Firing};
pub(crate) use rules::seed_rule;

/// The bus that every account has, and the only one with schedules.
const DEFAULT_BUS: &str = "default";

/// Rules by bus and name.
#[derive(Debug, Default)]
pub(crate) struct Events {
    rules: BTreeMap<(String, String), Rule>,
    /// Beside the default bus.
    buses: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Rule {
    schedule_expression: Option<String>,
    event_pattern: Option<String>,
    state: String,
    description: Option<String>,
    role_arn: Option<String>,
    managed_by: Option<String>,
    /// By id; whole, as they were put.
    targets: BTreeMap<String, Value>,
    /// In the order in which they came.
    tags: Vec<(String, String)>,
}

impl Events {
    pub(crate) fn add_bus(&mut self, name: &str) {
        self.buses.insert(name.to_owned());
    }

    /// The name of the bus that a request names, by name or ARN.
    fn bus(&self, named: Option<&str>) -> Result<String, ApiError> {
        let named = named.unwrap_or(DEFAULT_BUS);
        let name = match named.split_once(":event-bus/") {
            Some((_, name)) => name,
            None => named,
        };
        if name == DEFAULT_BUS || self.buses.contains(name) {
            return Ok(name.to_owned());
        }
        Err(not_found(format!("Event bus {name} does not exist.")))
    }

    fn rule(&self, key: &(String, String)) -> Result<&Rule, ApiError> {
        self.rules.get(key).ok_or_else(|| missing_rule(key))
    }

    /// A rule that its owner changes; `force` also changes one that an AWS service manages.
    fn rule_to_change(
        &mut self,
        key: &(String, String),
        force: bool,
    ) -> Result<&mut Rule, ApiError> {
        let rule = self.rules.get_mut(key).ok_or_else(|| missing_rule(key))?;
        refuse_managed(&key.1, rule, force)?;
        Ok(rule)
    }
}

fn refuse_managed(name: &str, rule: &Rule, force: bool) -> Result<(), ApiError> {
    match &rule.managed_by {
        Some(owner) if !force => Err(ApiError::new(
            "ManagedRuleException",
            format!("Rule {name} is managed by {owner} and cannot be changed."),
        )),
        _ => Ok(()),
    }
}

fn not_found(message: String) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn missing_rule((bus, name): &(String, String)) -> ApiError {
    not_found(format!("Rule {name} does not exist on EventBus {bus}."))
}

fn limit_exceeded() -> ApiError {
    ApiError::new(
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
}

fn rule_arn(settings: &Settings, bus: &str, name: &str) -> String {
    let path = if bus == DEFAULT_BUS {
        name.to_owned()
    } else {
        format!("{bus}/{name}")
    };
    settings.arn("events", &format!("rule/{path}"))
}

/// The page of what comes after a token, in the order of names, and the token of the next.
fn page<'a, T>(
    entries: &'a BTreeMap<String, T>,
    token: Option<&str>,
    size: usize,
) -> Result<(Vec<&'a T>, Option<String>), ApiError> {
    let start = match token {
        None => Bound::Unbounded,
        Some(token) => match token.strip_prefix("after-") {
            Some(name) => Bound::Excluded(name.to_owned()),
            None => return Err(validation("Parameter NextToken is not valid.")),
        },
    };
    let mut rest = entries.range((start, Bound::Unbounded));
    let page: Vec<(&String, &T)> = rest.by_ref().take(size).collect();
    let last = page.last().map(|(name, _)| format!("after-{name}"));
    let next = rest.next().and(last);
    Ok((page.into_iter().map(|(_, entry)| entry).collect(), next))
}

pub(crate) fn call(
    state: &mut State,
    operation: &str,
    body: &Value,
    fault: Option<&Fault>,
) -> Result<AnswerBody, ApiError> {
    let answer = match operation {
        "PutRule" => rules::put(state, body)?,
        "DescribeRule" => rules::describe(state, body)?,
        "ListRules" => rules::list(state, body)?,
        "DeleteRule" => return rules::delete(state, body),
        "EnableRule" => return rules::set_state(state, body, "ENABLED"),
        "DisableRule" => return rules::set_state(state, body, "DISABLED"),
        "PutTargets" => targets::put(state, body, fault)?,
        "RemoveTargets" => targets::remove(state, body, fault)?,
        "ListTargetsByRule" => targets::list(state, body)?,
        "TagResource" => tags::tag(state, body)?,
        "UntagResource" => tags::untag(state, body)?,
        "ListTagsForResource" => tags::list(state, body)?,
        other => return Err(ApiError::unknown_operation(other)),
    };
    Ok(AnswerBody::Json(answer))
}

/// All rules, by bus and name.
pub(crate) fn snapshot(state: &State) -> Value {
    let mut buses = json!({});
    for ((bus, name), rule) in &state.events.rules {
        let mut told = rules::told(&state.settings, bus, name, rule);
        told["Targets"] = json!(rule.targets);
        told["Tags"] = rule
            .tags
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        buses[bus][name] = told;
    }
    buses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let entries: BTreeMap<String, u32> = (0..7).map(|n| (format!("rule-{n}"), n)).collect();
        for size in 1..9 {
            let mut seen: Vec<&u32> = Vec::new();
            let mut token = None;
            loop {
                let (page, next) = page(&entries, token.as_deref(), size).unwrap();
                assert!(page.len() <= size);
                seen.extend(page);
                token = next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(
                seen,
                entries.values().collect::<Vec<_>>(),
                "pages of {size}"
            );
        }
        assert!(page(&entries, Some("7"), 2).is_err());
    }
}
