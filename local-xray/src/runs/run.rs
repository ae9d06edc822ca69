//! A run with its jobs.

use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::gather::Starts;
use super::invocation::standing;
use super::{Counts, Invocation, Standing};
use crate::store::WorkSegment;

/// The segment of a run itself.
#[derive(Clone, Debug)]
pub struct Own {
    /// The trace that it stands in.
    pub trace_id: TraceId,
    /// The segment.
    pub segment_id: SegmentId,
    /// What called it: the segment of its schedule, if one began it.
    pub parent: Option<SegmentId>,
    pub(super) name: String,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    pub(super) standing: Standing,
    /// How it ended, in a word.
    pub outcome: Option<String>,
    schedule: Option<String>,
    /// The time that its schedule meant, as it was sent.
    pub scheduled_time: Option<String>,
    /// The event that began it.
    pub event_id: Option<String>,
    /// Which part of the jobs it runs, such as `2/8`.
    pub shard: Option<String>,
    /// The task on ECS that it is.
    pub task_arn: Option<String>,
}

impl Own {
    pub(super) fn of(segment: &WorkSegment<'_>) -> Self {
        let text = |key| segment.text(key).map(str::to_owned);
        let outcome = text("outcome");
        Self {
            trace_id: segment.trace_id,
            segment_id: segment.outline.id,
            parent: segment.outline.parent,
            name: segment.name().to_owned(),
            start: segment.outline.start,
            end: segment.outline.end,
            standing: standing(segment, outcome.as_deref()),
            outcome,
            schedule: text("schedule"),
            scheduled_time: text("scheduled_time"),
            event_id: text("event_id"),
            shard: text("shard"),
            task_arn: text("task_arn"),
        }
    }
}

/// A run: its own segments, and the newest invocation of each of its jobs.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The newest, where it was started more than once.
    pub own: Option<Own>,
    /// How often it was started, as far as is known.
    pub starts: usize,
    /// By service and name.
    pub jobs: Vec<Invocation>,
    /// How many invocations a later one of the same job stands for.
    pub earlier: usize,
    /// How its jobs stand.
    pub counts: Counts,
    /// When the first of all that is known of it began.
    pub start: Timestamp,
}

impl Run {
    pub(super) fn new(id: String, mut owns: Vec<Own>, mut jobs: Vec<Invocation>) -> Option<Self> {
        owns.sort_by_key(|own| own.start);
        let mut starts = Starts::default();
        owns.iter().for_each(|own| starts.note(own.start, own.end));
        let begun = owns.iter().map(|own| own.start);
        let start = begun.chain(jobs.iter().map(|job| job.start)).min()?;
        let own = owns.pop();
        let seen = jobs.len();
        let key = |job: &Invocation| (std::cmp::Reverse(job.start), job.segment_id);
        jobs.sort_unstable_by(|a, b| {
            let names = (&a.service, &a.job).cmp(&(&b.service, &b.job));
            names.then_with(|| key(a).cmp(&key(b)))
        });
        jobs.dedup_by(|later, kept| later.job == kept.job && later.service == kept.service);
        jobs.iter_mut().for_each(|job| starts.apply(job));
        Some(Self {
            counts: jobs.iter().map(|job| job.standing).collect(),
            earlier: seen - jobs.len(),
            id,
            own,
            starts: starts.count.max(1),
            jobs,
            start,
        })
    }

    /// What the run is called: its segment's name without the word `run`, else its jobs' service.
    pub fn name(&self) -> &str {
        match (&self.own, self.jobs.first()) {
            (Some(own), _) => own.name.strip_suffix(" run").unwrap_or(&own.name),
            (None, Some(job)) => &job.service,
            (None, None) => "",
        }
    }

    /// The rule that began it.
    pub fn schedule(&self) -> Option<&str> {
        let own = self.own.as_ref().and_then(|own| own.schedule.as_deref());
        own.or_else(|| self.jobs.iter().find_map(|job| job.schedule.as_deref()))
    }

    /// As its own segment says, else as its jobs stand.
    pub fn standing(&self) -> Standing {
        if let Some(own) = &self.own {
            return own.standing;
        }
        let worst = Standing::ALL
            .into_iter()
            .find(|&standing| self.counts.of(standing) > 0);
        worst.unwrap_or(Standing::Done)
    }

    /// How it ended, in a word; `running` while it has not.
    pub fn outcome(&self) -> &str {
        let own = self.own.as_ref().and_then(|own| own.outcome.as_deref());
        match self.standing() {
            Standing::Running => Standing::Running.word(),
            standing => own.unwrap_or(standing.word()),
        }
    }

    /// `2 of 10 failed`.
    pub fn words(&self) -> String {
        let (failed, all) = (self.counts.of(Standing::Failed), self.counts.all());
        let outcome = self.own.as_ref().and_then(|own| own.outcome.as_deref());
        match self.standing() {
            Standing::Running if all == 0 => "running".to_owned(),
            Standing::Running if self.counts.of(Standing::Running) > 0 => self.counts.words(),
            Standing::Running => format!("running, {}", self.counts.words()),
            // Stopped, or its deadline passed.
            Standing::Failed => match (outcome, failed) {
                (Some("failed") | None, 1..) => format!("{failed} of {all} failed"),
                (word, 1..) => format!("{}: {failed} of {all} not done", word.unwrap_or("failed")),
                (word, 0) => word.unwrap_or("failed").to_owned(),
            },
            Standing::Unknown => self.counts.words(),
            Standing::Done if failed > 0 => format!("done, {failed} of {all} failed, tolerated"),
            Standing::Done if self.counts.of(Standing::Unknown) > 0 => {
                format!("done: {}", self.counts.words())
            }
            Standing::Done if all > 1 => format!("all {all} done"),
            Standing::Done => "done".to_owned(),
        }
    }

    /// Its end, if it is over and that is known.
    pub fn end(&self) -> Option<Timestamp> {
        match &self.own {
            Some(own) => own.end,
            None if self.standing() == Standing::Running => None,
            None => self.jobs.iter().filter_map(|job| job.end).max(),
        }
    }

    /// How long it took, or has taken up to now.
    pub fn seconds(&self, now: Timestamp) -> f64 {
        self.end().unwrap_or(now).since(self.start).as_secs_f64()
    }
}
