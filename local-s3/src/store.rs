//! The directory on disk. Everything here blocks, and is called from blocking tasks.
//!
//! ```text
//! <dir>/buckets/<bucket>/bucket.json    owner, region and sub-resources
//! <dir>/buckets/<bucket>/objects/...    one file an object, see `object` and `key`
//! <dir>/tmp/                            what is being written
//! ```
//! Every change is one rename out of `tmp`, so a process killed at any moment leaves a directory
//! that opens; the lock orders changes within the one process that owns the directory. Nothing
//! is synced to the device: a loss of power may lose the last writes.

mod bucket;
mod key;
mod object;
mod staging;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use bucket::{BucketRecord, Creation};
pub(crate) use object::{ObjectRecord, Precondition};

/// The buckets and objects below one directory.
#[derive(Debug)]
pub(crate) struct Store {
    buckets: PathBuf,
    staging: PathBuf,
    changes: Mutex<()>,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("no bucket {0}")]
    NoSuchBucket(String),
    #[error("bucket {0} holds objects")]
    BucketNotEmpty(String),
    #[error("no object {0}")]
    NoSuchKey(String),
    #[error("the stored object does not meet the precondition")]
    PreconditionFailed,
    #[error("{doing} {}: {source}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} is not a file of this store: {reason}", path.display())]
    Corrupt { path: PathBuf, reason: String },
}

impl Store {
    /// Opens the store in `dir` and makes the directory if there is none: the work does not
    /// grow with the number of buckets.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let store = Self {
            buckets: dir.join("buckets"),
            staging: dir.join("tmp"),
            changes: Mutex::new(()),
        };
        for path in [&store.buckets, &store.staging] {
            std::fs::create_dir_all(path).map_err(failed("create the directory", path))?;
        }
        staging::remove_abandoned(&store.staging);
        Ok(store)
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        // The guarded state is on disk and changes by renames alone: a panic cannot tear it.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to an I/O error what was being done, and to which path.
fn failed<'a>(
    doing: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StoreError + use<'a> {
    move |source| StoreError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}
