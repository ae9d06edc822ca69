//! Going over the traces of a window, one at a time, put together from outlines and facts.

use std::ops::{ControlFlow, RangeInclusive};

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

/// Which traces to go over, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The window's first time.
    pub(super) start: Timestamp,
    /// The window's last time.
    pub(super) end: Timestamp,
    /// What has to lie in the window.
    pub(super) range: TimeRange,
    pub(super) order: Order,
    /// Without facts, which graphs need none of, it is all the faster.
    pub(super) with_facts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    OldestFirst,
    /// From the newest before this trace on.
    NewestFirst(Option<TraceId>),
}

/// Hands on the traces of a window, each with the number of documents received for it, until told
/// to break.
///
/// Most traces of a window have an id of its time: they are read one after the other. Only for the
/// others the index by time is asked.
pub(super) fn scan(
    connection: &Connection,
    window: &Window,
    mut visit: impl FnMut(&DetailedTrace<'_>, u64) -> ControlFlow<()>,
) -> Result<(), rusqlite::Error> {
    let (first, last) = (first_id(window.start), last_id(window.end));
    let limit = match window.order {
        Order::NewestFirst(Some(before)) => match before.to_w3c().checked_sub(1) {
            Some(limit) => limit,
            None => return Ok(()),
        },
        Order::OldestFirst | Order::NewestFirst(None) => u128::MAX,
    };
    let mut others = strangers(connection, window, [first, last, limit])?;
    let newest_first = window.order != Order::OldestFirst;
    if newest_first {
        others.reverse();
    }
    let precedes = |id: u128| if newest_first { id > last } else { id < first };
    let (before, after) = others.split_at(others.partition_point(|&id| precedes(id)));
    let one = window.statement("trace_id >= ?1 AND trace_id <= ?2");
    let mut one = connection.prepare_cached(&one)?;
    for &id in before {
        if each_trace(&mut one, params_of(id, id), None, newest_first, &mut visit)?.is_break() {
            return Ok(());
        }
    }
    let within = params_of(first, last.min(limit));
    if each_trace(
        &mut one,
        within,
        window.active().as_ref(),
        newest_first,
        &mut visit,
    )?
    .is_break()
    {
        return Ok(());
    }
    for &id in after {
        if each_trace(&mut one, params_of(id, id), None, newest_first, &mut visit)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// What is read of each document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    WithFacts,
    WithoutFacts,
}

/// Hands on every trace of these that is known.
pub(super) fn scan_ids(
    connection: &Connection,
    ids: &[TraceId],
    columns: Columns,
    mut visit: impl FnMut(&DetailedTrace<'_>),
) -> Result<(), rusqlite::Error> {
    let ids = ids.iter().map(|id| format!("{:032x}", id.to_w3c()));
    let ids = serde_json::Value::from_iter(ids).to_string();
    let facts = match columns {
        Columns::WithFacts => "facts",
        Columns::WithoutFacts => "x''",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT trace_id, received, outline, {facts}, start_us, end_us FROM documents
         WHERE trace_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY trace_id, id",
    ))?;
    let mut visit = |trace: &DetailedTrace<'_>, _| {
        visit(trace);
        ControlFlow::Continue(())
    };
    let _ = each_trace(&mut statement, [&ids], None, false, &mut visit)?;
    Ok(())
}

impl Window {
    fn statement(&self, which: &str) -> String {
        let facts = if self.with_facts { "facts" } else { "x''" };
        let order = match self.order {
            Order::OldestFirst => "ASC",
            Order::NewestFirst(_) => "DESC",
        };
        format!(
            "SELECT trace_id, received, outline, {facts}, start_us, end_us FROM documents
             WHERE {which} ORDER BY trace_id {order}, id {order}"
        )
    }

    /// What the times of a document have to be, where they have to be anything.
    fn active(&self) -> Option<Active> {
        let (start_us, end_us) = (micros(self.start), micros(self.end));
        match self.range {
            TimeRange::TraceId => None,
            TimeRange::Event => Some(Active {
                ends: start_us..=i64::MAX,
                starts: i64::MIN..=end_us,
            }),
            TimeRange::Service => Some(Active {
                ends: start_us..=end_us,
                starts: i64::MIN..=i64::MAX,
            }),
        }
    }
}

/// The times that a document of the trace has to have.
struct Active {
    ends: RangeInclusive<i64>,
    starts: RangeInclusive<i64>,
}

/// The traces of a window, up to `limit`, whose ids are of another time, in their order.
fn strangers(
    connection: &Connection,
    window: &Window,
    [first, last, limit]: [u128; 3],
) -> Result<Vec<u128>, rusqlite::Error> {
    let Some(active) = window.active() else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT trace_id FROM documents
         WHERE end_us BETWEEN ?1 AND ?2 AND start_us BETWEEN ?3 AND ?4
         AND (trace_id < ?5 OR trace_id > ?6) AND trace_id <= ?7",
    )?;
    let columns = params![
        active.ends.start(),
        active.ends.end(),
        active.starts.start(),
        active.starts.end(),
        first.to_be_bytes(),
        last.to_be_bytes(),
        limit.to_be_bytes(),
    ];
    let ids = statement.query_map(columns, |row| Ok(u128::from_be_bytes(row.get(0)?)))?;
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    Ok(ids)
}

