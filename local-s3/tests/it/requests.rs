//! Requests are counted: what arrived, and what changed something.

use aws_sdk_s3::types::{Tag, Tagging};
use local_s3::RequestCount;

use crate::fixture::{BUCKET, Fixture, refusal};

fn count(received: u64, changed: u64) -> RequestCount {
    RequestCount { received, changed }
}

#[tokio::test]
async fn reads_change_nothing() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    client.head_bucket().bucket(BUCKET).send().await.unwrap();
    client.list_buckets().send().await.unwrap();
    refusal(client.get_bucket_policy().bucket(BUCKET).send().await);
    refusal(client.get_object().bucket(BUCKET).key("k").send().await);
    let counts = fixture.s3.requests();
    let expected = [
        ("CreateBucket", count(1, 1)),
        ("GetBucketPolicy", count(1, 0)),
        ("GetObject", count(1, 0)),
        ("HeadBucket", count(1, 0)),
        ("ListBuckets", count(1, 0)),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counts, expected.into());
}

#[tokio::test]
async fn writes_count_when_they_take_effect() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    let tag = |key: &str| Tag::builder().key(key).value("").build().unwrap();
    let put_tags = |key: &str| {
        let tagging = Tagging::builder().tag_set(tag(key)).build().unwrap();
        let call = client.put_bucket_tagging().bucket(BUCKET);
        call.tagging(tagging).send()
    };
    put_tags("k").await.unwrap();
    put_tags("k").await.unwrap();
    refusal(put_tags("aws:k").await);
    for _ in 0..2 {
        let delete = client.delete_bucket_tagging().bucket(BUCKET);
        delete.send().await.unwrap();
    }
    let put = || {
        let call = client.put_object().bucket(BUCKET).key("k");
        call.if_none_match("*").send()
    };
    put().await.unwrap();
    refusal(put().await);
    for _ in 0..2 {
        let delete = client.delete_object().bucket(BUCKET).key("k");
        delete.send().await.unwrap();
    }
    client.delete_bucket().bucket(BUCKET).send().await.unwrap();
    refusal(client.delete_bucket().bucket(BUCKET).send().await);
    let counts = fixture.s3.requests();
    for (name, expected) in [
        ("CreateBucket", count(2, 1)),
        ("PutBucketTagging", count(3, 2)),
        ("DeleteBucketTagging", count(2, 1)),
        ("PutObject", count(2, 1)),
        ("DeleteObject", count(2, 1)),
        ("DeleteBucket", count(2, 1)),
    ] {
        assert_eq!(counts[name], expected, "{name}");
    }
}
