//! Buckets: names, regions, re-creation, listing, deletion.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::types::{
    BucketCannedAcl, BucketLocationConstraint, BucketNamespace, BucketVersioningStatus,
    CreateBucketConfiguration, LocationInfo, LocationType, ObjectLockEnabled, ObjectOwnership, Tag,
};

use crate::fixture::{Fixture, assert_refused, refusal};

fn located(region: &str) -> CreateBucketConfiguration {
    CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::from(region))
        .build()
}

#[tokio::test]
async fn a_bucket_lives_from_create_to_delete() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let missing = refusal(client.head_bucket().bucket("life").send().await);
    assert_eq!(missing.status, 404);

    let created = client.create_bucket().bucket("life").send().await.unwrap();
    assert_eq!(created.location(), Some("/life"));
    assert_eq!(created.request_id().map(str::len), Some(16));
    let head = client.head_bucket().bucket("life").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("us-east-1"));
    let location = client.get_bucket_location().bucket("life").send().await;
    let location = location.unwrap().location_constraint().cloned();
    // The SDK reads S3's empty element as an empty word.
    assert!(location.is_none_or(|location| location.as_str().is_empty()));

    client.delete_bucket().bucket("life").send().await.unwrap();
    let again = client.delete_bucket().bucket("life").send().await;
    assert_refused(again, 404, "NoSuchBucket");
}

#[tokio::test]
async fn a_bucket_with_objects_stays() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    client.create_bucket().bucket("full").send().await.unwrap();
    let put = client.put_object().bucket("full").key("a/b");
    put.send().await.unwrap();
    let delete = || client.delete_bucket().bucket("full").send();
    assert_refused(delete().await, 409, "BucketNotEmpty");
    let object = client.delete_object().bucket("full").key("a/b");
    object.send().await.unwrap();
    delete().await.unwrap();
}

#[tokio::test]
async fn names_obey_the_rules() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    for name in [
        "ABCdef",
        "a_b",
        "192.168.5.4",
        "xn--abc",
        "sthree-abc",
        "abc-s3alias",
        "ab",
    ] {
        let created = client.create_bucket().bucket(name).send().await;
        assert_refused(created, 400, "InvalidBucketName");
    }
}

#[tokio::test]
async fn the_account_regional_namespace_has_names_of_its_own() {
    let fixture = Fixture::start().await;
    let client = fixture.client_of("123456789012", "us-east-1");
    let create = |name| {
        let call = client.create_bucket().bucket(name);
        call.bucket_namespace(BucketNamespace::AccountRegional)
            .send()
    };
    let name = "logs-123456789012-us-east-1-an";
    let created = create(name).await.unwrap();
    assert_eq!(
        created.bucket_arn(),
        Some("arn:aws:s3:::logs-123456789012-us-east-1-an")
    );
    let foreign = create("logs-999999999999-us-east-1-an").await;
    assert_refused(foreign, 400, "InvalidNamespaceHeader");
    let plain = create("logs").await;
    assert_refused(plain, 400, "InvalidNamespaceHeader");
    let unsaid = client
        .create_bucket()
        .bucket("other-123456789012-us-east-1-an")
        .send()
        .await;
    assert_refused(unsaid, 400, "MissingNamespaceHeader");
    let unknown = client
        .create_bucket()
        .bucket("logs")
        .bucket_namespace(BucketNamespace::from("galactic"))
        .send()
        .await;
    assert_refused(unknown, 400, "InvalidNamespaceHeader");
}

