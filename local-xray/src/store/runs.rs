//! Runs and their jobs among the traces: segments that say so in their annotations.
//!
//! The worker of xray-ecs annotates its segments like this, and whoever does the same is shown alike. All
//! but the first two may be absent.
//!
//! ```text
//! run_id    which run                 | on the segments of the run and of its jobs
//! job       the job's name            | on a segment for each time a job is run; its name is the service
//! job_type  such as create-bucket     | attempt      how often it was tried, a number
//! outcome   how it ended, in a word   | request_id   of this invocation
//! bucket    what it works on          | region       where that is
//! schedule  the rule that began the run
//! ```
//!
//! A segment with `run_id` and without `job` is the run itself. It may tell `outcome`, `schedule`,
//! `scheduled_time`, `event_id`, `shard` and `task_arn`; its metadata `totals` count the jobs by outcome. The
//! attempts of a job are subsegments named `attempt 1` and so on; its metadata `changes` are lines for people.

use std::collections::{HashMap, HashSet};

use rusqlite::{CachedStatement, Connection, Params, params};
use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::read::bodies;
use super::scan::{first_id, last_id};
use super::write::micros;
use super::{Store, StoreError};
use crate::assemble::Documents;
use crate::document::Entity;
use crate::facts::{self, AnnotationValue, Facts};
use crate::outline::{self, Outline};

/// A segment of a run or of one of its jobs.
#[derive(Debug)]
pub(crate) struct WorkSegment<'a> {
    pub(crate) trace_id: TraceId,
    pub(crate) outline: Outline<'a>,
    facts: Facts<'a>,
}

/// Which segments of a run are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OfRun {
    /// All of them, but for those that were active in a window.
    Outside((Timestamp, Timestamp)),
    /// All of them.
    All,
    /// Those of the run itself, one for each time that it was started.
    Own,
}

impl WorkSegment<'_> {
    fn read(
        row: &rusqlite::Row<'_>,
        visit: &mut impl FnMut(&WorkSegment<'_>),
    ) -> rusqlite::Result<()> {
        let Some(facts) = facts::decode_first(row.get_ref(2)?.as_blob()?) else {
            return Ok(());
        };
        if annotation(&facts, "run_id").is_none() {
            return Ok(());
        }
        let Some(outline) = outline::decode_first(row.get_ref(1)?.as_blob()?) else {
            return Ok(());
        };
        if outline.is_segment() {
            visit(&WorkSegment {
                trace_id: TraceId::from_w3c(u128::from_be_bytes(row.get(0)?)),
                outline,
                facts,
            });
        }
        Ok(())
    }

    /// The name of the segment, as it was sent.
    pub(crate) fn name(&self) -> &str {
        &self.facts.name
    }

    /// The run; an id that is no text is none.
    pub(crate) fn run_id(&self) -> Option<&str> {
        self.text("run_id")
    }

    /// The job; the segment of a run has none.
    pub(crate) fn job(&self) -> Option<&str> {
        job(&self.facts)
    }

    /// An annotation that is text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        text(&self.facts, key)
    }

    /// An annotation that is a count.
    pub(crate) fn count(&self, key: &str) -> Option<u32> {
        match annotation(&self.facts, key)? {
            AnnotationValue::Number(number) => {
                let is_count =
                    number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number);
                is_count.then_some(*number as u32)
            }
            _ => None,
        }
    }
}

/// The job that a segment of a run is of.
pub(super) fn job<'f>(facts: &'f Facts<'_>) -> Option<&'f str> {
    text(facts, "run_id")?;
    text(facts, "job")
}

/// An annotation that is text.
pub(super) fn text<'f>(facts: &'f Facts<'_>, key: &str) -> Option<&'f str> {
    match annotation(facts, key)? {
        AnnotationValue::Text(text) => Some(text),
        _ => None,
    }
}

fn annotation<'f, 'a>(facts: &'f Facts<'a>, key: &str) -> Option<&'f AnnotationValue<'a>> {
    let mut annotations = facts.annotations.iter();
    annotations.find_map(|(known, value)| (known == key).then_some(value))
}

