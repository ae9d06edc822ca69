//! What s3s makes of a request is learned here: its operation is counted, and may meet a fault.

use std::sync::{Arc, Mutex, PoisonError};

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::host::has_no_subresource;
use crate::fault::{Fault, FaultKind, Faults, When};
use crate::requests::Requests;

/// The fault that a request meets, told to those who wait for its answer.
#[derive(Debug, Clone, Default)]
pub(super) struct MetFault(Arc<Mutex<Option<Fault>>>);

impl MetFault {
    pub(super) fn get(&self) -> Option<Fault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, fault: Option<Fault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

/// Where s3s asks whether an operation may go on, before it does anything.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) requests: Arc<Requests>,
    pub(super) faults: Arc<Faults>,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = cx.s3_op().name().to_owned();
        // What s3s does not know of a bucket it takes for the bucket itself.
        let is_of_the_whole = matches!(operation.as_str(), "CreateBucket" | "DeleteBucket");
        if is_of_the_whole && !has_no_subresource(cx.uri()) {
            return Err(S3ErrorCode::NotImplemented.into());
        }
        let fault = self.faults.draw(&operation);
        let counted = self.requests.received(&operation);
        let extensions = cx.extensions_mut();
        extensions.insert(counted);
        if let Some(met) = extensions.get::<MetFault>() {
            met.set(fault);
        }
        match fault {
            Some(fault) if fault.when == When::Before => Err(refusal(fault.kind)),
            _ => Ok(()),
        }
    }
}

/// The error of a fault: most are an internal error that is spoiled on its way.
pub(super) fn refusal(kind: FaultKind) -> S3Error {
    let (code, message) = match kind {
        FaultKind::SlowDown => (S3ErrorCode::SlowDown, "Please reduce your request rate."),
        FaultKind::OperationAborted => (
            S3ErrorCode::OperationAborted,
            "A conflicting conditional operation is currently in progress against this resource. Please try again.",
        ),
        _ => (
            S3ErrorCode::InternalError,
            "We encountered an internal error. Please try again.",
        ),
    };
    S3Error::with_message(code, message)
}

/// Without it s3s asks no [`Gate`]. Signatures are taken off before, so it is never asked.
#[derive(Debug)]
pub(super) struct NoSignatures;

#[async_trait::async_trait]
impl S3Auth for NoSignatures {
    async fn get_secret_key(&self, _access_key: &str) -> S3Result<SecretKey> {
        Err(S3ErrorCode::InvalidAccessKeyId.into())
    }
}
