//! Two accounts, and the owner that a call expects.

use crate::fixture::{Fixture, assert_refused, refusal};

#[tokio::test]
async fn an_account_sees_its_own_buckets_only() {
    let fixture = Fixture::start().await;
    let ours = fixture.client();
    let theirs = fixture.client_of("123456789012", "us-east-1");
    ours.create_bucket().bucket("ours").send().await.unwrap();
    theirs
        .create_bucket()
        .bucket("theirs")
        .send()
        .await
        .unwrap();

    let taken = theirs.create_bucket().bucket("ours").send().await;
    assert_refused(taken, 409, "BucketAlreadyExists");
    let listed = theirs.list_buckets().send().await.unwrap();
    let names: Vec<_> = listed.buckets().iter().map(|b| b.name()).collect();
    assert_eq!(names, [Some("theirs")]);
    let head = refusal(theirs.head_bucket().bucket("ours").send().await);
    assert_eq!(head.status, 403);
    let denied = "AccessDenied";
    let tags = theirs.get_bucket_tagging().bucket("ours").send().await;
    assert_refused(tags, 403, denied);
    let put = theirs.put_object().bucket("ours").key("k").send().await;
    assert_refused(put, 403, denied);
    let get = theirs.get_object().bucket("ours").key("k").send().await;
    assert_refused(get, 403, denied);
    let list = theirs.list_objects_v2().bucket("ours").send().await;
    assert_refused(list, 403, denied);
    let delete = theirs.delete_bucket().bucket("ours").send().await;
    assert_refused(delete, 403, denied);
}

#[tokio::test]
async fn the_expected_owner_must_be_the_owner() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    client.create_bucket().bucket("owned").send().await.unwrap();
    let head = |owner| {
        let call = client.head_bucket().bucket("owned");
        call.expected_bucket_owner(owner).send()
    };
    head("000000000000").await.unwrap();
    assert_eq!(refusal(head("123456789012").await).status, 403);
    assert_eq!(refusal(head("nobody").await).status, 400);

    let other = "123456789012";
    let denied = "AccessDenied";
    macro_rules! assert_denied {
        ($($call:expr),* $(,)?) => {$(
            let call = $call.bucket("owned").expected_bucket_owner(other);
            assert_refused(call.send().await, 403, denied);
        )*};
    }
    assert_denied!(
        client.get_bucket_location(),
        client.get_bucket_versioning(),
        client.get_bucket_encryption(),
        client.delete_bucket_encryption(),
        client.get_public_access_block(),
        client.delete_public_access_block(),
        client.get_bucket_ownership_controls(),
        client.delete_bucket_ownership_controls(),
        client.get_bucket_tagging(),
        client.delete_bucket_tagging(),
        client.get_object_lock_configuration(),
        client.get_bucket_policy(),
        client.get_bucket_policy_status(),
        client.delete_bucket_policy(),
        client.get_bucket_acl(),
        client.get_bucket_lifecycle_configuration(),
        client.delete_bucket_lifecycle(),
        client.get_bucket_logging(),
        client.get_bucket_cors(),
        client.delete_bucket_cors(),
        client.get_bucket_notification_configuration(),
        client.get_bucket_replication(),
        client.delete_bucket_replication(),
        client.get_bucket_accelerate_configuration(),
        client.get_bucket_request_payment(),
        client.get_bucket_website(),
        client.delete_bucket_website(),
        client.list_bucket_intelligent_tiering_configurations(),
        client
            .delete_bucket_intelligent_tiering_configuration()
            .id("a"),
        client.list_objects_v2(),
        client.put_object().key("k"),
        client.get_object().key("k"),
        client.delete_object().key("k"),
        client.delete_bucket(),
    );
    head("000000000000").await.unwrap();
}
