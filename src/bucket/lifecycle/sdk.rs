//! The lifecycle in the types of the SDK, and back.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus,
    LifecycleExpiration as SdkExpiration, LifecycleRule as SdkRule, LifecycleRuleAndOperator,
    LifecycleRuleFilter, NoncurrentVersionExpiration as SdkNoncurrentExpiration,
    NoncurrentVersionTransition as SdkNoncurrentTransition, Transition, TransitionStorageClass,
};
use chrono::{NaiveDate, NaiveTime, Utc};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{
    Lifecycle, LifecycleExpiration, LifecycleFilter, LifecycleRule, LifecycleTransition,
    NoncurrentVersionExpiration, NoncurrentVersionTransition,
};
use crate::bucket::rules::{ObjectFilter, sdk_tags};

/// The classes that the SDK knows.
pub(super) fn storage_classes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": TransitionStorageClass::values() })
}

/// The moment that a date means: a day, or a time at midnight UTC.
pub(super) fn midnight(date: &str) -> Option<chrono::DateTime<Utc>> {
    if let Ok(day) = date.parse::<NaiveDate>() {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    let time = date.parse::<chrono::DateTime<Utc>>().ok()?;
    (time.time() == NaiveTime::MIN).then_some(time)
}

/// A midnight as the day that it begins.
pub(super) fn day(midnight: &chrono::DateTime<Utc>) -> String {
    midnight.format("%F").to_string()
}

fn to_date(date: Option<&str>) -> Result<Option<DateTime>, BuildError> {
    let Some(date) = date else { return Ok(None) };
    let midnight = midnight(date).ok_or_else(|| {
        BuildError::invalid_field("date", format!("`{date}` is no day such as 2030-12-31"))
    })?;
    Ok(Some(DateTime::from_secs(midnight.timestamp())))
}

/// S3 keeps midnights only; any other time is shown as it is.
fn of_date(date: DateTime) -> String {
    let time = chrono::DateTime::from_timestamp(date.secs(), date.subsec_nanos());
    match time {
        Some(time) if time.time() == NaiveTime::MIN => day(&time),
        Some(time) => time.to_rfc3339(),
        None => date.to_string(),
    }
}

impl Lifecycle {
    pub(super) fn to_sdk(&self) -> Result<BucketLifecycleConfiguration, BuildError> {
        let rules = self.rules.iter().map(LifecycleRule::to_sdk);
        BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules.collect::<Result<_, _>>()?))
            .build()
    }

    pub(super) fn of_sdk(answer: GetBucketLifecycleConfigurationOutput) -> Self {
        let rules = answer.rules.unwrap_or_default();
        let size = answer.transition_default_minimum_object_size;
        Self {
            rules: rules.into_iter().map(LifecycleRule::of_sdk).collect(),
            transition_default_minimum_object_size: size.map(|word| word.as_str().to_owned()),
        }
    }
}

impl LifecycleRule {
    fn to_sdk(&self) -> Result<SdkRule, BuildError> {
        let status = match self.enabled {
            true => ExpirationStatus::Enabled,
            false => ExpirationStatus::Disabled,
        };
        let expiration = self.expiration.as_ref().map(LifecycleExpiration::to_sdk);
        let noncurrent = self.noncurrent_version_expiration.as_ref();
        let noncurrent = noncurrent.map(|expiration| {
            SdkNoncurrentExpiration::builder()
                .noncurrent_days(expiration.days)
                .set_newer_noncurrent_versions(expiration.newer_versions)
                .build()
        });
        let abort = self.abort_incomplete_multipart_upload_days.map(|days| {
            AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(days)
                .build()
        });
        let transitions = self.transitions.iter().map(LifecycleTransition::to_sdk);
        let transitions = transitions.collect::<Result<Vec<_>, _>>()?;
        let noncurrent_transitions = self.noncurrent_version_transitions.iter();
        let noncurrent_transitions: Vec<_> = noncurrent_transitions
            .map(NoncurrentVersionTransition::to_sdk)
            .collect();
        SdkRule::builder()
            .set_id(self.id.clone())
            .status(status)
            .filter(self.filter.to_sdk()?)
            .set_expiration(expiration.transpose()?)
            .set_noncurrent_version_expiration(noncurrent)
            .set_transitions(some(transitions))
            .set_noncurrent_version_transitions(some(noncurrent_transitions))
            .set_abort_incomplete_multipart_upload(abort)
            .build()
    }

