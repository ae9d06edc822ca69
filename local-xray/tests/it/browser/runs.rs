//! Runs and jobs.

use super::browse;
use crate::local::Local;

#[test]
fn runs_and_jobs_can_be_followed_narrowed_and_taken_away() {
    browse(&Local::start(), "runs.py", &[]);
}
