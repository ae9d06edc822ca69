//! Server access logs: which bucket keeps a line for each request to this one.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    BucketLoggingStatus, Grantee, LoggingEnabled, PartitionedPrefix, SimplePrefix,
    TargetGrant as SdkGrant, TargetObjectKeyFormat, Type,
};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::subresource::{Calls, SubResource};

/// Where S3 keeps a line for each request to the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Logging {
    /// The bucket that keeps the logs: its name, in the same region and account.
    pub(crate) target_bucket: String,
    /// What the keys of the logs begin with; empty unless told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) target_prefix: String,
    /// How the keys go on: by the time of the log alone (`simple`, the default), or by account,
    /// region, bucket and date, which is that of the requests (`partitioned-by-event-time`) or that
    /// of the delivery (`partitioned-by-delivery-time`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [SIMPLE, BY_EVENT_TIME, BY_DELIVERY_TIME]))]
    pub(crate) target_object_key_format: Option<String>,
    /// Who may read the logs besides the owner of the target bucket, which must allow ACLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) target_grants: Vec<TargetGrant>,
}

/// A right on the logs. S3 takes no e-mail addresses any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetGrant {
    /// The canonical id of an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// A group of S3, such as `http://acs.amazonaws.com/groups/s3/LogDelivery`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<String>,
    /// The right.
    #[schemars(extend("enum" = ["FULL_CONTROL", "READ", "WRITE"]))]
    pub(crate) permission: String,
}

const SIMPLE: &str = "simple";
const BY_EVENT_TIME: &str = "partitioned-by-event-time";
const BY_DELIVERY_TIME: &str = "partitioned-by-delivery-time";
/// The date source as S3 spells it, and the word of the job file.
const DATE_SOURCES: [(&str, &str); 2] = [
    ("EventTime", BY_EVENT_TIME),
    ("DeliveryTime", BY_DELIVERY_TIME),
];

impl TargetGrant {
    fn to_sdk(&self) -> Result<SdkGrant, BuildError> {
        let kind = match self.uri {
            Some(_) => Type::Group,
            None => Type::CanonicalUser,
        };
        let grantee = Grantee::builder()
            .r#type(kind)
            .set_id(self.id.clone())
            .set_uri(self.uri.clone())
            .build()?;
        Ok(SdkGrant::builder()
            .grantee(grantee)
            .permission(self.permission.as_str().into())
            .build())
    }

    fn of_sdk(grant: SdkGrant) -> Self {
        let (id, uri) = grant.grantee.map_or((None, None), |grantee| {
            // An e-mail address can only be one from long ago; as an id it is never what a job wants.
            (grantee.id.or(grantee.email_address), grantee.uri)
        });
        let permission = grant.permission.map(|word| word.as_str().to_owned());
        Self {
            id,
            uri,
            permission: permission.unwrap_or_default(),
        }
    }
}

impl Logging {
    fn to_sdk(&self) -> Result<LoggingEnabled, BuildError> {
        let grants = self.target_grants.iter().map(TargetGrant::to_sdk);
        let grants = grants.collect::<Result<Vec<_>, _>>()?;
        LoggingEnabled::builder()
            .target_bucket(&self.target_bucket)
            .target_prefix(&self.target_prefix)
            .set_target_object_key_format(self.target_object_key_format.as_deref().map(key_format))
            .set_target_grants((!grants.is_empty()).then_some(grants))
            .build()
    }

    fn of_sdk(logging: LoggingEnabled) -> Self {
        let grants = logging.target_grants.unwrap_or_default();
        Self {
            target_bucket: logging.target_bucket,
            target_prefix: logging.target_prefix,
            target_object_key_format: logging.target_object_key_format.map(key_format_word),
            target_grants: grants.into_iter().map(TargetGrant::of_sdk).collect(),
        }
    }
}

fn key_format(word: &str) -> TargetObjectKeyFormat {
    let format = TargetObjectKeyFormat::builder();
    match DATE_SOURCES.into_iter().find(|(_, known)| *known == word) {
        Some((source, _)) => {
            let prefix = PartitionedPrefix::builder().partition_date_source(source.into());
            format.partitioned_prefix(prefix.build()).build()
        }
        None => format
            .simple_prefix(SimplePrefix::builder().build())
            .build(),
    }
}

fn key_format_word(format: TargetObjectKeyFormat) -> String {
    let Some(prefix) = format.partitioned_prefix else {
        return SIMPLE.to_owned();
    };
    let source = prefix.partition_date_source;
    let source = source.as_ref().map_or("", |source| source.as_str());
    match DATE_SOURCES.into_iter().find(|(known, _)| *known == source) {
        Some((_, word)) => word.to_owned(),
        None => format!("partitioned-by-{source}"),
    }
}