#[tokio::test]
async fn the_location_constraint_must_fit_the_endpoint() {
    let fixture = Fixture::start().await;
    let create = |endpoint, name: &'static str, constraint: Option<&str>| {
        let client: Client = fixture.client_of("AKIDEXAMPLE", endpoint);
        let call = client.create_bucket().bucket(name);
        call.set_create_bucket_configuration(constraint.map(located))
            .send()
    };
    let illegal = "IllegalLocationConstraintException";
    let invalid = "InvalidLocationConstraint";
    assert_refused(create("eu-west-1", "none", None).await, 400, illegal);
    let other = create("eu-west-1", "other", Some("us-west-2")).await;
    assert_refused(other, 400, illegal);
    let named = create("us-east-1", "named", Some("us-east-1")).await;
    assert_refused(named, 400, invalid);
    let unknown = create("us-east-1", "unknown", Some("mars-1")).await;
    assert_refused(unknown, 400, invalid);

    create("eu-west-1", "same", Some("eu-west-1"))
        .await
        .unwrap();
    create("eu-west-1", "old", Some("EU")).await.unwrap();
    create("us-east-1", "global", Some("eu-north-1"))
        .await
        .unwrap();
    let client = fixture.client();
    for (name, region) in [
        ("same", "eu-west-1"),
        ("old", "eu-west-1"),
        ("global", "eu-north-1"),
    ] {
        let head = client.head_bucket().bucket(name).send().await.unwrap();
        assert_eq!(head.bucket_region(), Some(region));
        let location = client.get_bucket_location().bucket(name).send().await;
        let location = location.unwrap().location_constraint().cloned();
        assert_eq!(location.unwrap().as_str(), region);
    }
}

#[tokio::test]
async fn only_us_east_1_lets_its_owner_repeat_a_create() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let create = || client.create_bucket().bucket("twice").send();
    create().await.unwrap();
    let tagging = aws_sdk_s3::types::Tagging::builder()
        .tag_set(Tag::builder().key("k").value("v").build().unwrap())
        .build()
        .unwrap();
    let tag = client.put_bucket_tagging().bucket("twice").tagging(tagging);
    tag.send().await.unwrap();
    create().await.unwrap();
    let tags = client.get_bucket_tagging().bucket("twice").send().await;
    assert_eq!(tags.unwrap().tag_set().len(), 1, "a repeat changes nothing");

    let european = fixture.client_of("AKIDEXAMPLE", "eu-west-1");
    let create = || {
        let call = european.create_bucket().bucket("twice-eu");
        call.create_bucket_configuration(located("eu-west-1"))
            .send()
    };
    create().await.unwrap();
    assert_refused(create().await, 409, "BucketAlreadyOwnedByYou");
}

