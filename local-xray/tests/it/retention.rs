//! What the store keeps, and gives back to the disk.

use std::time::Duration;

use local_xray::{Retention, Store};
use serde_json::json;
use tracing_xray::{Timestamp, TraceId};

use crate::local::{entity, trace_id};

const DAY: u64 = 24 * 3600;

fn day(number: u64) -> Timestamp {
    Timestamp::from_micros(number * DAY * 1_000_000)
}

/// A segment of trace `number` with about `bytes` of metadata.
fn document(number: usize, id: &str, bytes: usize) -> String {
    let metadata = json!({ "filler": "x".repeat(bytes) });
    let more = json!({ "trace_id": trace_id(number), "metadata": metadata });
    entity(id, 1.0, 2.0, more).to_string()
}

fn put(store: &Store, document: String, arrived: Timestamp) {
    let refused = store.put_trace_segments(&[document], arrived).unwrap();
    assert_eq!(refused, []);
}

/// The numbers of the traces that are there, and how many documents they have.
fn kept(store: &Store) -> Vec<(usize, usize)> {
    let count = |number: &usize| {
        let id: TraceId = trace_id(*number).parse().unwrap();
        let mut documents = 0;
        let exported = store.export::<local_xray::StoreError>(&[id], |_| {
            documents += 1;
            Ok(())
        });
        assert_eq!(exported.unwrap(), documents);
        (*number, documents as usize)
    };
    let all = (0..1200).collect::<Vec<_>>();
    all.iter()
        .map(count)
        .filter(|(_, documents)| *documents > 0)
        .collect()
}

const A: &str = "00000000000000a1";
const B: &str = "00000000000000a2";

#[test]
fn traces_go_when_nothing_arrived_for_long_enough() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, document(0, A, 10), day(10)); // goes
    put(&store, document(1, A, 10), day(10)); // has a later segment
    put(&store, document(2, A, 10), day(12)); // goes
    put(&store, document(3, A, 10), day(14));
    put(&store, document(1, B, 10), day(19));
    put(&store, document(4, A, 10), day(11)); // arrived late by its clock, goes
    let retention = Retention {
        age: Duration::from_secs(7 * DAY),
        ..Retention::default()
    };
    assert_eq!(store.enforce(retention, day(20), || false).unwrap(), 0);
    assert_eq!(store.enforce(retention, day(20), || true).unwrap(), 3);
    assert_eq!(kept(&store), [(1, 2), (3, 1)]);
    assert_eq!(store.enforce(retention, day(20), || true).unwrap(), 0);
    // What is sent again counts as new.
    put(&store, document(3, A, 10), day(30));
    assert_eq!(store.enforce(retention, day(31), || true).unwrap(), 2);
    assert_eq!(kept(&store), [(3, 1)]);
}

#[test]
fn the_first_traces_go_when_the_file_grows_too_large_and_the_disk_gets_its_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for first in (0..1200).step_by(100) {
        let documents: Vec<_> = (first..first + 100)
            .map(|number| document(number, A, 4000))
            .collect();
        store.put_trace_segments(&documents, day(1)).unwrap();
    }
    let before = store.bytes().unwrap();
    assert!(before > 4_800_000, "{before}");
    let retention = Retention {
        bytes: 2_000_000,
        ..Retention::default()
    };
    let removed = store.enforce(retention, day(1), || true).unwrap();
    let kept = kept(&store);
    assert_eq!(kept.len() as u64 + removed, 1200);
    assert_eq!(kept.last(), Some(&(1199, 1)), "the newest stay");
    let used = store.bytes().unwrap();
    assert!(
        (1_900_000..=2_000_000).contains(&used),
        "no more than needed went: {used}"
    );
    let log = dir.path().join(format!("{}-wal", local_xray::STORE_FILE));
    let log = log.metadata().unwrap().len();
    assert!(log < 1_000_000, "the log was emptied: {log}");
    drop(store);
    let file = dir.path().join(local_xray::STORE_FILE);
    let size = file.metadata().unwrap().len();
    assert!(size <= 2_100_000, "{size}");
}

#[test]
fn traces_go_though_the_first_of_the_file_were_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let documents: Vec<_> = (0..1200).map(|number| document(number, A, 10)).collect();
    store.put_trace_segments(&documents, day(1)).unwrap();
    store.put_trace_segments(&documents[..600], day(9)).unwrap();
    let retention = Retention {
        age: Duration::from_secs(DAY),
        ..Retention::default()
    };
    assert_eq!(store.enforce(retention, day(9), || true).unwrap(), 600);
    let expected: Vec<_> = (0..600).map(|number| (number, 1)).collect();
    assert_eq!(kept(&store), expected);
}

#[test]
fn a_trace_larger_than_a_step_goes_whole_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let large: Vec<_> = (0..1300)
        .map(|id| document(0, &format!("{:016x}", id + 1), 1000))
        .collect();
    store.put_trace_segments(&large, day(1)).unwrap();
    // They come between each other.
    put(&store, document(1, A, 1000), day(1));
    put(&store, document(0, "00000000000fffff", 1000), day(1));
    let retention = Retention {
        bytes: 500_000,
        ..Retention::default()
    };
    assert_eq!(store.enforce(retention, day(1), || true).unwrap(), 1301);
    assert_eq!(kept(&store), [(1, 1)]);
}

#[test]
fn what_others_left_behind_in_the_file_holds_nothing_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for number in 0..3 {
        put(&store, document(number, A, 1000), day(1));
    }
    let connection = rusqlite::Connection::open(dir.path().join(local_xray::STORE_FILE)).unwrap();
    connection.execute("DELETE FROM documents", []).unwrap();
    let nothing = Retention {
        bytes: 0,
        ..Retention::default()
    };
    assert_eq!(store.enforce(nothing, day(1), || true).unwrap(), 3);
}

#[test]
fn rejects_go_with_their_age_and_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let broken = format!("{{\"id\": \"{}\"", "x".repeat(60_000));
    for time in [day(1), day(9)] {
        store.put_trace_segments(&vec![&broken; 300], time).unwrap();
    }
    let rejects = store.rejects(usize::MAX).unwrap();
    assert!(
        (100..200).contains(&rejects.len()),
        "8 MB: {}",
        rejects.len()
    );
    store.put_trace_segments(&["{}"], day(10)).unwrap();
    let retention = Retention {
        age: Duration::from_secs(DAY / 2),
        ..Retention::default()
    };
    store.enforce(retention, day(10), || true).unwrap();
    assert_eq!(store.rejects(usize::MAX).unwrap().len(), 1);
}

#[test]
fn what_is_to_be_kept_is_kept_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let set = Retention {
        age: Duration::from_secs(77),
        bytes: 99_000_000,
    };
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.retention().unwrap(), Retention::default());
    store.set_retention(set).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().retention().unwrap(), set);
}

#[test]
fn a_server_removes_at_once_what_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, document(0, A, 10), day(10));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = local_xray::Options {
        retention: Some(Retention::default()),
        ..Default::default()
    };
    let server = local_xray::LocalXray::start(listener, store.clone(), options);
    let server = runtime.block_on(server).unwrap();
    while !kept(&store).is_empty() {
        std::thread::yield_now();
    }
    runtime.block_on(server.stop());
}

/// The last connection that closes carries the log over, and one that only reads cannot.
#[test]
fn a_store_that_was_read_is_one_file_once_it_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store, document(0, A, 10), day(1));
    assert_eq!(kept(&store), [(0, 1)]);
    drop(store);
    let files = std::fs::read_dir(dir.path()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, [local_xray::STORE_FILE]);
}
