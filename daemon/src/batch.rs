//! When a batch leaves: full by number, full by bytes, quiet for a while, or old enough; and almost at
//! once when it is the first after a quiet time.

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
    /// How long the oldest document has waited when no batch left within `idle` before it came: a
    /// lone segment leaves soon, together with its neighbours. Default 20 ms.
    pub gather: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            documents_max: 50,
            encoded_bytes_max: 1 << 20,
            idle: Duration::from_millis(150),
            age_max: Duration::from_secs(1),
            gather: Duration::from_millis(20),
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
    /// When the last batch left.
    pub(crate) last_left: Option<Instant>,
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
        let was_quiet = waiting
            .last_left
            .is_none_or(|left| left + self.idle < oldest);
        let due = match was_quiet {
            true => oldest + self.gather,
            false => (newest + self.idle).min(oldest + self.age_max),
        };
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
        let now = Instant::now();
        match queue.limits().decide(&queue.waiting(), now) {
            Decision::Send => return Some(queue.take(now)),
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
        gather: Duration::from_millis(20),
    };

    /// The decision where documents come one after the other, as a text.
    fn decide(documents: usize, encoded_len: usize, ages_ms: (u64, u64), closed: bool) -> String {
        decide_after(Some(ages_ms.0), documents, encoded_len, ages_ms, closed)
    }

    /// The same where the last batch left so long ago.
    fn decide_after(
        left_ms: Option<u64>,
        documents: usize,
        encoded_len: usize,
        ages_ms: (u64, u64),
        closed: bool,
    ) -> String {
        let start = Instant::now();
        let now = start + Duration::from_secs(10);
        let before = |ms| now - Duration::from_millis(ms);
        let waiting = Waiting {
            documents,
            encoded_len,
            arrived: (documents > 0).then(|| (before(ages_ms.0), before(ages_ms.1))),
            last_left: left_ms.map(before),
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
    fn the_first_after_a_quiet_time_leave_almost_at_once() {
        let after = |left_ms, ages_ms| decide_after(left_ms, 1, 10, ages_ms, false);
        assert_eq!(after(None, (0, 0)), "wait 20 ms");
        assert_eq!(after(None, (20, 0)), "Send");
        // Those that come while it gathers do not hold it up.
        assert_eq!(after(Some(1000), (15, 0)), "wait 5 ms");
        assert_eq!(after(Some(116), (15, 0)), "wait 5 ms");
        assert_eq!(after(Some(115), (15, 0)), "wait 100 ms");
        assert_eq!(after(Some(115), (15, 15)), "wait 85 ms");
        assert_eq!(decide_after(None, 50, 10, (1, 1), false), "Send");
        assert_eq!(decide_after(None, 1, 10, (1, 1), true), "Send");
    }

    /// The requests in ten seconds when a document comes every `gap_ms` milliseconds; with or without
    /// an eye for quiet times.
    fn requests(gap_ms: u64, sees_quiet: bool) -> usize {
        let start = Instant::now() + Duration::from_secs(60);
        let (mut arrived, mut last_left, mut requests) = (Vec::new(), None, 0);
        for ms in 0..10_000 {
            let now = start + Duration::from_millis(ms);
            if ms % gap_ms == 0 {
                arrived.push(now);
            }
            let state = Waiting {
                documents: arrived.len(),
                encoded_len: arrived.len(),
                arrived: arrived.first().copied().zip(arrived.last().copied()),
                last_left: if sees_quiet { last_left } else { Some(now) },
                closed: false,
            };
            if LIMITS.decide(&state, now) == Decision::Send {
                arrived.clear();
                last_left = Some(now);
                requests += 1;
            }
        }
        requests
    }

    #[test]
    fn a_stream_costs_one_request_more_for_the_quiet_before_it() {
        for gap_ms in (1..300).step_by(7).chain([98, 99, 100, 101]) {
            let (with, without) = (requests(gap_ms, true), requests(gap_ms, false));
            assert!(
                with <= without + 1,
                "{with} and {without} every {gap_ms} ms"
            );
        }
        assert_eq!(requests(1000, true), 10);
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
            gather: Duration::from_secs(3600),
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
