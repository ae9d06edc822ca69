//! Keeps a repeated warning from filling the log: one line in ten seconds, with what it stands for.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(10);

/// Decides whether a warning is written now, and counts those held back.
#[derive(Debug, Default)]
pub(crate) struct LogLimit {
    last: Option<Instant>,
    held_back: u64,
}

impl LogLimit {
    /// How many events a line written now stands for, this one included; `None` to stay silent.
    pub(crate) fn admit(&mut self, now: Instant) -> Option<u64> {
        self.held_back += 1;
        let due = self
            .last
            .is_none_or(|last| now.duration_since(last) >= INTERVAL);
        due.then(|| {
            self.last = Some(now);
            std::mem::take(&mut self.held_back)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_ten_seconds_stands_for_all() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut limit = LogLimit::default();
        let lines: Vec<_> = [0, 1, 9, 10, 11, 25].map(|s| limit.admit(at(s))).into();
        assert_eq!(lines, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
