//! The API of the X-Ray service over HTTP: every operation is a POST of JSON to a fixed path (the
//! service's model in botocore), signed or not.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing_xray::Clock;

mod account;
mod answer;
mod destination;
mod error;
mod filters;
mod groups;
mod insights;
mod pages;
mod parameters;
mod read;
mod retrieval;
mod rules;
mod sampling;
mod sampling_strategy;
mod segments;
mod series;
mod tags;
mod telemetry;
#[cfg(test)]
mod tests;

pub(crate) use error::ApiError;

use crate::store::Store;

/// The largest body that is read: fifty documents of the largest size, quoted and escaped.
const BODY_BYTES_MAX: usize = 16 << 20;

#[derive(Clone)]
struct Api {
    store: Store,
    clock: Clock,
}

/// Its routes: all that nobody else answers.
pub(crate) fn routes(store: Store, clock: Clock) -> Router {
    Router::new()
        .fallback(answer)
        .with_state(Arc::new(Api { store, clock }))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn answer(State(api): State<Arc<Api>>, request: Request) -> Response {
    match dispatch(api, request).await {
        Ok(body) => {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::OK, json, Body::from(body)).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// The answer to a POST without a server around it, unless the path is none.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn post(
    store: Store,
    clock: Clock,
    path: &str,
    body: &[u8],
) -> Option<impl Future<Output = Response>> {
    let request = Request::post(path).body(Body::from(body.to_vec())).ok()?;
    Some(answer(State(Arc::new(Api { store, clock })), request))
}

/// An operation: what it answers to a body, in JSON.
type Operation = fn(&Api, &[u8]) -> Result<Vec<u8>, ApiError>;

/// All operations, by path.
const OPERATIONS: [(&str, Operation); 38] = [
    ("/TraceSegments", segments::put_trace_segments),
    ("/TelemetryRecords", telemetry::put_telemetry_records),
    //
    ("/Traces", read::batch_get_traces),
    ("/TraceSummaries", read::trace_summaries),
    ("/ServiceGraph", read::service_graph),
    ("/TimeSeriesServiceStatistics", series::time_series),
    ("/TraceGraph", read::trace_graph),
    //
    ("/CreateGroup", groups::create_group),
    ("/UpdateGroup", groups::update_group),
    ("/DeleteGroup", groups::delete_group),
    ("/GetGroup", groups::get_group),
    ("/Groups", groups::get_groups),
    //
    ("/CreateSamplingRule", rules::create_sampling_rule),
    ("/UpdateSamplingRule", rules::update_sampling_rule),
    ("/DeleteSamplingRule", rules::delete_sampling_rule),
    ("/GetSamplingRules", sampling::get_sampling_rules),
    ("/SamplingTargets", sampling::get_sampling_targets),
    (
        "/SamplingStatisticSummaries",
        sampling::get_sampling_statistic_summaries,
    ),
    //
    ("/TagResource", tags::tag_resource),
    ("/UntagResource", tags::untag_resource),
    ("/ListTagsForResource", tags::list_tags_for_resource),
    //
    (
        "/GetTraceSegmentDestination",
        destination::get_trace_segment_destination,
    ),
    (
        "/UpdateTraceSegmentDestination",
        destination::update_trace_segment_destination,
    ),
    ("/GetIndexingRules", destination::get_indexing_rules),
    ("/UpdateIndexingRule", destination::update_indexing_rule),
    //
    ("/EncryptionConfig", account::get_encryption_config),
    ("/PutEncryptionConfig", account::put_encryption_config),
    ("/ListResourcePolicies", account::list_resource_policies),
    ("/PutResourcePolicy", account::put_resource_policy),
    ("/DeleteResourcePolicy", account::delete_resource_policy),
    //
    ("/InsightSummaries", insights::get_insight_summaries),
    ("/Insight", insights::get_insight),
    ("/InsightEvents", insights::get_insight_events),
    ("/InsightImpactGraph", insights::get_insight_impact_graph),
    //
    ("/StartTraceRetrieval", retrieval::start_trace_retrieval),
    ("/ListRetrievedTraces", retrieval::list_retrieved_traces),
    (
        "/GetRetrievedTracesGraph",
        retrieval::get_retrieved_traces_graph,
    ),
    ("/CancelTraceRetrieval", retrieval::cancel_trace_retrieval),
];

async fn dispatch(api: Arc<Api>, request: Request) -> Result<Vec<u8>, ApiError> {
    let path = request.uri().path().to_owned();
    let operation = operation(request.method(), &path);
    let operation = operation.ok_or_else(|| ApiError::unknown_operation(&path))?;
    let body = read_body(request).await?;
    // The store blocks.
    let answer = tokio::task::spawn_blocking(move || operation(&api, &body)).await;
    answer.unwrap_or_else(|error| Err(ApiError::internal(&error)))
}

fn operation(method: &Method, path: &str) -> Option<Operation> {
    let mut operations = OPERATIONS.iter().filter(|_| method == Method::POST);
    let found = operations.find(|(of_operation, _)| *of_operation == path);
    found.map(|(_, operation)| *operation)
}

async fn read_body(request: Request) -> Result<Bytes, ApiError> {
    use axum::extract::FromRequest;
    let body = Bytes::from_request(request, &()).await;
    body.map_err(|rejection| {
        let status = rejection.status();
        ApiError::unread_body(status, &rejection)
    })
}

fn json(answer: &impl serde::Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(answer).map_err(|error| ApiError::internal(&error))
}
