//! Datagrams in: what is taken, refused, kept in a burst, and read on a stop.

use std::time::Instant;

use crate::running::{Running, client, config};
use crate::stub::Stub;

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_segment_leaves_soon_and_verbatim() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    let document =
        "{ \"name\":\"a\\u00e9\\\"\\\\\", \"k\": [1.0e3, \"\u{1f980}\"] }\n second line\t";
    let start = Instant::now();
    daemon.send(document);
    let documents = xray.wait_for_documents(1).await;
    eprintln!("a lone segment took {:?}", start.elapsed());
    assert_eq!(documents, [document]);
    let call = &xray.calls()[0];
    assert_eq!(call.path, "/TraceSegments");
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("authorization"), None);
    let counts = daemon.stop().await;
    assert_eq!((counts.received, counts.sent, counts.lost()), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_segment_is_refused_and_counted() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    daemon.send_raw(b"");
    for refused in [
        "no newline",
        "{\"format\":\"json\",\"version\":2}\n{}",
        "\n{}",
    ] {
        daemon.send_raw(refused.as_bytes());
    }
    daemon.send("");
    daemon.send_raw(b"{\"format\":\"json\",\"version\":1}\na\xff\xfeb");
    assert_eq!(xray.wait_for_documents(1).await, ["a\u{fffd}\u{fffd}b"]);
    let counts = daemon.stop().await;
    assert_eq!((counts.received, counts.rejected, counts.sent), (5, 4, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_datagram_is_taken_whole() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    let document = "x".repeat(65_507 - crate::running::HEADER.len());
    daemon.send(&document);
    assert!(xray.wait_for_documents(1).await == [document]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_reads_what_the_kernel_holds() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    let documents: Vec<_> = (0..500).map(|n| format!("{{\"n\":{n}}}")).collect();
    documents.iter().for_each(|document| daemon.send(document));
    let counts = daemon.stop().await;
    let mut seen = xray.documents();
    seen.sort_by_key(|document| (document.len(), document.clone()));
    assert_eq!(seen, documents);
    assert_eq!((counts.sent, counts.lost()), (500, 0));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_wakes_the_reader() {
    let start = Instant::now();
    for _ in 0..10 {
        Running::start(config(), client("http://127.0.0.1:1"))
            .stop()
            .await;
    }
    // Were it not woken, each stop would wait for the read timeout of half a second.
    assert!(start.elapsed().as_secs() < 4, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_counted_to_the_last() {
    // The kernel charges about 2,304 bytes for 1 KB and allows twice what it grants: 4 MiB hold
    // 3,000 datagrams even if the thread that reads them gets no turn. Of 5,000 some may go.
    for (burst, fits) in [(3000, true), (5000, false)] {
        let xray = Stub::start().await;
        let daemon = Running::start(config(), client(&xray.url()));
        let granted = daemon.receive_buffer_bytes;
        let document = format!("{{\"pad\":\"{}\"}}", "p".repeat(980));
        (0..burst).for_each(|_| daemon.send(&document));
        daemon
            .wait_for(|counts| counts.received + counts.kernel_dropped == burst)
            .await;
        let counts = daemon.stop().await;
        eprintln!("burst of {burst} into {granted} bytes: {counts:?}");
        assert_eq!(counts.sent + counts.kernel_dropped, burst);
        assert_eq!(xray.documents().len() as u64, counts.sent);
        if fits && granted >= 4 << 20 {
            assert_eq!(counts.lost(), 0);
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_kernel_drops_is_counted() {
    let xray = Stub::start().await;
    let small = xray_daemon::Config {
        receive_buffer_bytes: 1,
        ..config()
    };
    let daemon = Running::start(small, client(&xray.url()));
    let document = "d".repeat(60_000);
    let mut sent = 0;
    let start = Instant::now();
    while daemon.counts.read().kernel_dropped == 0 {
        assert!(start.elapsed() < crate::stub::PATIENCE);
        (0..50).for_each(|_| daemon.send(&document));
        sent += 50;
    }
    let counts = daemon.stop().await;
    assert!(counts.kernel_dropped > 0);
    assert_eq!(counts.received + counts.kernel_dropped, sent);
}
