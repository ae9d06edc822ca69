//! What is known of a bucket.

use std::collections::BTreeMap;

use s3s::dto::{
    AnalyticsConfiguration, CORSRule, IntelligentTieringConfiguration, InventoryConfiguration,
    LifecycleRule, MetricsConfiguration, NotificationConfiguration, ObjectLockRule,
    PublicAccessBlockConfiguration, ReplicationConfiguration, ServerSideEncryptionConfiguration,
    Tag, VersioningConfiguration, WebsiteConfiguration,
};
use serde::{Deserialize, Serialize};

/// What is known of a bucket: the content of `bucket.json`. A sub-resource that is `None` was
/// never put, or was deleted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BucketRecord {
    /// The account that owns it, 12 digits.
    pub(crate) owner: String,
    pub(crate) region: String,
    /// Milliseconds since 1970.
    pub(crate) created_ms: u64,
    #[serde(default)]
    pub(crate) object_lock: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) versioning: Option<VersioningConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<ServerSideEncryptionConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_access_block: Option<PublicAccessBlockConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_ownership: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<Tag>>,
    /// Such as `SSE-C`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocked_encryption_types: Option<Vec<String>>,
    /// `None` is the private list: the owner may do everything, nobody else anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acl: Option<Vec<Grant>>,
    /// JSON, as it was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lifecycle: Option<Lifecycle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logging: Option<Logging>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cors: Option<Vec<CORSRule>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notification: Option<NotificationConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_lock_rule: Option<ObjectLockRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replication: Option<ReplicationConfiguration>,
    /// `Enabled` or `Suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accelerate: Option<String>,
    /// `BucketOwner` or `Requester`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_payer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) website: Option<WebsiteConfiguration>,
    /// By id, as the three maps that follow.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) intelligent_tiering: BTreeMap<String, IntelligentTieringConfiguration>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) inventory: BTreeMap<String, InventoryConfiguration>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) analytics: BTreeMap<String, AnalyticsConfiguration>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metrics: BTreeMap<String, MetricsConfiguration>,
}

/// Who may do what: an entry of an access control list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) grantee: Grantee,
    /// Such as `READ`.
    pub(crate) permission: String,
}

/// Whom a grant is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grantee {
    /// An account, by its id.
    Account(String),
    /// One of S3's groups, by its URI.
    Group(String),
}

/// The rules by which objects would age.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lifecycle {
    pub(crate) rules: Vec<LifecycleRule>,
    pub(crate) transition_default_minimum_object_size: String,
}

/// Where the access log would go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Logging {
    pub(crate) target_bucket: String,
    pub(crate) target_prefix: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_grants: Option<Vec<Grant>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_format: Option<LogKeyFormat>,
}

/// How the keys of log files would be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogKeyFormat {
    SimplePrefix,
    /// By `EventTime` or `DeliveryTime`.
    PartitionedPrefix(Option<String>),
}
