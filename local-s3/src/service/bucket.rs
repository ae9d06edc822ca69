//! Buckets come into being, are found and listed, and go.

use http::HeaderValue;
use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationOutput, HeadBucketOutput, ListBucketsInput,
    ListBucketsOutput, Owner,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::Access;
use super::create::{self, Wanted};
use super::error::refuse;
use super::{Service, answer, caller, list, now_ms, timestamp};
use crate::front::CreationTags;
use crate::location::DEFAULT_REGION;
use crate::name::BucketName;
use crate::store::{BucketRecord, Creation, Store};

/// Most buckets of one page of ListBuckets.
const BUCKETS_MAX: usize = 10_000;

impl Service {
    pub(super) async fn create(
        &self,
        mut req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let tags: CreationTags = req.extensions.remove().unwrap_or_default();
        let caller = caller(&req.extensions)?;
        let wanted = create::wanted(&req.input, tags, &req.headers, caller, now_ms())?;
        let Wanted { name, record, arn } = wanted;
        let location = format!("/{}", name.as_str());
        self.blocking(move |store| {
            let is_changed = match store.create_bucket(&name, &record)? {
                Creation::Created => true,
                Creation::Taken(present) => recreate(store, &name, &present, record)?,
            };
            if is_changed {
                access.operation.changed();
            }
            Ok(())
        })
        .await?;
        let mut response = S3Response::new(CreateBucketOutput {
            location: Some(location),
        });
        if let Some(Ok(arn)) = arn.map(|arn| HeaderValue::from_str(&arn)) {
            response.headers.insert("x-amz-bucket-arn", arn);
        }
        Ok(response)
    }

    pub(super) async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        self.blocking(move |store| {
            access.open(store)?;
            store.delete_bucket(&access.bucket)?;
            access.operation.changed();
            Ok(())
        })
        .await?;
        answer(DeleteBucketOutput {})
    }

    pub(super) async fn list_own_buckets(
        &self,
        req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let account = caller(&req.extensions)?.account.clone();
        let input = req.input;
        let page_max = match input.max_buckets {
            None => BUCKETS_MAX,
            Some(max) => usize::try_from(max)
                .ok()
                .filter(|max| (1..=BUCKETS_MAX).contains(max))
                .ok_or_else(|| {
                    refuse(
                        S3ErrorCode::InvalidArgument,
                        "Argument max-buckets must be an integer between 1 and 10000",
                    )
                })?,
        };
        let after = match &input.continuation_token {
            Some(token) => list::from_token(token)?,
            None => String::new(),
        };
        let all = self.blocking(|store| Ok(store.buckets()?)).await?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let mut own: Vec<_> = all
            .into_iter()
            .filter(|(name, record)| {
                record.owner == account
                    && name.as_str().starts_with(&prefix)
                    && name.as_str() > after.as_str()
                    && input
                        .bucket_region
                        .as_ref()
                        .is_none_or(|r| *r == record.region)
            })
            .collect();
        let is_truncated = own.len() > page_max;
        own.truncate(page_max);
        let last = own.last().filter(|_| is_truncated);
        Ok(S3Response::new(ListBucketsOutput {
            continuation_token: last.map(|(name, _)| list::to_token(name.as_str())),
            buckets: Some(
                own.iter()
                    .map(|(name, r)| entry(name.as_str(), r))
                    .collect(),
            ),
            owner: Some(Owner {
                display_name: None,
                id: Some(account),
            }),
            prefix: input.prefix,
        }))
    }
}

pub(super) fn head(bucket: BucketRecord) -> S3Result<S3Response<HeadBucketOutput>> {
    answer(HeadBucketOutput {
        bucket_region: Some(bucket.region),
        ..HeadBucketOutput::default()
    })
}

pub(super) fn location(bucket: BucketRecord) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let region = (bucket.region != DEFAULT_REGION).then_some(bucket.region);
    answer(GetBucketLocationOutput {
        location_constraint: region.map(BucketLocationConstraint::from),
    })
}

/// A CreateBucket of a name that is taken: in us-east-1 its owner may repeat it, which sets the
/// access control list anew. Tells whether that changed it.
fn recreate(
    store: &Store,
    name: &BucketName,
    present: &BucketRecord,
    wanted: BucketRecord,
) -> S3Result<bool> {
    if present.owner != wanted.owner {
        return Err(refuse(
            S3ErrorCode::BucketAlreadyExists,
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        ));
    }
    if present.region != DEFAULT_REGION || wanted.region != DEFAULT_REGION {
        return Err(refuse(
            S3ErrorCode::BucketAlreadyOwnedByYou,
            "Your previous request to create the named bucket succeeded and you already own it.",
        ));
    }
    if present.acl == wanted.acl {
        return Ok(false);
    }
    store.update_bucket(name, |bucket| {
        bucket.acl = wanted.acl;
        Ok(true)
    })
}

fn entry(name: &str, record: &BucketRecord) -> Bucket {
    Bucket {
        bucket_region: Some(record.region.clone()),
        creation_date: Some(timestamp(record.created_ms)),
        name: Some(name.to_owned()),
    }
}
