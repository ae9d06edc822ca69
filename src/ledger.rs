//! What a run has done, kept outside of it, so that a run which was cut off and is started again does
//! only what is left; and a lock, so that one run at a time works with a ledger.
//!
//! ```text
//! PATH                        one file: a line for each start, job and end of a run; locked while open
//! s3://bucket/prefix/
//!   lock.json                 who runs now and until when; lock-2-of-8.json of a shard
//!   runs/RUN_ID/part-….jsonl  what was done, in batches
//!   runs/RUN_ID/ended.json    how the run ended
//! ```
//! A job is noted after it is done. What is killed in between is done again: harmless for a bucket,
//! and for other jobs the reason why they are run at least once, not exactly once.

mod file;
mod line;
mod location;
mod lock;
mod s3;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_s3::Client;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::outcome::ExitStatus;
use file::FileLedger;
pub(crate) use line::Entry;
pub(crate) use location::{Location, LocationError};
use s3::S3Ledger;

/// Which run is to be noted.
#[derive(Clone, Debug)]
pub(crate) struct RunKey {
    /// The run's id, where somebody says it: the same run is one run, however often it is started.
    pub(crate) id: Option<String>,
    /// The id of a new run, where nobody says one and none is to be resumed.
    pub(crate) new_id: String,
    /// The part of the jobs and the number of parts: each part has a lock of its own.
    pub(crate) shard: Option<(u32, u32)>,
}

/// How S3 is reached by a ledger.
#[derive(Clone, Debug)]
pub(crate) struct S3Access {
    /// The client of the run's region.
    pub(crate) client: Client,
    /// The account that must own the ledger's bucket.
    pub(crate) owner: Option<String>,
    /// How long a lease is good when nobody renews it.
    pub(crate) lease: Duration,
}

/// What came of opening a ledger.
#[derive(Debug)]
pub(crate) enum Opened {
    /// The run has the ledger for itself.
    Run(Box<Ledger>),
    /// This very run has ended well before.
    AlreadyDone {
        /// The run's id.
        run_id: String,
        /// When it ended.
        ended_at: String,
    },
    /// A run is using the ledger now.
    Busy {
        /// That run's id.
        run_id: String,
    },
}

/// Why a ledger cannot be used.
#[derive(Debug, Error)]
pub(crate) enum LedgerError {
    #[error("ledger {path}")]
    File {
        path: String,
        source: std::io::Error,
    },
    #[error("ledger {path}: line {line} is none of a run ledger: name another file")]
    NotALedger { path: String, line: usize },
    #[error("ledger {place}: {operation}: {message}")]
    Call {
        place: String,
        operation: &'static str,
        message: String,
    },
    #[error(
        "ledger {place} is no JSON that this program wrote: choose another prefix, or delete it"
    )]
    Foreign { place: String },
    #[error("ledger {place}: S3 needs a region: set AWS_REGION")]
    NoRegion { place: String },
    #[error("ledger {place}: others took the lock again and again, try later")]
    Contended { place: String },
    #[error(
        "ledger {place}: {count} jobs that are done could not be noted; they will be looked at again"
    )]
    NotNoted { place: String, count: usize },
    #[error("ledger {place}: another run took the lease over")]
    LeaseLost { place: String },
}

/// The ledger of a running run.
#[derive(Debug)]
pub(crate) struct Ledger {
    run_id: String,
    is_resumed: bool,
    recorded: HashSet<JobKey>,
    store: Store,
}

#[derive(Debug)]
enum Store {
    File(FileLedger),
    S3(Box<S3Ledger>),
}

/// A job with all that it says, in few bytes: half a SHA-256 of its name and its digest.
pub(super) type JobKey = [u8; 16];

fn job_key(name: &str, digest: &[u8; 32]) -> JobKey {
    let whole = Sha256::new()
        .chain_update(digest)
        .chain_update(name.as_bytes())
        .finalize();
    let mut half = JobKey::default();
    half.copy_from_slice(&whole[..16]);
    half
}

