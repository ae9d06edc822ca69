//! Sub-resources: what S3 answers when nothing was put, and what is put and deleted.

use aws_sdk_s3::types::{
    AbacStatus, BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};

use crate::fixture::{BUCKET, Fixture, assert_refused};

fn versioning(status: BucketVersioningStatus) -> VersioningConfiguration {
    VersioningConfiguration::builder().status(status).build()
}

fn encryption(
    algorithm: ServerSideEncryption,
    key: Option<&str>,
) -> ServerSideEncryptionConfiguration {
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(key.map(str::to_owned))
        .build()
        .unwrap();
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(key.is_some());
    ServerSideEncryptionConfiguration::builder()
        .rules(rule.build())
        .build()
        .unwrap()
}

fn tagging(pairs: &[(&str, &str)]) -> Tagging {
    let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build().unwrap();
    Tagging::builder()
        .set_tag_set(Some(pairs.iter().map(tag).collect()))
        .build()
        .unwrap()
}

#[tokio::test]
async fn versioning_is_empty_until_put() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let get = || client.get_bucket_versioning().bucket(BUCKET).send();
    let put = |wanted| {
        let call = client.put_bucket_versioning().bucket(BUCKET);
        call.versioning_configuration(wanted).send()
    };
    let fresh = get().await.unwrap();
    assert_eq!((fresh.status(), fresh.mfa_delete()), (None, None));
    for status in [
        BucketVersioningStatus::Enabled,
        BucketVersioningStatus::Suspended,
    ] {
        put(versioning(status.clone())).await.unwrap();
        assert_eq!(get().await.unwrap().status(), Some(&status));
    }
    let code = "IllegalVersioningConfigurationException";
    let unknown = put(versioning(BucketVersioningStatus::from("Maybe"))).await;
    assert_refused(unknown, 400, code);
    let empty = put(VersioningConfiguration::builder().build()).await;
    assert_refused(empty, 400, code);
}

#[tokio::test]
async fn object_lock_forbids_to_suspend_versioning() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let none = client.get_object_lock_configuration().bucket(BUCKET);
    assert_refused(
        none.send().await,
        404,
        "ObjectLockConfigurationNotFoundError",
    );
    let create = client.create_bucket().bucket("locked");
    let create = create.object_lock_enabled_for_bucket(true);
    create.send().await.unwrap();
    let suspend = client
        .put_bucket_versioning()
        .bucket("locked")
        .versioning_configuration(versioning(BucketVersioningStatus::Suspended));
    assert_refused(suspend.send().await, 409, "InvalidBucketState");
}

#[tokio::test]
async fn encryption_is_never_off() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let get = || client.get_bucket_encryption().bucket(BUCKET).send();
    let put = |wanted| {
        let call = client.put_bucket_encryption().bucket(BUCKET);
        call.server_side_encryption_configuration(wanted).send()
    };
    let stored = || async {
        let output = get().await.unwrap();
        output.server_side_encryption_configuration.unwrap()
    };
    let default = encryption(ServerSideEncryption::Aes256, None);
    assert_eq!(stored().await, default);
    let kms = encryption(ServerSideEncryption::AwsKms, Some("alias/key"));
    put(kms.clone()).await.unwrap();
    assert_eq!(stored().await, kms);
    let delete = client.delete_bucket_encryption().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_eq!(stored().await, default);

    let key = put(encryption(ServerSideEncryption::Aes256, Some("key"))).await;
    assert_refused(key, 400, "InvalidArgument");
    let unknown = put(encryption(ServerSideEncryption::from("ROT13"), None)).await;
    assert_refused(unknown, 400, "MalformedXML");
}

#[tokio::test]
async fn the_public_access_block_is_on_until_deleted() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let get = || client.get_public_access_block().bucket(BUCKET).send();
    let settings = || async {
        let output = get().await.unwrap();
        let block = output.public_access_block_configuration.unwrap();
        [
            block.block_public_acls(),
            block.ignore_public_acls(),
            block.block_public_policy(),
            block.restrict_public_buckets(),
        ]
    };
    assert_eq!(settings().await, [Some(true); 4]);
    let wanted = PublicAccessBlockConfiguration::builder().block_public_policy(true);
    let put = client.put_public_access_block().bucket(BUCKET);
    let put = put.public_access_block_configuration(wanted.build());
    put.send().await.unwrap();
    let off = Some(false);
    assert_eq!(settings().await, [off, off, Some(true), off]);
    let delete = || client.delete_public_access_block().bucket(BUCKET).send();
    delete().await.unwrap();
    delete().await.unwrap();
    assert_refused(get().await, 404, "NoSuchPublicAccessBlockConfiguration");
}

