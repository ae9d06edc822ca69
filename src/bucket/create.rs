//! The bucket itself: whether it exists, and making it.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::types::{BucketLocationConstraint, BucketNamespace, CreateBucketConfiguration};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Map, Value};

use super::change::{Action, Change};
use super::desired::Desired;
use super::error::{BucketError, CallError};
use super::name::RegionName;
use super::subresource::Calls;

/// Whether the bucket exists; one of another account, or in another region, is an error.
pub(super) async fn exists(bucket: &Calls<'_>, desired: &Desired) -> Result<bool, BucketError> {
    let call = bucket.client.head_bucket().bucket(bucket.bucket);
    let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
    match sent {
        Ok(head) => {
            check_region(desired, head.bucket_region())?;
            Ok(true)
        }
        Err(error) => exists_though_refused(desired, error),
    }
}

fn exists_though_refused(
    desired: &Desired,
    error: SdkError<HeadBucketError, HttpResponse>,
) -> Result<bool, BucketError> {
    let response = error.raw_response();
    let status = response.map(|response| response.status().as_u16());
    if status == Some(404) {
        return Ok(false);
    }
    if status == Some(403) {
        return Err(BucketError::OwnedByOther {
            bucket: desired.bucket.clone(),
            source: CallError::new("HeadBucket", error),
        });
    }
    // A bucket in another region answers 301, or 400, and names its region beside it.
    let region = response.and_then(|response| response.headers().get("x-amz-bucket-region"));
    check_region(desired, region)?;
    Err(CallError::new("HeadBucket", error).into())
}

/// A server that names no region, as some beside AWS do, has but one.
fn check_region(desired: &Desired, found: Option<&str>) -> Result<(), BucketError> {
    match found {
        Some(found) if found != desired.region.as_str() => Err(BucketError::WrongRegion {
            bucket: desired.bucket.clone(),
            wanted: desired.region.clone(),
            found: found.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The change that makes the bucket, with the options that CreateBucket takes.
///
/// An ACL is none of them: a new bucket blocks public access, so it is made private first.
pub(super) fn creation(desired: &Desired) -> Change {
    let mut to = Map::new();
    to.insert("region".to_owned(), desired.region.as_str().into());
    if desired.is_account_regional() {
        to.insert("namespace".to_owned(), "account-regional".into());
    }
    if let Some(ownership) = ownership(desired) {
        to.insert("object_ownership".to_owned(), ownership.into());
    }
    if desired.has_object_lock() {
        to.insert("object_lock".to_owned(), true.into());
    }
    Change {
        field: "bucket",
        action: Action::Create,
        from: None,
        to: Some(Value::Object(to)),
    }
}

/// The ownership, where it is not S3's default, which needs no permission to be set.
fn ownership(desired: &Desired) -> Option<&str> {
    let wanted = desired.spec.object_ownership.as_ref()?.present()?;
    (!wanted.is_enforced()).then_some(wanted.0.as_str())
}

/// Makes the bucket. One that turns out to be ours already counts as made.
pub(super) async fn create(bucket: &Calls<'_>, desired: &Desired) -> Result<(), Box<CallError>> {
    // us-east-1 is no legal LocationConstraint: it is what no constraint means.
    let location = (desired.region.as_str() != RegionName::US_EAST_1).then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(desired.region.as_str()))
            .build()
    });
    let namespace = desired
        .is_account_regional()
        .then_some(BucketNamespace::AccountRegional);
    let sent = bucket
        .client
        .create_bucket()
        .bucket(bucket.bucket)
        .set_create_bucket_configuration(location)
        .set_bucket_namespace(namespace)
        .set_object_ownership(ownership(desired).map(Into::into))
        .set_object_lock_enabled_for_bucket(desired.has_object_lock().then_some(true))
        .send()
        .await;
    match sent {
        Err(error) if error.code() != Some("BucketAlreadyOwnedByYou") => {
            Err(CallError::new("CreateBucket", error))
        }
        _ => Ok(()),
    }
}
