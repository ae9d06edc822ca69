//! How a job ends, and the one place that decides what follows from it: whether to try again, and
//! with which code the program exits.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use tracing_xray::is_throttling;

use crate::bucket::BucketError;
use crate::job::HandlerError;
use crate::job::command::CommandError;
use crate::runner::Cut;
use crate::spec::{RetryCause, RetryOn};

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The bucket could not be observed or converged.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The program could not be run, or did not end well.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The handler of a kind of the library's user failed.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The job's own code panicked, which is a fault of that code.
    #[error("the job panicked: {0}")]
    Panic(String),
}

/// S3's error codes that a later attempt may not meet again, beside throttling and those of 5xx.
const CONFLICT_CODES: [&str; 2] = ["ConditionalRequestConflict", "OperationAborted"];

impl JobError {
    /// What its exception is called in the trace: the service's code, else the kind of fault.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Bucket(BucketError::WrongRegion { .. }) => "WrongRegion",
            Self::Bucket(BucketError::OwnedByOther { .. }) => "OwnedByOther",
            Self::Bucket(BucketError::OtherCreator { .. }) => "OtherCreator",
            Self::Bucket(BucketError::Unchangeable { .. }) => "Unchangeable",
            Self::Bucket(error @ BucketError::Call(_)) => error.code().unwrap_or("CallError"),
            Self::Command(error) => error.type_name(),
            Self::Handler(error) => error.type_name(),
            Self::Panic(_) => "panic",
        }
    }

    /// Whether another attempt follows, by what the job says of its retries.
    pub(crate) fn is_retried(&self, on: &RetryOn) -> bool {
        let cause = self.cause();
        if let Self::Handler(error) = self
            && error.is_permanent()
        {
            return false;
        }
        match on {
            // All causes but a code pass by themselves.
            RetryOn::Transient => match self {
                Self::Handler(_) => true,
                _ => cause.is_some(),
            },
            RetryOn::Listed(listed) => {
                let code = self.code().map(|code| RetryCause::Code(code.to_owned()));
                listed.contains(&RetryCause::Any)
                    || [cause, code]
                        .iter()
                        .flatten()
                        .any(|cause| listed.contains(cause))
            }
        }
    }

    /// The service's error code.
    fn code(&self) -> Option<&str> {
        match self {
            Self::Bucket(error) => error.code(),
            Self::Command(_) | Self::Handler(_) | Self::Panic(_) => None,
        }
    }

    /// What kind of failure it is that may pass by itself; none of an error that stays.
    fn cause(&self) -> Option<RetryCause> {
        match self {
            Self::Bucket(error) => cause_of(error),
            Self::Command(error) => error.may_pass().then_some(RetryCause::ExitCode),
            Self::Handler(_) | Self::Panic(_) => None,
        }
    }
}

fn cause_of(error: &BucketError) -> Option<RetryCause> {
    let BucketError::Call(call) = error else {
        return None; // what stands in the way is no call that failed
    };
    if error.is_connection_failure() {
        return Some(RetryCause::Connection);
    }
    if error.is_timeout() {
        return Some(RetryCause::Timeout);
    }
    match (error.code(), error.status()) {
        (Some(code), _) if CONFLICT_CODES.contains(&code) => Some(RetryCause::Conflict),
        (Some(code), _) if is_throttling(code) => Some(RetryCause::Throttling),
        (Some("NoSuchBucket"), _) => Some(RetryCause::NotFound), // just after its creation
        (Some("RequestTimeout"), _) => Some(RetryCause::Timeout),
        (None, Some(409)) => Some(RetryCause::Conflict), // of a HEAD, which has no code
        (_, Some(429)) => Some(RetryCause::Throttling),
        (_, Some(500..)) => Some(RetryCause::ServerError),
        // An answer that is none, such as one cut short; that of a HEAD never has a code.
        (None, Some(_)) if call.operation() != "HeadBucket" => Some(RetryCause::ServerError),
        _ => None,
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// All is as wanted, and something had to be changed for it.
    Changed {
        /// One line a change, for people.
        changes: Vec<String>,
    },
    /// All was as wanted before.
    Unchanged,
    /// Something would have to be changed, and nothing was, for only the plan was asked for.
    Planned {
        /// Whether what the job is about is not there yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        creates: bool,
        /// One line a change, for people.
        changes: Vec<String>,
        /// What differs, path by path.
        diff: Vec<String>,
    },
    /// An earlier start of the same run has done it.
    DoneBefore,
    /// It failed for good.
    Failed {
        /// Why.
        error: Failure,
    },
    /// Its time was up.
    TimedOut {
        /// The time it had.
        #[serde(
            rename = "limit_ms",
            serialize_with = "as_millis",
            deserialize_with = "from_millis"
        )]
        limit: Duration,
        /// Why its last attempt but this one failed, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// It was running when the run was stopped.
    Interrupted,
    /// The run was stopped before its turn.
    NotRun,
}

