//! Runs and jobs, put together from the segments that name them: what the console and the terminal show of
//! them, and the report of a run.
//!
//! ```text
//! store ─► invocation, run ─► job      one job's invocations over time
//!                │
//!                └─ told, detail ─► report ─► markdown
//! ```
//!
//! Which annotations a segment has to have is told in `store/runs.rs`.

mod detail;
mod gather;
mod invocation;
mod job;
mod markdown;
mod report;
mod run;
mod standing;
mod told;

pub use detail::{Attempt, Detail, Details};
pub use gather::{all, find, has_job, newest};
pub use invocation::Invocation;
pub use job::{Job, is_found, jobs};
pub use markdown::markdown;
pub(crate) use markdown::{REPORTED_FAILURES_MAX, REPORTED_JOBS_MAX};
pub use report::{Cause, JobReport, Report, milliseconds};
pub use run::{Own, Run};
pub use standing::{Counts, Standing, urgency};
pub use told::Told;

pub use crate::time::rfc_3339;

#[cfg(test)]
mod tests;
