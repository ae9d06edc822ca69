//! Reading traces and summaries.

use std::ops::ControlFlow;

use rusqlite::Connection;
use serde::Serialize;
use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::scan::{Order, TimeRange, Window, scan};
use super::{Share, Store, StoreError};
use crate::assemble::Documents;
use crate::document::Entity;
use crate::filter::FilterExpression;
use crate::graph::milliseconds;
use crate::summary::TraceSummary;

/// The size above which AWS cuts a trace off. Ours stays whole and only says so.
const TRACE_BYTES_MAX: usize = 500 * 1000;

/// A `Trace` of the API: whole segments as JSON text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trace {
    pub(crate) id: TraceId,
    duration: f64,
    limit_exceeded: bool,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Segment {
    id: SegmentId,
    document: String,
}

/// A search for traces, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummaryQuery<'a> {
    /// The window's first time.
    pub start: Timestamp,
    /// The window's last time.
    pub end: Timestamp,
    /// What has to lie in the window.
    pub range: TimeRange,
    /// Which traces; none takes all.
    pub filter: Option<&'a FilterExpression>,
    /// Only a share of them.
    pub share: Share,
    /// Only traces older than this one, the last of the page before.
    pub before: Option<TraceId>,
    /// The most summaries to give.
    pub limit: usize,
}

/// A page of summaries.
#[derive(Clone, Debug)]
pub struct SummaryPage {
    /// The summaries, newest first.
    pub summaries: Vec<TraceSummary>,
    /// How many traces were looked at for them.
    pub processed: u64,
    /// The last trace of this page, where older ones follow.
    pub next: Option<TraceId>,
}

impl Trace {
    /// The documents of its segments.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &str> {
        self.segments
            .iter()
            .map(|segment| segment.document.as_str())
    }
}

impl Store {
    /// Reads traces, in the order asked for. Those that the store does not know are left out.
    pub fn batch_get_traces(&self, ids: &[TraceId]) -> Result<Vec<Trace>, StoreError> {
        let mut traces = Vec::with_capacity(ids.len());
        for &id in ids {
            let bodies = self.read(|connection| bodies(connection, id))?;
            let parsed = bodies.iter().filter_map(|body| Entity::parse(body).ok());
            let parsed: Vec<_> = parsed.collect();
            let documents = Documents::new(id, &parsed);
            traces.extend(trace(&documents, bodies.iter().map(String::len).sum()));
        }
        Ok(traces)
    }

    /// Searches for traces.
    pub fn trace_summaries(&self, query: &SummaryQuery<'_>) -> Result<SummaryPage, StoreError> {
        let window = Window {
            start: query.start,
            end: query.end,
            range: query.range,
            order: Order::NewestFirst(query.before),
            with_facts: true,
        };
        let mut page = SummaryPage {
            summaries: Vec::new(),
            processed: 0,
            next: None,
        };
        let mut last = None;
        self.read(|connection| {
            scan(connection, &window, |trace, revision| {
                let is_wanted = query.share.has(trace.id)
                    && query.filter.is_none_or(|filter| filter.matches(trace));
                if !is_wanted {
                    page.processed += 1;
                    return ControlFlow::Continue(());
                }
                if page.summaries.len() == query.limit {
                    page.next = last;
                    return ControlFlow::Break(());
                }
                page.processed += 1;
                let summary = TraceSummary::new(trace, revision);
                page.summaries
                    .extend(summary.map(|summary| match query.range {
                        TimeRange::Event => summary.matched_since(query.start),
                        TimeRange::TraceId | TimeRange::Service => summary,
                    }));
                last = Some(trace.id);
                ControlFlow::Continue(())
            })
        })?;
        Ok(page)
    }
}

/// The documents of a trace.
pub(super) fn bodies(connection: &Connection, id: TraceId) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT document FROM documents JOIN bodies USING (body)
         WHERE documents.trace_id = ?1 ORDER BY id",
    )?;
    let bodies = statement.query_map([id.to_w3c().to_be_bytes()], |row| row.get(0))?;
    bodies.collect()
}

fn trace(documents: &Documents<'_>, bytes: usize) -> Option<Trace> {
    let (start, end) = documents.trace.interval()?;
    let segments = documents.segments().into_iter();
    Some(Trace {
        id: documents.trace_id,
        duration: milliseconds(end.as_micros() - start.as_micros()) as f64 / 1000.0,
        limit_exceeded: bytes > TRACE_BYTES_MAX,
        segments: segments
            .map(|(id, document)| Segment { id, document })
            .collect(),
    })
}
