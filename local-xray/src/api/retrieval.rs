//! Retrieval of traces from CloudWatch Logs, where local X-Ray has none.

use super::Api;
use super::error::ApiError;
use super::parameters::Parameters;

pub(super) fn start_trace_retrieval(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    parameters.required_texts("TraceIds")?;
    parameters.window()?;
    Err(ApiError::invalid_request(
        "StartTraceRetrieval: local X-Ray keeps no traces in CloudWatch Logs: \
         read them with BatchGetTraces",
    ))
}

pub(super) fn list_retrieved_traces(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    parameters.choice("TraceFormat", &["XRAY", "OTEL"])?;
    refuse(&parameters, "read traces with BatchGetTraces")
}

pub(super) fn get_retrieved_traces_graph(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    refuse(&parameters, "read the graph of traces with GetTraceGraph")
}

pub(super) fn cancel_trace_retrieval(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    refuse(&parameters, "there is nothing to cancel")
}

fn refuse(parameters: &Parameters, instead: &str) -> Result<Vec<u8>, ApiError> {
    parameters.required("RetrievalToken", |parameters, name| {
        parameters.text_of(name, 0..=1020)
    })?;
    let message = format!("names no retrieval: local X-Ray has none; {instead}");
    Err(parameters.wrong("RetrievalToken", &message))
}
