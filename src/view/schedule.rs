//! Schedules as people read them: the next firings, what differs, what an audit found.

mod audit;
mod diff;
mod firings;

use chrono::{DateTime, Utc};

pub(crate) use audit::audit;
pub(crate) use diff::{DiffView, applied, diff};
pub(crate) use firings::{FiringRow, firings};

/// A moment as schedules have it: to the minute, in UTC.
fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}
