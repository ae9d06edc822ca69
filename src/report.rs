//! What became of a run: the report, as data that serializes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use tracing_xray::EmitterCounts;

use crate::outcome::{ExitStatus, Outcome};
use crate::runner::Options;
use crate::spec::{JobKind, JobSpec};

/// What became of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// The run's id.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "millis")]
    pub duration: Duration,
    /// How the program ends; written as its exit code.
    #[serde(rename = "exit_code", serialize_with = "code")]
    pub status: ExitStatus,
    /// How many jobs ended how.
    pub totals: Totals,
    /// Every job, in the order of the files.
    pub jobs: Vec<JobReport>,
    /// What became of the segments; nothing when the run was not traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<SegmentCounts>,
}

/// What became of one job.
#[derive(Clone, Debug, Serialize)]
pub struct JobReport {
    /// Its name.
    pub job: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The bucket that it is about.
    pub bucket: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How often it was tried.
    pub attempts: u32,
    /// How long it took, in milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "millis")]
    pub duration: Duration,
    /// The id of its invocation, as in its START, END and REPORT lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Its trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Its segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
}

/// How many jobs ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All of them.
    pub jobs: usize,
    /// Done, and something had to be changed.
    pub changed: usize,
    /// Done, and all was as wanted before.
    pub unchanged: usize,
    /// Failed for good, or out of time.
    pub failed: usize,
    /// Cut off by the end of the run.
    pub interrupted: usize,
    /// Whose turn never came.
    pub not_run: usize,
}

/// What became of the segments that the run made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SegmentCounts {
    /// Left for the daemon.
    pub sent: u64,
    /// Refused, because no daemon was there.
    pub refused: u64,
    /// Never sent.
    pub dropped: u64,
    /// Taken by X-Ray, where the daemon that uploads them is part of this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploaded: Option<u64>,
}

impl SegmentCounts {
    pub(crate) fn new(counts: EmitterCounts, uploaded: Option<u64>) -> Self {
        Self {
            sent: counts.sent,
            refused: counts.refused,
            dropped: counts.dropped,
            uploaded,
        }
    }
}

impl RunReport {
    pub(crate) fn new(
        options: &Options,
        jobs: Vec<JobReport>,
        is_stopped: bool,
        deadline_passed: bool,
    ) -> Self {
        let totals = Totals::of(&jobs);
        let all_done = totals.changed + totals.unchanged == totals.jobs;
        Self {
            run_id: options.run_id.clone(),
            started_at: options.start,
            duration: (Utc::now() - options.start).to_std().unwrap_or_default(),
            status: ExitStatus::of_run(is_stopped, deadline_passed, all_done),
            totals,
            jobs,
            segments: None,
        }
    }

    /// The traces of the jobs.
    pub fn trace_ids(&self) -> impl Iterator<Item = &str> {
        self.jobs.iter().filter_map(|job| job.trace_id.as_deref())
    }
}

impl JobReport {
    /// The report of a job as far as its spec and outcome tell it.
    pub(crate) fn without_attempt(spec: &JobSpec, outcome: Outcome) -> Self {
        let JobKind::CreateBucket(desired) = &spec.kind;
        Self {
            job: spec.name.clone(),
            kind: spec.kind.type_name(),
            bucket: desired.bucket.as_str().to_owned(),
            outcome,
            attempts: 0,
            duration: Duration::ZERO,
            request_id: None,
            trace_id: None,
            segment_id: None,
        }
    }
}

impl Totals {
    fn of(jobs: &[JobReport]) -> Self {
        let mut totals = Self {
            jobs: jobs.len(),
            ..Self::default()
        };
        for job in jobs {
            *match &job.outcome {
                Outcome::Changed { .. } => &mut totals.changed,
                Outcome::Unchanged => &mut totals.unchanged,
                Outcome::Failed { .. } | Outcome::TimedOut { .. } => &mut totals.failed,
                Outcome::Interrupted => &mut totals.interrupted,
                Outcome::NotRun => &mut totals.not_run,
            } += 1;
        }
        totals
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn code<S: Serializer>(status: &ExitStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(status.code())
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
}
