//! The segments that are open, by the time at which each is to be shown in progress.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::span::Id;

use crate::document::Document;

/// Segments that are watched at once. One more is not shown in progress, and sent when it is
/// complete as any other; nothing is lost, so nothing is counted.
const WATCHED_LEN_MAX: usize = 10_000;

/// What a segment that is still open looks like; `None` when it has closed meanwhile.
pub(crate) type Snapshot = Arc<dyn Fn(&Id, Ticket) -> Option<Document> + Send + Sync>;

/// Names a segment that is watched, and orders them by when they are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    due: Instant,
    number: u64,
}

/// A segment that is watched, and due at some time.
pub(super) struct Due {
    ticket: Ticket,
    span: Id,
    snapshot: Snapshot,
}

impl Due {
    /// The document that shows it in progress; `None` when it has closed meanwhile.
    pub(super) fn document(self) -> Option<Document> {
        (self.snapshot)(&self.span, self.ticket)
    }
}

/// The list. A segment leaves it when it closes or is due, so it is as long as segments are open.
#[derive(Default)]
pub(super) struct Watch {
    /// In the order in which they are due, which is nearly always that in which they come; short
    /// ones leave at the ends as well, so that nothing is moved and nothing allocated.
    open: VecDeque<Due>,
    number: u64,
    /// How long the last segment may be open; `None` once the reader knows of it.
    news: Option<Duration>,
}

impl Watch {
    /// Adds a segment, unless there are too many.
    pub(super) fn add(&mut self, span: Id, after: Duration, snapshot: Snapshot) -> Option<Ticket> {
        if self.open.len() >= WATCHED_LEN_MAX {
            return None;
        }
        // A time so far off that the clock cannot tell it never comes.
        let due = Instant::now().checked_add(after)?;
        self.number += 1;
        let ticket = Ticket {
            due,
            number: self.number,
        };
        let place = self.open.partition_point(|other| other.ticket < ticket);
        self.open.insert(
            place,
            Due {
                ticket,
                span,
                snapshot,
            },
        );
        self.news = Some(after);
        Some(ticket)
    }

    pub(super) fn remove(&mut self, ticket: Ticket) {
        if let Ok(place) = self
            .open
            .binary_search_by_key(&ticket, |other| other.ticket)
        {
            self.open.remove(place);
        }
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// Moves what is due to `due`.
    pub(super) fn take_due(&mut self, due: &mut Vec<Due>) {
        if self.open.is_empty() {
            return;
        }
        let now = Instant::now();
        let count = self.open.partition_point(|other| other.ticket.due <= now);
        due.extend(self.open.drain(..count));
    }

    /// When the reader, who goes to sleep, must look again. With no segment open that is a period
    /// after the last one was opened: one that opens in between need not wake it. `None`: never.
    pub(super) fn look_again(&mut self) -> Option<Instant> {
        let news = self.news.take();
        match self.open.front() {
            Some(first) => Some(first.ticket.due),
            None => news.and_then(|after| Instant::now().checked_add(after)),
        }
    }
}

impl Ticket {
    /// Whether the segment is due before `time`.
    pub(super) fn is_before(self, time: Instant) -> bool {
        self.due < time
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(watch: &mut Watch, after: Duration) -> Option<Ticket> {
        watch.add(Id::from_u64(1), after, Arc::new(|_, _| None))
    }

    #[test]
    fn what_is_due_comes_out_once_and_in_order() {
        let mut watch = Watch::default();
        let later = add(&mut watch, Duration::from_secs(3600)).unwrap();
        let first = add(&mut watch, Duration::ZERO).unwrap();
        let second = add(&mut watch, Duration::ZERO).unwrap();
        let mut due = Vec::new();
        watch.take_due(&mut due);
        let tickets: Vec<_> = due.iter().map(|due| due.ticket).collect();
        assert_eq!(tickets, [first, second]);
        watch.take_due(&mut due);
        assert_eq!(due.len(), 2);
        assert_eq!(watch.look_again(), Some(later.due));
        watch.remove(later);
        assert_eq!(watch.look_again(), None);
    }

    #[test]
    fn a_reader_without_news_sleeps_for_good() {
        let mut watch = Watch::default();
        let ticket = add(&mut watch, Duration::from_secs(1)).unwrap();
        watch.remove(ticket);
        assert!(watch.look_again().is_some());
        assert_eq!(watch.look_again(), None);
    }

    #[test]
    fn too_many_are_not_watched() {
        let mut watch = Watch::default();
        for _ in 0..WATCHED_LEN_MAX {
            add(&mut watch, Duration::from_secs(1)).unwrap();
        }
        assert_eq!(add(&mut watch, Duration::from_secs(1)), None);
        watch.clear();
        assert!(add(&mut watch, Duration::from_secs(1)).is_some());
        assert_eq!(add(&mut watch, Duration::MAX), None);
    }
}