impl Store {
    /// Hands on every segment of runs and jobs that was active in a window, in no order. What is in
    /// progress is active from its start on.
    pub(crate) fn each_work_segment(
        &self,
        (start, end): (Timestamp, Timestamp),
        mut visit: impl FnMut(&WorkSegment<'_>),
    ) -> Result<(), StoreError> {
        let ids = (first_id(start).to_be_bytes(), last_id(end).to_be_bytes());
        let columns = params![micros(start), micros(end), ids.0, ids.1];
        // Most have an id of the window's time and stand one after the other. Only for the others
        // the index by time is asked.
        let within = "trace_id BETWEEN ?3 AND ?4 AND end_us >= ?1 AND start_us <= ?2";
        let others =
            "(trace_id, id) IN (SELECT trace_id, id FROM documents INDEXED BY documents_by_time
             WHERE end_us >= ?1 AND start_us <= ?2 AND (trace_id < ?3 OR trace_id > ?4))";
        self.read(|connection| {
            for which in [within, others] {
                each(&mut statement(connection, which)?, columns, &mut visit)?;
            }
            Ok(())
        })
    }

    /// Hands on segments of runs by the runs' ids, whenever they were active, in no order.
    pub(crate) fn each_segment_of_runs<'i>(
        &self,
        run_ids: impl IntoIterator<Item = &'i str>,
        which: OfRun,
        mut visit: impl FnMut(&WorkSegment<'_>),
    ) -> Result<(), StoreError> {
        // Both ends of a window that nothing lies in.
        let (jobs, (start, end)) = match which {
            OfRun::Outside((start, end)) => (1, (micros(start), micros(end))),
            OfRun::All => (1, (i64::MAX, i64::MIN)),
            OfRun::Own => (0, (i64::MAX, i64::MIN)),
        };
        // As written, it goes from the run to its segments, never over all documents.
        let query = "SELECT d.trace_id, d.outline, d.facts
             FROM run_segments AS r CROSS JOIN documents AS d USING (trace_id, id)
             WHERE r.run_id = ?1 AND r.is_job <= ?2 AND NOT (d.end_us >= ?3 AND d.start_us <= ?4)";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            for run_id in run_ids {
                let columns = params![run_id, jobs, start, end];
                each(&mut statement, columns, &mut visit)?;
            }
            Ok(())
        })
    }

    /// Hands on segments as JSON text, with all subsegments that arrived for them, in no order. Those that
    /// the store does not know are left out. A trace is read once however many are wanted of it: ask for all
    /// at once.
    pub(crate) fn each_segment(
        &self,
        wanted: impl IntoIterator<Item = (TraceId, SegmentId)>,
        mut visit: impl FnMut((TraceId, SegmentId), &str),
    ) -> Result<(), StoreError> {
        let mut by_trace: HashMap<TraceId, HashSet<SegmentId>> = HashMap::new();
        for (trace_id, id) in wanted {
            by_trace.entry(trace_id).or_default().insert(id);
        }
        for (trace_id, ids) in by_trace {
            let bodies = self.read(|connection| bodies(connection, trace_id))?;
            let parsed = bodies.iter().filter_map(|body| Entity::parse(body).ok());
            let parsed: Vec<_> = parsed.collect();
            let documents = Documents::new(trace_id, &parsed);
            for (id, document) in documents.segments() {
                if ids.contains(&id) {
                    visit((trace_id, id), &document);
                }
            }
        }
        Ok(())
    }
}

fn statement<'c>(
    connection: &'c Connection,
    which: &str,
) -> Result<CachedStatement<'c>, rusqlite::Error> {
    connection.prepare_cached(&format!(
        "SELECT trace_id, outline, facts FROM documents WHERE {which}"
    ))
}

