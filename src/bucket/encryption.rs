//! Default encryption of a bucket: how S3 encrypts objects whose upload does not say.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource, unless_absent};

/// The default encryption. What a job does not name it does not manage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Form", into = "Form")]
#[schemars(with = "Form")]
pub(crate) struct Encryption {
    pub(crate) algorithm: String,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) bucket_key: Option<bool>,
    pub(crate) blocked_types: Option<Vec<String>>,
}

/// As the job file has it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Form {
    /// Only the algorithm.
    Algorithm(#[schemars(extend("enum" = ["AES256", "aws:kms", "aws:kms:dsse"]))] String),
    /// The algorithm and its options.
    Parts(Parts),
}

/// Default encryption with its options; those that are left out are not managed.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Encryption")]
struct Parts {
    /// `AES256` (SSE-S3), `aws:kms` (SSE-KMS) or `aws:kms:dsse` (two layers, DSSE-KMS).
    #[schemars(extend("enum" = ["AES256", "aws:kms", "aws:kms:dsse"]))]
    algorithm: String,
    /// The key in KMS: its id, ARN or alias. A bucket that has had none uses `aws/s3`, which
    /// `alias/aws/s3` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    kms_key_id: Option<String>,
    /// Whether a key of the bucket saves most calls to KMS; of `aws:kms` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    bucket_key: Option<bool>,
    /// Encryptions that uploads must not use; `[]` blocks none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<BlockedType>")]
    blocked_types: Option<Vec<String>>,
}

/// Keys that the client brings, SSE-C.
#[derive(JsonSchema)]
#[schemars(inline, extend("enum" = ["SSE-C"]))]
#[allow(dead_code)]
struct BlockedType(String);

impl From<Form> for Encryption {
    fn from(form: Form) -> Self {
        match form {
            Form::Algorithm(algorithm) => Self::of(&algorithm),
            Form::Parts(parts) => Self {
                algorithm: parts.algorithm,
                kms_key_id: parts.kms_key_id,
                bucket_key: parts.bucket_key,
                blocked_types: parts.blocked_types,
            },
        }
    }
}

impl From<Encryption> for Form {
    fn from(encryption: Encryption) -> Self {
        if encryption == Encryption::of(&encryption.algorithm) {
            return Self::Algorithm(encryption.algorithm);
        }
        Self::Parts(encryption.into())
    }
}

impl From<Encryption> for Parts {
    fn from(encryption: Encryption) -> Self {
        Self {
            algorithm: encryption.algorithm,
            kms_key_id: encryption.kms_key_id,
            bucket_key: encryption.bucket_key,
            blocked_types: encryption.blocked_types,
        }
    }
}

const AES256: &str = "AES256";
const KMS: &str = "aws:kms";

impl Encryption {
    fn of(algorithm: &str) -> Self {
        Self {
            algorithm: algorithm.to_owned(),
            kms_key_id: None,
            bucket_key: None,
            blocked_types: None,
        }
    }
}

impl SubResource for Encryption {
    const FIELD: &'static str = "encryption";

    fn of_new_bucket() -> Option<Self> {
        Some(Self::of(AES256))
    }

    /// S3 encrypts every bucket: without any it is SSE-S3.
    fn absent() -> Absent<Self> {
        Absent::Delete(Some(Self::of(AES256)))
    }

    fn check(&self, checks: &mut Checks) {
        if let Some(key) = &self.kms_key_id {
            checks.field("kms_key_id", |checks| {
                if key.trim().is_empty() {
                    checks.fault("empty, give a key's id, ARN or alias, or leave it out");
                }
                if self.algorithm == AES256 {
                    checks.fault(
                        "`AES256` takes no key, leave it out or set the algorithm to `aws:kms`",
                    );
                }
            });
        }
        if self.bucket_key == Some(true) && self.algorithm != KMS {
            checks.field("bucket_key", |checks| {
                checks.fault("only `aws:kms` has a bucket key, leave it out");
            });
        }
    }

