//! Sub-resources that stand for themselves: what is answered before anything was put, that all of it
//! comes back as it was put, and what is refused.

use aws_sdk_s3::types::*;

use crate::fixture::{BUCKET, Fixture, assert_refused};

#[tokio::test]
async fn what_was_never_put_is_answered_as_by_s3() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    macro_rules! assert_absent {
        ($($call:ident: $code:expr),* $(,)?) => {$(
            assert_refused(client.$call().bucket(BUCKET).send().await, 404, $code);
        )*};
    }
    assert_absent!(
        get_bucket_lifecycle_configuration: "NoSuchLifecycleConfiguration",
        get_bucket_cors: "NoSuchCORSConfiguration",
        get_bucket_website: "NoSuchWebsiteConfiguration",
        get_bucket_replication: "ReplicationConfigurationNotFoundError",
        get_object_lock_configuration: "ObjectLockConfigurationNotFoundError",
    );
    let tiering = client.get_bucket_intelligent_tiering_configuration();
    let tiering = tiering.bucket(BUCKET).id("a").send().await;
    assert_refused(tiering, 404, "NoSuchConfiguration");
    let logging = client.get_bucket_logging().bucket(BUCKET).send().await;
    assert_eq!(logging.unwrap().logging_enabled(), None);
    let told = client.get_bucket_notification_configuration();
    let told = told.bucket(BUCKET).send().await.unwrap();
    assert_eq!(told.event_bridge_configuration(), None);
    assert!(told.queue_configurations().is_empty());
    let fast = client.get_bucket_accelerate_configuration().bucket(BUCKET);
    assert_eq!(fast.send().await.unwrap().status(), None);
    let payment = client.get_bucket_request_payment().bucket(BUCKET);
    assert_eq!(
        payment.send().await.unwrap().payer(),
        Some(&Payer::BucketOwner)
    );
    for call in [
        client
            .delete_bucket_lifecycle()
            .bucket(BUCKET)
            .send()
            .await
            .is_ok(),
        client
            .delete_bucket_cors()
            .bucket(BUCKET)
            .send()
            .await
            .is_ok(),
        client
            .delete_bucket_website()
            .bucket(BUCKET)
            .send()
            .await
            .is_ok(),
        client
            .delete_bucket_replication()
            .bucket(BUCKET)
            .send()
            .await
            .is_ok(),
    ] {
        assert!(call, "to delete what is not there is no error");
    }
}

#[tokio::test]
async fn logging_needs_its_target() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let put = |enabled: Option<LoggingEnabled>| {
        let status = BucketLoggingStatus::builder().set_logging_enabled(enabled);
        let call = client.put_bucket_logging().bucket(BUCKET);
        call.bucket_logging_status(status.build()).send()
    };
    let get = || async {
        let call = client.get_bucket_logging().bucket(BUCKET);
        call.send().await.unwrap().logging_enabled
    };
    let partitioned = PartitionedPrefix::builder();
    let partitioned = partitioned.partition_date_source(PartitionDateSource::EventTime);
    let formats = [
        None,
        Some(TargetObjectKeyFormat::builder().simple_prefix(SimplePrefix::builder().build())),
        Some(TargetObjectKeyFormat::builder().partitioned_prefix(partitioned.build())),
    ];
    let wanted = formats.map(|format| {
        LoggingEnabled::builder()
            .target_bucket("logs")
            .target_prefix("bucket/")
            .set_target_object_key_format(format.map(|format| format.build()))
            .build()
            .unwrap()
    });
    let missing = put(Some(wanted[0].clone())).await;
    assert_refused(missing, 400, "InvalidTargetBucketForLogging");
    client.create_bucket().bucket("logs").send().await.unwrap();
    for wanted in wanted {
        put(Some(wanted.clone())).await.unwrap();
        assert_eq!(get().await, Some(wanted));
    }
    put(None).await.unwrap();
    assert_eq!(get().await, None);
}

