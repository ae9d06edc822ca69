//! A job over time: each time it was run in a window.

use std::cmp::Reverse;
use std::collections::HashMap;

use tracing_xray::Timestamp;

use super::gather::StartsOfRuns;
use super::{Counts, Invocation, Standing, urgency};
use crate::store::{Store, StoreError};

/// A job, by its service and name.
#[derive(Clone, Debug)]
pub struct Job {
    /// Newest first.
    pub invocations: Vec<Invocation>,
    /// How they stand.
    pub counts: Counts,
}

impl Job {
    /// A job of its invocations.
    pub fn new(mut invocations: Vec<Invocation>) -> Self {
        invocations.sort_by_key(|invocation| Reverse((invocation.start, invocation.segment_id)));
        let counts = invocations
            .iter()
            .map(|invocation| invocation.standing)
            .collect();
        Self {
            invocations,
            counts,
        }
    }

    /// The newest invocation.
    pub fn last(&self) -> Option<&Invocation> {
        self.invocations.first()
    }

    /// How long those took that are over, in seconds, the shortest first.
    pub fn durations(&self) -> Durations {
        let mut sorted: Vec<f64> = self.ended().map(|(_, seconds)| seconds).collect();
        sorted.sort_by(f64::total_cmp);
        Durations(sorted)
    }

    /// Those that are over, newest first, with how long they took in seconds.
    pub fn ended(&self) -> impl Iterator<Item = (&Invocation, f64)> {
        let all = self.invocations.iter();
        all.filter_map(|one| Some((one, one.end?.since(one.start).as_secs_f64())))
    }
}

/// How long invocations took, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Durations(Vec<f64>);

impl Durations {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Their average; none of none.
    pub fn average(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// The nearest of them that so many of a hundred do not exceed; none of none.
    pub fn percentile(&self, percent: usize) -> Option<f64> {
        let place = (self.0.len() * percent).div_ceil(100);
        self.0.get(place.checked_sub(1)?).copied()
    }
}

/// The jobs that were run in a window: failing first, then by name.
///
/// # Errors
/// The store cannot be read.
pub fn jobs(
    store: &Store,
    window: (Timestamp, Timestamp),
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Job>, StoreError> {
    let mut by_name: HashMap<(String, String), Vec<Invocation>> = HashMap::new();
    store.each_work_segment(window, |segment| {
        if !segment.job().is_some_and(&is_wanted) {
            return;
        }
        if let Some(invocation) = Invocation::of(segment) {
            let key = (invocation.job.clone(), invocation.service.clone());
            by_name.entry(key).or_default().push(invocation);
        }
    })?;
    let starts = StartsOfRuns::read(store, by_name.values().flatten())?;
    let mut jobs: Vec<_> = by_name.into_iter().collect();
    jobs.sort_by(|(a, _), (b, _)| a.cmp(b));
    let jobs = jobs.into_iter().map(|(_, mut invocations)| {
        starts.apply(window.0, &mut invocations);
        Job::new(invocations)
    });
    let mut jobs: Vec<Job> = jobs.filter(|job| !job.invocations.is_empty()).collect();
    jobs.sort_by_key(|job| urgency(job.last().map_or(Standing::Done, |last| last.standing)));
    Ok(jobs)
}

/// Whether the name of a job has in it what is looked for, whatever the case.
pub fn is_found(find: &str, name: &str) -> bool {
    name.to_lowercase().contains(find.to_lowercase().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_the_nearest_value() {
        let durations = |last: u32| Durations((1..=last).map(f64::from).collect());
        assert_eq!(durations(100).percentile(95), Some(95.0));
        assert_eq!(durations(1).percentile(95), Some(1.0));
        assert_eq!(durations(3).percentile(50), Some(2.0));
        assert_eq!(durations(0).percentile(95), None);
        assert_eq!(durations(3).average(), Some(2.0));
        assert_eq!(durations(0).average(), None);
    }
}