fn each(
    statement: &mut CachedStatement<'_>,
    columns: impl Params,
    visit: &mut impl FnMut(&WorkSegment<'_>),
) -> Result<(), rusqlite::Error> {
    let mut rows = statement.query(columns)?;
    while let Some(row) = rows.next()? {
        WorkSegment::read(row, visit)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::store::Retention;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros((1_763_790_000 + seconds) * 1_000_000)
    }

    fn document(number: u64, seconds: (u64, Option<u64>), annotations: &Value) -> String {
        let end = seconds.1.map(|end| at(end).as_secs());
        json!({
            "id": format!("{number:016x}"), "trace_id": format!("1-{:08x}-{number:024x}", at(seconds.0).as_secs()),
            "name": "fleet", "start_time": at(seconds.0).as_secs(), "end_time": end, "in_progress": end.is_none(),
            "annotations": annotations,
            "subsegments": [{ "id": format!("{:016x}", number + 1000), "name": "attempt 1",
                "start_time": at(seconds.0).as_secs(), "in_progress": true, "annotations": { "run_id": "nested" } }],
        })
        .to_string()
    }

    #[test]
    fn segments_of_a_window_that_name_a_run_are_handed_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let job = |run: &str| json!({ "run_id": run, "job": "a", "attempt": 2 });
        let separate = json!({ "type": "subsegment", "id": "00000000000000ff", "parent_id": "0000000000000001",
            "trace_id": "1-692151b0-000000000000000000000001", "name": "n", "start_time": at(60).as_secs(),
            "in_progress": true, "annotations": { "run_id": "separate" } });
        let documents = [
            document(1, (60, Some(70)), &job("within")),
            document(2, (10, Some(55)), &job("ends within")),
            document(3, (10, None), &job("goes on")),
            document(4, (10, Some(49)), &job("before")),
            document(5, (101, None), &job("after")),
            document(6, (60, Some(70)), &json!({ "job": "of no run" })),
            document(7, (60, Some(70)), &json!({ "run_id": "run" })),
            separate.to_string(),
        ];
        assert_eq!(store.put_trace_segments(&documents, at(0)).unwrap(), []);
        let mut found = Vec::new();
        let visit = |segment: &WorkSegment<'_>| {
            let job = segment.job().map(str::to_owned);
            found.push((
                segment.run_id().unwrap().to_owned(),
                job,
                segment.count("attempt"),
            ));
        };
        store.each_work_segment((at(50), at(100)), visit).unwrap();
        found.sort();
        let job = |run: &str| (run.to_owned(), Some("a".to_owned()), Some(2));
        let run = ("run".to_owned(), None, None);
        assert_eq!(
            found,
            [job("ends within"), job("goes on"), run, job("within")]
        );
    }

    #[test]
    fn a_segment_is_read_with_subsegments_that_came_on_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let segment: Value = serde_json::from_str(&document(1, (0, Some(9)), &json!({}))).unwrap();
        let trace_id = segment["trace_id"].as_str().unwrap().to_owned();
        let separate = json!({ "type": "subsegment", "id": "00000000000000ff", "parent_id": "0000000000000001",
            "trace_id": trace_id, "name": "attempt 2", "start_time": at(1).as_secs(), "end_time": at(2).as_secs() });
        let documents = [segment.to_string(), separate.to_string()];
        store.put_trace_segments(&documents, at(0)).unwrap();
        let key = (
            trace_id.parse().unwrap(),
            "0000000000000001".parse().unwrap(),
        );
        let unknown = (
            trace_id.parse().unwrap(),
            "0000000000000009".parse().unwrap(),
        );
        let mut found = Vec::new();
        let visit = |key, document: &str| found.push((key, document.contains("attempt 2")));
        store.each_segment([key, unknown, key], visit).unwrap();
        assert_eq!(found, [(key, true)]);
    }

    #[test]
    fn what_is_removed_is_forgotten_under_its_run() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let job = json!({ "run_id": "r", "job": "a" });
        let run = json!({ "run_id": "r" });
        let documents = [
            document(1, (0, Some(9)), &job),
            document(2, (0, Some(9)), &run),
        ];
        store.put_trace_segments(&documents, at(0)).unwrap();
        let known = |which| {
            let mut known = 0;
            let visit = |_: &WorkSegment<'_>| known += 1;
            store.each_segment_of_runs(["r"], which, visit).unwrap();
            known
        };
        let window = |start, end| OfRun::Outside((at(start), at(end)));
        assert_eq!((known(OfRun::All), known(OfRun::Own)), (2, 1));
        assert_eq!((known(window(5, 9)), known(window(10, 20))), (0, 2));
        let retention = Retention {
            age: Duration::ZERO,
            ..Retention::default()
        };
        store.enforce(retention, at(1), || true).unwrap();
        let count = "SELECT count(*) FROM run_segments";
        let left: i64 = store
            .read(|connection| connection.query_row(count, [], |row| row.get(0)))
            .unwrap();
        assert_eq!((known(OfRun::All), left), (0, 0));
    }
}
