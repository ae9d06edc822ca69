//! Service graphs of the traces in the store, and what went on over time.

use rusqlite::{Connection, OptionalExtension as _};
use tracing_xray::{SegmentId, Timestamp, TraceId};

use std::ops::ControlFlow;

use super::scan::{Columns, Order, TimeRange, Window, scan, scan_ids};
use super::{Store, StoreError};
use crate::assemble::DetailedTrace;
use crate::filter::{EntitySelector, FilterExpression};
use crate::graph::{GraphBuilder, ServiceNode, TimePoint, TimeSeries, TimeSeriesQuery};
use crate::outline::{self, Outline};

impl Store {
    /// The service graph of all traces that were active in a window, or of those among them that a
    /// filter takes.
    pub fn service_graph(
        &self,
        start: Timestamp,
        end: Timestamp,
        filter: Option<&FilterExpression>,
    ) -> Result<Vec<ServiceNode>, StoreError> {
        let (graph, _) = self.counted_graph((start, end), filter)?;
        Ok(graph)
    }

    /// The service graph, and of how many traces it is.
    pub(crate) fn counted_graph(
        &self,
        window: (Timestamp, Timestamp),
        filter: Option<&FilterExpression>,
    ) -> Result<(Vec<ServiceNode>, usize), StoreError> {
        self.read(|connection| {
            let mut builder = GraphBuilder::default();
            let mut count = 0;
            each_active(connection, window, false, filter, |trace| {
                builder.add(&trace.trace);
                count += 1;
            })?;
            Ok((finish(connection, builder)?, count))
        })
    }

    /// Hands on each request to services, or each call over edges, of the traces that a service graph
    /// would be of.
    pub(crate) fn each_request(
        &self,
        window: (Timestamp, Timestamp),
        filter: Option<&FilterExpression>,
        selectors: &[EntitySelector],
        mut visit: impl FnMut(TraceId, &Outline<'_>),
    ) -> Result<(), StoreError> {
        let with_facts = selectors.iter().any(EntitySelector::looks_at_facts);
        self.read(|connection| {
            each_active(connection, window, with_facts, filter, |trace| {
                for entity in selectors
                    .iter()
                    .flat_map(|selector| selector.entities(trace))
                {
                    visit(trace.id, &trace.trace.entities[entity]);
                }
            })
        })
    }

    /// The statistics of services or edges in each period of a window in which there were requests.
    pub fn time_series(&self, query: &TimeSeriesQuery<'_>) -> Result<Vec<TimePoint>, StoreError> {
        let mut series = TimeSeries::new(query);
        let window = (query.start, query.end);
        let with_facts = query.selector.looks_at_facts();
        self.read(|connection| {
            each_active(connection, window, with_facts, query.filter, |trace| {
                series.add(trace);
            })
        })?;
        Ok(series.finish())
    }

    /// The service graph of some traces.
    pub fn trace_graph(&self, ids: &[TraceId]) -> Result<Vec<ServiceNode>, StoreError> {
        self.read(|connection| {
            let mut builder = GraphBuilder::default();
            scan_ids(connection, ids, Columns::WithoutFacts, |trace| {
                builder.add(&trace.trace);
            })?;
            finish(connection, builder)
        })
    }
}

/// Hands on every trace that was active in a window and that a filter takes, oldest first.
fn each_active(
    connection: &Connection,
    (start, end): (Timestamp, Timestamp),
    with_facts: bool,
    filter: Option<&FilterExpression>,
    mut visit: impl FnMut(&DetailedTrace<'_>),
) -> Result<(), rusqlite::Error> {
    let window = Window {
        start,
        end,
        range: TimeRange::Event,
        order: Order::OldestFirst,
        with_facts: with_facts || filter.is_some_and(FilterExpression::looks_at_facts),
    };
    scan(connection, &window, |trace, _| {
        if filter.is_none_or(|filter| filter.matches(trace)) {
            visit(trace);
        }
        ControlFlow::Continue(())
    })
}

/// The graph, with the segments that its traces link to.
fn finish(
    connection: &Connection,
    mut builder: GraphBuilder,
) -> Result<Vec<ServiceNode>, rusqlite::Error> {
    for (trace_id, id) in builder.linked() {
        if let Some(bytes) = outline_of(connection, trace_id, id)? {
            let mut outlines = Vec::new();
            outline::decode(&bytes, &mut outlines);
            if let Some(linked) = outlines.into_iter().find(|outline| outline.id == id) {
                builder.link(trace_id, &linked);
            }
        }
    }
    Ok(builder.finish())
}

fn outline_of(
    connection: &Connection,
    trace_id: TraceId,
    id: SegmentId,
) -> Result<Option<Vec<u8>>, rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("SELECT outline FROM documents WHERE trace_id = ?1 AND id = ?2")?;
    let key = (trace_id.to_w3c().to_be_bytes(), id.to_bits().cast_signed());
    statement.query_row(key, |row| row.get(0)).optional()
}
