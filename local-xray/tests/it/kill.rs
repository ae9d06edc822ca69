//! A server that is killed while it takes documents in: what was acknowledged is there, and the
//! file is sound.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local_xray::{LocalXray, Store};
use serde_json::json;
use tracing_xray::Timestamp;

use crate::local::{entity, trace_id};

/// Names the store's directory to the child.
const DIR: &str = "LOCAL_XRAY_TEST_KILL_DIR";

const BATCH: usize = 20;

/// How often the server is killed, over one file.
const KILLS: usize = 25;

/// Not a test of its own: the child that serves until it is killed.
#[test]
#[ignore = "the child of a_killed_server_loses_nothing_it_acknowledged"]
fn serve_until_killed() {
    let dir = std::env::var_os(DIR).expect("run by its parent");
    let store = Store::open(dir.as_ref()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = runtime
        .block_on(LocalXray::start(listener, store, Default::default()))
        .unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "\nserving {}", server.address().port()).unwrap();
    runtime.block_on(std::future::pending::<()>());
}

fn document(number: usize) -> String {
    let metadata = json!({ "filler": "x".repeat(800) });
    let more = json!({ "trace_id": trace_id(number), "metadata": metadata });
    entity("00000000000000a0", 1.0, 2.0, more).to_string()
}

fn serve(dir: &Path) -> (Child, TcpStream) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::serve_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let port = lines.find_map(|line| line.strip_prefix("serving ")?.parse::<u16>().ok());
    let stream = TcpStream::connect(("127.0.0.1", port.unwrap())).unwrap();
    (child, stream)
}

/// Sends a batch, and tells whether it was acknowledged.
fn put(stream: &mut TcpStream, batch: usize) -> bool {
    let documents: Vec<_> = (batch * BATCH..(batch + 1) * BATCH).map(document).collect();
    let body = json!({ "TraceSegmentDocuments": documents }).to_string();
    let length = body.len();
    let request = format!("POST /TraceSegments HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
    let mut answer = [0; 1024];
    let answered = stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read(&mut answer));
    answered.is_ok_and(|read| answer[..read].starts_with(b"HTTP/1.1 200"))
}

#[test]
fn a_killed_server_loses_nothing_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (mut batch, mut acknowledged) = (0, Vec::new());
    for kill in 0..KILLS {
        let (mut child, mut stream) = serve(dir.path());
        let first = batch;
        let sender = std::thread::spawn(move || {
            let sent = (first..).take_while(|&batch| put(&mut stream, batch));
            first + sent.count()
        });
        // At once, in the first batch, and ever later.
        let point = Duration::from_micros(70 * (kill * kill) as u64);
        let started = Instant::now();
        while started.elapsed() < point {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let reached = sender.join().unwrap();
        acknowledged.extend(first * BATCH..reached * BATCH);
        batch = reached + 1; // the one underway is there, or not
    }
    assert!(acknowledged.len() > BATCH, "{}", acknowledged.len());
    let store = Store::open(dir.path()).unwrap();
    let ids: Vec<_> = acknowledged
        .iter()
        .map(|&number| trace_id(number).parse().unwrap())
        .collect();
    assert_eq!(store.batch_get_traces(&ids).unwrap().len(), ids.len());
    let connection = rusqlite::Connection::open(dir.path().join("xray.sqlite")).unwrap();
    let check = connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(check.unwrap(), "ok");
    let lone = "SELECT count(*) FROM documents FULL JOIN bodies USING (body)
        WHERE documents.trace_id IS NULL OR document IS NULL";
    let lone = connection.query_row(lone, [], |row| row.get::<_, i64>(0));
    assert_eq!(lone.unwrap(), 0, "every document has its body");
    for batch in 0..batch {
        let ids = (batch * BATCH..(batch + 1) * BATCH).map(|n| trace_id(n).parse().unwrap());
        let there = store
            .batch_get_traces(&ids.collect::<Vec<_>>())
            .unwrap()
            .len();
        assert!(
            [0, BATCH].contains(&there),
            "{there} of batch {batch}: whole or not at all"
        );
    }
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