impl SubResource for Logging {
    const FIELD: &'static str = "logging";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        checks.field("target_bucket", |checks| {
            if self.target_bucket.is_empty() {
                checks.fault("is empty: name the bucket that keeps the logs");
            } else if self.target_bucket.contains(':') {
                checks.fault("is an ARN: write the bucket's name");
            }
        });
        checks.field("target_grants", |checks| {
            for (index, grant) in self.target_grants.iter().enumerate() {
                if grant.id.is_some() == grant.uri.is_some() {
                    checks.element(index, |checks| {
                        checks.fault("must have one of `id` and `uri`");
                    });
                }
            }
        });
    }

    /// Simple keys are the default; grants have no order.
    fn canonical(&self, _there: Option<&Self>) -> Self {
        let mut canonical = self.clone();
        canonical
            .target_object_key_format
            .get_or_insert_with(|| SIMPLE.to_owned());
        canonical.target_grants.sort_unstable();
        canonical.target_grants.dedup();
        canonical
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket
            .client
            .get_bucket_logging()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        match call.send().await {
            Ok(output) => Ok(output.logging_enabled.map(Self::of_sdk)),
            Err(error) => Err(CallError::new("GetBucketLogging", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        put(bucket, Some(self)).await
    }

    /// An empty status is none.
    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        put(bucket, None).await
    }
}

async fn put(bucket: &Calls<'_>, logging: Option<&Logging>) -> Result<(), Box<CallError>> {
    let send = async {
        let enabled = logging.map(Logging::to_sdk).transpose()?;
        let status = BucketLoggingStatus::builder().set_logging_enabled(enabled);
        bucket
            .client
            .put_bucket_logging()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
            .bucket_logging_status(status.build())
            .send()
            .await
    };
    let sent = send.await.map(drop);
    sent.map_err(|error| CallError::new("PutBucketLogging", error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bucket::rules::testing::{faulty, of_json};

    fn example() -> Logging {
        of_json(json!({
            "target_bucket": "acme-logs",
            "target_prefix": "s3/",
            "target_object_key_format": "partitioned-by-event-time",
            "target_grants": [
                { "uri": "http://acs.amazonaws.com/groups/s3/LogDelivery", "permission": "WRITE" },
                { "id": "79a59df900b949e55d96a1e698fbaced", "permission": "READ" },
            ],
        }))
    }

    #[cfg(feature = "local")]
    #[tokio::test]
    async fn local_s3_keeps_it() {
        use crate::bucket::rules::testing::kept_by_local_s3;

        let left = kept_by_local_s3(&example(), &["acme-logs"]).await;
        assert_eq!(left, None);
    }

    #[test]
    fn it_is_the_same_after_the_sdk_had_it() {
        let mut logging = example();
        assert_eq!(faulty(&logging), [""; 0]);
        for format in [SIMPLE, BY_EVENT_TIME, BY_DELIVERY_TIME] {
            logging.target_object_key_format = Some(format.to_owned());
            assert_eq!(Logging::of_sdk(logging.to_sdk().unwrap()), logging);
        }
    }

    #[test]
    fn a_date_source_that_is_not_known_is_not_lost() {
        let prefix = PartitionedPrefix::builder().partition_date_source("MoonTime".into());
        let format = TargetObjectKeyFormat::builder().partitioned_prefix(prefix.build());
        assert_eq!(key_format_word(format.build()), "partitioned-by-MoonTime");
    }

    #[test]
    fn simple_keys_are_the_default_and_grants_have_no_order() {
        let short: Logging = of_json(json!({ "target_bucket": "acme-logs" }));
        let long: Logging = of_json(json!({
            "target_bucket": "acme-logs",
            "target_prefix": "",
            "target_object_key_format": "simple",
        }));
        assert_eq!(short.canonical(Some(&long)), long.canonical(None));
        let mut other = example();
        other.target_grants.reverse();
        assert_eq!(example().canonical(Some(&other)), other.canonical(None));
    }

    #[test]
    fn every_fault_has_its_path() {
        let logging: Logging = of_json(json!({
            "target_bucket": "arn:aws:s3:::acme-logs",
            "target_grants": [
                { "permission": "READ" },
                { "id": "a", "uri": "b", "permission": "READ" },
            ],
        }));
        let paths = [
            "logging.target_bucket",
            "logging.target_grants[0]",
            "logging.target_grants[1]",
        ];
        assert_eq!(faulty(&logging), paths);
        let empty: Logging = of_json(json!({ "target_bucket": "" }));
        assert_eq!(faulty(&empty), ["logging.target_bucket"]);
    }
}
