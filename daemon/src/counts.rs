//! What became of every datagram: counted while running, read by anyone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::receive::KernelDrops;

/// What became of the datagrams since the daemon was bound.
///
/// Once the daemon has stopped, `received` = `rejected` + `queue_dropped` + `sent` +
/// `unprocessed` + `upload_failed` + `abandoned`; before that the difference is [`pending`].
///
/// [`pending`]: Counts::pending
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Datagrams read from the socket; empty ones do not count.
    pub received: u64,
    /// Datagrams without a header the daemon understands, or without a document.
    pub rejected: u64,
    /// Datagrams the kernel dropped because the socket buffer was full; none of them is in
    /// `received`. Linux only: elsewhere it stays 0.
    pub kernel_dropped: u64,
    /// Documents dropped, oldest first, because the queue was full.
    pub queue_dropped: u64,
    /// Documents X-Ray took.
    pub sent: u64,
    /// Documents X-Ray answered it could not process.
    pub unprocessed: u64,
    /// Documents given up because every attempt failed, or because X-Ray refused the request.
    pub upload_failed: u64,
    /// Documents that had not left when the drain deadline passed, or when the daemon was cut short
    /// or ended without being run.
    pub abandoned: u64,
    /// Attempts to upload that were followed by another.
    pub upload_retries: u64,
    /// Calls the proxy forwarded.
    pub forwarded: u64,
    /// Calls the proxy could not forward: no connection, no credentials, or no answer in time.
    pub forward_failed: u64,
}

impl Counts {
    /// Documents that wait or are being uploaded.
    pub fn pending(&self) -> u64 {
        let settled = self.rejected
            + self.queue_dropped
            + self.sent
            + self.unprocessed
            + self.upload_failed
            + self.abandoned;
        self.received.saturating_sub(settled)
    }

    /// What was refused: by the daemon, as no segment, or by X-Ray, which could not process it.
    pub fn refused(&self) -> u64 {
        self.rejected + self.unprocessed
    }

    /// Documents and datagrams that were lost, wherever it happened. What the daemon refused was no
    /// segment, and is none of them.
    pub fn lost(&self) -> u64 {
        self.kernel_dropped
            + self.queue_dropped
            + self.unprocessed
            + self.upload_failed
            + self.abandoned
    }
}

/// Reads the counts of a daemon, while it runs and after.
#[derive(Clone, Debug)]
pub struct CountsHandle(pub(crate) Arc<Counters>);

impl CountsHandle {
    /// The counts of now. Asks the kernel for its drops, which reads a file of /proc.
    pub fn read(&self) -> Counts {
        self.0.read()
    }
}

/// The counters that the parts of a daemon share.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) received: Counter,
    pub(crate) rejected: Counter,
    pub(crate) queue_dropped: Counter,
    pub(crate) sent: Counter,
    pub(crate) unprocessed: Counter,
    pub(crate) upload_failed: Counter,
    pub(crate) abandoned: Counter,
    pub(crate) upload_retries: Counter,
    pub(crate) forwarded: Counter,
    pub(crate) forward_failed: Counter,
    kernel_dropped: AtomicU64,
    kernel: KernelDrops,
}

impl Counters {
    pub(crate) fn new(kernel: KernelDrops) -> Self {
        Self {
            received: Counter::default(),
            rejected: Counter::default(),
            queue_dropped: Counter::default(),
            sent: Counter::default(),
            unprocessed: Counter::default(),
            upload_failed: Counter::default(),
            abandoned: Counter::default(),
            upload_retries: Counter::default(),
            forwarded: Counter::default(),
            forward_failed: Counter::default(),
            kernel_dropped: AtomicU64::new(0),
            kernel,
        }
    }

    pub(crate) fn read(&self) -> Counts {
        // Once the socket is closed the kernel has nothing to tell; the last answer stands.
        if let Some(drops) = self.kernel.read() {
            self.kernel_dropped.fetch_max(drops, Ordering::Relaxed);
        }
        // What settles a document is read before what brings it in, so that a reader of a
        // running daemon never sees more documents leave than came.
        let settled = Counts {
            rejected: self.rejected.get(),
            queue_dropped: self.queue_dropped.get(),
            sent: self.sent.get(),
            unprocessed: self.unprocessed.get(),
            upload_failed: self.upload_failed.get(),
            abandoned: self.abandoned.get(),
            upload_retries: self.upload_retries.get(),
            forwarded: self.forwarded.get(),
            forward_failed: self.forward_failed.get(),
            kernel_dropped: self.kernel_dropped.load(Ordering::Relaxed),
            received: 0,
        };
        Counts {
            received: self.received.get(),
            ..settled
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Release);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
