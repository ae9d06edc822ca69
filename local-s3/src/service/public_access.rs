//! The public access block of a bucket, and what it forbids to other sub-resources.

use http::StatusCode;
use s3s::dto::{
    GetPublicAccessBlockOutput, PublicAccessBlockConfiguration, PutPublicAccessBlockInput,
    PutPublicAccessBlockOutput,
};
use s3s::{S3Response, S3Result};

use super::answer;
use super::error::refuse_with;
use crate::store::BucketRecord;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetPublicAccessBlockOutput>> {
    let block = bucket.public_access_block.ok_or_else(|| {
        refuse_with(
            StatusCode::NOT_FOUND,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )
    })?;
    answer(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(block),
    })
}

/// A setting that is left out is off.
pub(super) fn put(
    input: PutPublicAccessBlockInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutPublicAccessBlockOutput> {
    let wanted = input.public_access_block_configuration;
    let setting = |wanted: Option<bool>| Some(wanted.unwrap_or(false));
    bucket.public_access_block = Some(PublicAccessBlockConfiguration {
        block_public_acls: setting(wanted.block_public_acls),
        block_public_policy: setting(wanted.block_public_policy),
        ignore_public_acls: setting(wanted.ignore_public_acls),
        restrict_public_buckets: setting(wanted.restrict_public_buckets),
    });
    Ok(PutPublicAccessBlockOutput {})
}

/// What a new bucket has.
pub(super) fn all_blocked() -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration {
        block_public_acls: Some(true),
        block_public_policy: Some(true),
        ignore_public_acls: Some(true),
        restrict_public_buckets: Some(true),
    }
}

pub(super) fn blocks_policies(bucket: &BucketRecord) -> bool {
    let block = bucket.public_access_block.as_ref();
    block.is_some_and(|block| block.block_public_policy == Some(true))
}

pub(super) fn blocks_acls(bucket: &BucketRecord) -> bool {
    let block = bucket.public_access_block.as_ref();
    block.is_some_and(|block| block.block_public_acls == Some(true))
}
