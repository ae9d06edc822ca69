//! Notification: what is written, what is refused, what means the same.

use aws_sdk_s3::operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput;
use aws_sdk_s3::types::{
    FilterRule, NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::bucket::rules::testing::{faults, faulty, of_json};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:uploads";

fn example() -> Notification {
    of_json(json!({
        "event_bridge": true,
        "topics": [{
            "id": "removed",
            "arn": "arn:aws:sns:eu-west-1:111122223333:removed",
            "events": ["s3:ObjectRemoved:*"],
        }],
        "queues": [{
            "id": "images",
            "arn": QUEUE,
            "events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:CompleteMultipartUpload"],
            "filter": { "prefix": "images/", "suffix": ".jpg" },
        }],
        "functions": [{
            "id": "reports",
            "arn": "arn:aws:lambda:eu-west-1:111122223333:function:reports",
            "events": ["s3:ObjectCreated:*"],
            "filter": { "prefix": "reports/" },
        }],
        "skip_destination_validation": true,
    }))
}

fn answered(notification: &Notification) -> Notification {
    let sent = notification.to_sdk().unwrap();
    let answer = GetBucketNotificationConfigurationOutput::builder()
        .set_topic_configurations(sent.topic_configurations)
        .set_queue_configurations(sent.queue_configurations)
        .set_lambda_function_configurations(sent.lambda_function_configurations)
        .set_event_bridge_configuration(sent.event_bridge_configuration);
    Notification::of_sdk(answer.build())
}

#[cfg(feature = "local")]
#[tokio::test]
async fn local_s3_keeps_it() {
    use crate::bucket::rules::testing::kept_by_local_s3;

    let left = kept_by_local_s3(&example(), &[]).await;
    assert_eq!(left, None);
}

#[test]
fn it_is_the_same_after_the_sdk_had_it() {
    assert_eq!(faults(&example()), []);
    assert_eq!(answered(&example()), example());
}

#[test]
fn names_of_filters_are_read_in_any_case() {
    let rule = FilterRule::builder().name("Prefix".into()).value("images/");
    let key = S3KeyFilter::builder().filter_rules(rule.build());
    let filter = NotificationConfigurationFilter::builder().key(key.build());
    let queue = QueueConfiguration::builder()
        .queue_arn(QUEUE)
        .events("s3:ObjectCreated:Put".into())
        .filter(filter.build());
    let answer = GetBucketNotificationConfigurationOutput::builder()
        .queue_configurations(queue.build().unwrap());
    let read = Notification::of_sdk(answer.build());
    assert_eq!(read.queues[0].filter.prefix.as_deref(), Some("images/"));
}

#[test]
fn ids_of_s3_and_the_order_are_no_drift() {
    let target = |id: Value, suffix: &str, events: [&str; 2]| json!({ "id": id, "arn": QUEUE, "events": events, "filter": { "suffix": suffix } });
    let (put, copy) = ("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy");
    let wanted: Notification = of_json(json!({
        "queues": [
            target(Value::Null, ".jpg", [put, copy]),
            target(Value::Null, ".png", [put, copy]),
        ],
        "skip_destination_validation": true,
    }));
    let mut there: Notification = of_json(json!({
        "queues": [
            target(json!("x"), ".png", [copy, put]),
            target(json!("y"), ".jpg", [copy, put]),
        ],
    }));
    assert_eq!(wanted.canonical(Some(&there)), there.canonical(None));
    there.event_bridge = true;
    assert_ne!(wanted.canonical(Some(&there)), there.canonical(None));
}

