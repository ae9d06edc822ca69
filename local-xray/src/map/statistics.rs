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
    /// Response times in seconds, from the shortest, and how many requests had them.
    pub(super) histogram: Vec<(f64, u64)>,
}

impl Statistics {
    pub(super) fn read(service: &Value) -> Self {
        let summary = &service["SummaryStatistics"];
        let count = |value: &Value, key| whole(value, key).unwrap_or(0);
        let entries = items(&service["ResponseTimeHistogram"]).iter();
        let mut statistics = Self {
            total: count(summary, "TotalCount"),
            ok: count(summary, "OkCount"),
            error: count(&summary["ErrorStatistics"], "OtherCount"),
            throttle: count(&summary["ErrorStatistics"], "ThrottleCount"),
            fault: count(&summary["FaultStatistics"], "TotalCount"),
            seconds: number(summary, "TotalResponseTime").unwrap_or(0.0),
            histogram: entries
                .filter_map(|entry| Some((number(entry, "Value")?, whole(entry, "Count")?)))
                .collect(),
        };
        statistics.sort();
        statistics
    }

    /// Adds other requests to these.
    pub fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.ok = self.ok.saturating_add(other.ok);
        self.error = self.error.saturating_add(other.error);
        self.throttle = self.throttle.saturating_add(other.throttle);
        self.fault = self.fault.saturating_add(other.fault);
        self.seconds += other.seconds;
        self.histogram.extend(&other.histogram);
        self.sort();
    }

    fn sort(&mut self) {
        self.histogram.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Response times in seconds, from the shortest, and how many requests had them. A time may stand more
    /// than once.
    pub fn histogram(&self) -> &[(f64, u64)] {
        &self.histogram
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

    /// The response time in seconds that this share of the requests kept (nearest rank).
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let mut entries = self.histogram.iter();
        let total = (entries.clone()).fold(0_u64, |sum, entry| sum.saturating_add(entry.1));
        let rank = (share * total as f64).ceil().max(1.0) as u64;
        let mut passed = 0_u64;
        let at = entries.find(|entry| {
            passed = passed.saturating_add(entry.1);
            passed >= rank
        });
        at.map(|&(seconds, _)| seconds)
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
        let statistics = Statistics {
            histogram: vec![(1.0, 18), (2.0, 1), (3.0, 1)],
            ..Statistics::default()
        };
        assert_eq!(statistics.percentile(0.5), Some(1.0));
        assert_eq!(statistics.percentile(0.95), Some(2.0));
        assert_eq!(statistics.percentile(1.0), Some(3.0));
        assert_eq!(Statistics::default().percentile(0.95), None);
    }
}