#[tokio::test]
async fn ownership_is_enforced_until_put_or_deleted() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let get = || client.get_bucket_ownership_controls().bucket(BUCKET).send();
    let put = |ownership| {
        let rule = OwnershipControlsRule::builder().object_ownership(ownership);
        let controls = OwnershipControls::builder().rules(rule.build().unwrap());
        let call = client.put_bucket_ownership_controls().bucket(BUCKET);
        call.ownership_controls(controls.build().unwrap()).send()
    };
    let stored = || async {
        let controls = get().await.unwrap().ownership_controls.unwrap();
        controls.rules()[0].object_ownership().clone()
    };
    assert_eq!(stored().await, ObjectOwnership::BucketOwnerEnforced);
    let wanted = ObjectOwnership::BucketOwnerPreferred;
    put(wanted.clone()).await.unwrap();
    assert_eq!(stored().await, wanted);
    let unknown = put(ObjectOwnership::from("Nobody")).await;
    assert_refused(unknown, 400, "MalformedXML");
    let delete = client.delete_bucket_ownership_controls().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_refused(get().await, 404, "OwnershipControlsNotFoundError");
}

#[tokio::test]
async fn tags_are_replaced_as_a_set() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let get = || client.get_bucket_tagging().bucket(BUCKET).send();
    let put = |pairs| {
        let call = client.put_bucket_tagging().bucket(BUCKET);
        call.tagging(tagging(pairs)).send()
    };
    assert_refused(get().await, 404, "NoSuchTagSet");
    put(&[("team", "data"), ("cost <&>", "ä")]).await.unwrap();
    put(&[("cost <&>", "ä"), ("env", "")]).await.unwrap();
    let expected = tagging(&[("cost <&>", "ä"), ("env", "")]);
    assert_eq!(get().await.unwrap().tag_set(), expected.tag_set());
    assert_refused(put(&[("k", "1"), ("k", "2")]).await, 400, "InvalidTag");
    assert_eq!(get().await.unwrap().tag_set(), expected.tag_set());
    let delete = client.delete_bucket_tagging().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_refused(get().await, 404, "NoSuchTagSet");
}

#[tokio::test]
async fn concurrent_puts_lose_nothing() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let tags = client.put_bucket_tagging().bucket(BUCKET);
    let tags = tags.tagging(tagging(&[("k", "v")])).send();
    let versions = client.put_bucket_versioning().bucket(BUCKET);
    let versions = versions.versioning_configuration(versioning(BucketVersioningStatus::Enabled));
    let block = client.delete_public_access_block().bucket(BUCKET).send();
    let kms = encryption(ServerSideEncryption::AwsKms, None);
    let encrypt = client.put_bucket_encryption().bucket(BUCKET);
    let encrypt = encrypt.server_side_encryption_configuration(kms).send();
    let (tags, versions, block, encrypt) = tokio::join!(tags, versions.send(), block, encrypt);
    tags.unwrap();
    versions.unwrap();
    block.unwrap();
    encrypt.unwrap();

    let tags = client.get_bucket_tagging().bucket(BUCKET).send().await;
    assert_eq!(tags.unwrap().tag_set().len(), 1);
    let versions = client.get_bucket_versioning().bucket(BUCKET).send().await;
    assert!(versions.unwrap().status().is_some());
    let block = client.get_public_access_block().bucket(BUCKET).send().await;
    assert!(block.is_err());
    let encrypt = client.get_bucket_encryption().bucket(BUCKET).send().await;
    let encrypt = encrypt
        .unwrap()
        .server_side_encryption_configuration
        .unwrap();
    let default = encrypt.rules()[0].apply_server_side_encryption_by_default();
    assert_eq!(
        default.unwrap().sse_algorithm(),
        &ServerSideEncryption::AwsKms
    );
}

#[tokio::test]
async fn every_subresource_of_a_missing_bucket_is_missing() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    macro_rules! assert_missing {
        ($($call:expr),* $(,)?) => {$(
            assert_refused($call.bucket("missing").send().await, 404, "NoSuchBucket");
        )*};
    }
    assert_missing!(
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
        client.put_bucket_tagging().tagging(tagging(&[("k", "v")])),
        client.list_objects_v2(),
        client.put_object().key("k"),
        client.get_object().key("k"),
        client.delete_object().key("k"),
    );
}

#[tokio::test]
async fn what_is_not_kept_is_not_implemented() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let metadata = client.delete_bucket_metadata_configuration().bucket(BUCKET);
    assert_refused(metadata.send().await, 501, "NotImplemented");
    let abac = client.put_bucket_abac().bucket("another-bucket");
    let abac = abac.abac_status(AbacStatus::builder().build()).send().await;
    assert_refused(abac, 501, "NotImplemented");
    let buckets = client.list_buckets().send().await.unwrap();
    assert_eq!(buckets.buckets().len(), 1, "neither made nor deleted");
    let copy = client.create_multipart_upload().bucket(BUCKET).key("k");
    assert_refused(copy.send().await, 501, "NotImplemented");
}
