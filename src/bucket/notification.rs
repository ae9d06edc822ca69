//! Event notifications: who is told of what happens to objects.

mod overlap;
mod sdk;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_s3::types::Event;
use checked_json::Checks;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::rules::{adopt_ids, check_ids_among};
use super::subresource::{Calls, SubResource};

/// The most bytes of a key, and so of a prefix or suffix.
const KEY_MAX: usize = 1_024;

/// Who is told of what happens to objects.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Notification {
    /// Whether all events go to EventBridge; off unless told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) event_bridge: bool,
    /// SNS topics that are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) topics: Vec<NotificationTarget>,
    /// SQS queues that are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) queues: Vec<NotificationTarget>,
    /// Lambda functions that are called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) functions: Vec<NotificationTarget>,
    /// Whether S3 is to put it without asking if the destinations may be used; off unless told. It
    /// says how to put, so it is no difference by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) skip_destination_validation: bool,
}

/// One destination of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotificationTarget {
    /// A name, 1 to 255 characters, unique in the bucket's notification; S3 makes one unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The ARN of the topic, queue or function.
    pub(crate) arn: String,
    /// The events, such as `s3:ObjectCreated:*`.
    #[schemars(schema_with = "events")]
    pub(crate) events: Vec<String>,
    /// Which keys; all of them unless told.
    #[serde(default, skip_serializing_if = "KeyFilter::is_empty")]
    pub(crate) filter: KeyFilter,
}

/// Which keys a notification is for.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeyFilter {
    /// Only keys that begin with it; at most 1,024 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    /// Only keys that end with it, such as `.jpg`; at most 1,024 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suffix: Option<String>,
}

/// The events that the SDK knows.
fn events(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "enum": Event::values() },
    })
}

/// How it is put is no part of what it is.
impl PartialEq for Notification {
    fn eq(&self, other: &Self) -> bool {
        self.event_bridge == other.event_bridge && self.targets() == other.targets()
    }
}

impl KeyFilter {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl NotificationTarget {
    /// Events have no order, and an empty prefix or suffix is none.
    fn canonical(mut self) -> Self {
        self.events.sort_unstable();
        self.events.dedup();
        for affix in [&mut self.filter.prefix, &mut self.filter.suffix] {
            affix.take_if(|affix| affix.is_empty());
        }
        self
    }

    fn check(&self, checks: &mut Checks, service: &str) {
        let mut arn = self.arn.split(':');
        if arn.next() != Some("arn") || arn.nth(1) != Some(service) {
            checks.field("arn", |checks| {
                checks.fault(format!(
                    "`{}` is no ARN such as arn:aws:{service}:eu-west-1:111122223333:…",
                    self.arn
                ));
            });
        }
        if self.events.is_empty() {
            checks.field("events", |checks| {
                checks.fault("is empty: name at least one, such as `s3:ObjectCreated:*`");
            });
        }
        checks.field("filter", |checks| {
            let affixes = [
                ("prefix", &self.filter.prefix),
                ("suffix", &self.filter.suffix),
            ];
            for (field, affix) in affixes {
                if let Some(affix) = affix.as_ref().filter(|affix| affix.len() > KEY_MAX) {
                    let len = affix.len();
                    checks.field(field, |checks| {
                        checks.fault(format!("has {len} bytes, a key has at most {KEY_MAX}"));
                    });
                }
            }
        });
    }
}

impl Notification {
    /// The lists with their fields and the services of their ARNs.
    fn targets(&self) -> [(&'static str, &'static str, &Vec<NotificationTarget>); 3] {
        [
            ("topics", "sns", &self.topics),
            ("queues", "sqs", &self.queues),
            ("functions", "lambda", &self.functions),
        ]
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl SubResource for Notification {
    const FIELD: &'static str = "notification";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        if self.is_empty() {
            checks.fault("tells nobody: add a destination; to have none, write \"absent\"");
        }
        let mut seen = BTreeMap::new();
        for (field, service, targets) in self.targets() {
            checks.field(field, |checks| {
                let ids = targets.iter().map(|target| target.id.as_deref());
                check_ids_among(checks, field, ids, &mut seen);
                for (index, target) in targets.iter().enumerate() {
                    checks.element(index, |checks| target.check(checks, service));
                }
            });
        }
        overlap::check(self, checks);
    }

    /// Destinations have no order.
    fn canonical(&self, there: Option<&Self>) -> Self {
        let there = there.map(|there| there.canonical(None)).unwrap_or_default();
        let canonical = |targets: &[NotificationTarget], there: &[NotificationTarget]| {
            let targets = targets.iter().cloned().map(NotificationTarget::canonical);
            let mut targets: Vec<_> = targets.collect();
            adopt_ids(&mut targets, there, |target| &mut target.id);
            targets.sort_unstable();
            targets
        };
        Self {
            event_bridge: self.event_bridge,
            topics: canonical(&self.topics, &there.topics),
            queues: canonical(&self.queues, &there.queues),
            functions: canonical(&self.functions, &there.functions),
            skip_destination_validation: self.skip_destination_validation,
        }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket
            .client
            .get_bucket_notification_configuration()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        match call.send().await {
            Ok(output) => {
                let notification = Self::of_sdk(output);
                Ok((!notification.is_empty()).then_some(notification))
            }
            Err(error) => Err(CallError::new("GetBucketNotificationConfiguration", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            let skip = self.skip_destination_validation.then_some(true);
            bucket
                .client
                .put_bucket_notification_configuration()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .set_skip_destination_validation(skip)
                .notification_configuration(self.to_sdk()?)
                .send()
                .await
        };
        let sent = send.await.map(drop);
        sent.map_err(|error| CallError::new("PutBucketNotificationConfiguration", error))
    }

    /// An empty notification is none.
    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self::default().put(bucket).await
    }
}
