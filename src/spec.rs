//! What to run, as plain data: read from text, checked whole, every fault told at once.
//!
//! ```text
//! arguments, environment ─► Source ─► Document ─► JobFile
//!                            find      read        load(Context): parse, merge the defaults,
//!                                                  expand the templates, check
//! ```
//! Only [`Source::read`] waits for a file; the rest decides from what it is given.

mod document;
mod duration;
mod environment;
mod expand;
mod fault;
mod node;
mod options;
mod parse;
mod source;
mod tags;
mod template;
#[cfg(test)]
mod tests;

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::bucket::Desired;

pub use document::Document;
pub use duration::{DURATION_MAX, DurationError, format_duration, parse_duration};
pub use environment::{Environment, NotUnicode};
pub use fault::{Fault, Faults, Position};
pub use parse::{ATTEMPTS_MAX, CONCURRENCY_MAX, load, uses_account};
pub use source::{Source, SourceError};

/// A checked job file, its templates expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFile {
    /// What the trace map calls the jobs: a legal name of X-Ray.
    pub name: String,
    /// The most jobs at once, if the file says.
    pub max_concurrency: Option<NonZeroUsize>,
    /// The jobs in the order of the file, at least one, each with a name of its own.
    pub jobs: Vec<JobSpec>,
}

/// One job as it was understood; it serializes to the words of the job file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobSpec {
    /// The job's name, unique in its file.
    pub name: String,
    /// What the job does.
    #[serde(flatten)]
    pub kind: JobKind,
    /// How long the job may take, all its attempts together.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "serialize_timeout"
    )]
    pub timeout: Option<Duration>,
    /// When to try again.
    pub retry: RetrySpec,
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum JobKind {
    /// A bucket as wanted: created, or changed where it differs.
    CreateBucket(Desired),
}

impl JobKind {
    /// The word of the job file.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::CreateBucket(_) => "create-bucket",
        }
    }
}

/// When a failed job is tried again: delays double from `base_delay` up to `max_delay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RetrySpec {
    /// The most attempts, the first one counted; 3 unless told.
    pub max_attempts: NonZeroU32,
    /// The delay before the second attempt; 200 ms unless told.
    #[serde(serialize_with = "serialize_duration")]
    pub base_delay: Duration,
    /// The longest delay; 20 s unless told.
    #[serde(serialize_with = "serialize_duration")]
    pub max_delay: Duration,
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self {
            max_attempts: const { NonZeroU32::new(3).unwrap() },
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
        }
    }
}

/// What a job file does not say itself, but its templates and defaults ask for.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The account's id, for `{account}`.
    pub account: &'a str,
    /// The region of jobs that name none.
    pub region: Option<&'a str>,
    /// The scheduled time, else the start of the run, for `{date:FORMAT}`.
    pub start: DateTime<Utc>,
    /// The run's id: with the job's name it seeds `{rand:N}`.
    pub run_id: &'a str,
    /// The variables, for `{env:NAME}`.
    pub environment: &'a Environment,
}

fn serialize_duration<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_duration(*duration))
}

fn serialize_timeout<S: Serializer>(
    timeout: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match timeout {
        Some(timeout) => serialize_duration(timeout, serializer),
        None => serializer.serialize_none(),
    }
}
