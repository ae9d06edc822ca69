//! The statistics of a node of the service graph.

use serde_json::Value;

use super::json::{items, number, whole};
use super::style::Status;

/// The requests of a node: each in one of ok, error, throttle, fault.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statistics {
    pub(super) total: u64,
    pub(super) ok: u64,
    pub(super) error: u64,
    pub(super) throttle: u64,
    pub(super) fault: u64,
    /// Seconds of all requests together.
    seconds: f64,
    /// Response times in seconds and how many requests had them.
    histogram: Vec<(f64, u64)>,
}

impl Statistics {
    pub(super) fn read(service: &Value) -> Self {
        let summary = &service["SummaryStatistics"];
        let count = |value: &Value, key| whole(value, key).unwrap_or(0);
        let entries = items(&service["ResponseTimeHistogram"]).iter();
        Self {
            total: count(summary, "TotalCount"),
            ok: count(summary, "OkCount"),
            error: count(&summary["ErrorStatistics"], "OtherCount"),
            throttle: count(&summary["ErrorStatistics"], "ThrottleCount"),
            fault: count(&summary["FaultStatistics"], "TotalCount"),
            seconds: number(summary, "TotalResponseTime").unwrap_or(0.0),
            histogram: entries
                .filter_map(|entry| Some((number(entry, "Value")?, whole(entry, "Count")?)))
                .collect(),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.ok = self.ok.saturating_add(other.ok);
        self.error = self.error.saturating_add(other.error);
        self.throttle = self.throttle.saturating_add(other.throttle);
        self.fault = self.fault.saturating_add(other.fault);
        self.seconds += other.seconds;
        self.histogram.extend(&other.histogram);
    }

    /// The mean response time in seconds.
    pub(super) fn average(&self) -> Option<f64> {
        (self.total > 0).then(|| self.seconds / self.total as f64)
    }

    /// The response time in seconds that this share of the requests kept (nearest rank).
    pub(super) fn percentile(&self, share: f64) -> Option<f64> {
        let mut entries = self.histogram.clone();
        entries.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total = entries
            .iter()
            .fold(0_u64, |sum, entry| sum.saturating_add(entry.1));
        let rank = (share * total as f64).ceil().max(1.0) as u64;
        let mut passed = 0_u64;
        let at = entries.into_iter().find(|entry| {
            passed = passed.saturating_add(entry.1);
            passed >= rank
        });
        at.map(|(seconds, _)| seconds)
    }

    /// What mattered most among the requests; none without any.
    pub(super) fn worst(&self) -> Option<Status> {
        match self {
            Self { fault: 1.., .. } => Some(Status::Fault),
            Self { throttle: 1.., .. } => Some(Status::Throttle),
            Self { error: 1.., .. } => Some(Status::Error),
            Self { total: 1.., .. } => Some(Status::Ok),
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
            histogram: vec![(3.0, 1), (1.0, 18), (2.0, 1)],
            ..Statistics::default()
        };
        assert_eq!(statistics.percentile(0.5), Some(1.0));
        assert_eq!(statistics.percentile(0.95), Some(2.0));
        assert_eq!(statistics.percentile(1.0), Some(3.0));
        assert_eq!(Statistics::default().percentile(0.95), None);
    }
}
