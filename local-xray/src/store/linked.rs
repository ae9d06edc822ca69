//! Which traces link to one.

use rusqlite::{Connection, OptionalExtension as _, params};
use tracing_xray::{SegmentId, TraceId};

use super::{Store, StoreError, runs};
use crate::{facts, outline};

/// The traces that link to one.
#[derive(Debug, PartialEq)]
pub(crate) struct LinkedFrom {
    /// The first by their ids, which begin with the times at which traces began.
    pub(crate) links: Vec<LinkFrom>,
    /// How many there are.
    pub(crate) number: usize,
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
    /// The traces that link to one, at most so many by name.
    pub(crate) fn linked_from(
        &self,
        linked: TraceId,
        links_max: usize,
    ) -> Result<LinkedFrom, StoreError> {
        let key = linked.to_w3c().to_be_bytes();
        let count = "SELECT count(DISTINCT trace_id) FROM links WHERE linked_trace_id = ?1";
        let first = "SELECT trace_id, min(id) FROM links WHERE linked_trace_id = ?1
             GROUP BY trace_id ORDER BY trace_id LIMIT ?2";
        self.read(|connection| {
            let number: i64 = connection
                .prepare_cached(count)?
                .query_row([key], |row| row.get(0))?;
            let mut links = Vec::new();
            let mut first = connection.prepare_cached(first)?;
            let mut rows =
                first.query(params![key, i64::try_from(links_max).unwrap_or(i64::MAX)])?;
            while let Some(row) = rows.next()? {
                links.extend(link(connection, linked, row.get(0)?, row.get(1)?)?);
            }
            Ok(LinkedFrom {
                links,
                number: usize::try_from(number).unwrap_or_default(),
            })
        })
    }
}

/// The link of a document to a trace.
fn link(
    connection: &Connection,
    linked: TraceId,
    trace_id: [u8; 16],
    document: i64,
) -> Result<Option<LinkFrom>, rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("SELECT outline, facts FROM documents WHERE trace_id = ?1 AND id = ?2")?;
    let read = |row: &rusqlite::Row<'_>| {
        let mut outlines = Vec::new();
        outline::decode(row.get_ref(0)?.as_blob()?, &mut outlines);
        let facts = facts::decode_first(row.get_ref(1)?.as_blob()?);
        let has_link = |outline: &&outline::Outline<'_>| {
            let mut links = outline.links.iter();
            links.any(|link| link.trace_id == linked)
        };
        let name = facts.map(|facts| runs::job(&facts).unwrap_or(&facts.name).to_owned());
        Ok(outlines.iter().find(has_link).map(|entity| LinkFrom {
            trace_id: TraceId::from_w3c(u128::from_be_bytes(trace_id)),
            id: entity.id,
            name: name.unwrap_or_default(),
        }))
    };
    let found = statement.query_row(params![trace_id, document], read);
    Ok(found.optional()?.flatten())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use tracing_xray::Timestamp;

    use super::*;
    use crate::store::Retention;

    const START: u64 = 1_763_790_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn trace(number: u64) -> TraceId {
        format!("1-69214cb0-{number:024x}").parse().unwrap()
    }

    fn links(to: u64) -> Value {
        json!([{"trace_id": trace(to).to_string(), "id": "0000000000000001"}])
    }

    /// A segment of a trace with members beside those that it must have.
    fn segment(number: u64, end: Option<u64>, more: &Value) -> String {
        let mut document = json!({"trace_id": trace(number).to_string(), "id": format!("{number:016x}"),
            "name": format!("n{number}"), "start_time": START, "end_time": end, "in_progress": end.is_none()});
        for (key, value) in more.as_object().unwrap() {
            document[key] = value.clone();
        }
        document.to_string()
    }

    fn told(store: &Store, linked: u64, links_max: usize) -> (Vec<(TraceId, u64, String)>, usize) {
        let found = store.linked_from(trace(linked), links_max).unwrap();
        let links = found.links.into_iter();
        let links = links.map(|link| (link.trace_id, link.id.to_bits(), link.name));
        (links.collect(), found.number)
    }

    #[test]
    fn who_links_to_a_trace_is_found_whenever_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let end = Some(START + 9);
        let nested = json!({"subsegments": [{"id": "00000000000000ff", "name": "n", "start_time": START,
            "end_time": START, "links": links(1)}]});
        let job = json!({"run_id": "r", "job": "logs"});
        let documents = [
            segment(1, end, &json!({"links": links(1)})),
            segment(2, end, &json!({"links": links(1)})),
            segment(3, end, &json!({"links": links(1), "annotations": job})),
            segment(4, end, &json!({"links": links(2)})),
            segment(5, Some(START + 900_000), &json!({"links": links(1)})),
            segment(6, None, &json!({"links": links(1)})),
            segment(7, end, &nested),
            // One trace more than once.
            segment(
                8,
                end,
                &json!({"trace_id": trace(2).to_string(), "links": links(1)}),
            ),
        ];
        assert_eq!(store.put_trace_segments(&documents, at(START)).unwrap(), []);
        let expected = [
            (2, 2, "n2"),
            (3, 3, "logs"),
            (5, 5, "n5"),
            (6, 6, "n6"),
            (7, 255, "n7"),
        ];
        let expected = expected.map(|(number, id, name)| (trace(number), id, name.to_owned()));
        assert_eq!(told(&store, 1, 20), (expected.to_vec(), 5));
        assert_eq!(told(&store, 1, 2), (expected[..2].to_vec(), 5));
        assert_eq!(told(&store, 4, 20), (vec![], 0));
    }

    #[test]
    fn a_document_is_found_by_what_it_says_now() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let of_run = |id: &str| json!({"links": links(1), "annotations": {"run_id": id}});
        let later = json!({"links": links(2), "annotations": {"run_id": "b", "job": "j"}});
        let documents = [
            segment(9, None, &of_run("a")),
            segment(9, Some(START + 9), &later),
            // What is complete is not replaced by what is in progress.
            segment(9, None, &of_run("a")),
        ];
        for document in documents {
            assert_eq!(
                store.put_trace_segments(&[document], at(START)).unwrap(),
                []
            );
        }
        assert_eq!(told(&store, 1, 20).1, 0);
        assert_eq!(told(&store, 2, 20).1, 1);
        let rows = |table: &str| -> i64 {
            let count = format!("SELECT count(*) FROM {table}");
            store
                .read(|connection| connection.query_row(&count, [], |row| row.get(0)))
                .unwrap()
        };
        assert_eq!((rows("links"), rows("run_segments")), (1, 1));
        let retention = Retention {
            age: Duration::ZERO,
            ..Retention::default()
        };
        store.enforce(retention, at(START + 99), || true).unwrap();
        assert_eq!((rows("links"), rows("run_segments")), (0, 0));
    }
}
