//! Where segment documents come in.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Api, json};

const DOCUMENTS: &str = "TraceSegmentDocuments";

pub(super) fn put_trace_segments(api: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let documents = trace_segment_documents(body)?;
    let unprocessed = api.store.put_trace_segments(&documents, api.clock.now())?;
    for refused in &unprocessed {
        let id = refused.id.as_deref().unwrap_or("without id");
        tracing::warn!(id, error_code = refused.error_code, "document not taken");
    }
    json(&serde_json::json!({ "UnprocessedTraceSegments": unprocessed }))
}

/// The documents in the body, the one request that has to be read fast. An element that is no
/// string is a document that nobody can parse, whose text says so to those who list rejects.
fn trace_segment_documents(body: &[u8]) -> Result<Vec<Cow<'_, str>>, ApiError> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(rename = "TraceSegmentDocuments", borrow)]
        documents: Vec<Document<'a>>,
    }
    #[derive(Deserialize)]
    struct Document<'a>(#[serde(borrow)] Cow<'a, str>);

    match serde_json::from_slice::<Body<'_>>(body) {
        Ok(body) => Ok(body
            .documents
            .into_iter()
            .map(|document| document.0)
            .collect()),
        // Slower, but it can tell what is wrong.
        Err(_) => {
            let parameters = Parameters::parse(body)?;
            let documents = parameters.required_list(DOCUMENTS)?.iter().enumerate();
            let documents = documents.map(|(index, document)| match document {
                Value::String(document) => document.clone().into(),
                other => format!("{DOCUMENTS}[{index}] is no string: {other}").into(),
            });
            Ok(documents.collect())
        }
    }
}
