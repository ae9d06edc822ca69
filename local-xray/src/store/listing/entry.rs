//! What is kept of every trace of a list until it is known which are shown, and the order they stand in.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use tracing_xray::{Timestamp, TraceId};

use crate::assemble::Trace;
use crate::outline::Outcome;
use crate::timeline::Status;

/// Fewer entries than this are kept as they come.
const KEPT_MIN: usize = 1024;

/// By what a list of traces is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The newest first.
    #[default]
    Start,
    /// The longest first.
    Duration,
    /// The worst first.
    Status,
    /// By the name of the first service.
    Service,
}

/// An order of a list; of equals the newest is first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorting {
    pub(crate) by: Sort,
    /// Whether the order is turned round.
    pub(crate) reverse: bool,
}

/// One trace.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: TraceId,
    pub(super) start: Timestamp,
    pub(super) lasted: Duration,
    pub(super) status: Status,
    /// Only where the order asks for it.
    pub(super) service: Option<Arc<str>>,
}

impl Sorting {
    fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let by_key = match self.by {
            Sort::Start => Ordering::Equal,
            Sort::Duration => b.lasted.cmp(&a.lasted),
            Sort::Status => b.status.cmp(&a.status),
            Sort::Service => a.service.cmp(&b.service),
        };
        let by_start = b.start.cmp(&a.start);
        let order = by_key
            .then(by_start)
            .then_with(|| a.id.to_w3c().cmp(&b.id.to_w3c()));
        if self.reverse { order.reverse() } else { order }
    }
}

/// The first so many entries of an order, and at most as many more.
pub(super) struct Best {
    sorting: Sorting,
    number: usize,
    entries: Vec<Entry>,
}

impl Best {
    pub(super) fn new(sorting: Sorting, number: usize) -> Self {
        Self {
            sorting,
            number,
            entries: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
        if self.entries.len() >= self.number.saturating_mul(2).max(KEPT_MIN) {
            let compare = |a: &Entry, b: &Entry| self.sorting.compare(a, b);
            self.entries.select_nth_unstable_by(self.number, compare);
            self.entries.truncate(self.number);
        }
    }

    pub(super) fn sorted(mut self) -> Vec<Entry> {
        self.entries
            .sort_unstable_by(|a, b| self.sorting.compare(a, b));
        self.entries
    }
}

/// How a trace went: what its root says, or that something of it is in progress, whichever matters more.
/// What failed deeper and was got over, and what is only missing, do not count.
pub(super) fn status(trace: &Trace<'_>, root: Option<usize>) -> Status {
    let outcome = root.map_or(Outcome::Ok, |root| trace.entities[root].outcome);
    match trace.entities.iter().any(|entity| entity.end.is_none()) {
        true => of_outcome(outcome).max(Status::InProgress),
        false => of_outcome(outcome),
    }
}

pub(super) fn of_outcome(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Ok => Status::Ok,
        Outcome::Error => Status::Error,
        Outcome::Throttle => Status::Throttle,
        Outcome::Fault => Status::Fault,
    }
}

/// How long a trace has taken: what is in progress goes on.
pub(super) fn lasted(
    status: Status,
    start: Timestamp,
    duration: Duration,
    now: Timestamp,
) -> Duration {
    match status {
        Status::InProgress => now.since(start).max(duration),
        _ => duration,
    }
}
