//! Runs found in a store: those of a window, or one by its id.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tracing_xray::Timestamp;

use super::{Invocation, Own, Run, Standing};
use crate::store::{OfRun, Store, StoreError, WorkSegment};
use crate::time::before;

/// When the runs of some invocations were started, as far as the store knows.
#[derive(Debug, Default)]
pub(super) struct StartsOfRuns(HashMap<String, Starts>);

impl StartsOfRuns {
    /// Of the invocations that have no end; of others it need not be known.
    pub(super) fn read<'i>(
        store: &Store,
        invocations: impl Iterator<Item = &'i Invocation>,
    ) -> Result<Self, StoreError> {
        let open = invocations.filter(|one| one.end.is_none());
        let ids: HashSet<&str> = open.map(|one| one.run_id.as_str()).collect();
        let mut starts: HashMap<String, Starts> = HashMap::new();
        store.each_segment_of_runs(ids, OfRun::Own, |segment| {
            if let Some(id) = segment.run_id() {
                let of_run = starts.entry(id.to_owned()).or_default();
                of_run.note(segment.outline.start, segment.outline.end);
            }
        })?;
        Ok(Self(starts))
    }

    /// Tells those that do not run any more, and leaves out those that did not at a time.
    pub(super) fn apply(&self, from: Timestamp, invocations: &mut Vec<Invocation>) {
        invocations.retain_mut(|invocation| {
            let Some(starts) = self.0.get(&invocation.run_id) else {
                return true;
            };
            starts.apply(invocation);
            starts.lost(invocation).is_none_or(|lost| lost >= from)
        });
    }
}

/// How often a run was started, and when it was over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Starts {
    pub(super) count: usize,
    newest: Timestamp,
    end: Option<Timestamp>,
}

impl Starts {
    /// Notes one start, and when that ended.
    pub(super) fn note(&mut self, start: Timestamp, end: Option<Timestamp>) {
        if self.count == 0 || start >= self.newest {
            (self.newest, self.end) = (start, end);
        }
        self.count += 1;
    }

    /// What has no end while its run is over does not run, nor does what was begun by an earlier start.
    pub(super) fn apply(&self, invocation: &mut Invocation) {
        if self.lost(invocation).is_some() {
            invocation.standing = Standing::Unknown;
        }
    }

    /// From when on it is known that an invocation whose end nobody told does not run.
    fn lost(&self, invocation: &Invocation) -> Option<Timestamp> {
        let is_of_earlier = self.count > 1 && invocation.start < self.newest;
        match invocation.end {
            Some(_) => None,
            None if is_of_earlier => Some(self.newest),
            None => self.end,
        }
    }
}

/// A run by its id, whole.
///
/// # Errors
/// The store cannot be read.
pub fn find(store: &Store, id: &str) -> Result<Option<Run>, StoreError> {
    let mut gathered = Gathered::default();
    store.each_segment_of_runs([id], OfRun::All, |segment| gathered.add(segment))?;
    Ok(gathered.runs().pop())
}

/// Of the runs that were active in a window the one that was started last.
///
/// # Errors
/// The store cannot be read.
pub fn newest(
    store: &Store,
    (start, end): (Timestamp, Timestamp),
) -> Result<Option<Run>, StoreError> {
    const HOUR: u64 = 3600;
    for hours in [1, 24, 30 * 24] {
        let near = before(end, Duration::from_secs(hours * HOUR));
        if near <= start {
            break;
        }
        let found = all(store, (near, end))?;
        let newest = found.into_iter().max_by_key(|run| run.start);
        // Of those that began before, others may be newer.
        if let Some(newest) = newest.filter(|newest| newest.start >= near) {
            return Ok(Some(newest));
        }
    }
    let found = all(store, (start, end))?;
    Ok(found.into_iter().max_by_key(|run| run.start))
}

/// Whether a job was ever run, as far as the store knows.
///
/// # Errors
/// The store cannot be read.
pub fn has_job(store: &Store, name: &str) -> Result<bool, StoreError> {
    let mut is_known = false;
    store.each_work_segment(ever(), |segment| {
        is_known |= segment.run_id().is_some() && segment.job() == Some(name);
    })?;
    Ok(is_known)
}

fn ever() -> (Timestamp, Timestamp) {
    (Timestamp::from_micros(0), Timestamp::from_micros(u64::MAX))
}

/// The runs that were active in a window, those that run first, then the newest. They are whole, also where
/// they reach beyond it.
///
/// # Errors
/// The store cannot be read.
pub fn all(store: &Store, window: (Timestamp, Timestamp)) -> Result<Vec<Run>, StoreError> {
    let mut gathered = Gathered::default();
    store.each_work_segment(window, |segment| gathered.add(segment))?;
    let ids: Vec<String> = gathered.0.keys().cloned().collect();
    let ids = ids.iter().map(String::as_str);
    store.each_segment_of_runs(ids, OfRun::Outside(window), |segment| gathered.add(segment))?;
    let mut runs = gathered.runs();
    // What was left in progress by a run that is over lasts for ever.
    runs.retain(|run| run.end().is_none_or(|end| end >= window.0));
    runs.sort_by(|a, b| {
        let running = |run: &Run| run.standing() != Standing::Running;
        let key = |run: &Run| (running(run), std::cmp::Reverse(run.start));
        key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
    });
    Ok(runs)
}

/// Segments by their run.
#[derive(Default)]
struct Gathered(HashMap<String, (Vec<Own>, Vec<Invocation>)>);

impl Gathered {
    fn add(&mut self, segment: &WorkSegment<'_>) {
        let Some(id) = segment.run_id() else {
            return;
        };
        if !self.0.contains_key(id) {
            self.0.insert(id.to_owned(), <_>::default());
        }
        if let Some((owns, jobs)) = self.0.get_mut(id) {
            match Invocation::of(segment) {
                Some(job) => jobs.push(job),
                None => owns.push(Own::of(segment)),
            }
        }
    }

    fn runs(self) -> Vec<Run> {
        let runs = self.0.into_iter();
        runs.filter_map(|(id, (owns, jobs))| Run::new(id, owns, jobs))
            .collect()
    }
}
