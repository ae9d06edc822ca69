//! Every sub-resource over real sockets on a local S3: put, no drift, drift by hand repaired, absent.

use std::net::TcpListener;

use aws_sdk_s3::error::DisplayErrorContext;
use local_s3::LocalS3;

use super::*;
use crate::spec::{Context as LoadContext, CustomKinds, Document, Environment, JobKind, load};

const ACCOUNT: &str = "000000000000";

/// Runs the test with a client of a local S3 of its own.
fn on_local_s3<F: Future<Output = ()>>(test: impl FnOnce(Client) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = local_s3::Options::new(dir.path());
        let server = LocalS3::start(listener, options).await.unwrap();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(ACCOUNT, "secret", None, None, "test"))
            .region(Region::new("eu-west-1"))
            .endpoint_url(format!("http://{}", server.address()))
            .force_path_style(true)
            .http_client(crate::aws::http::by_scheme(
                &crate::aws::http::Roots::System,
            ))
            .build();
        test(Client::from_conf(config)).await;
        server.stop().await;
    });
}

async fn lines(client: &Client, json: &Value, mode: Mode) -> Vec<String> {
    let made = Made::default();
    let ran = run(client, &desired(json), Some(ACCOUNT), mode, &made).await;
    ran.unwrap_or_else(|error| panic!("{json}: {}", DisplayErrorContext(&error)));
    made.changes().iter().map(Change::to_string).collect()
}

/// A value of each sub-resource, and what must stand beside it.
fn values() -> Vec<(&'static str, Value, Value)> {
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Sid": "tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"],
        "Condition": { "Bool": { "aws:SecureTransport": false } },
    } });
    let rules = json!({ "rules": [{ "id": "expire", "expiration": { "days": 30 } }] });
    let cors = json!({ "rules": [
        { "allowed_methods": ["GET"], "allowed_origins": ["https://acme.test"] }] });
    let replication = json!({ "role": "arn:aws:iam::000000000000:role/copy", "rules": [
        { "id": "all", "destination": { "bucket": "acme-copy" } }] });
    let lock = json!({ "default_retention": { "mode": "GOVERNANCE", "days": 1 } });
    let block = json!({ "block_public_acls": true, "ignore_public_acls": true,
                        "block_public_policy": false, "restrict_public_buckets": false });
    let none = json!({});
    let acls = json!({ "object_ownership": "BucketOwnerPreferred" });
    vec![
        (
            "object_ownership",
            json!("BucketOwnerPreferred"),
            none.clone(),
        ),
        ("public_access_block", block, none.clone()),
        ("acl", json!("log-delivery-write"), acls),
        (
            "encryption",
            json!({ "algorithm": "aws:kms", "bucket_key": true }),
            none.clone(),
        ),
        ("versioning", json!(true), none.clone()),
        ("policy", policy, none.clone()),
        ("lifecycle", rules, none.clone()),
        (
            "logging",
            json!({ "target_bucket": "acme-logs" }),
            none.clone(),
        ),
        ("cors", cors, none.clone()),
        (
            "website",
            json!({ "index_document": "index.html" }),
            none.clone(),
        ),
        (
            "notification",
            json!({ "event_bridge": true }),
            none.clone(),
        ),
        ("accelerate", json!(true), none.clone()),
        ("request_payment", json!("Requester"), none.clone()),
        ("tags", json!({ "team": "data" }), none.clone()),
        (
            "intelligent_tiering",
            json!([{ "id": "cold", "archive_access_days": 90 }]),
            none,
        ),
        ("replication", replication, json!({ "versioning": true })),
        ("object_lock", lock, json!({ "versioning": true })),
    ]
}

fn job(bucket: &str, field: &str, value: &Value, beside: &Value) -> Value {
    let mut job = beside.clone();
    job["bucket"] = bucket.into();
    job[field] = value.clone();
    job
}

/// Changes a sub-resource behind the job's back.
async fn meddle(client: &Client, bucket: &str, field: &str) {
    let bucket = Calls {
        client,
        bucket,
        owner: None,
    };
    let by_hand = |json: Value| {
        let mut spec = json!({});
        spec[field] = json;
        let mut parts = desired(&spec).parts();
        parts.retain(|part| part.field() == field);
        parts.remove(0)
    };
    let part = match field {
        "versioning" | "accelerate" => by_hand(json!(false)),
        "object_ownership" => by_hand(json!("BucketOwnerEnforced")),
        "public_access_block" => by_hand(json!(true)),
        "object_lock" => by_hand(json!(true)),
        field => by_hand(match field {
            "acl" => json!("private"),
            "encryption" => json!("AES256"),
            "request_payment" => json!("BucketOwner"),
            _ => json!("absent"),
        }),
    };
    part.make(&bucket).await.unwrap();
}

