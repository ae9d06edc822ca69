//! What several job files say of one run: the strictest counts.

use crate::spec::{Checked, RunLimits};

/// The limits of all files together.
pub(super) fn strictest(checked: &Checked) -> RunLimits {
    let mut limits = RunLimits::default();
    for file in &checked.files {
        let of_file = &file.limits;
        limits.max_concurrency = least(limits.max_concurrency, of_file.max_concurrency);
        limits.run_timeout = least(limits.run_timeout, of_file.run_timeout);
        limits.tolerated_failure_count = least(
            limits.tolerated_failure_count,
            of_file.tolerated_failure_count,
        );
        let percentages = (
            limits.tolerated_failure_percentage,
            of_file.tolerated_failure_percentage,
        );
        limits.tolerated_failure_percentage = match percentages {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        limits.fail_fast = match (limits.fail_fast, of_file.fail_fast) {
            (Some(one), Some(other)) => Some(one || other),
            (one, other) => one.or(other),
        };
        for (operation, rate) in &of_file.rate_limits {
            let known = limits.rate_limits.entry(operation.clone()).or_insert(*rate);
            *known = known.min(*rate);
        }
    }
    limits
}

fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
