//! Planning a converged bucket yields nothing.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::*;
use crate::bucket::accelerate::Accelerate;
use crate::bucket::acl::Acl;
use crate::bucket::encryption::Encryption;
use crate::bucket::object_ownership::ObjectOwnership;
use crate::bucket::policy::Policy;
use crate::bucket::public_access_block::PublicAccessBlock;
use crate::bucket::request_payment::RequestPayment;
use crate::bucket::tags::Tags;
use crate::bucket::versioning::Versioning;

/// What S3 has after the change is what was wanted, whatever was there.
fn assert_converges<T: SubResource>(wanted: &Value, there: &Value) {
    let wanted: Wanted<T> = serde_json::from_value(wanted.clone()).unwrap();
    let there: Option<T> = serde_json::from_value(there.clone()).unwrap();
    let mut part = Managed {
        there: there.or_else(T::of_new_bucket),
        ..Managed::of(&wanted)
    };
    if part.refusal().is_some() {
        return;
    }
    let first = part.change();
    part.there = match part.goal() {
        Goal::Put(to) => Some(to),
        Goal::Delete(left) => left,
        Goal::Keep => return,
    };
    assert_eq!(part.change(), None, "after {first:?} of {part:?}");
}

#[test]
fn small_sub_resources_converge_from_everything_to_everything() {
    fn all<T: SubResource>(values: &[Value]) {
        for wanted in values.iter().chain([&json!("absent")]) {
            for there in values.iter().chain([&Value::Null]) {
                assert_converges::<T>(wanted, there);
            }
        }
    }
    let some = json!({ "block_public_acls": true, "ignore_public_acls": true,
                       "block_public_policy": false, "restrict_public_buckets": false });
    all::<Versioning>(&[json!(true), json!(false)]);
    all::<PublicAccessBlock>(&[json!(true), json!(false), some]);
    all::<ObjectOwnership>(&[json!("BucketOwnerEnforced"), json!("ObjectWriter")]);
    all::<RequestPayment>(&[json!("BucketOwner"), json!("Requester")]);
    all::<Accelerate>(&[json!(true), json!(false)]);
}

fn or_absent(some: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(json!("absent")), 5 => some]
}

fn or_none(some: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 5 => some]
}

prop_compose! {
    fn encryption()(
        algorithm in select(&["AES256", "aws:kms", "aws:kms:dsse"][..]),
        key in proptest::option::of(select(&[
            "1234abcd", "key/1234abcd", "alias/aws/s3",
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
        ][..])),
        bucket_key in any::<Option<bool>>(),
        blocked in proptest::option::of(subsequence(vec!["SSE-C", "SSE-X"], 0..=2)),
    ) -> Value {
        json!({ "algorithm": algorithm, "kms_key_id": key, "bucket_key": bucket_key,
                "blocked_types": blocked })
    }
}

fn tags() -> impl Strategy<Value = Value> {
    let keys = select(&["a", "b", "aws:stack"][..]);
    proptest::collection::btree_map(keys, "[xy]", 0..4).prop_map(|tags| json!(tags))
}

fn acl() -> impl Strategy<Value = Value> {
    let canned = select(&["private", "public-read", "log-delivery-write"][..]);
    let grantee = select(vec![("id", "a1"), ("id", "b2"), ("group", "AllUsers")]);
    let grant = (grantee, select(&["READ", "FULL_CONTROL"][..]))
        .prop_map(|((kind, who), permission)| json!({ kind: who, "permission": permission }));
    let grants = proptest::collection::vec(grant, 0..4);
    prop_oneof![
        canned.prop_map(Value::from),
        grants.prop_map(|grants| json!({ "grants": grants })),
    ]
}

fn policy() -> impl Strategy<Value = Value> {
    let one_or_list = |words: &'static [&'static str]| {
        prop_oneof![
            select(words).prop_map(Value::from),
            subsequence(words, 0..=words.len()).prop_map(|list| json!(list)),
        ]
    };
    let accounts = one_or_list(&["*", "111122223333", "arn:aws:iam::111122223333:root"]);
    let statement = (select(&["Allow", "Deny"][..]), accounts, one_or_list(&["s3:Get*", "s3:*"]))
        .prop_map(|(effect, account, action)| {
            json!({ "Effect": effect, "Principal": { "AWS": account }, "Action": action })
        });
    proptest::collection::vec(statement, 0..3)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

proptest! {
    #[test]
    fn encryption_converges(wanted in or_absent(encryption()), there in or_none(encryption())) {
        assert_converges::<Encryption>(&wanted, &there);
    }

    #[test]
    fn tags_converge(wanted in or_absent(tags()), there in or_none(tags())) {
        assert_converges::<Tags>(&wanted, &there);
    }

    #[test]
    fn an_acl_converges(wanted in or_absent(acl()), there in or_none(acl())) {
        assert_converges::<Acl>(&wanted, &there);
    }

    #[test]
    fn a_policy_converges(wanted in or_absent(policy()), there in or_none(policy())) {
        assert_converges::<Policy>(&wanted, &there);
    }
}
