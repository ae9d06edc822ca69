//! The versioning state of a bucket; objects have one version all the same.

use s3s::dto::{
    GetBucketVersioningOutput, MFADeleteStatus, PutBucketVersioningInput, PutBucketVersioningOutput,
};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::answer;
use super::error::refuse;
use crate::store::BucketRecord;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    let versioning = bucket.versioning.unwrap_or_default();
    let mfa_delete = versioning.mfa_delete.map(|word| word.as_str().to_owned());
    answer(GetBucketVersioningOutput {
        status: versioning.status,
        mfa_delete: mfa_delete.map(MFADeleteStatus::from),
    })
}

/// Object lock and replication forbid to suspend it.
pub(super) fn put(
    input: PutBucketVersioningInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketVersioningOutput> {
    let wanted = input.versioning_configuration;
    let status = wanted.status.as_ref().map(|status| status.as_str());
    let refused = match status {
        Some("Suspended") if bucket.object_lock => {
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        }
        Some("Suspended") if bucket.replication.is_some() => {
            "A replication configuration is present on this bucket, so the versioning state cannot be changed."
        }
        Some("Enabled" | "Suspended") => {
            bucket.versioning = Some(wanted);
            return Ok(PutBucketVersioningOutput {});
        }
        _ => {
            return Err(refuse(
                S3ErrorCode::IllegalVersioningConfigurationException,
                "The Versioning element must be specified",
            ));
        }
    };
    Err(refuse(S3ErrorCode::InvalidBucketState, refused))
}

/// Whether a bucket keeps versions now.
pub(super) fn is_enabled(bucket: &BucketRecord) -> bool {
    let status = bucket.versioning.as_ref().and_then(|v| v.status.as_ref());
    status.is_some_and(|status| status.as_str() == "Enabled")
}
