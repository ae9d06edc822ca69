//! The operations that read: traces, summaries and graphs, a page at a time.

use std::collections::BTreeSet;

use tracing_xray::TraceId;

use super::answer::Answer;
use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, filters, sampling_strategy};
use crate::graph::ServiceNode;
use crate::store::{SummaryQuery, TimeRange};

/// How many traces a page of BatchGetTraces holds. AWS takes five ids a request.
const TRACES_PAGE: usize = 50;

/// How many summaries a page holds.
const SUMMARIES_PAGE: usize = 100;

/// How many services a page of a graph holds: only graphs that nobody can read have more.
const SERVICES_PAGE: usize = 2000;

pub(super) fn batch_get_traces(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let from: usize = parameters.next_token()?.unwrap_or(0);
    let mut seen = BTreeSet::new();
    let mut asked = parameters.required_texts("TraceIds")?;
    asked.retain(|id| seen.insert(*id));
    let page = asked.iter().skip(from).take(TRACES_PAGE);
    let ids: Vec<TraceId> = page.clone().filter_map(|id| id.parse().ok()).collect();
    let traces = api.store.batch_get_traces(&ids)?;
    let found: BTreeSet<_> = traces.iter().map(|trace| trace.id.to_string()).collect();
    let unprocessed: Vec<_> = page.filter(|id| !found.contains(**id)).collect();
    let next = from.saturating_add(TRACES_PAGE);
    let answer = Answer::new()
        .member("UnprocessedTraceIds", &unprocessed)?
        .member("Traces", &traces)?
        .next_token((next < asked.len()).then_some(next))?;
    Ok(answer.into_body())
}

pub(super) fn trace_summaries(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let (start, end) = parameters.window()?;
    let range = match parameters.text("TimeRangeType")? {
        None | Some("TraceId") => TimeRange::TraceId,
        Some("Event") => TimeRange::Event,
        Some("Service") => TimeRange::Service,
        Some(_) => {
            let message = "TimeRangeType is none of TraceId, Event and Service";
            return Err(ApiError::invalid_request(message));
        }
    };
    let filter = filters::read(api, &parameters)?;
    let page = api.store.trace_summaries(&SummaryQuery {
        start,
        end,
        range,
        filter: filter.as_ref(),
        share: sampling_strategy::share(&parameters)?,
        before: parameters.next_token()?,
        limit: SUMMARIES_PAGE,
    })?;
    let answer = Answer::new()
        .member("TracesProcessedCount", &page.processed)?
        .member("TraceSummaries", &page.summaries)?
        .member("ApproximateTime", &api.clock.now())?
        .next_token(page.next)?;
    Ok(answer.into_body())
}

pub(super) fn service_graph(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let (start, end) = parameters.window()?;
    let filter = filters::of_group(api, &parameters)?;
    let from = parameters.next_token()?.unwrap_or(0);
    let graph = api.store.service_graph(start, end, filter.as_ref())?;
    let answer = Answer::new()
        .member("StartTime", &start)?
        .member("EndTime", &end)?
        .member("ContainsOldGroupVersions", &false)?;
    services(answer, &graph, from)
}

pub(super) fn trace_graph(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let ids = parameters.required_texts("TraceIds")?;
    let ids: Vec<TraceId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let from = parameters.next_token()?.unwrap_or(0);
    services(Answer::new(), &api.store.trace_graph(&ids)?, from)
}

fn services(answer: Answer, services: &[ServiceNode], from: usize) -> Result<Vec<u8>, ApiError> {
    let from = from.min(services.len());
    let to = from.saturating_add(SERVICES_PAGE).min(services.len());
    let answer = answer
        .member("Services", &services[from..to])?
        .next_token((to < services.len()).then_some(to))?;
    Ok(answer.into_body())
}
