//! Lifecycle rules.

use aws_sdk_s3::types::*;

use crate::fixture::{BUCKET, Fixture, assert_refused};

fn lifecycle_rule(id: Option<&str>) -> LifecycleRule {
    LifecycleRule::builder()
        .set_id(id.map(str::to_owned))
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("logs/").build())
        .expiration(LifecycleExpiration::builder().days(400).build())
        .transitions(
            Transition::builder()
                .days(30)
                .storage_class(TransitionStorageClass::StandardIa)
                .build(),
        )
        .noncurrent_version_expiration(
            NoncurrentVersionExpiration::builder()
                .noncurrent_days(7)
                .newer_noncurrent_versions(3)
                .build(),
        )
        .abort_incomplete_multipart_upload(
            AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(2)
                .build(),
        )
        .build()
        .unwrap()
}

fn lifecycle(rules: Vec<LifecycleRule>) -> BucketLifecycleConfiguration {
    let configuration = BucketLifecycleConfiguration::builder();
    configuration.set_rules(Some(rules)).build().unwrap()
}

#[tokio::test]
async fn lifecycle_rules_are_kept_with_ids() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    let put = |rules| {
        let call = client.put_bucket_lifecycle_configuration().bucket(BUCKET);
        call.lifecycle_configuration(lifecycle(rules))
    };
    let varies = TransitionDefaultMinimumObjectSize::VariesByStorageClass;
    let named = lifecycle_rule(Some("named"));
    let call = put(vec![named.clone(), lifecycle_rule(None)]);
    let call = call.transition_default_minimum_object_size(varies.clone());
    let stored = call.send().await.unwrap();
    assert_eq!(
        stored.transition_default_minimum_object_size(),
        Some(&varies)
    );
    drop(client.clone());
    let fixture = fixture.restart().await;
    let client = fixture.client();
    let get = || {
        client
            .get_bucket_lifecycle_configuration()
            .bucket(BUCKET)
            .send()
    };
    let read = get().await.unwrap();
    assert_eq!(read.transition_default_minimum_object_size(), Some(&varies));
    assert_eq!(read.rules()[0], named);
    assert!(read.rules()[1].id().is_some_and(|id| id.len() == 48));

    let put = |rules| {
        let call = client.put_bucket_lifecycle_configuration().bucket(BUCKET);
        call.lifecycle_configuration(lifecycle(rules)).send()
    };
    let twice = put(vec![named.clone(), named.clone()]).await;
    assert_refused(twice, 400, "InvalidArgument");
    assert_refused(put(Vec::new()).await, 400, "MalformedXML");
    let many = put(vec![lifecycle_rule(None); 1001]).await;
    assert_refused(many, 400, "InvalidRequest");
    let idle = LifecycleRule::builder().status(ExpirationStatus::Enabled);
    let idle = idle.filter(LifecycleRuleFilter::builder().prefix("").build());
    let idle = put(vec![idle.build().unwrap()]).await;
    assert_refused(idle, 400, "InvalidRequest");
    put(vec![named.clone()]).await.unwrap();
    let all = TransitionDefaultMinimumObjectSize::AllStorageClasses128K;
    assert_eq!(
        get()
            .await
            .unwrap()
            .transition_default_minimum_object_size(),
        Some(&all)
    );
    let delete = client.delete_bucket_lifecycle().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_refused(get().await, 404, "NoSuchLifecycleConfiguration");
}
