//! The traces alike to one that ended just before it or just after it: those of the same service, or of the
//! same job.

use rusqlite::params;
use tracing_xray::{Timestamp, TraceId};

use super::write::{IN_PROGRESS, micros};
use super::{Store, StoreError, runs};
use crate::{facts, outline};

/// How many segments are looked at.
pub(crate) const LOOKED_AT_MAX: usize = 50_000;

/// What a trace is told by: its root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root<'a> {
    pub(crate) trace_id: TraceId,
    /// The name of the service.
    pub(crate) name: &'a str,
    /// Whether it names a caller, which is no part of the trace.
    pub(crate) is_called: bool,
    /// The job, where only its invocations are alike.
    pub(crate) job: Option<&'a str>,
    pub(crate) start: Timestamp,
    /// Absent while in progress.
    pub(crate) end: Option<Timestamp>,
}

/// Whether what ended before a trace is looked for, or what ended after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Earlier,
    Later,
}

impl Store {
    /// The nearest trace alike to one, in the order in which they ended; what is in progress comes last.
    /// None where there is none among the segments nearest to it.
    pub(crate) fn nearest_alike(
        &self,
        root: &Root<'_>,
        direction: Direction,
    ) -> Result<Option<TraceId>, StoreError> {
        let (than, order) = match direction {
            Direction::Earlier => ("<", "DESC"),
            Direction::Later => (">", "ASC"),
        };
        let query = format!(
            "SELECT trace_id, outline, facts FROM documents INDEXED BY documents_by_time
             WHERE (end_us, start_us, trace_id) {than} (?1, ?2, ?3)
             ORDER BY end_us {order}, start_us {order}, trace_id {order} LIMIT ?4"
        );
        let own = root.trace_id.to_w3c().to_be_bytes();
        let end = root.end.map_or(IN_PROGRESS, micros);
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let columns = params![end, micros(root.start), own, LOOKED_AT_MAX as i64];
            let mut rows = statement.query(columns)?;
            while let Some(row) = rows.next()? {
                let (outline, facts) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
                let id: [u8; 16] = row.get(0)?;
                if id != own && root.is_alike(outline, facts) {
                    return Ok(Some(TraceId::from_w3c(u128::from_be_bytes(id))));
                }
            }
            Ok(None)
        })
    }
}

impl Root<'_> {
    /// Whether a document begins with a segment like it.
    fn is_alike(&self, outline: &[u8], facts: &[u8]) -> bool {
        let Some(facts) = facts::decode_first(facts).filter(|facts| facts.name == self.name) else {
            return false;
        };
        self.job.is_none_or(|job| runs::job(&facts) == Some(job))
            && outline::decode_first(outline).is_some_and(|outline| {
                outline.is_segment() && outline.parent.is_some() == self.is_called
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const START: u64 = 1_763_790_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros((START + seconds) * 1_000_000)
    }

    fn trace(number: u64) -> TraceId {
        format!("1-692151b0-{number:024x}").parse().unwrap()
    }

    #[test]
    fn the_nearest_of_the_same_service_and_of_the_same_job_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let segment = |number: u64, name: &str, end: Option<u64>, job: &str| {
            json!({"trace_id": trace(number).to_string(), "id": format!("{number:016x}"), "name": name,
                "start_time": START, "end_time": end.map(|end| START + end), "in_progress": end.is_none(),
                "annotations": {"run_id": "r", "job": job}})
        };
        let mut called = segment(8, "fleet", Some(31), "a");
        called["parent_id"] = "00000000000000ff".into();
        let documents = [
            segment(1, "fleet", Some(10), "a"),
            segment(2, "fleet", Some(20), "b"),
            segment(3, "other", Some(25), "a"),
            segment(4, "fleet", Some(30), "a"),
            segment(5, "fleet", Some(40), "b"),
            segment(6, "fleet", Some(50), "a"),
            segment(7, "fleet", None, "a"),
            called,
        ];
        let documents = documents.map(|document| document.to_string());
        assert_eq!(store.put_trace_segments(&documents, at(0)).unwrap(), []);
        let nearest = |number: u64, end: Option<u64>, job: Option<&str>, direction: Direction| {
            let root = Root {
                trace_id: trace(number),
                name: "fleet",
                is_called: number == 8,
                job,
                start: at(0),
                end: end.map(at),
            };
            store.nearest_alike(&root, direction).unwrap()
        };
        for (number, end, job, before, after) in [
            (4, Some(30), None, Some(2), Some(5)),
            (4, Some(30), Some("a"), Some(1), Some(6)),
            (1, Some(10), None, None, Some(2)),
            (6, Some(50), None, Some(5), Some(7)),
            (7, None, Some("b"), Some(5), None),
            (8, Some(31), None, None, None),
        ] {
            let case = format!("{number} {job:?}");
            assert_eq!(
                nearest(number, end, job, Direction::Earlier),
                before.map(trace),
                "{case}"
            );
            assert_eq!(
                nearest(number, end, job, Direction::Later),
                after.map(trace),
                "{case}"
            );
        }
    }
}
