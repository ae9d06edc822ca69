//! Who may use a bucket: its owner, and only as long as it is the owner the caller expects.

use s3s::{S3ErrorCode, S3Request, S3Result};

use super::caller;
use super::error::{access_denied, refuse};
use crate::front::is_account;
use crate::name::BucketName;
use crate::requests::Operation;
use crate::store::{BucketRecord, Store};

/// A call on a bucket.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) bucket: BucketName,
    /// What the call is counted as.
    pub(super) operation: Operation,
    account: String,
    expected_owner: Option<String>,
}

impl Access {
    /// The access to `bucket` that a request asks for.
    pub(super) fn of<I>(req: &S3Request<I>, bucket: &str) -> S3Result<Self> {
        // Read here, since s3s does not read it for every operation that has it.
        let expected_owner = match req.headers.get("x-amz-expected-bucket-owner") {
            None => None,
            Some(owner) => match owner.to_str() {
                Ok(owner) if is_account(owner) => Some(owner.to_owned()),
                _ => {
                    return Err(refuse(
                        S3ErrorCode::InvalidBucketOwnerAWSAccountID,
                        "The value of the expected bucket owner parameter must be an AWS Account ID",
                    ));
                }
            },
        };
        let operation = req.extensions.get::<Operation>().cloned();
        Ok(Self {
            bucket: BucketName::parse(bucket)?,
            operation: operation.ok_or_else(|| {
                refuse(
                    S3ErrorCode::InternalError,
                    "a request without its operation",
                )
            })?,
            account: caller(&req.extensions)?.account.clone(),
            expected_owner,
        })
    }

    /// Reads the bucket, if there is one and the caller may use it.
    pub(super) fn open(&self, store: &Store) -> S3Result<BucketRecord> {
        let bucket = store.bucket(&self.bucket)?;
        let is_expected = self
            .expected_owner
            .as_ref()
            .is_none_or(|owner| *owner == bucket.owner);
        if is_expected && self.account == bucket.owner {
            Ok(bucket)
        } else {
            Err(access_denied())
        }
    }
}
