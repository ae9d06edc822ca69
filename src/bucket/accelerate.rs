//! Transfer Acceleration: uploads and downloads through the edge locations of CloudFront.

use aws_sdk_s3::types::{AccelerateConfiguration, BucketAccelerateStatus};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource};

/// Whether Transfer Acceleration is on. A bucket whose name has dots cannot have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Accelerate(pub(crate) bool);

impl SubResource for Accelerate {
    const FIELD: &'static str = "accelerate";

    fn of_new_bucket() -> Option<Self> {
        Some(Self(false))
    }

    fn absent() -> Absent<Self> {
        Absent::Put(Self(false))
    }

    fn check(&self, _: &mut Checks) {}

    fn canonical(&self, _: Option<&Self>) -> Self {
        *self
    }

    fn shown(&self) -> Value {
        if self.0 { "on" } else { "off" }.into()
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_accelerate_configuration();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let operation = "GetBucketAccelerateConfiguration";
        let output = sent.map_err(|error| CallError::new(operation, error))?;
        // Suspended is as good as never switched on.
        let is_on = output.status() == Some(&BucketAccelerateStatus::Enabled);
        Ok(Some(Self(is_on)))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let status = match self.0 {
            true => BucketAccelerateStatus::Enabled,
            false => BucketAccelerateStatus::Suspended,
        };
        let configuration = AccelerateConfiguration::builder().status(status).build();
        let call = bucket.client.put_bucket_accelerate_configuration();
        let call = call
            .bucket(bucket.bucket)
            .accelerate_configuration(configuration);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("PutBucketAccelerateConfiguration", sent)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self(false).put(bucket).await
    }
}
