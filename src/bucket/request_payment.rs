//! Who pays for requests and downloads.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::RequestPaymentConfiguration;
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource};

/// Who pays for requests and downloads: `BucketOwner`, the default, or `Requester`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("enum" = ["BucketOwner", "Requester"]))]
pub(crate) struct RequestPayment(pub(crate) String);

impl RequestPayment {
    fn bucket_owner() -> Self {
        Self("BucketOwner".to_owned())
    }
}

impl SubResource for RequestPayment {
    const FIELD: &'static str = "request_payment";

    fn of_new_bucket() -> Option<Self> {
        Some(Self::bucket_owner())
    }

    fn absent() -> Absent<Self> {
        Absent::Put(Self::bucket_owner())
    }

    fn check(&self, _: &mut Checks) {}

    fn canonical(&self, _: Option<&Self>) -> Self {
        self.clone()
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_request_payment();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let output = sent.map_err(|error| CallError::new("GetBucketRequestPayment", error))?;
        let payer = output.payer.map(|payer| Self(payer.as_str().to_owned()));
        Ok(Some(payer.unwrap_or_else(Self::bucket_owner)))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            let configuration: Result<_, BuildError> = RequestPaymentConfiguration::builder()
                .payer(self.0.as_str().into())
                .build();
            let call = bucket.client.put_bucket_request_payment();
            let call = call
                .bucket(bucket.bucket)
                .request_payment_configuration(configuration?);
            call.set_expected_bucket_owner(bucket.owner()).send().await
        };
        CallError::of("PutBucketRequestPayment", send.await)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self::bucket_owner().put(bucket).await
    }
}
