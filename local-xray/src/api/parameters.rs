//! The parameters of a request, each read by name so that an error can name it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};
use tracing_xray::Timestamp;

use super::error::ApiError;

/// The members of a request's body. A body may be absent.
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        if body.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(ApiError::invalid_request("the body is no JSON object")),
            Err(error) => Err(ApiError::invalid_request(format!(
                "the body is no JSON: {error}"
            ))),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_str() {
            Some(text) => Ok(Some(text)),
            None => Err(wrong_type(name, "a string")),
        }
    }

    /// A time in seconds since the epoch.
    pub(super) fn required_time(&self, name: &str) -> Result<Timestamp, ApiError> {
        let value = self.get(name).ok_or_else(|| missing(name))?;
        Timestamp::deserialize(value)
            .map_err(|_| wrong_type(name, "a number of seconds since the epoch"))
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&[Value]>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(_) => Err(wrong_type(name, "a list")),
        }
    }

    pub(super) fn required_list(&self, name: &str) -> Result<&[Value], ApiError> {
        self.list(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn required_texts(&self, name: &str) -> Result<Vec<&str>, ApiError> {
        let texts = self.required_list(name)?.iter().map(Value::as_str);
        let texts: Option<_> = texts.collect();
        texts.ok_or_else(|| wrong_type(name, "a list of strings"))
    }

    /// The times `StartTime` and `EndTime`, in order.
    pub(super) fn window(&self) -> Result<(Timestamp, Timestamp), ApiError> {
        let start = self.required_time("StartTime")?;
        let end = self.required_time("EndTime")?;
        if end < start {
            return Err(ApiError::invalid_request("EndTime is before StartTime"));
        }
        Ok((start, end))
    }

    /// `NextToken`, which holds what the page before left there.
    pub(super) fn next_token<T: std::str::FromStr>(&self) -> Result<Option<T>, ApiError> {
        let Some(token) = self.text("NextToken")?.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        match token.parse() {
            Ok(place) => Ok(Some(place)),
            Err(_) => Err(ApiError::invalid_request("NextToken is none of ours")),
        }
    }
}

/// The documents in the body of PutTraceSegments, the one request that has to be read fast.
pub(super) fn trace_segment_documents(body: &[u8]) -> Result<Vec<Cow<'_, str>>, ApiError> {
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
        Err(error) => {
            // Slower, but it can tell what is wrong.
            let parameters = Parameters::parse(body)?;
            parameters.required_texts("TraceSegmentDocuments")?;
            Err(ApiError::invalid_request(format!(
                "the body is no JSON: {error}"
            )))
        }
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::invalid_request(format!("{name} is missing"))
}

fn wrong_type(name: &str, expected: &str) -> ApiError {
    ApiError::invalid_request(format!("{name} is not {expected}"))
}
