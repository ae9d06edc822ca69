//! Start and stop.

use std::net::TcpListener;
use std::time::Duration;

use local_s3::{LocalS3, Options, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::Fixture;

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[tokio::test]
async fn a_start_that_cannot_be_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = Options::new(dir.path());
    options.account = "12".to_owned();
    let error = LocalS3::start(listener(), options).await.unwrap_err();
    assert!(matches!(error, StartError::Account(_)), "{error}");
    assert!(error.to_string().contains("12 digits"));

    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let error = LocalS3::start(listener(), Options::new(&file)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StartError::Directory { .. }), "{error}");
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn a_stop_lets_a_request_in_flight_finish() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    client
        .create_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    let address = fixture.s3.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "PUT /bucket/key HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\
        expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: so the request is in flight.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let dir = fixture.path();
    let stopping = tokio::spawn(fixture.restart());
    // Once no connection is accepted any more, the stop is under way.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), refused)
        .await
        .unwrap();
    stream.write_all(b"0123456789").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let restarted = stopping.await.unwrap();
    assert_eq!(restarted.path(), dir);
    let get = restarted.client().get_object().bucket("bucket").key("key");
    let content = get.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(content.to_vec(), b"0123456789");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    client.list_buckets().send().await.unwrap();
    let mut idle = TcpStream::connect(fixture.s3.address()).await.unwrap();
    let stop = fixture.s3.stop();
    tokio::time::timeout(Duration::from_secs(4), stop)
        .await
        .unwrap();
    let read = idle.read(&mut [0]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

#[tokio::test]
async fn dropped_it_frees_its_port() {
    let fixture = Fixture::start().await;
    let address = fixture.s3.address();
    drop(fixture);
    let freed = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), freed)
        .await
        .unwrap();
}
