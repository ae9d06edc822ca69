//! The object lock of a bucket: its default retention is kept but not applied.

use s3s::dto::{
    DefaultRetention, GetObjectLockConfigurationOutput, ObjectLockConfiguration, ObjectLockEnabled,
    PutObjectLockConfigurationInput, PutObjectLockConfigurationOutput,
};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::error::{invalid_argument, malformed_xml, refuse};
use super::{answer, versioning};
use crate::store::BucketRecord;

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetObjectLockConfigurationOutput>> {
    if !bucket.object_lock {
        return Err(refuse(
            S3ErrorCode::ObjectLockConfigurationNotFoundError,
            "Object Lock configuration does not exist for this bucket",
        ));
    }
    answer(GetObjectLockConfigurationOutput {
        object_lock_configuration: Some(ObjectLockConfiguration {
            object_lock_enabled: Some(ObjectLockEnabled::from_static(ObjectLockEnabled::ENABLED)),
            rule: bucket.object_lock_rule,
        }),
    })
}

/// Object lock needs versions, and cannot be taken off again: only its rule can.
pub(super) fn put(
    input: PutObjectLockConfigurationInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutObjectLockConfigurationOutput> {
    let wanted = input.object_lock_configuration.ok_or_else(malformed_xml)?;
    let enabled = wanted.object_lock_enabled.as_ref();
    if enabled.map(ObjectLockEnabled::as_str) != Some(ObjectLockEnabled::ENABLED) {
        return Err(malformed_xml());
    }
    if let Some(rule) = &wanted.rule {
        check(rule.default_retention.as_ref().ok_or_else(malformed_xml)?)?;
    }
    if !versioning::is_enabled(bucket) {
        return Err(refuse(
            S3ErrorCode::InvalidBucketState,
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        ));
    }
    bucket.object_lock = true;
    bucket.object_lock_rule = wanted.rule;
    Ok(PutObjectLockConfigurationOutput::default())
}

fn check(retention: &DefaultRetention) -> S3Result<()> {
    let mode = retention.mode.as_ref().map(|mode| mode.as_str());
    if !matches!(mode, Some("GOVERNANCE" | "COMPLIANCE")) {
        return Err(malformed_xml());
    }
    let (period, period_max) = match (retention.days, retention.years) {
        (Some(days), None) => (days, 36_500),
        (None, Some(years)) => (years, 100),
        _ => return Err(malformed_xml()),
    };
    if period < 1 {
        return Err(invalid_argument(
            "Default retention period must be a positive integer value.",
        ));
    }
    if period > period_max {
        return Err(invalid_argument(
            "Default retention period too large. Maximum allowed is 36500 days or 100 years.",
        ));
    }
    Ok(())
}
