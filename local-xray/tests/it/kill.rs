//! A store whose writer is killed: what was acknowledged is there, and the file is sound.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use local_xray::Store;
use serde_json::json;
use tracing_xray::Timestamp;

use crate::local::{entity, trace_id};

/// Names the store's directory to the child.
const DIR: &str = "LOCAL_XRAY_TEST_KILL_DIR";

const BATCH: usize = 20;
const ACKNOWLEDGED_MIN: usize = 60;

/// Not a test of its own: the child that writes until it is killed, and tells each batch that was
/// acknowledged.
#[test]
#[ignore = "the child of a_killed_writer_loses_nothing_it_acknowledged"]
fn write_until_killed() {
    use std::io::Write;
    let dir = std::env::var_os(DIR).expect("run by its parent");
    let store = Store::open(dir.as_ref()).unwrap();
    let mut out = std::io::stdout();
    for batch in 0.. {
        let documents: Vec<_> = (batch * BATCH..(batch + 1) * BATCH).map(document).collect();
        assert!(
            store
                .put_trace_segments(&documents, Timestamp::default())
                .unwrap()
                .is_empty()
        );
        writeln!(out, "\nacknowledged {batch}").unwrap();
        out.flush().unwrap();
    }
}

fn document(number: usize) -> String {
    let metadata = json!({ "filler": "x".repeat(800) });
    let more = json!({ "trace_id": trace_id(number), "metadata": metadata });
    entity("00000000000000a0", 1.0, 2.0, more).to_string()
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::write_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut killed = false;
    let mut acknowledged = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(batch) = line.strip_prefix("acknowledged ") else {
            continue;
        };
        // What the child wrote before the kill took effect is acknowledged too.
        acknowledged = batch.parse::<usize>().unwrap() + 1;
        if acknowledged >= ACKNOWLEDGED_MIN && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(
        killed,
        "the child ended by itself after {acknowledged} batches"
    );

    let store = Store::open(dir.path()).unwrap();
    let ids: Vec<_> = (0..acknowledged * BATCH)
        .map(|n| trace_id(n).parse().unwrap())
        .collect();
    assert_eq!(store.batch_get_traces(&ids).unwrap().len(), ids.len());
    let connection = rusqlite::Connection::open(dir.path().join("xray.sqlite")).unwrap();
    let check = connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(check.unwrap(), "ok");
    let lone = "SELECT count(*) FROM documents FULL JOIN bodies USING (body)
        WHERE documents.trace_id IS NULL OR document IS NULL";
    let lone = connection.query_row(lone, [], |row| row.get::<_, i64>(0));
    assert_eq!(lone.unwrap(), 0, "every document has its body");
}

#[test]
fn many_may_open_a_new_store_at_once_and_write() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let dir = dir.path();
            scope.spawn(move || {
                let store = Store::open(dir).unwrap();
                for batch in 0..10 {
                    let number = writer * 1000 + batch;
                    store
                        .put_trace_segments(&[document(number)], Timestamp::default())
                        .unwrap();
                    let id = trace_id(number).parse().unwrap();
                    assert_eq!(store.batch_get_traces(&[id]).unwrap().len(), 1);
                }
            });
        }
    });
    let connection = rusqlite::Connection::open(dir.path().join("xray.sqlite")).unwrap();
    let count = "SELECT count(*) FROM segments WHERE name = 'service' AND seconds = 1.0";
    let count = connection.query_row(count, [], |row| row.get::<_, i64>(0));
    assert_eq!(count.unwrap(), 40);
}

#[test]
fn a_file_of_another_format_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let file = dir.path().join("xray.sqlite");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("format 99") && error.contains("xray.sqlite"),
        "{error}"
    );
    std::fs::write(
        &file,
        "this is no database, but it is longer than a header of one: ".repeat(9),
    )
    .unwrap();
    std::fs::remove_file(dir.path().join("xray.sqlite-wal")).ok();
    let error = Store::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("open trace store"), "{error}");
}
