//! PutRule, DescribeRule, ListRules, DeleteRule, EnableRule, DisableRule.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    DEFAULT_BUS, Rule, limit_exceeded, missing_rule, not_found, page, refuse_managed, rule_arn,
    schedule, tags, targets,
};
use crate::protocol::{
    AnswerBody, ApiError, in_range, length, name_pattern, one_of, read, tags_allowed, validation,
    without_nulls,
};
use crate::{Settings, State};

const STATES: [&str; 3] = [
    "ENABLED",
    "DISABLED",
    "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRule {
    name: String,
    schedule_expression: Option<String>,
    event_pattern: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    #[serde(default)]
    tags: Vec<tags::Tag>,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    name: String,
    event_bus_name: Option<String>,
    #[serde(default)]
    force: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRules {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

impl Named {
    fn key(self, state: &State) -> Result<(String, String), ApiError> {
        name_pattern("Name", &self.name)?;
        let bus = state.events.bus(self.event_bus_name.as_deref())?;
        Ok((bus, self.name))
    }
}

/// Makes a rule, or replaces it whole but for its targets and tags: what is left out becomes null, and
/// tags are only taken from the call that makes the rule (the model of PutRule).
pub(super) fn put(state: &mut State, body: &Value) -> Result<Value, ApiError> {
    let wanted: PutRule = read(body)?;
    check(&wanted)?;
    let bus = state.events.bus(wanted.event_bus_name.as_deref())?;
    if bus != DEFAULT_BUS && wanted.schedule_expression.is_some() {
        return Err(validation(
            "ScheduleExpression is supported only on the default event bus.",
        ));
    }
    let on_bus = state.events.rules.keys().filter(|(of, _)| *of == bus);
    let full = on_bus.count() >= state.settings.rule_quota;
    let arn = rule_arn(&state.settings, &bus, &wanted.name);
    let key = (bus, wanted.name);
    let rule = match state.events.rules.get_mut(&key) {
        Some(rule) => {
            refuse_managed(&key.1, rule, false)?;
            rule
        }
        None if full => return Err(limit_exceeded()),
        None => {
            let tags = tags::pairs(wanted.tags);
            tags_allowed(&tags)?;
            let rule = state.events.rules.entry(key).or_default();
            rule.tags = tags;
            rule
        }
    };
    rule.schedule_expression = wanted.schedule_expression;
    rule.event_pattern = wanted.event_pattern;
    rule.state = wanted.state.unwrap_or_else(|| STATES[0].to_owned());
    rule.description = wanted.description;
    rule.role_arn = wanted.role_arn;
    Ok(json!({ "RuleArn": arn }))
}

fn check(wanted: &PutRule) -> Result<(), ApiError> {
    name_pattern("Name", &wanted.name)?;
    if let Some(description) = &wanted.description {
        length("Description", description, 0, 512)?;
    }
    if let Some(state) = &wanted.state {
        one_of("State", state, &STATES)?;
    }
    if let Some(role) = &wanted.role_arn {
        length("RoleArn", role, 1, 1600)?;
    }
    if wanted.schedule_expression.is_none() && wanted.event_pattern.is_none() {
        return Err(validation(
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ));
    }
    if let Some(expression) = &wanted.schedule_expression {
        length("ScheduleExpression", expression, 0, 256)?;
        if !schedule::is_valid(expression) {
            return Err(validation("Parameter ScheduleExpression is not valid."));
        }
    }
    if let Some(pattern) = &wanted.event_pattern {
        length("EventPattern", pattern, 0, 4096)?;
        if !matches!(serde_json::from_str(pattern), Ok(Value::Object(_))) {
            return Err(ApiError::new(
                "InvalidEventPatternException",
                "Event pattern is not valid. Reason: Filter is not an object",
            ));
        }
    }
    Ok(())
}

pub(super) fn describe(state: &State, body: &Value) -> Result<Value, ApiError> {
    let key = read::<Named>(body)?.key(state)?;
    let rule = state.events.rule(&key)?;
    let mut told = told(&state.settings, &key.0, &key.1, rule);
    told["CreatedBy"] = json!(state.settings.account);
    Ok(told)
}

/// A rule as ListRules tells it; DescribeRule tells its maker besides.
pub(super) fn told(settings: &Settings, bus: &str, name: &str, rule: &Rule) -> Value {
    let mut told = json!({
        "Name": name,
        "Arn": rule_arn(settings, bus, name),
        "EventBusName": bus,
        "State": rule.state,
        "ScheduleExpression": rule.schedule_expression,
        "EventPattern": rule.event_pattern,
        "Description": rule.description,
        "RoleArn": rule.role_arn,
        "ManagedBy": rule.managed_by,
    });
    without_nulls(&mut told);
    told
}

pub(super) fn list(state: &State, body: &Value) -> Result<Value, ApiError> {
    let wanted: ListRules = read(body)?;
    if let Some(prefix) = &wanted.name_prefix {
        name_pattern("NamePrefix", prefix)?;
    }
    let bus = state.events.bus(wanted.event_bus_name.as_deref())?;
    let size = page_size(state, wanted.limit)?;
    let prefix = wanted.name_prefix.unwrap_or_default();
    let rules: BTreeMap<String, Value> = state
        .events
        .rules
        .iter()
        .filter(|((of, name), _)| *of == bus && name.starts_with(&prefix))
        .map(|((bus, name), rule)| (name.clone(), told(&state.settings, bus, name, rule)))
        .collect();
    let (page, next) = page(&rules, wanted.next_token.as_deref(), size)?;
    let mut answer = json!({ "Rules": page, "NextToken": next });
    without_nulls(&mut answer);
    Ok(answer)
}

/// How many entries a page has: what the caller asks for, 1 to 100, and the fake's own bound.
pub(super) fn page_size(state: &State, limit: Option<i64>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(100);
    in_range("Limit", limit, 1, 100)?;
    let limit = usize::try_from(limit).unwrap_or(1);
    Ok(limit.min(state.settings.page_size))
}

/// Deleting a rule that is not there is no error (the reference of DeleteRule).
pub(super) fn delete(state: &mut State, body: &Value) -> Result<AnswerBody, ApiError> {
    let wanted: Named = read(body)?;
    let force = wanted.force;
    let key = wanted.key(state)?;
    if let Some(rule) = state.events.rules.get(&key) {
        refuse_managed(&key.1, rule, force)?;
        if !rule.targets.is_empty() {
            return Err(validation("Rule can't be deleted since it has targets."));
        }
        state.events.rules.remove(&key);
    }
    Ok(AnswerBody::Empty)
}

pub(super) fn set_state(state: &mut State, body: &Value, to: &str) -> Result<AnswerBody, ApiError> {
    let key = read::<Named>(body)?.key(state)?;
    let rule = state.events.rule_to_change(&key, false)?;
    to.clone_into(&mut rule.state);
    Ok(AnswerBody::Empty)
}

/// The name and bus of a rule's ARN, when the rule is there.
pub(super) fn key_of_arn(state: &State, arn: &str) -> Result<(String, String), ApiError> {
    let path = arn.split_once(":rule/").map(|(_, path)| path);
    let Some(path) = path else {
        return Err(not_found(format!("{arn} does not exist.")));
    };
    let (bus, name) = path.rsplit_once('/').unwrap_or((DEFAULT_BUS, path));
    let key = (bus.to_owned(), name.to_owned());
    if rule_arn(&state.settings, bus, name) != arn {
        return Err(missing_rule(&key));
    }
    state.events.rule(&key)?;
    Ok(key)
}

/// Makes a rule with its targets and owner at once, by the same rules as the calls.
pub(crate) fn seed_rule(state: &mut State, mut seed: Value) -> Result<(), String> {
    let told = |error: ApiError| format!("{}: {}", error.code, error.message);
    let managed_by = seed["ManagedBy"].as_str().map(str::to_owned);
    let wanted_targets = seed["Targets"].take();
    without_nulls(&mut seed);
    put(state, &seed).map_err(told)?;
    let Some(name) = seed["Name"].as_str() else {
        return Ok(());
    };
    if wanted_targets.is_array() {
        let body = json!({
            "Rule": name,
            "EventBusName": seed.get("EventBusName"),
            "Targets": wanted_targets,
        });
        targets::put(state, &body, None).map_err(told)?;
    }
    let named = seed.get("EventBusName").and_then(Value::as_str);
    let bus = state.events.bus(named).map_err(told)?;
    if let Some(rule) = state.events.rules.get_mut(&(bus, name.to_owned())) {
        rule.managed_by = managed_by;
    }
    Ok(())
}