    fn canonical(&self, there: Option<&Self>) -> Self {
        let open = there.filter(|there| there.algorithm == self.algorithm);
        let key_there = open.and_then(|there| there.kms_key_id.as_deref());
        let kms_key_id = match self.kms_key_id.as_deref() {
            None => key_there,
            wanted if is_same_key(wanted, key_there) => key_there,
            wanted => wanted,
        };
        let bucket_key = self.bucket_key.or(open.and_then(|there| there.bucket_key));
        let blocked_there = there.and_then(|there| there.blocked_types.as_ref());
        let blocked = match (&self.blocked_types, blocked_there) {
            // PutBucketEncryption replaces all of it, so what is blocked is sent back as it was.
            (None, there) => there,
            (Some(wanted), None) if wanted.is_empty() => None,
            (Some(wanted), _) => Some(wanted),
        };
        let mut blocked = blocked.cloned();
        if let Some(blocked) = &mut blocked {
            blocked.sort();
            blocked.dedup();
        }
        Self {
            algorithm: self.algorithm.clone(),
            kms_key_id: kms_key_id
                .filter(|_| self.algorithm != AES256)
                .map(str::to_owned),
            // S3 may have a bucket key beside SSE-S3, where it means nothing.
            bucket_key: (self.algorithm == KMS).then_some(bucket_key.unwrap_or(false)),
            blocked_types: blocked,
        }
    }

    fn shown(&self) -> Value {
        serde_json::to_value(Parts::from(self.clone())).unwrap_or_default()
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_encryption().bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let code = "ServerSideEncryptionConfigurationNotFoundError";
        let output = unless_absent("GetBucketEncryption", code, sent)?;
        let rule = output
            .and_then(|output| output.server_side_encryption_configuration)
            .and_then(|configuration| configuration.rules.into_iter().next());
        let mut encryption = Self::of(AES256);
        let Some(rule) = rule else {
            return Ok(Some(encryption));
        };
        if let Some(default) = rule.apply_server_side_encryption_by_default {
            encryption.algorithm = default.sse_algorithm.as_str().to_owned();
            encryption.kms_key_id = default.kms_master_key_id;
        }
        encryption.bucket_key = Some(rule.bucket_key_enabled.unwrap_or(false));
        if let Some(blocked) = rule.blocked_encryption_types {
            let names = blocked.encryption_type().iter().map(|name| name.as_str());
            // `NONE` is how S3 spells that nothing is blocked.
            let names = names.filter(|name| *name != "NONE").map(str::to_owned);
            encryption.blocked_types = Some(names.collect());
        }
        Ok(Some(encryption))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            let configuration = self.configuration()?;
            let call = bucket.client.put_bucket_encryption().bucket(bucket.bucket);
            let call = call.server_side_encryption_configuration(configuration);
            call.set_expected_bucket_owner(bucket.owner()).send().await
        };
        CallError::of("PutBucketEncryption", send.await)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket.client.delete_bucket_encryption();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("DeleteBucketEncryption", sent)
    }
}

impl Encryption {
    fn configuration(&self) -> Result<ServerSideEncryptionConfiguration, BuildError> {
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(self.algorithm.as_str().into())
            .set_kms_master_key_id(self.kms_key_id.clone())
            .build()?;
        let blocked = self.blocked_types.as_ref().map(|types| {
            let types = match &types[..] {
                [] => vec![EncryptionType::None],
                types => types.iter().map(|name| name.as_str().into()).collect(),
            };
            BlockedEncryptionTypes::builder()
                .set_encryption_type(Some(types))
                .build()
        });
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(self.bucket_key.unwrap_or(false))
            .set_blocked_encryption_types(blocked)
            .build();
        ServerSideEncryptionConfiguration::builder()
            .rules(rule)
            .build()
    }
}

/// The key that KMS uses when none is named.
const DEFAULT_KEY: &str = "alias/aws/s3";

/// `key/ID` and `ID`, or an ARN and what it ends with, name one key; two ARNs must be equal.
fn is_same_key(one: Option<&str>, other: Option<&str>) -> bool {
    let (one, other) = (one.unwrap_or(DEFAULT_KEY), other.unwrap_or(DEFAULT_KEY));
    if one.starts_with("arn:") && other.starts_with("arn:") {
        return one == other;
    }
    resource_of(one) == resource_of(other)
}

