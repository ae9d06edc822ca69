//! What S3 has: asks for the bucket, then only for what the job manages.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::types::{BucketVersioningStatus, PublicAccessBlockConfiguration};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::Serialize;
use tracing::Instrument;

use super::desired::{Desired, Encryption, ObjectOwnership, PublicAccessBlock};
use super::error::{BucketError, CallError};

/// The state of a bucket in S3.
///
/// A sub-resource is `None` when it was not read: the job does not manage it, or the bucket is
/// missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Whether the bucket exists.
    pub existence: Existence,
    /// The versioning.
    pub versioning: Option<Versioning>,
    /// The default encryption.
    pub encryption: Option<ObservedEncryption>,
    /// What is blocked of public access.
    pub public_access_block: Option<PublicAccessBlock>,
    /// Who owns uploaded objects.
    pub object_ownership: Option<ObjectOwnership>,
    /// All tags, those of AWS itself (`aws:`) as well.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Whether a bucket exists. One that is another account's is a [`BucketError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// No bucket has the name.
    Missing,
    /// The bucket is ours, in the region that the job names.
    Ours,
}

/// The versioning of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Versioning {
    /// Never switched on.
    Off,
    /// On.
    On,
    /// Switched on once, then off; old versions are kept.
    Suspended,
}

impl fmt::Display for Versioning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Suspended => "suspended",
        })
    }
}

/// The default encryption as S3 reports it, also one that no job asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservedEncryption {
    /// The algorithm as S3 spells it.
    pub algorithm: String,
    /// The key in KMS, as it was set: an id, an ARN or an alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Whether a key of the bucket is used.
    pub bucket_key: bool,
    /// Encryptions that uploads must not use, such as `SSE-C`: not managed, but PutBucketEncryption
    /// replaces them, so they are sent back as they were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_types: Vec<String>,
}

impl From<&Encryption> for ObservedEncryption {
    fn from(encryption: &Encryption) -> Self {
        Self {
            algorithm: encryption.algorithm().to_owned(),
            kms_key_id: encryption.key_id().map(str::to_owned),
            bucket_key: encryption.bucket_key(),
            blocked_types: Vec::new(),
        }
    }
}

impl fmt::Display for ObservedEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.algorithm)?;
        match (&self.kms_key_id, self.bucket_key) {
            (Some(key), true) => write!(f, " (key {key}, bucket key)"),
            (Some(key), false) => write!(f, " (key {key})"),
            (None, true) => f.write_str(" (bucket key)"),
            (None, false) => Ok(()),
        }
    }
}

impl Observed {
    /// No bucket.
    pub fn missing() -> Self {
        Self {
            existence: Existence::Missing,
            versioning: None,
            encryption: None,
            public_access_block: None,
            object_ownership: None,
            tags: None,
        }
    }
}

/// Reads the state of the wanted bucket, as far as the job manages it.
///
/// `account` is the expected owner, sent with every call. HeadBucket always comes first: in
/// us-east-1 creating a bucket that is already ours succeeds and resets its ACLs
/// (S3 API reference, `BucketAlreadyOwnedByYou`).
///
/// # Errors
/// A failed call, a bucket of another account, or a bucket in another region.
pub async fn observe(
    client: &Client,
    desired: &Desired,
    account: Option<&str>,
) -> Result<Observed, BucketError> {
    let bucket = Reader {
        client,
        desired,
        account,
    };
    bucket
        .observe()
        .instrument(tracing::info_span!("observe"))
        .await
}

/// A sub-resource that is not set is a 404 with a code of its own, or no answer at all.
macro_rules! get {
    ($reader:expr, $call:ident, $operation:literal, absent: $absent:literal) => {
        match get!(@send $reader, $call) {
            Ok(output) => Some(output),
            Err(error) if error.code() == Some($absent) => None,
            Err(error) => return Err(CallError::new($operation, error).into()),
        }
    };
    ($reader:expr, $call:ident, $operation:literal) => {
        get!(@send $reader, $call).map_err(|error| CallError::new($operation, error))?
    };
    (@send $reader:expr, $call:ident) => {
        $reader
            .client
            .$call()
            .bucket($reader.desired.bucket.as_str())
            .set_expected_bucket_owner($reader.account.map(str::to_owned))
            .send()
            .await
    };
}

struct Reader<'a> {
    client: &'a Client,
    desired: &'a Desired,
    account: Option<&'a str>,
}

