//! One time that a job was run, as its segment tells it.

use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::Standing;
use crate::outline::Outcome;
use crate::store::WorkSegment;

/// One time that a job was run.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The trace that its segment stands in.
    pub trace_id: TraceId,
    /// Its segment.
    pub segment_id: SegmentId,
    /// The run that it is of.
    pub run_id: String,
    /// The name of the segment.
    pub service: String,
    /// The name of the job.
    pub job: String,
    /// Such as `create-bucket`.
    pub job_type: Option<String>,
    /// What it works on.
    pub bucket: Option<String>,
    /// Where that is.
    pub region: Option<String>,
    /// The rule that began its run.
    pub schedule: Option<String>,
    /// The id of this invocation.
    pub request_id: Option<String>,
    /// How often it was tried.
    pub attempts: Option<u32>,
    /// How it stands.
    pub standing: Standing,
    /// How it ended, as its segment says it.
    pub outcome: Option<String>,
    /// When it began.
    pub start: Timestamp,
    /// When it ended, if it has and that arrived.
    pub end: Option<Timestamp>,
}

impl Invocation {
    /// The segment of a job; that of a run is none.
    pub(crate) fn of(segment: &WorkSegment<'_>) -> Option<Self> {
        let text = |key| segment.text(key).map(str::to_owned);
        let outcome = text("outcome");
        Some(Self {
            trace_id: segment.trace_id,
            segment_id: segment.outline.id,
            run_id: segment.run_id()?.to_owned(),
            service: segment.name().to_owned(),
            job: segment.job()?.to_owned(),
            job_type: text("job_type"),
            bucket: text("bucket"),
            region: text("region"),
            schedule: text("schedule"),
            request_id: text("request_id"),
            attempts: segment.count("attempt"),
            standing: standing(segment, outcome.as_deref()),
            outcome,
            start: segment.outline.start,
            end: segment.outline.end,
        })
    }

    /// How it ended in a word; `running` while it has not.
    pub fn word(&self) -> &str {
        let ended = matches!(self.standing, Standing::Failed | Standing::Done);
        let told = self.outcome.as_deref().filter(|_| ended);
        told.unwrap_or_else(|| self.standing.word())
    }

    /// How long it took, or has taken up to now; nothing where its end never arrived.
    pub fn seconds(&self, now: Timestamp) -> Option<f64> {
        match (self.end, self.standing) {
            (None, Standing::Unknown) => None,
            (end, _) => Some(end.unwrap_or(now).since(self.start).as_secs_f64()),
        }
    }
}

/// How what a segment tells of stands.
pub(super) fn standing(segment: &WorkSegment<'_>, outcome: Option<&str>) -> Standing {
    match segment.outline.end {
        None => Standing::Running,
        Some(_) => Standing::of_ended(outcome, segment.outline.outcome != Outcome::Ok),
    }
}
