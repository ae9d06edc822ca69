//! How long traces are kept: what is older, or more than fits, is removed, whole traces at a time.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use tracing_xray::Timestamp;

use super::keys::Keys;
use super::write::micros;
use super::{Store, StoreError, rejects};

/// How many documents are looked at in one transaction, so that writers wait for milliseconds.
const STEP_DOCUMENTS: i64 = 500;

/// About how much a step that removes something writes.
const STEP_BYTES: usize = 2 << 20;

/// How many pages are given back to the disk at once.
const STEP_PAGES: u32 = 500;

/// What a store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long traces are kept after the last of their documents arrived. When their segments ran
    /// does not matter: what is replayed today is of today.
    pub age: Duration,
    /// How large the file may be, at least [`BYTES_MIN`]; beyond it the traces that arrived first go
    /// first.
    pub bytes: u64,
}

impl Default for Retention {
    /// 30 days, as in X-Ray, and 2 GB.
    fn default() -> Self {
        Self {
            age: Duration::from_secs(30 * 24 * 3600),
            bytes: 2_000_000_000,
        }
    }
}

impl Store {
    /// Removes what is not to be kept any more, in steps that others can write between, as long as
    /// `go_on` says so; tells how many documents that were.
    pub fn enforce(
        &self,
        retention: Retention,
        now: Timestamp,
        go_on: impl Fn() -> bool,
    ) -> Result<u64, StoreError> {
        let age_us = u64::try_from(retention.age.as_micros()).unwrap_or(u64::MAX);
        let cut = Timestamp::from_micros(now.as_micros().saturating_sub(age_us));
        self.write(|transaction| rejects::remove_older(transaction, micros(cut)))?;
        let mut last = 0;
        let old = self.in_steps(&go_on, |transaction, removed| {
            remove_older(transaction, micros(cut), &mut last, removed)
        })?;
        let beyond = self.in_steps(&go_on, |transaction, removed| {
            remove_beyond(transaction, retention.bytes, removed)
        })?;
        let removed = old + beyond;
        if removed > 0 {
            while go_on() && self.give_back()? {}
            self.empty_log();
        }
        Ok(removed)
    }

