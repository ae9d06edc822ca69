//! Counts and latencies of requests, in the form that the API gives them.

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
        let Some(duration_us) = entity.duration_us() else {
            return;
        };
        self.counts[entity.outcome as usize] += 1;
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

    pub(super) fn histogram(&self) -> Vec<HistogramEntry> {
        self.response_times.histogram()
    }
}

/// Latencies in milliseconds, one a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies(Vec<u32>);

impl Latencies {
    pub(super) fn add(&mut self, duration_us: u64) {
        // 49 days and more count as 49 days.
        let latency = u32::try_from(milliseconds(duration_us)).unwrap_or(u32::MAX);
        self.0.push(latency);
    }

    pub(super) fn merge(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// How many requests took how long, from the shortest.
    pub(super) fn histogram(&self) -> Vec<HistogramEntry> {
        let mut latencies = self.0.clone();
        latencies.sort_unstable();
        let equal = latencies.chunk_by(|one, next| one == next);
        let entry = |equal: &[u32]| HistogramEntry {
            value: seconds(u64::from(equal[0])),
            count: equal.len(),
        };
        equal.map(entry).collect()
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
    count: usize,
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
