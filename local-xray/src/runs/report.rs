//! The report of a run, made of its traces.

use serde::Serialize;
use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::{Detail, Invocation, Own, Run, Standing, Told};
use crate::store::{Store, StoreError};
use crate::time::rfc_3339;

/// The report of a run, as JSON tells it.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// The run's id.
    pub run_id: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Which part of the jobs it ran, such as `2/8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<&'a str>,
    /// The rule that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<&'a str>,
    /// The time that the rule meant, as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_time: Option<&'a str>,
    /// When it began, in UTC as RFC 3339 says.
    pub started_at: String,
    /// How long it took, or has taken up to now, in milliseconds.
    pub duration_ms: f64,
    /// How it ended, in a word.
    pub outcome: &'a str,
    /// What it was made of: jobs without traces are not in it.
    pub made_of: &'static str,
    /// What the run itself counted.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub totals: serde_json::Map<String, serde_json::Value>,
    /// Its trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// Its jobs, by service and name.
    pub jobs: Vec<JobReport<'a>>,
}

/// A job of it.
#[derive(Debug, Serialize)]
pub struct JobReport<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Such as `create-bucket`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub job_type: Option<&'a str>,
    /// The name of its segment.
    pub service: &'a str,
    /// What it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<&'a str>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    /// How it ended, in a word.
    pub outcome: &'a str,
    /// How it stands.
    #[serde(skip)]
    pub standing: Standing,
    /// When it began, in UTC as RFC 3339 says.
    pub started_at: String,
    /// How often it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Why the attempts before the last failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retried: Vec<Cause>,
    /// How long it took, or has taken up to now, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Cause>,
    /// What it changed, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// The id of the invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// The trace that it stands in.
    pub trace_id: TraceId,
    /// Its segment.
    pub segment_id: SegmentId,
}

/// Why an attempt or a job failed.
#[derive(Debug, Serialize)]
pub struct Cause {
    /// What was told, with its type.
    pub message: String,
}

impl<'r> Report<'r> {
    /// The report of a run, made of the traces of some of its jobs, in their order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(
        store: &Store,
        run: &'r Run,
        jobs: impl Iterator<Item = &'r Invocation> + Clone,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (told, details) = Told::read(store, run, jobs.clone())?;
        let jobs = jobs.map(|job| JobReport::new(job, details.of(job), now));
        let jobs = jobs.collect();
        let own = run.own.as_ref();
        let text = |member: fn(&Own) -> &Option<String>| own.and_then(|own| member(own).as_deref());
        Ok(Self {
            run_id: &run.id,
            name: run.name(),
            shard: text(|own| &own.shard),
            schedule: run.schedule(),
            scheduled_time: text(|own| &own.scheduled_time),
            started_at: rfc_3339(run.start),
            duration_ms: milliseconds(run.seconds(now)),
            outcome: run.outcome(),
            made_of: "traces",
            totals: told
                .totals
                .into_iter()
                .map(|(word, number)| (word, number.into()))
                .collect(),
            trace_id: own.map(|own| own.trace_id),
            jobs,
        })
    }
}

impl<'a> JobReport<'a> {
    /// What is told of one time that a job was run.
    pub fn new(job: &'a Invocation, detail: Option<&Detail>, now: Timestamp) -> Self {
        let cause = |message: &str| Cause {
            message: message.to_owned(),
        };
        let attempts = detail.map_or(&[][..], |detail| &detail.attempts);
        // The last one's is the job's own.
        let before = attempts.iter().take(attempts.len().saturating_sub(1));
        Self {
            job: &job.job,
            job_type: job.job_type.as_deref(),
            service: &job.service,
            bucket: job.bucket.as_deref(),
            region: job.region.as_deref(),
            outcome: job.word(),
            standing: job.standing,
            started_at: rfc_3339(job.start),
            attempts: job.attempts,
            retried: before
                .filter_map(|attempt| attempt.error.as_deref())
                .map(cause)
                .collect(),
            duration_ms: job.seconds(now).map(milliseconds),
            error: detail.and_then(|detail| detail.error.as_deref()).map(cause),
            changes: detail.map_or_else(Vec::new, |detail| detail.changes.clone()),
            request_id: job.request_id.as_deref(),
            trace_id: job.trace_id,
            segment_id: job.segment_id,
        }
    }

    /// Why it failed.
    pub fn error(&self) -> Option<&str> {
        self.error.as_ref().map(|cause| cause.message.as_str())
    }
}

/// Seconds as milliseconds, to the microsecond.
pub fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}
