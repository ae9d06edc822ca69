//! Counts and latencies of requests, in the form that the API gives them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::outline::{Outcome, Outline};

/// Completed requests: how they ended and how long they took.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    /// By `Outcome`.
    counts: [u64; 4],
    total_us: u64,
    response_times: Latencies,
}

impl Requests {
    /// Counts the request, unless it is in progress.
    pub(super) fn add(&mut self, entity: &Outline<'_>) {
        if let Some(duration_us) = entity.duration_us() {
            self.count(entity.outcome, duration_us);
        }
    }

    /// Counts a request that took so many microseconds.
    pub(super) fn count(&mut self, outcome: Outcome, duration_us: u64) {
        self.counts[outcome as usize] += 1;
        self.total_us = self.total_us.saturating_add(duration_us);
        self.response_times.add(duration_us);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (count, other) in self.counts.iter_mut().zip(other.counts) {
            *count += other;
        }
        self.total_us = self.total_us.saturating_add(other.total_us);
        self.response_times.merge(other.response_times);
    }

    pub(super) fn statistics(&self) -> Statistics {
        let count = |outcome: Outcome| self.counts[outcome as usize];
        let (throttles, errors) = (count(Outcome::Throttle), count(Outcome::Error));
        Statistics {
            ok_count: count(Outcome::Ok),
            error_statistics: ErrorStatistics {
                throttle_count: throttles,
                other_count: errors,
                total_count: throttles + errors,
            },
            fault_statistics: FaultStatistics {
                other_count: count(Outcome::Fault),
                total_count: count(Outcome::Fault),
            },
            total_count: self.counts.iter().sum(),
            total_response_time: seconds(milliseconds(self.total_us)),
        }
    }

    pub(super) fn into_histogram(self) -> Vec<HistogramEntry> {
        self.response_times.histogram()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts == [0; 4]
    }
}

/// Latencies in milliseconds and how many requests had them.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    counts: BTreeMap<u32, u64>,
    /// Those that are not counted yet: sorting many at once is faster than looking each up.
    uncounted: Vec<u32>,
}

/// How many latencies are counted at once.
const COUNTED_AT_ONCE: usize = 4096;

impl Latencies {
    pub(super) fn add(&mut self, duration_us: u64) {
        // 49 days and more count as 49 days.
        let latency = u32::try_from(milliseconds(duration_us)).unwrap_or(u32::MAX);
        self.uncounted.push(latency);
        if self.uncounted.len() == COUNTED_AT_ONCE {
            self.count();
        }
    }

    pub(super) fn merge(&mut self, mut other: Self) {
        other.count();
        for (latency, count) in other.counts {
            *self.counts.entry(latency).or_default() += count;
        }
    }

    /// How many requests took how long, from the shortest.
    pub(super) fn histogram(mut self) -> Vec<HistogramEntry> {
        self.count();
        let entries = self.counts.into_iter();
        let entries = entries.map(|(latency, count)| HistogramEntry {
            value: seconds(u64::from(latency)),
            count,
        });
        entries.collect()
    }

    fn count(&mut self) {
        self.uncounted.sort_unstable();
        for equal in self.uncounted.chunk_by(|one, next| one == next) {
            *self.counts.entry(equal[0]).or_default() += equal.len() as u64;
        }
        self.uncounted.clear();
    }
}

/// Microseconds rounded to milliseconds, the resolution of the API.
pub(crate) fn milliseconds(micros: u64) -> u64 {
    micros / 1000 + u64::from(micros % 1000 >= 500)
}

fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HistogramEntry {
    value: f64,
    count: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statistics {
    ok_count: u64,
    error_statistics: ErrorStatistics,
    fault_statistics: FaultStatistics,
    total_count: u64,
    total_response_time: f64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorStatistics {
    throttle_count: u64,
    other_count: u64,
    total_count: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FaultStatistics {
    other_count: u64,
    total_count: u64,
}