/// What an ARN (`arn:partition:kms:region:account:resource`) or a key's name ends with.
fn resource_of(key: &str) -> &str {
    let resource = match key.strip_prefix("arn:") {
        Some(rest) => rest.splitn(5, ':').last().unwrap_or(rest),
        None => key,
    };
    resource.strip_prefix("key/").unwrap_or(resource)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Value) -> Encryption {
        serde_json::from_value(json).unwrap()
    }

    fn agrees(wanted: Value, there: Value) -> bool {
        let (wanted, there) = (read(wanted), read(there));
        wanted.canonical(Some(&there)) == there.canonical(None)
    }

    #[test]
    fn it_is_a_word_or_an_object() {
        for json in [
            json!("aws:kms"),
            json!({ "algorithm": "aws:kms", "kms_key_id": "alias/acme", "bucket_key": true,
                    "blocked_types": ["SSE-C"] }),
        ] {
            assert_eq!(serde_json::to_value(read(json.clone())).unwrap(), json);
        }
        let unknown = json!({ "algorithm": "aws:kms", "key": "alias/acme" });
        assert!(serde_json::from_value::<Encryption>(unknown).is_err());
    }

    #[test]
    fn one_key_has_several_names() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
        let elsewhere = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/acme";
        let aws = "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3";
        for (one, other, same) in [
            (Some(arn), Some("1234abcd"), true),
            (Some(arn), Some("key/1234abcd"), true),
            (Some(arn), Some(arn), true),
            (Some(arn), Some(elsewhere), false),
            (Some(alias), Some("alias/acme"), true),
            (Some(alias), Some("alias/other"), false),
            (Some(aws), None, true),
            (None, None, true),
            (Some(arn), None, false),
        ] {
            assert_eq!(is_same_key(one, other), same, "{one:?} {other:?}");
            assert_eq!(is_same_key(other, one), same, "{other:?} {one:?}");
        }
    }

    #[test]
    fn what_the_job_leaves_open_is_no_drift_and_is_sent_back() {
        let there = json!({ "algorithm": "aws:kms", "kms_key_id": "k", "bucket_key": true,
                            "blocked_types": ["SSE-C"] });
        assert!(agrees(json!("aws:kms"), there.clone()));
        let to = read(json!({ "algorithm": "aws:kms", "bucket_key": false }));
        let to = to.canonical(Some(&read(there.clone())));
        assert_eq!(to.kms_key_id.as_deref(), Some("k"));
        assert_eq!(to.blocked_types, Some(vec!["SSE-C".to_owned()]));
        // Another algorithm has another key, but blocks the same.
        let to = read(json!("aws:kms:dsse")).canonical(Some(&read(there.clone())));
        assert_eq!((to.kms_key_id, to.bucket_key), (None, None));
        assert_eq!(to.blocked_types, Some(vec!["SSE-C".to_owned()]));
        let none = json!({ "algorithm": "aws:kms", "blocked_types": [] });
        assert!(!agrees(none, there));
    }

    #[test]
    fn a_bucket_key_matters_only_to_kms() {
        let with_key = |algorithm: &str| json!({ "algorithm": algorithm, "bucket_key": true });
        assert!(agrees(json!("AES256"), with_key("AES256")));
        let without = json!({ "algorithm": "aws:kms", "bucket_key": false });
        assert!(agrees(with_key("aws:kms"), with_key("aws:kms")));
        assert!(!agrees(without, with_key("aws:kms")));
        assert!(!agrees(json!("AES256"), with_key("aws:kms")));
    }

    #[test]
    fn what_s3_refuses_is_told() {
        let faults = |json| {
            let mut checks = Checks::default();
            read(json).check(&mut checks);
            checks.into_faults()
        };
        let faults_of =
            faults(json!({ "algorithm": "AES256", "kms_key_id": "", "bucket_key": true }));
        let paths: Vec<_> = faults_of.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["kms_key_id", "kms_key_id", "bucket_key"]);
        assert_eq!(
            faults(json!({ "algorithm": "AES256", "bucket_key": false })),
            []
        );
        assert_eq!(faults(json!("aws:kms:dsse")), []);
    }
}
