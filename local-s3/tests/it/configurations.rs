//! Configurations that have ids: intelligent tiering, inventory, analytics and metrics.

use aws_sdk_s3::types::*;

use crate::fixture::{BUCKET, Fixture, assert_refused};

const DESTINATION: &str = "arn:aws:s3:::backup";

fn tiering(id: &str, days: i32) -> IntelligentTieringConfiguration {
    let tier = IntelligentTieringAccessTier::ArchiveAccess;
    let tier = Tiering::builder().days(days).access_tier(tier);
    IntelligentTieringConfiguration::builder()
        .id(id)
        .status(IntelligentTieringStatus::Enabled)
        .filter(IntelligentTieringFilter::builder().prefix("a/").build())
        .tierings(tier.build().unwrap())
        .build()
        .unwrap()
}

#[tokio::test]
async fn configurations_with_ids_are_listed() {
    let (fixture, client) = Fixture::start_with_bucket().await;
    let put = |id: &str, wanted| {
        let call = client.put_bucket_intelligent_tiering_configuration();
        let call = call.bucket(BUCKET).id(id);
        call.intelligent_tiering_configuration(wanted).send()
    };
    for n in (0..101).rev() {
        let id = format!("{n:03}");
        put(&id, tiering(&id, 90)).await.unwrap();
    }
    assert_refused(put("a", tiering("b", 90)).await, 400, "MalformedXML");
    assert_refused(put("a", tiering("a", 89)).await, 400, "InvalidArgument");
    let list = || {
        client
            .list_bucket_intelligent_tiering_configurations()
            .bucket(BUCKET)
    };
    let first = list().send().await.unwrap();
    let found = first.intelligent_tiering_configuration_list();
    assert_eq!((found.len(), first.is_truncated()), (100, Some(true)));
    assert_eq!(found[0], tiering("000", 90));
    let second = list().set_continuation_token(first.next_continuation_token);
    let second = second.send().await.unwrap();
    let found = second.intelligent_tiering_configuration_list();
    assert_eq!((found.len(), found[0].id()), (1, "100"));
    let get = client.get_bucket_intelligent_tiering_configuration();
    let get = get.bucket(BUCKET).id("007").send().await.unwrap();
    assert_eq!(
        get.intelligent_tiering_configuration,
        Some(tiering("007", 90))
    );
    let delete = || {
        let call = client.delete_bucket_intelligent_tiering_configuration();
        call.bucket(BUCKET).id("007").send()
    };
    delete().await.unwrap();
    assert_refused(delete().await, 404, "NoSuchConfiguration");

    let everything = MetricsConfiguration::builder().id("all").build().unwrap();
    let metrics = client.put_bucket_metrics_configuration().bucket(BUCKET);
    let metrics = metrics.id("all").metrics_configuration(everything.clone());
    metrics.send().await.unwrap();
    let filter = AnalyticsFilter::Prefix("a/".to_owned());
    let analysis = StorageClassAnalysis::builder().build();
    let analytics = AnalyticsConfiguration::builder().id("a").filter(filter);
    let analytics = analytics.storage_class_analysis(analysis).build().unwrap();
    let call = client.put_bucket_analytics_configuration().bucket(BUCKET);
    let call = call.id("a").analytics_configuration(analytics.clone());
    call.send().await.unwrap();
    let target = InventoryS3BucketDestination::builder().bucket(DESTINATION);
    let target = target.format(InventoryFormat::Csv).build().unwrap();
    let target = InventoryDestination::builder().s3_bucket_destination(target);
    let schedule = InventorySchedule::builder().frequency(InventoryFrequency::Daily);
    let inventory = InventoryConfiguration::builder()
        .id("i")
        .is_enabled(true)
        .included_object_versions(InventoryIncludedObjectVersions::All)
        .destination(target.build())
        .schedule(schedule.build().unwrap())
        .build()
        .unwrap();
    let call = client.put_bucket_inventory_configuration().bucket(BUCKET);
    let call = call.id("i").inventory_configuration(inventory.clone());
    call.send().await.unwrap();

    let fixture = fixture.restart().await;
    let client = fixture.client();
    let read = client
        .get_bucket_metrics_configuration()
        .bucket(BUCKET)
        .id("all");
    assert_eq!(
        read.send().await.unwrap().metrics_configuration,
        Some(everything)
    );
    let read = client.list_bucket_analytics_configurations().bucket(BUCKET);
    assert_eq!(
        read.send().await.unwrap().analytics_configuration_list(),
        [analytics]
    );
    let read = client
        .get_bucket_inventory_configuration()
        .bucket(BUCKET)
        .id("i");
    assert_eq!(
        read.send().await.unwrap().inventory_configuration,
        Some(inventory)
    );
}
