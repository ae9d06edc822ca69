//! How many traces began in each slice of a window.

use std::time::Duration;

use tracing_xray::Timestamp;

use crate::timeline::Status;

/// How many slices a window has at most, but for the one that is cut at its start.
const SLICES_MAX: u64 = 60;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How long slices are, in seconds; of longer windows whole numbers of days.
const LENGTHS: [u64; 17] = [
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// A window in slices that begin at full minutes or hours, so that they stay as time goes on.
#[derive(Debug)]
pub(crate) struct Slices {
    /// Seconds since the epoch.
    first: u64,
    /// Seconds.
    length: u64,
    counts: Vec<[usize; 5]>,
}

/// The traces that began in one slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// How many traces of each status.
    pub(crate) counts: [usize; 5],
}

impl Slices {
    pub(super) fn of(start: Timestamp, end: Timestamp) -> Self {
        let seconds = end.since(start).as_secs();
        let fits = |length: &u64| seconds.div_ceil(*length) <= SLICES_MAX + 1;
        let known = LENGTHS.into_iter().find(fits);
        let length = known.unwrap_or_else(|| seconds.div_ceil(SLICES_MAX * DAY) * DAY);
        let first = start.as_secs() / length * length;
        let number = end.as_secs().saturating_sub(first) / length + 1;
        // The lengths keep the number small.
        let number = usize::try_from(number).unwrap_or(1);
        Self {
            first,
            length,
            counts: vec![[0; 5]; number],
        }
    }

    /// What began before the window counts in the first slice.
    pub(super) fn add(&mut self, start: Timestamp, status: Status) {
        let slice = start.as_secs().saturating_sub(self.first) / self.length;
        let last = self.counts.len() - 1;
        let slice = usize::try_from(slice).map_or(last, |slice| slice.min(last));
        self.counts[slice][status as usize] += 1;
    }

    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.length)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Slice> {
        self.counts.iter().enumerate().map(|(place, &counts)| {
            let start = self.first + place as u64 * self.length;
            let at = |seconds: u64| Timestamp::from_micros(seconds.saturating_mul(1_000_000));
            Slice {
                start: at(start),
                end: at(start + self.length),
                counts,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn slices_begin_at_full_times_and_are_few() {
        for (seconds, length) in [
            (0, 1),
            (61, 1),
            (301, 5),
            (3601, MINUTE),
            (86_401, 30 * MINUTE),
            (7 * DAY + 1, 3 * HOUR),
            (30 * DAY + 1, 12 * HOUR),
            (1000 * DAY, 17 * DAY),
        ] {
            let slices = Slices::of(at(1_763_790_007 - seconds), at(1_763_790_007));
            assert_eq!(slices.length, length, "{seconds}");
            assert!(slices.counts.len() as u64 <= SLICES_MAX + 2, "{seconds}");
            let first = slices.iter().next().unwrap().start.as_secs();
            assert_eq!(first % length, 0, "{seconds}");
            assert!(slices.iter().last().unwrap().end >= at(1_763_790_007));
        }
    }

    #[test]
    fn every_trace_counts_in_one_slice() {
        let mut slices = Slices::of(at(600), at(660));
        for start in [10, 600, 630, 660, 9999] {
            slices.add(at(start), Status::Fault);
        }
        let counts: Vec<_> = slices.iter().map(|slice| slice.counts[4]).collect();
        assert_eq!((counts[0], counts[30], counts[60]), (2, 1, 2));
    }
}