#[tokio::test]
async fn cors_rules_are_kept_and_judged() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let rule = |method: &str, origin: &str| {
        CorsRule::builder()
            .id("web")
            .allowed_methods(method)
            .allowed_origins(origin)
            .allowed_headers("x-*")
            .expose_headers("etag")
            .max_age_seconds(300)
            .build()
            .unwrap()
    };
    let put = |rule: CorsRule| {
        let configuration = CorsConfiguration::builder().cors_rules(rule);
        let call = client.put_bucket_cors().bucket(BUCKET);
        call.cors_configuration(configuration.build().unwrap())
            .send()
    };
    let wanted = rule("GET", "https://*.example.com");
    put(wanted.clone()).await.unwrap();
    let read = client.get_bucket_cors().bucket(BUCKET).send().await;
    assert_eq!(read.unwrap().cors_rules(), [wanted]);
    for refused in [rule("PATCH", "*"), rule("GET", "*.*")] {
        assert_refused(put(refused).await, 400, "InvalidRequest");
    }
    let delete = client.delete_bucket_cors().bucket(BUCKET);
    delete.send().await.unwrap();
    let read = client.get_bucket_cors().bucket(BUCKET).send().await;
    assert_refused(read, 404, "NoSuchCORSConfiguration");
}

#[tokio::test]
async fn notifications_are_kept_with_ids() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let event = Event::S3ObjectCreated;
    let suffix = FilterRule::builder()
        .name(FilterRuleName::Suffix)
        .value(".json");
    let filter = S3KeyFilter::builder().filter_rules(suffix.build()).build();
    let filter = NotificationConfigurationFilter::builder()
        .key(filter)
        .build();
    let queue = |arn: &str, events: &str| {
        let queue = QueueConfiguration::builder().queue_arn(arn);
        queue.events(Event::from(events)).build().unwrap()
    };
    let topic = TopicConfiguration::builder()
        .id("topic")
        .topic_arn("arn:aws:sns:us-east-1:000000000000:topic")
        .events(event.clone())
        .filter(filter);
    let lambda = LambdaFunctionConfiguration::builder()
        .id("lambda")
        .lambda_function_arn("arn:aws:lambda:us-east-1:000000000000:function:f")
        .events(event.clone());
    let wanted = NotificationConfiguration::builder()
        .queue_configurations(queue(
            "arn:aws:sqs:us-east-1:000000000000:q",
            event.as_str(),
        ))
        .topic_configurations(topic.build().unwrap())
        .lambda_function_configurations(lambda.build().unwrap())
        .event_bridge_configuration(EventBridgeConfiguration::builder().build())
        .build();
    let put = |wanted| {
        let call = client
            .put_bucket_notification_configuration()
            .bucket(BUCKET);
        call.notification_configuration(wanted).send()
    };
    let get = || async {
        let call = client
            .get_bucket_notification_configuration()
            .bucket(BUCKET);
        call.send().await.unwrap()
    };
    put(wanted.clone()).await.unwrap();
    let read = get().await;
    assert_eq!(read.topic_configurations(), wanted.topic_configurations());
    let lambdas = read.lambda_function_configurations();
    assert_eq!(lambdas, wanted.lambda_function_configurations());
    assert!(read.event_bridge_configuration().is_some());
    assert!(
        read.queue_configurations()[0]
            .id()
            .is_some_and(|id| !id.is_empty())
    );
    for (arn, event) in [
        ("arn:aws:sns:us-east-1:000000000000:q", "s3:ObjectCreated:*"),
        ("arn:aws:sqs:us-east-1:000000000000:q", "ObjectCreated"),
    ] {
        let wanted = NotificationConfiguration::builder();
        let wanted = wanted.queue_configurations(queue(arn, event)).build();
        assert_refused(put(wanted).await, 400, "InvalidArgument");
    }
    put(NotificationConfiguration::builder().build())
        .await
        .unwrap();
    assert!(get().await.topic_configurations().is_empty());
}

