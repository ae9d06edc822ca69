//! Batches out: their limits, what is tried again, what is given up, and how each is counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use xray_daemon::{BatchLimits, Config, RetryPolicy};

use crate::client::with_late_credentials;
use crate::running::{Running, client, config};
use crate::stub::{Stub, failing, taken};

/// Batches leave when they are full, or on a stop.
fn only_full() -> Config {
    Config {
        batch: BatchLimits {
            idle: Duration::from_secs(3600),
            age_max: Duration::from_secs(3600),
            gather: Duration::from_secs(3600),
            ..BatchLimits::default()
        },
        ..config()
    }
}

fn segment(id: usize) -> String {
    format!("{{\"id\":\"{id:016x}\",\"name\":\"n\"}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_documents_make_a_batch() {
    let xray = Stub::start().await;
    let daemon = Running::start(only_full(), client(&xray.url()));
    (0..120).for_each(|n| daemon.send(&segment(n)));
    xray.wait_for_calls(2).await;
    daemon.wait_for(|counts| counts.pending() == 20).await;
    let counts = daemon.stop().await;
    let mut sizes: Vec<_> = xray.calls().iter().map(|c| c.documents().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 50, 50]);
    assert_eq!(counts.sent, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_to_its_bytes() {
    let xray = Stub::start().await;
    let daemon = Running::start(only_full(), client(&xray.url()));
    // Every byte doubles when it is escaped: the limit is that of the request, not of the text.
    let document = "\"".repeat(60_000);
    for _ in 0..20 {
        daemon.send(&document);
    }
    let counts = daemon.stop().await;
    assert_eq!(counts.sent, 20);
    for call in xray.calls() {
        assert!(call.body.len() <= (1 << 20) + 100, "{}", call.body.len());
        assert!(call.documents().len() <= 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_failures_and_a_success_deliver_once() {
    let xray = Stub::answering(|n, _| if n < 2 { failing(500) } else { taken() }).await;
    let daemon = Running::start(config(), client(&xray.url()));
    let documents: Vec<_> = (0..3).map(segment).collect();
    documents.iter().for_each(|document| daemon.send(document));
    daemon.wait_for(|counts| counts.sent == 3).await;
    let counts = daemon.stop().await;
    assert_eq!((counts.sent, counts.upload_failed), (3, 0));
    let calls = xray.calls();
    let mut kept: Vec<_> = calls.iter().skip(2).flat_map(|c| c.documents()).collect();
    kept.sort();
    assert_eq!(kept, documents);
    assert_eq!(counts.upload_retries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_tried_again_and_a_refusal_is_not() {
    for (status, code, tried) in [
        (429, "ThrottledException", 2),
        (400, "ThrottlingException", 2),
        (429, "", 2),
        (503, "", 2),
        (400, "InvalidRequestException", 1),
        (403, "AccessDeniedException", 1),
        (413, "", 1),
    ] {
        let xray = Stub::answering(move |n, _| {
            let status = StatusCode::from_u16(status).unwrap();
            let refused = (status, [("x-amzn-errortype", code)], "{}");
            if n == 0 {
                refused.into_response()
            } else {
                taken()
            }
        })
        .await;
        let daemon = Running::start(config(), client(&xray.url()));
        daemon.send(&segment(1));
        daemon
            .wait_for(|c| c.received == 1 && c.pending() == 0)
            .await;
        let counts = daemon.stop().await;
        assert_eq!(xray.calls().len(), tried, "{status} {code}");
        let expected = if tried == 1 { (0, 1) } else { (1, 0) };
        assert_eq!(
            (counts.sent, counts.upload_failed),
            expected,
            "{status} {code}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_have_an_end() {
    let xray = Stub::answering(|_, _| failing(500)).await;
    let daemon = Running::start(config(), client(&xray.url()));
    daemon.send(&segment(1));
    daemon.wait_for(|counts| counts.upload_failed == 1).await;
    daemon.stop().await;
    assert_eq!(xray.calls().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unprocessed_are_counted_and_the_throttled_among_them_sent_again() {
    let xray = Stub::answering(|n, _| {
        let refused =
            json!({ "Id": "0000000000000001", "ErrorCode": "MissingName", "Message": "m" });
        let nameless = json!({ "ErrorCode": "MissingId" });
        let throttled = json!({ "Id": "0000000000000003", "ErrorCode": "ThrottledException" });
        let answer = match n {
            0 => json!({ "UnprocessedTraceSegments": [refused, nameless, throttled] }),
            _ => json!({ "UnprocessedTraceSegments": [] }),
        };
        answer.to_string().into_response()
    })
    .await;
    let five = Config {
        batch: BatchLimits {
            documents_max: 5,
            ..only_full().batch
        },
        ..config()
    };
    let daemon = Running::start(five, client(&xray.url()));
    (0..5).for_each(|n| daemon.send(&segment(n)));
    daemon
        .wait_for(|c| c.received == 5 && c.pending() == 0)
        .await;
    let counts = daemon.stop().await;
    assert_eq!((counts.sent, counts.unprocessed), (3, 2));
    let calls = xray.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].documents(), [segment(3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_comes_up_later_gets_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let patient = Config {
        retry: RetryPolicy {
            attempts_max: u32::MAX,
            backoff_base: Duration::from_millis(5),
            backoff_max: Duration::from_millis(5),
        },
        ..config()
    };
    let daemon = Running::start(patient, client(&format!("http://{address}")));
    (0..70).for_each(|n| daemon.send(&segment(n)));
    daemon.wait_for(|counts| counts.upload_retries >= 3).await;
    let listener = TcpListener::bind(address).await.unwrap();
    let xray = Stub::on(listener, |_, _| std::future::ready(taken()));
    daemon.wait_for(|counts| counts.sent == 70).await;
    let mut seen = xray.documents();
    seen.sort();
    assert_eq!(seen, (0..70).map(segment).collect::<Vec<_>>());
    assert_eq!(daemon.stop().await.lost(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_endpoint_fills_the_queue_and_the_oldest_go() {
    let gate = Arc::new(Semaphore::new(0));
    let answered = Arc::clone(&gate);
    let xray = Stub::answering_later(move |_, _| {
        let gate = Arc::clone(&answered);
        async move {
            gate.acquire().await.unwrap().forget();
            taken()
        }
    })
    .await;
    let narrow = Config {
        upload_concurrency: 1,
        queue_bytes_max: 20_000,
        ..only_full()
    };
    let daemon = Running::start(narrow, client(&xray.url()));
    (0..50).for_each(|n| daemon.send(&segment(n)));
    xray.wait_for_calls(1).await;
    (50..2000).for_each(|n| daemon.send(&segment(n)));
    let counts = daemon.wait_for(|counts| counts.received == 2000).await;
    assert!(counts.queue_dropped > 0);
    gate.add_permits(1000);
    let counts = daemon.stop().await;
    assert_eq!(counts.sent + counts.queue_dropped, 2000);
    let seen = xray.documents();
    assert_eq!(seen[..50], (0..50).map(segment).collect::<Vec<_>>());
    // What was kept are the newest, in order.
    let kept = seen.len() - 50;
    assert_eq!(
        seen[50..],
        (2000 - kept..2000).map(segment).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_uploads_run_at_a_time() {
    let gate = Arc::new(Semaphore::new(0));
    let answered = Arc::clone(&gate);
    let xray = Stub::answering_later(move |_, _| {
        let gate = Arc::clone(&answered);
        async move {
            gate.acquire().await.unwrap().forget();
            taken()
        }
    })
    .await;
    let daemon = Running::start(only_full(), client(&xray.url()));
    (0..600).for_each(|n| daemon.send(&segment(n)));
    xray.wait_for_calls(8).await;
    daemon.wait_for(|counts| counts.received == 600).await;
    assert_eq!(xray.calls().len(), 8);
    gate.add_permits(1000);
    let counts = daemon.stop().await;
    assert_eq!(counts.sent, 600);
    let mut times = HashMap::new();
    for document in xray.documents() {
        *times.entry(document).or_insert(0) += 1;
    }
    assert!(times.len() == 600 && times.values().all(|&times| times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_keeps_to_its_deadline() {
    let xray = Stub::answering_later(|_, _| std::future::pending()).await;
    let short = Config {
        drain_deadline: Duration::from_millis(100),
        ..config()
    };
    let daemon = Running::start(short, client(&xray.url()));
    daemon.send(&segment(1));
    xray.wait_for_calls(1).await;
    daemon.send(&segment(2));
    let start = Instant::now();
    let counts = daemon.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!((counts.received, counts.abandoned), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_a_failure() {
    let xray = Stub::answering_later(|n, _| async move {
        match n {
            0 => std::future::pending().await,
            _ => taken(),
        }
    })
    .await;
    let hasty = Config {
        request_timeout: Duration::from_millis(100),
        ..config()
    };
    let daemon = Running::start(hasty, client(&xray.url()));
    daemon.send(&segment(1));
    daemon.wait_for(|counts| counts.sent == 1).await;
    assert_eq!(daemon.stop().await.upload_retries, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_wait_for_credentials() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), with_late_credentials(&xray));
    daemon.send(&segment(1));
    daemon.wait_for(|counts| counts.sent == 1).await;
    assert_eq!(daemon.stop().await.upload_retries, 1);
    assert_eq!(xray.documents(), [segment(1)]);
}
