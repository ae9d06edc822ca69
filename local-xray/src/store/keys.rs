//! What documents are found by beside their ids: the run that a segment names, and the traces that a document
//! links to.

use std::collections::BTreeSet;

use rusqlite::{Connection, ToSql, params};
use tracing_xray::TraceId;

use super::runs::{self, job};
use crate::facts::{self, Facts};
use crate::outline::{self, Outline};

/// The tables of the keys.
pub(super) const TABLES: &str = include_str!("keys.sql");

/// The keys of a document.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Keys {
    /// The run that it names, and whether it is of a job of it. A subsegment has none.
    run: Option<(String, bool)>,
    /// The traces that it links to, but for its own.
    links: BTreeSet<TraceId>,
}

impl Keys {
    /// Those of a document by its entities, the first of which is its own.
    pub(super) fn of<'e, 'a: 'e>(
        trace_id: TraceId,
        outlines: impl Iterator<Item = &'e Outline<'a>>,
        first: Option<&Facts<'_>>,
    ) -> Self {
        let mut outlines = outlines.peekable();
        let is_segment = outlines.peek().is_some_and(|outline| outline.is_segment());
        let run = first.filter(|_| is_segment).and_then(|facts| {
            let run_id = runs::text(facts, "run_id")?;
            Some((run_id.to_owned(), job(facts).is_some()))
        });
        let links = outlines.flat_map(|outline| &outline.links);
        let links = links.map(|link| link.trace_id);
        Self {
            run,
            links: links.filter(|linked| *linked != trace_id).collect(),
        }
    }

    /// Those of a document as it is stored.
    pub(super) fn read(trace_id: [u8; 16], outline: &[u8], facts: &[u8]) -> Self {
        let trace_id = TraceId::from_w3c(u128::from_be_bytes(trace_id));
        let mut outlines = Vec::new();
        outline::decode(outline, &mut outlines);
        let first = facts::decode_first(facts);
        Self::of(trace_id, outlines.iter(), first.as_ref())
    }

    /// Notes a document under its keys.
    pub(super) fn insert(
        &self,
        connection: &Connection,
        trace_id: [u8; 16],
        id: i64,
    ) -> Result<(), rusqlite::Error> {
        self.each(
            connection,
            (trace_id, id),
            "INSERT OR IGNORE INTO run_segments VALUES (?1, ?2, ?3, ?4)",
            "INSERT OR IGNORE INTO links VALUES (?1, ?2, ?3)",
        )
    }

    /// Forgets a document that is removed or says something else.
    pub(super) fn remove(
        &self,
        connection: &Connection,
        trace_id: [u8; 16],
        id: i64,
    ) -> Result<(), rusqlite::Error> {
        self.each(
            connection,
            (trace_id, id),
            "DELETE FROM run_segments WHERE run_id = ?1 AND is_job = ?2 AND trace_id = ?3 AND id = ?4",
            "DELETE FROM links WHERE linked_trace_id = ?1 AND trace_id = ?2 AND id = ?3",
        )
    }

    fn each(
        &self,
        connection: &Connection,
        (trace_id, id): ([u8; 16], i64),
        of_run: &str,
        of_link: &str,
    ) -> Result<(), rusqlite::Error> {
        let execute = |statement: &str, columns: &[&dyn ToSql]| {
            connection.prepare_cached(statement)?.execute(columns)
        };
        if let Some((run_id, is_job)) = &self.run {
            execute(of_run, params![run_id, is_job, trace_id, id])?;
        }
        for linked in &self.links {
            execute(
                of_link,
                params![linked.to_w3c().to_be_bytes(), trace_id, id],
            )?;
        }
        Ok(())
    }
}
