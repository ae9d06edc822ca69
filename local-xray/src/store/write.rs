//! Taking documents in.

use rusqlite::{Transaction, TransactionBehavior, params};
use tracing_xray::Timestamp;

use super::{Store, StoreError};
use crate::document::{Accepted, UnprocessedTraceSegment, accept};
use crate::outline;

/// The end of what has not ended.
pub(super) const IN_PROGRESS: i64 = i64::MAX;

/// A document and what stands beside it in the store.
struct Row<'a> {
    trace_id: [u8; 16],
    id: i64,
    start_us: i64,
    end_us: i64,
    outline: Vec<u8>,
    document: &'a str,
}

impl Store {
    /// Stores segment documents, all of them in one transaction, and tells which ones the service
    /// does not take. A complete document replaces one in progress with its id, never the reverse.
    pub fn put_trace_segments<D: AsRef<str>>(
        &self,
        documents: &[D],
    ) -> Result<Vec<UnprocessedTraceSegment>, StoreError> {
        let mut unprocessed = Vec::new();
        let mut rows = Vec::with_capacity(documents.len());
        for document in documents {
            match accept(document.as_ref()) {
                Ok(accepted) => rows.push(Row::new(&accepted, document.as_ref())),
                Err(refused) => unprocessed.push(refused),
            }
        }
        if !rows.is_empty() {
            self.insert(&rows).map_err(|source| self.failed(source))?;
        }
        Ok(unprocessed)
    }

    fn insert(&self, rows: &[Row<'_>]) -> Result<(), rusqlite::Error> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        insert_all(&transaction, rows)?;
        transaction.commit()
    }
}

impl<'a> Row<'a> {
    fn new(accepted: &Accepted<'_>, document: &'a str) -> Self {
        let outlines = outline::of_document(&accepted.entity);
        let mut bytes = Vec::with_capacity(64 * outlines.len());
        outlines
            .iter()
            .for_each(|outline| outline::encode(outline, &mut bytes));
        let start = outlines.iter().map(|outline| outline.start).min();
        let in_progress = accepted.entity.end().is_none();
        let end = outlines.iter().map(outline::Outline::last_seen).max();
        Self {
            trace_id: accepted.trace_id.to_w3c().to_be_bytes(),
            id: accepted.id.to_bits().cast_signed(),
            start_us: micros(start.unwrap_or_default()),
            end_us: if in_progress {
                IN_PROGRESS
            } else {
                micros(end.unwrap_or_default())
            },
            outline: bytes,
            document,
        }
    }
}

fn insert_all(transaction: &Transaction<'_>, rows: &[Row<'_>]) -> Result<(), rusqlite::Error> {
    let next = "SELECT coalesce(max(body), 0) + 1 FROM bodies";
    let mut body: i64 = transaction.query_row(next, [], |row| row.get(0))?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO documents (trace_id, id, start_us, end_us, body, outline)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    let mut insert_body =
        transaction.prepare_cached("INSERT INTO bodies (body, document) VALUES (?1, ?2)")?;
    for row in rows {
        let columns = params![
            row.trace_id,
            row.id,
            row.start_us,
            row.end_us,
            body,
            row.outline
        ];
        if insert.execute(columns)? == 0 {
            insert_again(transaction, row)?;
        } else {
            insert_body.execute(params![body, row.document])?;
            body += 1;
        }
    }
    Ok(())
}

/// Stores a document whose id is known: it replaces the one there, unless that is complete and
/// this one is not.
fn insert_again(transaction: &Transaction<'_>, row: &Row<'_>) -> Result<(), rusqlite::Error> {
    let mut count = transaction.prepare_cached(
        "UPDATE documents SET received = received + 1 WHERE trace_id = ?1 AND id = ?2
         RETURNING body, end_us",
    )?;
    let known = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (body, known_end_us) = count.query_row(params![row.trace_id, row.id], known)?;
    if row.end_us == IN_PROGRESS && known_end_us != IN_PROGRESS {
        return Ok(());
    }
    transaction
        .prepare_cached(
            "UPDATE documents SET start_us = ?3, end_us = ?4, outline = ?5
             WHERE trace_id = ?1 AND id = ?2",
        )?
        .execute(params![
            row.trace_id,
            row.id,
            row.start_us,
            row.end_us,
            row.outline
        ])?;
    transaction
        .prepare_cached("UPDATE bodies SET document = ?2 WHERE body = ?1")?
        .execute(params![body, row.document])?;
    Ok(())
}

pub(super) fn micros(time: Timestamp) -> i64 {
    // One less than the end of what has not ended.
    i64::try_from(time.as_micros()).unwrap_or(IN_PROGRESS - 1)
}
