//! Answers in the form of each protocol.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{ApiError, Service, uuid};

/// What an operation answers.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// The operation's output.
    Json(Value),
    /// The operation has no output, so its answer has no body.
    Empty,
    /// The result of a query operation, by its name.
    Xml(&'static str, String),
}

/// An answer of status 200.
pub(crate) fn answer(body: AnswerBody) -> Response<Full<Bytes>> {
    let id = uuid();
    match body {
        AnswerBody::Json(value) => json_response(200, &id, value.to_string()),
        AnswerBody::Empty => json_response(200, &id, String::new()),
        AnswerBody::Xml(operation, result) => {
            let text = format!(
                "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <{operation}Result>{result}</{operation}Result>\
                 <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
                 </{operation}Response>"
            );
            response(200, &id, "text/xml", text)
        }
    }
}

/// An error, as the service tells it.
pub(crate) fn refusal(service: Service, error: &ApiError) -> Response<Full<Bytes>> {
    let id = uuid();
    if service != Service::Sts {
        let body = json!({ "__type": error.code, "message": error.message });
        return json_response(error.status, &id, body.to_string());
    }
    let kind = if error.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let text = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <Error><Type>{kind}</Type><Code>{}</Code><Message>{}</Message></Error>\
         <RequestId>{id}</RequestId></ErrorResponse>",
        escaped(&error.code),
        escaped(&error.message)
    );
    response(error.status, &id, "text/xml", text)
}

fn json_response(status: u16, id: &str, body: String) -> Response<Full<Bytes>> {
    response(status, id, "application/x-amz-json-1.1", body)
}

fn response(status: u16, id: &str, content_type: &str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (CONTENT_TYPE.as_str(), content_type),
        ("x-amzn-requestid", id),
    ];
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
