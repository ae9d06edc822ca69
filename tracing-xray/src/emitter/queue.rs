//! The emitter's queue: bounded, many writers, one reader. When it is full the newest is refused.
//! Its last tenth is kept for segments: without its segment nobody finds a trace.
//!
//! The reader also learns here which segments have been open for long. It sees them before it takes
//! documents, so a segment in progress always leaves before the complete one.
//!
//! Waking a thread costs a system call, more than all else a writer does. So the reader, after it
//! has emptied the queue, dozes: it looks again every [`DOZE`] and only sleeps for good, to be
//! woken, after it found nothing for a while. A steady writer never wakes anybody.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::span::Id;

use super::EmitterCounts;
use super::watch::{Due, Snapshot, Ticket, Watch};
use crate::document::Document;

/// How often a dozing reader looks, and so the longest a document waits for a reader at work.
const DOZE: Duration = Duration::from_millis(1);

/// How often it finds nothing before it sleeps.
const DOZES: u32 = 20;

/// What the reader takes at once.
const BATCH_LEN_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the reader.
    filled: Condvar,
    /// Wakes whoever flushes.
    emptied: Condvar,
    len_max: usize,
}

#[derive(Debug, Default)]
struct State {
    documents: VecDeque<Document>,
    watch: Watch,
    /// Documents that the reader has taken out and not done with.
    in_hand: usize,
    /// The reader is busy with segments in progress.
    announcing: bool,
    /// The reader sleeps until it is woken.
    sleeping: bool,
    /// When it wakes by itself.
    wakes_at: Option<Instant>,
    /// Somebody waits for the queue to be empty.
    flushing: usize,
    closed: bool,
    counts: EmitterCounts,
}

/// What the reader takes at once.
#[derive(Default)]
pub(super) struct Batch {
    /// Segments to show in progress, before anything else is sent.
    pub(super) due: Vec<Due>,
    pub(super) documents: VecDeque<Document>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Sent,
    Refused,
    Dropped,
}

impl Queue {
    pub(super) fn new(len_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            len_max,
        }
    }

    /// Nothing that holds the lock can panic half-way, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of all documents so far.
    pub(super) fn counts(&self) -> EmitterCounts {
        self.lock().counts
    }

    /// Takes a document. When the queue is full or closed it is dropped and counted, and the answer
    /// is false.
    pub(super) fn push(&self, document: Document) -> bool {
        self.push_and_forget(document, None)
    }

    /// Takes the document of a segment that has closed, which needs no more watching.
    pub(super) fn push_and_forget(&self, document: Document, watched: Option<Ticket>) -> bool {
        let len_max = match document {
            Document::Segment(_) => self.len_max,
            _ => self.len_max - self.len_max / 10,
        };
        let mut state = self.lock();
        if let Some(ticket) = watched {
            state.watch.remove(ticket);
        }
        if state.closed || state.documents.len() + state.in_hand >= len_max {
            state.counts.dropped += 1;
            return false;
        }
        state.documents.push_back(document);
        if std::mem::take(&mut state.sleeping) {
            drop(state);
            self.filled.notify_one();
        }
        true
    }

    /// Watches a segment that was opened. `None` when it is not: there are too many already.
    pub(super) fn watch(&self, span: Id, after: Duration, snapshot: Snapshot) -> Option<Ticket> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        let ticket = state.watch.add(span, after, snapshot)?;
        let oversleeps = state.wakes_at.is_none_or(|at| ticket.is_before(at));
        if state.sleeping && oversleeps {
            state.sleeping = false;
            drop(state);
            self.filled.notify_one();
        }
        Some(ticket)
    }

    /// Waits for documents, or for a segment that has been open for long, and moves them into
    /// `batch`, which is empty. False when the queue is closed.
    pub(super) fn take(&self, batch: &mut Batch) -> bool {
        let mut state = self.lock();
        state.in_hand = 0;
        state.announcing = false;
        let mut dozes = 0;
        loop {
            if state.closed {
                return false;
            }
            state.watch.take_due(&mut batch.due);
            if !batch.due.is_empty() || !state.documents.is_empty() {
                let some = state.documents.len().min(BATCH_LEN_MAX);
                batch.documents.extend(state.documents.drain(..some));
                state.in_hand = some;
                state.announcing = !batch.due.is_empty();
                return true;
            }
            if state.flushing > 0 {
                self.emptied.notify_all();
            }
            state = if dozes < DOZES {
                dozes += 1;
                self.wait(state, Some(DOZE))
            } else {
                self.sleep(state)
            };
        }
    }

    fn sleep<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.wakes_at = state.watch.look_again();
        state.sleeping = true;
        let now = Instant::now();
        let timeout = state.wakes_at.map(|at| at.saturating_duration_since(now));
        let mut state = self.wait(state, timeout);
        state.sleeping = false;
        state
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        timeout: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match timeout {
            Some(timeout) => {
                let waited = self.filled.wait_timeout(state, timeout);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.filled.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    /// Waits at most `timeout`, or until somebody flushes or the queue is closed. True when the
    /// time passed undisturbed.
    pub(super) fn pause(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        while !state.closed && state.flushing == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let (next, _) = self
                .filled
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
        }
        false
    }

    /// The reader is done with one document that it has taken. False when the queue is closed: then
    /// it and the rest are counted already.
    pub(super) fn done(&self, fate: Fate) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        state.in_hand = state.in_hand.saturating_sub(1);
        state.counts.add(fate);
        true
    }

    /// Counts a part of a document that was too large, with more of them to come. False when the
    /// queue is closed.
    pub(super) fn count(&self, fate: Fate) -> bool {
        let mut state = self.lock();
        state.counts.add(fate);
        !state.closed
    }

    /// A document that was counted as sent did not arrive.
    pub(super) fn recount_as_refused(&self) {
        let counts = &mut self.lock().counts;
        if let Some(sent) = counts.sent.checked_sub(1) {
            counts.sent = sent;
            counts.refused += 1;
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits until nothing is queued and the reader is idle, at most `timeout`. True when it is so.
    pub(super) fn flush(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        state.flushing += 1;
        state.sleeping = false;
        self.filled.notify_one();
        loop {
            let done = state.documents.is_empty() && state.in_hand == 0 && !state.announcing;
            let left = deadline.saturating_duration_since(Instant::now());
            if done || state.closed || left.is_zero() {
                state.flushing -= 1;
                return done;
            }
            let (next, _) = self
                .emptied
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
        }
    }

    /// Ends the reader. What waits and what the reader has in hand is dropped and counted.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        let left = std::mem::take(&mut state.documents).len() + std::mem::take(&mut state.in_hand);
        state.counts.dropped += left as u64;
        state.watch.clear();
        state.closed = true;
        state.sleeping = false;
        drop(state);
        self.filled.notify_one();
        self.emptied.notify_all();
    }
}

impl EmitterCounts {
    fn add(&mut self, fate: Fate) {
        match fate {
            Fate::Sent => self.sent += 1,
            Fate::Refused => self.refused += 1,
            Fate::Dropped => self.dropped += 1,
        }
    }
}

#[cfg(test)]
mod tests;
