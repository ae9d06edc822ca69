//! Faults on order, as a client meets them.

use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{Tag, Tagging};
use local_s3::{FaultPlan, LocalS3, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::{BUCKET, Fixture, assert_refused};

const ROUNDS: u64 = 12;

fn plan(text: &str) -> FaultPlan {
    text.parse().unwrap()
}

fn tagging() -> Tagging {
    let tag = Tag::builder().key("k").value("v").build().unwrap();
    Tagging::builder().tag_set(tag).build().unwrap()
}

async fn put_tags(client: &Client) -> Result<(), (u16, Option<String>)> {
    let call = client.put_bucket_tagging().bucket(BUCKET);
    match call.tagging(tagging()).send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(told(&error)),
    }
}

/// Status (0 for none) and code of an error.
fn told<E: ProvideErrorMetadata>(error: &SdkError<E>) -> (u16, Option<String>) {
    let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
    (status, error.code().map(str::to_owned))
}

/// What `ROUNDS` puts under a plan were told, and how many of them took effect all the same.
async fn outcomes(text: &str) -> (Vec<Result<(), (u16, Option<String>)>>, u64) {
    let (fixture, _) = Fixture::start_with_bucket().await;
    let client = fixture.client_without_retries();
    fixture.s3.set_faults(plan(text));
    let mut told = Vec::new();
    for _ in 0..ROUNDS {
        told.push(put_tags(&client).await);
    }
    let count = fixture.s3.requests()["PutBucketTagging"];
    assert_eq!(count.received, ROUNDS);
    (told, count.changed)
}

#[tokio::test]
async fn errors_are_those_of_s3() {
    for (kind, status, code) in [
        ("internal_error", 500, "InternalError"),
        ("slow_down", 503, "SlowDown"),
        ("operation_aborted", 409, "OperationAborted"),
    ] {
        let (told, changed) = outcomes(&format!("kinds={kind},seed=1")).await;
        let expected = Err((status, Some(code.to_owned())));
        assert!(told.iter().all(|told| *told == expected), "{told:?}");
        match kind {
            "internal_error" => assert!((1..ROUNDS).contains(&changed), "{changed}"),
            _ => assert_eq!(changed, 0, "{kind}"),
        }
    }
}

#[tokio::test]
async fn broken_answers_come_before_and_after_the_work() {
    for kind in ["connection_reset", "half_answer", "wrong_xml"] {
        let (told, changed) = outcomes(&format!("kinds={kind},seed=1")).await;
        assert!(told.iter().all(Result::is_err), "{kind}: {told:?}");
        let codes = told.iter().filter_map(|told| told.as_ref().err());
        assert!(
            codes.clone().all(|(_, code)| code.is_none()),
            "{kind}: {told:?}"
        );
        assert!((1..ROUNDS).contains(&changed), "{kind}: {changed}");
    }
}

#[tokio::test]
async fn half_an_answer_is_its_first_half() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    let content: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let put = client.put_object().bucket(BUCKET).key("key");
    put.body(content.clone().into()).send().await.unwrap();
    fixture.s3.set_faults(plan("kinds=half_answer,seed=1"));
    let mut halves = 0;
    for _ in 0..ROUNDS {
        let answer = exchange(&fixture, "GET /bucket/key").await;
        let (head, body) = split(&answer);
        if head.starts_with("HTTP/1.1 200 ") {
            assert!(head.contains("content-length: 100000"), "{head}");
            assert_eq!(body, &content[..50_000]);
            halves += 1;
        } else {
            assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
            assert!(body.starts_with(b"<?xml") && !body.ends_with(b"</Error>"));
        }
    }
    assert!((1..ROUNDS).contains(&halves), "{halves}");
    let client = fixture.client_without_retries();
    let mut broken = 0;
    for _ in 0..ROUNDS {
        let get = client.get_object().bucket(BUCKET).key("key").send().await;
        if let Ok(output) = get {
            assert!(output.body.collect().await.is_err());
            broken += 1;
        }
    }
    assert!(broken > 0);
}

