//! What PutTraceSegments refused, which X-Ray itself shows nobody: the newest are kept.

use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use tracing_xray::Timestamp;

use super::{Store, StoreError};
use crate::document::{Entity, UnprocessedTraceSegment};

mod mend;

/// How many rejects are kept.
const REJECTS_MAX: i64 = 1000;

/// How much of a document is kept: the most that a document may have.
const DOCUMENT_BYTES_MAX: usize = 64 << 10;

/// How much of all of them is kept.
const BYTES_MAX: i64 = 8 << 20;

/// A document that was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reject {
    /// When it arrived.
    pub arrived: Timestamp,
    /// Its id, name and trace, as far as they could be read.
    pub id: Option<String>,
    /// See `id`.
    pub name: Option<String>,
    /// See `id`.
    pub trace_id: Option<String>,
    /// What is wrong, such as `MissingName`.
    pub error_code: String,
    /// The same in a sentence.
    pub message: String,
    /// What was sent, at most the first 64 KiB.
    pub document: String,
}

impl Store {
    /// The newest documents that were refused, of a thousand that are kept.
    pub fn rejects(&self, limit: usize) -> Result<Vec<Reject>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT arrived_us, error_code, message, document FROM rejects
                 ORDER BY reject DESC LIMIT ?1",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rejects = statement.query_map([limit], |row| {
                let arrived_us: i64 = row.get(0)?;
                Ok(Reject::new(
                    Timestamp::from_micros(arrived_us.unsigned_abs()),
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                ))
            })?;
            rejects.collect()
        })
    }
}

impl Reject {
    /// What is wrong and how it is mended; where, if it is not the document itself.
    pub fn mend(&self) -> String {
        mend::mend(self)
    }

    fn new(arrived: Timestamp, error_code: String, message: String, document: String) -> Self {
        let entity = Entity::parse(&document).unwrap_or_default();
        let text = |name| entity.fields.text(name).map(|text| text.into_owned());
        Self {
            arrived,
            id: text("id"),
            name: text("name"),
            trace_id: text("trace_id"),
            error_code,
            message,
            document,
        }
    }
}

pub(super) fn insert(
    connection: &Connection,
    refused: &[(UnprocessedTraceSegment, &str)],
    now_us: i64,
) -> Result<(), rusqlite::Error> {
    if refused.is_empty() {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO rejects (arrived_us, error_code, message, document) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (unprocessed, document) in refused {
        let kept = &document[..document.floor_char_boundary(DOCUMENT_BYTES_MAX)];
        insert.execute(params![
            now_us,
            unprocessed.error_code,
            unprocessed.message,
            kept
        ])?;
    }
    let beyond = "DELETE FROM rejects WHERE reject NOT IN (
         SELECT reject FROM (
             SELECT reject, sum(octet_length(document)) OVER (ORDER BY reject DESC) AS bytes
             FROM rejects ORDER BY reject DESC LIMIT ?1)
         WHERE bytes <= ?2)";
    connection.execute(beyond, [REJECTS_MAX, BYTES_MAX])?;
    Ok(())
}

/// Removes those that arrived before `cut_us`.
pub(super) fn remove_older(
    transaction: &Transaction<'_>,
    cut_us: i64,
) -> Result<(), rusqlite::Error> {
    transaction.execute("DELETE FROM rejects WHERE arrived_us < ?1", [cut_us])?;
    Ok(())
}
