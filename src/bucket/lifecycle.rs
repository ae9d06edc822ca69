//! Lifecycle: when S3 moves objects to a cheaper storage class, and when it deletes them.

mod check;
mod sdk;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_s3::error::ProvideErrorMetadata;
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::rules::{adopt_ids, on};
use super::subresource::{Calls, SubResource};

/// When S3 moves objects to a cheaper storage class, and when it deletes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lifecycle {
    /// The rules, 1 to 1,000, in no order.
    pub(crate) rules: Vec<LifecycleRule>,
    /// From which size on objects are moved, where a rule's filter does not say: 128 KiB for every
    /// class (all_storage_classes_128K, S3's default), or only for the classes that are not archives
    /// (varies_by_storage_class). Left as it is unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["all_storage_classes_128K", "varies_by_storage_class"]))]
    pub(crate) transition_default_minimum_object_size: Option<String>,
}

/// What happens to some objects; at least one action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifecycleRule {
    /// A name of the rule, 1 to 255 characters, unique in the list; S3 makes one unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Whether it works; on unless told.
    #[serde(default = "on")]
    pub(crate) enabled: bool,
    /// Which objects; all of them unless told.
    #[serde(default, skip_serializing_if = "LifecycleFilter::is_empty")]
    pub(crate) filter: LifecycleFilter,
    /// When objects are deleted; where there are versions, the current one is hidden by a delete marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiration: Option<LifecycleExpiration>,
    /// When old versions are deleted for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// When objects are moved, each class at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) transitions: Vec<LifecycleTransition>,
    /// When old versions are moved, each class at most once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) noncurrent_version_transitions: Vec<NoncurrentVersionTransition>,
    /// After how many days the parts of an upload that was never completed are deleted; 1 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = i32::MAX))]
    pub(crate) abort_incomplete_multipart_upload_days: Option<i32>,
}

/// Which objects a lifecycle rule applies to: those that fit all that is said.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LifecycleFilter {
    /// Only objects whose keys begin with it; at most 1,024 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    /// Only objects that have all these tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// Only objects of more bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = i64::MAX))]
    pub(crate) object_size_greater_than: Option<i64>,
    /// Only objects of fewer bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = i64::MAX))]
    pub(crate) object_size_less_than: Option<i64>,
}

/// When objects are deleted: one of the three.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LifecycleExpiration {
    /// Days after their creation, 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = i32::MAX))]
    pub(crate) days: Option<i32>,
    /// From midnight UTC of this day on, such as `2030-12-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// Whether delete markers are removed that hide no version any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) expired_object_delete_marker: bool,
}

/// When old versions are deleted for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoncurrentVersionExpiration {
    /// Days after a version became an old one, 1 or more.
    #[schemars(range(min = 1, max = i32::MAX))]
    pub(crate) days: i32,
    /// How many old versions are kept all the same, 1 to 100; none unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = check::NEWER_VERSIONS_MAX))]
    pub(crate) newer_versions: Option<i32>,
}

/// When objects are moved to a class: after days, or from a date on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifecycleTransition {
    /// Days after their creation, 0 or more; 30 or more for STANDARD_IA and ONEZONE_IA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = i32::MAX))]
    pub(crate) days: Option<i32>,
    /// From midnight UTC of this day on, such as `2030-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// The class to which they are moved.
    #[schemars(schema_with = "sdk::storage_classes")]
    pub(crate) storage_class: String,
}

/// When old versions are moved to a class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoncurrentVersionTransition {
    /// Days after a version became an old one, 0 or more; 30 or more for STANDARD_IA and ONEZONE_IA.
    #[schemars(range(min = 0, max = i32::MAX))]
    pub(crate) days: i32,
    /// How many old versions stay in their class all the same, 1 to 100; none unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = check::NEWER_VERSIONS_MAX))]
    pub(crate) newer_versions: Option<i32>,
    /// The class to which they are moved.
    #[schemars(schema_with = "sdk::storage_classes")]
    pub(crate) storage_class: String,
}

impl LifecycleFilter {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// An empty prefix is none.
    fn canonical(mut self) -> Self {
        self.prefix = self.prefix.filter(|prefix| !prefix.is_empty());
        self
    }
}

impl LifecycleRule {
    fn canonical(mut self) -> Self {
        self.filter = self.filter.canonical();
        // What only says that markers stay says nothing.
        self.expiration = self.expiration.filter(|e| *e != Default::default());
        let expiration = self.expiration.iter_mut().map(|e| &mut e.date);
        let transitions = self.transitions.iter_mut().map(|t| &mut t.date);
        for date in expiration.chain(transitions).flatten() {
            if let Some(midnight) = sdk::midnight(date) {
                *date = sdk::day(&midnight);
            }
        }
        self.transitions.sort_unstable();
        self.noncurrent_version_transitions.sort_unstable();
        self
    }
}

impl SubResource for Lifecycle {
    const FIELD: &'static str = "lifecycle";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        check::check(self, checks);
    }

    /// Rules have no order.
    fn canonical(&self, there: Option<&Self>) -> Self {
        let there = there.map(|there| there.canonical(None));
        let rules = self.rules.iter().cloned().map(LifecycleRule::canonical);
        let mut rules: Vec<_> = rules.collect();
        let mut size = self.transition_default_minimum_object_size.clone();
        if let Some(there) = there {
            adopt_ids(&mut rules, &there.rules, |rule| &mut rule.id);
            size = size.or(there.transition_default_minimum_object_size);
        }
        rules.sort_unstable();
        let size = size.unwrap_or_else(|| "all_storage_classes_128K".to_owned());
        Self {
            rules,
            transition_default_minimum_object_size: Some(size),
        }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        match call.send().await {
            Ok(output) => Ok(Some(Self::of_sdk(output))),
            Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Ok(None),
            Err(error) => Err(CallError::new("GetBucketLifecycleConfiguration", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let size = self.transition_default_minimum_object_size.as_deref();
        let send = async {
            bucket
                .client
                .put_bucket_lifecycle_configuration()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .set_transition_default_minimum_object_size(size.map(Into::into))
                .lifecycle_configuration(self.to_sdk()?)
                .send()
                .await
        };
        let sent = send.await.map(drop);
        sent.map_err(|error| CallError::new("PutBucketLifecycleConfiguration", error))
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket
            .client
            .delete_bucket_lifecycle()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        let sent = call.send().await.map(drop);
        sent.map_err(|error| CallError::new("DeleteBucketLifecycle", error))
    }
}
