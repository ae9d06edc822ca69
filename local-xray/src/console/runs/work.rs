//! Runs and jobs, put together from their segments.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::standing::{Counts, Standing};
use crate::console::window;
use crate::outline::Outcome;
use crate::store::{Store, StoreError, WorkSegment};

/// One time that a job was run.
#[derive(Clone, Debug)]
pub(in crate::console) struct Invocation {
    pub(in crate::console) trace_id: TraceId,
    pub(in crate::console) segment_id: SegmentId,
    pub(in crate::console) run_id: String,
    pub(in crate::console) service: String,
    pub(in crate::console) job: String,
    pub(in crate::console) job_type: Option<String>,
    pub(in crate::console) bucket: Option<String>,
    pub(in crate::console) region: Option<String>,
    pub(in crate::console) schedule: Option<String>,
    pub(in crate::console) request_id: Option<String>,
    pub(in crate::console) attempts: Option<u32>,
    pub(in crate::console) standing: Standing,
    /// How it ended, as its segment says it.
    pub(super) outcome: Option<String>,
    pub(in crate::console) start: Timestamp,
    pub(in crate::console) end: Option<Timestamp>,
}

impl Invocation {
    /// The segment of a job; that of a run is none.
    pub(in crate::console) fn of(segment: &WorkSegment<'_>) -> Option<Self> {
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
    pub(in crate::console) fn word(&self) -> &str {
        let ended = matches!(self.standing, Standing::Failed | Standing::Done);
        let told = self.outcome.as_deref().filter(|_| ended);
        told.unwrap_or_else(|| self.standing.word())
    }

    /// How long it took, or has taken up to now; nothing where its end never arrived.
    pub(in crate::console) fn seconds(&self, now: Timestamp) -> Option<f64> {
        match (self.end, self.standing) {
            (None, Standing::Unknown) => None,
            (end, _) => Some(end.unwrap_or(now).since(self.start).as_secs_f64()),
        }
    }
}

/// The segment of a run itself.
#[derive(Clone, Debug)]
pub(in crate::console) struct Own {
    pub(in crate::console) trace_id: TraceId,
    pub(in crate::console) segment_id: SegmentId,
    /// What called it: the segment of its schedule, if one began it.
    pub(in crate::console) parent: Option<SegmentId>,
    name: String,
    start: Timestamp,
    end: Option<Timestamp>,
    standing: Standing,
    pub(in crate::console) outcome: Option<String>,
    schedule: Option<String>,
    pub(in crate::console) scheduled_time: Option<String>,
    pub(in crate::console) event_id: Option<String>,
    pub(in crate::console) shard: Option<String>,
    pub(in crate::console) task_arn: Option<String>,
}

impl Own {
    fn of(segment: &WorkSegment<'_>) -> Self {
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

fn standing(segment: &WorkSegment<'_>, outcome: Option<&str>) -> Standing {
    match segment.outline.end {
        None => Standing::Running,
        Some(_) => Standing::of_ended(outcome, segment.outline.outcome != Outcome::Ok),
    }
}

/// A run: its own segments, and the newest invocation of each of its jobs.
#[derive(Clone, Debug)]
pub(in crate::console) struct Run {
    pub(in crate::console) id: String,
    /// The newest, where it was started more than once.
    pub(in crate::console) own: Option<Own>,
    /// How often it was started, as far as is known.
    pub(in crate::console) starts: usize,
    /// By service and name.
    pub(in crate::console) jobs: Vec<Invocation>,
    /// How many invocations a later one of the same job stands for.
    pub(in crate::console) earlier: usize,
    pub(in crate::console) counts: Counts,
    pub(in crate::console) start: Timestamp,
}

impl Run {
    fn new(id: String, mut owns: Vec<Own>, mut jobs: Vec<Invocation>) -> Option<Self> {
        owns.sort_by_key(|own| own.start);
        let starts = owns.iter().map(|own| own.start);
        let start = starts.chain(jobs.iter().map(|job| job.start)).min()?;
        let (own, starts) = (owns.pop(), owns.len() + 1);
        let seen = jobs.len();
        let key = |job: &Invocation| (std::cmp::Reverse(job.start), job.segment_id);
        jobs.sort_unstable_by(|a, b| {
            let names = (&a.service, &a.job).cmp(&(&b.service, &b.job));
            names.then_with(|| key(a).cmp(&key(b)))
        });
        jobs.dedup_by(|later, kept| later.job == kept.job && later.service == kept.service);
        // What runs while its run is over does not run.
        if own.as_ref().is_some_and(|own| own.end.is_some()) {
            for job in jobs.iter_mut().filter(|job| job.end.is_none()) {
                job.standing = Standing::Unknown;
            }
        }
        Some(Self {
            counts: jobs.iter().map(|job| job.standing).collect(),
            earlier: seen - jobs.len(),
            id,
            own,
            starts,
            jobs,
            start,
        })
    }

    /// What the run is called: its segment's name without the word `run`, else its jobs' service.
    pub(in crate::console) fn name(&self) -> &str {
        match (&self.own, self.jobs.first()) {
            (Some(own), _) => own.name.strip_suffix(" run").unwrap_or(&own.name),
            (None, Some(job)) => &job.service,
            (None, None) => "",
        }
    }

    pub(in crate::console) fn schedule(&self) -> Option<&str> {
        let own = self.own.as_ref().and_then(|own| own.schedule.as_deref());
        own.or_else(|| self.jobs.iter().find_map(|job| job.schedule.as_deref()))
    }

    /// As its own segment says, else as its jobs stand.
    pub(in crate::console) fn standing(&self) -> Standing {
        if let Some(own) = &self.own {
            return own.standing;
        }
        let worst = Standing::ALL
            .into_iter()
            .find(|&standing| self.counts.of(standing) > 0);
        worst.unwrap_or(Standing::Done)
    }

    /// `2 of 10 failed`.
    pub(in crate::console) fn words(&self) -> String {
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
    pub(in crate::console) fn end(&self) -> Option<Timestamp> {
        match &self.own {
            Some(own) => own.end,
            None if self.standing() == Standing::Running => None,
            None => self.jobs.iter().filter_map(|job| job.end).max(),
        }
    }

    pub(in crate::console) fn seconds(&self, now: Timestamp) -> f64 {
        self.end().unwrap_or(now).since(self.start).as_secs_f64()
    }
}

/// Which runs are over, as their own segments say: what is in progress in them does not run.
#[derive(Debug, Default)]
pub(in crate::console) struct RunEnds(HashMap<String, (Timestamp, bool)>);

impl RunEnds {
    /// Notes the segment of a run; that of a job says nothing.
    pub(in crate::console) fn note(&mut self, segment: &WorkSegment<'_>) {
        if let (Some(id), None) = (segment.run_id(), segment.job()) {
            let start = segment.outline.start;
            let newest = self.0.entry(id.to_owned()).or_insert((start, false));
            if start >= newest.0 {
                *newest = (start, segment.outline.end.is_some());
            }
        }
    }

    /// Notes the runs of invocations without an end that ended before a window, and so are not in it.
    pub(in crate::console) fn look_before<'i>(
        &mut self,
        store: &Store,
        window_start: Timestamp,
        invocations: impl Iterator<Item = &'i Invocation>,
    ) -> Result<(), StoreError> {
        let unknown = invocations
            .filter(|one| one.end.is_none() && !self.0.contains_key(&one.run_id))
            .map(|one| (one.start, one.run_id.clone()));
        let unknown: Vec<_> = unknown.collect();
        let Some(&(earliest, _)) = unknown.iter().min() else {
            return Ok(());
        };
        let ids: HashSet<&str> = unknown.iter().map(|(_, id)| id.as_str()).collect();
        // A run lasts as long as its jobs at least.
        store.each_work_segment((earliest, window_start), |segment| {
            if segment.run_id().is_some_and(|id| ids.contains(id)) {
                self.note(segment);
            }
        })
    }

    /// Tells invocations whose run is over that they do not run.
    pub(in crate::console) fn apply(&self, invocations: &mut [Invocation]) {
        for invocation in invocations
            .iter_mut()
            .filter(|invocation| invocation.end.is_none())
        {
            if self
                .0
                .get(&invocation.run_id)
                .is_some_and(|&(_, is_over)| is_over)
            {
                invocation.standing = Standing::Unknown;
            }
        }
    }
}

/// A run, wherever it is: first it is looked for in a window, then everywhere.
pub(in crate::console) fn run(
    store: &Store,
    window: (Timestamp, Timestamp),
    id: &str,
) -> Result<Option<Run>, StoreError> {
    let is_wanted = |known: &str| known == id;
    let mut found = runs(store, window, is_wanted)?;
    if found.is_empty() {
        found = runs(store, ever(), is_wanted)?;
    }
    Ok(found.pop())
}

/// Whether a job was ever run, as far as the store knows.
pub(in crate::console) fn has_job(store: &Store, name: &str) -> Result<bool, StoreError> {
    let mut is_known = false;
    store.each_work_segment(ever(), |segment| {
        is_known |= segment.run_id().is_some() && segment.job() == Some(name);
    })?;
    Ok(is_known)
}

fn ever() -> (Timestamp, Timestamp) {
    (Timestamp::from_micros(0), Timestamp::from_micros(u64::MAX))
}

/// How long before its earliest known segment a run is looked for: it may have been stopped, and resumed only
/// after a while.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 3600);

/// The runs that were active in a window, those that run first, then the newest. They are whole, even where
/// they began before it, unless they paused for longer than a day.
pub(in crate::console) fn runs(
    store: &Store,
    (start, end): (Timestamp, Timestamp),
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Run>, StoreError> {
    let mut gathered = Gathered::default();
    store.each_work_segment((start, end), |segment| {
        if segment.run_id().is_some_and(&is_wanted) {
            gathered.add(segment);
        }
    })?;
    let mut looked_from = start;
    while let Some(earliest) = gathered.earliest {
        let from = window::before(earliest.min(start), PAUSE_MAX);
        if from >= looked_from {
            break;
        }
        store.each_work_segment((from, looked_from), |segment| {
            // What reaches further was handed on before.
            let is_new = segment.outline.end.is_some_and(|end| end < looked_from);
            if is_new && segment.run_id().is_some_and(|id| gathered.has(id)) {
                gathered.add(segment);
            }
        })?;
        looked_from = from;
    }
    let mut runs = gathered.runs();
    runs.sort_by(|a, b| {
        let running = |run: &Run| run.standing() != Standing::Running;
        let key = |run: &Run| (running(run), std::cmp::Reverse(run.start));
        key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
    });
    Ok(runs)
}

/// Segments by their run.
#[derive(Default)]
struct Gathered {
    by_run: HashMap<String, (Vec<Own>, Vec<Invocation>)>,
    earliest: Option<Timestamp>,
}

impl Gathered {
    fn has(&self, id: &str) -> bool {
        self.by_run.contains_key(id)
    }

    fn add(&mut self, segment: &WorkSegment<'_>) {
        let Some(id) = segment.run_id() else {
            return;
        };
        let start = segment.outline.start;
        self.earliest = Some(self.earliest.map_or(start, |earliest| earliest.min(start)));
        if !self.has(id) {
            self.by_run.insert(id.to_owned(), <_>::default());
        }
        if let Some((owns, jobs)) = self.by_run.get_mut(id) {
            match Invocation::of(segment) {
                Some(job) => jobs.push(job),
                None => owns.push(Own::of(segment)),
            }
        }
    }

    fn runs(self) -> Vec<Run> {
        let runs = self.by_run.into_iter();
        runs.filter_map(|(id, (owns, jobs))| Run::new(id, owns, jobs))
            .collect()
    }
}

#[cfg(test)]
mod tests;
