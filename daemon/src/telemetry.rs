//! The daemon's own records: what it did in a minute, told to X-Ray with `PutTelemetryRecords`.

mod backend_errors;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::json;
use tokio::sync::oneshot;
use tracing::debug;

use crate::client::XrayClient;
use crate::counts::{Counters, Counts};
pub(crate) use backend_errors::BackendErrors;
use backend_errors::ErrorCounts;

const PATH: &str = "/TelemetryRecords";

/// Records that wait while X-Ray cannot be reached; then the oldest go.
const RECORDS_MAX: usize = 30;

/// Records in a request.
const RECORDS_OF_REQUEST_MAX: usize = 10;

/// Who the daemon is in its records, and how often there is one. What is `None` is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryOptions {
    /// The AWS resource that runs the daemon.
    pub resource_arn: Option<String>,
    /// The host's name.
    pub hostname: Option<String>,
    /// The EC2 instance that runs the daemon.
    pub instance_id: Option<String>,
    /// The time between two records. Default 60 s.
    pub interval: Duration,
}

impl Default for TelemetryOptions {
    fn default() -> Self {
        Self {
            resource_arn: None,
            hostname: None,
            instance_id: None,
            interval: Duration::from_secs(60),
        }
    }
}

/// What happened between two records, in the words of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    /// Seconds since the epoch.
    timestamp: f64,
    segments_received_count: u64,
    segments_sent_count: u64,
    segments_spillover_count: u64,
    segments_rejected_count: u64,
    backend_connection_errors: ErrorCounts,
}

/// Makes records and sends them.
#[derive(Debug)]
pub(crate) struct Telemetry {
    options: TelemetryOptions,
    client: XrayClient,
    counters: Arc<Counters>,
    errors: Arc<BackendErrors>,
    /// What the last record told.
    told: (Counts, ErrorCounts),
    records: VecDeque<Record>,
}

impl Telemetry {
    pub(crate) fn new(
        options: TelemetryOptions,
        client: XrayClient,
        counters: Arc<Counters>,
        errors: Arc<BackendErrors>,
    ) -> Self {
        Self {
            options,
            client,
            counters,
            errors,
            told: Default::default(),
            records: VecDeque::new(),
        }
    }

    /// Makes a record now and then once a segment has come, and the last one when everything has left.
    pub(crate) async fn run(mut self, mut drained: oneshot::Receiver<()>) {
        loop {
            let is_last = tokio::time::timeout(self.options.interval, &mut drained)
                .await
                .is_ok();
            self.record(self.client.now());
            self.send().await;
            if is_last {
                return;
            }
        }
    }

    fn record(&mut self, now: SystemTime) {
        let (counts, errors) = (self.counters.read(), self.errors.read());
        if counts.received + counts.kernel_dropped == 0 {
            return;
        }
        let (before, errors_before) = std::mem::replace(&mut self.told, (counts, errors));
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH);
        if self.records.len() == RECORDS_MAX {
            self.records.pop_front();
        }
        self.records.push_back(Record {
            timestamp: since_epoch.unwrap_or_default().as_secs_f64(),
            segments_received_count: counts.received - before.received,
            segments_sent_count: counts.sent - before.sent,
            segments_spillover_count: spillover(&counts) - spillover(&before),
            segments_rejected_count: counts.refused() - before.refused(),
            backend_connection_errors: errors.since(&errors_before),
        });
    }

    /// Sends what waits; what cannot be sent waits on, but for what X-Ray will never take.
    async fn send(&mut self) {
        while !self.records.is_empty() {
            let number = self.records.len().min(RECORDS_OF_REQUEST_MAX);
            let sent = self.client.call(PATH, self.body(number)).await;
            match sent {
                Ok(_) => {}
                Err(error) if error.is_retryable() => {
                    debug!(%error, records = self.records.len(), "telemetry waits");
                    return;
                }
                Err(error) => debug!(%error, records = number, "telemetry not sent"),
            }
            self.records.drain(..number);
        }
    }

    fn body(&self, number: usize) -> String {
        let mut body = json!({
            "TelemetryRecords": self.records.iter().take(number).collect::<Vec<_>>(),
        });
        for (name, value) in [
            ("ResourceARN", &self.options.resource_arn),
            ("Hostname", &self.options.hostname),
            ("EC2InstanceId", &self.options.instance_id),
        ] {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        body.to_string()
    }
}

/// What found no room, in the kernel or in the queue.
fn spillover(counts: &Counts) -> u64 {
    counts.kernel_dropped + counts.queue_dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    use crate::receive::KernelDrops;

    fn telemetry() -> Telemetry {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let counters = Arc::new(Counters::new(KernelDrops::of(&socket)));
        let endpoint = "http://127.0.0.1:1".parse().unwrap();
        let client = XrayClient::new(endpoint, "r".to_owned(), None);
        Telemetry::new(
            TelemetryOptions::default(),
            client,
            counters,
            Arc::default(),
        )
    }

    #[test]
    fn before_the_first_segment_there_is_nothing_to_tell() {
        let mut telemetry = telemetry();
        telemetry.record(SystemTime::now());
        assert!(telemetry.records.is_empty());
        telemetry.counters.received.add(2);
        telemetry.counters.queue_dropped.add(1);
        telemetry.record(SystemTime::now());
        // From then on every minute has one.
        telemetry.record(SystemTime::now());
        let told = |record: &Record| {
            (
                record.segments_received_count,
                record.segments_spillover_count,
            )
        };
        let told: Vec<_> = telemetry.records.iter().map(told).collect();
        assert_eq!(told, [(2, 1), (0, 0)]);
    }

    #[test]
    fn of_too_many_the_oldest_go() {
        let mut telemetry = telemetry();
        for second in 0..40 {
            telemetry.counters.received.add(1);
            telemetry.record(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
        }
        let times: Vec<_> = telemetry
            .records
            .iter()
            .map(|record| record.timestamp)
            .collect();
        assert_eq!((times.len(), times[0]), (30, 10.0));
    }
}
