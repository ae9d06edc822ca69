//! Makes the planned changes, strictly one after the other, each in a span of its own.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tracing::{Instrument, info_span};

use super::desired::{Desired, Encryption, ObjectOwnership, PublicAccessBlock};
use super::error::{BucketError, CallError};
use super::name::RegionName;
use super::observed::Versioning;
use super::plan::Change;

/// Makes `changes` to the desired bucket, in their order, and stops at the first that fails.
///
/// `account` is the expected owner, sent with every call that takes it (CreateBucket does not).
/// A bucket that turns out to be ours already counts as created.
///
/// # Errors
/// The call that failed; the changes before it are made.
pub async fn converge(
    client: &Client,
    desired: &Desired,
    account: Option<&str>,
    changes: &[Change],
) -> Result<(), BucketError> {
    let bucket = Writer {
        client,
        bucket: desired.bucket.as_str(),
        account: account.map(str::to_owned),
    };
    for change in changes {
        bucket.make(change).await?;
    }
    Ok(())
}

struct Writer<'a> {
    client: &'a Client,
    bucket: &'a str,
    account: Option<String>,
}

impl Writer<'_> {
    async fn make(&self, change: &Change) -> Result<(), BucketError> {
        let span = match change {
            Change::CreateBucket { .. } => info_span!("create bucket"),
            Change::PutPublicAccessBlock { .. } => info_span!("put public access block"),
            Change::PutOwnershipControls { .. } => info_span!("put ownership controls"),
            Change::PutEncryption { .. } => info_span!("put encryption"),
            Change::PutVersioning { .. } => info_span!("put versioning"),
            Change::PutTagging { .. } => info_span!("put tagging"),
        };
        let call = async {
            match change {
                Change::CreateBucket { region } => self.create(region).await,
                Change::PutPublicAccessBlock { to, .. } => self.put_public_access_block(*to).await,
                Change::PutOwnershipControls { to, .. } => self.put_ownership_controls(*to).await,
                Change::PutEncryption { from, to } => {
                    self.put_encryption(to, &from.blocked_types).await
                }
                Change::PutVersioning { to, .. } => self.put_versioning(*to).await,
                Change::PutTagging { to, .. } => self.put_tagging(to).await,
            }
        };
        Ok(call.instrument(span).await?)
    }

    async fn create(&self, region: &RegionName) -> Result<(), Box<CallError>> {
        // us-east-1 is no legal LocationConstraint: it is what no constraint means.
        let location = (region.as_str() != RegionName::US_EAST_1).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region.as_str()))
                .build()
        });
        let created = self
            .client
            .create_bucket()
            .bucket(self.bucket)
            .set_create_bucket_configuration(location)
            .send()
            .await;
        match created {
            Err(error) if error.code() != Some("BucketAlreadyOwnedByYou") => {
                Err(CallError::new("CreateBucket", error))
            }
            _ => Ok(()),
        }
    }

    async fn put_public_access_block(&self, to: PublicAccessBlock) -> Result<(), Box<CallError>> {
        let configuration = PublicAccessBlockConfiguration::builder()
            .block_public_acls(to.block_public_acls)
            .ignore_public_acls(to.ignore_public_acls)
            .block_public_policy(to.block_public_policy)
            .restrict_public_buckets(to.restrict_public_buckets)
            .build();
        let sent = self
            .client
            .put_public_access_block()
            .bucket(self.bucket)
            .set_expected_bucket_owner(self.account.clone())
            .public_access_block_configuration(configuration)
            .send()
            .await;
        finish("PutPublicAccessBlock", sent)
    }

    async fn put_ownership_controls(&self, to: ObjectOwnership) -> Result<(), Box<CallError>> {
        let send = async {
            let rule = OwnershipControlsRule::builder()
                .object_ownership(to.as_str().into())
                .build()?;
            self.client
                .put_bucket_ownership_controls()
                .bucket(self.bucket)
                .set_expected_bucket_owner(self.account.clone())
                .ownership_controls(OwnershipControls::builder().rules(rule).build()?)
                .send()
                .await
        };
        finish("PutBucketOwnershipControls", send.await)
    }

    async fn put_encryption(
        &self,
        to: &Encryption,
        blocked_types: &[String],
    ) -> Result<(), Box<CallError>> {
        let send = async {
            let configuration = encryption_configuration(to, blocked_types)?;
            self.client
                .put_bucket_encryption()
                .bucket(self.bucket)
                .set_expected_bucket_owner(self.account.clone())
                .server_side_encryption_configuration(configuration)
                .send()
                .await
        };
        finish("PutBucketEncryption", send.await)
    }

    async fn put_versioning(&self, to: Versioning) -> Result<(), Box<CallError>> {
        let status = match to {
            Versioning::On => BucketVersioningStatus::Enabled,
            Versioning::Off | Versioning::Suspended => BucketVersioningStatus::Suspended,
        };
        let sent = self
            .client
            .put_bucket_versioning()
            .bucket(self.bucket)
            .set_expected_bucket_owner(self.account.clone())
            .versioning_configuration(VersioningConfiguration::builder().status(status).build())
            .send()
            .await;
        finish("PutBucketVersioning", sent)
    }

    async fn put_tagging(&self, to: &BTreeMap<String, String>) -> Result<(), Box<CallError>> {
        if to.is_empty() {
            return self.delete_tagging().await;
        }
        let send = async {
            let tags = to
                .iter()
                .map(|(key, value)| Tag::builder().key(key).value(value).build());
            let tags = tags.collect::<Result<Vec<_>, _>>()?;
            self.client
                .put_bucket_tagging()
                .bucket(self.bucket)
                .set_expected_bucket_owner(self.account.clone())
                .tagging(Tagging::builder().set_tag_set(Some(tags)).build()?)
                .send()
                .await
        };
        finish("PutBucketTagging", send.await)
    }

    async fn delete_tagging(&self) -> Result<(), Box<CallError>> {
        let sent = self
            .client
            .delete_bucket_tagging()
            .bucket(self.bucket)
            .set_expected_bucket_owner(self.account.clone())
            .send()
            .await;
        finish("DeleteBucketTagging", sent)
    }
}

fn finish<T, E>(
    operation: &'static str,
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<(), Box<CallError>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    result
        .map(drop)
        .map_err(|error| CallError::new(operation, error))
}

fn encryption_configuration(
    to: &Encryption,
    blocked_types: &[String],
) -> Result<ServerSideEncryptionConfiguration, BuildError> {
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(to.algorithm().into())
        .set_kms_master_key_id(to.key_id().map(str::to_owned))
        .build()?;
    let blocked = (!blocked_types.is_empty()).then(|| {
        let types = blocked_types.iter().map(|name| name.as_str().into());
        BlockedEncryptionTypes::builder()
            .set_encryption_type(Some(types.collect()))
            .build()
    });
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(to.bucket_key())
        .set_blocked_encryption_types(blocked)
        .build();
    ServerSideEncryptionConfiguration::builder()
        .rules(rule)
        .build()
}
