//! What the SDK tries again beside what it tries by itself: S3's conflicts, which pass.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};

/// A 409 says that another change is under way (`OperationAborted`, `ConditionalRequestConflict`). Only
/// CreateBucket has others, which say that the name is taken.
#[derive(Debug)]
pub(super) struct ConflictPasses;

impl ClassifyRetry for ConflictPasses {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let response = context.response();
        match response.map(|response| response.status().as_u16()) {
            Some(409) if !is_taken(context) => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "S3 conflicts"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::transient_error_classifier()
    }
}

/// Whether CreateBucket says that the name is taken.
fn is_taken(context: &InterceptorContext) -> bool {
    let answer = context.output_or_error();
    let error = answer.and_then(|answer| answer.err()?.as_operation_error());
    let error = error.and_then(|error| error.downcast_ref::<CreateBucketError>());
    error.is_some_and(|error| error.code() != Some("OperationAborted"))
}
