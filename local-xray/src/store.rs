//! The store: segment documents in one SQLite file that several processes may read and write.
//!
//! Documents are kept as they were sent. Beside each stand its outline and facts, so that graphs,
//! filters and summaries parse no JSON. A write is acknowledged after its commit to the write-ahead
//! log: a killed process loses nothing that it acknowledged; a machine that loses power may lose the
//! last writes, never the file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

mod alike;
mod checkpoint;
mod export;
mod graph;
mod keys;
mod linked;
mod listing;
mod mark;
mod migrate;
mod read;
mod rejects;
mod retention;
mod runs;
mod scan;
mod schema;
mod settings;
mod share;
mod write;

pub(crate) use alike::{Direction, LOOKED_AT_MAX, Root};
use checkpoint::Checkpointer;
#[cfg(test)]
pub(crate) use linked::LinkFrom;
pub(crate) use linked::LinkedFrom;
pub(crate) use listing::{
    Annotated, Counts, Durations, Listing, ListingQuery, Row, Slices, Sort, Sorting,
};
pub(crate) use mark::Mark;
pub use read::{SummaryPage, SummaryQuery, Trace};
pub use rejects::Reject;
pub use retention::{BYTES_MIN, Retention};
pub(crate) use runs::{OfRun, WorkSegment};
pub use scan::TimeRange;
pub use settings::{BackendConnectionErrors, TelemetryRecord, TelemetrySender};
pub(crate) use settings::{
    BoostReport, DEFAULT, Group, GroupChange, Refusal, Report, Resource, RuleChange,
    SamplingRateBoost, SamplingRule, SettingError, Tag, expression_of, is_named, parse_filter,
};
pub use share::Share;

/// The store's file within its directory.
pub const STORE_FILE: &str = "xray.sqlite";

/// How many idle connections a store keeps for readers.
const IDLE_READERS_MAX: usize = 4;

/// Why the store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory could not be made.
    #[error("make directory {path} for the trace store: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file could not be opened, or is no trace store.
    #[error(
        "open trace store {path}: {source}; it has to be one, and to be writable; another directory starts \
         a new one"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file was written by another version of this program.
    #[error(
        "trace store {path} has format {found}, this program reads {expected}: \
         use the version that wrote it, or remove the file"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The format that this program reads and writes.
        expected: i64,
    },
    /// A read or write failed.
    #[error("trace store {path}: {source}")]
    Query {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// A handle on a trace store. Clones share the connections. All calls block; a write waits up to
/// five seconds for other processes that write.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    // Dropped in this order: the last connection to be closed carries the log over into the file,
    // which one that only reads cannot.
    checkpointer: Mutex<Checkpointer>,
    /// At most `IDLE_READERS_MAX`; one more is closed after use.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
}

impl Store {
    /// Opens the store in a directory, and makes both where they are not there yet.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::Directory {
            path: dir.to_owned(),
            source,
        })?;
        let path = dir.join(STORE_FILE);
        let writer = schema::open_for_writing(&path)?;
        Ok(Self(Arc::new(Inner {
            checkpointer: Mutex::new(Checkpointer::new(path.clone())),
            path,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })))
    }

    /// Changes the file in one transaction. A change that fails changes nothing.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        self.on_writer(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = change(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
    }

    /// Notes that so many bytes were written.
    fn wrote(&self, bytes: usize) {
        lock(&self.0.checkpointer).wrote(bytes);
    }

    /// Carries the whole log over and takes its space from the disk, unless somebody reads or carries
    /// over for all of a second: then it is done another time.
    fn empty_log(&self) {
        for _ in 0..20 {
            let busy = self.on_writer(|connection| {
                // Writers wait meanwhile: not for as long as a reader may take.
                connection.busy_timeout(Duration::from_millis(50))?;
                let empty = "PRAGMA wal_checkpoint(TRUNCATE)";
                let busy = connection.query_row(empty, [], |row| row.get::<_, i64>(0));
                connection.busy_timeout(schema::BUSY_TIMEOUT)?;
                busy
            });
            if matches!(busy, Ok(0)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        tracing::debug!("log of the trace store not emptied");
    }

    fn on_writer<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        // A transaction that a panic interrupted was rolled back, so the connection is sound.
        work(&mut lock(&self.0.writer)).map_err(|source| self.failed(source))
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let idle = lock(&self.0.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => schema::open_for_reading(&self.0.path)?,
        };
        let result = query(&connection).map_err(|source| self.failed(source));
        let mut readers = lock(&self.0.readers);
        if readers.len() < IDLE_READERS_MAX {
            readers.push(connection);
        }
        result
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Query {
            path: self.0.path.clone(),
            source,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
