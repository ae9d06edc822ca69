//! How many failures are no failure of the run, in the words of Step Functions' distributed map.

/// The failures that a run tolerates; none unless told. Where both are given, the one that is used up
/// first counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tolerance {
    /// So many jobs.
    pub(crate) count: Option<u64>,
    /// Such a share of all jobs, 0 to 100.
    pub(crate) percentage: Option<f64>,
}

impl Tolerance {
    /// Whether so many failures of so many jobs are tolerated.
    pub(crate) fn tolerates(self, failed: u64, jobs: usize) -> bool {
        let within_count = self.count.map(|count| failed <= count);
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 jobs")]
        let share = failed as f64 * 100.0;
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 jobs")]
        let within_share = self.percentage.map(|most| share <= most * jobs as f64);
        match (within_count, within_share) {
            (None, None) => failed == 0,
            (count, share) => count.unwrap_or(true) && share.unwrap_or(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_tolerated_unless_told() {
        let none = Tolerance::default();
        assert!(none.tolerates(0, 10) && !none.tolerates(1, 10));
    }

    #[test]
    fn the_part_that_is_used_up_first_counts() {
        let of = |count, percentage| Tolerance { count, percentage };
        assert!(of(Some(2), None).tolerates(2, 3) && !of(Some(2), None).tolerates(3, 100));
        let tenth = of(None, Some(10.0));
        assert!(tenth.tolerates(1, 10) && !tenth.tolerates(2, 19) && tenth.tolerates(2, 20));
        assert!(!of(Some(5), Some(1.0)).tolerates(2, 100));
        assert!(!of(Some(1), Some(50.0)).tolerates(2, 100));
    }
}