#[test]
fn every_fault_has_its_path() {
    assert_eq!(faulty(&Notification::default()), ["notification"]);
    let skip: Notification = of_json(json!({ "skip_destination_validation": true }));
    assert_eq!(faulty(&skip), ["notification"]);
    let notification: Notification = of_json(json!({
        "queues": [
            { "id": "", "arn": "uploads", "events": [] },
            {
                "arn": "arn:aws:sns:eu-west-1:111122223333:topic",
                "events": ["s3:ObjectRestore:Post"],
                "filter": { "prefix": "p".repeat(1025), "suffix": "s".repeat(1025) },
            },
        ],
    }));
    let paths = [
        "notification.queues[0].id",
        "notification.queues[0].arn",
        "notification.queues[0].events",
        "notification.queues[1].arn",
        "notification.queues[1].filter.prefix",
        "notification.queues[1].filter.suffix",
    ];
    assert_eq!(faulty(&notification), paths);
}

#[test]
fn ids_differ_in_all_lists_together() {
    let target = |arn: &str, event: &str| json!({ "id": "a", "arn": arn, "events": [event] });
    let notification: Notification = of_json(json!({
        "topics": [target("arn:aws:sns:eu-west-1:111122223333:t", "s3:ObjectCreated:*")],
        "queues": [target(QUEUE, "s3:ObjectRemoved:*")],
    }));
    let told = [(
        "notification.queues[0].id".to_owned(),
        "`a` is the id of topics[0] as well: ids must differ".to_owned(),
    )];
    assert_eq!(faults(&notification), told);
}

#[test]
fn one_event_has_one_destination() {
    let overlap = |events: [&str; 2], filters: [Value; 2]| {
        let notification: Notification = of_json(json!({
            "topics": [{
                "arn": "arn:aws:sns:eu-west-1:111122223333:a",
                "events": [events[0]],
                "filter": filters[0],
            }],
            "queues": [{ "arn": QUEUE, "events": [events[1]], "filter": filters[1] }],
        }));
        let faulty = faulty(&notification);
        assert!(
            faulty.is_empty() || faulty == ["notification.queues[0]"],
            "{faulty:?}"
        );
        !faulty.is_empty()
    };
    let (all, put, copy) = (
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectCreated:Copy",
    );
    let any = || json!({});
    let prefix = |prefix: &str| json!({ "prefix": prefix });
    let suffix = |suffix: &str| json!({ "suffix": suffix });
    assert!(overlap([all, put], [any(), any()]));
    assert!(overlap([put, all], [any(), prefix("a")]));
    assert!(!overlap([put, copy], [any(), any()]));
    assert!(overlap([put, put], [prefix("a/"), prefix("a/b/")]));
    assert!(!overlap([put, put], [prefix("a/"), prefix("b/")]));
    assert!(overlap([put, put], [suffix("jpg"), suffix("pg")]));
    assert!(!overlap([put, put], [suffix(".jpg"), suffix(".png")]));
    assert!(overlap([put, put], [prefix("a/"), suffix(".png")]));
    let both = json!({ "prefix": "a/", "suffix": ".jpg" });
    assert!(!overlap([put, put], [both.clone(), prefix("b/")]));
    assert!(!overlap([put, put], [both, suffix(".png")]));
}

prop_compose! {
    fn targets()(
        id in of("[a-z]{1,3}"),
        arn in "[a-z:]{1,9}",
        events in vec(proptest::sample::select(Event::values()), 1..4),
        prefix in of("[a-z/]{1,3}"),
        suffix in of("[.a-z]{1,3}"),
    ) -> NotificationTarget {
        let events = events.into_iter().map(str::to_owned).collect();
        NotificationTarget { id, arn, events, filter: KeyFilter { prefix, suffix } }
    }
}

proptest! {
    #[test]
    fn any_one_is_the_same_after_the_sdk_had_it(
        event_bridge in any::<bool>(),
        topics in vec(targets(), 0..3),
        queues in vec(targets(), 0..3),
        functions in vec(targets(), 0..3),
    ) {
        let notification = Notification {
            event_bridge,
            topics,
            queues,
            functions,
            skip_destination_validation: false,
        };
        prop_assert_eq!(answered(&notification), notification);
    }
}
