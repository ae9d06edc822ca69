//! When a batch leaves: full by number, full by bytes, quiet for a while, or old enough.

use std::time::{Duration, Instant};

use crate::document::Document;
use crate::queue::Queue;

/// What closes a batch, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Documents in a request. Default 50, as in the official daemon; 0 counts as 1.
    pub documents_max: usize,
    /// Bytes of the documents in a request, as JSON strings. Default 1 MiB. A document that is
    /// larger goes alone.
    pub encoded_bytes_max: usize,
    /// How long no document has come. Default 150 ms.
    pub idle: Duration,
    /// How long the oldest document has waited. Default 1 s.
    pub age_max: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            documents_max: 50,
            encoded_bytes_max: 1 << 20,
            idle: Duration::from_millis(150),
            age_max: Duration::from_secs(1),
        }
    }
}

/// What waits, as far as the decision to send needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) documents: usize,
    pub(crate) encoded_len: usize,
    /// When the oldest and the newest document arrived.
    pub(crate) arrived: Option<(Instant, Instant)>,
    pub(crate) closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Send,
    /// Look again when the time has come or the queue has changed.
    WaitUntil(Instant),
    /// Nothing waits; look again when the queue has changed.
    Wait,
    /// Nothing waits and nothing will come.
    End,
}

impl BatchLimits {
    pub(crate) fn is_full(&self, documents: usize, encoded_len: usize) -> bool {
        documents >= self.documents_max.max(1) || encoded_len >= self.encoded_bytes_max
    }

    pub(crate) fn decide(&self, waiting: &Waiting, now: Instant) -> Decision {
        let Some((oldest, newest)) = waiting.arrived else {
            return match waiting.closed {
                true => Decision::End,
                false => Decision::Wait,
            };
        };
        let due = (newest + self.idle).min(oldest + self.age_max);
        let full = self.is_full(waiting.documents, waiting.encoded_len);
        if full || waiting.closed || due <= now {
            Decision::Send
        } else {
            Decision::WaitUntil(due)
        }
    }

    /// How many of the oldest documents, whose encoded lengths are given, fit one request.
    pub(crate) fn fitting(&self, lengths: impl Iterator<Item = usize>) -> usize {
        let mut total = 0;
        lengths
            .take(self.documents_max.max(1))
            .enumerate()
            .take_while(|&(index, length)| {
                total += length;
                index == 0 || total <= self.encoded_bytes_max
            })
            .count()
    }
}

/// Waits for the next batch; `None` once the queue is closed and empty.
pub(crate) async fn next(queue: &Queue) -> Option<Vec<Document>> {
    loop {
        match queue.limits().decide(&queue.waiting(), Instant::now()) {
            Decision::Send => return Some(queue.take()),
            Decision::End => return None,
            Decision::Wait => queue.changed().await,
            Decision::WaitUntil(due) => {
                // Whether the time passed or the queue changed, the next round sees.
                let _ = tokio::time::timeout_at(due.into(), queue.changed()).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BatchLimits = BatchLimits {
        documents_max: 50,
        encoded_bytes_max: 1000,
        idle: Duration::from_millis(100),
        age_max: Duration::from_millis(500),
    };

    fn decide(documents: usize, encoded_len: usize, ages_ms: (u64, u64), closed: bool) -> String {
        let start = Instant::now();
        let now = start + Duration::from_secs(10);
        let before = |ms| now - Duration::from_millis(ms);
        let waiting = Waiting {
            documents,
            encoded_len,
            arrived: (documents > 0).then(|| (before(ages_ms.0), before(ages_ms.1))),
            closed,
        };
        match LIMITS.decide(&waiting, now) {
            Decision::WaitUntil(due) => format!("wait {} ms", (due - now).as_millis()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_limit_closes_a_batch() {
        assert_eq!(decide(0, 0, (0, 0), false), "Wait");
        assert_eq!(decide(1, 10, (0, 0), false), "wait 100 ms");
        assert_eq!(decide(2, 20, (90, 30), false), "wait 70 ms");
        assert_eq!(decide(2, 20, (450, 30), false), "wait 50 ms");
        assert_eq!(decide(2, 20, (150, 100), false), "Send");
        assert_eq!(decide(9, 90, (500, 1), false), "Send");
        assert_eq!(decide(49, 999, (1, 1), false), "wait 99 ms");
        assert_eq!(decide(50, 500, (1, 1), false), "Send");
        assert_eq!(decide(3, 1000, (1, 1), false), "Send");
        assert_eq!(decide(1, 10, (0, 0), true), "Send");
        assert_eq!(decide(0, 0, (0, 0), true), "End");
    }

    #[test]
    fn a_batch_holds_what_fits_and_at_least_one() {
        let fitting = |lengths: &[usize]| LIMITS.fitting(lengths.iter().copied());
        assert_eq!(fitting(&[]), 0);
        assert_eq!(fitting(&[5000]), 1);
        assert_eq!(fitting(&[5000, 1]), 1);
        assert_eq!(fitting(&[400, 600]), 2);
        assert_eq!(fitting(&[400, 601]), 1);
        assert_eq!(fitting(&[1; 80]), 50);
    }

    #[tokio::test]
    async fn a_closed_queue_is_emptied_batch_by_batch() {
        let limits = BatchLimits {
            documents_max: 2,
            idle: Duration::from_secs(3600),
            age_max: Duration::from_secs(3600),
            ..LIMITS
        };
        let queue = Queue::new(1 << 20, limits);
        for _ in 0..5 {
            queue.push(Document::new(b"x", Instant::now()));
        }
        queue.close();
        let mut sizes = Vec::new();
        while let Some(batch) = next(&queue).await {
            sizes.push(batch.len());
        }
        assert_eq!(sizes, [2, 2, 1]);
    }
}
