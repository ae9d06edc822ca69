//! What daemons report on themselves.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use tracing_xray::Timestamp;

use super::{micros, time};
use crate::store::{Store, StoreError};

/// How many records of a sender are kept, the newest: ten minutes of a daemon that reports every
/// ten seconds.
const OF_SENDER_MAX: usize = 60;

/// How many records are kept of all senders.
const RECORDS_MAX: i64 = 6000;

/// A daemon, and what it reported, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TelemetrySender {
    /// The name of its host, or empty.
    pub hostname: String,
    /// Its EC2 instance, or empty.
    #[serde(rename = "EC2InstanceId")]
    pub ec2_instance_id: String,
    /// The AWS resource that it runs on, or empty.
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    /// At most sixty.
    pub records: Vec<TelemetryRecord>,
}

/// A `TelemetryRecord` of the API: counts since the record before.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TelemetryRecord {
    /// When it was written, by the sender's clock.
    pub timestamp: Timestamp,
    /// Segments that were received.
    pub segments_received_count: Option<u32>,
    /// Segments that were sent to X-Ray.
    pub segments_sent_count: Option<u32>,
    /// Segments that were dropped, since the sender could not keep up.
    pub segments_spillover_count: Option<u32>,
    /// Segments that X-Ray refused.
    pub segments_rejected_count: Option<u32>,
    /// Calls of X-Ray that failed.
    pub backend_connection_errors: Option<BackendConnectionErrors>,
}

/// `BackendConnectionErrors` of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BackendConnectionErrors {
    /// Calls that took too long.
    pub timeout_count: u32,
    /// Connections that were refused.
    pub connection_refused_count: u32,
    /// Answers with a status of 400 to 499.
    #[serde(rename = "HTTPCode4XXCount")]
    pub http_code_4xx_count: u32,
    /// Answers with a status of 500 to 599.
    #[serde(rename = "HTTPCode5XXCount")]
    pub http_code_5xx_count: u32,
    /// Names that could not be resolved.
    pub unknown_host_count: u32,
    /// All others.
    pub other_count: u32,
}

impl Store {
    /// The daemons that reported, by host, each with its newest records.
    pub fn telemetry(&self) -> Result<Vec<TelemetrySender>, StoreError> {
        let query = "SELECT hostname, ec2_instance_id, resource_arn, at_us, segments_received,
                         segments_sent, segments_spillover, segments_rejected, connection_errors
                     FROM telemetry_records
                     ORDER BY hostname, ec2_instance_id, resource_arn, at_us DESC, record DESC";
        self.read(|connection| {
            let mut senders: Vec<TelemetrySender> = Vec::new();
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let mut sender = TelemetrySender {
                    hostname: row.get(0)?,
                    ec2_instance_id: row.get(1)?,
                    resource_arn: row.get(2)?,
                    records: Vec::new(),
                };
                match senders.last_mut().filter(|last| last.is(&sender)) {
                    Some(last) => last.records.push(record(row)?),
                    None => {
                        sender.records.push(record(row)?);
                        senders.push(sender);
                    }
                }
            }
            Ok(senders)
        })
    }

    /// Keeps what a daemon reports, as far as it is the newest.
    pub(crate) fn put_telemetry(&self, sender: &TelemetrySender) -> Result<(), StoreError> {
        let mut newest: Vec<_> = sender.records.iter().collect();
        newest.sort_by_key(|record| std::cmp::Reverse(record.timestamp));
        newest.truncate(OF_SENDER_MAX);
        self.write(|transaction| {
            for record in newest.iter().rev() {
                insert(transaction, sender, record)?;
            }
            bound(transaction, sender)
        })
    }
}

impl TelemetrySender {
    fn is(&self, other: &Self) -> bool {
        self.hostname == other.hostname
            && self.ec2_instance_id == other.ec2_instance_id
            && self.resource_arn == other.resource_arn
    }
}

