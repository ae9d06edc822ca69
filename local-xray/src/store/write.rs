//! Taking documents in.

use rusqlite::{Transaction, params};
use tracing_xray::Timestamp;

use super::keys::Keys;
use super::{Store, StoreError, rejects};
use crate::document::{Accepted, UnprocessedTraceSegment, accept};
use crate::{facts, outline};

/// The end of what has not ended.
pub(super) const IN_PROGRESS: i64 = i64::MAX;

/// A document and what stands beside it in the store.
pub(super) struct Row<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) id: i64,
    pub(super) start_us: i64,
    pub(super) end_us: i64,
    pub(super) outline: Vec<u8>,
    pub(super) facts: Vec<u8>,
    pub(super) keys: Keys,
    pub(super) document: &'a str,
}

impl Store {
    /// Stores segment documents that arrived now, all of them in one transaction, and tells which
    /// ones the service does not take; those are kept as rejects. A complete document replaces one
    /// in progress with its id, never the reverse.
    pub fn put_trace_segments<D: AsRef<str>>(
        &self,
        documents: &[D],
        now: Timestamp,
    ) -> Result<Vec<UnprocessedTraceSegment>, StoreError> {
        let mut rows = Vec::with_capacity(documents.len());
        let mut refused = Vec::new();
        for (index, document) in documents.iter().map(AsRef::as_ref).enumerate() {
            match accept(document) {
                Ok(accepted) => rows.push(Row::new(&accepted, document)),
                Err(unprocessed) => {
                    refused.push((
                        UnprocessedTraceSegment {
                            index,
                            ..unprocessed
                        },
                        document,
                    ));
                }
            }
        }
        if !documents.is_empty() {
            self.write(|transaction| {
                insert_all(transaction, &rows, micros(now))?;
                rejects::insert(transaction, &refused, micros(now))
            })?;
            self.wrote(rows.iter().map(Row::bytes).sum());
        }
        Ok(refused
            .into_iter()
            .map(|(unprocessed, _)| unprocessed)
            .collect())
    }
}

impl<'a> Row<'a> {
    /// About how many bytes it takes in the file.
    fn bytes(&self) -> usize {
        self.document.len() + self.outline.len() + self.facts.len()
    }

    pub(super) fn new(accepted: &Accepted<'_>, document: &'a str) -> Self {
        let entities = outline::of_document(&accepted.entity);
        let mut outlines = Vec::with_capacity(64 * entities.len());
        let mut all_facts = Vec::with_capacity(64 * entities.len());
        for (outline, facts) in &entities {
            outline::encode(outline, &mut outlines);
            facts::encode(facts, &mut all_facts);
        }
        let start = entities.iter().map(|(outline, _)| outline.start).min();
        let in_progress = accepted.entity.end().is_none();
        let ends = entities.iter().map(|(outline, _)| outline.last_seen());
        Self {
            trace_id: accepted.trace_id.to_w3c().to_be_bytes(),
            id: accepted.id.to_bits().cast_signed(),
            start_us: micros(start.unwrap_or_default()),
            end_us: if in_progress {
                IN_PROGRESS
            } else {
                micros(ends.max().unwrap_or_default())
            },
            keys: Keys::of(
                accepted.trace_id,
                entities.iter().map(|(outline, _)| outline),
                entities.first().map(|(_, facts)| facts),
            ),
            outline: outlines,
            facts: all_facts,
            document,
        }
    }
}

fn insert_all(
    transaction: &Transaction<'_>,
    rows: &[Row<'_>],
    now_us: i64,
) -> Result<(), rusqlite::Error> {
    let next = "SELECT coalesce(max(body), 0) + 1 FROM bodies";
    let mut body: i64 = transaction.query_row(next, [], |row| row.get(0))?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO documents (trace_id, id, start_us, end_us, received, body, outline, facts)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    )?;
    let mut insert_body = transaction.prepare_cached(
        "INSERT INTO bodies (body, trace_id, arrived_us, document) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in rows {
        let columns = params![
            row.trace_id,
            row.id,
            row.start_us,
            row.end_us,
            body,
            row.outline,
            row.facts
        ];
        if insert.execute(columns)? > 0 || replace(transaction, row, body)? {
            row.keys.insert(transaction, row.trace_id, row.id)?;
            insert_body.execute(params![body, row.trace_id, now_us, row.document])?;
            body += 1;
        }
    }
    Ok(())
}

/// Puts a document whose id is known in the place of the one there, unless that is complete and this
/// one is not, and tells whether it did. It has a body of its own, since bodies stand in the order of
/// their arrival.
fn replace(
    transaction: &Transaction<'_>,
    row: &Row<'_>,
    body: i64,
) -> Result<bool, rusqlite::Error> {
    let mut count = transaction.prepare_cached(
        "UPDATE documents SET received = received + 1 WHERE trace_id = ?1 AND id = ?2
         RETURNING body, end_us, outline, facts",
    )?;
    let known = |known: &rusqlite::Row<'_>| {
        let (outline, facts) = (known.get_ref(2)?.as_blob()?, known.get_ref(3)?.as_blob()?);
        let keys = Keys::read(row.trace_id, outline, facts);
        Ok((known.get::<_, i64>(0)?, known.get::<_, i64>(1)?, keys))
    };
    let (old_body, known_end_us, old_keys) =
        count.query_row(params![row.trace_id, row.id], known)?;
    if row.end_us == IN_PROGRESS && known_end_us != IN_PROGRESS {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "UPDATE documents SET start_us = ?3, end_us = ?4, body = ?5, outline = ?6, facts = ?7
             WHERE trace_id = ?1 AND id = ?2",
        )?
        .execute(params![
            row.trace_id,
            row.id,
            row.start_us,
            row.end_us,
            body,
            row.outline,
            row.facts
        ])?;
    transaction
        .prepare_cached("DELETE FROM bodies WHERE body = ?1")?
        .execute([old_body])?;
    if old_keys != row.keys {
        old_keys.remove(transaction, row.trace_id, row.id)?;
    }
    Ok(true)
}

pub(super) fn micros(time: Timestamp) -> i64 {
    // One less than the end of what has not ended.
    i64::try_from(time.as_micros()).unwrap_or(IN_PROGRESS - 1)
}
