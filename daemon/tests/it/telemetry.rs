//! What the daemon tells of itself: records with right counts, the last one after the last upload.

use std::time::Duration;

use axum::response::IntoResponse;
use serde_json::{Value, json};
use xray_daemon::{Config, RetryPolicy, TelemetryOptions};

use crate::running::{Running, client, config};
use crate::stub::{Call, Stub, failing, taken};

fn telling(interval: Duration) -> Config {
    Config {
        telemetry: Some(TelemetryOptions {
            resource_arn: Some("arn:aws:ec2:r:1:instance/i-1".to_owned()),
            hostname: Some("host".to_owned()),
            interval,
            ..TelemetryOptions::default()
        }),
        ..config()
    }
}

fn is_telemetry(call: &Call) -> bool {
    call.path == "/TelemetryRecords"
}

fn records(xray: &Stub) -> Vec<Value> {
    let calls = xray.calls();
    let of_telemetry = calls.iter().filter(|call| is_telemetry(call));
    let records = of_telemetry.flat_map(|call| {
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        body["TelemetryRecords"].as_array().unwrap().clone()
    });
    records.collect()
}

fn sum(records: &[Value], name: &str) -> u64 {
    let counts = records.iter().map(|record| record[name].as_u64().unwrap());
    counts.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_tells_of_the_last_upload() {
    let xray = Stub::start().await;
    let daemon = Running::start(telling(Duration::from_secs(3600)), client(&xray.url()));
    (0..120).for_each(|_| daemon.send("{}"));
    daemon.send_raw(b"no segment");
    daemon.stop().await;
    let last = xray.calls().pop().unwrap();
    assert!(is_telemetry(&last));
    let mut body: Value = serde_json::from_slice(&last.body).unwrap();
    let timestamp = body["TelemetryRecords"][0]["Timestamp"].take();
    assert!(timestamp.as_f64().unwrap() > 1.7e9);
    let expected = json!({
        "ResourceARN": "arn:aws:ec2:r:1:instance/i-1",
        "Hostname": "host",
        "TelemetryRecords": [{
            "Timestamp": null,
            "SegmentsReceivedCount": 121,
            "SegmentsSentCount": 120,
            "SegmentsSpilloverCount": 0,
            "SegmentsRejectedCount": 1,
            "BackendConnectionErrors": {
                "TimeoutCount": 0, "ConnectionRefusedCount": 0, "HTTPCode4XXCount": 0,
                "HTTPCode5XXCount": 0, "UnknownHostCount": 0, "OtherCount": 0,
            },
        }],
    });
    assert_eq!(body, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_tell_what_happened_since_the_last_one() {
    let xray = Stub::start().await;
    let daemon = Running::start(telling(Duration::from_millis(5)), client(&xray.url()));
    for n in 1..=3 {
        daemon.send("{}");
        daemon.wait_for(|counts| counts.sent == n).await;
        let before = xray.calls().len();
        xray.wait_for_calls(before + 2).await;
    }
    daemon.stop().await;
    let records = records(&xray);
    assert!(records.len() > 3);
    assert_eq!(sum(&records, "SegmentsReceivedCount"), 3);
    assert_eq!(sum(&records, "SegmentsSentCount"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_by_their_reason() {
    for (status, name) in [(400, "HTTPCode4XXCount"), (503, "HTTPCode5XXCount")] {
        let xray = Stub::answering(move |_, call| match is_telemetry(call) {
            true => "{}".into_response(),
            false => failing(status),
        })
        .await;
        let daemon = Running::start(telling(Duration::from_secs(3600)), client(&xray.url()));
        daemon.send("{}");
        let counts = daemon.wait_for(|counts| counts.upload_failed == 1).await;
        daemon.stop().await;
        let errors = &records(&xray)[0]["BackendConnectionErrors"];
        assert_eq!(errors[name], counts.upload_retries + 1, "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_and_no_answer_are_told_apart() {
    use tokio::net::TcpListener;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config {
        request_timeout: Duration::from_millis(50),
        retry: RetryPolicy {
            attempts_max: u32::MAX,
            backoff_base: Duration::from_millis(1),
            backoff_max: Duration::from_millis(1),
        },
        ..telling(Duration::from_secs(3600))
    };
    let daemon = Running::start(config, client(&format!("http://{address}")));
    daemon.send("{}");
    daemon.wait_for(|counts| counts.upload_retries == 1).await;
    drop(listener);
    daemon.wait_for(|counts| counts.upload_retries >= 4).await;
    let listener = TcpListener::bind(address).await.unwrap();
    let xray = Stub::on(listener, |_, _| std::future::ready(taken()));
    daemon.wait_for(|counts| counts.sent == 1).await;
    daemon.stop().await;
    let errors = &records(&xray)[0]["BackendConnectionErrors"];
    assert!(errors["TimeoutCount"].as_u64().unwrap() >= 1, "{errors}");
    assert!(
        errors["ConnectionRefusedCount"].as_u64().unwrap() >= 1,
        "{errors}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_wait_while_x_ray_is_away_and_the_oldest_go() {
    // A hundred records' time without X-Ray; thirty wait, ten go in a request.
    let xray = Stub::answering(|n, call| match is_telemetry(call) && n < 100 {
        true => failing(503),
        false => taken(),
    })
    .await;
    let daemon = Running::start(telling(Duration::from_millis(1)), client(&xray.url()));
    daemon.send("{}");
    xray.wait_for_calls(104).await;
    daemon.stop().await;
    let calls = xray.calls();
    let sizes: Vec<_> = calls[100..103]
        .iter()
        .map(|call| {
            let body: Value = serde_json::from_slice(&call.body).unwrap();
            body["TelemetryRecords"].as_array().unwrap().len()
        })
        .collect();
    assert_eq!(sizes, [10, 10, 10]);
}
