//! Reading traces, graphs and summaries.

use rusqlite::{Connection, Rows, params};
use serde::Serialize;
use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::write::micros;
use super::{Store, StoreError};
use crate::assemble;
use crate::assemble::Documents;
use crate::document::Entity;
use crate::graph::{GraphBuilder, ServiceNode, milliseconds};
use crate::outline;
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

/// Which time of a trace a search looks at: `TimeRangeType` of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeRange {
    /// The time in the trace's id, in whole seconds.
    #[default]
    TraceId,
    /// Any time at which the trace was active. What is in progress is active from its start on.
    Event,
    /// The end of any of its segments.
    Service,
}

/// A search for traces, newest first.
#[derive(Clone, Copy, Debug)]
pub struct SummaryQuery {
    /// The window's first time.
    pub start: Timestamp,
    /// The window's last time.
    pub end: Timestamp,
    /// What has to lie in the window.
    pub range: TimeRange,
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
    /// The last trace of this page, where older ones follow.
    pub next: Option<TraceId>,
}

impl Store {
    /// Reads traces, in the order asked for. Those that the store does not know are left out.
    pub fn batch_get_traces(&self, ids: &[TraceId]) -> Result<Vec<Trace>, StoreError> {
        let mut traces = Vec::with_capacity(ids.len());
        for &id in ids {
            let (bodies, _) = self.read(|connection| bodies(connection, id))?;
            traces.extend(with_documents(id, &bodies, |documents| {
                trace(documents, bodies.iter().map(String::len).sum())
            }));
        }
        Ok(traces)
    }

    /// The service graph of all traces that were active in a window.
    pub fn service_graph(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<ServiceNode>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT trace_id, outline FROM documents WHERE trace_id IN (
                     SELECT trace_id FROM documents WHERE end_us >= ?1 AND start_us <= ?2)
                 ORDER BY trace_id, id",
            )?;
            graph(statement.query(params![micros(start), micros(end)])?)
        })
    }

    /// The service graph of some traces.
    pub fn trace_graph(&self, ids: &[TraceId]) -> Result<Vec<ServiceNode>, StoreError> {
        let ids: Vec<_> = ids
            .iter()
            .map(|id| format!("{:032x}", id.to_w3c()))
            .collect();
        let ids = serde_json::Value::from(ids).to_string();
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT trace_id, outline FROM documents WHERE trace_id IN (
                     SELECT unhex(value) FROM json_each(?1)) ORDER BY trace_id, id",
            )?;
            graph(statement.query([&ids])?)
        })
    }

    /// Searches for traces.
    pub fn trace_summaries(&self, query: &SummaryQuery) -> Result<SummaryPage, StoreError> {
        let mut ids = self.read(|connection| matching(connection, query))?;
        let more = ids.len() > query.limit;
        ids.truncate(query.limit);
        let mut summaries = Vec::with_capacity(ids.len());
        for &id in &ids {
            let (bodies, revision) = self.read(|connection| bodies(connection, id))?;
            let summary = with_documents(id, &bodies, |documents| {
                TraceSummary::new(documents, revision)
            });
            let matched = |summary: TraceSummary| match query.range {
                TimeRange::Event => summary.matched_since(query.start),
                TimeRange::TraceId | TimeRange::Service => summary,
            };
            summaries.extend(summary.map(matched));
        }
        let next = if more { ids.last().copied() } else { None };
        Ok(SummaryPage { summaries, next })
    }
}

/// The documents of a trace, and how many were received for them.
fn bodies(connection: &Connection, id: TraceId) -> Result<(Vec<String>, u64), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT document, received FROM documents JOIN bodies USING (body)
         WHERE trace_id = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([id.to_w3c().to_be_bytes()])?;
    let (mut bodies, mut revision) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        bodies.push(row.get(0)?);
        revision += row.get::<_, i64>(1)?.unsigned_abs();
    }
    Ok((bodies, revision))
}

fn with_documents<T>(
    id: TraceId,
    bodies: &[String],
    then: impl FnOnce(&Documents<'_>) -> Option<T>,
) -> Option<T> {
    let parsed = bodies.iter().filter_map(|body| Entity::parse(body).ok());
    let parsed: Vec<_> = parsed.collect();
    then(&Documents::new(id, &parsed))
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

/// Adds up the outlines in rows of trace id and outline, in the order of traces.
fn graph(mut rows: Rows<'_>) -> Result<Vec<ServiceNode>, rusqlite::Error> {
    let mut builder = GraphBuilder::default();
    let mut trace_id = [0; 16];
    let mut outlines = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_blob()?;
        if id != trace_id {
            add(&mut builder, &outlines);
            outlines.clear();
            trace_id = row.get(0)?;
        }
        outlines.extend_from_slice(row.get_ref(1)?.as_blob()?);
    }
    add(&mut builder, &outlines);
    Ok(builder.finish())
}

fn add(builder: &mut GraphBuilder, outlines: &[u8]) {
    let mut entities = Vec::new();
    outline::decode(outlines, &mut entities);
    builder.add(&assemble::Trace::new(entities));
}

/// The traces that match, newest first, at most one more than the limit.
fn matching(
    connection: &Connection,
    query: &SummaryQuery,
) -> Result<Vec<TraceId>, rusqlite::Error> {
    // The unary plus keeps SQLite from the index by time: walking the ids from the newest down, it
    // can stop at the limit.
    let in_range = match query.range {
        TimeRange::TraceId => "true",
        TimeRange::Event => "+end_us >= ?3 AND start_us <= ?4",
        TimeRange::Service => "+end_us BETWEEN ?3 AND ?4",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT DISTINCT trace_id FROM documents
         WHERE trace_id >= ?1 AND trace_id <= ?2 AND {in_range}
         ORDER BY trace_id DESC LIMIT ?5"
    ))?;
    let (first, last) = match query.range {
        TimeRange::TraceId => (first_id(query.start), last_id(query.end)),
        TimeRange::Event | TimeRange::Service => (0, u128::MAX),
    };
    let last = match query.before.map(TraceId::to_w3c) {
        Some(0) => return Ok(Vec::new()),
        Some(before) => last.min(before - 1),
        None => last,
    };
    let limit = i64::try_from(query.limit)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    let columns = params![
        first.to_be_bytes(),
        last.to_be_bytes(),
        micros(query.start),
        micros(query.end),
        limit,
    ];
    let ids = statement.query_map(columns, |row| row.get::<_, [u8; 16]>(0))?;
    ids.map(|id| Ok(TraceId::from_w3c(u128::from_be_bytes(id?))))
        .collect()
}

fn epoch_secs(time: Timestamp) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

fn first_id(start: Timestamp) -> u128 {
    TraceId::from_parts(epoch_secs(start), 0).to_w3c()
}

fn last_id(end: Timestamp) -> u128 {
    TraceId::from_parts(epoch_secs(end), u128::MAX).to_w3c()
}
