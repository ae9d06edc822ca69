//! Which traces link to one. Links have no index: the segments that ended around the trace are looked
//! through, so many at most.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{Connection, params};
use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::write::{IN_PROGRESS, micros};
use super::{Store, StoreError};
use crate::facts::{self, AnnotationValue};
use crate::outline;

/// How long before a trace and after it segments are looked for.
const AROUND: Duration = Duration::from_hours(24);

/// How many segments that ended before its start are looked at, how many after, and how many in progress.
const LOOKED_AT_MAX: usize = 50_000;

/// The traces that link to one.
#[derive(Debug, PartialEq)]
pub(crate) struct LinkedFrom {
    /// Those that ended first after its start, of many only some.
    pub(crate) links: Vec<LinkFrom>,
    /// How many there are.
    pub(crate) number: usize,
    /// Whether all that ended around the trace was looked at.
    pub(crate) is_whole: bool,
}

/// A trace that links to another.
#[derive(Debug, PartialEq)]
pub(crate) struct LinkFrom {
    pub(crate) trace_id: TraceId,
    /// What in it has the link.
    pub(crate) id: SegmentId,
    /// The job that it is of, else the name of the segment.
    pub(crate) name: String,
}

impl Store {
    /// The traces that link to one which was active from when to when: the first `links_max` by name.
    pub(crate) fn linked_from(
        &self,
        id: TraceId,
        (start, end): (Timestamp, Timestamp),
        links_max: usize,
    ) -> Result<LinkedFrom, StoreError> {
        let start = micros(start);
        let first = start.saturating_sub(micros(Timestamp::default().after(AROUND)));
        let last = micros(end.after(AROUND));
        // The nearest first.
        let ranges = [
            (start, last, "ASC"),
            (IN_PROGRESS, IN_PROGRESS, "ASC"),
            (first, start.saturating_sub(1), "DESC"),
        ];
        let mut search = Search {
            sought: id,
            bytes: id.to_w3c().to_le_bytes(),
            links_max,
            met: HashSet::new(),
            links: Vec::new(),
        };
        let mut is_whole = true;
        self.read(|connection| {
            for (from, to, direction) in ranges {
                is_whole &= search.look(connection, (from, to), direction)?;
            }
            Ok(())
        })?;
        Ok(LinkedFrom {
            number: search.met.len(),
            links: search.links,
            is_whole,
        })
    }
}

/// What has been found so far.
struct Search {
    sought: TraceId,
    /// As an outline has it.
    bytes: [u8; 16],
    links_max: usize,
    met: HashSet<TraceId>,
    links: Vec<LinkFrom>,
}

impl Search {
    /// Looks through the documents that ended from when to when; tells whether that were all of them.
    fn look(
        &mut self,
        connection: &Connection,
        (from, to): (i64, i64),
        direction: &str,
    ) -> Result<bool, rusqlite::Error> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT trace_id, id, outline FROM documents INDEXED BY documents_by_time
             WHERE end_us BETWEEN ?1 AND ?2 ORDER BY end_us {direction}"
        ))?;
        let mut rows = statement.query(params![from, to])?;
        let mut number = 0;
        while let Some(row) = rows.next()? {
            if number == LOOKED_AT_MAX {
                return Ok(false);
            }
            number += 1;
            let bytes = row.get_ref(2)?.as_blob()?;
            let has_id = bytes.windows(self.bytes.len()).any(|at| at == self.bytes);
            if has_id && let Some(id) = self.linking(bytes) {
                let trace_id = TraceId::from_w3c(u128::from_be_bytes(row.get(0)?));
                let is_new = trace_id != self.sought && self.met.insert(trace_id);
                if is_new && self.links.len() < self.links_max {
                    self.links.push(LinkFrom {
                        trace_id,
                        id,
                        name: name_of(connection, trace_id, row.get(1)?)?,
                    });
                }
            }
        }
        Ok(true)
    }

    /// The entity of a document that has the link.
    fn linking(&self, bytes: &[u8]) -> Option<SegmentId> {
        let mut outlines = Vec::new();
        outline::decode(bytes, &mut outlines);
        let links_there = |outline: &outline::Outline<'_>| {
            let mut links = outline.links.iter();
            links.any(|link| link.trace_id == self.sought)
        };
        outlines.into_iter().find(links_there).map(|found| found.id)
    }
}

fn name_of(
    connection: &Connection,
    trace_id: TraceId,
    document: i64,
) -> Result<String, rusqlite::Error> {
    let mut statement =
        connection.prepare_cached("SELECT facts FROM documents WHERE trace_id = ?1 AND id = ?2")?;
    let key = params![trace_id.to_w3c().to_be_bytes(), document];
    let bytes: Vec<u8> = statement.query_row(key, |row| row.get(0))?;
    let Some(facts) = facts::decode_first(&bytes) else {
        return Ok(String::new());
    };
    let mut annotations = facts.annotations.iter();
    let job = annotations.find_map(|(key, value)| match value {
        AnnotationValue::Text(job) if key == "job" => Some(job),
        _ => None,
    });
    Ok(job.unwrap_or(&facts.name).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DAY: u64 = 24 * 3600;
    const START: u64 = 1_763_790_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn trace(number: u64) -> TraceId {
        // Not of the time at which it was.
        format!("1-00000001-{number:024x}").parse().unwrap()
    }

    #[test]
    fn who_links_to_a_trace_is_found_around_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let link = |to: u64| json!([{"trace_id": trace(to).to_string(), "id": "0000000000000001"}]);
        let segment = |number: u64, end: Option<u64>, more: serde_json::Value| {
            let mut document = json!({"trace_id": trace(number).to_string(), "id": format!("{number:016x}"),
                "name": format!("n{number}"), "start_time": START - 2 * DAY, "end_time": end, "in_progress": end.is_none()});
            document
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            document.to_string()
        };
        let nested = json!({"subsegments": [{"id": "00000000000000ff", "name": "n", "start_time": START,
            "end_time": START, "links": link(1)}]});
        let documents = [
            segment(1, Some(START + 9), json!({"links": link(1)})),
            segment(2, Some(START + 20), json!({"links": link(1)})),
            segment(
                3,
                Some(START + 10),
                json!({"links": link(1), "annotations": {"job": "logs"}}),
            ),
            segment(4, Some(START + 10), json!({"links": link(2)})),
            segment(5, Some(START - 10), json!({"links": link(1)})),
            segment(6, None, json!({"links": link(1)})),
            segment(7, Some(START + 30), nested),
            segment(8, Some(START + 10 + DAY), json!({"links": link(1)})),
            segment(9, Some(START - DAY - 1), json!({"links": link(1)})),
            // One trace more than once.
            segment(
                10,
                Some(START + 40),
                json!({"trace_id": trace(2).to_string(), "links": link(1)}),
            ),
        ];
        assert_eq!(store.put_trace_segments(&documents, at(START)).unwrap(), []);
        let window = (at(START), at(START + 9));
        let found = store.linked_from(trace(1), window, 20).unwrap();
        let told = found.links.iter();
        let told: Vec<_> = told
            .map(|link| (link.trace_id, link.id.to_bits(), &*link.name))
            .collect();
        assert_eq!(
            told,
            [
                (trace(3), 3, "logs"),
                (trace(2), 2, "n2"),
                (trace(7), 255, "n7"),
                (trace(6), 6, "n6"),
                (trace(5), 5, "n5"),
            ]
        );
        assert_eq!((found.number, found.is_whole), (5, true));
        let few = store.linked_from(trace(1), window, 2).unwrap();
        assert_eq!((few.links.len(), few.number), (2, 5));
    }
}
