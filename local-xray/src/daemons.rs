//! What daemons tell of themselves, summed, and whether they are silent.

use tracing_xray::Timestamp;

use crate::store::{BackendConnectionErrors, TelemetryRecord, TelemetrySender};

/// A daemon reports every minute; one that has not for so long is silent.
const SILENT_AFTER_SECONDS: f64 = 150.0;

/// The sums of a daemon's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Datagrams that were read.
    pub received: u64,
    /// Segments that X-Ray took.
    pub sent: u64,
    /// Segments that were lost, since the daemon could not keep up.
    pub dropped: u64,
    /// What was no segment, or was refused.
    pub rejected: u64,
    /// Failed calls, in the order of `ERROR_KINDS`.
    errors: [u64; 6],
}

const ERROR_KINDS: [&str; 6] = [
    "no answer in time",
    "connection refused",
    "status 4xx",
    "status 5xx",
    "unknown host",
    "other",
];

impl Sums {
    /// Of records, of one daemon or of several.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r TelemetryRecord>) -> Self {
        let mut sums = Self::default();
        for record in records {
            sums.received += u64::from(record.segments_received_count.unwrap_or(0));
            sums.sent += u64::from(record.segments_sent_count.unwrap_or(0));
            sums.dropped += u64::from(record.segments_spillover_count.unwrap_or(0));
            sums.rejected += u64::from(record.segments_rejected_count.unwrap_or(0));
            let errors = kinds(record.backend_connection_errors.unwrap_or_default());
            for (sum, number) in sums.errors.iter_mut().zip(errors) {
                *sum += u64::from(number);
            }
        }
        sums
    }

    /// `2 connection refused, 1 status 5xx`; empty where no call failed.
    pub fn errors_in_words(&self) -> String {
        let told = ERROR_KINDS
            .iter()
            .zip(self.errors)
            .filter(|(_, number)| *number > 0);
        let told: Vec<String> = told
            .map(|(kind, number)| format!("{number} {kind}"))
            .collect();
        told.join(", ")
    }
}

/// In the order of `ERROR_KINDS`.
fn kinds(errors: BackendConnectionErrors) -> [u32; 6] {
    [
        errors.timeout_count,
        errors.connection_refused_count,
        errors.http_code_4xx_count,
        errors.http_code_5xx_count,
        errors.unknown_host_count,
        errors.other_count,
    ]
}

impl TelemetrySender {
    /// When it reported last.
    pub fn last_report(&self) -> Timestamp {
        let times = self.records.iter().map(|record| record.timestamp);
        times.max().unwrap_or_default()
    }

    /// Whether reports that should have come stay out.
    pub fn is_silent(&self, now: Timestamp) -> bool {
        now.since(self.last_report()).as_secs_f64() > SILENT_AFTER_SECONDS
    }

    /// What it is called: host, instance, resource, as far as they are known, the most telling first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = [&self.hostname, &self.ec2_instance_id, &self.resource_arn];
        let names = names.into_iter().map(String::as_str);
        names.filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_summed_and_errors_told_by_kind() {
        let record = TelemetryRecord {
            segments_received_count: Some(u32::MAX),
            segments_spillover_count: Some(2),
            backend_connection_errors: Some(BackendConnectionErrors {
                timeout_count: 1,
                http_code_5xx_count: 3,
                ..BackendConnectionErrors::default()
            }),
            ..TelemetryRecord::default()
        };
        let sums = Sums::of(&[record.clone(), record, TelemetryRecord::default()]);
        assert_eq!((sums.received, sums.dropped), (2 * u64::from(u32::MAX), 4));
        assert_eq!(sums.errors_in_words(), "2 no answer in time, 6 status 5xx");
        assert_eq!(Sums::default().errors_in_words(), "");
    }

    #[test]
    fn a_daemon_is_silent_when_reports_stay_out() {
        let at = |seconds: u64| Timestamp::from_micros(seconds * 1_000_000);
        let sender = TelemetrySender {
            records: vec![TelemetryRecord {
                timestamp: at(1000),
                ..TelemetryRecord::default()
            }],
            ..TelemetrySender::default()
        };
        assert!(!sender.is_silent(at(1150)));
        assert!(sender.is_silent(at(1151)));
        // A clock may be ahead.
        assert!(!sender.is_silent(at(900)));
    }
}
