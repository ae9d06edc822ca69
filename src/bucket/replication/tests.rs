//! Replication: what is written, what is refused, what means the same.

use aws_sdk_s3::types::{
    Destination, ReplicationConfiguration, ReplicationRule as SdkRule, ReplicationRuleStatus,
};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::bucket::rules::testing::{faults, faulty, of_json};

const ROLE: &str = "arn:aws:iam::111122223333:role/replication";

fn example() -> Replication {
    of_json(json!({
        "role": ROLE,
        "rules": [
            {
                "id": "reports",
                "priority": 1,
                "enabled": true,
                "filter": { "prefix": "reports/", "tags": { "copy": "yes" } },
                "delete_marker_replication": false,
                "sse_kms_encrypted_objects": true,
                "replica_modifications": true,
                "existing_object_replication": false,
                "destination": {
                    "bucket": "acme-reports-copy",
                    "account": "444455556666",
                    "access_control_translation": "Destination",
                    "storage_class": "STANDARD_IA",
                    "replica_kms_key_id": "arn:aws:kms:eu-central-1:444455556666:key/copy",
                    "replication_time_minutes": 15,
                    "metrics": true,
                    "event_threshold_minutes": 15,
                },
            },
            {
                "delete_marker_replication": true,
                "destination": { "bucket": "arn:aws:s3:::acme-all-copy" },
            },
        ],
    }))
}

fn rule(rule: &Value) -> Replication {
    of_json(json!({ "role": ROLE, "rules": [rule] }))
}

#[cfg(feature = "local")]
#[tokio::test]
async fn local_s3_keeps_it() {
    use crate::bucket::rules::testing::kept_by_local_s3;

    let left = kept_by_local_s3(&example(), &["acme-reports-copy", "acme-all-copy"]).await;
    assert_eq!(left, None);
}

#[test]
fn it_is_the_same_after_the_sdk_had_it() {
    assert_eq!(faults(&example()), []);
    let there = Replication::of_sdk(example().to_sdk().unwrap());
    assert_eq!(there.canonical(None), example().canonical(None));
}

#[test]
fn names_promises_and_ids_of_s3_are_no_drift() {
    let wanted: Replication = of_json(json!({
        "role": "arn:aws-cn:iam::111122223333:role/replication",
        "rules": [
            { "priority": 2, "destination": { "bucket": "b", "replication_time_minutes": 15 } },
            { "priority": 1, "filter": { "prefix": "" }, "destination": { "bucket": "b" } },
        ],
    }));
    let mut there: Replication = of_json(json!({
        "role": "arn:aws-cn:iam::111122223333:role/replication",
        "rules": [
            { "id": "x", "priority": 1, "destination": { "bucket": "arn:aws-cn:s3:::b" } },
            {
                "id": "y",
                "priority": 2,
                "destination": {
                    "bucket": "arn:aws-cn:s3:::b",
                    "replication_time_minutes": 15,
                    "metrics": true,
                    "event_threshold_minutes": 15,
                },
            },
        ],
    }));
    assert_eq!(wanted.canonical(Some(&there)), there.canonical(None));
    there.rules[0].destination.metrics = true;
    assert_ne!(wanted.canonical(Some(&there)), there.canonical(None));
}

#[test]
fn version_1_copies_delete_markers() {
    let destination = Destination::builder().bucket("arn:aws:s3:::copy").build();
    #[expect(deprecated, reason = "it is what version 1 is")]
    let old = SdkRule::builder()
        .id("old")
        .prefix("logs/")
        .status(ReplicationRuleStatus::Enabled)
        .destination(destination.unwrap())
        .build();
    let old = ReplicationConfiguration::builder()
        .role(ROLE)
        .rules(old.unwrap())
        .build();
    let wanted = rule(&json!({
        "id": "old",
        "filter": { "prefix": "logs/" },
        "delete_marker_replication": true,
        "destination": { "bucket": "arn:aws:s3:::copy" },
    }));
    assert_eq!(Replication::of_sdk(old.unwrap()), wanted);
}

