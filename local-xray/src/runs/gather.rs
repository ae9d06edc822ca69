//! Runs found in a store: those of a window, or one by its id.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tracing_xray::Timestamp;

use super::{Invocation, Own, Run, Standing};
use crate::store::{Store, StoreError, WorkSegment};
use crate::time::before;

/// Which runs are over, as their own segments say: what is in progress in them does not run.
#[derive(Debug, Default)]
pub(super) struct RunEnds(HashMap<String, (Timestamp, bool)>);

impl RunEnds {
    /// Notes the segment of a run; that of a job says nothing.
    pub(super) fn note(&mut self, segment: &WorkSegment<'_>) {
        if let (Some(id), None) = (segment.run_id(), segment.job()) {
            let start = segment.outline.start;
            let newest = self.0.entry(id.to_owned()).or_insert((start, false));
            if start >= newest.0 {
                *newest = (start, segment.outline.end.is_some());
            }
        }
    }

    /// Notes the runs of invocations without an end that ended before a window, and so are not in it.
    pub(super) fn look_before<'i>(
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
    pub(super) fn apply(&self, invocations: &mut [Invocation]) {
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
pub fn find(
    store: &Store,
    window: (Timestamp, Timestamp),
    id: &str,
) -> Result<Option<Run>, StoreError> {
    let is_wanted = |known: &str| known == id;
    let mut found = all(store, window, is_wanted)?;
    if found.is_empty() {
        found = all(store, ever(), is_wanted)?;
    }
    Ok(found.pop())
}

/// Whether a job was ever run, as far as the store knows.
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

/// How long before its earliest known segment a run is looked for: it may have been stopped, and resumed only
/// after a while.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 3600);

/// The runs that were active in a window, those that run first, then the newest. They are whole, even where
/// they began before it, unless they paused for longer than a day.
pub fn all(
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
        let from = before(earliest.min(start), PAUSE_MAX);
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
