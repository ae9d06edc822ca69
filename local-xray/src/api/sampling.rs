//! The operations of central sampling: what SDKs ask for, and what their reports add up to.

use super::error::ApiError;
use super::groups::NAME_MAX;
use super::pages::Page;
use super::parameters::Parameters;
use super::{Api, json};
use crate::store::{BoostReport, Report};

/// How many documents a report may have.
const DOCUMENTS_MAX: usize = 25;

/// How many rules a page holds: all that there can be, since the official SDKs read one page only.
const RULES_PAGE: usize = 100;

/// How many sums of a rule in a window a page holds.
const SUMMARIES_PAGE: usize = 100;

pub(super) fn get_sampling_rules(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let rules = api.store.sampling_rules()?;
    let page = Page::of(&parameters, "rules", &rules, RULES_PAGE, |record| {
        let rule = &record.sampling_rule;
        format!("{:05} {}", rule.priority, rule.rule_name)
    })?;
    Ok(page.answer("SamplingRuleRecords")?.into_body())
}

pub(super) fn get_sampling_targets(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let reports = parameters
        .required_objects("SamplingStatisticsDocuments", DOCUMENTS_MAX)?
        .iter()
        .map(report)
        .collect::<Result<Vec<_>, _>>()?;
    let boosts = parameters
        .objects("SamplingBoostStatisticsDocuments", DOCUMENTS_MAX)?
        .iter()
        .map(boost_report)
        .collect::<Result<Vec<_>, _>>()?;
    let now = api.clock.now();
    json(&api.store.sampling_targets(&reports, &boosts, now)?)
}

pub(super) fn get_sampling_statistic_summaries(
    api: &Api,
    body: &[u8],
) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let summaries = api.store.sampling_statistics(api.clock.now())?;
    let page = Page::of(
        &parameters,
        "statistics",
        &summaries,
        SUMMARIES_PAGE,
        |summary| format!("{:011} {}", summary.timestamp.as_secs(), summary.rule_name),
    )?;
    Ok(page.answer("SamplingStatisticSummaries")?.into_body())
}

fn report(document: &Parameters) -> Result<Report, ApiError> {
    let rule = rule_name(document)?;
    let client = document.required_text("ClientID")?;
    let digits = client.bytes().filter(u8::is_ascii_hexdigit).count();
    if client.len() != 24 || digits != 24 {
        return Err(document.wrong("ClientID", "is not 24 hexadecimal digits"));
    }
    check_time(document)?;
    Ok(Report {
        rule,
        client: client.to_ascii_lowercase(),
        requests: document.required("RequestCount", Parameters::count)?,
        sampled: document.required("SampledCount", Parameters::count)?,
        borrowed: document.count("BorrowCount")?.unwrap_or(0),
    })
}

fn boost_report(document: &Parameters) -> Result<BoostReport, ApiError> {
    document.required("ServiceName", |document, name| {
        document.text_of(name, 0..=64)
    })?;
    document.required("TotalCount", Parameters::count)?;
    check_time(document)?;
    Ok(BoostReport {
        rule: rule_name(document)?,
        anomalies: document.required("AnomalyCount", Parameters::count)?,
        sampled_anomalies: document.required("SampledAnomalyCount", Parameters::count)?,
    })
}

fn rule_name(document: &Parameters) -> Result<String, ApiError> {
    let name = document.required("RuleName", |document, name| {
        document.text_of(name, 1..=NAME_MAX)
    })?;
    Ok(name.to_owned())
}

/// The time of a report, which some SDKs write as text. Only our own clock counts.
fn check_time(document: &Parameters) -> Result<(), ApiError> {
    match document.text("Timestamp") {
        Ok(Some(text)) if !text.is_empty() => Ok(()),
        _ => document.required_time("Timestamp").map(|_| ()),
    }
}
