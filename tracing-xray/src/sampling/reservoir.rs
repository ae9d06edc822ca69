//! The reservoir of a rule: so many traces are recorded in each second, whatever the rate.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Timestamp;

/// Counts what was taken in the current second.
#[derive(Debug)]
pub(super) struct Reservoir {
    fixed_target: u32,
    /// The current second in the upper half and what was taken in it in the lower one, so that
    /// both change at once without a lock.
    state: AtomicU64,
}

impl Reservoir {
    pub(super) fn new(fixed_target: u32) -> Self {
        Self {
            fixed_target,
            state: AtomicU64::new(0),
        }
    }

    /// Takes one of this second's traces, if one is left.
    pub(super) fn take(&self, now: Timestamp) -> bool {
        // A reservoir of nothing is common, and needs no count.
        self.fixed_target > 0
            && self
                .state
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
                    let (second, taken) = after(state, now);
                    (taken < self.fixed_target).then(|| pack(second, taken + 1))
                })
                .is_ok()
    }
}

/// The second that `now` counts in, and what was taken in it.
fn after(state: u64, now: Timestamp) -> (u32, u32) {
    let (second, taken) = ((state >> 32) as u32, state as u32);
    // Only equality matters, so it does no harm that the number wraps in 2106.
    let now = now.as_secs() as u32;
    // A thread that read the clock just before another began the next second counts in that one;
    // a clock that was set back further begins anew.
    if now == second || now.wrapping_add(1) == second {
        (second, taken)
    } else {
        (now, 0)
    }
}

fn pack(second: u32, taken: u32) -> u64 {
    u64::from(second) << 32 | u64::from(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(1_500_000_000_000_000 + millis * 1000)
    }

    #[test]
    fn each_second_has_its_own_traces() {
        let reservoir = Reservoir::new(2);
        let taken = |millis: u64| reservoir.take(at(3_600_000 + millis));
        assert_eq!([taken(0), taken(1), taken(999)], [true, true, false]);
        assert_eq!([taken(1000), taken(1001), taken(1002)], [true, true, false]);
        // A thread that is late by a moment gets nothing more.
        assert!(!taken(999));
        // A clock that was set back starts anew.
        assert!(reservoir.take(at(1000)));
    }

    #[test]
    fn threads_take_no_more_than_there_is() {
        let reservoir = Reservoir::new(100);
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if reservoir.take(at(0)) {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 100);
    }
}
