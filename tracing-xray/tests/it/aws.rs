//! The interceptor in a real client of S3 against a real HTTP server.

use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing::{Instrument, info_span};
use tracing_xray::aws::XrayInterceptor;
use tracing_xray::{ContextMissing, TraceHeader};

use crate::daemon::{TestDaemon, segment_of, subsegment};

/// A server that gives these answers one after another, each on its own connection, and keeps what
/// was asked. An empty answer is never given: the request hangs.
struct Stub {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    asked: Arc<tokio::sync::Notify>,
}

impl Stub {
    async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            asked: Arc::default(),
        };
        let (requests, asked) = (Arc::clone(&stub.requests), Arc::clone(&stub.asked));
        tokio::spawn(async move {
            let mut hanging = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    stream.read_buf(&mut request).await.unwrap();
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                requests.lock().unwrap().push(request);
                asked.notify_one();
                if answer.is_empty() {
                    hanging.push(stream);
                    continue;
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        stub
    }

    fn client(&self) -> aws_sdk_s3::Client {
        client(&format!("http://{}", self.address))
    }

    fn header_of(&self, request: usize, name: &str) -> String {
        let requests = self.requests.lock().unwrap();
        let line = requests[request]
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        let line = line.unwrap_or_else(|| panic!("no {name} in {}", requests[request]));
        line.split_once(':').unwrap().1.trim().to_owned()
    }
}

fn client(endpoint: &str) -> aws_sdk_s3::Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(std::time::Duration::from_millis(1));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(retries)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_sdk_s3::config::SharedAsyncSleep::new(TokioSleep))
        .interceptor(XrayInterceptor::new())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

#[derive(Debug)]
struct TokioSleep;

impl aws_sdk_s3::config::AsyncSleep for TokioSleep {
    fn sleep(&self, duration: std::time::Duration) -> aws_sdk_s3::config::Sleep {
        aws_sdk_s3::config::Sleep::new(tokio::time::sleep(duration))
    }
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nx-amz-request-id: REQ1\r\nx-amz-id-2: ID2=\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn error(status: &str, code: &str) -> String {
    answer(
        status,
        &format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>about {code}</Message></Error>"
        ),
    )
}

/// The segment of a job that does `work`.
fn traced<F: Future<Output = ()>>(work: F) -> Value {
    segment_of(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let job = info_span!("job", xray.segment = "bucket creation");
        runtime.block_on(work.instrument(job));
    })
}

#[test]
fn a_call_is_a_subsegment_and_its_request_names_it_as_parent() {
    let segment = traced(async {
        let stub = Stub::start(vec![answer("200 OK", "")]).await;
        stub.client()
            .delete_object()
            .bucket("acme")
            .key("a/b c")
            .send()
            .await
            .unwrap();
        let header = TraceHeader::parse(&stub.header_of(0, "x-amzn-trace-id"));
        let context = tracing_xray::SpanExt::trace_context(&tracing::Span::current()).unwrap();
        assert_eq!(header.root, Some(context.trace_id));
        assert_ne!(header.parent, Some(context.id));
        let authorization = stub.header_of(0, "authorization");
        assert!(authorization.contains("AWS4-HMAC-SHA256"));
    });
    let call = subsegment(&segment, "S3");
    assert_eq!(call["namespace"], "aws");
    assert_eq!(
        call["aws"],
        json!({"operation": "DeleteObject", "region": "eu-west-1", "request_id": "REQ1", "id_2": "ID2=",
               "retries": 0, "bucket_name": "acme", "key": "a/b c"})
    );
    assert_eq!(
        call["http"],
        json!({"response": {"status": 200, "content_length": 0}})
    );
    assert!(call.get("error").is_none() && call.get("fault").is_none());
}