#[tokio::test]
async fn a_reset_comes_before_any_byte() {
    let (fixture, _) = Fixture::start_with_bucket().await;
    fixture.s3.set_faults(plan("kinds=connection_reset"));
    for line in [
        "GET /bucket?tagging",
        "HEAD /bucket",
        "DELETE /bucket?policy",
    ] {
        let mut stream = TcpStream::connect(fixture.s3.address()).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let read = stream.read(&mut [0]).await.unwrap_err();
        assert_eq!(read.kind(), std::io::ErrorKind::ConnectionReset, "{line}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_goes_wrong_as_well() {
    let (fixture, _) = Fixture::start_with_bucket().await;
    let client = fixture.client_without_retries();
    for (kind, status) in [
        ("internal_error", 500),
        ("slow_down", 503),
        ("half_answer", 0),
        ("wrong_xml", 500),
    ] {
        fixture.s3.set_faults(plan(&format!("kinds={kind},seed=1")));
        for _ in 0..ROUNDS {
            let head = client.head_bucket().bucket(BUCKET).send().await;
            let (found, _) = told(&head.unwrap_err());
            assert!(found == status || kind == "half_answer", "{kind}: {found}");
        }
    }
}

#[tokio::test]
async fn a_slow_body_is_true_and_late() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    let put = client.put_object().bucket(BUCKET).key("key");
    put.body(vec![7; 10_000].into()).send().await.unwrap();
    fixture.s3.set_faults(plan("kinds=slow_body,delay_ms=200"));
    let begin = Instant::now();
    let get = client.get_object().bucket(BUCKET).key("key").send().await;
    let body = get.unwrap().body.collect().await.unwrap().to_vec();
    assert_eq!(body, [7; 10_000]);
    assert!(begin.elapsed() >= Duration::from_millis(190));
    let begin = Instant::now();
    put_tags(&client).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(190));
}

#[tokio::test]
async fn wrong_xml_never_tells_of_a_success_that_was_not() {
    let (fixture, _) = Fixture::start_with_bucket().await;
    fixture.s3.set_faults(plan("kinds=wrong_xml,seed=1"));
    let mut successes = 0;
    for _ in 0..ROUNDS {
        let answer = exchange(&fixture, "GET /bucket?versioning").await;
        let (head, body) = split(&answer);
        assert!(String::from_utf8_lossy(body).contains("nothing of this is XML"));
        successes += u64::from(head.starts_with("HTTP/1.1 200 "));
        let written = exchange(&fixture, "DELETE /bucket?policy").await;
        assert!(split(&written).0.starts_with("HTTP/1.1 500 "));
    }
    assert!((1..ROUNDS).contains(&successes), "{successes}");
}

#[tokio::test]
async fn a_plan_is_kept_to_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = Options::new(dir.path());
    options.faults = plan("kinds=slow_down,operations=CreateBucket,count=2");
    let s3 = LocalS3::start(listener, options).await.unwrap();
    let endpoint = format!("http://{}", s3.address());
    let client = crate::fixture::client_at(&endpoint, "AKIDEXAMPLE", "us-east-1");
    let config = client.config().to_builder();
    let once = config.retry_config(RetryConfig::disabled());
    let client = Client::from_conf(once.build());
    client.list_buckets().send().await.unwrap();
    let create = || client.create_bucket().bucket(BUCKET).send();
    for _ in 0..2 {
        assert_refused(create().await, 503, "SlowDown");
    }
    create().await.unwrap();
    s3.set_faults(FaultPlan::always());
    assert!(put_tags(&client).await.is_err() || s3.requests()["PutBucketTagging"].changed == 1);
    s3.set_faults(FaultPlan::none());
    put_tags(&client).await.unwrap();
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let text = "rate=0.5,kinds=slow_down+internal_error+operation_aborted,seed=";
    let (first, changed) = outcomes(&format!("{text}7")).await;
    assert_eq!(
        outcomes(&format!("{text}7")).await,
        (first.clone(), changed)
    );
    assert_ne!(outcomes(&format!("{text}8")).await.0, first);
    assert!(first.iter().any(Result::is_ok) && first.iter().any(Result::is_err));
}

#[tokio::test]
async fn a_client_that_retries_gets_through() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    let soon = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = client.config().to_builder().retry_config(soon);
    let client = Client::from_conf(config.build());
    fixture
        .s3
        .set_faults(plan("kinds=slow_down+connection_reset+half_answer,count=2"));
    put_tags(&client).await.unwrap();
    assert_eq!(fixture.s3.requests()["PutBucketTagging"].received, 3);
    let large = vec![1; 900_000];
    fixture.s3.set_faults(plan("kinds=slow_down,count=2"));
    let put = client.put_object().bucket(BUCKET).key("large");
    put.body(large.into()).send().await.unwrap();
}

/// Sends a request without a body, and reads all that comes back.
async fn exchange(fixture: &Fixture, line: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(fixture.s3.address()).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

fn split(answer: &[u8]) -> (String, &[u8]) {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.expect("a head") + 4;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head, &answer[end..])
}
