//! What needs versions: object lock and replication.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::*;

use crate::fixture::{BUCKET, Fixture, assert_refused};

const ROLE: &str = "arn:aws:iam::000000000000:role/copy";

const DESTINATION: &str = "arn:aws:s3:::backup";

async fn keep_versions(client: &Client, bucket: &str, status: BucketVersioningStatus) {
    put_versions(client, bucket, status).await.unwrap();
}

async fn put_versions(
    client: &Client,
    bucket: &str,
    status: BucketVersioningStatus,
) -> Result<(), SdkError<aws_sdk_s3::operation::put_bucket_versioning::PutBucketVersioningError>> {
    let wanted = VersioningConfiguration::builder().status(status).build();
    let call = client.put_bucket_versioning().bucket(bucket);
    call.versioning_configuration(wanted).send().await?;
    Ok(())
}

fn replication(destination: &str) -> ReplicationConfiguration {
    let rule = ReplicationRule::builder()
        .id("copy")
        .priority(1)
        .status(ReplicationRuleStatus::Enabled)
        .filter(ReplicationRuleFilter::builder().prefix("a/").build())
        .delete_marker_replication(
            DeleteMarkerReplication::builder()
                .status(DeleteMarkerReplicationStatus::Disabled)
                .build(),
        )
        .destination(Destination::builder().bucket(destination).build().unwrap());
    let configuration = ReplicationConfiguration::builder().role(ROLE);
    configuration.rules(rule.build().unwrap()).build().unwrap()
}

fn lock(retention: DefaultRetention) -> ObjectLockConfiguration {
    let rule = ObjectLockRule::builder().default_retention(retention);
    ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(rule.build())
        .build()
}

#[tokio::test]
async fn object_lock_needs_versions() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let put = |wanted| {
        let call = client.put_object_lock_configuration().bucket(BUCKET);
        call.object_lock_configuration(wanted).send()
    };
    let days = |days| {
        let retention = DefaultRetention::builder().days(days);
        retention.mode(ObjectLockRetentionMode::Governance)
    };
    let wanted = lock(days(7).build());
    let code = "InvalidBucketState";
    assert_refused(put(wanted.clone()).await, 409, code);
    keep_versions(&client, BUCKET, BucketVersioningStatus::Enabled).await;
    put(wanted.clone()).await.unwrap();
    let get = client.get_object_lock_configuration().bucket(BUCKET);
    let read = get.send().await.unwrap().object_lock_configuration;
    assert_eq!(read, Some(wanted));
    let suspend = put_versions(&client, BUCKET, BucketVersioningStatus::Suspended).await;
    assert_eq!(
        suspend
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16(),
        409
    );
    let both = lock(days(7).years(1).build());
    assert_refused(put(both).await, 400, "MalformedXML");
    assert_refused(put(lock(days(0).build())).await, 400, "InvalidArgument");
}

#[tokio::test]
async fn replication_needs_versions_on_both_sides() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let put = || {
        let call = client.put_bucket_replication().bucket(BUCKET);
        call.replication_configuration(replication(DESTINATION))
            .send()
    };
    let code = "InvalidRequest";
    assert_refused(put().await, 400, code);
    client
        .create_bucket()
        .bucket("backup")
        .send()
        .await
        .unwrap();
    assert_refused(put().await, 400, code);
    keep_versions(&client, "backup", BucketVersioningStatus::Enabled).await;
    assert_refused(put().await, 400, code);
    keep_versions(&client, BUCKET, BucketVersioningStatus::Enabled).await;
    put().await.unwrap();
    let get = || client.get_bucket_replication().bucket(BUCKET).send();
    let read = get().await.unwrap().replication_configuration;
    assert_eq!(read, Some(replication(DESTINATION)));
    let suspend = put_versions(&client, BUCKET, BucketVersioningStatus::Suspended).await;
    assert_eq!(
        suspend
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16(),
        409
    );
    let delete = client.delete_bucket_replication().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_refused(get().await, 404, "ReplicationConfigurationNotFoundError");
    keep_versions(&client, BUCKET, BucketVersioningStatus::Suspended).await;
}
