//! Why uploads failed, sorted as the records of telemetry have it.

use std::error::Error;
use std::io;

use serde::Serialize;

use crate::client::CallError;
use crate::counts::Counter;

/// Failed attempts to upload, by reason.
#[derive(Debug, Default)]
pub(crate) struct BackendErrors {
    timeout: Counter,
    refused: Counter,
    status_4xx: Counter,
    status_5xx: Counter,
    unknown_host: Counter,
    other: Counter,
}

/// Their numbers at one time, in the words of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ErrorCounts {
    #[serde(rename = "TimeoutCount")]
    timeout: u64,
    #[serde(rename = "ConnectionRefusedCount")]
    refused: u64,
    #[serde(rename = "HTTPCode4XXCount")]
    status_4xx: u64,
    #[serde(rename = "HTTPCode5XXCount")]
    status_5xx: u64,
    #[serde(rename = "UnknownHostCount")]
    unknown_host: u64,
    #[serde(rename = "OtherCount")]
    other: u64,
}

impl BackendErrors {
    pub(crate) fn count(&self, error: &CallError) {
        let counter = match error {
            CallError::Timeout { .. } => &self.timeout,
            CallError::Service { service, .. } if service.status / 100 == 4 => &self.status_4xx,
            CallError::Service { service, .. } if service.status / 100 == 5 => &self.status_5xx,
            CallError::Connection { source, .. } if is_refused(&**source) => &self.refused,
            CallError::Connection { source, .. } if is_unknown_host(&**source) => {
                &self.unknown_host
            }
            _ => &self.other,
        };
        counter.add(1);
    }

    pub(super) fn read(&self) -> ErrorCounts {
        ErrorCounts {
            timeout: self.timeout.get(),
            refused: self.refused.get(),
            status_4xx: self.status_4xx.get(),
            status_5xx: self.status_5xx.get(),
            unknown_host: self.unknown_host.get(),
            other: self.other.get(),
        }
    }
}

impl ErrorCounts {
    /// How many came since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            timeout: self.timeout - before.timeout,
            refused: self.refused - before.refused,
            status_4xx: self.status_4xx - before.status_4xx,
            status_5xx: self.status_5xx - before.status_5xx,
            unknown_host: self.unknown_host - before.unknown_host,
            other: self.other - before.other,
        }
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    chain(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// The connector has no type for it that is public.
fn is_unknown_host(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| error.to_string().contains("dns error"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Outer {
        text: &'static str,
        source: io::Error,
    }

    fn connection(text: &'static str, kind: io::ErrorKind) -> CallError {
        let source = io::Error::from(kind);
        CallError::Connection {
            url: String::new(),
            source: Outer { text, source }.into(),
        }
    }

    #[test]
    fn every_failure_has_its_reason() {
        let errors = BackendErrors::default();
        errors.count(&CallError::Timeout {
            url: String::new(),
            after: Duration::ZERO,
        });
        errors.count(&connection(
            "tcp connect error",
            io::ErrorKind::ConnectionRefused,
        ));
        // As hyper-util says when a name is not known.
        errors.count(&connection("dns error", io::ErrorKind::Other));
        errors.count(&connection(
            "tcp connect error",
            io::ErrorKind::ConnectionReset,
        ));
        errors.count(&CallError::Credentials {
            source: "none".into(),
        });
        let expected = ErrorCounts {
            timeout: 1,
            refused: 1,
            unknown_host: 1,
            other: 2,
            ..ErrorCounts::default()
        };
        assert_eq!(errors.read(), expected);
        assert_eq!(errors.read().since(&expected), ErrorCounts::default());
    }
}
