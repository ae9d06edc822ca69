//! What can go wrong with a bucket. Whether to try again is not decided here.

use std::error::Error;
use std::fmt;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::{RequestId, RequestIdExt};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::ErrorKind;

use super::name::{BucketName, RegionName};

/// Why a bucket could not be observed or converged.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// A call to S3 failed.
    #[error(transparent)]
    Call(Box<CallError>),
    /// The bucket exists, in another region; a bucket never moves.
    #[error(
        "bucket `{bucket}` is in {found}, not in {wanted}: set the job's region to {found}, or choose another name"
    )]
    WrongRegion {
        /// The bucket.
        bucket: BucketName,
        /// The region of the job.
        wanted: RegionName,
        /// The region that S3 names.
        found: String,
    },
    /// The bucket exists and HeadBucket is forbidden: it is another account's, or the caller may
    /// not see it.
    #[error(
        "bucket `{bucket}` is owned by another account, or s3:ListBucket on it is not allowed: choose another name, or check the permissions"
    )]
    OwnedByOther {
        /// The bucket.
        bucket: BucketName,
        /// The call that S3 refused.
        source: Box<CallError>,
    },
    /// The bucket is missing, and would be made in another account than the one that must own it.
    #[error(
        "bucket `{bucket}` is missing and must be owned by {owner}, but the credentials are of {account}: run the job with credentials of {owner}, or mend expected_owner"
    )]
    OtherCreator {
        /// The bucket.
        bucket: BucketName,
        /// The account that must own it.
        owner: String,
        /// The caller's account.
        account: String,
    },
    /// What the job wants S3 never makes of what is there; nothing was written.
    #[error("bucket `{bucket}`: {field} cannot become what the job wants: {why}")]
    Unchangeable {
        /// The bucket.
        bucket: BucketName,
        /// The field of the job file.
        field: &'static str,
        /// Why, and the mend.
        why: String,
    },
}

/// A call to S3 that failed, with what AWS support asks for.
#[derive(Debug)]
pub struct CallError {
    operation: &'static str,
    code: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    extended_request_id: Option<String>,
    message: Option<String>,
    failure: Failure,
    source: Box<dyn Error + Send + Sync>,
}

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Timeout,
    Connection,
    Other,
}

impl CallError {
    /// What the SDK tells of a failed call to `operation`, as S3 spells it.
    pub(super) fn new<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Box<Self>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let failure = match &error {
            SdkError::TimeoutError(_) => Failure::Timeout,
            SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => Failure::Timeout,
            SdkError::DispatchFailure(dispatch)
                // A connection that closes before the answer is complete counts as transient.
                if dispatch.is_io() || dispatch.as_other() == Some(ErrorKind::TransientError) =>
            {
                Failure::Connection
            }
            _ => Failure::Other,
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Box::new(Self {
            operation,
            code: owned(error.code()),
            status: error.raw_response().map(|raw| raw.status().as_u16()),
            request_id: owned(error.request_id()),
            extended_request_id: owned(error.extended_request_id()),
            message: owned(error.message()),
            failure,
            source: Box::new(error),
        })
    }

    /// What became of a call whose answer says nothing more.
    pub(super) fn of<T, E>(
        operation: &'static str,
        sent: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<(), Box<Self>>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        sent.map(drop).map_err(|error| Self::new(operation, error))
    }

    /// The operation, as S3 spells it.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The error code of S3, such as `BucketAlreadyExists`; a HEAD has none.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The HTTP status, when there was a response.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The request's id, `x-amz-request-id`.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The second id that AWS support asks for, `x-amz-id-2`.
    pub fn extended_request_id(&self) -> Option<&str> {
        self.extended_request_id.as_deref()
    }

    /// The message of S3.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// One line; the chain of sources tells what stands beneath it.
impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)?;
        match (self.status, self.failure) {
            (Some(status), _) => write!(f, ": {status}")?,
            (None, Failure::Timeout) => f.write_str(": timed out")?,
            (None, Failure::Connection) => f.write_str(": connection failed")?,
            (None, Failure::Other) => f.write_str(": not sent")?,
        }
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        Ok(())
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl From<Box<CallError>> for BucketError {
    fn from(error: Box<CallError>) -> Self {
        Self::Call(error)
    }
}

impl BucketError {
    /// The call that failed; a wrong region and what cannot be are known without one.
    pub fn call(&self) -> Option<&CallError> {
        match self {
            Self::Call(call) | Self::OwnedByOther { source: call, .. } => Some(call),
            Self::WrongRegion { .. } | Self::OtherCreator { .. } | Self::Unchangeable { .. } => {
                None
            }
        }
    }

    /// The error code of S3, such as `BucketAlreadyExists`.
    pub fn code(&self) -> Option<&str> {
        self.call()?.code()
    }

    /// The HTTP status, when there was a response.
    pub fn status(&self) -> Option<u16> {
        self.call()?.status()
    }

    /// Whether the connection could not be made or broke.
    pub fn is_connection_failure(&self) -> bool {
        self.call()
            .is_some_and(|call| call.failure == Failure::Connection)
    }

    /// Whether the call, or connecting for it, took too long.
    pub fn is_timeout(&self) -> bool {
        self.call()
            .is_some_and(|call| call.failure == Failure::Timeout)
    }
}