    fn of_sdk(rule: SdkRule) -> Self {
        let noncurrent = rule.noncurrent_version_expiration;
        let transitions = rule.transitions.unwrap_or_default();
        let noncurrent_transitions = rule.noncurrent_version_transitions.unwrap_or_default();
        // A prefix beside the filter is how rules were written before there were filters.
        #[expect(
            deprecated,
            reason = "S3 still answers it for rules that were put with it"
        )]
        let prefix = rule.prefix;
        let mut filter = rule.filter.map(LifecycleFilter::of_sdk).unwrap_or_default();
        filter.prefix = filter.prefix.or(prefix);
        let abort = rule.abort_incomplete_multipart_upload;
        Self {
            id: rule.id,
            enabled: rule.status == ExpirationStatus::Enabled,
            filter,
            expiration: rule.expiration.as_ref().map(LifecycleExpiration::of_sdk),
            noncurrent_version_expiration: noncurrent.map(|e| NoncurrentVersionExpiration {
                days: e.noncurrent_days.unwrap_or_default(),
                newer_versions: e.newer_noncurrent_versions,
            }),
            transitions: transitions
                .into_iter()
                .map(LifecycleTransition::of_sdk)
                .collect(),
            noncurrent_version_transitions: noncurrent_transitions
                .into_iter()
                .map(NoncurrentVersionTransition::of_sdk)
                .collect(),
            abort_incomplete_multipart_upload_days: abort.and_then(|a| a.days_after_initiation),
        }
        .canonical()
    }
}

/// S3 does not take empty lists.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

impl LifecycleFilter {
    /// One condition stands for itself, several stand in `And`; a rule without a filter is refused, so
    /// none is the empty prefix.
    fn to_sdk(&self) -> Result<LifecycleRuleFilter, BuildError> {
        let Self { prefix, .. } = self.clone().canonical();
        let mut tags = sdk_tags(&self.tags)?;
        let (more, fewer) = (self.object_size_greater_than, self.object_size_less_than);
        let conditions = usize::from(prefix.is_some())
            + tags.len()
            + usize::from(more.is_some())
            + usize::from(fewer.is_some());
        let filter = LifecycleRuleFilter::builder();
        Ok(match conditions {
            0 => filter.prefix("").build(),
            1 => filter
                .set_prefix(prefix)
                .set_tag(tags.pop())
                .set_object_size_greater_than(more)
                .set_object_size_less_than(fewer)
                .build(),
            _ => {
                let and = LifecycleRuleAndOperator::builder()
                    .set_prefix(prefix)
                    .set_tags(some(tags))
                    .set_object_size_greater_than(more)
                    .set_object_size_less_than(fewer);
                filter.and(and.build()).build()
            }
        })
    }

    fn of_sdk(filter: LifecycleRuleFilter) -> Self {
        let mut more = filter.object_size_greater_than;
        let mut fewer = filter.object_size_less_than;
        let and = filter.and.map(|and| {
            more = more.or(and.object_size_greater_than);
            fewer = fewer.or(and.object_size_less_than);
            (and.prefix, and.tags)
        });
        let ObjectFilter { prefix, tags } = ObjectFilter::of(filter.prefix, filter.tag, and);
        Self {
            prefix,
            tags,
            object_size_greater_than: more,
            object_size_less_than: fewer,
        }
    }
}

impl LifecycleExpiration {
    fn to_sdk(&self) -> Result<SdkExpiration, BuildError> {
        let marker = self.expired_object_delete_marker.then_some(true);
        Ok(SdkExpiration::builder()
            .set_days(self.days)
            .set_date(to_date(self.date.as_deref())?)
            .set_expired_object_delete_marker(marker)
            .build())
    }

    fn of_sdk(expiration: &SdkExpiration) -> Self {
        Self {
            // Some servers answer 0 where only the marker was said.
            days: expiration.days.filter(|days| *days != 0),
            date: expiration.date.map(of_date),
            expired_object_delete_marker: expiration.expired_object_delete_marker == Some(true),
        }
    }
}

impl LifecycleTransition {
    fn to_sdk(&self) -> Result<Transition, BuildError> {
        Ok(Transition::builder()
            .set_days(self.days)
            .set_date(to_date(self.date.as_deref())?)
            .storage_class(self.storage_class.as_str().into())
            .build())
    }

    fn of_sdk(transition: Transition) -> Self {
        Self {
            days: transition.days,
            date: transition.date.map(of_date),
            storage_class: class(transition.storage_class),
        }
    }
}

impl NoncurrentVersionTransition {
    fn to_sdk(&self) -> SdkNoncurrentTransition {
        SdkNoncurrentTransition::builder()
            .noncurrent_days(self.days)
            .set_newer_noncurrent_versions(self.newer_versions)
            .storage_class(self.storage_class.as_str().into())
            .build()
    }

    fn of_sdk(transition: SdkNoncurrentTransition) -> Self {
        Self {
            days: transition.noncurrent_days.unwrap_or_default(),
            newer_versions: transition.newer_noncurrent_versions,
            storage_class: class(transition.storage_class),
        }
    }
}

fn class(class: Option<TransitionStorageClass>) -> String {
    class.map_or_else(String::new, |class| class.as_str().to_owned())
}
