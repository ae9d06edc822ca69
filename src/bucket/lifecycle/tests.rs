//! Lifecycle: what is written, what is refused, what means the same.

use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::types::{ExpirationStatus, LifecycleExpiration as SdkExpiration};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::bucket::rules::testing::{faults, faulty, of_json};

fn example() -> Lifecycle {
    of_json(json!({
        "rules": [
            {
                "id": "reports",
                "enabled": true,
                "filter": {
                    "prefix": "reports/",
                    "tags": { "class": "cold" },
                    "object_size_greater_than": 131_072,
                    "object_size_less_than": 1_073_741_824,
                },
                "transitions": [
                    { "days": 30, "storage_class": "STANDARD_IA" },
                    { "days": 90, "storage_class": "GLACIER" },
                ],
                "expiration": { "days": 365 },
                "noncurrent_version_transitions": [
                    { "days": 30, "newer_versions": 2, "storage_class": "GLACIER_IR" },
                ],
                "noncurrent_version_expiration": { "days": 90, "newer_versions": 3 },
            },
            { "abort_incomplete_multipart_upload_days": 7 },
            { "expiration": { "expired_object_delete_marker": true } },
            {
                "id": "at once",
                "enabled": false,
                "transitions": [{ "date": "2030-01-01", "storage_class": "DEEP_ARCHIVE" }],
                "expiration": { "date": "2030-12-31" },
            },
        ],
        "transition_default_minimum_object_size": "varies_by_storage_class",
    }))
}

/// What S3 answers after it was put.
fn answered(lifecycle: &Lifecycle) -> Lifecycle {
    let sent = lifecycle.to_sdk().unwrap();
    let size = lifecycle.transition_default_minimum_object_size.as_deref();
    let answer = GetBucketLifecycleConfigurationOutput::builder()
        .set_rules(Some(sent.rules))
        .set_transition_default_minimum_object_size(size.map(Into::into));
    Lifecycle::of_sdk(answer.build())
}

fn rule(rule: &Value) -> Lifecycle {
    of_json(json!({ "rules": [rule] }))
}

#[cfg(feature = "local")]
#[tokio::test]
async fn local_s3_keeps_it() {
    use crate::bucket::rules::testing::kept_by_local_s3;

    let left = kept_by_local_s3(&example(), &[]).await;
    assert_eq!(left, None);
}

#[test]
fn a_good_one_has_no_fault() {
    assert_eq!(faults(&example()), []);
}

#[test]
fn it_is_the_same_after_the_sdk_had_it() {
    let there = answered(&example());
    assert_eq!(there.canonical(None), example().canonical(None));
}

#[test]
fn what_s3_fills_in_is_no_drift() {
    let wanted: Lifecycle = of_json(json!({
        "rules": [
            { "expiration": { "days": 1 }, "filter": { "prefix": "" } },
            {
                "transitions": [
                    { "date": "2030-01-02T00:00:00Z", "storage_class": "GLACIER" },
                    { "date": "2030-01-01T02:00:00+02:00", "storage_class": "GLACIER_IR" },
                ],
            },
        ],
    }));
    let mut there: Lifecycle = of_json(json!({
        "rules": [
            {
                "id": "made by S3",
                "transitions": [
                    { "date": "2030-01-01", "storage_class": "GLACIER_IR" },
                    { "date": "2030-01-02", "storage_class": "GLACIER" },
                ],
            },
            { "id": "made by S3 too", "expiration": { "days": 1 } },
        ],
        "transition_default_minimum_object_size": "varies_by_storage_class",
    }));
    assert_eq!(wanted.canonical(Some(&there)), there.canonical(None));
    there.transition_default_minimum_object_size = None;
    assert_eq!(wanted.canonical(Some(&there)), there.canonical(None));
    there.rules[1].enabled = false;
    assert_ne!(wanted.canonical(Some(&there)), there.canonical(None));
}

#[test]
fn a_prefix_from_before_filters_is_a_filter() {
    #[expect(deprecated, reason = "it is what old rules have")]
    let old = aws_sdk_s3::types::LifecycleRule::builder()
        .id("old")
        .prefix("logs/")
        .status(ExpirationStatus::Enabled)
        .expiration(SdkExpiration::builder().days(3).build())
        .build();
    let answer = GetBucketLifecycleConfigurationOutput::builder().rules(old.unwrap());
    let wanted = rule(&json!({
        "id": "old", "filter": { "prefix": "logs/" }, "expiration": { "days": 3 },
    }));
    assert_eq!(Lifecycle::of_sdk(answer.build()), wanted);
}

