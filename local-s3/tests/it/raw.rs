//! What no SDK would send, or would not show: requests written by hand.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::Fixture;

/// Sends a request, closes the sending side, and reads the answer.
async fn exchange(fixture: &Fixture, request: &str) -> String {
    let talk = async {
        let mut stream = TcpStream::connect(fixture.s3.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let patience = Duration::from_secs(10);
    tokio::time::timeout(patience, talk)
        .await
        .expect("an answer")
}

async fn send(fixture: &Fixture, line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    exchange(fixture, &request).await
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

#[tokio::test]
async fn an_error_has_the_shape_of_s3() {
    let fixture = Fixture::start().await;
    let answer = send(&fixture, "GET /missing/a%26b", "", "").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(header(&answer, "content-type"), Some("application/xml"));
    let request_id = header(&answer, "x-amz-request-id").unwrap();
    let host_id = header(&answer, "x-amz-id-2").unwrap();
    let (_, xml) = answer.split_once("\r\n\r\n").unwrap();
    let parts = ["Code", "Message", "Resource", "RequestId", "HostId"];
    let expected = [
        "NoSuchBucket",
        "The specified bucket does not exist",
        "/missing/a%26b",
        request_id,
        host_id,
    ];
    assert_eq!(parts.map(|part| element(xml, part).unwrap()), expected);
    let offsets = parts.map(|part| xml.find(&format!("<{part}>")).unwrap());
    assert!(offsets.is_sorted(), "{xml}");
}

#[tokio::test]
async fn ids_differ_and_stand_on_success_too() {
    let fixture = Fixture::start().await;
    let first = send(&fixture, "PUT /bucket", "", "").await;
    let second = send(&fixture, "PUT /bucket", "", "").await;
    for answer in [&first, &second] {
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    for name in ["x-amz-request-id", "x-amz-id-2"] {
        assert!(header(&first, name).is_some());
        assert_ne!(header(&first, name), header(&second, name));
    }
}

#[tokio::test]
async fn a_head_has_no_body() {
    let fixture = Fixture::start().await;
    let answer = send(&fixture, "HEAD /missing", "", "").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(header(&answer, "x-amz-request-id").is_some());
}

#[tokio::test]
async fn a_bucket_is_addressed_by_host_as_well() {
    let fixture = Fixture::start().await;
    let at = |line: &str, body: &str| {
        format!(
            "{line} HTTP/1.1\r\nhost: hosted.localhost:9000\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let body = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>\
        <Tags><Tag><Key>k</Key><Value>v</Value></Tag></Tags></CreateBucketConfiguration>";
    let created = exchange(&fixture, &at("PUT /", body)).await;
    assert!(created.starts_with("HTTP/1.1 200 "), "{created}");
    let stored = exchange(&fixture, &at("PUT /key", "content")).await;
    assert!(stored.starts_with("HTTP/1.1 200 "), "{stored}");
    let read = send(&fixture, "GET /hosted/key", "", "").await;
    assert!(read.ends_with("\r\n\r\ncontent"), "{read}");
    let tags = send(&fixture, "GET /hosted?tagging", "", "").await;
    assert_eq!(element(&tags, "Key"), Some("k"), "{tags}");
}

#[tokio::test]
async fn signatures_of_every_kind_are_taken_off() {
    let fixture = Fixture::start().await;
    let scope = "20200101/us-east-1/s3/aws4_request";
    let wrong = format!(
        "authorization: AWS4-HMAC-SHA256 Credential=123456789012/{scope}, SignedHeaders=host, Signature=00\r\n\
        x-amz-date: 20200101T000000Z\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
    );
    let created = send(&fixture, "PUT /signed", &wrong, "").await;
    assert!(created.starts_with("HTTP/1.1 200 "), "{created}");
    let credential = "123456789012%2F20200101%2Fus-east-1%2Fs3%2Faws4_request";
    let presigned = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date=20200101T000000Z\
        &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    );
    let put = send(
        &fixture,
        &format!("PUT /signed/key?{presigned}"),
        "",
        "content",
    )
    .await;
    assert!(put.starts_with("HTTP/1.1 200 "), "{put}");
    let get = send(&fixture, &format!("GET /signed/key?{presigned}"), "", "").await;
    assert!(get.ends_with("\r\n\r\ncontent"), "{get}");
    let list = send(
        &fixture,
        &format!("GET /signed?list-type=2&{presigned}"),
        "",
        "",
    )
    .await;
    assert_eq!(element(&list, "Key"), Some("key"), "{list}");
    let version_2 = "authorization: AWS 123456789012:c2lnbmF0dXJl\r\n";
    let get = send(&fixture, "GET /signed/key", version_2, "").await;
    assert!(get.ends_with("\r\n\r\ncontent"), "{get}");
    let unsigned = send(&fixture, "GET /signed/key", "", "").await;
    assert!(unsigned.starts_with("HTTP/1.1 403 "), "another account");
}

#[tokio::test]
async fn signed_chunks_are_unwrapped() {
    let fixture = Fixture::start().await;
    send(&fixture, "PUT /bucket", "", "").await;
    let headers = "content-encoding: aws-chunked,gzip\r\nx-amz-decoded-content-length: 6\r\n\
        x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n";
    let body = "5;chunk-signature=00\r\nhello\r\n1;chunk-signature=00\r\n!\r\n0;chunk-signature=00\r\n\r\n";
    let put = send(&fixture, "PUT /bucket/key", headers, body).await;
    assert!(put.starts_with("HTTP/1.1 200 "), "{put}");
    let get = send(&fixture, "GET /bucket/key", "", "").await;
    assert!(get.ends_with("\r\n\r\nhello!"), "{get}");
    assert_eq!(header(&get, "content-encoding"), Some("gzip"));
    assert_eq!(header(&get, "content-length"), Some("6"));
}

#[tokio::test]
async fn a_broken_upload_leaves_nothing() {
    let fixture = Fixture::start().await;
    send(&fixture, "PUT /bucket", "", "").await;
    let sha = "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n";
    let checksum =
        format!("{sha}x-amz-decoded-content-length: 5\r\nx-amz-trailer: x-amz-checksum-crc32\r\n");
    let short = format!("{sha}x-amz-decoded-content-length: 9\r\n");
    let cases = [
        (
            checksum.as_str(),
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
            "BadDigest",
        ),
        (short.as_str(), "5\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        (short.as_str(), "5\r\nhello\r\n", "IncompleteBody"),
        (short.as_str(), "xyz\r\nhello\r\n", "IncompleteBody"),
    ];
    for (headers, body, code) in cases {
        let put = send(&fixture, "PUT /bucket/key", headers, body).await;
        assert!(put.starts_with("HTTP/1.1 400 "), "{put}");
        assert_eq!(element(&put, "Code"), Some(code), "{put}");
    }
    let get = send(&fixture, "GET /bucket/key", "", "").await;
    assert_eq!(element(&get, "Code"), Some("NoSuchKey"));
    assert_eq!(
        std::fs::read_dir(fixture.path().join("tmp"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn malformed_bodies_are_named() {
    let fixture = Fixture::start().await;
    let huge = format!("<CreateBucketConfiguration>{}", " ".repeat(70_000));
    for body in ["<CreateBucketConfiguration>", "no xml", &huge] {
        let created = send(&fixture, "PUT /bucket", "", body).await;
        assert!(created.starts_with("HTTP/1.1 400 "), "{created}");
        assert_eq!(element(&created, "Code"), Some("MalformedXML"));
        assert!(element(&created, "Message").is_some_and(|m| m.contains("XML")));
    }
    send(&fixture, "PUT /bucket", "", "").await;
    let tags = send(&fixture, "PUT /bucket?tagging", "", "<Tagging><TagSet>").await;
    assert_eq!(element(&tags, "Code"), Some("MalformedXML"));
}

#[tokio::test]
async fn an_illegal_name_is_told_its_rule() {
    let fixture = Fixture::start().await;
    for line in ["PUT /Logs", "GET /Logs/key", "GET /Logs?tagging"] {
        let answer = send(&fixture, line, "", "").await;
        assert_eq!(element(&answer, "Code"), Some("InvalidBucketName"));
        let message = element(&answer, "Message").unwrap();
        assert!(message.contains("lower-case letters"), "{message}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let fixture = Fixture::start().await;
    send(&fixture, "PUT /bucket", "", "").await;
    let mut stream = TcpStream::connect(fixture.s3.address()).await.unwrap();
    let half = "PUT /bucket/key HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhello";
    stream.write_all(half.as_bytes()).await.unwrap();
    drop(stream);
    let fixture = fixture.restart().await;
    let get = send(&fixture, "GET /bucket/key", "", "").await;
    assert_eq!(element(&get, "Code"), Some("NoSuchKey"));
    let staging = fixture.path().join("tmp");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}

#[tokio::test]
async fn a_path_cannot_leave_the_directory() {
    let fixture = Fixture::start().await;
    send(&fixture, "PUT /bucket", "", "").await;
    for line in ["PUT /bucket/..%2F..%2Fescape", "PUT /bucket/../../escape"] {
        send(&fixture, line, "", "content").await;
    }
    for line in ["PUT /..", "PUT /..%2Fescape", "GET /../bucket.json"] {
        let answer = send(&fixture, line, "", "").await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{line}: {answer}");
    }
    let entries = std::fs::read_dir(fixture.path()).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["buckets", "lock", "tmp"]);
    assert_eq!(
        std::fs::read_dir(fixture.path().join("buckets"))
            .unwrap()
            .count(),
        1
    );
}
