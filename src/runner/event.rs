//! What happens in a run, for those who show it while it runs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing_xray::TraceContext;

use crate::report::JobReport;

/// Something that happened to a job. Places are counted from 0, in the order of the files.
#[derive(Clone, Debug)]
pub(crate) enum Event<'a> {
    /// An invocation begins.
    Started {
        /// The job's place.
        place: usize,
        /// The job's name.
        job: &'a str,
        /// The invocation's id.
        request_id: &'a str,
        /// Its segment, when it is traced.
        trace: Option<&'a TraceContext>,
    },
    /// An invocation's time was up; its end follows.
    TimedOut {
        /// The invocation's id.
        request_id: &'a str,
        /// When.
        at: DateTime<Utc>,
        /// The time it had.
        limit: Duration,
    },
    /// A job needs no invocation: it was done before, or cannot be read.
    Skipped {
        /// What became of it.
        report: &'a JobReport,
    },
    /// An invocation is over.
    Ended {
        /// What became of it; it has a request id.
        report: &'a JobReport,
        /// What it took.
        usage: Usage,
        /// Its segment, when it is traced.
        trace: Option<&'a TraceContext>,
    },
}

/// What an invocation took beside its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// From the start of the process to its first invocation; of the first one only.
    pub(crate) init_duration: Option<Duration>,
    /// What the process may use of memory.
    pub(crate) memory_size_mb: u64,
    /// The most that the process has used so far.
    pub(crate) max_memory_used_mb: u64,
}
