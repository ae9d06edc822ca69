//! The statistics of a node or an edge of the map.

use serde_json::Value;

use crate::read::{items, number, whole};

/// How a request went; the later, the more it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It did what it was for.
    Ok,
    /// The caller was wrong.
    Error,
    /// The caller was too fast.
    Throttle,
    /// The service was wrong.
    Fault,
}

impl Outcome {
    /// All, from what matters least.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Throttle, Self::Fault];
}

/// Times in whole milliseconds, as the API tells them, and how many requests or events had each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Seconds, from the shortest; one may stand more than once.
    entries: Vec<(f64, u64)>,
}

impl Histogram {
    pub(super) fn read(entries: &Value) -> Self {
        let entries = items(entries).iter();
        let mut histogram = Self {
            entries: entries
                .filter_map(|entry| Some((number(entry, "Value")?, whole(entry, "Count")?)))
                .collect(),
        };
        histogram.sort();
        histogram
    }

    /// Adds other times to these.
    pub(super) fn add(&mut self, other: &Self) {
        self.entries.extend(&other.entries);
        self.sort();
    }

    fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Seconds, from the shortest, and how many had them. A time may stand more than once.
    pub fn entries(&self) -> &[(f64, u64)] {
        &self.entries
    }

    /// How many have a time.
    pub fn total(&self) -> u64 {
        let counts = self.entries.iter().map(|&(_, count)| count);
        counts.fold(0, u64::saturating_add)
    }

    /// The mean in seconds.
    pub fn average(&self) -> Option<f64> {
        let seconds: f64 = (self.entries.iter())
            .map(|&(seconds, count)| seconds * count as f64)
            .sum();
        let total = self.total();
        (total > 0).then(|| seconds / total as f64)
    }

    /// The time in seconds that so many percent of all do not exceed (nearest rank).
    pub fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (u128::from(self.total()) * u128::from(percent)).div_ceil(100);
        let rank = rank.max(1);
        let mut passed = 0_u128;
        let mut entries = self.entries.iter();
        let at = entries.find(|entry| {
            passed += u128::from(entry.1);
            passed >= rank
        });
        at.map(|&(seconds, _)| seconds)
    }
}

/// The requests of a node: each in one of ok, error, throttle, fault.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// All finished requests.
    pub total: u64,
    /// Those without any of the others.
    pub ok: u64,
    /// Errors of the caller but for throttles.
    pub error: u64,
    /// Throttles.
    pub throttle: u64,
    /// Faults of the service.
    pub fault: u64,
    /// Seconds of all requests together.
    pub(super) seconds: f64,
    /// How long they took.
    pub response_times: Histogram,
}

impl Statistics {
    pub(super) fn read(service: &Value) -> Self {
        let summary = &service["SummaryStatistics"];
        let count = |value: &Value, key| whole(value, key).unwrap_or(0);
        Self {
            total: count(summary, "TotalCount"),
            ok: count(summary, "OkCount"),
            error: count(&summary["ErrorStatistics"], "OtherCount"),
            throttle: count(&summary["ErrorStatistics"], "ThrottleCount"),
            fault: count(&summary["FaultStatistics"], "TotalCount"),
            seconds: number(summary, "TotalResponseTime").unwrap_or(0.0),
            response_times: Histogram::read(&service["ResponseTimeHistogram"]),
        }
    }

    /// Adds other requests to these.
    pub fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.ok = self.ok.saturating_add(other.ok);
        self.error = self.error.saturating_add(other.error);
        self.throttle = self.throttle.saturating_add(other.throttle);
        self.fault = self.fault.saturating_add(other.fault);
        self.seconds += other.seconds;
        self.response_times.add(&other.response_times);
    }

    /// The requests of an outcome.
    pub fn count(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Ok => self.ok,
            Outcome::Error => self.error,
            Outcome::Throttle => self.throttle,
            Outcome::Fault => self.fault,
        }
    }

    /// The mean response time in seconds.
    pub fn average(&self) -> Option<f64> {
        (self.total > 0).then(|| self.seconds / self.total as f64)
    }

    /// What mattered most among the requests; none without any.
    pub fn worst(&self) -> Option<Outcome> {
        match self {
            Self { fault: 1.., .. } => Some(Outcome::Fault),
            Self { throttle: 1.., .. } => Some(Outcome::Throttle),
            Self { error: 1.., .. } => Some(Outcome::Error),
            Self { total: 1.., .. } => Some(Outcome::Ok),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let histogram = Histogram {
            entries: vec![(1.0, 18), (2.0, 1), (3.0, 1)],
        };
        assert_eq!(histogram.percentile(50), Some(1.0));
        assert_eq!(histogram.percentile(95), Some(2.0));
        assert_eq!(histogram.percentile(100), Some(3.0));
        assert_eq!(
            (histogram.total(), histogram.average()),
            (20, Some(23.0 / 20.0))
        );
        let none = Histogram::default();
        assert_eq!((none.percentile(95), none.average()), (None, None));
    }

    #[test]
    fn counts_that_no_store_has_break_nothing() {
        let histogram = Histogram {
            entries: vec![(1.0, u64::MAX), (2.0, u64::MAX)],
        };
        assert_eq!(histogram.percentile(50), Some(1.0));
        assert_eq!(histogram.total(), u64::MAX);
    }
}