#[test]
fn every_fault_has_its_path() {
    let cases = [
        (
            json!({
                "id": "",
                "priority": -1,
                "filter": { "prefix": "p".repeat(1025), "tags": { "a": "b" } },
                "delete_marker_replication": true,
                "destination": { "bucket": "" },
            }),
            vec![
                ".id",
                ".priority",
                ".filter.prefix",
                ".delete_marker_replication",
                ".destination.bucket",
            ],
        ),
        (
            json!({
                "sse_kms_encrypted_objects": true,
                "destination": { "bucket": "arn:aws:sqs:::b", "account": "1" },
            }),
            vec![
                ".destination.bucket",
                ".destination.account",
                ".destination",
            ],
        ),
        (
            json!({
                "destination": {
                    "bucket": "b",
                    "access_control_translation": "Destination",
                    "replica_kms_key_id": "key",
                    "replication_time_minutes": 14,
                },
            }),
            vec![
                ".destination.access_control_translation",
                ".destination.replication_time_minutes",
                ".destination.replica_kms_key_id",
            ],
        ),
        (
            json!({ "destination": { "bucket": "b", "event_threshold_minutes": 15 } }),
            vec![".destination.event_threshold_minutes"],
        ),
    ];
    for (json, paths) in cases {
        let paths: Vec<_> = paths
            .iter()
            .map(|path| format!("replication.rules[0]{path}"))
            .collect();
        assert_eq!(faulty(&rule(&json)), paths, "{json}");
    }
}

#[test]
fn roles_rules_ids_and_priorities_are_checked() {
    let mut replication = example();
    replication.role = "replication".to_owned();
    replication.rules.push(replication.rules[0].clone());
    replication.rules[2].destination.bucket = "arn:aws:s3:::acme-reports-copy".to_owned();
    // Without a role there is no partition, so it is that of most.
    let paths = [
        "replication.role",
        "replication.rules[2].id",
        "replication.rules[2].priority",
    ];
    assert_eq!(faulty(&replication), paths);
    replication = example();
    replication.rules[1].priority = 1;
    // Their destinations differ.
    let told = [(
        "replication.rules[1].priority".to_owned(),
        "is 1 as that of [0]: priorities must differ".to_owned(),
    )];
    assert_eq!(faults(&replication), told);
    let mut one = replication.rules.remove(1);
    for (len, refused) in [(0, true), (1_000, false), (1_001, true)] {
        replication.rules.clear();
        for priority in 0..len {
            one.priority = priority;
            replication.rules.push(one.clone());
        }
        assert_eq!(!faulty(&replication).is_empty(), refused, "{len} rules");
    }
}

prop_compose! {
    fn destinations()(
        bucket in "[a-z]{3,5}",
        account in of("[0-9]{12}"),
        translation in of("[A-Za-z]{1,9}"),
        storage_class in of("[A-Z_]{1,9}"),
        key in of("[a-z:/]{1,9}"),
        time in of(1..99i32),
        (metrics, threshold) in (any::<bool>(), of(1..99i32)),
    ) -> ReplicationDestination {
        ReplicationDestination {
            bucket,
            account,
            access_control_translation: translation,
            storage_class,
            replica_kms_key_id: key,
            replication_time_minutes: time,
            metrics,
            event_threshold_minutes: threshold.filter(|_| metrics),
        }
    }
}

prop_compose! {
    fn rules()(
        id in of("[a-z]{1,3}"),
        priority in 0..9i32,
        prefix in of("[a-z/]{1,4}"),
        tags in btree_map("[a-z]{1,2}", "[a-z]{0,2}", 0..3),
        switches in any::<[bool; 5]>(),
        destination in destinations(),
    ) -> ReplicationRule {
        let [enabled, markers, kms, modifications, existing] = switches;
        ReplicationRule {
            id,
            priority,
            enabled,
            filter: ObjectFilter { prefix, tags },
            delete_marker_replication: markers,
            sse_kms_encrypted_objects: kms,
            replica_modifications: modifications,
            existing_object_replication: existing,
            destination,
        }
    }
}

proptest! {
    #[test]
    fn any_one_is_the_same_after_the_sdk_had_it(rules in vec(rules(), 0..4)) {
        let replication = Replication { role: ROLE.to_owned(), rules };
        let there = Replication::of_sdk(replication.to_sdk().unwrap());
        prop_assert_eq!(replication.canonical(Some(&there)), there.canonical(None));
    }
}