/// Why a job failed, as the report tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error and all its sources.
    pub message: String,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The id of the request that failed, which AWS support asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// S3's second id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_request_id: Option<String>,
}

impl From<&JobError> for Failure {
    fn from(error: &JobError) -> Self {
        let call = match error {
            JobError::Bucket(error) => error.call(),
            JobError::Command(_) | JobError::Handler(_) | JobError::Panic(_) => None,
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
            Self::Planned { .. } => "planned",
            Self::DoneBefore => "done before",
            Self::Failed { .. } => "failed",
            Self::TimedOut { .. } => "timed out",
            Self::Interrupted => "interrupted",
            Self::NotRun => "not run",
        }
    }

    /// Why it failed; of one that was out of time, why its attempts before that did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { error } => Some(error),
            Self::TimedOut { error, .. } => error.as_ref(),
            _ => None,
        }
    }

    /// Whether the job did what it is for.
    pub fn is_done(&self) -> bool {
        matches!(
            self,
            Self::Changed { .. } | Self::Unchanged | Self::Planned { .. } | Self::DoneBefore
        )
    }
}

/// The program's exit codes, a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// All jobs are done, or within the failures that are tolerated, or this firing already ran.
    Done = 0,
    /// A job failed, or the report or the ledger could not be written. Of a query: nothing was found.
    Failed = 1,
    /// Nothing was run: bad input, or it cannot start.
    NotStarted = 2,
    /// Stopped by a signal; what was left is reported as not run.
    Stopped = 3,
    /// The run's own deadline passed.
    DeadlinePassed = 4,
}

impl ExitStatus {
    /// The status of a run that was cut off for this reason, if it was: a stop before a deadline
    /// before a failure.
    pub(crate) fn of_run(cut: Option<Cut>, is_done: bool) -> Self {
        match cut {
            Some(Cut::LeaseLost) => Self::Failed,
            // A signal that came when all was done anyway stopped nothing.
            _ if is_done => Self::Done,
            Some(Cut::Stopped) => Self::Stopped,
            Some(Cut::DeadlinePassed) => Self::DeadlinePassed,
            None => Self::Failed,
        }
    }

    /// This status, or a failure where all would have been well: the report could not be written.
    pub fn or_failed(self) -> Self {
        match self {
            Self::Done => Self::Failed,
            status => status,
        }
    }

    /// One word for annotations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotStarted => "not started",
            Self::Stopped => "stopped",
            Self::DeadlinePassed => "deadline passed",
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

fn from_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_for_the_reason_that_cut_it_off() {
        let code = |cut, is_done| ExitStatus::of_run(cut, is_done).code();
        assert_eq!((code(None, true), code(None, false)), (0, 1));
        assert_eq!(code(Some(Cut::Stopped), true), 0);
        assert_eq!(code(Some(Cut::Stopped), false), 3);
        assert_eq!(code(Some(Cut::DeadlinePassed), false), 4);
        assert_eq!(code(Some(Cut::LeaseLost), true), 1);
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
