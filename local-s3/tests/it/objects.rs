//! Objects: content, description, conditions, checksums, listing.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, EncodingType, Tag};

use crate::fixture::{BUCKET, Fixture, assert_refused, refusal};

/// MD5 of `hello`, in hex and in base64.
const HELLO_ETAG: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
const HELLO_MD5: &str = "XUFAKrxLKna5cZ2REBfFkg==";

async fn put(client: &Client, key: &str, content: impl Into<ByteStream>) {
    let call = client.put_object().bucket(BUCKET).key(key);
    call.body(content.into()).send().await.unwrap();
}

async fn get(client: &Client, key: &str) -> Vec<u8> {
    let call = client.get_object().bucket(BUCKET).key(key);
    let output = call.send().await.unwrap();
    output.body.collect().await.unwrap().to_vec()
}

#[tokio::test]
async fn an_object_keeps_content_and_description() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let stored = client
        .put_object()
        .bucket(BUCKET)
        .key("reports/a b+ä.json")
        .body(ByteStream::from_static(b"hello"))
        .content_type("application/json")
        .cache_control("no-store")
        .metadata("run-id", "42")
        .send()
        .await
        .unwrap();
    assert_eq!(stored.e_tag(), Some(HELLO_ETAG));

    let key = "reports/a b+ä.json";
    let call = client.get_object().bucket(BUCKET).key(key);
    let output = call.send().await.unwrap();
    assert_eq!(output.content_type(), Some("application/json"));
    assert_eq!(output.cache_control(), Some("no-store"));
    assert_eq!(output.content_encoding(), None);
    assert_eq!(output.e_tag(), Some(HELLO_ETAG));
    assert_eq!(output.content_length(), Some(5));
    assert_eq!(output.metadata().unwrap()["run-id"], "42");
    assert_eq!(output.body.collect().await.unwrap().to_vec(), b"hello");

    let head = client.head_object().bucket(BUCKET).key(key);
    let head = head.send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.e_tag(), Some(HELLO_ETAG));
    assert!(head.last_modified().unwrap().secs() > 1_700_000_000);
}

#[tokio::test]
async fn an_object_is_replaced_and_deleted() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let large: Vec<u8> = (0..1_000_003u32).map(|n| (n % 251) as u8).collect();
    put(&client, "key", large.clone()).await;
    assert_eq!(get(&client, "key").await, large);
    put(&client, "key", Vec::new()).await;
    assert_eq!(get(&client, "key").await, b"");

    let delete = || client.delete_object().bucket(BUCKET).key("key").send();
    delete().await.unwrap();
    delete().await.unwrap();
    let gone = client.get_object().bucket(BUCKET).key("key").send().await;
    assert_refused(gone, 404, "NoSuchKey");
    let gone = client.head_object().bucket(BUCKET).key("key").send().await;
    assert_eq!(refusal(gone).status, 404);
}

#[tokio::test]
async fn ranges_are_parts() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    put(&client, "key", b"0123456789".to_vec()).await;
    let get = |range| {
        let call = client.get_object().bucket(BUCKET).key("key");
        call.range(range).send()
    };
    for (range, expected, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let output = get(range).await.unwrap();
        assert_eq!(output.content_range(), Some(content_range));
        let content = output.body.collect().await.unwrap().to_vec();
        assert_eq!(content, expected.as_bytes());
    }
    assert_refused(get("bytes=10-").await, 416, "InvalidRange");
}

