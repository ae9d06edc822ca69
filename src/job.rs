//! One attempt at a job, whatever its kind.

pub(crate) mod command;
mod handler;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::watch;

use crate::aws::S3Clients;
use crate::bucket::{self, Action, Made};
use crate::outcome::JobError;
use crate::spec::{JobKind, JobSpec};

pub(crate) use crate::bucket::Mode;
pub use handler::{BoxError, Permanent};
pub(crate) use handler::{HandlerError, Handlers};

/// What an attempt knows of itself, as Lambda tells its functions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobContext {
    /// The job's name.
    pub job: String,
    /// The run's id.
    pub run_id: String,
    /// The invocation's id: the same in all attempts, and in the START, END and REPORT lines.
    pub request_id: String,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// When the job's time is up, all its attempts together. It is cut off then.
    pub deadline: DateTime<Utc>,
    /// The trace header for calls to others, `Root=..;Parent=..;Sampled=..`: they join the trace.
    pub trace_header: Option<String>,
}

/// What jobs need from outside: clients, and who we are.
#[derive(Debug)]
pub(crate) struct Resources {
    /// Clients of S3.
    pub s3: S3Clients,
    /// The account that must own every bucket whose job names no other.
    pub account: Option<String>,
    /// What a process that a job starts gets beside its own variables.
    pub environment: BTreeMap<String, String>,
    /// The PATH of this process.
    pub path: Option<String>,
    /// The job kinds of this program's user.
    pub handlers: Arc<Handlers>,
}

/// What an attempt has done, or in a plan would do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// Whether what the job is about was not there.
    pub creates: bool,
    /// One line a change, for people.
    pub changes: Vec<String>,
    /// What differs, path by path.
    pub diff: Vec<String>,
    /// What the job says it has made.
    pub output: Option<Value>,
}

/// One attempt, as the runner gives it to a job.
#[derive(Clone, Debug)]
pub(crate) struct Attempt<'a> {
    /// What the attempt knows of itself.
    pub context: &'a JobContext,
    /// Whether it changes anything.
    pub mode: Mode,
    /// The changes of the job's bucket, in all its attempts.
    pub made: &'a Made,
    /// Becomes true when the attempt is to come to an end, because its time is up or the run is cut.
    pub cancel: watch::Receiver<bool>,
}

impl Attempt<'_> {
    /// Waits until the attempt is to come to an end.
    async fn cancelled(&self) {
        let mut cancel = self.cancel.clone();
        if cancel.wait_for(|is_cancelled| *is_cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How long an attempt at such a job may take to come to an end when it is cancelled; it is dropped
/// then.
pub(crate) fn wind_down(kind: &JobKind) -> Duration {
    match kind {
        JobKind::Command(_) => command::GRACE_DEFAULT + command::PIPE_WAIT_DEFAULT,
        JobKind::CreateBucket(_) | JobKind::Custom(_) => Duration::ZERO,
    }
}

/// Makes things as the job wants them and answers what had to be changed.
///
/// # Errors
/// The job failed; some of its changes may be made. Running it again goes on from there.
pub(crate) async fn run(
    spec: &JobSpec,
    attempt: &Attempt<'_>,
    resources: &Resources,
) -> Result<Done, JobError> {
    match &spec.kind {
        JobKind::CreateBucket(desired) => {
            let client = resources.s3.of_region(desired.region.as_str());
            let account = resources.account.as_deref();
            bucket::run(&client, desired, account, attempt.mode, attempt.made).await?;
            let changes = attempt.made.changes();
            Ok(Done {
                creates: changes.iter().any(|change| change.action == Action::Create),
                changes: changes.iter().map(ToString::to_string).collect(),
                diff: changes.iter().flat_map(bucket::Change::diff).collect(),
                ..Done::default()
            })
        }
        JobKind::Command(command) => Ok(command::attempt(command, spec, attempt, resources).await?),
        JobKind::Custom(custom) => resources.handlers.attempt(custom, attempt).await,
    }
}
