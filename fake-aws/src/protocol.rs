//! How the services are spoken to: AWS JSON 1.1 for EventBridge, ECS and Logs, the query protocol
//! with XML for STS, every call signed for its own service and region.

use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Settings;

mod answer;
mod check;

pub(crate) use answer::{AnswerBody, answer, refusal};
pub(crate) use check::{
    in_range, length, member_null, name_pattern, one_of, tags_allowed, validation, without_nulls,
};

/// A service that the fake plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Amazon EventBridge.
    Events,
    /// Amazon Elastic Container Service.
    Ecs,
    /// Amazon CloudWatch Logs.
    Logs,
    /// AWS Security Token Service.
    Sts,
}

impl Service {
    /// Its name in the credential scope of a signature.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Ecs => "ecs",
            Self::Logs => "logs",
            Self::Sts => "sts",
        }
    }

    /// By the part of `X-Amz-Target` before the dot.
    fn of_target(prefix: &str) -> Option<Self> {
        match prefix {
            "AWSEvents" => Some(Self::Events),
            "AmazonEC2ContainerServiceV20141113" => Some(Self::Ecs),
            "Logs_20140328" => Some(Self::Logs),
            _ => None,
        }
    }
}

/// An error in the words of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ApiError {
    /// The client's fault: status 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 403,
            ..Self::new(code, message)
        }
    }

    pub(crate) fn unknown_operation(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("the fake has no operation {operation}"),
        )
    }
}

/// A call that is addressed and signed as it has to be.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) body: Value,
    /// The access key that signed it.
    pub(crate) access_key: String,
}

/// Reads a call. The service is told as far as it is known, for the form of a refusal.
pub(crate) fn parse(
    head: &Parts,
    body: &[u8],
    settings: &Settings,
) -> Result<Request, (Service, ApiError)> {
    let target = header(head, "x-amz-target");
    let (service, operation, body) = match target.and_then(|target| target.split_once('.')) {
        Some((prefix, operation)) => {
            let Some(service) = Service::of_target(prefix) else {
                let error = ApiError::unknown_operation(&format!("{prefix}.{operation}"));
                return Err((Service::Events, error));
            };
            let body = json_body(body).map_err(|error| (service, error))?;
            (service, operation.to_owned(), body)
        }
        None => {
            let body = query_body(body);
            let action = body["Action"].as_str().unwrap_or_default().to_owned();
            (Service::Sts, action, body)
        }
    };
    let access_key = signer(head, service, settings).map_err(|error| (service, error))?;
    Ok(Request {
        service,
        operation,
        body,
        access_key,
    })
}

/// Reads the body of an operation into the members that the fake looks at.
pub(crate) fn read<T: DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    T::deserialize(body).map_err(|error| {
        let error = error.to_string();
        match missing_field(&error) {
            Some(member) => member_null(member),
            None => ApiError::new("SerializationException", error),
        }
    })
}

fn missing_field(error: &str) -> Option<&str> {
    error.strip_prefix("missing field `")?.strip_suffix('`')
}

fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn json_body(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(ApiError::new(
            "SerializationException",
            "the body is no object",
        )),
        Err(error) => Err(ApiError::new("SerializationException", error.to_string())),
    }
}

/// The parameters of the query protocol. No operation here has one that needs decoding.
fn query_body(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Value::Object(
        pairs
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect(),
    )
}

/// Who signed. The signature itself is taken for right; that it is there, for this service and this
/// region, is not.
fn signer(head: &Parts, service: Service, settings: &Settings) -> Result<String, ApiError> {
    let query = service == Service::Sts;
    let Some(authorization) = header(head, "authorization") else {
        let message = "Missing Authentication Token";
        return Err(if query {
            ApiError::forbidden("MissingAuthenticationToken", message)
        } else {
            ApiError::new("MissingAuthenticationTokenException", message)
        });
    };
    let refuse = |message: String| {
        if query {
            ApiError::forbidden("SignatureDoesNotMatch", message)
        } else {
            ApiError::new("InvalidSignatureException", message)
        }
    };
    let scope: Vec<&str> = authorization
        .strip_prefix("AWS4-HMAC-SHA256 Credential=")
        .and_then(|rest| rest.split([',', ' ']).next())
        .map(|credential| credential.split('/').collect())
        .unwrap_or_default();
    let [access_key, _date, region, name, "aws4_request"] = scope[..] else {
        let message =
            "Credential must have five elements: key, date, region, service, aws4_request";
        return Err(refuse(message.to_owned()));
    };
    if name != service.signing_name() {
        let right = service.signing_name();
        return Err(refuse(format!(
            "Credential should be scoped to correct service: '{right}'."
        )));
    }
    if region != settings.region {
        return Err(refuse(format!(
            "Credential should be scoped to a valid region: '{region}' is not '{}'.",
            settings.region
        )));
    }
    Ok(access_key.to_owned())
}

/// A random identifier in the form of a UUID of version 4.
pub(crate) fn uuid() -> String {
    let bits = (rand::random::<u128>() & !(0xf << 76) | 4 << 76) & !(3 << 62) | 2 << 62;
    let hex = format!("{bits:032x}");
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(headers: &[(&str, &str)], body: &str) -> Result<Request, (Service, ApiError)> {
        let mut request = http::Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        parse(&head, body.as_bytes(), &Settings::default())
    }

    fn signed(scope: &str) -> String {
        format!("AWS4-HMAC-SHA256 Credential=AK/20260101/{scope}, SignedHeaders=host, Signature=00")
    }

    #[test]
    fn a_call_is_told_by_its_target_and_signed_for_its_service() {
        let target = ("x-amz-target", "AWSEvents.PutRule");
        let right = signed("us-east-1/events/aws4_request");
        let call = parsed(&[target, ("authorization", &right)], r#"{"Name":"a"}"#).unwrap();
        assert_eq!(call.service, Service::Events);
        assert_eq!(
            (call.operation.as_str(), call.access_key.as_str()),
            ("PutRule", "AK")
        );
        assert_eq!(call.body["Name"], "a");

        for (scope, code) in [
            ("us-east-1/ecs/aws4_request", "InvalidSignatureException"),
            ("eu-west-1/events/aws4_request", "InvalidSignatureException"),
            ("us-east-1/events", "InvalidSignatureException"),
        ] {
            let (_, error) =
                parsed(&[target, ("authorization", &signed(scope))], "{}").unwrap_err();
            assert_eq!(error.code, code, "{scope}");
        }
        let (_, unsigned) = parsed(&[target], "{}").unwrap_err();
        assert_eq!(unsigned.code, "MissingAuthenticationTokenException");
    }

    #[test]
    fn sts_speaks_the_query_protocol() {
        let right = signed("us-east-1/sts/aws4_request");
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        let call = parsed(&[("authorization", &right)], body).unwrap();
        assert_eq!(
            (call.service, call.operation.as_str()),
            (Service::Sts, "GetCallerIdentity")
        );
        let (_, unsigned) = parsed(&[], body).unwrap_err();
        assert_eq!(
            (unsigned.status, unsigned.code.as_str()),
            (403, "MissingAuthenticationToken")
        );
    }

    #[test]
    fn a_uuid_looks_like_one() {
        let id = uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}
