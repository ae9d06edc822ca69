//! Objects over a real socket: from a local S3, and from one that sends us to another region.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::*;

fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDLOCAL", "local", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(crate::aws::http::by_scheme(
            &crate::aws::http::Roots::System,
        ))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .build()
}

fn fetched(mut file: File) -> String {
    file.rewind().unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

/// Answers each request by what `answer` makes of its Authorization header.
fn stub(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut authorization = String::new();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                if line.to_lowercase().starts_with("authorization:") {
                    authorization = line;
                } else if line.is_empty() {
                    break;
                }
            }
            let answer = answer(&authorization);
            log.lock().unwrap().push(authorization);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (endpoint, seen)
}

#[tokio::test]
async fn the_region_that_s3_names_is_asked_once() {
    let (endpoint, seen) = stub(|authorization| {
        if authorization.contains("/eu-north-1/s3/") {
            return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                .to_owned();
        }
        "HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-north-1\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned()
    });
    let objects = Objects::new(Some(S3Clients::untraced(&config(&endpoint))));
    let mut file = tempfile::tempfile().unwrap();
    objects.fetch("acme", "a.json", &mut file).await.unwrap();
    assert_eq!(fetched(file), "{}");
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_region_that_sends_us_on_again_is_an_error() {
    let (endpoint, seen) = stub(|_| {
        "HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-north-1\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned()
    });
    let objects = Objects::new(Some(S3Clients::untraced(&config(&endpoint))));
    let mut file = tempfile::tempfile().unwrap();
    let error = objects
        .fetch("acme", "a.json", &mut file)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("301"), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn objects_of_a_bucket_are_listed_and_fetched() {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = local_s3::Options::new(directory.path());
    let s3 = local_s3::LocalS3::start(listener, options).await.unwrap();
    let config = config(&format!("http://{}", s3.address()));
    let client = S3Clients::untraced(&config).of_region("us-east-1");
    client.create_bucket().bucket("acme").send().await.unwrap();
    for index in 0..1005 {
        let key = format!("jobs/{index:04}.json");
        let body = aws_sdk_s3::primitives::ByteStream::from(key.clone().into_bytes());
        client
            .put_object()
            .bucket("acme")
            .key(key)
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let objects = Objects::new(Some(S3Clients::untraced(&config)));
    let keys = objects.list("acme", "jobs/").await.unwrap();
    assert_eq!(keys.len(), 1005, "all pages");
    let mut file = tempfile::tempfile().unwrap();
    objects.fetch("acme", &keys[1004], &mut file).await.unwrap();
    assert_eq!(fetched(file), "jobs/1004.json");
    let mut file = tempfile::tempfile().unwrap();
    let error = objects.fetch("acme", "none", &mut file).await.unwrap_err();
    assert!(error.to_string().starts_with("404 NoSuchKey"), "{error}");
    s3.stop().await;
}
