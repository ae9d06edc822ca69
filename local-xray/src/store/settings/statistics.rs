//! What the clients of sampling rules reported, in windows of ten seconds.

use std::time::Duration;

use rusqlite::{Connection, params};
use serde::Serialize;
use tracing_xray::Timestamp;

use super::{Report, micros, time};
use crate::store::{Store, StoreError};

/// The length of a window, as the service has it.
const WINDOW_MICROS: u64 = 10_000_000;

/// For how long windows are kept.
const KEPT: Duration = Duration::from_secs(600);

/// A `SamplingStatisticSummary` of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatisticSummary {
    pub(crate) rule_name: String,
    /// When the window begins.
    pub(crate) timestamp: Timestamp,
    pub(crate) request_count: i64,
    pub(crate) borrow_count: i64,
    pub(crate) sampled_count: i64,
}

impl Store {
    /// The sums of each rule in each window of the last ten minutes in which it was used, by window
    /// and name.
    pub(crate) fn sampling_statistics(
        &self,
        now: Timestamp,
    ) -> Result<Vec<StatisticSummary>, StoreError> {
        let query = "SELECT rule, window_us, requests, borrowed, sampled FROM sampling_statistics
                     WHERE window_us > ?1 ORDER BY window_us, rule";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            let summaries = statement.query_map([kept_after(now)], |row| {
                // The service's counts have 32 bits.
                let count = |column| row.get(column).map(|count: i64| count.min(i32::MAX.into()));
                Ok(StatisticSummary {
                    rule_name: row.get(0)?,
                    timestamp: time(row.get_ref(1)?)?,
                    request_count: count(2)?,
                    borrow_count: count(3)?,
                    sampled_count: count(4)?,
                })
            })?;
            summaries.collect::<Result<_, rusqlite::Error>>()
        })
    }
}

pub(super) fn forget_old(connection: &Connection, now: Timestamp) -> Result<(), rusqlite::Error> {
    let delete = "DELETE FROM sampling_statistics WHERE window_us <= ?1";
    connection.execute(delete, [kept_after(now)])?;
    Ok(())
}

/// Adds a report to the window that is now.
pub(super) fn add(
    connection: &Connection,
    report: &Report,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let start = now.as_micros() - now.as_micros() % WINDOW_MICROS;
    let columns = params![
        micros(Timestamp::from_micros(start)),
        report.rule,
        report.requests,
        report.sampled,
        report.borrowed,
    ];
    connection
        .prepare_cached(
            "INSERT INTO sampling_statistics (window_us, rule, requests, sampled, borrowed)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET requests = requests + ?3, sampled = sampled + ?4,
                 borrowed = borrowed + ?5",
        )?
        .execute(columns)?;
    Ok(())
}

fn kept_after(now: Timestamp) -> i64 {
    micros(now).saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up_in_their_window_and_end_after_ten_minutes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let at = |secs: u64| Timestamp::from_micros(1_763_790_000_000_000 + secs * 1_000_000);
        for (client, secs, requests) in [("a", 0, 5), ("b", 9, 7), ("a", 10, 11)] {
            let report = Report {
                rule: "Default".into(),
                client: client.into(),
                requests,
                sampled: 2,
                borrowed: 1,
            };
            store.sampling_targets(&[report], &[], at(secs)).unwrap();
        }
        let window = |secs, request_count, sampled_count, borrow_count| StatisticSummary {
            rule_name: "Default".into(),
            timestamp: at(secs),
            request_count,
            borrow_count,
            sampled_count,
        };
        let [first, second] = [window(0, 12, 4, 2), window(10, 11, 2, 1)];
        let read = |secs| store.sampling_statistics(at(secs)).unwrap();
        assert_eq!(read(10), [first.clone(), second.clone()]);
        assert_eq!(read(599), [first, second.clone()]);
        assert_eq!(read(600), [second]);
        assert_eq!(read(610), []);
        store.sampling_targets(&[], &[], at(610)).unwrap();
        let count = "SELECT count(*) FROM sampling_statistics";
        let rows =
            store.read(|connection| connection.query_row(count, [], |row| row.get::<_, i64>(0)));
        assert_eq!(rows.unwrap(), 0, "nothing grows");
    }
}
