//! A bucket as wanted: every fault at once, and combinations that S3 never takes.

use serde_json::{Value, json};

use super::*;

fn spec(json: Value) -> BucketSpec {
    let mut spec = json;
    if spec.get("bucket").is_none() {
        spec["bucket"] = "acme".into();
    }
    serde_json::from_value(spec).unwrap()
}

fn faults(json: Value) -> Vec<String> {
    let mut checks = Checks::default();
    let desired = spec(json).check(Some("eu-west-1"), &mut checks);
    let faults = checks.into_faults();
    assert_eq!(
        desired.is_none(),
        faults.iter().any(|(path, _)| is_name(path))
    );
    let faults = faults.into_iter();
    faults
        .map(|(path, message)| format!("{path}: {message}"))
        .collect()
}

fn is_name(path: &str) -> bool {
    path == "bucket" || path == "region"
}

#[test]
fn the_short_forms_stay_and_come_back() {
    let json = json!({
        "bucket": "acme", "region": "eu-west-1", "expected_owner": "111122223333",
        "versioning": true, "encryption": "aws:kms", "public_access_block": false,
        "object_ownership": "ObjectWriter", "tags": { "team": "data" },
        "acl": "private", "policy": "absent", "accelerate": false, "request_payment": "Requester",
    });
    let desired = spec(json.clone()).check(None, &mut Checks::default());
    assert_eq!(serde_json::to_value(desired.unwrap()).unwrap(), json);
}

#[test]
fn the_default_region_is_written_down() {
    let desired = spec(json!({})).check(Some("eu-west-1"), &mut Checks::default());
    let json = json!({ "bucket": "acme", "region": "eu-west-1" });
    assert_eq!(serde_json::to_value(desired.unwrap()).unwrap(), json);
}

#[test]
fn an_unknown_field_and_a_missing_bucket_are_no_spec() {
    for json in [json!({ "bucket": "acme", "verzioning": true }), json!({})] {
        assert!(serde_json::from_value::<BucketSpec>(json).is_err());
    }
}

#[test]
fn every_fault_is_told_at_once() {
    insta::assert_debug_snapshot!(faults(json!({
        "bucket": "Acme", "region": "eu-wst-1", "expected_owner": "42", "versioning": "absent",
        "encryption": { "algorithm": "AES256", "kms_key_id": "k" }, "tags": { "a!": "" },
    })));
}

#[test]
fn wrong_combinations_are_told_with_the_mend() {
    let public = json!({ "Statement": { "Effect": "Allow", "Principal": "*",
                                        "Action": "s3:GetObject", "Resource": "*" } });
    insta::assert_debug_snapshot!(faults(json!({
        "bucket": "acme.logs", "acl": "public-read", "policy": public, "accelerate": true,
    })));
    assert_eq!(
        faults(json!({
            "acl": "public-read", "policy": public, "accelerate": true,
            "object_ownership": "ObjectWriter", "public_access_block": false,
        })),
        [""; 0]
    );
    assert_eq!(
        faults(json!({ "acl": "private", "object_ownership": "BucketOwnerEnforced" })),
        [""; 0]
    );
}

#[test]
fn no_region_is_told_with_the_mend() {
    for (region, start) in [(None, "missing, give"), (Some("EU"), "missing, and")] {
        let mut checks = Checks::default();
        assert_eq!(spec(json!({})).check(region, &mut checks), None);
        let (path, message) = &checks.into_faults()[0];
        assert_eq!(path, "region");
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn the_schema_names_every_field_and_takes_no_null() {
    let schema = schemars::schema_for!(BucketSpec).to_value();
    assert_eq!(schema["required"], json!(["bucket"]));
    assert_eq!(schema["additionalProperties"], json!(false));
    for (name, field) in schema["properties"].as_object().unwrap() {
        let branches = field["anyOf"].as_array().cloned().unwrap_or_default();
        let is_null = |schema: &Value| schema["type"].to_string().contains("\"null\"");
        assert!(
            !is_null(field) && !branches.iter().any(is_null),
            "{name}: {field:#}"
        );
        assert!(field["description"].is_string(), "{name}");
    }
}

#[test]
fn what_needs_versioning_says_so() {
    let replication = json!({ "role": "arn:aws:iam::111122223333:role/r", "rules": [
        { "destination": { "bucket": "acme-copy" } }] });
    let of = |versioning: Value, lock: Value| {
        let mut job = json!({ "replication": replication, "versioning": versioning });
        if !lock.is_null() {
            job["object_lock"] = lock;
        }
        faults(job)
    };
    assert_eq!(of(json!(true), Value::Null), [""; 0]);
    assert_eq!(of(Value::Null, json!(true)), [""; 0]);
    assert_eq!(of(Value::Null, Value::Null).len(), 1);
    assert_eq!(of(json!(false), json!(true)).len(), 2);
    assert_eq!(faults(json!({ "object_lock": "absent" })).len(), 1);
}

#[test]
fn a_policy_is_about_its_bucket() {
    let of = |resource: Value| {
        let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                                "Resource": resource });
        faults(json!({ "policy": { "Statement": statement } })).len()
    };
    let own = [
        "arn:aws:s3:::acme",
        "arn:aws:s3:::acme/*",
        "arn:aws:s3:::ac*",
        "*",
    ];
    assert_eq!(of(json!(own)), 0);
    assert_eq!(
        of(json!(["arn:aws:s3:::acme-logs/*", "arn:aws:s3:::acm"])),
        2
    );
}
