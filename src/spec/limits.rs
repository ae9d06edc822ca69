//! What a job file says of the run as a whole.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

/// What a job file says of the run as a whole; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunLimits {
    /// The most jobs at once.
    pub max_concurrency: Option<NonZeroUsize>,
    /// How long the whole run may take.
    pub run_timeout: Option<Duration>,
    /// How many jobs may fail in a run that still counts as done.
    pub tolerated_failure_count: Option<u64>,
    /// The same as a share of the jobs, from 0 to 100.
    pub tolerated_failure_percentage: Option<f64>,
    /// Whether the first failure beyond what is tolerated ends the run.
    pub fail_fast: Option<bool>,
    /// The most calls a second, above 0, by operation as S3 spells it; `*` is all operations without a limit of their own, together.
    pub rate_limits: BTreeMap<String, f64>,
}

/// The operations of S3 that bucket jobs call, whose rate can be limited.
pub(super) const OPERATIONS: [&str; 46] = [
    "CreateBucket",
    "DeleteBucketCors",
    "DeleteBucketEncryption",
    "DeleteBucketIntelligentTieringConfiguration",
    "DeleteBucketLifecycle",
    "DeleteBucketOwnershipControls",
    "DeleteBucketPolicy",
    "DeleteBucketReplication",
    "DeleteBucketTagging",
    "DeleteBucketWebsite",
    "DeletePublicAccessBlock",
    "GetBucketAccelerateConfiguration",
    "GetBucketAcl",
    "GetBucketCors",
    "GetBucketEncryption",
    "GetBucketLifecycleConfiguration",
    "GetBucketLogging",
    "GetBucketNotificationConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketReplication",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetBucketWebsite",
    "GetObjectLockConfiguration",
    "GetPublicAccessBlock",
    "HeadBucket",
    "ListBucketIntelligentTieringConfigurations",
    "PutBucketAccelerateConfiguration",
    "PutBucketAcl",
    "PutBucketCors",
    "PutBucketEncryption",
    "PutBucketIntelligentTieringConfiguration",
    "PutBucketLifecycleConfiguration",
    "PutBucketLogging",
    "PutBucketNotificationConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketReplication",
    "PutBucketRequestPayment",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutBucketWebsite",
    "PutObjectLockConfiguration",
    "PutPublicAccessBlock",
];