#[tokio::test]
async fn conditions_are_kept() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let create = || {
        let call = client.put_object().bucket(BUCKET).key("key");
        let call = call.body(ByteStream::from_static(b"hello"));
        call.if_none_match("*").send()
    };
    create().await.unwrap();
    assert_refused(create().await, 412, "PreconditionFailed");

    let replace = |etag| {
        let call = client.put_object().bucket(BUCKET).key("key");
        let call = call.body(ByteStream::from_static(b"hello"));
        call.if_match(etag).send()
    };
    replace(HELLO_ETAG).await.unwrap();
    let stale = replace("\"00000000000000000000000000000000\"").await;
    assert_refused(stale, 412, "PreconditionFailed");

    let get = || client.get_object().bucket(BUCKET).key("key");
    get().if_match(HELLO_ETAG).send().await.unwrap();
    let changed = refusal(get().if_none_match(HELLO_ETAG).send().await);
    assert_eq!(changed.status, 304);
    let stale = get().if_match("\"0\"").send().await;
    assert_refused(stale, 412, "PreconditionFailed");
}

#[tokio::test]
async fn of_concurrent_first_puts_one_wins() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let mut puts = tokio::task::JoinSet::new();
    for writer in 0..12 {
        let call = client.put_object().bucket(BUCKET).key("lease");
        let call = call.if_none_match("*").body(vec![writer; 100].into());
        puts.spawn(call.send());
    }
    let mut winners = 0;
    while let Some(put) = puts.join_next().await {
        match put.unwrap() {
            Ok(_) => winners += 1,
            lost => assert_refused(lost, 412, "PreconditionFailed"),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn checksums_are_checked_and_kept() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let put = || {
        let call = client.put_object().bucket(BUCKET).key("key");
        call.body(ByteStream::from_static(b"hello"))
    };
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
        ChecksumAlgorithm::Crc64Nvme,
    ] {
        put().checksum_algorithm(algorithm).send().await.unwrap();
    }
    let stored = put().checksum_crc32("NhCmhg==").send().await.unwrap();
    assert_eq!(stored.checksum_crc32(), Some("NhCmhg=="));
    let head = client.head_object().bucket(BUCKET).key("key");
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await;
    assert_eq!(head.unwrap().checksum_crc32(), Some("NhCmhg=="));
    let wrong = put().checksum_crc32("AAAAAA==").send().await;
    assert_refused(wrong, 400, "BadDigest");

    put().content_md5(HELLO_MD5).send().await.unwrap();
    let wrong = put().content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await;
    assert_refused(wrong, 400, "BadDigest");
    let invalid = put().content_md5("no md5").send().await;
    assert_refused(invalid, 400, "InvalidDigest");
    assert_eq!(get(&client, "key").await, b"hello");
}

#[tokio::test]
async fn a_body_in_chunks_with_a_trailing_checksum_is_unwrapped() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    // A body that is a file makes the SDK send it as aws-chunked with a trailer.
    let content: Vec<u8> = (0..300_000u32).map(|n| (n % 253) as u8).collect();
    let file = fixture.path().join("upload");
    std::fs::write(&file, &content).unwrap();
    let body = ByteStream::from_path(&file).await.unwrap();
    let call = client.put_object().bucket(BUCKET).key("chunked").body(body);
    let stored = call.content_encoding("identity").send().await.unwrap();
    assert!(stored.checksum_crc32().is_some(), "{stored:?}");
    assert_eq!(get(&client, "chunked").await, content);
    let head = client.head_object().bucket(BUCKET).key("chunked");
    let head = head.send().await.unwrap();
    assert_eq!(head.content_encoding(), Some("identity"));
    assert_eq!(head.content_length(), Some(300_000));
}

#[tokio::test]
async fn what_would_be_lost_is_refused() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let tagged = client.put_object().bucket(BUCKET).key("key").tagging("a=b");
    assert_refused(tagged.send().await, 501, "NotImplemented");
    let version = client.get_object().bucket(BUCKET).key("key");
    let version = version.version_id("3HL4kqtJvjVBH40Nrjfkd").send().await;
    assert_refused(version, 501, "NotImplemented");
    let long = client.put_object().bucket(BUCKET).key("k".repeat(1025));
    assert_refused(long.send().await, 400, "KeyTooLongError");
}

