//! How fast datagrams may follow each other, so that a burst does not overrun the receiver's socket
//! buffer, where the kernel would drop it without a word.

use std::time::{Duration, Instant};

/// What a burst may take up. With what one wait brings it still fits into Linux's default receive
/// buffer of 212,992 bytes, should the receiver not come to read in between.
const BURST: u64 = 110_000;

/// What a receiver is trusted to read in a millisecond: about 9 documents of 1 KB. That is three
/// times X-Ray's quota of 2,600 segments a second, and half of what the slowest daemon measured.
const PER_MS: u64 = 25_000;

/// The shortest wait. Going to sleep costs as much as a datagram, so one sleep is for many of them.
const WAIT_MS_MIN: u64 = 4;

/// A budget of receive buffer that fills up with time.
#[derive(Debug)]
pub(super) struct Pace {
    budget: u64,
    counted: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            budget: BURST,
            counted: now,
        }
    }

    /// How long to wait before a datagram of `len` bytes may go, which takes it off the budget.
    pub(super) fn wait(&mut self, len: usize, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.counted);
        let gained = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX) / 1000 * PER_MS;
        if gained > 0 {
            self.budget = self.budget.saturating_add(gained).min(BURST);
            self.counted = now;
        }
        let cost = buffer_cost(len).min(BURST);
        if cost <= self.budget {
            self.budget -= cost;
            return Duration::ZERO;
        }
        let wait_ms = (cost - self.budget).div_ceil(PER_MS).max(WAIT_MS_MIN);
        // What the wait will bring is spent already: the clock moves on with it.
        self.budget = self.budget + wait_ms * PER_MS - cost;
        let wait = Duration::from_millis(wait_ms);
        self.counted = now + wait;
        wait
    }
}

/// What a datagram takes up in the receiver's buffer, which counts whole allocations: 2,304 bytes
/// for 1 KB on Linux (a default buffer was measured to hold 92 of them).
fn buffer_cost(len: usize) -> u64 {
    len as u64 * 2 + 768
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_what_follows_is_spread() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut now = start;
        let mut at_once = 0;
        for _ in 0..2000 {
            let wait = pace.wait(1000, now);
            if wait.is_zero() && now == start {
                at_once += 1;
            }
            now += wait;
        }
        assert!((30..=92).contains(&at_once), "{at_once}");
        let rate = 2000.0 / (now - start).as_secs_f64();
        assert!((5_000.0..=12_000.0).contains(&rate), "{rate}");
    }

    #[test]
    fn the_largest_datagram_goes_alone_but_goes() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.wait(65_507, start), Duration::ZERO);
        assert!(pace.wait(65_507, start) > Duration::from_millis(3));
    }

    #[test]
    fn a_quiet_time_fills_the_budget_only_to_its_brim() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let later = start + Duration::from_secs(3600);
        pace.wait(1000, later);
        assert!(pace.budget < BURST);
    }
}
