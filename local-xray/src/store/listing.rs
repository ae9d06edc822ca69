//! A list of traces: all that match in a window are counted, measured and sorted in one pass; only those
//! shown are read for more.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use rusqlite::Connection;
use tracing_xray::{Timestamp, TraceId};

use super::scan::{Columns, Order, TimeRange, Window, scan, scan_ids};
use super::{Store, StoreError};
use crate::assemble::DetailedTrace;
use crate::filter::FilterExpression;

mod counts;
mod durations;
mod entry;
mod facets;
mod row;
mod slices;

pub(crate) use counts::Counts;
pub(crate) use durations::Durations;
use entry::{Best, Entry};
pub(crate) use entry::{Sort, Sorting};
pub(crate) use facets::{Annotated, Facets};
pub(crate) use row::Row;
pub(crate) use slices::Slices;

/// How many different names are kept once each; those beyond are kept with every trace.
const NAMES_MAX: usize = 1000;

/// A search for the traces that were active in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListingQuery<'a> {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// Until when what is in progress has lasted.
    pub(crate) now: Timestamp,
    /// Which traces; none takes all.
    pub(crate) filter: Option<&'a FilterExpression>,
    /// Of each is counted how many of the traces match it, too.
    pub(crate) tallied: &'a [FilterExpression],
    pub(crate) sorting: Sorting,
    /// Which of the pages of `limit` rows, from 0.
    pub(crate) page: usize,
    pub(crate) limit: usize,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Listing {
    /// How many traces were looked at.
    pub(crate) processed: usize,
    /// How many of them match.
    pub(crate) matched: usize,
    /// How many match each of the expressions tallied.
    pub(crate) tallies: Vec<usize>,
    pub(crate) facets: Facets,
    pub(crate) durations: Durations,
    pub(crate) slices: Slices,
    /// The page that is shown: the last, where the one asked for lies beyond.
    pub(crate) page: usize,
    /// The traces on it, in their order.
    pub(crate) ids: Vec<TraceId>,
}

impl Store {
    /// Goes over all traces of a window, with the ids of those on one page of the list.
    pub(crate) fn listing(&self, query: &ListingQuery<'_>) -> Result<Listing, StoreError> {
        let window = Window {
            start: query.start,
            end: query.end,
            range: TimeRange::Event,
            order: Order::NewestFirst(None),
            with_facts: true,
        };
        let mut gathering = Gathering::new(query);
        self.read(|connection| {
            scan(connection, &window, |trace, _| {
                gathering.add(trace);
                ControlFlow::Continue(())
            })
        })?;
        Ok(gathering.finish())
    }

    /// What a list shows of traces, in their order. Those that are gone by now are left out.
    pub(crate) fn rows(&self, ids: &[TraceId], now: Timestamp) -> Result<Vec<Row>, StoreError> {
        let mut rows = HashMap::with_capacity(ids.len());
        self.read(|connection| {
            scan_ids(connection, ids, Columns::WithFacts, |trace| {
                rows.extend(Row::of(trace, now).map(|row| (row.id, row)));
            })
        })?;
        Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
    }

    /// When the newest trace began.
    pub(crate) fn newest_start(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(newest_start)
    }
}

fn newest_start(connection: &Connection) -> Result<Option<Timestamp>, rusqlite::Error> {
    let all = Window {
        start: Timestamp::default(),
        end: Timestamp::from_micros(u64::MAX),
        range: TimeRange::TraceId,
        order: Order::NewestFirst(None),
        with_facts: false,
    };
    let mut newest = None;
    scan(connection, &all, |trace, _| {
        newest = trace.trace.interval().map(|(start, _)| start);
        match newest {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    })?;
    Ok(newest)
}

/// What has been found so far.
struct Gathering<'q> {
    query: &'q ListingQuery<'q>,
    listing: Listing,
    best: Best,
    names: HashSet<Arc<str>>,
}

impl<'q> Gathering<'q> {
    fn new(query: &'q ListingQuery<'q>) -> Self {
        let shown = query.page.saturating_add(1).saturating_mul(query.limit);
        Self {
            query,
            listing: Listing {
                processed: 0,
                matched: 0,
                tallies: vec![0; query.tallied.len()],
                facets: Facets::default(),
                durations: Durations::default(),
                slices: Slices::of(query.start, query.end),
                page: query.page,
                ids: Vec::new(),
            },
            best: Best::new(query.sorting, shown),
            names: HashSet::new(),
        }
    }

    fn add(&mut self, trace: &DetailedTrace<'_>) {
        let listing = &mut self.listing;
        listing.processed += 1;
        let Some((start, end)) = trace.trace.interval() else {
            return;
        };
        let filter = self.query.filter;
        if filter.is_some_and(|filter| !filter.matches(trace)) {
            return;
        }
        listing.matched += 1;
        for (tally, expression) in listing.tallies.iter_mut().zip(self.query.tallied) {
            *tally += usize::from(expression.matches(trace));
        }
        let root = trace.trace.root();
        let status = entry::status(&trace.trace, root);
        listing.facets.add(trace, root, listing.matched);
        let duration = end.since(start);
        let is_done = !trace.trace.is_partial();
        listing.durations.add(duration, status, is_done);
        listing.slices.add(start, status);
        let by_service = self.query.sorting.by == Sort::Service;
        let service = root.filter(|_| by_service).and_then(|root| {
            let service = trace.trace.entities[root].service.as_ref()?;
            Some(kept(&mut self.names, &service.name))
        });
        self.best.add(Entry {
            id: trace.id,
            start,
            lasted: entry::lasted(status, start, duration, self.query.now),
            status,
            service,
        });
    }

    fn finish(self) -> Listing {
        let Self {
            query,
            mut listing,
            best,
            names: _,
        } = self;
        let last = listing.matched.div_ceil(query.limit.max(1)).max(1) - 1;
        listing.page = query.page.min(last);
        listing.durations.sort();
        let sorted = best.sorted().into_iter();
        let page = sorted.skip(listing.page.saturating_mul(query.limit));
        listing.ids = page.take(query.limit).map(|entry| entry.id).collect();
        listing
    }
}

/// A name, the same one for equal names.
fn kept(names: &mut HashSet<Arc<str>>, name: &str) -> Arc<str> {
    if let Some(known) = names.get(name) {
        return Arc::clone(known);
    }
    let name: Arc<str> = name.into();
    if names.len() < NAMES_MAX {
        names.insert(Arc::clone(&name));
    }
    name
}

#[cfg(test)]
mod tests;
