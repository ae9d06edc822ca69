//! The directory on disk. Everything here blocks, and is called from blocking tasks.
//!
//! ```text
//! <dir>/buckets/<bucket>/bucket.json    owner, region and sub-resources
//! <dir>/buckets/<bucket>/objects/...    one file an object, see `object` and `key`
//! <dir>/tmp/                            what is being written
//! <dir>/lock                            held while something is changed
//! ```
//! Every change is one rename out of `tmp`, so a process killed at any moment leaves a directory
//! that opens; the lock orders the changes of all processes that serve the directory. Nothing is
//! synced to the device: a loss of power may lose the last writes.

mod bucket;
mod key;
mod object;
mod record;
mod staging;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use bucket::Creation;
pub(crate) use object::{ObjectRecord, Precondition};
pub(crate) use record::{BucketRecord, Grant, Grantee, Lifecycle, LogKeyFormat, Logging};

/// The buckets and objects below one directory.
#[derive(Debug)]
pub(crate) struct Store {
    buckets: PathBuf,
    staging: PathBuf,
    /// A file's lock orders processes, the mutex around it the threads of this one.
    changes: Mutex<File>,
}

/// Held while something is changed.
struct Change<'a>(MutexGuard<'a, File>);

impl Drop for Change<'_> {
    fn drop(&mut self) {
        // The lock goes with the process at the latest.
        let _ = self.0.unlock();
    }
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
        let (buckets, staging) = (dir.join("buckets"), dir.join("tmp"));
        for path in [&buckets, &staging] {
            std::fs::create_dir_all(path).map_err(failed("create the directory", path))?;
        }
        staging::remove_abandoned(&staging);
        let lock = dir.join("lock");
        let changes = File::create(&lock).map_err(failed("create the file", &lock))?;
        Ok(Self {
            buckets,
            staging,
            changes: Mutex::new(changes),
        })
    }

    fn change(&self) -> Change<'_> {
        // The guarded state is on disk and changes by renames alone: a panic cannot tear it.
        let file = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        // On a file system without locks one process is all that may serve the directory.
        let _ = file.lock();
        Change(file)
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
