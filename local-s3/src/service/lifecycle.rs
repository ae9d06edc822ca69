//! The lifecycle rules of a bucket, which are kept but not applied.

use s3s::dto::{
    GetBucketLifecycleConfigurationOutput, LifecycleRule, PutBucketLifecycleConfigurationInput,
    PutBucketLifecycleConfigurationOutput, TransitionDefaultMinimumObjectSize,
};
use s3s::{S3ErrorCode, S3Response, S3Result};

use super::error::{invalid_argument, invalid_request, malformed_xml, refuse};
use super::{answer, rule_id};
use crate::store::{BucketRecord, Lifecycle};

const RULES_MAX: usize = 1000;
/// Objects move to these classes after this many days at the earliest.
const TRANSITION_DAYS_MIN: i32 = 30;

pub(super) fn get(
    bucket: BucketRecord,
) -> S3Result<S3Response<GetBucketLifecycleConfigurationOutput>> {
    let lifecycle = bucket.lifecycle.ok_or_else(|| {
        refuse(
            S3ErrorCode::NoSuchLifecycleConfiguration,
            "The lifecycle configuration does not exist",
        )
    })?;
    answer(GetBucketLifecycleConfigurationOutput {
        rules: Some(lifecycle.rules),
        transition_default_minimum_object_size: Some(
            lifecycle.transition_default_minimum_object_size.into(),
        ),
    })
}

pub(super) fn put(
    input: PutBucketLifecycleConfigurationInput,
    bucket: &mut BucketRecord,
) -> S3Result<PutBucketLifecycleConfigurationOutput> {
    let configuration = input.lifecycle_configuration.ok_or_else(malformed_xml)?;
    let mut rules = configuration.rules;
    if rules.is_empty() {
        return Err(malformed_xml());
    }
    if rules.len() > RULES_MAX {
        return Err(invalid_request(
            "The number of lifecycle rules must not exceed the allowed limit of 1000 rules",
        ));
    }
    rule_id::complete(rules.iter_mut().map(|rule| &mut rule.id))?;
    rules.iter().try_for_each(check)?;
    let size = input.transition_default_minimum_object_size;
    let size = size.unwrap_or_else(|| {
        TransitionDefaultMinimumObjectSize::from_static(
            TransitionDefaultMinimumObjectSize::ALL_STORAGE_CLASSES_128K,
        )
    });
    if !matches!(
        size.as_str(),
        TransitionDefaultMinimumObjectSize::ALL_STORAGE_CLASSES_128K
            | TransitionDefaultMinimumObjectSize::VARIES_BY_STORAGE_CLASS
    ) {
        return Err(invalid_argument(
            "Invalid x-amz-transition-default-minimum-object-size header",
        ));
    }
    bucket.lifecycle = Some(Lifecycle {
        rules,
        transition_default_minimum_object_size: size.as_str().to_owned(),
    });
    Ok(PutBucketLifecycleConfigurationOutput {
        transition_default_minimum_object_size: Some(size),
    })
}

fn check(rule: &LifecycleRule) -> S3Result<()> {
    if !matches!(rule.status.as_str(), "Enabled" | "Disabled")
        || rule.filter.is_some() == rule.prefix.is_some()
    {
        return Err(malformed_xml());
    }
    let transitions = rule.transitions.as_deref().unwrap_or_default();
    let later = rule.noncurrent_version_transitions.as_deref();
    let later = later.unwrap_or_default();
    let acts = rule.expiration.is_some()
        || rule.noncurrent_version_expiration.is_some()
        || rule.abort_incomplete_multipart_upload.is_some()
        || !transitions.is_empty()
        || !later.is_empty();
    if !acts {
        return Err(invalid_request(
            "At least one action needs to be specified in a rule",
        ));
    }
    if let Some(expiration) = &rule.expiration {
        let given = [
            expiration.days.is_some(),
            expiration.date.is_some(),
            expiration.expired_object_delete_marker.is_some(),
        ];
        if given.iter().filter(|is_given| **is_given).count() != 1 {
            return Err(malformed_xml());
        }
        if expiration.days.is_some_and(|days| days < 1) {
            return Err(invalid_argument(
                "'Days' for Expiration action must be a positive integer",
            ));
        }
    }
    for transition in transitions {
        if transition.days.is_some() == transition.date.is_some() {
            return Err(malformed_xml());
        }
        let class = transition
            .storage_class
            .as_ref()
            .ok_or_else(malformed_xml)?;
        let is_infrequent = matches!(class.as_str(), "STANDARD_IA" | "ONEZONE_IA");
        if is_infrequent
            && transition
                .days
                .is_some_and(|days| days < TRANSITION_DAYS_MIN)
        {
            return Err(invalid_argument(format!(
                "'Days' in Transition action must be greater than or equal to 30 for storageClass '{}'",
                class.as_str()
            )));
        }
    }
    Ok(())
}
