//! The emitter's queue: bounded, many writers, one reader. When it is full the newest is refused.
//!
//! Waking a thread costs a system call, more than all else a writer does. So the reader, after it
//! has emptied the queue, dozes: it looks again every [`DOZE`] and only sleeps for good, to be
//! woken, after it found nothing for a while. A steady writer never wakes anybody.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::EmitterCounts;
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
    /// Documents that the reader has taken out and not done with.
    in_hand: usize,
    /// The reader sleeps until it is woken.
    sleeping: bool,
    /// Somebody waits for the queue to be empty.
    flushing: usize,
    closed: bool,
    counts: EmitterCounts,
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
        let mut state = self.lock();
        if state.closed || state.documents.len() + state.in_hand >= self.len_max {
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

    /// Waits for documents and moves some into `batch`, which is empty. False when the queue is
    /// closed.
    pub(super) fn take(&self, batch: &mut VecDeque<Document>) -> bool {
        let mut state = self.lock();
        state.in_hand = 0;
        let mut dozes = 0;
        loop {
            if state.closed {
                return false;
            }
            if !state.documents.is_empty() {
                let some = state.documents.len().min(BATCH_LEN_MAX);
                batch.extend(state.documents.drain(..some));
                state.in_hand = some;
                return true;
            }
            if state.flushing > 0 {
                self.emptied.notify_all();
            }
            state = if dozes < DOZES {
                dozes += 1;
                self.doze(state)
            } else {
                state.sleeping = true;
                self.filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    fn doze<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let (state, _) = self
            .filled
            .wait_timeout(state, DOZE)
            .unwrap_or_else(PoisonError::into_inner);
        state
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
        match fate {
            Fate::Sent => state.counts.sent += 1,
            Fate::Refused => state.counts.refused += 1,
            Fate::Dropped => state.counts.dropped += 1,
        }
        true
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
            let done = state.documents.is_empty() && state.in_hand == 0;
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
        state.closed = true;
        state.sleeping = false;
        drop(state);
        self.filled.notify_one();
        self.emptied.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::{SegmentId, TraceId};
    use crate::segment::{Entity, Subsegment};
    use std::sync::Arc;

    fn document() -> Document {
        Document::Subsegment {
            trace_id: TraceId::from_parts(1, 1),
            parent_id: SegmentId::from_bits(1),
            subsegment: Box::new(Subsegment {
                namespace: None,
                aws: None,
                sql: None,
                precursor_ids: Vec::new(),
                entity: Entity::start("x".into(), Timestamp::from_micros(1)),
            }),
        }
    }

    #[test]
    fn a_full_queue_refuses_the_newest() {
        let queue = Queue::new(2);
        assert!(queue.push(document()) && queue.push(document()));
        assert!(!queue.push(document()));
        let mut batch = VecDeque::new();
        assert!(queue.take(&mut batch));
        assert_eq!(batch.len(), 2);
        assert!(!queue.push(document()));
        assert!(queue.done(Fate::Sent));
        assert!(queue.push(document()));
        // One in hand and one that waits are left, and nothing is counted twice.
        queue.close();
        assert!(!queue.done(Fate::Sent));
        let counts = queue.counts();
        assert_eq!((counts.sent, counts.refused, counts.dropped), (1, 0, 4));
    }

    #[test]
    fn a_flush_waits_for_the_work_in_hand() {
        let queue = Arc::new(Queue::new(2));
        queue.push(document());
        let mut batch = VecDeque::new();
        assert!(queue.take(&mut batch));
        assert!(!queue.flush(Duration::from_millis(1)));
        let reader = {
            let queue = queue.clone();
            std::thread::spawn(move || queue.take(&mut VecDeque::new()))
        };
        assert!(queue.flush(Duration::from_secs(10)));
        queue.close();
        assert!(!reader.join().unwrap());
    }

    #[test]
    fn a_sleeping_reader_is_woken() {
        let queue = Arc::new(Queue::new(2));
        let reader = {
            let queue = queue.clone();
            std::thread::spawn(move || queue.take(&mut VecDeque::new()))
        };
        while !queue.lock().sleeping {
            std::thread::yield_now();
        }
        assert!(queue.push(document()));
        assert!(reader.join().unwrap());
    }
}