#[test]
fn a_call_of_a_trace_that_is_not_sampled_says_so() {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    tracing::dispatcher::with_default(&subscriber, || {
        let job = info_span!("job", xray.segment = "s", xray.sampled = false);
        let work = async {
            let stub = Stub::start(vec![answer("200 OK", "")]).await;
            let call = stub.client().delete_object().bucket("acme").key("a");
            call.send().await.unwrap();
            let header = TraceHeader::parse(&stub.header_of(0, "x-amzn-trace-id"));
            let context = tracing_xray::SpanExt::trace_context(&tracing::Span::current()).unwrap();
            assert_eq!(header.root, Some(context.trace_id));
            assert_eq!(header.sampled, Some(tracing_xray::Sampled::No));
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(work.instrument(job));
    });
    assert_eq!(guard.close().sent, 0);
    daemon.assert_silent();
}

#[test]
fn a_4xx_is_an_error_and_no_fault() {
    let segment = traced(async {
        let stub = Stub::start(vec![error("404 Not Found", "NoSuchBucket")]).await;
        let call = stub
            .client()
            .get_bucket_versioning()
            .bucket("acme")
            .send()
            .await;
        call.unwrap_err();
    });
    let call = subsegment(&segment, "S3");
    assert_eq!(call["error"], true);
    assert!(call.get("fault").is_none() && call.get("throttle").is_none());
    let exception = &call["cause"]["exceptions"][0];
    assert_eq!(exception["type"], "NoSuchBucket");
    assert_eq!(exception["message"], "about NoSuchBucket");
    assert_eq!(exception["remote"], true);
    assert_eq!(call["aws"]["id_2"], "ID2=");
}

#[test]
fn a_head_without_a_body_is_told_by_its_status_alone() {
    let segment = traced(async {
        let stub = Stub::start(vec!["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx-amz-request-id: REQ1\r\nconnection: close\r\n\r\n".to_owned()]).await;
        stub.client()
            .head_bucket()
            .bucket("acme")
            .send()
            .await
            .unwrap_err();
    });
    let call = subsegment(&segment, "S3");
    assert_eq!(call["error"], true);
    assert_eq!(call["http"]["response"]["status"], 404);
    assert!(call.get("cause").is_none());
}

#[test]
fn retries_are_counted_as_attempts_after_the_first() {
    let segment = traced(async {
        let stub = Stub::start(vec![
            error("500 Internal Server Error", "InternalError"),
            error("503 Slow Down", "SlowDown"),
            answer("200 OK", ""),
        ])
        .await;
        let client = stub.client();
        client
            .delete_object()
            .bucket("b")
            .key("k")
            .send()
            .await
            .unwrap();
        assert_eq!(
            stub.header_of(0, "x-amzn-trace-id"),
            stub.header_of(2, "x-amzn-trace-id")
        );
    });
    let call = subsegment(&segment, "S3");
    assert_eq!(call["aws"]["retries"], 2);
    assert_eq!(call["http"]["response"]["status"], 200);
    assert!(call.get("fault").is_none());
}

#[test]
fn slow_down_is_a_throttle_and_an_internal_error_a_fault() {
    for (status, code, flags) in [
        ("503 Slow Down", "SlowDown", ("error", "throttle")),
        (
            "500 Internal Server Error",
            "InternalError",
            ("fault", "fault"),
        ),
    ] {
        let segment = traced(async {
            let stub = Stub::start(vec![error(status, code); 3]).await;
            let call = stub.client().delete_object().bucket("b").key("k").send();
            call.await.unwrap_err();
        });
        let call = subsegment(&segment, "S3");
        assert_eq!(
            (&call[flags.0], &call[flags.1]),
            (&json!(true), &json!(true)),
            "{code}"
        );
        assert_eq!(call["aws"]["retries"], 2);
        assert_eq!(call.get("fault").is_some(), code == "InternalError");
    }
}

#[test]
fn a_refused_connection_is_a_fault_with_its_cause() {
    let segment = traced(async {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        let client = client(&format!("http://{address}"));
        client
            .head_bucket()
            .bucket("acme")
            .send()
            .await
            .unwrap_err();
    });
    let call = subsegment(&segment, "S3");
    assert_eq!(call["fault"], true);
    assert!(call.get("error").is_none() && call.get("http").is_none());
    let exceptions = call["cause"]["exceptions"].as_array().unwrap();
    let last = exceptions.last().unwrap();
    assert!(
        last["message"].as_str().unwrap().contains("refused"),
        "{exceptions:#?}"
    );
    assert!(exceptions.len() > 2);
    assert_eq!(call["aws"]["bucket_name"], "acme");
}

#[test]
fn a_call_whose_future_is_dropped_is_closed_as_a_fault() {
    let segment = traced(async {
        let stub = Stub::start(vec![String::new()]).await;
        let client = stub.client();
        let call = client.head_bucket().bucket("acme").send();
        tokio::select! {
            _ = call => unreachable!("the server never answers"),
            () = stub.asked.notified() => {}
        }
    });
    let call = subsegment(&segment, "S3");
    assert_eq!(call["fault"], true);
    assert_eq!(call["cause"]["exceptions"][0]["type"], "Interrupted");
    assert_eq!(call["aws"]["operation"], "HeadBucket");
}

#[test]
fn a_call_outside_a_segment_does_as_the_settings_say() {
    for (context_missing, fails) in [
        (ContextMissing::RuntimeError, true),
        (ContextMissing::LogError, false),
        (ContextMissing::IgnoreError, false),
    ] {
        let daemon = TestDaemon::start();
        let mut settings = daemon.settings();
        settings.context_missing = context_missing;
        let (subscriber, guard) = daemon.subscriber_of(&settings);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        tracing::dispatcher::with_default(&subscriber, || {
            runtime.block_on(async {
                let stub = Stub::start(vec![answer("200 OK", "")]).await;
                let call = stub.client().delete_object().bucket("b").key("k").send();
                assert_eq!(call.await.is_err(), fails, "{context_missing:?}");
            });
        });
        assert_eq!(guard.close().sent, 0);
    }
}