#[tokio::test]
async fn of_concurrent_creates_one_wins() {
    let fixture = Fixture::start().await;
    let mut creates = tokio::task::JoinSet::new();
    for account in 0..12 {
        let client = fixture.client_of(&format!("{account:012}"), "us-east-1");
        creates.spawn(async move { client.create_bucket().bucket("contested").send().await });
    }
    let mut winners = 0;
    while let Some(created) = creates.join_next().await {
        match created.unwrap() {
            Ok(_) => winners += 1,
            lost => assert_refused(lost, 409, "BucketAlreadyExists"),
        }
    }
    assert_eq!(winners, 1);

    let mut creates = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let client = fixture.client_of("AKIDEXAMPLE", "eu-west-1");
        let call = client.create_bucket().bucket("contested-eu");
        creates.spawn(
            call.create_bucket_configuration(located("eu-west-1"))
                .send(),
        );
    }
    let mut winners = 0;
    while let Some(created) = creates.join_next().await {
        match created.unwrap() {
            Ok(_) => winners += 1,
            lost => assert_refused(lost, 409, "BucketAlreadyOwnedByYou"),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn what_a_create_asks_for_is_kept() {
    let fixture = Fixture::start().await;
    let client = fixture.client_of("AKIDEXAMPLE", "eu-west-1");
    let configuration = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .tags(
            Tag::builder()
                .key("team")
                .value("data & more")
                .build()
                .unwrap(),
        )
        .build();
    client
        .create_bucket()
        .bucket("asked")
        .create_bucket_configuration(configuration)
        .object_ownership(ObjectOwnership::ObjectWriter)
        .object_lock_enabled_for_bucket(true)
        .send()
        .await
        .unwrap();

    let tags = client.get_bucket_tagging().bucket("asked").send().await;
    let tags = tags.unwrap();
    assert_eq!(tags.tag_set().len(), 1);
    assert_eq!(tags.tag_set()[0].value(), "data & more");
    let controls = client.get_bucket_ownership_controls().bucket("asked");
    let controls = controls.send().await.unwrap().ownership_controls.unwrap();
    assert_eq!(
        controls.rules()[0].object_ownership(),
        &ObjectOwnership::ObjectWriter
    );
    let versioning = client.get_bucket_versioning().bucket("asked").send().await;
    let status = versioning.unwrap().status().cloned();
    assert_eq!(status, Some(BucketVersioningStatus::Enabled));
    let lock = client.get_object_lock_configuration().bucket("asked");
    let lock = lock
        .send()
        .await
        .unwrap()
        .object_lock_configuration
        .unwrap();
    assert_eq!(
        lock.object_lock_enabled(),
        Some(&ObjectLockEnabled::Enabled)
    );
}

#[tokio::test]
async fn a_create_refuses_what_s3_refuses() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let create = || client.create_bucket().bucket("refused");
    let public = create().acl(BucketCannedAcl::PublicRead);
    assert_refused(
        public.clone().send().await,
        400,
        "InvalidBucketAclWithObjectOwnership",
    );
    let public = public.object_ownership(ObjectOwnership::ObjectWriter);
    assert_refused(
        public.send().await,
        400,
        "InvalidBucketAclWithBlockPublicAccessError",
    );
    let ownership = create().object_ownership(ObjectOwnership::from("Nobody"));
    assert_refused(ownership.send().await, 400, "InvalidArgument");

    let tag = |key: &str| Tag::builder().key(key).value("").build().unwrap();
    let twice = CreateBucketConfiguration::builder()
        .tags(tag("k"))
        .tags(tag("k"));
    let twice = create().create_bucket_configuration(twice.build());
    assert_refused(twice.send().await, 400, "InvalidTag");

    let zone = LocationInfo::builder()
        .r#type(LocationType::AvailabilityZone)
        .name("use1-az1");
    let directory = CreateBucketConfiguration::builder().location(zone.build());
    let directory = create().create_bucket_configuration(directory.build());
    assert_refused(directory.send().await, 501, "NotImplemented");
    assert_eq!(
        refusal(client.head_bucket().bucket("refused").send().await).status,
        404,
        "a refused create leaves nothing"
    );
}

#[tokio::test]
async fn buckets_are_listed_by_name_in_pages() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let empty = client.list_buckets().send().await.unwrap();
    assert_eq!(empty.buckets().len(), 0);
    for name in ["b-2", "a-1", "b-1", "c-1"] {
        client.create_bucket().bucket(name).send().await.unwrap();
    }
    let names = |output: &aws_sdk_s3::operation::list_buckets::ListBucketsOutput| {
        let names = output
            .buckets()
            .iter()
            .map(|b| b.name().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let all = client.list_buckets().send().await.unwrap();
    assert_eq!(names(&all), ["a-1", "b-1", "b-2", "c-1"]);
    assert_eq!(all.owner().unwrap().id(), Some("000000000000"));
    let first = &all.buckets()[0];
    assert_eq!(first.bucket_region(), Some("us-east-1"));
    assert!(first.creation_date().unwrap().secs() > 1_700_000_000);
    let prefixed = client.list_buckets().prefix("b-").send().await.unwrap();
    assert_eq!(names(&prefixed), ["b-1", "b-2"]);
    let elsewhere = client
        .list_buckets()
        .bucket_region("eu-west-1")
        .send()
        .await;
    assert!(names(&elsewhere.unwrap()).is_empty());

    let pages = client.list_buckets().into_paginator().page_size(3).send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(names(&pages[1]), ["c-1"]);
    let none = client.list_buckets().max_buckets(0).send().await;
    assert_refused(none, 400, "InvalidArgument");
}
