//! Who may use a bucket: its owner, and only as long as it is the owner the caller expects.

use s3s::{S3ErrorCode, S3Result};

use super::error::{access_denied, refuse};
use crate::front::{Caller, is_account};
use crate::name::BucketName;
use crate::store::{BucketRecord, Store};

/// A call on a bucket.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) bucket: BucketName,
    account: String,
    expected_owner: Option<String>,
}

impl Access {
    pub(super) fn new(
        caller: &Caller,
        bucket: &str,
        expected_owner: Option<&str>,
    ) -> S3Result<Self> {
        if expected_owner.is_some_and(|owner| !is_account(owner)) {
            return Err(refuse(
                S3ErrorCode::InvalidBucketOwnerAWSAccountID,
                "The value of the expected bucket owner parameter must be an AWS Account ID",
            ));
        }
        Ok(Self {
            bucket: BucketName::parse(bucket)?,
            account: caller.account.clone(),
            expected_owner: expected_owner.map(str::to_owned),
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
