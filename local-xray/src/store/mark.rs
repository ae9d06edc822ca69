//! How far the store has come: what is written later can be told from what was there before.

use std::fmt;
use std::str::FromStr;

use rusqlite::params;
use tracing_xray::TraceId;

use super::{Store, StoreError};

/// A state of the store, by the last of all that it holds. It changes with every reject, every
/// record of a daemon and every document that tells something new; not with settings, and not with the
/// removal of what lies between the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The last document.
    documents: i64,
    /// The first document: those before were removed.
    pub(crate) removed: i64,
    /// The last reject.
    pub(crate) rejects: i64,
    /// The last record of a daemon.
    pub(crate) telemetry: i64,
}

impl Mark {
    /// Whether this may be the same store as of `earlier`, later.
    pub(crate) fn follows(&self, earlier: &Self) -> bool {
        self.documents >= earlier.documents && self.rejects >= earlier.rejects
    }
}

/// As the id of an event.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            documents,
            removed,
            rejects,
            telemetry,
        } = self;
        write!(f, "{documents}.{removed}.{rejects}.{telemetry}")
    }
}

impl FromStr for Mark {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Result<Vec<i64>, _> = text.split('.').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[documents, removed, rejects, telemetry]) => Ok(Self {
                documents,
                removed,
                rejects,
                telemetry,
            }),
            _ => Err(()),
        }
    }
}

impl Store {
    /// How far the store has come.
    pub(crate) fn mark(&self) -> Result<Mark, StoreError> {
        // Each end on its own: together they would go over all rows.
        let query = "SELECT coalesce((SELECT max(body) FROM bodies), 0),
                         coalesce((SELECT min(body) FROM bodies), 0),
                         coalesce((SELECT max(reject) FROM rejects), 0),
                         coalesce((SELECT max(record) FROM telemetry_records), 0)";
        self.read(|connection| {
            connection.prepare_cached(query)?.query_row([], |row| {
                Ok(Mark {
                    documents: row.get(0)?,
                    removed: row.get(1)?,
                    rejects: row.get(2)?,
                    telemetry: row.get(3)?,
                })
            })
        })
    }

    /// How many documents a trace has: fewer once retention has removed some.
    pub(crate) fn document_count(&self, id: TraceId) -> Result<i64, StoreError> {
        let query = "SELECT count(*) FROM documents WHERE trace_id = ?1";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_row([id.to_w3c().to_be_bytes()], |row| row.get(0))
        })
    }

    /// The traces that documents arrived for after a mark, at most `limit`.
    pub(crate) fn traces_after(
        &self,
        mark: &Mark,
        limit: usize,
    ) -> Result<Vec<TraceId>, StoreError> {
        let query = "SELECT DISTINCT trace_id FROM bodies WHERE body > ?1 LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            let ids = statement.query_map(params![mark.documents, limit], |row| {
                Ok(TraceId::from_w3c(u128::from_be_bytes(row.get(0)?)))
            })?;
            ids.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use tracing_xray::Timestamp;

    use super::*;

    #[test]
    fn whatever_is_written_changes_the_mark() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let now = Timestamp::from_micros(1_763_790_000_000_000);
        let mut marks = vec![store.mark().unwrap()];
        let document = |end: &str| {
            format!(
                r#"{{"id": "1111111111111111", "trace_id": "1-6921a2b0-000000000000000000000001",
                    "name": "n", "start_time": 1763790000.5, {end}}}"#
            )
        };
        for sent in [
            document(r#""in_progress": true"#),
            document(r#""end_time": 1763790001"#),
            "no document".to_owned(),
        ] {
            store.put_trace_segments(&[sent], now).unwrap();
            marks.push(store.mark().unwrap());
        }
        for (place, mark) in marks.iter().enumerate() {
            assert_eq!(mark.to_string().parse(), Ok(*mark));
            assert!(marks[..place].iter().all(|earlier| earlier != mark));
        }
        let ids = |mark: &Mark| store.traces_after(mark, 10).unwrap().len();
        assert_eq!(marks.iter().map(ids).collect::<Vec<_>>(), [1, 1, 0, 0]);
    }
}
