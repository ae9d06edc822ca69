//! Where the access log of a bucket would go; none is written.

use s3s::dto::{
    GetBucketLoggingOutput, LoggingEnabled, PartitionedPrefix, PutBucketLoggingInput,
    PutBucketLoggingOutput, SimplePrefix, TargetGrant, TargetObjectKeyFormat,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, dto};

use super::access::Access;
use super::error::{malformed_xml, refuse};
use super::{Service, acl, answer};
use crate::name::BucketName;
use crate::store::{BucketRecord, LogKeyFormat, Logging, Store};

impl Service {
    /// The target must be there, near, and the owner's own.
    pub(super) async fn put_logging(
        &self,
        req: S3Request<PutBucketLoggingInput>,
    ) -> S3Result<S3Response<PutBucketLoggingOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let wanted = req.input.bucket_logging_status.logging_enabled;
        let wanted = wanted.map(from_dto).transpose()?;
        self.blocking(move |store| {
            let bucket = access.open(store)?;
            if let Some(logging) = &wanted {
                check_target(store, &bucket, &logging.target_bucket)?;
            }
            store.update_bucket(&access.bucket, |bucket| {
                bucket.logging = wanted;
                Ok::<_, S3Error>(())
            })?;
            access.operation.changed();
            Ok(())
        })
        .await?;
        answer(PutBucketLoggingOutput {})
    }
}

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketLoggingOutput>> {
    answer(GetBucketLoggingOutput {
        logging_enabled: bucket.logging.map(to_dto),
    })
}

fn check_target(store: &Store, source: &BucketRecord, target: &str) -> S3Result<()> {
    let missing = || refused("The target bucket for logging does not exist");
    let name = BucketName::parse(target).map_err(|_| missing())?;
    let target = store.bucket(&name).map_err(|_| missing())?;
    if target.owner != source.owner {
        return Err(refused(
            "The owner for the bucket to be logged and the target bucket must be the same",
        ));
    }
    if target.region != source.region {
        return Err(refuse(
            S3ErrorCode::CrossLocationLoggingProhibited,
            "Cross S3 location logging not allowed.",
        ));
    }
    Ok(())
}

fn refused(message: &str) -> S3Error {
    refuse(S3ErrorCode::InvalidTargetBucketForLogging, message)
}

fn from_dto(wanted: LoggingEnabled) -> S3Result<Logging> {
    let grant = |grant: TargetGrant| {
        acl::from_dto(dto::Grant {
            grantee: grant.grantee,
            permission: grant.permission.map(|word| word.as_str().to_owned().into()),
        })
    };
    let grants = wanted
        .target_grants
        .map(|g| g.into_iter().map(grant).collect());
    let key_format = match wanted.target_object_key_format {
        None => None,
        Some(TargetObjectKeyFormat {
            partitioned_prefix: Some(prefix),
            simple_prefix: None,
        }) => {
            let source = prefix.partition_date_source;
            let source = source.map(|word| word.as_str().to_owned());
            Some(LogKeyFormat::PartitionedPrefix(source))
        }
        Some(TargetObjectKeyFormat {
            partitioned_prefix: None,
            simple_prefix: Some(_),
        }) => Some(LogKeyFormat::SimplePrefix),
        Some(_) => return Err(malformed_xml()),
    };
    Ok(Logging {
        target_bucket: wanted.target_bucket,
        target_prefix: wanted.target_prefix,
        target_grants: grants.transpose()?,
        key_format,
    })
}

fn to_dto(logging: Logging) -> LoggingEnabled {
    let grant = |grant| {
        let grant = acl::to_dto(grant);
        TargetGrant {
            grantee: grant.grantee,
            permission: grant.permission.map(|word| word.as_str().to_owned().into()),
        }
    };
    let grants = logging.target_grants;
    LoggingEnabled {
        target_bucket: logging.target_bucket,
        target_grants: grants.map(|grants| grants.into_iter().map(grant).collect()),
        target_object_key_format: logging.key_format.map(|format| match format {
            LogKeyFormat::SimplePrefix => TargetObjectKeyFormat {
                partitioned_prefix: None,
                simple_prefix: Some(SimplePrefix {}),
            },
            LogKeyFormat::PartitionedPrefix(source) => TargetObjectKeyFormat {
                partitioned_prefix: Some(PartitionedPrefix {
                    partition_date_source: source.map(Into::into),
                }),
                simple_prefix: None,
            },
        }),
        target_prefix: logging.target_prefix,
    }
}
