//! Replication: which objects S3 copies to other buckets.

mod check;
mod sdk;
#[cfg(test)]
mod tests;

use aws_sdk_s3::error::ProvideErrorMetadata;
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::rules::{ObjectFilter, adopt_ids, on};
use super::subresource::{Calls, SubResource};

/// Which objects S3 copies to other buckets. Versioning must be on, here and there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replication {
    /// The ARN of the IAM role that S3 takes on for it.
    pub(crate) role: String,
    /// The rules, 1 to 1,000.
    pub(crate) rules: Vec<ReplicationRule>,
}

/// Which objects are copied to a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplicationRule {
    /// A name of the rule, 1 to 255 characters, unique in the list; S3 makes one unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Which rule counts where several have the same destination: the one with the highest number.
    /// 0 unless told; no two rules have the same number.
    #[serde(default)]
    #[schemars(range(min = 0, max = i32::MAX))]
    pub(crate) priority: i32,
    /// Whether it works; on unless told.
    #[serde(default = "on")]
    pub(crate) enabled: bool,
    /// Which objects; all of them unless told.
    #[serde(default, skip_serializing_if = "ObjectFilter::is_empty")]
    pub(crate) filter: ObjectFilter,
    /// Whether delete markers are copied, which does not go with a filter by tags; off unless told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) delete_marker_replication: bool,
    /// Whether objects are copied that are encrypted with keys in KMS, which takes
    /// `replica_kms_key_id` of the destination; off unless told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sse_kms_encrypted_objects: bool,
    /// Whether changes of the metadata of copies are copied back; off unless told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replica_modifications: bool,
    /// Whether objects are copied that were there before the rule; off unless told. S3 takes it only
    /// where it was arranged with AWS Support: S3 Batch Replication is the way for all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) existing_object_replication: bool,
    /// Where the copies go.
    pub(crate) destination: ReplicationDestination,
}

/// Where copies go, and how they are kept there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplicationDestination {
    /// The bucket, by name or ARN.
    pub(crate) bucket: String,
    /// The account that owns it, 12 digits, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// Who owns the copies: the account of the destination, which takes `account`, too (Destination);
    /// the account of the object unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Destination"]))]
    pub(crate) access_control_translation: Option<String>,
    /// The storage class of the copies; that of the object unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
        "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
    ]))]
    pub(crate) storage_class: Option<String>,
    /// The key in KMS of the destination's region, an ARN, that encrypts the copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replica_kms_key_id: Option<String>,
    /// Minutes within which S3 promises the copies (S3 Replication Time Control, which costs more):
    /// 15; no promise unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = check::MINUTES, max = check::MINUTES))]
    pub(crate) replication_time_minutes: Option<i32>,
    /// Whether CloudWatch has metrics of it; off unless told, on with `replication_time_minutes`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) metrics: bool,
    /// Minutes after which a copy that is not there is told as an event: 15; never unless told, 15
    /// with `replication_time_minutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = check::MINUTES, max = check::MINUTES))]
    pub(crate) event_threshold_minutes: Option<i32>,
}

impl ReplicationDestination {
    /// A bucket as its ARN, in the partition of `role`; the promise brings its metrics along.
    fn canonical(mut self, role: &str) -> Self {
        if !self.bucket.starts_with("arn:") {
            let partition = role.split(':').nth(1).unwrap_or("aws");
            self.bucket = format!("arn:{partition}:s3:::{}", self.bucket);
        }
        if let Some(minutes) = self.replication_time_minutes {
            self.metrics = true;
            self.event_threshold_minutes.get_or_insert(minutes);
        }
        self
    }
}

impl SubResource for Replication {
    const FIELD: &'static str = "replication";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        check::check(self, checks);
    }

    /// Rules have no order, but their priority.
    fn canonical(&self, there: Option<&Self>) -> Self {
        let rules = self.rules.iter().cloned().map(|mut rule| {
            rule.filter = rule.filter.canonical();
            rule.destination = rule.destination.canonical(&self.role);
            rule
        });
        let mut rules: Vec<_> = rules.collect();
        if let Some(there) = there {
            let there = there.canonical(None);
            adopt_ids(&mut rules, &there.rules, |rule| &mut rule.id);
        }
        rules.sort_unstable();
        Self {
            role: self.role.clone(),
            rules,
        }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket
            .client
            .get_bucket_replication()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        match call.send().await {
            Ok(output) => Ok(output.replication_configuration.map(Self::of_sdk)),
            Err(error) if error.code() == Some("ReplicationConfigurationNotFoundError") => Ok(None),
            Err(error) => Err(CallError::new("GetBucketReplication", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            bucket
                .client
                .put_bucket_replication()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .replication_configuration(self.to_sdk()?)
                .send()
                .await
        };
        let sent = send.await.map(drop);
        sent.map_err(|error| CallError::new("PutBucketReplication", error))
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket
            .client
            .delete_bucket_replication()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        let sent = call.send().await.map(drop);
        sent.map_err(|error| CallError::new("DeleteBucketReplication", error))
    }
}
