//! Errors in the form of the service: the type in a header, the text in the member `Message`.

use std::fmt::Display;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::store::StoreError;

#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    /// A parameter is missing or wrong.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "InvalidRequestException",
            message: message.into(),
        }
    }

    pub(super) fn unknown_operation(path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            kind: "UnknownOperationException",
            message: format!("local X-Ray has no operation at POST {path}"),
        }
    }

    pub(super) fn access_denied(message: String) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            kind: "AccessDeniedException",
            message,
        }
    }

    /// The body is too large, or broke off.
    pub(super) fn unread_body(status: StatusCode, cause: &impl Display) -> Self {
        Self {
            status,
            kind: "InvalidRequestException",
            message: format!("read request body: {cause}"),
        }
    }

    pub(super) fn internal(cause: &impl Display) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "InternalFailure",
            message: cause.to_string(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
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
        let body = serde_json::json!({ "Message": self.message }).to_string();
        (self.status, headers, body).into_response()
    }
}
