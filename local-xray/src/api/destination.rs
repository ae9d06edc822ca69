//! Where traces go and how they are indexed: to X-Ray, all of them.

use serde_json::json;

use super::error::ApiError;
use super::pages::only_page;
use super::parameters::Parameters;
use super::{Api, json};
use crate::store::DEFAULT;

pub(super) fn get_trace_segment_destination(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    Parameters::parse(body)?;
    destination()
}

pub(super) fn update_trace_segment_destination(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    if parameters.choice("Destination", &["XRay", "CloudWatchLogs"])? == Some("CloudWatchLogs") {
        let message = "CloudWatchLogs: local X-Ray keeps all traces itself; the destination XRay \
                       has them whole";
        return Err(parameters.wrong("Destination", message));
    }
    parameters.object("CloudWatchLogsConfiguration")?;
    destination()
}

fn destination() -> Result<Vec<u8>, ApiError> {
    json(&json!({ "Destination": "XRay", "Status": "ACTIVE" }))
}

pub(super) fn get_indexing_rules(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    only_page(&Parameters::parse(body)?)?;
    json(&json!({ "IndexingRules": [api.store.indexing_rule()?] }))
}

pub(super) fn update_indexing_rule(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let name = parameters.required_text("Name")?;
    let rule = parameters.required("Rule", Parameters::object)?;
    let rule = rule.required("Probabilistic", Parameters::object)?;
    let percentage = rule.required("DesiredSamplingPercentage", |rule, name| {
        rule.number(name, 0.0..=100.0)
    })?;
    if name != DEFAULT {
        let message = format!("there is no indexing rule {name:?}, only {DEFAULT}");
        return Err(ApiError::resource_not_found(message, name));
    }
    let now = api.clock.now();
    let rule = api.store.update_indexing_rule(percentage, now)?;
    json(&json!({ "IndexingRule": rule }))
}
