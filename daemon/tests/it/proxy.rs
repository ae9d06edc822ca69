//! The TCP side: calls signed and forwarded, refusals, the health page.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::running::{Running, client, config, signing_client};
use crate::stub::{PATIENCE, Stub};

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

async fn request(daemon: &Running, request: http::request::Builder, body: &[u8]) -> Answer {
    let stream = TcpStream::connect(daemon.tcp).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let body = Full::new(Bytes::copy_from_slice(body));
    let request = request.header("host", "daemon").body(body).unwrap();
    let answer = tokio::time::timeout(PATIENCE, sender.send_request(request));
    let answer = answer.await.unwrap().unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

fn post(path: &str) -> http::request::Builder {
    Request::post(path).header("content-type", "application/x-amz-json-1.1")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_signed_and_its_answer_comes_back() {
    let xray = Stub::answering(|_, _| {
        let headers = [
            ("content-type", "application/json"),
            ("x-amzn-requestid", "r-1"),
            ("x-other", "no"),
        ];
        (headers, "{\"SamplingRuleRecords\":[]}").into_response()
    })
    .await;
    let daemon = Running::start(config(), signing_client(&xray.url()));
    let answer = request(&daemon, post("/GetSamplingRules"), b"{\"a\":1}").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["x-amzn-requestid"], "r-1");
    assert!(!answer.headers.contains_key("x-other"));
    assert!(answer.body["SamplingRuleRecords"].is_array());

    let call = &xray.calls()[0];
    assert_eq!(call.path, "/GetSamplingRules");
    assert_eq!(&call.body[..], b"{\"a\":1}");
    assert_eq!(
        call.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    assert_eq!(call.header("host"), Some(xray.address.to_string().as_str()));
    assert!(
        call.header("authorization")
            .unwrap()
            .contains("/xray/aws4_request")
    );
    assert!(call.header("x-amz-date").is_some());
    assert_eq!(call.header("x-amz-security-token"), Some("token"));
    assert_eq!(daemon.stop().await.forwarded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_x_ray_is_handed_on() {
    let xray = Stub::answering(|_, _| {
        let code = [("x-amzn-errortype", "ThrottledException")];
        (
            StatusCode::TOO_MANY_REQUESTS,
            code,
            "{\"message\":\"slow\"}",
        )
            .into_response()
    })
    .await;
    let daemon = Running::start(config(), client(&xray.url()));
    let answer = request(&daemon, post("/SamplingTargets"), b"{}").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers["x-amzn-errortype"], "ThrottledException");
    assert_eq!(answer.body["message"], "slow");
    assert_eq!(xray.calls().len(), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_calls_for_sampling_are_forwarded() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    let with = |method: Method, path: &str| Request::builder().method(method).uri(path);
    let evil = ("origin", "https://evil.example");
    for (call, status, allow) in [
        (with(Method::GET, "/GetSamplingRules"), 405, Some("POST")),
        (with(Method::PUT, "/SamplingTargets"), 405, Some("POST")),
        (with(Method::POST, "/healthz"), 405, Some("GET")),
        (with(Method::GET, "/health"), 404, None),
        (with(Method::GET, "/"), 404, None),
        (with(Method::POST, "/"), 404, None),
        (with(Method::POST, "/TraceSegments"), 404, None),
        (with(Method::POST, "/Traces"), 404, None),
        (with(Method::POST, "/CreateSamplingRule"), 404, None),
        (with(Method::POST, "/GetSamplingRules/x"), 404, None),
        (with(Method::POST, "/getsamplingrules"), 404, None),
        (with(Method::POST, "/GetSamplingRules?x=1"), 404, None),
    ] {
        let answer = request(&daemon, call, b"{}").await;
        assert_eq!(answer.status, status);
        let allowed = answer.headers.get("allow").map(|v| v.to_str().unwrap());
        assert_eq!(allowed, allow);
        let message = answer.body["message"].as_str().unwrap();
        assert_eq!(
            message,
            "this daemon forwards POST /GetSamplingRules, /SamplingTargets, \
             /SamplingStatisticSummaries, and answers GET /healthz"
        );
    }
    for call in [post("/GetSamplingRules"), Request::get("/healthz")] {
        let answer = request(&daemon, call.header(evil.0, evil.1), b"{}").await;
        assert_eq!(answer.status, 403);
    }
    let large = vec![b'x'; (1 << 20) + 1];
    let targets = || post("/SamplingTargets");
    assert_eq!(request(&daemon, targets(), &large).await.status, 413);
    assert!(xray.calls().is_empty());
    assert_eq!(request(&daemon, targets(), &large[1..]).await.status, 200);
    let summaries = post("/SamplingStatisticSummaries");
    assert_eq!(request(&daemon, summaries, b"{}").await.status, 200);
    assert_eq!(daemon.stop().await.forwarded, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_x_ray_is_a_bad_gateway() {
    let daemon = Running::start(config(), client("http://127.0.0.1:1"));
    let answer = request(&daemon, post("/GetSamplingRules"), b"{}").await;
    assert_eq!(answer.status, 502);
    let message = answer.body["message"].as_str().unwrap();
    assert!(
        message.contains("127.0.0.1:1/GetSamplingRules"),
        "{message}"
    );
    assert_eq!(daemon.stop().await.forward_failed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_page_shows_the_counts() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    daemon.send("{}");
    daemon.wait_for(|counts| counts.sent == 1).await;
    let answer = request(&daemon, Request::get("/healthz"), b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (&answer.body["received"], &answer.body["sent"]),
        (&1.into(), &1.into())
    );
    assert_eq!(answer.body["kernel_dropped"], 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_connections_do_not_hold_up_a_stop() {
    let xray = Stub::start().await;
    let daemon = Running::start(config(), client(&xray.url()));
    let _silent = TcpStream::connect(daemon.tcp).await.unwrap();
    let stream = TcpStream::connect(daemon.tcp).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let health = Request::get("/healthz").header("host", "daemon");
    let health = health.body(Full::new(Bytes::new())).unwrap();
    sender.send_request(health).await.unwrap();
    let start = std::time::Instant::now();
    daemon.stop().await;
    // The drain deadline is ten seconds.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_is_not_healthy() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let xray = Stub::answering_later(|_, _| std::future::pending()).await;
    let daemon = Running::start(
        xray_daemon::Config {
            drain_deadline: PATIENCE,
            ..config()
        },
        client(&xray.url()),
    );
    // A request that has begun when the stop comes is answered all the same.
    let mut begun = TcpStream::connect(daemon.tcp).await.unwrap();
    begun.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    // Whoever gets this answer came after `begun`, which is therefore accepted.
    let answer = request(&daemon, Request::get("/healthz"), b"").await;
    assert_eq!(answer.status, 200);
    daemon.send("{}");
    xray.wait_for_calls(1).await;
    let tcp = daemon.tcp;
    let stopped = tokio::spawn(daemon.stop());
    // The listener goes when the stop has begun.
    let start = std::time::Instant::now();
    while TcpStream::connect(tcp).await.is_ok() {
        assert!(start.elapsed() < PATIENCE);
    }
    begun.write_all(b"host: daemon\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let read = begun.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("the daemon is stopping"), "{answer}");
    stopped.abort();
}
