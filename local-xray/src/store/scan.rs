//! Going over the traces of a window, one at a time, put together from outlines and facts.

use std::ops::ControlFlow;

use rusqlite::{Connection, Params, Row, Statement, params};
use tracing_xray::{Timestamp, TraceId};

use super::write::micros;
use crate::assemble::DetailedTrace;

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

/// Which traces to go over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The window's first time.
    pub(super) start: Timestamp,
    /// The window's last time.
    pub(super) end: Timestamp,
    /// What has to lie in the window.
    pub(super) range: TimeRange,
}

/// Hands on every trace that was active in a window, oldest first; without facts, which graphs need
/// none of, all the faster.
pub(super) fn scan_active(
    connection: &Connection,
    (start, end): (Timestamp, Timestamp),
    with_facts: bool,
    mut visit: impl FnMut(&DetailedTrace<'_>),
) -> Result<(), rusqlite::Error> {
    let facts = if with_facts { "facts" } else { "x''" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT trace_id, received, outline, {facts} FROM documents
         WHERE trace_id IN (SELECT trace_id FROM documents WHERE end_us >= ?1 AND start_us <= ?2)
         ORDER BY trace_id, id"
    ))?;
    let window = params![micros(start), micros(end)];
    each_trace(&mut statement, window, |trace, _| {
        visit(trace);
        ControlFlow::Continue(())
    })
}

/// Hands on every trace of these that is known, without facts.
pub(super) fn scan_ids(
    connection: &Connection,
    ids: &[TraceId],
    mut visit: impl FnMut(&DetailedTrace<'_>),
) -> Result<(), rusqlite::Error> {
    let ids = ids.iter().map(|id| format!("{:032x}", id.to_w3c()));
    let ids = serde_json::Value::from_iter(ids).to_string();
    let mut statement = connection.prepare_cached(
        "SELECT trace_id, received, outline, x'' FROM documents WHERE trace_id IN (
             SELECT unhex(value) FROM json_each(?1)) ORDER BY trace_id, id",
    )?;
    each_trace(&mut statement, [&ids], |trace, _| {
        visit(trace);
        ControlFlow::Continue(())
    })
}

/// Hands on the traces in a window from the newest on, those before `before`, each with the number
/// of documents received for it, until told to break.
pub(super) fn scan_newest_first(
    connection: &Connection,
    window: &Window,
    before: Option<TraceId>,
    visit: impl FnMut(&DetailedTrace<'_>, u64) -> ControlFlow<()>,
) -> Result<(), rusqlite::Error> {
    let in_range = match window.range {
        TimeRange::TraceId => "?3 <= ?4",
        TimeRange::Event => {
            "trace_id IN (SELECT trace_id FROM documents WHERE end_us >= ?3 AND start_us <= ?4)"
        }
        TimeRange::Service => {
            "trace_id IN (SELECT trace_id FROM documents WHERE end_us BETWEEN ?3 AND ?4)"
        }
    };
    let (first, last) = match window.range {
        TimeRange::TraceId => (first_id(window.start), last_id(window.end)),
        TimeRange::Event | TimeRange::Service => (0, u128::MAX),
    };
    let last = match before.map(TraceId::to_w3c) {
        Some(0) => return Ok(()),
        Some(before) => last.min(before - 1),
        None => last,
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT trace_id, received, outline, facts FROM documents
         WHERE trace_id >= ?1 AND trace_id <= ?2 AND {in_range}
         ORDER BY trace_id DESC, id DESC"
    ))?;
    let columns = params![
        first.to_be_bytes(),
        last.to_be_bytes(),
        micros(window.start),
        micros(window.end),
    ];
    each_trace(&mut statement, columns, visit)
}

/// Puts the rows of each trace together: its id, how often a document was received, outline and
/// facts. The rows of a trace stand together.
fn each_trace(
    statement: &mut Statement<'_>,
    columns: impl Params,
    mut visit: impl FnMut(&DetailedTrace<'_>, u64) -> ControlFlow<()>,
) -> Result<(), rusqlite::Error> {
    let mut rows = statement.query(columns)?;
    let mut gathered: Option<Gathered> = None;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_blob()?;
        match &mut gathered {
            Some(trace) if trace.id == id => trace.add(row)?,
            Some(trace) => {
                if trace.visited(&mut visit).is_break() {
                    return Ok(());
                }
                trace.clear(row.get(0)?);
                trace.add(row)?;
            }
            None => {
                let trace = gathered.insert(Gathered::default());
                trace.clear(row.get(0)?);
                trace.add(row)?;
            }
        }
    }
    if let Some(trace) = gathered {
        let _ = trace.visited(&mut visit);
    }
    Ok(())
}

/// What the rows of one trace hold.
#[derive(Default)]
struct Gathered {
    id: [u8; 16],
    received: u64,
    outlines: Vec<u8>,
    facts: Vec<u8>,
}

impl Gathered {
    fn clear(&mut self, id: [u8; 16]) {
        self.id = id;
        self.received = 0;
        self.outlines.clear();
        self.facts.clear();
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), rusqlite::Error> {
        self.received += row.get::<_, i64>(1)?.unsigned_abs();
        self.outlines.extend_from_slice(row.get_ref(2)?.as_blob()?);
        self.facts.extend_from_slice(row.get_ref(3)?.as_blob()?);
        Ok(())
    }

    fn visited(
        &self,
        visit: &mut impl FnMut(&DetailedTrace<'_>, u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let id = TraceId::from_w3c(u128::from_be_bytes(self.id));
        let trace = DetailedTrace::decode(id, &self.outlines, &self.facts);
        visit(&trace, self.received)
    }
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
