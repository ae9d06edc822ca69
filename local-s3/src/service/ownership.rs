//! Who owns the objects of a bucket, and so whether it has access control lists.

use s3s::dto::{
    GetBucketOwnershipControlsOutput, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::answer;
use super::error::{malformed_xml, refuse};
use crate::store::BucketRecord;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketOwnershipControlsOutput>> {
    let ownership = bucket.object_ownership.ok_or_else(|| {
        refuse(
            S3ErrorCode::OwnershipControlsNotFoundError,
            "The bucket ownership controls were not found",
        )
    })?;
    let rule = OwnershipControlsRule {
        object_ownership: ownership.into(),
    };
    answer(GetBucketOwnershipControlsOutput {
        ownership_controls: Some(OwnershipControls { rules: vec![rule] }),
    })
}

pub(super) fn put(
    input: PutBucketOwnershipControlsInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketOwnershipControlsOutput> {
    let rules = input.ownership_controls.rules;
    let [rule] = rules.as_slice() else {
        return Err(malformed_xml());
    };
    let wanted = checked(&rule.object_ownership).map_err(|_| malformed_xml())?;
    if wanted == ObjectOwnership::BUCKET_OWNER_ENFORCED && bucket.acl.is_some() {
        return Err(acl_with_enforced_ownership());
    }
    bucket.object_ownership = Some(wanted);
    Ok(PutBucketOwnershipControlsOutput {})
}

/// Checks the word of an ownership.
pub(super) fn checked(wanted: &ObjectOwnership) -> S3Result<String> {
    match wanted.as_str() {
        word @ ("BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter") => {
            Ok(word.to_owned())
        }
        other => Err(refuse(
            S3ErrorCode::InvalidArgument,
            format!("Invalid x-amz-object-ownership header: {other}"),
        )),
    }
}

/// Whether a bucket has no access control lists; without controls it has them.
pub(super) fn is_enforced(bucket: &BucketRecord) -> bool {
    bucket.object_ownership.as_deref() == Some(ObjectOwnership::BUCKET_OWNER_ENFORCED)
}

pub(super) fn acl_with_enforced_ownership() -> S3Error {
    refuse(
        S3ErrorCode::InvalidBucketAclWithObjectOwnership,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    )
}
