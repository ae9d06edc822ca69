//! The operations of S3 over the store. What is not here answers `NotImplemented`.

mod access;
mod bucket;
mod create;
mod download;
mod error;
mod list;
mod object;
mod subresource;
mod upload;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use s3s::dto::*;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use crate::front::Caller;
use crate::store::{BucketRecord, Store};
use access::Access;
use error::refuse;

/// Answers S3's operations out of a [`Store`].
#[derive(Debug, Clone)]
pub(crate) struct Service {
    store: Arc<Store>,
}

impl Service {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Runs what waits for the disk where it holds up nothing else.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(S3Error::internal_error)?
    }

    /// Reads what is known of a bucket that the caller may use.
    async fn read(&self, access: Access) -> S3Result<BucketRecord> {
        self.blocking(move |store| access.open(store)).await
    }

    /// Changes what is known of a bucket that the caller may use.
    async fn update(
        &self,
        access: Access,
        change: impl FnOnce(&mut BucketRecord) -> S3Result<()> + Send + 'static,
    ) -> S3Result<()> {
        self.blocking(move |store| {
            access.open(store)?;
            store.update_bucket(&access.bucket, change)
        })
        .await
    }
}

fn caller(extensions: &http::Extensions) -> S3Result<&Caller> {
    extensions
        .get()
        .ok_or_else(|| refuse(S3ErrorCode::InternalError, "a request without its caller"))
}

fn now_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since_1970.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn timestamp(ms: u64) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(ms))
}

/// The answer with this output.
fn answer<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

/// The [`Access`] that a request asks for.
macro_rules! access_to {
    ($req:expr) => {
        Access::new(
            caller(&$req.extensions)?,
            &$req.input.bucket,
            $req.input.expected_bucket_owner.as_deref(),
        )?
    };
}
use access_to;

