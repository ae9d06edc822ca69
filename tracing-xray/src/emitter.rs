//! The way out: a bounded queue and a thread that sends its documents to the daemon by UDP.
//!
//! ```text
//! layer ─► queue (newest dropped when full) ─► thread: wait for the daemon ─► encode ─► pace ─► UDP
//!   └────► watch: open segments ───────────────┘ those open for long, in progress      └► split, trim
//! ```
//!
//! Tracing never blocks and never fails the work it watches: `Emitter::send` takes a lock for the
//! time of a push, and all that can go wrong after it is counted, not returned.

mod pace;
mod queue;
mod send;
mod watch;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tracing::span::Id;

use crate::document::Document;
use crate::segment::Segment;
use crate::settings::Settings;
use queue::Queue;
pub(crate) use watch::{Snapshot, Ticket};

/// Documents that may wait; at 1 KB each about 10 MB.
const QUEUE_LEN_MAX: usize = 10_000;

/// How the emitter treats the daemon.
#[derive(Clone, Copy, Debug)]
pub struct EmitterOptions {
    /// Documents that may wait to be sent. When it is full the newest is dropped and counted; the
    /// last tenth is kept for segments.
    pub queue_len_max: usize,
    /// How long to wait at the start for the daemon's TCP port, which opens after its UDP port. A
    /// flush ends the wait, except beside a sidecar, which starts together with us.
    pub start_timeout: Duration,
    /// How long dropping the guard may take to send what waits.
    pub flush_timeout: Duration,
    /// How long to stay after the last datagram beside a sidecar, which ECS stops when we end.
    pub linger: Duration,
}

impl Default for EmitterOptions {
    fn default() -> Self {
        Self {
            queue_len_max: QUEUE_LEN_MAX,
            start_timeout: Duration::from_secs(3),
            flush_timeout: Duration::from_secs(2),
            linger: Duration::from_millis(200),
        }
    }
}

/// What became of the documents so far. One that was too large counts once for each of
/// its parts. A segment in progress does not count, since the complete one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmitterCounts {
    /// Left by UDP, and nobody said that they did not arrive.
    pub sent: u64,
    /// The daemon's host refused them or could not be reached.
    pub refused: u64,
    /// Never sent: the queue was full, time was up, or what is left of a document after all that
    /// can be cut is too large for a datagram.
    pub dropped: u64,
}

/// Takes documents and sends them to the daemon from a thread of its own. Clones share the thread.
#[derive(Clone, Debug)]
pub struct Emitter {
    queue: Arc<Queue>,
}

impl Emitter {
    /// Starts the thread. The daemon need not be there, and its name need not resolve yet.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(
        settings: &Settings,
        options: EmitterOptions,
    ) -> std::io::Result<(Self, FlushGuard)> {
        let emitter = Self {
            queue: Arc::new(Queue::new(options.queue_len_max)),
        };
        let sender = send::Sender::new(settings, &options, emitter.clone());
        thread::Builder::new()
            .name("xray-emitter".to_owned())
            .spawn(move || sender.run())?;
        // A sidecar starts with us, so the end of a short run waits for its start as well.
        let (start_timeout, linger) = if settings.beside_sidecar {
            (options.start_timeout, options.linger)
        } else {
            (Duration::ZERO, Duration::ZERO)
        };
        let guard = FlushGuard {
            emitter: emitter.clone(),
            flush_timeout: start_timeout + options.flush_timeout,
            linger,
        };
        Ok((emitter, guard))
    }

    /// Hands a document over, or drops and counts it.
    pub(crate) fn send(&self, document: Document) {
        self.queue.push(document);
    }

    /// Sends a segment that no span has made, with times that are known otherwise. Like all others it
    /// is dropped and counted when the queue is full.
    pub fn emit(&self, segment: Segment) {
        self.send_segment(Box::new(segment), None);
    }

    /// Hands over a segment that is complete, and was watched or not.
    pub(crate) fn send_segment(&self, segment: Box<Segment>, watched: Option<Ticket>) {
        self.queue
            .push_and_forget(Document::Segment(segment), watched);
    }

    /// Watches a segment that was opened: when it is still open `after` this time, the thread asks
    /// `snapshot` for a document that shows it in progress. Hand the ticket in with the segment.
    pub(crate) fn watch(&self, span: Id, after: Duration, snapshot: Snapshot) -> Option<Ticket> {
        self.queue.watch(span, after, snapshot)
    }

    /// What became of the documents so far.
    pub fn counts(&self) -> EmitterCounts {
        self.queue.counts()
    }

    /// Waits until all that was handed over so far is sent, at most `timeout`. True when it is.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.queue.flush(timeout)
    }
}

/// Sends what waits when it is dropped, within a time, and ends the emitter's thread. Keep it until
/// the end of `main`.
#[derive(Debug)]
pub struct FlushGuard {
    emitter: Emitter,
    flush_timeout: Duration,
    linger: Duration,
}

impl FlushGuard {
    /// Sends what waits, at most for the flush timeout, and says what became of everything. What is
    /// left when time is up is dropped and counted.
    pub fn close(self) -> EmitterCounts {
        let emitter = self.emitter.clone();
        drop(self);
        emitter.counts()
    }
}

impl Drop for FlushGuard {
    fn drop(&mut self) {
        self.emitter.flush(self.flush_timeout);
        self.emitter.queue.close();
        if self.emitter.counts().sent > 0 {
            thread::sleep(self.linger);
        }
    }
}