#[tokio::test]
async fn acceleration_payment_and_website_are_kept() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let accelerate = |bucket: &str, status: &str| {
        let wanted = AccelerateConfiguration::builder();
        let wanted = wanted.status(BucketAccelerateStatus::from(status)).build();
        let call = client.put_bucket_accelerate_configuration().bucket(bucket);
        call.accelerate_configuration(wanted).send()
    };
    accelerate(BUCKET, "Enabled").await.unwrap();
    let read = client.get_bucket_accelerate_configuration().bucket(BUCKET);
    let read = read.send().await.unwrap().status;
    assert_eq!(read, Some(BucketAccelerateStatus::Enabled));
    assert_refused(accelerate(BUCKET, "Fast").await, 400, "MalformedXML");
    client.create_bucket().bucket("a.b").send().await.unwrap();
    assert_refused(accelerate("a.b", "Enabled").await, 400, "InvalidRequest");

    let pay = |payer: &str| {
        let wanted = RequestPaymentConfiguration::builder().payer(Payer::from(payer));
        let call = client.put_bucket_request_payment().bucket(BUCKET);
        call.request_payment_configuration(wanted.build().unwrap())
            .send()
    };
    pay("Requester").await.unwrap();
    let read = client.get_bucket_request_payment().bucket(BUCKET).send();
    assert_eq!(read.await.unwrap().payer(), Some(&Payer::Requester));
    assert_refused(pay("Nobody").await, 400, "MalformedXML");

    let serve = |wanted: WebsiteConfiguration| {
        let call = client.put_bucket_website().bucket(BUCKET);
        call.website_configuration(wanted).send()
    };
    let get = || client.get_bucket_website().bucket(BUCKET).send();
    let index = IndexDocument::builder()
        .suffix("index.html")
        .build()
        .unwrap();
    let error = ErrorDocument::builder().key("error.html").build().unwrap();
    let redirect = Redirect::builder().replace_key_prefix_with("new/").build();
    let condition = Condition::builder().key_prefix_equals("old/").build();
    let rule = RoutingRule::builder()
        .condition(condition)
        .redirect(redirect)
        .build();
    let pages = WebsiteConfiguration::builder().index_document(index.clone());
    let pages = pages
        .error_document(error.clone())
        .routing_rules(rule.clone());
    serve(pages.clone().build()).await.unwrap();
    let read = get().await.unwrap();
    assert_eq!(
        (read.index_document(), read.error_document()),
        (Some(&index), Some(&error))
    );
    assert_eq!(read.routing_rules(), [rule]);
    let elsewhere = RedirectAllRequestsTo::builder().host_name("example.com");
    let elsewhere = elsewhere.protocol(Protocol::Https).build().unwrap();
    let both = pages.redirect_all_requests_to(elsewhere.clone()).build();
    assert_refused(serve(both).await, 400, "InvalidArgument");
    let all = WebsiteConfiguration::builder().redirect_all_requests_to(elsewhere.clone());
    serve(all.build()).await.unwrap();
    assert_eq!(
        get().await.unwrap().redirect_all_requests_to(),
        Some(&elsewhere)
    );
    let delete = client.delete_bucket_website().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_refused(get().await, 404, "NoSuchWebsiteConfiguration");
}

#[tokio::test]
async fn blocked_encryption_types_are_kept() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let default = ServerSideEncryptionByDefault::builder();
    let default = default
        .sse_algorithm(ServerSideEncryption::Aes256)
        .build()
        .unwrap();
    let blocked = BlockedEncryptionTypes::builder().encryption_type(EncryptionType::SseC);
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(false)
        .blocked_encryption_types(blocked.build());
    let wanted = ServerSideEncryptionConfiguration::builder().rules(rule.build());
    let wanted = wanted.build().unwrap();
    let put = client.put_bucket_encryption().bucket(BUCKET);
    let put = put.server_side_encryption_configuration(wanted.clone());
    put.send().await.unwrap();
    let get = || async {
        let call = client.get_bucket_encryption().bucket(BUCKET);
        let output = call.send().await.unwrap();
        output.server_side_encryption_configuration.unwrap()
    };
    assert_eq!(get().await, wanted);
    let delete = client.delete_bucket_encryption().bucket(BUCKET);
    delete.send().await.unwrap();
    assert_eq!(get().await.rules()[0].blocked_encryption_types(), None);
}

#[tokio::test]
async fn a_bucket_of_an_older_release_is_read() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    let file = fixture
        .path()
        .join("buckets")
        .join(BUCKET)
        .join("bucket.json");
    let old = r#"{"owner": "000000000000", "region": "us-east-1", "created_ms": 1,
        "object_lock": false, "object_ownership": "BucketOwnerEnforced"}"#;
    std::fs::write(file, old).unwrap();
    let policy = client.get_bucket_policy().bucket(BUCKET).send().await;
    assert_refused(policy, 404, "NoSuchBucketPolicy");
    let acl = client.get_bucket_acl().bucket(BUCKET).send().await.unwrap();
    assert_eq!(acl.grants().len(), 1);
}
