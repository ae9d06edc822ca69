//! The API of the X-Ray service over HTTP: every operation is a POST of JSON to a fixed path (the
//! service's model in botocore), signed or not.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tracing_xray::Clock;

mod error;
mod guard;
mod parameters;
mod read;
mod sampling;
mod server;

use error::ApiError;
use parameters::Parameters;
pub use server::{LocalXray, StartError};

use crate::store::Store;

/// The largest body that is read: fifty documents of the largest size, quoted and escaped.
const BODY_BYTES_MAX: usize = 16 << 20;

#[derive(Clone)]
struct Api {
    store: Store,
    clock: Clock,
}

/// The routes of a server that listens on `address`.
fn router(store: Store, clock: Clock, address: SocketAddr) -> Router {
    let guarded = from_fn_with_state(address, refuse_strangers);
    Router::new()
        .fallback(answer)
        .with_state(Arc::new(Api { store, clock }))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(guarded)
}

async fn refuse_strangers(
    State(address): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match guard::check(address, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
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

/// An operation: what it answers to a body, in JSON.
type Operation = fn(&Api, &[u8]) -> Result<Vec<u8>, ApiError>;

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
    if method != Method::POST {
        return None;
    }
    Some(match path {
        "/TraceSegments" => put_trace_segments,
        "/TelemetryRecords" => put_telemetry_records,
        "/Traces" => read::batch_get_traces,
        "/TraceSummaries" => read::trace_summaries,
        "/ServiceGraph" => read::service_graph,
        "/TraceGraph" => read::trace_graph,
        "/GetSamplingRules" => sampling::rules,
        "/SamplingTargets" => sampling::targets,
        _ => return None,
    })
}

async fn read_body(request: Request) -> Result<Bytes, ApiError> {
    use axum::extract::FromRequest;
    let body = Bytes::from_request(request, &()).await;
    body.map_err(|rejection| {
        let status = rejection.status();
        ApiError::unread_body(status, &rejection)
    })
}

fn put_trace_segments(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let documents = parameters::trace_segment_documents(body)?;
    let unprocessed = api.store.put_trace_segments(&documents, api.clock.now())?;
    for refused in &unprocessed {
        let id = refused.id.as_deref().unwrap_or("without id");
        tracing::warn!(id, error_code = refused.error_code, "document not taken");
    }
    json(&serde_json::json!({ "UnprocessedTraceSegments": unprocessed }))
}

/// Daemons report on themselves here; nothing of it is kept.
fn put_telemetry_records(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    Parameters::parse(body)?.required_list("TelemetryRecords")?;
    json(&Value::Object(serde_json::Map::new()))
}

fn json(answer: &impl serde::Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(answer).map_err(|error| ApiError::internal(&error))
}
