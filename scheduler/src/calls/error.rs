//! What EventBridge and ECS say when they refuse, with the mend where it is known.

use std::error::Error;

use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}{of}: {message}", of = of.as_deref().map(|name| format!(" `{name}`")).unwrap_or_default())]
pub struct RemoteError {
    /// The operation, as AWS spells it.
    pub operation: &'static str,
    /// What it was about.
    pub of: Option<String>,
    /// The code of the error, where the service gave one.
    pub code: Option<String>,
    /// What the service said, or why it said nothing.
    pub message: String,
}

impl RemoteError {
    /// An error of the SDK.
    pub(crate) fn of_sdk<E, R>(
        operation: &'static str,
        of: Option<&str>,
        error: &SdkError<E, R>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug,
    {
        let code = error.code().map(str::to_owned);
        let said = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => chain(error),
        };
        let mend = code.as_deref().and_then(|code| mend(operation, code));
        Self {
            operation,
            of: of.map(str::to_owned),
            message: match mend {
                Some(mend) => format!("{said}; {mend}"),
                None => said,
            },
            code,
        }
    }

    /// What a service says in an answer that is no error.
    pub(crate) fn said(operation: &'static str, of: &str, code: &str, message: &str) -> Self {
        Self {
            operation,
            of: Some(of.to_owned()),
            code: Some(code.to_owned()),
            message: format!("{code}: {message}"),
        }
    }
}

/// The error with its causes, each once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

fn mend(operation: &'static str, code: &str) -> Option<String> {
    let mend = match code {
        "AccessDeniedException" | "AccessDenied" | "NotAuthorized" => {
            let service = match operation {
                "RunTask"
                | "DescribeTasks"
                | "StopTask"
                | "DescribeClusters"
                | "DescribeTaskDefinition" => "ecs",
                _ => "events",
            };
            return Some(format!(
                "allow {service}:{operation} to these credentials, and for tasks iam:PassRole"
            ));
        }
        "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
            "the credentials are not valid: sign in again"
        }
        "LimitExceededException" => {
            "raise the quota in Service Quotas, or remove rules that are not needed"
        }
        "ManagedRuleException" => "the rule is an AWS service's own, name yours otherwise",
        _ => return None,
    };
    Some(mend.to_owned())
}
