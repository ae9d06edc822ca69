//! What is not tried again though the SDK would.

use aws_sdk_eventbridge::config::interceptors::InterceptorContext;
use aws_sdk_eventbridge::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_eventbridge::operation::put_rule::PutRuleError;
use aws_sdk_eventbridge::operation::put_targets::PutTargetsError;

/// A quota that is reached stays reached, but the SDK takes its error for one of too many calls: it
/// would try for a minute, and slow down the calls of the other rules.
#[derive(Debug)]
pub(super) struct Quota;

impl ClassifyRetry for Quota {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = match context.output_or_error() {
            Some(Err(error)) => error.as_operation_error(),
            _ => None,
        };
        let is_reached = error.is_some_and(|error| {
            let of_rules = error.downcast_ref::<PutRuleError>();
            let of_targets = error.downcast_ref::<PutTargetsError>();
            of_rules.is_some_and(PutRuleError::is_limit_exceeded_exception)
                || of_targets.is_some_and(PutTargetsError::is_limit_exceeded_exception)
        });
        match is_reached {
            true => RetryAction::RetryForbidden,
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "quota of EventBridge"
    }
}
