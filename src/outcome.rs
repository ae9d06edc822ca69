//! How a job ends, and the one place that decides what follows from it: whether to try again, and
//! with which code the program exits.

use std::time::Duration;

use serde::Serialize;
use tracing_xray::is_throttling;

use crate::bucket::BucketError;

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The bucket could not be observed or converged.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The job's own code panicked, which is a fault of this program.
    #[error("the job panicked: {0}")]
    Panic(String),
}

/// S3's error codes that a later attempt may not meet again.
const TRANSIENT_CODES: [&str; 6] = [
    "ConditionalRequestConflict",
    "InternalError",
    "NoSuchBucket", // just after its creation
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
];

impl JobError {
    /// What its exception is called in the trace: the service's code, else the kind of fault.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Bucket(BucketError::WrongRegion { .. }) => "WrongRegion",
            Self::Bucket(BucketError::OwnedByOther { .. }) => "OwnedByOther",
            Self::Bucket(error @ BucketError::Call(_)) => error.code().unwrap_or("CallError"),
            Self::Panic(_) => "panic",
        }
    }

    /// Whether a later attempt may fare better.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Bucket(error) => is_transient(error),
            Self::Panic(_) => false,
        }
    }
}

fn is_transient(error: &BucketError) -> bool {
    match error {
        BucketError::WrongRegion { .. } | BucketError::OwnedByOther { .. } => false,
        BucketError::Call(_) if error.is_connection_failure() || error.is_timeout() => true,
        BucketError::Call(_) => match (error.code(), error.status()) {
            (Some(code), _) if TRANSIENT_CODES.contains(&code) || is_throttling(code) => true,
            (_, Some(status)) => status == 429 || status >= 500,
            (_, None) => false,
        },
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// All is as wanted, and something had to be changed for it.
    Changed {
        /// One line a change, for people.
        changes: Vec<String>,
    },
    /// All was as wanted before.
    Unchanged,
    /// It failed for good.
    Failed {
        /// Why.
        error: Failure,
    },
    /// Its time was up.
    TimedOut {
        /// The time it had.
        #[serde(rename = "limit_ms", serialize_with = "as_millis")]
        limit: Duration,
        /// Why its last attempt but this one failed, if there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// It was running when the run was stopped.
    Interrupted,
    /// The run was stopped before its turn.
    NotRun,
}

/// Why a job failed, as the report tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The error and all its sources.
    pub message: String,
    /// The service's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The id of the request that failed, which AWS support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// S3's second id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_request_id: Option<String>,
}

impl From<&JobError> for Failure {
    fn from(error: &JobError) -> Self {
        let call = match error {
            JobError::Bucket(error) => error.call(),
            JobError::Panic(_) => None,
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            message: message_chain(error),
            code: call.and_then(|call| owned(call.code())),
            status: call.and_then(|call| call.status()),
            request_id: call.and_then(|call| owned(call.request_id())),
            extended_request_id: call.and_then(|call| owned(call.extended_request_id())),
        }
    }
}

/// The error and what caused it. A source that only repeats what was said is left out; so is all
/// beneath a service's answer, which is the SDK's own bookkeeping.
fn message_chain(error: &JobError) -> String {
    let mut message = error.to_string();
    if let JobError::Bucket(error) = error
        && error.status().is_some()
    {
        return message;
    }
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = error.source();
    }
    message
}

impl Outcome {
    /// One word for annotations, tables and totals.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "changed",
            Self::Unchanged => "unchanged",
            Self::Failed { .. } => "failed",
            Self::TimedOut { .. } => "timed out",
            Self::Interrupted => "interrupted",
            Self::NotRun => "not run",
        }
    }

    /// Whether the job did what it is for.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Unchanged)
    }
}

/// The program's exit codes, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// All jobs are done.
    Done = 0,
    /// A job failed, or the report could not be written. Of a query: nothing was found.
    Failed = 1,
    /// Nothing was run: bad input, or it cannot start.
    NotStarted = 2,
    /// Stopped by a signal; what was left is reported as not run.
    Stopped = 3,
    /// The run's own deadline passed.
    DeadlinePassed = 4,
}

impl ExitStatus {
    /// The status of a run: a stop before a deadline before a failure.
    pub fn of_run(is_stopped: bool, deadline_passed: bool, all_done: bool) -> Self {
        match (is_stopped, deadline_passed, all_done) {
            // A signal that came when all was done anyway stopped nothing.
            (_, _, true) => Self::Done,
            (true, _, _) => Self::Stopped,
            (_, true, _) => Self::DeadlinePassed,
            (false, false, false) => Self::Failed,
        }
    }

    /// This status, or a failure where all would have been well: the report could not be written.
    pub fn or_failed(self) -> Self {
        match self {
            Self::Done => Self::Failed,
            status => status,
        }
    }

    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

fn as_millis<S: serde::Serializer>(limit: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_goes_before_a_deadline_before_a_failure() {
        assert_eq!(
            ExitStatus::of_run(false, false, true).code(),
            ExitStatus::of_run(true, false, true).code()
        );
        assert_eq!(ExitStatus::of_run(false, false, false).code(), 1);
        assert_eq!(ExitStatus::of_run(true, true, false).code(), 3);
        assert_eq!(ExitStatus::of_run(false, true, false).code(), 4);
    }

    #[test]
    fn each_outcome_has_a_word() {
        let changed = Outcome::Changed {
            changes: vec!["create".into()],
        };
        assert_eq!(
            (Outcome::Unchanged.word(), changed.word()),
            ("unchanged", "changed")
        );
        assert!(changed.is_done() && Outcome::Unchanged.is_done() && !Outcome::NotRun.is_done());
    }

    #[test]
    fn an_outcome_serializes_with_its_details() {
        let outcome = Outcome::TimedOut {
            limit: Duration::from_secs(3),
            error: None,
        };
        assert_eq!(
            serde_json::to_string(&outcome).unwrap(),
            r#"{"outcome":"timed_out","limit_ms":3000}"#
        );
    }
}
