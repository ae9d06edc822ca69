//! How a call ended, as X-Ray wants to know it.

use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse as SdkResponse;

use crate::error_code::{is_throttling, plain_code};
use crate::segment::{Exception, HttpResponse, Subsegment};

/// The bytes of an error body that are looked at for its code.
const ERROR_BODY_LEN_MAX: usize = 64 * 1024;

/// How a call ended.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    response: Option<HttpResponse>,
    request_id: Option<String>,
    id_2: Option<String>,
    exceptions: Vec<Exception>,
    is_throttle: bool,
}

impl Outcome {
    pub(super) fn read(context: &FinalizerInterceptorContextRef<'_>) -> Self {
        let response = context.response();
        let mut outcome = response.map(Self::of_response).unwrap_or_default();
        let Some(Err(error)) = context.output_or_error() else {
            return outcome;
        };
        match response {
            // The service answered, and what it answered says more than the SDK's wrapping of it.
            Some(response) if error.is_operation_error() => {
                let (code, message) = error_body(response);
                let status = response.status().as_u16();
                outcome.is_throttle = code.as_deref().is_some_and(is_throttling);
                // A HEAD is answered by its status alone: there is no exception to tell of.
                if code.is_some() || message.is_some() {
                    let code = code.unwrap_or_else(|| format!("HTTP {status}"));
                    let mut exception = Exception::new(code, message.unwrap_or_default());
                    exception.remote = true;
                    outcome.exceptions.push(exception);
                }
            }
            _ => outcome.exceptions = Exception::chain(error),
        }
        outcome
    }

    fn of_response(response: &SdkResponse) -> Self {
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        Self {
            response: Some(HttpResponse {
                status: Some(response.status().as_u16()),
                content_length: header("content-length").and_then(|length| length.parse().ok()),
            }),
            request_id: header("x-amz-request-id").or_else(|| header("x-amzn-requestid")),
            id_2: header("x-amz-id-2"),
            ..Self::default()
        }
    }

    pub(super) fn record(self, subsegment: &mut Subsegment) {
        let aws = subsegment.aws.get_or_insert_default();
        aws.request_id = self.request_id;
        aws.id_2 = self.id_2;
        let entity = &mut subsegment.entity;
        let status = self.response.as_ref().and_then(|response| response.status);
        if let Some(response) = self.response {
            entity.http_mut().response = response;
        }
        match status {
            // Too fast is the caller's mistake, also when the service says it with a 503.
            _ if self.is_throttle => (entity.error, entity.throttle) = (true, true),
            Some(status) if status >= 400 => entity.flag_http_status(status),
            // No answer, or one that could not be read.
            _ => entity.fault = !self.exceptions.is_empty(),
        }
        if !self.exceptions.is_empty() {
            entity.add_exceptions(self.exceptions);
        }
    }
}

/// The code and the message of an error body, which the SDK has read already: XML in S3 and the
/// query services, JSON elsewhere, nothing on a HEAD.
fn error_body(response: &SdkResponse) -> (Option<String>, Option<String>) {
    let header = response.headers().get("x-amzn-errortype");
    let code = header.map(|code| plain_code(code).to_owned());
    let body = response
        .body()
        .bytes()
        .filter(|body| body.len() <= ERROR_BODY_LEN_MAX)
        .and_then(|body| std::str::from_utf8(body).ok())
        .unwrap_or_default();
    if body.trim_start().starts_with('{') {
        let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let text = |keys: [&str; 2]| {
            let value = keys.iter().find_map(|key| json.get(key)?.as_str());
            value.map(str::to_owned)
        };
        let in_body = text(["__type", "code"]).map(|code| plain_code(&code).to_owned());
        return (code.or(in_body), text(["message", "Message"]));
    }
    (
        code.or_else(|| xml_text(body, "Code")),
        xml_text(body, "Message"),
    )
}

/// The text of the first element of this name. Enough for the flat error bodies of AWS.
fn xml_text(body: &str, element: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{element}>"))?;
    let (text, _) = rest.split_once(&format!("</{element}>"))?;
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn response(status: u16, header: Option<&'static str>, body: &str) -> SdkResponse {
        let mut response = SdkResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        if let Some(header) = header {
            response.headers_mut().insert("x-amzn-errortype", header);
        }
        response
    }

    #[test]
    fn codes_are_read_from_every_protocol() {
        for (header, body, code, message) in [
            (
                None,
                "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>a &amp; b</Message></Error>",
                Some("NoSuchBucket"),
                Some("a & b"),
            ),
            (
                None,
                r#"{"__type":"com.amazonaws#ThrottlingException","message":"slow"}"#,
                Some("ThrottlingException"),
                Some("slow"),
            ),
            (
                Some("InvalidRequestException:http://x/"),
                r#"{"Message":"no"}"#,
                Some("InvalidRequestException"),
                Some("no"),
            ),
            (None, "", None, None),
            (None, "{not json", None, None),
        ] {
            let (found_code, found_message) = error_body(&response(400, header, body));
            assert_eq!(
                (found_code.as_deref(), found_message.as_deref()),
                (code, message),
                "{body}"
            );
        }
    }
}