#[async_trait::async_trait]
impl S3 for Service {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.create(req).await
    }

    async fn head_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        answer(HeadBucketOutput {
            bucket_region: Some(bucket.region),
            ..HeadBucketOutput::default()
        })
    }

    async fn list_buckets(
        &self,
        req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        self.list_own_buckets(req).await
    }

    async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let access = access_to!(req);
        self.blocking(move |store| {
            access.open(store)?;
            Ok(store.delete_bucket(&access.bucket)?)
        })
        .await?;
        answer(DeleteBucketOutput {})
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        let region = (bucket.region != crate::location::DEFAULT_REGION).then_some(bucket.region);
        answer(GetBucketLocationOutput {
            location_constraint: region.map(BucketLocationConstraint::from),
        })
    }

    async fn get_bucket_versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        let versioning = bucket.versioning.unwrap_or_default();
        let mfa_delete = versioning.mfa_delete.map(|word| word.as_str().to_owned());
        answer(GetBucketVersioningOutput {
            status: versioning.status,
            mfa_delete: mfa_delete.map(MFADeleteStatus::from),
        })
    }

    async fn put_bucket_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let access = access_to!(req);
        let wanted = req.input.versioning_configuration;
        self.update(access, |bucket| subresource::put_versioning(bucket, wanted))
            .await?;
        answer(PutBucketVersioningOutput {})
    }

    async fn get_bucket_encryption(
        &self,
        req: S3Request<GetBucketEncryptionInput>,
    ) -> S3Result<S3Response<GetBucketEncryptionOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        let encryption = bucket.encryption.unwrap_or_else(subresource::sse_s3);
        answer(GetBucketEncryptionOutput {
            server_side_encryption_configuration: Some(encryption),
        })
    }

    async fn put_bucket_encryption(
        &self,
        req: S3Request<PutBucketEncryptionInput>,
    ) -> S3Result<S3Response<PutBucketEncryptionOutput>> {
        let access = access_to!(req);
        let wanted = subresource::encryption(req.input.server_side_encryption_configuration)?;
        self.update(access, |bucket| {
            bucket.encryption = Some(wanted);
            Ok(())
        })
        .await?;
        answer(PutBucketEncryptionOutput {})
    }

    async fn delete_bucket_encryption(
        &self,
        req: S3Request<DeleteBucketEncryptionInput>,
    ) -> S3Result<S3Response<DeleteBucketEncryptionOutput>> {
        self.update(access_to!(req), |bucket| {
            bucket.encryption = None;
            Ok(())
        })
        .await?;
        answer(DeleteBucketEncryptionOutput {})
    }

    async fn get_public_access_block(
        &self,
        req: S3Request<GetPublicAccessBlockInput>,
    ) -> S3Result<S3Response<GetPublicAccessBlockOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        let block = bucket.public_access_block;
        answer(GetPublicAccessBlockOutput {
            public_access_block_configuration: Some(
                block.ok_or_else(subresource::no_public_access_block)?,
            ),
        })
    }

    async fn put_public_access_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> S3Result<S3Response<PutPublicAccessBlockOutput>> {
        let access = access_to!(req);
        let wanted = subresource::public_access_block(&req.input.public_access_block_configuration);
        self.update(access, |bucket| {
            bucket.public_access_block = Some(wanted);
            Ok(())
        })
        .await?;
        answer(PutPublicAccessBlockOutput {})
    }

    async fn delete_public_access_block(
        &self,
        req: S3Request<DeletePublicAccessBlockInput>,
    ) -> S3Result<S3Response<DeletePublicAccessBlockOutput>> {
        self.update(access_to!(req), |bucket| {
            bucket.public_access_block = None;
            Ok(())
        })
        .await?;
        answer(DeletePublicAccessBlockOutput {})
    }

    async fn get_bucket_ownership_controls(
        &self,
        req: S3Request<GetBucketOwnershipControlsInput>,
    ) -> S3Result<S3Response<GetBucketOwnershipControlsOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        let ownership = bucket.object_ownership;
        let ownership = ownership.ok_or_else(subresource::no_ownership_controls)?;
        answer(GetBucketOwnershipControlsOutput {
            ownership_controls: Some(subresource::ownership_controls(ownership)),
        })
    }

    async fn put_bucket_ownership_controls(
        &self,
        req: S3Request<PutBucketOwnershipControlsInput>,
    ) -> S3Result<S3Response<PutBucketOwnershipControlsOutput>> {
        let access = access_to!(req);
        let wanted = subresource::ownership_of(&req.input.ownership_controls)?;
        self.update(access, |bucket| {
            bucket.object_ownership = Some(wanted);
            Ok(())
        })
        .await?;
        answer(PutBucketOwnershipControlsOutput {})
    }

    async fn delete_bucket_ownership_controls(
        &self,
        req: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> S3Result<S3Response<DeleteBucketOwnershipControlsOutput>> {
        self.update(access_to!(req), |bucket| {
            bucket.object_ownership = None;
            Ok(())
        })
        .await?;
        answer(DeleteBucketOwnershipControlsOutput {})
    }

    async fn get_bucket_tagging(
        &self,
        req: S3Request<GetBucketTaggingInput>,
    ) -> S3Result<S3Response<GetBucketTaggingOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        answer(GetBucketTaggingOutput {
            tag_set: bucket.tags.ok_or_else(subresource::no_tags)?,
        })
    }

    async fn put_bucket_tagging(
        &self,
        req: S3Request<PutBucketTaggingInput>,
    ) -> S3Result<S3Response<PutBucketTaggingOutput>> {
        let access = access_to!(req);
        let wanted = subresource::tags(req.input.tagging.tag_set)?;
        self.update(access, |bucket| {
            bucket.tags = wanted;
            Ok(())
        })
        .await?;
        answer(PutBucketTaggingOutput {})
    }

    async fn delete_bucket_tagging(
        &self,
        req: S3Request<DeleteBucketTaggingInput>,
    ) -> S3Result<S3Response<DeleteBucketTaggingOutput>> {
        self.update(access_to!(req), |bucket| {
            bucket.tags = None;
            Ok(())
        })
        .await?;
        answer(DeleteBucketTaggingOutput {})
    }

    async fn get_object_lock_configuration(
        &self,
        req: S3Request<GetObjectLockConfigurationInput>,
    ) -> S3Result<S3Response<GetObjectLockConfigurationOutput>> {
        let bucket = self.read(access_to!(req)).await?;
        if !bucket.object_lock {
            return Err(refuse(
                S3ErrorCode::ObjectLockConfigurationNotFoundError,
                "Object Lock configuration does not exist for this bucket",
            ));
        }
        answer(GetObjectLockConfigurationOutput {
            object_lock_configuration: Some(ObjectLockConfiguration {
                object_lock_enabled: Some(ObjectLockEnabled::from_static(
                    ObjectLockEnabled::ENABLED,
                )),
                rule: None,
            }),
        })
    }

    async fn put_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        self.put(req).await
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.get(req).await
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.head(req).await
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.delete(req).await
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.list(req).await
    }
}
