//! Failures in the words of S3.

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

use crate::location::LocationError;
use crate::name::{BrokenRule, NamespaceError};
use crate::store::StoreError;

/// An error with one of S3's codes.
pub(super) fn refuse(code: S3ErrorCode, message: impl Into<String>) -> S3Error {
    S3Error::with_message(code, message.into())
}

/// An error with a code that s3s does not know, and its status.
pub(super) fn refuse_with(
    status: StatusCode,
    code: &'static str,
    message: impl Into<String>,
) -> S3Error {
    let mut error = refuse(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

pub(super) fn access_denied() -> S3Error {
    refuse(S3ErrorCode::AccessDenied, "Access Denied")
}

pub(super) fn malformed_xml() -> S3Error {
    refuse(
        S3ErrorCode::MalformedXML,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

pub(super) fn invalid_argument(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::InvalidArgument, message)
}

pub(super) fn invalid_request(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::InvalidRequest, message)
}

pub(super) fn not_implemented(what: &str) -> S3Error {
    refuse(
        S3ErrorCode::NotImplemented,
        format!("{what} is not implemented by this local S3"),
    )
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        let (code, message) = match &error {
            StoreError::NoSuchBucket(_) => (
                S3ErrorCode::NoSuchBucket,
                "The specified bucket does not exist",
            ),
            StoreError::BucketNotEmpty(_) => (
                S3ErrorCode::BucketNotEmpty,
                "The bucket you tried to delete is not empty",
            ),
            StoreError::NoSuchKey(_) => {
                (S3ErrorCode::NoSuchKey, "The specified key does not exist.")
            }
            StoreError::PreconditionFailed => (
                S3ErrorCode::PreconditionFailed,
                "At least one of the pre-conditions you specified did not hold",
            ),
            StoreError::Io { .. } | StoreError::Corrupt { .. } => {
                tracing::error!(%error, "the directory of the local S3 failed");
                return refuse(S3ErrorCode::InternalError, error.to_string());
            }
        };
        Self::with_message(code, message)
    }
}

impl From<BrokenRule> for S3Error {
    fn from(rule: BrokenRule) -> Self {
        refuse(
            S3ErrorCode::InvalidBucketName,
            format!("The specified bucket is not valid: {rule}."),
        )
    }
}

impl From<NamespaceError> for S3Error {
    fn from(error: NamespaceError) -> Self {
        let code = match error {
            NamespaceError::Missing => "MissingNamespaceHeader",
            NamespaceError::Mismatched(_) => "InvalidNamespaceHeader",
        };
        refuse_with(StatusCode::BAD_REQUEST, code, error.to_string())
    }
}

impl From<LocationError> for S3Error {
    fn from(error: LocationError) -> Self {
        let code = match error {
            LocationError::Invalid => S3ErrorCode::InvalidLocationConstraint,
            LocationError::Illegal(_) => S3ErrorCode::IllegalLocationConstraintException,
        };
        refuse(code, error.to_string())
    }
}
