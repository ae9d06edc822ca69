//! S3 Block Public Access of a bucket: four switches.

use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource, unless_absent};

/// What is blocked of public access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Form", into = "Form")]
#[schemars(with = "Form")]
pub(crate) struct PublicAccessBlock {
    pub(crate) switches: Switches,
}

/// The four switches of S3 Block Public Access; a new bucket has all of them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PublicAccessBlock")]
pub(crate) struct Switches {
    /// Refuse requests that set a public ACL.
    pub(crate) block_public_acls: bool,
    /// Ignore public ACLs that are set.
    pub(crate) ignore_public_acls: bool,
    /// Refuse a public bucket policy.
    pub(crate) block_public_policy: bool,
    /// Keep a bucket with a public policy to its account and AWS services.
    pub(crate) restrict_public_buckets: bool,
}

/// As the job file has it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Form {
    /// All four switches on, or all off.
    All(bool),
    /// Each switch.
    Each(Switches),
}

impl From<bool> for PublicAccessBlock {
    fn from(on: bool) -> Self {
        Self {
            switches: Switches {
                block_public_acls: on,
                ignore_public_acls: on,
                block_public_policy: on,
                restrict_public_buckets: on,
            },
        }
    }
}

impl From<Form> for PublicAccessBlock {
    fn from(form: Form) -> Self {
        match form {
            Form::All(on) => on.into(),
            Form::Each(switches) => Self { switches },
        }
    }
}

impl From<PublicAccessBlock> for Form {
    fn from(block: PublicAccessBlock) -> Self {
        let all = [true, false].into_iter().find(|on| block == (*on).into());
        all.map_or(Self::Each(block.switches), Self::All)
    }
}

impl SubResource for PublicAccessBlock {
    const FIELD: &'static str = "public_access_block";

    fn of_new_bucket() -> Option<Self> {
        Some(true.into())
    }

    fn absent() -> Absent<Self> {
        Absent::Delete(Some(false.into()))
    }

    fn check(&self, _: &mut Checks) {}

    fn canonical(&self, _: Option<&Self>) -> Self {
        *self
    }

    /// `all`, `none`, or the switches that are on.
    fn shown(&self) -> Value {
        let switches = self.switches;
        let on = [
            ("block_public_acls", switches.block_public_acls),
            ("ignore_public_acls", switches.ignore_public_acls),
            ("block_public_policy", switches.block_public_policy),
            ("restrict_public_buckets", switches.restrict_public_buckets),
        ];
        let on = on.iter().filter(|(_, on)| *on).map(|(name, _)| *name);
        let on: Vec<_> = on.collect();
        match on.len() {
            0 => "none".into(),
            4 => "all".into(),
            _ => on.join(" + ").into(),
        }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_public_access_block();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let code = "NoSuchPublicAccessBlockConfiguration";
        let output = unless_absent("GetPublicAccessBlock", code, sent)?;
        let configuration = output.and_then(|output| output.public_access_block_configuration);
        let Some(configuration) = configuration else {
            return Ok(Some(false.into()));
        };
        let switches = Switches {
            block_public_acls: configuration.block_public_acls.unwrap_or(false),
            ignore_public_acls: configuration.ignore_public_acls.unwrap_or(false),
            block_public_policy: configuration.block_public_policy.unwrap_or(false),
            restrict_public_buckets: configuration.restrict_public_buckets.unwrap_or(false),
        };
        Ok(Some(Self { switches }))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let configuration = PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.switches.block_public_acls)
            .ignore_public_acls(self.switches.ignore_public_acls)
            .block_public_policy(self.switches.block_public_policy)
            .restrict_public_buckets(self.switches.restrict_public_buckets)
            .build();
        let call = bucket
            .client
            .put_public_access_block()
            .bucket(bucket.bucket);
        let call = call.public_access_block_configuration(configuration);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("PutPublicAccessBlock", sent)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket.client.delete_public_access_block();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("DeletePublicAccessBlock", sent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_a_boolean_or_four_switches() {
        let each = json!({ "block_public_acls": true, "ignore_public_acls": true,
                           "block_public_policy": false, "restrict_public_buckets": true });
        for json in [json!(true), json!(false), each] {
            let read: PublicAccessBlock = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), json);
        }
        let some = json!({ "block_public_acls": true });
        assert!(serde_json::from_value::<PublicAccessBlock>(some).is_err());
        assert_eq!(PublicAccessBlock::from(true).shown(), json!("all"));
        assert_eq!(PublicAccessBlock::from(false).shown(), json!("none"));
        let some = json!({ "block_public_acls": true, "ignore_public_acls": false,
                           "block_public_policy": false, "restrict_public_buckets": true });
        let some: PublicAccessBlock = serde_json::from_value(some).unwrap();
        assert_eq!(
            some.shown(),
            json!("block_public_acls + restrict_public_buckets")
        );
    }
}
