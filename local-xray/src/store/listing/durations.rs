//! How long traces took: by classes, as a histogram shows them, and in percentiles.

use std::time::Duration;

use crate::graph::milliseconds;
use crate::timeline::Status;

/// Where classes begin within ten times the class before, in tenths.
const STEPS: [u64; 6] = [10, 15, 20, 30, 50, 70];

/// Fewer classes say little of where on the scale they are.
const CLASSES_MIN: usize = 12;

/// The powers of ten, in milliseconds, up to eleven days.
const DECADES: u32 = 10;

/// The durations of traces in classes: from the first bound, inclusive, to the second, exclusive, in
/// whole milliseconds, which is how filters read durations.
#[derive(Debug)]
pub(crate) struct Durations {
    bounds: Vec<u64>,
    counts: Vec<[usize; 5]>,
    /// Milliseconds of those that are done.
    done: Vec<u64>,
}

/// The traces of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    /// Milliseconds.
    pub(crate) from: u64,
    /// Milliseconds; the last class has no end.
    pub(crate) to: Option<u64>,
    /// How many traces of each status.
    pub(crate) counts: [usize; 5],
}

impl Default for Durations {
    fn default() -> Self {
        let mut bounds = vec![0];
        for decade in 0..DECADES {
            let steps = STEPS.iter().map(|step| step * 10_u64.pow(decade));
            // Below ten milliseconds there are no halves of one.
            let whole = steps.filter(|tenths| tenths % 10 == 0);
            bounds.extend(whole.map(|tenths| tenths / 10));
        }
        let counts = vec![[0; 5]; bounds.len()];
        Self {
            bounds,
            counts,
            done: Vec::new(),
        }
    }
}

impl Durations {
    /// `is_done`: nothing more of the trace is to come.
    pub(super) fn add(&mut self, duration: Duration, status: Status, is_done: bool) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let milliseconds = milliseconds(micros);
        let class = self.bounds.partition_point(|&bound| bound <= milliseconds);
        self.counts[class.saturating_sub(1)][status as usize] += 1;
        if is_done {
            self.done.push(milliseconds);
        }
    }

    /// Makes percentiles of what was added.
    pub(super) fn sort(&mut self) {
        self.done.sort_unstable();
    }

    /// The least duration in seconds that so many percent of what is done do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.done.len() * percent).div_ceil(100).max(1);
        self.done
            .get(rank - 1)
            .map(|&milliseconds| milliseconds as f64 / 1e3)
    }

    /// The classes from the first to the last that hold a trace, and some around them if they are few.
    pub(crate) fn classes(&self) -> Vec<Class> {
        let is_filled = |counts: &[usize; 5]| counts.iter().any(|&count| count > 0);
        let first = self.counts.iter().position(is_filled);
        let last = self.counts.iter().rposition(is_filled);
        let (Some(first), Some(last)) = (first, last) else {
            return Vec::new();
        };
        let beside = CLASSES_MIN.saturating_sub(last - first + 1).div_ceil(2);
        let last = (last + beside).min(self.counts.len() - 1);
        let places = first.saturating_sub(beside)..=last;
        places
            .map(|place| Class {
                from: self.bounds[place],
                to: self.bounds.get(place + 1).copied(),
                counts: self.counts[place],
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_class_that_a_filter_would_find_it_in() {
        let mut durations = Durations::default();
        for micros in [499, 500, 1_499, 14_500, 19_499, 19_500] {
            durations.add(Duration::from_micros(micros), Status::Ok, true);
        }
        durations.add(Duration::from_secs(1 << 40), Status::Fault, true);
        let classes = durations.classes();
        let filled = classes.iter().filter(|class| class.counts != [0; 5]);
        let filled = filled.map(|class| (class.from, class.to, class.counts));
        assert_eq!(
            filled.collect::<Vec<_>>(),
            [
                (0, Some(1), [1, 0, 0, 0, 0]),
                (1, Some(2), [2, 0, 0, 0, 0]),
                (15, Some(20), [2, 0, 0, 0, 0]),
                (20, Some(30), [1, 0, 0, 0, 0]),
                (7_000_000_000, None, [0, 0, 0, 0, 1]),
            ]
        );
    }

    #[test]
    fn a_single_class_has_others_beside_it() {
        for (seconds, first, last) in [
            (0, 0, 10),
            (1, 100, 10_000),
            (1 << 40, 700_000_000, 7_000_000_000),
        ] {
            let mut durations = Durations::default();
            durations.add(Duration::from_secs(seconds), Status::Ok, true);
            let classes = durations.classes();
            let bounds = (classes[0].from, classes[classes.len() - 1].from);
            assert_eq!(bounds, (first, last), "{seconds}");
        }
    }

    #[test]
    fn percentiles_are_durations_that_occurred_of_what_is_done() {
        let mut durations = Durations::default();
        for seconds in 1..=200 {
            durations.add(Duration::from_secs(seconds), Status::Ok, true);
        }
        durations.add(Duration::from_secs(9999), Status::InProgress, false);
        durations.sort();
        for (percent, seconds) in [(0, 1.0), (50, 100.0), (90, 180.0), (100, 200.0)] {
            assert_eq!(durations.percentile(percent), Some(seconds));
        }
        assert_eq!(Durations::default().percentile(50), None);
        assert_eq!(Durations::default().classes(), []);
    }
}
