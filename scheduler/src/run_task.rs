//! Tasks of a rule by hand, now: exactly what EventBridge would start, in shards when told so; then
//! watched until they end.

mod request;
mod start;
mod watch;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::input::{Overrides, TaskEvent};
use crate::rule::Tasks;

pub use request::{RequestError, requests};
pub use start::start;
pub use watch::{Ended, LogPage, LogStream, ReadLogs, Told, Watched, watch};

/// The most tasks of one RunTask (API reference of ECS).
pub const COUNT_MAX: i32 = 10;

/// The most shards of one job file.
pub const SHARDS_MAX: u32 = 1000;

/// Why the tasks are started.
#[derive(Clone, Debug)]
pub struct Order {
    /// The time that the tasks are told as the scheduled one.
    pub scheduled_time: DateTime<Utc>,
    /// Whether they stand for the rule's firing of that time, with its run and its trace; else they
    /// are a run of their own.
    pub is_firing: bool,
    /// The id of the event that they are told, and what makes the tokens of the calls unique.
    pub id: String,
    /// The id of their run, where several tasks share one that is no firing's.
    pub run_id: Option<String>,
    /// In how many parts the jobs are run, each by a task of its own.
    pub shards: Option<u32>,
}

impl Order {
    /// What EventBridge's event of such a firing has.
    pub(crate) fn event(&self) -> TaskEvent {
        TaskEvent {
            time: self
                .scheduled_time
                .to_rfc3339_opts(SecondsFormat::Secs, true),
            id: self.id.clone(),
        }
    }
}

/// One RunTask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The rule whose tasks these are.
    pub rule: String,
    /// The target.
    pub target: String,
    /// Which part of the jobs they run, as `I/N`.
    pub shard: Option<String>,
    /// The container whose exit code and log are the tasks', where it is known.
    pub worker: Option<String>,
    /// The ARN of the cluster.
    pub cluster: String,
    /// How the tasks are started.
    pub tasks: Tasks,
    /// What they are given: texts alone.
    pub overrides: Overrides,
    /// How many, at most [`COUNT_MAX`].
    pub count: i32,
    /// What makes the same request twice start tasks once.
    pub client_token: String,
    /// Who started them, as ECS lists it.
    pub started_by: String,
}