#[test]
fn every_sub_resource_is_put_kept_repaired_and_removed() {
    on_local_s3(async |client| {
        for other in ["acme-logs", "acme-copy"] {
            lines(
                &client,
                &json!({ "bucket": other, "versioning": true }),
                Mode::Apply,
            )
            .await;
        }
        for (field, value, beside) in values() {
            let bucket = format!("acme-{}", field.replace('_', "-"));
            let value: Value = serde_json::from_str(
                &value
                    .to_string()
                    .replace(":::acme", &format!(":::{bucket}")),
            )
            .unwrap();
            let wanted = job(&bucket, field, &value, &beside);
            let planned = lines(&client, &wanted, Mode::Plan).await;
            assert_eq!(
                lines(&client, &wanted, Mode::Apply).await,
                planned,
                "{field}"
            );
            assert_eq!(
                lines(&client, &wanted, Mode::Apply).await,
                [""; 0],
                "{field}"
            );

            meddle(&client, &bucket, field).await;
            let repaired = lines(&client, &wanted, Mode::Apply).await;
            assert_eq!(repaired.len(), 1, "{field}: {repaired:?}");
            assert_eq!(
                lines(&client, &wanted, Mode::Plan).await,
                [""; 0],
                "{field}"
            );

            if matches!(field, "versioning" | "object_lock") {
                continue; // never absent
            }
            let absent = job(&bucket, field, &json!("absent"), &beside);
            assert_eq!(
                lines(&client, &absent, Mode::Apply).await.len(),
                1,
                "{field}"
            );
            assert_eq!(
                lines(&client, &absent, Mode::Apply).await,
                [""; 0],
                "{field}"
            );
        }
    });
}

#[test]
fn all_sub_resources_at_once_go_in_s3s_order() {
    on_local_s3(async |client| {
        for other in ["acme-logs", "acme-copy"] {
            lines(
                &client,
                &json!({ "bucket": other, "versioning": true }),
                Mode::Apply,
            )
            .await;
        }
        let mut wanted = json!({ "bucket": "acme" });
        for (field, value, _) in values() {
            wanted[field] = value;
        }
        let planned = lines(&client, &wanted, Mode::Plan).await;
        assert_eq!(lines(&client, &wanted, Mode::Apply).await, planned);
        assert_eq!(lines(&client, &wanted, Mode::Apply).await, [""; 0]);
        insta::assert_snapshot!(planned.join("\n"));
    });
}

#[test]
fn a_lock_switches_versioning_on_where_the_bucket_is_there_without() {
    on_local_s3(async |client| {
        for (bucket, versioning) in [("acme", json!(false)), ("acme-copy", json!(true))] {
            let other = json!({ "bucket": bucket, "versioning": versioning });
            lines(&client, &other, Mode::Apply).await;
        }
        let values = values().into_iter();
        let locked = values.filter(|(field, ..)| ["replication", "object_lock"].contains(field));
        let mut wanted = json!({ "bucket": "acme" });
        for (field, value, _) in locked {
            wanted[field] = value;
        }
        let planned = lines(&client, &wanted, Mode::Plan).await;
        assert_eq!(planned[0], "versioning: off → on");
        assert_eq!(planned.len(), 3, "{planned:?}");
        assert_eq!(lines(&client, &wanted, Mode::Apply).await, planned);
        assert_eq!(lines(&client, &wanted, Mode::Apply).await, [""; 0]);
    });
}

/// The bucket jobs of the document's examples.
fn documented() -> Vec<Desired> {
    let document = include_str!("../../../../docs/jobs.md");
    let blocks = document.split("```").skip(1).step_by(2);
    let files = blocks.filter_map(|block| block.strip_prefix("json\n"));
    let context = LoadContext {
        account: ACCOUNT.into(),
        region: Some("eu-west-1".into()),
        start: "2026-03-09T04:05:06Z".parse().unwrap(),
        run_id: "run-1".into(),
        environment: Environment::default(),
        kinds: CustomKinds::default(),
    };
    let jobs = files.flat_map(|file| {
        let checked = load(&[Document::new("jobs.md", file)], &context);
        let checked = checked.unwrap_or_else(|faults| panic!("{file}\n{faults}"));
        checked.files[0].jobs().collect::<Vec<_>>()
    });
    let buckets = jobs.filter_map(|job| match job.unwrap().kind {
        JobKind::CreateBucket(desired) => Some(*desired),
        _ => None,
    });
    buckets.collect()
}

#[test]
fn the_examples_of_the_document_stay_as_they_were_put() {
    on_local_s3(async |client| {
        for other in ["acme-logs-000000000000", "acme-copy"] {
            let other = json!({ "bucket": other, "versioning": true });
            lines(&client, &other, Mode::Apply).await;
        }
        let mut managed = std::collections::BTreeSet::new();
        for desired in documented() {
            managed.extend(desired.parts().iter().map(|part| part.field()));
            let mut runs = Vec::new();
            for mode in [Mode::Plan, Mode::Apply, Mode::Apply] {
                let made = Made::default();
                let ran = run(&client, &desired, Some(ACCOUNT), mode, &made).await;
                ran.unwrap_or_else(|error| {
                    panic!("{desired:?}: {}", DisplayErrorContext(&error));
                });
                runs.push(made.changes());
            }
            assert!(!runs[0].is_empty(), "{desired:?}");
            assert_eq!(runs[0], runs[1], "{desired:?}");
            assert_eq!(runs[2], [], "{desired:?}");
        }
        let unmanaged = ORDER.iter().filter(|field| !managed.contains(*field));
        assert_eq!(unmanaged.collect::<Vec<_>>(), [&""; 0]);
    });
}