#[tokio::test]
async fn keys_are_keys_and_not_paths() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let longest = "k".repeat(1024);
    let keys = [
        "a",
        "a/",
        "a/b",
        "a//b",
        "../../escape",
        "a/../b",
        ".",
        "..",
        "a b",
        "a%20b",
        "a+b",
        "Käse/🧀",
        "~",
        longest.as_str(),
    ];
    for key in keys {
        put(&client, key, key.as_bytes().to_vec()).await;
    }
    for key in keys {
        assert_eq!(get(&client, key).await, key.as_bytes(), "{key}");
    }
    let mut expected = keys.to_vec();
    expected.sort_unstable();
    for encoding in [None, Some(EncodingType::Url)] {
        let url = encoding.is_some();
        let list = client.list_objects_v2().bucket(BUCKET);
        let list = list.set_encoding_type(encoding).send().await.unwrap();
        let listed: Vec<&str> = list.contents().iter().filter_map(|o| o.key()).collect();
        assert_eq!(listed.len(), keys.len());
        if !url {
            assert_eq!(listed, expected);
        } else {
            assert!(listed.contains(&"a%2520b"), "{listed:?}");
        }
    }
}

#[tokio::test]
async fn listings_fold_and_page() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    for key in ["a", "b/1", "b/2", "b/c/3", "d"] {
        put(&client, key, b"hello".to_vec()).await;
    }
    let list = || client.list_objects_v2().bucket(BUCKET);
    let folded = list()
        .delimiter("/")
        .fetch_owner(true)
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = folded.contents().iter().filter_map(|o| o.key()).collect();
    let prefixes: Vec<_> = folded
        .common_prefixes()
        .iter()
        .filter_map(|p| p.prefix())
        .collect();
    assert_eq!((keys, prefixes), (vec!["a", "d"], vec!["b/"]));
    assert_eq!(folded.key_count(), Some(3));
    let first = &folded.contents()[0];
    assert_eq!((first.size(), first.e_tag()), (Some(5), Some(HELLO_ETAG)));
    assert_eq!(first.owner().unwrap().id(), Some("000000000000"));

    let prefixed = list().prefix("b/").start_after("b/1").send().await.unwrap();
    let keys: Vec<_> = prefixed.contents().iter().filter_map(|o| o.key()).collect();
    assert_eq!(keys, ["b/2", "b/c/3"]);

    let pages = list().into_paginator().page_size(2).send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    let keys: Vec<_> = pages
        .iter()
        .flat_map(|p| p.contents())
        .filter_map(|o| o.key())
        .collect();
    assert_eq!(keys, ["a", "b/1", "b/2", "b/c/3", "d"]);
    assert_eq!(pages.len(), 3);
    assert_eq!(pages[2].is_truncated(), Some(false));

    let none = list().max_keys(0).send().await.unwrap();
    assert_eq!(
        (none.key_count(), none.is_truncated()),
        (Some(0), Some(false))
    );
    assert_refused(list().max_keys(-1).send().await, 400, "InvalidArgument");
    let token = list().continuation_token("not ours").send().await;
    assert_refused(token, 400, "InvalidArgument");
}

#[tokio::test]
async fn everything_outlives_the_server() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    put(&client, "a/b", b"hello".to_vec()).await;
    let tag = Tag::builder().key("k").value("v").build().unwrap();
    let tagging = aws_sdk_s3::types::Tagging::builder().tag_set(tag).build();
    let call = client.put_bucket_tagging().bucket(BUCKET);
    call.tagging(tagging.unwrap()).send().await.unwrap();
    drop(client);

    let fixture = fixture.restart().await;
    let client = fixture.client();
    assert_eq!(get(&client, "a/b").await, b"hello");
    let tags = client.get_bucket_tagging().bucket(BUCKET).send().await;
    assert_eq!(tags.unwrap().tag_set().len(), 1);
    let theirs = fixture.client_of("123456789012", "us-east-1");
    let taken = theirs.create_bucket().bucket(BUCKET).send().await;
    assert_refused(taken, 409, "BucketAlreadyExists");
    let staging = fixture.path().join("tmp");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}
