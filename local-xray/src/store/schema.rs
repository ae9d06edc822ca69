//! Connections to the store's file, and the tables in it.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{StoreError, keys, migrate};

/// The number in the file that says which tables to expect.
pub(super) const FORMAT: i64 = 3;

/// How long a connection waits for others.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the file, makes it where it is not there yet, and brings it to this program's format.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let mut connection = connect(path).map_err(failed)?;
    let found = prepare(&mut connection).map_err(failed)?;
    if found != FORMAT {
        return Err(StoreError::Format {
            path: path.to_owned(),
            found,
            expected: FORMAT,
        });
    }
    Ok(connection)
}

/// A connection that waits for others.
pub(super) fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Opens the file to read.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    };
    open().map_err(|source| StoreError::Open {
        path: path.to_owned(),
        source,
    })
}

/// Sets the connection up, makes the tables in an empty file, those of an older format anew, and
/// tells the file's format.
fn prepare(connection: &mut Connection) -> Result<i64, rusqlite::Error> {
    match format(connection)? {
        0 => make(connection)?,
        found if found < FORMAT => migrate::migrate(connection)?,
        _ => {}
    }
    connection.pragma_update(None, "synchronous", "normal")?;
    // The log is carried over into the file beside the writer (`Checkpointer`); the writer does it
    // itself only what that has not done after 32 MB. At most 16 MB of it are left on disk.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    format(connection)
}

/// Makes the tables, unless another process is faster.
fn make(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    // Waiting for the disk is most of the time, and an empty store is worth none of it.
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "page_size", 8192)?;
    // What is removed can be given back to the disk.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    write_ahead(connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if format(&transaction)? == 0 {
        make_tables(&transaction)?;
    }
    transaction.commit()
}

/// Makes all tables of this format.
pub(super) fn make_tables(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(include_str!("schema.sql"))?;
    connection.execute_batch(keys::TABLES)?;
    connection.execute_batch(include_str!("settings.sql"))?;
    connection.pragma_update(None, "user_version", FORMAT)
}

pub(super) fn format(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Turns the write-ahead log on, which the file remembers. SQLite does not wait for others here, so this does.
fn write_ahead(connection: &Connection) -> Result<(), rusqlite::Error> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            done => return done,
        }
    }
}