    /// Removes some in a transaction, again and again until there are no more, and tells how many
    /// documents that were. The log is carried over for as much as that was.
    fn in_steps(
        &self,
        go_on: &impl Fn() -> bool,
        mut remove: impl FnMut(&Transaction<'_>, &mut u64) -> Result<ControlFlow<()>, rusqlite::Error>,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        while go_on() {
            let before = removed;
            let flow = self.write(|transaction| remove(transaction, &mut removed))?;
            if removed > before {
                self.wrote(STEP_BYTES);
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(removed)
    }

    /// What was last set to be kept, or the default.
    pub fn retention(&self) -> Result<Retention, StoreError> {
        self.read(|connection| {
            let set = "SELECT keep_us, keep_bytes FROM single_settings";
            let (age_us, bytes): (Option<i64>, Option<i64>) =
                connection.query_row(set, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let default = Retention::default();
            Ok(Retention {
                age: age_us.map_or(default.age, |age_us| {
                    Duration::from_micros(age_us.unsigned_abs())
                }),
                bytes: bytes.map_or(default.bytes, i64::unsigned_abs),
            })
        })
    }

    /// Sets what is to be kept from now on, also by other processes.
    pub fn set_retention(&self, retention: Retention) -> Result<(), StoreError> {
        let age_us = i64::try_from(retention.age.as_micros()).unwrap_or(i64::MAX);
        let bytes = i64::try_from(retention.bytes).unwrap_or(i64::MAX);
        self.write(|transaction| {
            let set = "UPDATE single_settings SET keep_us = ?1, keep_bytes = ?2";
            transaction.execute(set, [age_us, bytes])?;
            Ok(())
        })
    }

    /// How many bytes of the file hold something.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        self.read(used_bytes)
    }

    /// Gives some free pages back to the disk, and tells whether there are more.
    fn give_back(&self) -> Result<bool, StoreError> {
        self.on_writer(|connection| {
            let before = pragma(connection, "freelist_count")?;
            connection.execute_batch(&format!("PRAGMA incremental_vacuum({STEP_PAGES})"))?;
            let after = pragma(connection, "freelist_count")?;
            // A file of an older version may have been made without the means to.
            Ok(after > 0 && after < before)
        })
        .inspect(|_| self.wrote(STEP_PAGES as usize * 8192))
    }
}

/// Removes traces of which nothing arrived at or after `cut_us`, among the documents after `last`.
fn remove_older(
    transaction: &Transaction<'_>,
    cut_us: i64,
    last: &mut i64,
    removed: &mut u64,
) -> Result<ControlFlow<()>, rusqlite::Error> {
    let mut statement = transaction.prepare_cached(
        "SELECT body, trace_id, arrived_us FROM bodies WHERE body > ?1 ORDER BY body LIMIT ?2",
    )?;
    let mut rows = statement.query(params![*last, STEP_DOCUMENTS])?;
    let mut old: BTreeSet<[u8; 16]> = BTreeSet::new();
    while let Some(row) = rows.next()? {
        *last = row.get(0)?;
        if row.get::<_, i64>(2)? < cut_us {
            old.insert(row.get(1)?);
        }
    }
    // Documents stand in the order of their arrival: where none is old, none is further on.
    if old.is_empty() {
        return Ok(ControlFlow::Break(()));
    }
    let mut newest = transaction.prepare_cached(
        "SELECT max(arrived_us) FROM documents JOIN bodies USING (body)
         WHERE documents.trace_id = ?1",
    )?;
    for trace in old {
        let newest: Option<i64> = newest.query_row([trace], |row| row.get(0))?;
        if newest.is_none_or(|newest| newest < cut_us) {
            *removed += remove(transaction, trace)?;
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Removes the traces that arrived first while the file holds more than `limit` bytes.
fn remove_beyond(
    transaction: &Transaction<'_>,
    limit: u64,
    removed: &mut u64,
) -> Result<ControlFlow<()>, rusqlite::Error> {
    let mut first =
        transaction.prepare_cached("SELECT trace_id FROM bodies ORDER BY body LIMIT 1")?;
    let enough = *removed + STEP_DOCUMENTS.unsigned_abs();
    while *removed < enough {
        if used_bytes(transaction)? <= limit {
            return Ok(ControlFlow::Break(()));
        }
        let Some(trace) = first.query_row([], |row| row.get(0)).optional()? else {
            return Ok(ControlFlow::Break(()));
        };
        *removed += remove(transaction, trace)?;
    }
    Ok(ControlFlow::Continue(()))
}

/// Removes the first documents of a trace, all of them unless it is very large, and tells how many
/// those were: at least one where the trace has any.
fn remove(transaction: &Transaction<'_>, trace: [u8; 16]) -> Result<u64, rusqlite::Error> {
    let documents = transaction
        .prepare_cached(
            "DELETE FROM documents WHERE trace_id = ?1 AND id IN (
                 SELECT id FROM documents WHERE trace_id = ?1 LIMIT ?2)
             RETURNING body, id, outline, facts",
        )?
        .query_map(params![trace, STEP_DOCUMENTS], |row| {
            let (outline, facts) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
            Ok((row.get(0)?, row.get(1)?, Keys::read(trace, outline, facts)))
        })?
        .collect::<Result<Vec<(i64, i64, Keys)>, _>>()?;
    let mut remove_body = transaction.prepare_cached("DELETE FROM bodies WHERE body = ?1")?;
    for (body, id, keys) in &documents {
        remove_body.execute([body])?;
        keys.remove(transaction, trace, *id)?;
    }
    if !documents.is_empty() {
        return Ok(documents.len() as u64);
    }
    // Bodies without a document are the work of somebody else.
    let strays = transaction
        .prepare_cached("DELETE FROM bodies WHERE trace_id = ?1")?
        .execute([trace])?;
    Ok(strays as u64)
}

/// How many bytes a store has to be allowed at least: an empty one, and what was refused.
pub const BYTES_MIN: u64 = 20_000_000;

fn used_bytes(connection: &Connection) -> Result<u64, rusqlite::Error> {
    let pages = pragma(connection, "page_count")?;
    let free = pragma(connection, "freelist_count")?;
    Ok(pages.saturating_sub(free) * pragma(connection, "page_size")?)
}

fn pragma(connection: &Connection, name: &str) -> Result<u64, rusqlite::Error> {
    let value: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
    Ok(value.unsigned_abs())
}
