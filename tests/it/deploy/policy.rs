//! What the tasks may do is what the program does: the policy allows each call of S3 in the source,
//! and none beside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::filled::{BUCKET_PREFIX, filled};
use crate::program::repository;

/// The action that a call needs (service authorization reference of S3, "Actions defined by Amazon
/// S3", and the API reference of each call).
const ACTIONS: [(&str, &str); 46] = [
    // Its options need PutBucketOwnershipControls, PutBucketObjectLockConfiguration and
    // PutBucketVersioning, which other calls need as well.
    ("create_bucket", "s3:CreateBucket"),
    ("delete_bucket_cors", "s3:PutBucketCORS"),
    ("delete_bucket_encryption", "s3:PutEncryptionConfiguration"),
    (
        "delete_bucket_intelligent_tiering_configuration",
        "s3:PutIntelligentTieringConfiguration",
    ),
    ("delete_bucket_lifecycle", "s3:PutLifecycleConfiguration"),
    (
        "delete_bucket_ownership_controls",
        "s3:PutBucketOwnershipControls",
    ),
    ("delete_bucket_policy", "s3:DeleteBucketPolicy"),
    (
        "delete_bucket_replication",
        "s3:PutReplicationConfiguration",
    ),
    ("delete_bucket_tagging", "s3:PutBucketTagging"),
    ("delete_bucket_website", "s3:DeleteBucketWebsite"),
    (
        "delete_public_access_block",
        "s3:PutBucketPublicAccessBlock",
    ),
    (
        "get_bucket_accelerate_configuration",
        "s3:GetAccelerateConfiguration",
    ),
    ("get_bucket_acl", "s3:GetBucketAcl"),
    ("get_bucket_cors", "s3:GetBucketCORS"),
    ("get_bucket_encryption", "s3:GetEncryptionConfiguration"),
    (
        "get_bucket_lifecycle_configuration",
        "s3:GetLifecycleConfiguration",
    ),
    ("get_bucket_logging", "s3:GetBucketLogging"),
    (
        "get_bucket_notification_configuration",
        "s3:GetBucketNotification",
    ),
    (
        "get_bucket_ownership_controls",
        "s3:GetBucketOwnershipControls",
    ),
    ("get_bucket_policy", "s3:GetBucketPolicy"),
    ("get_bucket_replication", "s3:GetReplicationConfiguration"),
    ("get_bucket_request_payment", "s3:GetBucketRequestPayment"),
    ("get_bucket_tagging", "s3:GetBucketTagging"),
    ("get_bucket_versioning", "s3:GetBucketVersioning"),
    ("get_bucket_website", "s3:GetBucketWebsite"),
    (
        "get_object_lock_configuration",
        "s3:GetBucketObjectLockConfiguration",
    ),
    ("get_public_access_block", "s3:GetBucketPublicAccessBlock"),
    ("head_bucket", "s3:ListBucket"),
    (
        "list_bucket_intelligent_tiering_configurations",
        "s3:GetIntelligentTieringConfiguration",
    ),
    (
        "put_bucket_accelerate_configuration",
        "s3:PutAccelerateConfiguration",
    ),
    ("put_bucket_acl", "s3:PutBucketAcl"),
    ("put_bucket_cors", "s3:PutBucketCORS"),
    ("put_bucket_encryption", "s3:PutEncryptionConfiguration"),
    (
        "put_bucket_intelligent_tiering_configuration",
        "s3:PutIntelligentTieringConfiguration",
    ),
    (
        "put_bucket_lifecycle_configuration",
        "s3:PutLifecycleConfiguration",
    ),
    ("put_bucket_logging", "s3:PutBucketLogging"),
    (
        "put_bucket_notification_configuration",
        "s3:PutBucketNotification",
    ),
    (
        "put_bucket_ownership_controls",
        "s3:PutBucketOwnershipControls",
    ),
    ("put_bucket_policy", "s3:PutBucketPolicy"),
    ("put_bucket_replication", "s3:PutReplicationConfiguration"),
    ("put_bucket_request_payment", "s3:PutBucketRequestPayment"),
    ("put_bucket_tagging", "s3:PutBucketTagging"),
    ("put_bucket_versioning", "s3:PutBucketVersioning"),
    ("put_bucket_website", "s3:PutBucketWebsite"),
    (
        "put_object_lock_configuration",
        "s3:PutBucketObjectLockConfiguration",
    ),
    ("put_public_access_block", "s3:PutBucketPublicAccessBlock"),
];

/// Calls for reports, ledgers and job files.
const ACTIONS_OF_OBJECTS: [(&str, &str); 3] = [
    ("get_object", "s3:GetObject"),
    ("list_objects_v2", "s3:ListBucket"),
    ("put_object", "s3:PutObject"),
];

/// What calls of S3 begin with, and what they are about.
const VERBS: [&str; 11] = [
    "abort", "complete", "copy", "create", "delete", "get", "head", "list", "put", "update",
    "upload",
];
const NOUNS: [&str; 5] = ["bucket", "object", "public_access_block", "part", "session"];

