//! The operations of S3 over the store. What is not in the table answers `NotImplemented`.

mod accelerate;
mod access;
mod acl;
mod bucket;
mod configurations;
mod cors;
mod create;
mod download;
mod encryption;
mod error;
mod lifecycle;
mod list;
mod logging;
mod notification;
mod object;
mod object_lock;
mod ownership;
mod payment;
mod policy;
mod public_access;
mod replication;
mod rule_id;
mod tagging;
mod upload;
mod versioning;
mod website;

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

    /// Answers from what is known of a bucket that the caller may use.
    async fn read<O: Send + 'static>(
        &self,
        access: Access,
        answer: impl FnOnce(BucketRecord) -> S3Result<O> + Send + 'static,
    ) -> S3Result<O> {
        self.blocking(move |store| answer(access.open(store)?))
            .await
    }

    /// Changes what is known of a bucket that the caller may use.
    async fn write<O: Send + 'static>(
        &self,
        access: Access,
        change: impl FnOnce(&mut BucketRecord) -> S3Result<O> + Send + 'static,
    ) -> S3Result<O> {
        self.blocking(move |store| {
            access.open(store)?;
            let output = store.update_bucket(&access.bucket, change)?;
            access.operation.changed();
            Ok(output)
        })
        .await
    }

    /// Removes something of a bucket that the caller may use; it may be gone already.
    async fn remove(
        &self,
        access: Access,
        change: impl FnOnce(&mut BucketRecord) + Send + 'static,
    ) -> S3Result<()> {
        self.blocking(move |store| {
            access.open(store)?;
            let is_changed = store.update_bucket(&access.bucket, |bucket| {
                let present = bucket.clone();
                change(bucket);
                Ok::<_, S3Error>(*bucket != present)
            })?;
            if is_changed {
                access.operation.changed();
            }
            Ok(())
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

/// What a row of the table does: `read` answers from a bucket's record, `write` changes it by
/// what is asked for, `remove` takes something out of it, `call` does all of it by itself.
macro_rules! perform {
    (read, $service:ident, $req:ident, $handler:expr, $output:ident) => {{
        let access = Access::of(&$req, &$req.input.bucket)?;
        $service.read(access, $handler).await
    }};
    (write, $service:ident, $req:ident, $handler:expr, $output:ident) => {{
        let access = Access::of(&$req, &$req.input.bucket)?;
        let input = $req.input;
        let output = $service.write(access, move |bucket| $handler(input, bucket));
        answer(output.await?)
    }};
    (remove, $service:ident, $req:ident, $handler:expr, $output:ident) => {{
        let access = Access::of(&$req, &$req.input.bucket)?;
        $service.remove(access, $handler).await?;
        answer($output::default())
    }};
    (call, $service:ident, $req:ident, $handler:expr, $output:ident) => {
        $handler($service, $req).await
    };
}

macro_rules! operations {
    ($($kind:ident $name:ident $method:ident($input:ident) -> $output:ident = $handler:expr;)*) => {
        /// The names of all operations that are answered.
        pub(crate) const OPERATIONS: &[&str] = &[$(stringify!($name)),*];

        #[async_trait::async_trait]
        impl S3 for Service {
            $(async fn $method(&self, req: S3Request<$input>) -> S3Result<S3Response<$output>> {
                let service = self;
                perform!($kind, service, req, $handler, $output)
            })*
        }
    };
}

#[rustfmt::skip]
operations! {
    call CreateBucket create_bucket(CreateBucketInput) -> CreateBucketOutput = Service::create;
    read HeadBucket head_bucket(HeadBucketInput) -> HeadBucketOutput = bucket::head;
    call ListBuckets list_buckets(ListBucketsInput) -> ListBucketsOutput = Service::list_own_buckets;
    call DeleteBucket delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = Service::delete_bucket;
    read GetBucketLocation get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = bucket::location;
    read GetBucketVersioning get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = versioning::get;
    write PutBucketVersioning put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = versioning::put;
    read GetBucketEncryption get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = encryption::get;
    call PutBucketEncryption put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput = Service::put_encryption;
    remove DeleteBucketEncryption delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput = encryption::delete;
    read GetPublicAccessBlock get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput = public_access::get;
    write PutPublicAccessBlock put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput = public_access::put;
    remove DeletePublicAccessBlock delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput = |bucket| bucket.public_access_block = None;
    read GetBucketOwnershipControls get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput = ownership::get;
    write PutBucketOwnershipControls put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput = ownership::put;
    remove DeleteBucketOwnershipControls delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput = |bucket| bucket.object_ownership = None;
    read GetBucketTagging get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = tagging::get;
    write PutBucketTagging put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = tagging::put;
    remove DeleteBucketTagging delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = |bucket| bucket.tags = None;
    read GetBucketPolicy get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = policy::get;
    read GetBucketPolicyStatus get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput = policy::status;
    write PutBucketPolicy put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = policy::put;
    remove DeleteBucketPolicy delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = |bucket| bucket.policy = None;
    read GetBucketAcl get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = acl::get;
    write PutBucketAcl put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = acl::put;
    read GetBucketLifecycleConfiguration get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput = lifecycle::get;
    write PutBucketLifecycleConfiguration put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput) -> PutBucketLifecycleConfigurationOutput = lifecycle::put;
    remove DeleteBucketLifecycle delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput = |bucket| bucket.lifecycle = None;
    read GetBucketLogging get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput = logging::get;
    call PutBucketLogging put_bucket_logging(PutBucketLoggingInput) -> PutBucketLoggingOutput = Service::put_logging;
    read GetBucketCors get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput = cors::get;
    write PutBucketCors put_bucket_cors(PutBucketCorsInput) -> PutBucketCorsOutput = cors::put;
    remove DeleteBucketCors delete_bucket_cors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput = |bucket| bucket.cors = None;
    read GetBucketNotificationConfiguration get_bucket_notification_configuration(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput = notification::get;
    write PutBucketNotificationConfiguration put_bucket_notification_configuration(PutBucketNotificationConfigurationInput) -> PutBucketNotificationConfigurationOutput = notification::put;
    read GetObjectLockConfiguration get_object_lock_configuration(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput = object_lock::get;
    write PutObjectLockConfiguration put_object_lock_configuration(PutObjectLockConfigurationInput) -> PutObjectLockConfigurationOutput = object_lock::put;
    read GetBucketReplication get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput = replication::get;
    call PutBucketReplication put_bucket_replication(PutBucketReplicationInput) -> PutBucketReplicationOutput = Service::put_replication;
    remove DeleteBucketReplication delete_bucket_replication(DeleteBucketReplicationInput) -> DeleteBucketReplicationOutput = |bucket| bucket.replication = None;
    read GetBucketAccelerateConfiguration get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput = accelerate::get;
    write PutBucketAccelerateConfiguration put_bucket_accelerate_configuration(PutBucketAccelerateConfigurationInput) -> PutBucketAccelerateConfigurationOutput = accelerate::put;
    read GetBucketRequestPayment get_bucket_request_payment(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput = payment::get;
    write PutBucketRequestPayment put_bucket_request_payment(PutBucketRequestPaymentInput) -> PutBucketRequestPaymentOutput = payment::put;
    read GetBucketWebsite get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = website::get;
    write PutBucketWebsite put_bucket_website(PutBucketWebsiteInput) -> PutBucketWebsiteOutput = website::put;
    remove DeleteBucketWebsite delete_bucket_website(DeleteBucketWebsiteInput) -> DeleteBucketWebsiteOutput = |bucket| bucket.website = None;
    call ListBucketIntelligentTieringConfigurations list_bucket_intelligent_tiering_configurations(ListBucketIntelligentTieringConfigurationsInput) -> ListBucketIntelligentTieringConfigurationsOutput = configurations::intelligent_tiering::list;
    call GetBucketIntelligentTieringConfiguration get_bucket_intelligent_tiering_configuration(GetBucketIntelligentTieringConfigurationInput) -> GetBucketIntelligentTieringConfigurationOutput = configurations::intelligent_tiering::get;
    call PutBucketIntelligentTieringConfiguration put_bucket_intelligent_tiering_configuration(PutBucketIntelligentTieringConfigurationInput) -> PutBucketIntelligentTieringConfigurationOutput = configurations::intelligent_tiering::put;
    call DeleteBucketIntelligentTieringConfiguration delete_bucket_intelligent_tiering_configuration(DeleteBucketIntelligentTieringConfigurationInput) -> DeleteBucketIntelligentTieringConfigurationOutput = configurations::intelligent_tiering::delete;
    call ListBucketInventoryConfigurations list_bucket_inventory_configurations(ListBucketInventoryConfigurationsInput) -> ListBucketInventoryConfigurationsOutput = configurations::inventory::list;
    call GetBucketInventoryConfiguration get_bucket_inventory_configuration(GetBucketInventoryConfigurationInput) -> GetBucketInventoryConfigurationOutput = configurations::inventory::get;
    call PutBucketInventoryConfiguration put_bucket_inventory_configuration(PutBucketInventoryConfigurationInput) -> PutBucketInventoryConfigurationOutput = configurations::inventory::put;
    call DeleteBucketInventoryConfiguration delete_bucket_inventory_configuration(DeleteBucketInventoryConfigurationInput) -> DeleteBucketInventoryConfigurationOutput = configurations::inventory::delete;
    call ListBucketAnalyticsConfigurations list_bucket_analytics_configurations(ListBucketAnalyticsConfigurationsInput) -> ListBucketAnalyticsConfigurationsOutput = configurations::analytics::list;
    call GetBucketAnalyticsConfiguration get_bucket_analytics_configuration(GetBucketAnalyticsConfigurationInput) -> GetBucketAnalyticsConfigurationOutput = configurations::analytics::get;
    call PutBucketAnalyticsConfiguration put_bucket_analytics_configuration(PutBucketAnalyticsConfigurationInput) -> PutBucketAnalyticsConfigurationOutput = configurations::analytics::put;
    call DeleteBucketAnalyticsConfiguration delete_bucket_analytics_configuration(DeleteBucketAnalyticsConfigurationInput) -> DeleteBucketAnalyticsConfigurationOutput = configurations::analytics::delete;
    call ListBucketMetricsConfigurations list_bucket_metrics_configurations(ListBucketMetricsConfigurationsInput) -> ListBucketMetricsConfigurationsOutput = configurations::metrics::list;
    call GetBucketMetricsConfiguration get_bucket_metrics_configuration(GetBucketMetricsConfigurationInput) -> GetBucketMetricsConfigurationOutput = configurations::metrics::get;
    call PutBucketMetricsConfiguration put_bucket_metrics_configuration(PutBucketMetricsConfigurationInput) -> PutBucketMetricsConfigurationOutput = configurations::metrics::put;
    call DeleteBucketMetricsConfiguration delete_bucket_metrics_configuration(DeleteBucketMetricsConfigurationInput) -> DeleteBucketMetricsConfigurationOutput = configurations::metrics::delete;
    call PutObject put_object(PutObjectInput) -> PutObjectOutput = Service::put;
    call GetObject get_object(GetObjectInput) -> GetObjectOutput = Service::get;
    call HeadObject head_object(HeadObjectInput) -> HeadObjectOutput = Service::head;
    call DeleteObject delete_object(DeleteObjectInput) -> DeleteObjectOutput = Service::delete;
    call ListObjectsV2 list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = Service::list;
}
