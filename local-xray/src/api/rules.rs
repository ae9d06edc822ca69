//! The operations on sampling rules.

use std::collections::BTreeMap;

use serde_json::json;

use super::error::ApiError;
use super::groups::check_name;
use super::parameters::Parameters;
use super::{Api, json, tags};
use crate::store::{Resource, RuleChange, SamplingRateBoost, SamplingRule};

pub(super) fn create_sampling_rule(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let rule = parameters.required("SamplingRule", Parameters::object)?;
    let tags = tags::read(&parameters)?;
    let name = required_name(&rule)?;
    check_name(&rule, "RuleName", &name)?;
    rule.required("Version", |rule, name| rule.integer(name, 1..=1))?;
    let change = change(&rule)?;
    let missing = |member| move || rule_lacks(member);
    let rule = SamplingRule {
        rule_arn: Resource::SamplingRule(name.clone()).arn(),
        rule_name: name,
        resource_arn: change.resource_arn.ok_or_else(missing("ResourceARN"))?,
        priority: change.priority.ok_or_else(missing("Priority"))?,
        fixed_rate: change.fixed_rate.ok_or_else(missing("FixedRate"))?,
        reservoir_size: change.reservoir_size.ok_or_else(missing("ReservoirSize"))?,
        service_name: change.service_name.ok_or_else(missing("ServiceName"))?,
        service_type: change.service_type.ok_or_else(missing("ServiceType"))?,
        host: change.host.ok_or_else(missing("Host"))?,
        http_method: change.http_method.ok_or_else(missing("HTTPMethod"))?,
        url_path: change.url_path.ok_or_else(missing("URLPath"))?,
        version: 1,
        attributes: change.attributes.unwrap_or_default(),
        sampling_rate_boost: change.sampling_rate_boost,
    };
    let record = api
        .store
        .create_sampling_rule(rule, &tags, api.clock.now())?;
    json(&json!({ "SamplingRuleRecord": record }))
}

pub(super) fn update_sampling_rule(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let update = parameters.required("SamplingRuleUpdate", Parameters::object)?;
    let name = required_name(&update)?;
    let now = api.clock.now();
    let record = api
        .store
        .update_sampling_rule(&name, change(&update)?, now)?;
    json(&json!({ "SamplingRuleRecord": record }))
}

pub(super) fn delete_sampling_rule(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let name = required_name(&parameters)?;
    let record = api.store.delete_sampling_rule(&name, api.clock.now())?;
    json(&json!({ "SamplingRuleRecord": record }))
}

/// The name in `RuleName` or in `RuleARN`; the service takes one of them, not both.
fn required_name(rule: &Parameters) -> Result<String, ApiError> {
    match (rule.text("RuleName")?, rule.text("RuleARN")?) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(arn)) => match Resource::of_arn(arn) {
            Some(Resource::SamplingRule(name)) => Ok(name),
            _ => Err(rule.wrong("RuleARN", "is no ARN of a sampling rule")),
        },
        (None, None) => Err(rule.wrong("RuleName", "is missing, and so is RuleARN")),
        (Some(_), Some(_)) => Err(rule.wrong("RuleARN", "stands beside RuleName: leave one out")),
    }
}

fn rule_lacks(member: &str) -> ApiError {
    ApiError::invalid_request(format!("SamplingRule.{member} is missing"))
}

fn change(rule: &Parameters) -> Result<RuleChange, ApiError> {
    let text = |name, most| {
        let text = rule.text_of(name, 0..=most)?;
        Ok::<_, ApiError>(text.map(str::to_owned))
    };
    Ok(RuleChange {
        resource_arn: text("ResourceARN", 500)?,
        priority: rule.integer("Priority", 1..=9999)?.map(i64::from),
        fixed_rate: rule.number("FixedRate", 0.0..=1.0)?,
        reservoir_size: rule.integer("ReservoirSize", 0..=i32::MAX)?.map(i64::from),
        service_name: text("ServiceName", 64)?,
        service_type: text("ServiceType", 64)?,
        host: text("Host", 64)?,
        http_method: text("HTTPMethod", 10)?,
        url_path: text("URLPath", 128)?,
        attributes: attributes(rule)?,
        sampling_rate_boost: boost(rule)?,
    })
}

fn attributes(rule: &Parameters) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    const ATTRIBUTES_MAX: usize = 5;
    let Some(pairs) = rule.text_map("Attributes")? else {
        return Ok(None);
    };
    if pairs.len() > ATTRIBUTES_MAX {
        let message = format!("has more than {ATTRIBUTES_MAX} entries");
        return Err(rule.wrong("Attributes", &message));
    }
    for (key, value) in &pairs {
        rule.check_length("Attributes: a key", key, 1..=32)?;
        rule.check_length("Attributes: a value", value, 1..=32)?;
    }
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Ok(Some(pairs.into_iter().map(owned).collect()))
}

fn boost(rule: &Parameters) -> Result<Option<SamplingRateBoost>, ApiError> {
    let Some(boost) = rule.object("SamplingRateBoost")? else {
        return Ok(None);
    };
    let max_rate = boost.required("MaxRate", |boost, name| boost.number(name, 0.0..=1.0))?;
    let minutes = boost.required("CooldownWindowMinutes", Parameters::count)?;
    Ok(Some(SamplingRateBoost {
        max_rate,
        cooldown_window_minutes: minutes.into(),
    }))
}