fn params_of(first: u128, last: u128) -> [[u8; 16]; 2] {
    [first.to_be_bytes(), last.to_be_bytes()]
}

/// Puts the rows of each trace together: its id, how often a document was received, outline, facts
/// and times. The rows of a trace stand together.
fn each_trace(
    statement: &mut Statement<'_>,
    columns: impl Params,
    active: Option<&Active>,
    is_reversed: bool,
    visit: &mut impl FnMut(&DetailedTrace<'_>, u64) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, rusqlite::Error> {
    let mut rows = statement.query(columns)?;
    let mut trace = Gathered {
        is_reversed,
        ..Gathered::default()
    };
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_blob()?;
        if trace.id != id {
            if trace.visited(visit).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            trace.clear(row.get(0)?);
        }
        trace.add(row, active)?;
    }
    Ok(trace.visited(visit))
}

/// What the rows of one trace hold.
#[derive(Default)]
struct Gathered {
    id: [u8; 16],
    /// Whether one of its documents has the times asked for.
    is_active: bool,
    received: u64,
    outlines: Vec<u8>,
    facts: Vec<u8>,
    /// Where the outlines and facts of each document begin.
    documents: Vec<(usize, usize)>,
    /// Whether the last document comes first.
    is_reversed: bool,
}

impl Gathered {
    fn clear(&mut self, id: [u8; 16]) {
        self.id = id;
        self.is_active = false;
        self.received = 0;
        self.outlines.clear();
        self.facts.clear();
        self.documents.clear();
    }

    fn add(&mut self, row: &Row<'_>, active: Option<&Active>) -> Result<(), rusqlite::Error> {
        self.received += row.get::<_, i64>(1)?.unsigned_abs();
        self.documents.push((self.outlines.len(), self.facts.len()));
        self.outlines.extend_from_slice(row.get_ref(2)?.as_blob()?);
        self.facts.extend_from_slice(row.get_ref(3)?.as_blob()?);
        self.is_active |= match active {
            Some(active) => {
                active.starts.contains(&row.get(4)?) && active.ends.contains(&row.get(5)?)
            }
            None => true,
        };
        Ok(())
    }

    fn visited(
        &self,
        visit: &mut impl FnMut(&DetailedTrace<'_>, u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.is_active {
            return ControlFlow::Continue(());
        }
        let id = TraceId::from_w3c(u128::from_be_bytes(self.id));
        // A trace is the same whichever way it is read: the order of documents decides between
        // copies of a subsegment.
        if self.is_reversed && self.documents.len() > 1 {
            let (outlines, facts) = self.reversed();
            return visit(&DetailedTrace::decode(id, &outlines, &facts), self.received);
        }
        let trace = DetailedTrace::decode(id, &self.outlines, &self.facts);
        visit(&trace, self.received)
    }

    /// Outlines and facts with the first document first.
    fn reversed(&self) -> (Vec<u8>, Vec<u8>) {
        let mut outlines = Vec::with_capacity(self.outlines.len());
        let mut facts = Vec::with_capacity(self.facts.len());
        let (mut outlines_end, mut facts_end) = (self.outlines.len(), self.facts.len());
        for &(outlines_start, facts_start) in self.documents.iter().rev() {
            outlines.extend_from_slice(&self.outlines[outlines_start..outlines_end]);
            facts.extend_from_slice(&self.facts[facts_start..facts_end]);
            (outlines_end, facts_end) = (outlines_start, facts_start);
        }
        (outlines, facts)
    }
}

fn epoch_secs(time: Timestamp) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

pub(super) fn first_id(start: Timestamp) -> u128 {
    TraceId::from_parts(epoch_secs(start), 0).to_w3c()
}

pub(super) fn last_id(end: Timestamp) -> u128 {
    TraceId::from_parts(epoch_secs(end), u128::MAX).to_w3c()
}
