//! Object ownership: who owns objects that another account uploads, and whether ACLs mean anything.

use aws_sdk_s3::types::{OwnershipControls, OwnershipControlsRule};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource, unless_absent};

/// Who owns objects that another account uploads: `BucketOwnerEnforced` (the bucket's owner; ACLs are
/// off; the default of a new bucket), `BucketOwnerPreferred` (the bucket's owner, if the upload
/// grants it full control), or `ObjectWriter` (the account that uploads).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("enum" = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]))]
pub(crate) struct ObjectOwnership(pub(crate) String);

impl ObjectOwnership {
    /// The bucket's owner owns everything, and ACLs are off.
    pub(crate) const ENFORCED: &str = "BucketOwnerEnforced";

    /// Whether ACLs are off.
    pub(crate) fn is_enforced(&self) -> bool {
        self.0 == Self::ENFORCED
    }

    /// What a bucket has without ownership controls: it belongs to its writers.
    fn uncontrolled() -> Self {
        Self("ObjectWriter".to_owned())
    }
}

impl SubResource for ObjectOwnership {
    const FIELD: &'static str = "object_ownership";

    fn of_new_bucket() -> Option<Self> {
        Some(Self(Self::ENFORCED.to_owned()))
    }

    fn absent() -> Absent<Self> {
        Absent::Delete(Some(Self::uncontrolled()))
    }

    fn check(&self, _: &mut Checks) {}

    fn canonical(&self, _: Option<&Self>) -> Self {
        self.clone()
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_ownership_controls();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let code = "OwnershipControlsNotFoundError";
        let output = unless_absent("GetBucketOwnershipControls", code, sent)?;
        let rule = output
            .and_then(|output| output.ownership_controls)
            .and_then(|controls| controls.rules.into_iter().next());
        let word = rule.map(|rule| Self(rule.object_ownership.as_str().to_owned()));
        Ok(Some(word.unwrap_or_else(Self::uncontrolled)))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            let rule = OwnershipControlsRule::builder()
                .object_ownership(self.0.as_str().into())
                .build()?;
            let controls = OwnershipControls::builder().rules(rule).build()?;
            let call = bucket.client.put_bucket_ownership_controls();
            let call = call.bucket(bucket.bucket).ownership_controls(controls);
            call.set_expected_bucket_owner(bucket.owner()).send().await
        };
        CallError::of("PutBucketOwnershipControls", send.await)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket.client.delete_bucket_ownership_controls();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("DeleteBucketOwnershipControls", sent)
    }
}
