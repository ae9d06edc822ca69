//! Signature Version 4 on a request.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::box_error::BoxError;
use bytes::Bytes;
use http::Request;
use http::header::{HeaderName, HeaderValue};

/// Adds the headers of a signature. What cannot stand in a header, such as a session token with a
/// line break, is an error and not a panic.
pub(super) fn sign(
    request: &mut Request<Bytes>,
    credentials: &Credentials,
    (service, region): (&str, &str),
    now: SystemTime,
) -> Result<(), BoxError> {
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
        .collect::<Result<_, BoxError>>()?;
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )?;
    let (instructions, _signature) = aws_sigv4::http_request::sign(signable, &params)?.into_parts();
    let (headers, _query) = instructions.into_parts();
    for header in headers {
        let mut value = HeaderValue::from_str(header.value())?;
        value.set_sensitive(header.sensitive());
        let name = HeaderName::from_bytes(header.name().as_bytes())?;
        request.headers_mut().insert(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(token: &str, region: &str) -> Result<Request<Bytes>, BoxError> {
        let credentials = Credentials::new("AKID", "secret", Some(token.to_owned()), None, "test");
        let mut request = Request::post("https://xray.eu-west-1.amazonaws.com/TraceSegments")
            .header("content-type", "application/json")
            .body(Bytes::from_static(b"{}"))
            .unwrap();
        sign(
            &mut request,
            &credentials,
            ("xray", region),
            SystemTime::UNIX_EPOCH,
        )?;
        Ok(request)
    }

    #[test]
    fn a_signature_names_its_scope_and_its_headers() {
        let request = signed("token", "eu-west-1").unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        let prefix = "AWS4-HMAC-SHA256 Credential=AKID/19700101/eu-west-1/xray/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
        assert!(header("authorization").starts_with(prefix));
        assert_eq!(header("x-amz-date"), "19700101T000000Z");
        assert_eq!(header("x-amz-security-token"), "token");
        assert!(request.headers()["x-amz-security-token"].is_sensitive());
    }

    #[test]
    fn what_no_header_can_carry_is_an_error() {
        assert!(signed("line\nbreak", "eu-west-1").is_err());
        assert!(signed("token", "eu\nwest").is_err());
    }
}
