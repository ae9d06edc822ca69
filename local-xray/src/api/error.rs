//! Errors in the form of the service: the type in a header, the text in the member `Message`.

use std::fmt::Display;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::store::{Refusal, Resource, SettingError, StoreError};

#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    /// The ARN that the error is about, where the service tells it.
    resource_name: Option<String>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            resource_name: None,
        }
    }

    /// A parameter is missing or wrong.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        let kind = "InvalidRequestException";
        Self::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// What an operation works on is not there.
    pub(super) fn resource_not_found(message: String, resource_name: &str) -> Self {
        let kind = "ResourceNotFoundException";
        Self {
            resource_name: Some(resource_name.to_owned()),
            ..Self::new(StatusCode::NOT_FOUND, kind, message)
        }
    }

    pub(super) fn too_many_tags(message: String, resource: &Resource) -> Self {
        Self {
            resource_name: Some(resource.arn()),
            ..Self::new(StatusCode::BAD_REQUEST, "TooManyTagsException", message)
        }
    }

    pub(super) fn unknown_operation(path: &str) -> Self {
        let kind = "UnknownOperationException";
        let message = format!("local X-Ray has no operation at POST {path}");
        Self::new(StatusCode::NOT_FOUND, kind, message)
    }

    pub(crate) fn access_denied(message: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    /// The body is too large, or broke off.
    pub(super) fn unread_body(status: StatusCode, cause: &impl Display) -> Self {
        Self::new(
            status,
            "InvalidRequestException",
            format!("read request body: {cause}"),
        )
    }

    pub(super) fn internal(cause: &impl Display) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "InternalFailure", cause.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<SettingError> for ApiError {
    fn from(error: SettingError) -> Self {
        match error {
            SettingError::Store(error) => error.into(),
            SettingError::Refused(refusal) => {
                let kind = match refusal {
                    Refusal::TooManyRules(_) => "RuleLimitExceededException",
                    // Only the operations on tags know another error for what is not there.
                    _ => "InvalidRequestException",
                };
                Self::new(StatusCode::BAD_REQUEST, kind, refusal.to_string())
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(message = self.message, "request failed");
        }
        let headers = [
            (header::CONTENT_TYPE.as_str(), "application/json"),
            ("x-amzn-errortype", self.kind),
        ];
        let mut body = serde_json::json!({ "Message": self.message });
        if let Some(name) = self.resource_name {
            body["ResourceName"] = name.into();
        }
        (self.status, headers, body.to_string()).into_response()
    }
}
