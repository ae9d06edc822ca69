//! Insights, which local X-Ray has none of: the list is empty, and none can be asked for.

use serde_json::{Value, json};

use super::error::ApiError;
use super::pages::only_page;
use super::parameters::Parameters;
use super::{Api, groups, json};

pub(super) fn get_insight_summaries(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    parameters.window()?;
    groups::of(api, &parameters)?;
    for state in parameters.list("States")?.unwrap_or_default() {
        if !matches!(state.as_str(), Some("ACTIVE" | "CLOSED")) {
            return Err(parameters.wrong("States", "has others than ACTIVE and CLOSED"));
        }
    }
    parameters.integer("MaxResults", 1..=100)?;
    only_page(&parameters)?;
    json(&json!({ "InsightSummaries": Value::Array(Vec::new()) }))
}

pub(super) fn get_insight(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    refuse(&Parameters::parse(body)?)
}

pub(super) fn get_insight_events(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    parameters.integer("MaxResults", 1..=50)?;
    refuse(&parameters)
}

pub(super) fn get_insight_impact_graph(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    parameters.required_text("InsightId")?;
    parameters.window()?;
    refuse(&parameters)
}

fn refuse(parameters: &Parameters) -> Result<Vec<u8>, ApiError> {
    parameters.required_text("InsightId")?;
    let message = "names no insight: local X-Ray finds none; \
                   GetTimeSeriesServiceStatistics shows when faults rose";
    Err(parameters.wrong("InsightId", message))
}