/// The calls of S3 in a text of Rust: `.put_bucket_cors()`.
fn calls_in(text: &str) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    for rest in text.split('.').skip(1) {
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        let verb = name.split('_').next().unwrap_or_default();
        let is_about_s3 = NOUNS.iter().any(|noun| name.contains(noun));
        if after.starts_with("()") && VERBS.contains(&verb) && is_about_s3 {
            calls.insert(name.to_owned());
        }
    }
    calls
}

/// Those in the source, without its tests.
fn calls_of_source(folder: &Path, calls: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if ["tests", "testing"].contains(&stem) {
            continue;
        }
        if path.is_dir() {
            calls_of_source(&path, calls);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let tests = text
                .find("\n#[cfg(test)]\nmod tests {")
                .unwrap_or(text.len());
            calls.extend(calls_in(&text[..tests]));
        }
    }
}

fn statement<'v>(policy: &'v Value, sid: &str) -> &'v Value {
    let mut statements = policy["Statement"].as_array().unwrap().iter();
    statements
        .find(|statement| statement["Sid"] == sid)
        .unwrap()
}

fn texts(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// The actions that these calls need, of those in a table.
fn needed(
    calls: &BTreeSet<String>,
    table: &BTreeMap<&'static str, &'static str>,
) -> BTreeSet<&'static str> {
    let known = calls.iter().filter_map(|call| table.get(call.as_str()));
    known.copied().collect()
}

#[test]
fn the_tasks_may_call_what_the_program_calls_and_nothing_else() {
    let of_buckets = BTreeMap::from(ACTIONS);
    let of_objects = BTreeMap::from(ACTIONS_OF_OBJECTS);
    let mut calls = BTreeSet::new();
    calls_of_source(&repository().join("src"), &mut calls);
    let is_unknown = |call: &&String| {
        !of_buckets.contains_key(call.as_str()) && !of_objects.contains_key(call.as_str())
    };
    let unknown: Vec<&String> = calls.iter().filter(is_unknown).collect();
    assert!(
        unknown.is_empty(),
        "give {unknown:?} their actions here and in the policy"
    );
    let stale: Vec<_> = of_buckets
        .keys()
        .filter(|call| !calls.contains(**call))
        .collect();
    assert!(stale.is_empty(), "nobody calls {stale:?} any more");

    let policy = filled("iam-task-policy.json");
    let make = statement(&policy, "MakeBuckets");
    assert_eq!(texts(&make["Action"]), needed(&calls, &of_buckets));
    assert_eq!(make["Resource"], format!("arn:aws:s3:::{BUCKET_PREFIX}*"));

    let sids = [
        "FindReportsAndJobFiles",
        "ReadJobFiles",
        "WriteReports",
        "KeepLedgers",
    ];
    let mut allowed = BTreeSet::new();
    for sid in sids {
        allowed.extend(texts(&statement(&policy, sid)["Action"]));
    }
    let needed_of_objects = needed(&calls, &of_objects);
    assert_eq!(allowed, needed_of_objects);
    // What the reports' bucket does not forbid is just that.
    let deny = statement(&policy, "LeaveTheReportsBucketAsItIs");
    assert_eq!(
        (deny["Effect"].as_str(), texts(&deny["NotAction"])),
        (Some("Deny"), needed_of_objects)
    );
    assert_eq!(
        policy["Statement"].as_array().unwrap().len(),
        sids.len() + 3
    );
}

#[test]
fn the_daemon_may_upload_and_answer_for_the_sampling_of_the_sdks() {
    let policy = filled("iam-task-policy.json");
    // The actions of AWSXRayDaemonWriteAccess, the managed policy for a daemon.
    let actions = [
        "xray:GetSamplingRules",
        "xray:GetSamplingStatisticSummaries",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ];
    assert_eq!(
        texts(&statement(&policy, "SendTraces")["Action"]),
        BTreeSet::from(actions)
    );
}

#[test]
fn what_is_allowed_everywhere_cannot_be_narrowed() {
    for (name, sids) in [
        ("iam-task-policy.json", &["SendTraces"][..]),
        ("iam-execution-policy.json", &["SignInToEcr"]),
        ("iam-trigger-policy.json", &[]),
    ] {
        let policy = filled(name);
        for statement in policy["Statement"].as_array().unwrap() {
            let sid = statement["Sid"].as_str().unwrap();
            let is_everywhere = texts(&statement["Resource"]).contains("*");
            assert_eq!(is_everywhere, sids.contains(&sid), "{name}: {sid}");
            let wild = texts(&statement["Action"])
                .iter()
                .any(|action| action.contains('*'));
            assert!(!wild, "{name}: {sid}");
        }
    }
}

#[test]
fn a_call_is_seen_wherever_it_stands() {
    let text = "let call = bucket.client.get_bucket_acl().bucket(name);\n    self.client\n        .put_object()\n\
        names.get(name); map.get_mut(); list.get_part_of(x); report.get_name();";
    let calls = calls_in(text);
    assert_eq!(
        calls.iter().collect::<Vec<_>>(),
        ["get_bucket_acl", "put_object"]
    );
}