fn insert(
    connection: &Connection,
    sender: &TelemetrySender,
    record: &TelemetryRecord,
) -> Result<(), rusqlite::Error> {
    let errors = record.backend_connection_errors;
    let columns = params![
        sender.hostname,
        sender.ec2_instance_id,
        sender.resource_arn,
        micros(record.timestamp),
        record.segments_received_count,
        record.segments_sent_count,
        record.segments_spillover_count,
        record.segments_rejected_count,
        errors.map(|errors| serde_json::json!(errors).to_string()),
    ];
    connection
        .prepare_cached(
            "INSERT INTO telemetry_records (hostname, ec2_instance_id, resource_arn, at_us,
                 segments_received, segments_sent, segments_spillover, segments_rejected,
                 connection_errors)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(columns)?;
    Ok(())
}

/// Deletes the oldest records of a sender, and of all.
fn bound(connection: &Connection, sender: &TelemetrySender) -> Result<(), rusqlite::Error> {
    let columns = params![
        sender.hostname,
        sender.ec2_instance_id,
        sender.resource_arn,
        i64::try_from(OF_SENDER_MAX).unwrap_or(i64::MAX),
    ];
    connection.execute(
        "DELETE FROM telemetry_records WHERE record IN (
             SELECT record FROM telemetry_records
             WHERE hostname = ?1 AND ec2_instance_id = ?2 AND resource_arn = ?3
             ORDER BY at_us DESC, record DESC LIMIT -1 OFFSET ?4)",
        columns,
    )?;
    connection.execute(
        "DELETE FROM telemetry_records
         WHERE record <= (SELECT max(record) FROM telemetry_records) - ?1",
        [RECORDS_MAX],
    )?;
    Ok(())
}

fn record(row: &Row<'_>) -> Result<TelemetryRecord, rusqlite::Error> {
    let errors: Option<String> = row.get(8)?;
    Ok(TelemetryRecord {
        timestamp: time(row.get_ref(3)?)?,
        segments_received_count: row.get(4)?,
        segments_sent_count: row.get(5)?,
        segments_spillover_count: row.get(6)?,
        segments_rejected_count: row.get(7)?,
        backend_connection_errors: errors.and_then(|errors| serde_json::from_str(&errors).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(hostname: &str, seconds: impl IntoIterator<Item = u64>) -> TelemetrySender {
        let record = |second| TelemetryRecord {
            timestamp: Timestamp::from_micros(second * 1_000_000),
            segments_sent_count: Some(7),
            backend_connection_errors: Some(BackendConnectionErrors {
                other_count: 1,
                ..BackendConnectionErrors::default()
            }),
            ..TelemetryRecord::default()
        };
        TelemetrySender {
            hostname: hostname.into(),
            records: seconds.into_iter().map(record).collect(),
            ..TelemetrySender::default()
        }
    }

    #[test]
    fn the_newest_records_of_each_sender_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.put_telemetry(&sender("b", 1..=3)).unwrap();
        store.put_telemetry(&sender("a", 1..=50)).unwrap();
        store.put_telemetry(&sender("a", 41..=100)).unwrap();
        let read = Store::open(dir.path()).unwrap().telemetry().unwrap();
        let newest: Vec<u64> = (41..=50).flat_map(|second| [second; 2]).collect();
        let newest = newest.into_iter().chain(51..=100).rev().take(60);
        assert_eq!(read, [sender("a", newest), sender("b", [3, 2, 1])]);
    }

    #[test]
    fn many_senders_do_not_grow_the_store_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        for host in 0..150 {
            store
                .put_telemetry(&sender(&format!("{host:03}"), 1..=60))
                .unwrap();
        }
        let kept = store.telemetry().unwrap();
        assert_eq!(
            kept.iter()
                .map(|sender| sender.records.len())
                .sum::<usize>(),
            6000
        );
        assert_eq!(kept[0].hostname, "050");
    }
}
