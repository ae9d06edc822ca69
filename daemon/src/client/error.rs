//! Why a call to X-Ray failed, and whether it is worth another try.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use bytes::Bytes;
use http::Response;
use http::header::HeaderMap;
use serde_json::Value;
use thiserror::Error;
use tracing_xray::{is_throttling, plain_code};

/// A text that is not JSON is quoted up to this many characters.
const MESSAGE_LEN_MAX: usize = 300;

/// A call to the X-Ray API that brought no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// X-Ray answered with an error.
    #[error("{url}: {service}")]
    Service {
        /// What was called.
        url: String,
        /// What X-Ray said.
        service: ServiceError,
    },
    /// No answer came: no connection, or it broke.
    #[error("{url}: no answer: {}", Chain(source.as_ref()))]
    Connection {
        /// What was called.
        url: String,
        /// What broke.
        source: BoxError,
    },
    /// No answer came in time.
    #[error("{url}: no answer within {after:?}")]
    Timeout {
        /// What was called.
        url: String,
        /// The limit.
        after: Duration,
    },
    /// There are no credentials to sign with.
    #[error("no credentials to sign with: {}", Chain(source.as_ref()))]
    Credentials {
        /// What the provider said.
        source: BoxError,
    },
    /// The request cannot be built or signed as it stands.
    #[error("{url}: not a request: {}", Chain(source.as_ref()))]
    Request {
        /// What was to be called.
        url: String,
        /// What is wrong with it.
        source: BoxError,
    },
}

/// What X-Ray says when it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status.
    pub status: u16,
    /// The error's name, such as `ThrottledException`, without the URI some services append;
    /// empty if there was none.
    pub code: String,
    /// The message, or the start of a body that is no JSON; empty if there was none.
    pub message: String,
    /// The id to name to AWS support.
    pub request_id: Option<String>,
}

impl CallError {
    /// Whether the same call may succeed a little later: throttling, a server's fault, credentials
    /// that expired or cannot be had now, a connection that failed, or no answer in time.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Service { service, .. } => service.is_retryable(),
            Self::Connection { .. } | Self::Timeout { .. } | Self::Credentials { .. } => true,
            Self::Request { .. } => false,
        }
    }
}

impl ServiceError {
    pub(super) fn from_response(response: &Response<Bytes>) -> Self {
        let header = |name: &str| header(response.headers(), name);
        let body: Option<Value> = serde_json::from_slice(response.body()).ok();
        let field = |names: &[&str]| {
            let body = body.as_ref()?;
            let found = names.iter().find_map(|&name| body.get(name)?.as_str())?;
            Some(found.to_owned())
        };
        let code = header("x-amzn-errortype").or_else(|| field(&["__type", "code", "Code"]));
        let text = || match &body {
            Some(_) => String::new(),
            None => String::from_utf8_lossy(response.body())
                .trim()
                .chars()
                .take(MESSAGE_LEN_MAX)
                .collect(),
        };
        Self {
            status: response.status().as_u16(),
            code: code
                .as_deref()
                .map(plain_code)
                .unwrap_or_default()
                .to_owned(),
            message: field(&["message", "Message"]).unwrap_or_else(text),
            request_id: header("x-amzn-requestid"),
        }
    }

    /// Whether the credentials were good once and no longer are.
    pub(super) fn is_expired_token(&self) -> bool {
        self.code.starts_with("ExpiredToken")
    }

    fn is_retryable(&self) -> bool {
        self.status >= 500
            || matches!(self.status, 408 | 429)
            || self.is_expired_token()
            || is_throttling(&self.code)
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, ", {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// An error with all its causes, in one line; a cause that repeats the one before is left out.
struct Chain<'a>(&'a (dyn Error + Send + Sync + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        f.write_str(&last)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !last.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            last = text;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, headers: &[(&str, &str)], body: &'static str) -> ServiceError {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        ServiceError::from_response(&response.body(Bytes::from(body)).unwrap())
    }

    #[test]
    fn the_code_is_found_wherever_it_stands() {
        let uri = "ThrottledException:http://internal.amazon.com/coral/x/";
        let header = refused(
            429,
            &[("x-amzn-errortype", uri), ("x-amzn-requestid", "r-1")],
            "",
        );
        assert_eq!(
            header.to_string(),
            "status 429, ThrottledException (request id r-1)"
        );
        let typed = refused(
            400,
            &[],
            r#"{"__type":"com.amazonaws.xray#InvalidRequestException","message":"no"}"#,
        );
        assert_eq!(typed.to_string(), "status 400, InvalidRequestException: no");
        let coded = refused(403, &[], r#"{"code":"AccessDenied","Message":"go away"}"#);
        assert_eq!(coded.to_string(), "status 403, AccessDenied: go away");
        assert_eq!(
            refused(502, &[], "bad gateway\n").to_string(),
            "status 502: bad gateway"
        );
        assert_eq!(refused(500, &[], "{}").to_string(), "status 500");
    }

    #[test]
    fn what_may_pass_later_is_retryable() {
        let retryable =
            |status, code| refused(status, &[("x-amzn-errortype", code)], "").is_retryable();
        for (status, code) in [
            (500, ""),
            (503, "ServiceUnavailable"),
            (429, ""),
            (400, "ThrottlingException"),
            (403, "ExpiredTokenException"),
        ] {
            assert!(retryable(status, code), "{status} {code}");
        }
        for (status, code) in [
            (400, ""),
            (400, "InvalidRequestException"),
            (403, "AccessDeniedException"),
            (413, ""),
        ] {
            assert!(!retryable(status, code), "{status} {code}");
        }
    }
}