impl Reader<'_> {
    async fn observe(&self) -> Result<Observed, BucketError> {
        let mut observed = Observed::missing();
        observed.existence = self.existence().await?;
        if observed.existence == Existence::Missing {
            return Ok(observed);
        }
        if self.desired.public_access_block.is_some() {
            observed.public_access_block = Some(self.public_access_block().await?);
        }
        if self.desired.object_ownership.is_some() {
            observed.object_ownership = Some(self.object_ownership().await?);
        }
        if self.desired.encryption.is_some() {
            observed.encryption = Some(self.encryption().await?);
        }
        if self.desired.versioning.is_some() {
            observed.versioning = Some(self.versioning().await?);
        }
        if self.desired.tags.is_some() {
            observed.tags = Some(self.tags().await?);
        }
        Ok(observed)
    }

    async fn existence(&self) -> Result<Existence, BucketError> {
        match get!(@send self, head_bucket) {
            Ok(head) => {
                self.check_region(head.bucket_region())?;
                Ok(Existence::Ours)
            }
            Err(error) => self.existence_of_refused(error),
        }
    }

    fn existence_of_refused(
        &self,
        error: SdkError<HeadBucketError, HttpResponse>,
    ) -> Result<Existence, BucketError> {
        let response = error.raw_response();
        let status = response.map(|response| response.status().as_u16());
        if status == Some(404) {
            return Ok(Existence::Missing);
        }
        if status == Some(403) {
            return Err(BucketError::OwnedByOther {
                bucket: self.desired.bucket.clone(),
                source: CallError::new("HeadBucket", error),
            });
        }
        // A bucket in another region answers 301, or 400, and names its region beside it.
        let region = response.and_then(|response| response.headers().get("x-amz-bucket-region"));
        self.check_region(region)?;
        Err(CallError::new("HeadBucket", error).into())
    }

    /// A server that names no region, as some beside AWS do, has but one.
    fn check_region(&self, found: Option<&str>) -> Result<(), BucketError> {
        match found {
            Some(found) if found != self.desired.region.as_str() => Err(BucketError::WrongRegion {
                bucket: self.desired.bucket.clone(),
                wanted: self.desired.region.clone(),
                found: found.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    async fn versioning(&self) -> Result<Versioning, BucketError> {
        let output = get!(self, get_bucket_versioning, "GetBucketVersioning");
        Ok(match output.status() {
            Some(BucketVersioningStatus::Enabled) => Versioning::On,
            Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
            _ => Versioning::Off,
        })
    }

    async fn encryption(&self) -> Result<ObservedEncryption, BucketError> {
        let output = get!(self, get_bucket_encryption, "GetBucketEncryption",
            absent: "ServerSideEncryptionConfigurationNotFoundError");
        let rule = output
            .and_then(|output| output.server_side_encryption_configuration)
            .and_then(|configuration| configuration.rules.into_iter().next());
        // S3 encrypts every bucket, so none configured is SSE-S3.
        let mut encryption = ObservedEncryption::from(&Encryption::Aes256);
        let Some(rule) = rule else {
            return Ok(encryption);
        };
        if let Some(default) = rule.apply_server_side_encryption_by_default {
            encryption.algorithm = default.sse_algorithm.as_str().to_owned();
            encryption.kms_key_id = default.kms_master_key_id;
        }
        encryption.bucket_key = rule.bucket_key_enabled.unwrap_or(false);
        if let Some(blocked) = rule.blocked_encryption_types {
            let names = blocked.encryption_type().iter();
            encryption.blocked_types = names.map(|name| name.as_str().to_owned()).collect();
        }
        Ok(encryption)
    }

    async fn public_access_block(&self) -> Result<PublicAccessBlock, BucketError> {
        let output = get!(self, get_public_access_block, "GetPublicAccessBlock",
            absent: "NoSuchPublicAccessBlockConfiguration");
        let configuration = output.and_then(|output| output.public_access_block_configuration);
        Ok(match configuration {
            Some(configuration) => public_access_block_of(&configuration),
            None => PublicAccessBlock::all(false),
        })
    }

    async fn object_ownership(&self) -> Result<ObjectOwnership, BucketError> {
        let output = get!(self, get_bucket_ownership_controls, "GetBucketOwnershipControls",
            absent: "OwnershipControlsNotFoundError");
        let rule = output
            .and_then(|output| output.ownership_controls)
            .and_then(|controls| controls.rules.into_iter().next());
        // A bucket from before ownership controls belongs to its writers.
        let word = rule.map(|rule| rule.object_ownership.as_str().to_owned());
        Ok(ObjectOwnership::ALL
            .into_iter()
            .find(|ownership| Some(ownership.as_str()) == word.as_deref())
            .unwrap_or(ObjectOwnership::ObjectWriter))
    }

    async fn tags(&self) -> Result<BTreeMap<String, String>, BucketError> {
        let output = get!(self, get_bucket_tagging, "GetBucketTagging", absent: "NoSuchTagSet");
        let tags = output.map(|output| output.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}

fn public_access_block_of(configuration: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: configuration.block_public_acls.unwrap_or(false),
        ignore_public_acls: configuration.ignore_public_acls.unwrap_or(false),
        block_public_policy: configuration.block_public_policy.unwrap_or(false),
        restrict_public_buckets: configuration.restrict_public_buckets.unwrap_or(false),
    }
}
