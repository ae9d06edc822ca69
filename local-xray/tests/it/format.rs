//! Files of older formats.

use local_xray::{STORE_FILE, Store};
use rusqlite::Connection;
use serde_json::{Value, json};
use tracing_xray::{Timestamp, TraceId};

use crate::local::{entity, trace_id};

/// A file of format 1 with these documents, as the first version wrote it.
fn first_format(dir: &std::path::Path, documents: &[Value]) {
    let connection = Connection::open(dir.join(STORE_FILE)).unwrap();
    connection
        .execute_batch(include_str!("../schema_1.sql"))
        .unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    for (body, document) in documents.iter().enumerate() {
        let id: TraceId = document["trace_id"].as_str().unwrap().parse().unwrap();
        let segment = u64::from_str_radix(document["id"].as_str().unwrap(), 16).unwrap();
        let end = document["end_time"]
            .as_f64()
            .map_or(i64::MAX, |end| (end * 1e6) as i64);
        connection
            .execute(
                "INSERT INTO documents (trace_id, id, start_us, end_us, received, body, outline)
                 VALUES (?1, ?2, ?3, ?4, 2, ?5, x'00')",
                rusqlite::params![
                    id.to_w3c().to_be_bytes(),
                    segment.cast_signed(),
                    (document["start_time"].as_f64().unwrap() * 1e6) as i64,
                    end,
                    body as i64 + 1,
                ],
            )
            .unwrap();
        connection
            .execute(
                "INSERT INTO bodies VALUES (?1, ?2)",
                (body as i64 + 1, document.to_string()),
            )
            .unwrap();
    }
}

fn documents() -> Vec<Value> {
    let call = entity(
        "00000000000000a2",
        1.2,
        1.4,
        json!({ "name": "s3", "namespace": "aws", "aws": { "bucket_name": "logs" } }),
    );
    let mut running = json!({ "trace_id": trace_id(1), "in_progress": true });
    let segment = json!({ "trace_id": trace_id(0), "name": "jobs", "subsegments": [call],
        "annotations": { "job": "a" } });
    running = entity("00000000000000a1", 3.0, 0.0, running);
    running.as_object_mut().unwrap().remove("end_time");
    vec![entity("00000000000000a1", 1.0, 2.0, segment), running]
}

/// All that a reader sees of the store.
fn seen(store: &Store) -> Value {
    let ids = [trace_id(0), trace_id(1)].map(|id| id.parse().unwrap());
    let all = local_xray::SummaryQuery {
        start: Timestamp::default(),
        end: Timestamp::from_micros(u64::MAX / 2),
        limit: 9,
        ..local_xray::SummaryQuery::default()
    };
    json!({
        "traces": store.batch_get_traces(&ids).unwrap(),
        "graph": store.service_graph(all.start, all.end, None).unwrap(),
        "summaries": store.trace_summaries(&all).unwrap().summaries,
    })
}

#[test]
fn a_file_of_the_first_format_is_brought_up_to_date_with_all_it_holds() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    first_format(old.path(), &documents());
    let fresh = Store::open(new.path()).unwrap();
    let texts: Vec<_> = documents().iter().map(Value::to_string).collect();
    for _ in 0..2 {
        fresh
            .put_trace_segments(&texts, Timestamp::default())
            .unwrap();
    }
    let migrated = Store::open(old.path()).unwrap();
    assert_eq!(seen(&migrated), seen(&fresh));
    assert_eq!(seen(&migrated)["summaries"].as_array().unwrap().len(), 2);
    // It takes documents, and it is migrated once.
    migrated
        .put_trace_segments(&texts, Timestamp::default())
        .unwrap();
    drop(migrated);
    assert_eq!(
        seen(&Store::open(old.path()).unwrap())["summaries"][0]["Revision"],
        3
    );
    let connection = Connection::open(old.path().join(STORE_FILE)).unwrap();
    let vacuum: i64 = connection
        .pragma_query_value(None, "auto_vacuum", |row| row.get(0))
        .unwrap();
    assert_eq!(vacuum, 2, "space can be given back");
}

#[test]
fn what_this_version_refuses_becomes_a_reject() {
    let dir = tempfile::tempdir().unwrap();
    let mut late = entity(
        "00000000000000a1",
        1.0,
        2.0,
        json!({ "trace_id": trace_id(3) }),
    );
    late["start_time"] = json!(1_763_790_000_000.0);
    late["end_time"] = json!(1_763_790_001_000.0);
    first_format(dir.path(), &[late.clone()]);
    let store = Store::open(dir.path()).unwrap();
    let rejects = store.rejects(9).unwrap();
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].error_code, "MissingStartTime");
    assert_eq!(rejects[0].document, late.to_string());
}

#[test]
fn many_may_bring_a_file_up_to_date_at_once() {
    let dir = tempfile::tempdir().unwrap();
    first_format(dir.path(), &documents());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = Store::open(dir.path()).unwrap();
                assert_eq!(seen(&store)["traces"].as_array().unwrap().len(), 2);
            });
        }
    });
}

#[test]
fn a_file_of_the_second_format_knows_its_runs_and_links() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let annotations = json!({ "run_id": "r", "job": "a", "outcome": "changed" });
    let links = json!([{ "trace_id": trace_id(1), "id": "00000000000000b1" }]);
    let job = json!({ "trace_id": trace_id(0), "annotations": annotations });
    let linking = json!({ "trace_id": trace_id(0), "links": links });
    let documents = [
        entity("00000000000000a9", 1.0, 2.0, job).to_string(),
        entity("00000000000000aa", 1.0, 2.0, linking).to_string(),
        documents()[0].to_string(),
    ];
    store
        .put_trace_segments(&documents, Timestamp::default())
        .unwrap();
    drop(store);
    let connection = Connection::open(dir.path().join(STORE_FILE)).unwrap();
    connection
        .execute_batch("DROP TABLE run_segments; DROP TABLE links; PRAGMA user_version = 2")
        .unwrap();
    let store = Store::open(dir.path()).unwrap();
    let run = local_xray::runs::find(&store, "r").unwrap().unwrap();
    assert_eq!(run.words(), "done");
    let linked = "SELECT hex(linked_trace_id) FROM links";
    let linked: String = connection.query_row(linked, [], |row| row.get(0)).unwrap();
    assert_eq!(linked.to_lowercase(), trace_id(1)[2..].replace('-', ""));
}