/// What a store found when it was opened.
struct Found<S> {
    run_id: String,
    is_resumed: bool,
    recorded: HashSet<JobKey>,
    store: S,
}

/// What came of opening a store.
enum FoundOr<S> {
    Found(Box<Found<S>>),
    Otherwise(Opened),
}

impl Ledger {
    /// Opens the ledger for a run, and takes its lock.
    ///
    /// Without an id of its own, a run takes up the last one of the ledger that was cut off: killed,
    /// stopped, or past its deadline. One that ended with failures is over; the same id given again
    /// takes it up all the same.
    ///
    /// # Errors
    /// The ledger cannot be read or written, or is none.
    pub(crate) async fn open(
        location: &Location,
        key: RunKey,
        s3: Option<S3Access>,
    ) -> Result<Opened, LedgerError> {
        match location {
            Location::File(path) => Ok(match FileLedger::open(path, &key)? {
                FoundOr::Found(found) => Opened::Run(Self::new(*found, Store::File)),
                FoundOr::Otherwise(opened) => opened,
            }),
            Location::S3 { bucket, prefix } => {
                let place = location.to_string();
                let access = s3.ok_or(LedgerError::NoRegion { place })?;
                Ok(match S3Ledger::open(bucket, prefix, &key, access).await? {
                    FoundOr::Found(found) => {
                        Opened::Run(Self::new(*found, |store| Store::S3(Box::new(store))))
                    }
                    FoundOr::Otherwise(opened) => opened,
                })
            }
        }
    }

    fn new<S>(found: Found<S>, store: impl FnOnce(S) -> Store) -> Box<Self> {
        Box::new(Self {
            run_id: found.run_id,
            is_resumed: found.is_resumed,
            recorded: found.recorded,
            store: store(found.store),
        })
    }

    /// The run's id.
    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Whether the run was begun before.
    pub(crate) fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// How many jobs earlier starts of the run have done.
    pub(crate) fn recorded_len(&self) -> usize {
        self.recorded.len()
    }

    /// Whether an earlier start of the run has done this very job.
    pub(crate) fn is_recorded(&self, job: &str, digest: &[u8; 32]) -> bool {
        !self.recorded.is_empty() && self.recorded.contains(&job_key(job, digest))
    }

    /// Notes that a job is done. It waits for nothing but the file.
    pub(crate) fn record(&self, entry: Entry) {
        match &self.store {
            Store::File(file) => file.record(&entry),
            Store::S3(s3) => s3.record(entry),
        }
    }

    /// Waits until another run has taken the lease over; for ever where that cannot be.
    pub(crate) async fn lost(&self) {
        match &self.store {
            Store::File(_) => std::future::pending().await,
            Store::S3(s3) => s3.lost().await,
        }
    }

    /// Whether the run still has the ledger for itself, by its own clock: a process that was stopped for
    /// a while may not have noticed that its lease ran out.
    pub(crate) fn is_held(&self) -> bool {
        match &self.store {
            Store::File(_) => true,
            Store::S3(s3) => s3.is_held(),
        }
    }

    /// Gives the lock back for a run that did nothing, so that it may be started again at once.
    pub(crate) async fn abandon(&self) {
        match &self.store {
            Store::File(_) => {} // its lock goes with the file
            Store::S3(s3) => s3.abandon().await,
        }
    }

    /// Notes how the run ended and gives the lock back.
    ///
    /// # Errors
    /// Something could not be noted: what is done will be looked at again.
    pub(crate) async fn finish(&self, status: ExitStatus) -> Result<(), LedgerError> {
        match &self.store {
            Store::File(file) => file.finish(&self.run_id, status),
            Store::S3(s3) => s3.finish(status).await,
        }
    }
}

/// Whether a run that ended so was cut off, and has more to do when it is started again.
fn is_cut_off(exit_code: u8) -> bool {
    let cut_off = [ExitStatus::Stopped, ExitStatus::DeadlinePassed];
    cut_off.iter().any(|status| status.code() == exit_code)
}
