//! What a bucket job wants. An option that is `None` is not managed: neither read nor changed.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::name::{BucketName, RegionName};

/// The wanted state of one bucket, in the words of the job file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Desired {
    /// The bucket.
    pub bucket: BucketName,
    /// The region that holds it.
    pub region: RegionName,
    /// Whether versioning is on; off also means never switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning: Option<bool>,
    /// How S3 encrypts objects whose upload does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// What S3 blocks of public access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_access_block: Option<PublicAccessBlock>,
    /// Who owns objects that another account uploads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_ownership: Option<ObjectOwnership>,
    /// All tags of the bucket but those that AWS itself sets (`aws:`); others are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// The account that must own the bucket, 12 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_owner: Option<String>,
}

impl Desired {
    /// The bucket in its region, with nothing else managed.
    pub fn new(bucket: BucketName, region: RegionName) -> Self {
        Self {
            bucket,
            region,
            versioning: None,
            encryption: None,
            public_access_block: None,
            object_ownership: None,
            tags: None,
            expected_owner: None,
        }
    }
}

/// The default encryption of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Keys that S3 manages, SSE-S3.
    Aes256,
    /// Keys in KMS, SSE-KMS.
    Kms {
        /// A key's id, ARN or alias; `None` is the key `aws/s3` of the account.
        key_id: Option<String>,
        /// Whether a key of the bucket saves most calls to KMS.
        bucket_key: bool,
    },
    /// Two layers of encryption with keys in KMS, DSSE-KMS, which has no bucket key.
    KmsDsse {
        /// A key's id, ARN or alias; `None` is the key `aws/s3` of the account.
        key_id: Option<String>,
    },
}

impl Encryption {
    /// The algorithm as S3 spells it.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms { .. } => "aws:kms",
            Self::KmsDsse { .. } => "aws:kms:dsse",
        }
    }

    /// The key in KMS, when one is named.
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Self::Aes256 => None,
            Self::Kms { key_id, .. } | Self::KmsDsse { key_id } => key_id.as_deref(),
        }
    }

    /// Whether a key of the bucket is used.
    pub fn bucket_key(&self) -> bool {
        matches!(
            self,
            Self::Kms {
                bucket_key: true,
                ..
            }
        )
    }
}

/// In the words of the job file: `"AES256"`, or an object.
impl Serialize for Encryption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Aes256 = self {
            return serializer.serialize_str(self.algorithm());
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("algorithm", self.algorithm())?;
        if let Some(key_id) = self.key_id() {
            map.serialize_entry("kms_key_id", key_id)?;
        }
        if let Self::Kms { bucket_key, .. } = self {
            map.serialize_entry("bucket_key", bucket_key)?;
        }
        map.end()
    }
}

/// The four switches of S3 Block Public Access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublicAccessBlock {
    /// Refuse requests that set a public ACL.
    pub block_public_acls: bool,
    /// Ignore public ACLs that are set.
    pub ignore_public_acls: bool,
    /// Refuse a public bucket policy.
    pub block_public_policy: bool,
    /// Keep a bucket with a public policy to its account and AWS services.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four switches on, or all off.
    pub fn all(on: bool) -> Self {
        Self {
            block_public_acls: on,
            ignore_public_acls: on,
            block_public_policy: on,
            restrict_public_buckets: on,
        }
    }
}

/// `all`, `none`, or the switches that are on.
impl fmt::Display for PublicAccessBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = [
            ("block_public_acls", self.block_public_acls),
            ("ignore_public_acls", self.ignore_public_acls),
            ("block_public_policy", self.block_public_policy),
            ("restrict_public_buckets", self.restrict_public_buckets),
        ];
        let on = switches.iter().filter(|(_, on)| *on).map(|(name, _)| *name);
        match on.clone().count() {
            0 => f.write_str("none"),
            4 => f.write_str("all"),
            _ => f.write_str(&on.collect::<Vec<_>>().join(" + ")),
        }
    }
}

/// Who owns objects that another account uploads, as S3 spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ObjectOwnership {
    /// The bucket's owner; ACLs are off. The default of S3.
    BucketOwnerEnforced,
    /// The bucket's owner, if the upload grants it full control.
    BucketOwnerPreferred,
    /// The account that uploads.
    ObjectWriter,
}

impl ObjectOwnership {
    /// Every value.
    pub const ALL: [Self; 3] = [
        Self::BucketOwnerEnforced,
        Self::BucketOwnerPreferred,
        Self::ObjectWriter,
    ];

    /// The word of S3.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BucketOwnerEnforced => "BucketOwnerEnforced",
            Self::BucketOwnerPreferred => "BucketOwnerPreferred",
            Self::ObjectWriter => "ObjectWriter",
        }
    }
}

impl fmt::Display for ObjectOwnership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_managed_is_not_written() {
        let mut desired = Desired::new("acme".parse().unwrap(), "eu-west-1".parse().unwrap());
        desired.encryption = Some(Encryption::Kms {
            key_id: Some("alias/acme".to_owned()),
            bucket_key: true,
        });
        assert_eq!(
            serde_json::to_value(&desired).unwrap(),
            serde_json::json!({
                "bucket": "acme",
                "region": "eu-west-1",
                "encryption": {
                    "algorithm": "aws:kms", "kms_key_id": "alias/acme", "bucket_key": true,
                },
            })
        );
    }

    #[test]
    fn a_public_access_block_reads_well() {
        assert_eq!(PublicAccessBlock::all(true).to_string(), "all");
        assert_eq!(PublicAccessBlock::all(false).to_string(), "none");
        let some = PublicAccessBlock {
            block_public_acls: true,
            restrict_public_buckets: true,
            ..PublicAccessBlock::all(false)
        };
        assert_eq!(
            some.to_string(),
            "block_public_acls + restrict_public_buckets"
        );
    }
}