#[test]
fn every_fault_has_its_path() {
    let cases = [
        (json!({}), vec![""]),
        (json!({ "expiration": {} }), vec![".expiration"]),
        (
            json!({ "expiration": { "days": 0, "expired_object_delete_marker": true } }),
            vec![".expiration", ".expiration.days"],
        ),
        (
            json!({ "expiration": { "date": "2030-02-30" } }),
            vec![".expiration.date"],
        ),
        (
            json!({ "expiration": { "date": "2030-01-01T12:00:00Z" } }),
            vec![".expiration.date"],
        ),
        (
            json!({ "noncurrent_version_expiration": { "days": 0, "newer_versions": 101 } }),
            vec![
                ".noncurrent_version_expiration.days",
                ".noncurrent_version_expiration.newer_versions",
            ],
        ),
        (
            json!({
                "transitions": [
                    { "storage_class": "GLACIER" },
                    { "days": -1, "storage_class": "GLACIER" },
                ],
            }),
            vec![
                ".transitions[0]",
                ".transitions[1].days",
                ".transitions[1].storage_class",
            ],
        ),
        (
            json!({
                "noncurrent_version_transitions": [
                    { "days": -1, "storage_class": "GLACIER", "newer_versions": 0 },
                    { "days": 1, "storage_class": "GLACIER" },
                ],
                "noncurrent_version_expiration": { "days": 1 },
            }),
            vec![
                ".noncurrent_version_transitions[0].days",
                ".noncurrent_version_transitions[0].newer_versions",
                ".noncurrent_version_transitions[1].storage_class",
                ".noncurrent_version_expiration.days",
            ],
        ),
        (
            json!({
                "transitions": [
                    { "days": 29, "storage_class": "STANDARD_IA" },
                    { "days": 30, "storage_class": "ONEZONE_IA" },
                    { "days": 0, "storage_class": "GLACIER_IR" },
                ],
                "noncurrent_version_transitions": [
                    { "days": 30, "storage_class": "STANDARD_IA" },
                    { "days": 29, "storage_class": "ONEZONE_IA" },
                    { "days": 0, "storage_class": "INTELLIGENT_TIERING" },
                ],
            }),
            vec![
                ".transitions[0].days",
                ".noncurrent_version_transitions[1].days",
            ],
        ),
        (
            json!({
                "transitions": [{ "days": 30, "storage_class": "GLACIER" }],
                "expiration": { "days": 30 },
            }),
            vec![".expiration.days"],
        ),
        (
            json!({
                "transitions": [{ "date": "2030-01-01", "storage_class": "GLACIER" }],
                "expiration": { "date": "2030-01-01" },
            }),
            vec![".expiration.date"],
        ),
        (
            json!({
                "transitions": [{ "date": "2030-01-01", "storage_class": "GLACIER" }],
                "expiration": { "days": 30 },
            }),
            vec![""],
        ),
        (
            json!({
                "filter": {
                    "prefix": "p".repeat(1025),
                    "tags": { "": "" },
                    "object_size_greater_than": -1,
                    "object_size_less_than": -2,
                },
                "abort_incomplete_multipart_upload_days": 0,
                "expiration": { "expired_object_delete_marker": true },
            }),
            vec![
                ".filter.prefix",
                ".filter.tags",
                ".filter.object_size_greater_than",
                ".filter.object_size_less_than",
                ".filter.object_size_less_than",
                ".abort_incomplete_multipart_upload_days",
                ".abort_incomplete_multipart_upload_days",
                ".expiration.expired_object_delete_marker",
            ],
        ),
    ];
    for (json, paths) in cases {
        let paths: Vec<_> = paths
            .iter()
            .map(|path| format!("lifecycle.rules[0]{path}"))
            .collect();
        assert_eq!(faulty(&rule(&json)), paths, "{json}");
    }
}

#[test]
fn ids_differ_and_there_are_1_to_1000_rules() {
    let mut lifecycle = example();
    lifecycle.rules[3].id = Some("reports".to_owned());
    assert_eq!(faulty(&lifecycle), ["lifecycle.rules[3].id"]);
    let plain = lifecycle.rules.remove(1);
    for (len, refused) in [(0, true), (1_000, false), (1_001, true)] {
        lifecycle.rules = vec![plain.clone(); len];
        assert_eq!(!faulty(&lifecycle).is_empty(), refused, "{len} rules");
    }
}

fn dates() -> impl Strategy<Value = String> {
    (2000..2100i32, 1..13u32, 1..29u32).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"))
}

prop_compose! {
    fn filters()(
        prefix in of("[a-z/]{1,4}"),
        tags in btree_map("[a-z]{1,2}", "[a-z]{0,2}", 0..3),
        more in of(0..10i64),
        fewer in of(1..10i64),
    ) -> LifecycleFilter {
        LifecycleFilter {
            prefix,
            tags,
            object_size_greater_than: more,
            object_size_less_than: fewer,
        }
    }
}

prop_compose! {
    fn rules()(
        (id, enabled, filter, abort) in (of("[a-z]{1,3}"), any::<bool>(), filters(), of(1..9i32)),
        expiration in of((of(1..9i32), of(dates()), any::<bool>())),
        noncurrent in of((1..9i32, of(1..9i32))),
        transitions in vec((of(0..9i32), of(dates()), "[A-Z]{1,9}"), 0..3),
        noncurrent_transitions in vec((0..9i32, of(1..9i32), "[A-Z]{1,9}"), 0..3),
    ) -> LifecycleRule {
        LifecycleRule {
            id,
            enabled,
            filter,
            expiration: expiration.map(|(days, date, marker)| LifecycleExpiration {
                days,
                date,
                expired_object_delete_marker: marker,
            }),
            noncurrent_version_expiration: noncurrent
                .map(|(days, newer_versions)| NoncurrentVersionExpiration { days, newer_versions }),
            transitions: transitions
                .into_iter()
                .map(|(days, date, storage_class)| LifecycleTransition { days, date, storage_class })
                .collect(),
            noncurrent_version_transitions: noncurrent_transitions
                .into_iter()
                .map(|(days, newer_versions, storage_class)| NoncurrentVersionTransition {
                    days,
                    newer_versions,
                    storage_class,
                })
                .collect(),
            abort_incomplete_multipart_upload_days: abort,
        }
    }
}

proptest! {
    #[test]
    fn any_one_is_the_same_after_the_sdk_had_it(rules in vec(rules(), 0..4)) {
        let lifecycle = Lifecycle { rules, transition_default_minimum_object_size: None };
        let there = answered(&lifecycle);
        prop_assert_eq!(lifecycle.canonical(Some(&there)), there.canonical(None));
    }
}
