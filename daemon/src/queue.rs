//! The documents that wait for upload: bounded in bytes, the oldest dropped when full.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::batch::{BatchLimits, Waiting};
use crate::document::Document;

/// A queue between the receiving thread and the batching task. It wakes the task when the first
/// document comes, when a batch is full and when it is closed, not for each document.
#[derive(Debug)]
pub(crate) struct Queue {
    bytes_max: usize,
    limits: BatchLimits,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    documents: VecDeque<Document>,
    memory_len: usize,
    encoded_len: usize,
    last_left: Option<Instant>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize, limits: BatchLimits) -> Self {
        Self {
            bytes_max,
            limits,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    pub(crate) fn limits(&self) -> BatchLimits {
        self.limits
    }

    /// Adds a document, and tells how many old ones had to go. The newest always stays.
    pub(crate) fn push(&self, document: Document) -> usize {
        let mut state = self.lock();
        let was_due = state.is_full(&self.limits);
        let was_empty = state.documents.is_empty();
        state.add(document);
        let mut dropped = 0;
        while state.memory_len > self.bytes_max && state.documents.len() > 1 {
            state.remove_oldest();
            dropped += 1;
        }
        let wake = was_empty || (!was_due && state.is_full(&self.limits));
        drop(state);
        if wake {
            self.changed.notify_one();
        }
        dropped
    }

    /// Nothing comes any more: what waits is due at once.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Waits until it is closed. For the one who would otherwise wait for a change.
    pub(crate) async fn closed(&self) {
        while !self.lock().closed {
            self.changed().await;
        }
    }

    /// What the decision to send needs to know.
    pub(crate) fn waiting(&self) -> Waiting {
        let state = self.lock();
        Waiting {
            documents: state.documents.len(),
            encoded_len: state.encoded_len,
            arrived: state
                .documents
                .front()
                .zip(state.documents.back())
                .map(|(oldest, newest)| (oldest.arrived(), newest.arrived())),
            last_left: state.last_left,
            closed: state.closed,
        }
    }

    /// Takes the oldest documents that fit a batch: at least one, if there is any.
    pub(crate) fn take(&self, now: Instant) -> Vec<Document> {
        let mut state = self.lock();
        state.last_left = Some(now);
        let lengths = state.documents.iter().map(Document::encoded_len);
        let count = self.limits.fitting(lengths);
        (0..count).filter_map(|_| state.remove_oldest()).collect()
    }

    /// Waits until something happened that may make a batch due.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self, limits: &BatchLimits) -> bool {
        limits.is_full(self.documents.len(), self.encoded_len)
    }

    fn add(&mut self, document: Document) {
        self.memory_len += document.memory_len();
        self.encoded_len += document.encoded_len();
        self.documents.push_back(document);
    }

    fn remove_oldest(&mut self) -> Option<Document> {
        let document = self.documents.pop_front()?;
        self.memory_len -= document.memory_len();
        self.encoded_len -= document.encoded_len();
        Some(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new(text.as_bytes(), Instant::now())
    }

    fn texts(queue: &Queue) -> Vec<String> {
        let taken = queue.take(Instant::now());
        taken.iter().map(|taken| taken.text().to_owned()).collect()
    }

    #[test]
    fn a_full_queue_drops_the_oldest() {
        let three = 3 * document("a").memory_len();
        let queue = Queue::new(three, BatchLimits::default());
        let dropped: usize = ["a", "b", "c", "d", "e"]
            .map(|text| queue.push(document(text)))
            .iter()
            .sum();
        assert_eq!(dropped, 2);
        assert_eq!(texts(&queue), ["c", "d", "e"]);
        assert_eq!(queue.waiting().encoded_len, 0);
    }

    #[test]
    fn a_document_larger_than_the_queue_stays_until_the_next() {
        let queue = Queue::new(1, BatchLimits::default());
        assert_eq!(queue.push(document("a")), 0);
        assert_eq!(queue.push(document("b")), 1);
        assert_eq!(texts(&queue), ["b"]);
    }

    #[test]
    fn a_batch_is_taken_by_number_and_by_bytes() {
        let limits = BatchLimits {
            documents_max: 3,
            encoded_bytes_max: 20,
            ..BatchLimits::default()
        };
        let queue = Queue::new(1 << 20, limits);
        for text in ["1", "2", "3", "4", "0123456789abcdef", "5"] {
            queue.push(document(text));
        }
        assert_eq!(texts(&queue), ["1", "2", "3"]);
        assert_eq!(texts(&queue), ["4"]);
        assert_eq!(texts(&queue), ["0123456789abcdef"]);
        assert_eq!(texts(&queue), ["5"]);
        assert!(texts(&queue).is_empty());
    }
}
