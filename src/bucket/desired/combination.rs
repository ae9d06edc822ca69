//! Wrong combinations: options that are right alone and that S3 refuses together.

use checked_json::Checks;

use super::BucketSpec;
use crate::bucket::name::BucketName;
use crate::bucket::wanted::Wanted;

/// Notes every combination that S3 would refuse; `bucket` is the name if it has no fault.
pub(super) fn check(spec: &BucketSpec, bucket: Option<&BucketName>, checks: &mut Checks) {
    checks.field("acl", |checks| check_acl(spec, checks));
    checks.field("policy", |checks| check_policy(spec, bucket, checks));
    check_versioning(spec, checks);
    checks.field("accelerate", |checks| {
        let is_on = present(&spec.accelerate).is_some_and(|accelerate| accelerate.0);
        if is_on && spec.bucket.contains('.') {
            checks.fault("a bucket whose name has dots cannot be accelerated: take them out of it");
        }
    });
}

/// Both need old versions of objects: a lock switches versioning on where the job does not name it.
fn check_versioning(spec: &BucketSpec, checks: &mut Checks) {
    let versioning = present(&spec.versioning).map(|versioning| bool::from(*versioning));
    let has_lock = present(&spec.object_lock).is_some();
    if has_lock && versioning == Some(false) {
        checks.field("object_lock", |checks| {
            checks.fault("a lock needs versioning: set versioning to true, or leave it out");
        });
    }
    let is_versioned = versioning == Some(true) || (has_lock && versioning.is_none());
    if present(&spec.replication).is_some() && !is_versioned {
        checks.field("replication", |checks| {
            checks.fault("replication needs versioning: set versioning to true");
        });
    }
}

/// A new bucket has ACLs off and all public access blocked, so a job that wants otherwise says so.
fn check_acl(spec: &BucketSpec, checks: &mut Checks) {
    let Some(acl) = present(&spec.acl) else {
        return;
    };
    let ownership = spec.object_ownership.as_ref();
    let acls_are_off = match ownership {
        None => true,
        Some(Wanted::Absent) => false,
        Some(Wanted::Present(ownership)) => ownership.is_enforced(),
    };
    if acl.grants_anything() && acls_are_off {
        checks.fault(
            "ACLs are off with `BucketOwnerEnforced`, S3's default: set object_ownership to \
             `BucketOwnerPreferred` or `ObjectWriter`",
        );
    }
    let block = spec.public_access_block.as_ref();
    let is_open = block.is_some_and(|block| match block {
        Wanted::Absent => true,
        Wanted::Present(block) => !block.switches.block_public_acls,
    });
    if acl.is_public() && !is_open {
        checks.fault(
            "S3 refuses a public ACL while public access is blocked, its default: set \
             public_access_block to an object with block_public_acls and ignore_public_acls false",
        );
    }
}

fn check_policy(spec: &BucketSpec, bucket: Option<&BucketName>, checks: &mut Checks) {
    let policy = present(&spec.policy);
    if let (Some(policy), Some(bucket)) = (policy, bucket) {
        for resource in policy.foreign_resources(bucket.as_str()) {
            checks.fault(format!(
                "resource `{resource}` is not of this bucket: name `arn:aws:s3:::{bucket}` or `arn:aws:s3:::{bucket}/*`"
            ));
        }
    }
    let block = spec.public_access_block.as_ref();
    let is_open = block.is_some_and(|block| match block {
        Wanted::Absent => true,
        Wanted::Present(block) => !block.switches.block_public_policy,
    });
    let is_public = policy.is_some_and(|policy| policy.is_public());
    if is_public && !is_open {
        checks.fault(
            "S3 refuses a public policy while public access is blocked, its default: name the \
             principals, or set public_access_block to an object with block_public_policy and \
             restrict_public_buckets false",
        );
    }
}

fn present<T>(wanted: &Option<Wanted<T>>) -> Option<&T> {
    wanted.as_ref().and_then(Wanted::present)
}
