//! The client of the X-Ray API: signatures that verify, and errors that tell.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_async::time::StaticTimeSource;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use xray_daemon::{CallError, XrayClient};

use crate::running::{client, signing_client};
use crate::stub::{Call, PATIENCE, Stub, failing, taken};

/// What the receiver of a call computes to check its signature.
fn expected_authorization(url: &str, call: &Call, time: SystemTime) -> String {
    let credentials = Credentials::new("AKID", "secret", Some("token".to_owned()), None, "test");
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("xray")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let authorization = call.header("authorization").unwrap();
    let (_, signed) = authorization.split_once("SignedHeaders=").unwrap();
    let signed: Vec<_> = signed.split(',').next().unwrap().split(';').collect();
    let added = ["host", "x-amz-date", "x-amz-security-token"];
    let headers = signed
        .into_iter()
        .filter(|name| !added.contains(name))
        .map(|name| (name, call.header(name).unwrap()));
    let body = SignableBody::Bytes(&call.body);
    let request = SignableRequest::new("POST", url, headers, body).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let mut headers = instructions.headers();
    let (_, value) = headers.find(|(name, _)| *name == "authorization").unwrap();
    value.to_owned()
}

#[tokio::test]
async fn a_signature_verifies_over_what_arrives() {
    let xray = Stub::start().await;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_790_000);
    let client = signing_client(&xray.url()).with_time_source(StaticTimeSource::new(time));
    client.call("/TraceSegments", "{\"a\":1}").await.unwrap();
    let call = &xray.calls()[0];
    let url = format!("{}/TraceSegments", xray.url());
    assert_eq!(
        call.header("authorization").unwrap(),
        expected_authorization(&url, call, time)
    );
    assert_eq!(call.header("host"), Some(xray.address.to_string().as_str()));
    assert_eq!(call.header("x-amz-date"), Some("20251122T054000Z"));
    assert_eq!(call.header("x-amz-security-token"), Some("token"));
    assert_eq!(
        call.header("x-amzn-xray-timestamp"),
        Some("1763790000.000000000")
    );
}

#[tokio::test]
async fn without_credentials_nothing_is_signed() {
    let xray = Stub::start().await;
    client(&xray.url()).call("/Traces", "{}").await.unwrap();
    let call = &xray.calls()[0];
    assert_eq!(call.path, "/Traces");
    for name in ["authorization", "x-amz-date", "x-amz-security-token"] {
        assert_eq!(call.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_tells_all_that_x_ray_told() {
    let xray = Stub::answering(|_, _| {
        let headers = [
            ("x-amzn-errortype", "InvalidRequestException:http://x/"),
            ("x-amzn-requestid", "r-1"),
        ];
        (
            StatusCode::BAD_REQUEST,
            headers,
            "{\"Message\":\"no such rule\"}",
        )
            .into_response()
    })
    .await;
    let error = client(&xray.url()).call("/Traces", "{}").await.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(
        error.to_string(),
        format!(
            "{}/Traces: status 400, InvalidRequestException: no such rule (request id r-1)",
            xray.url()
        )
    );
    let CallError::Service { service, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(service.code, "InvalidRequestException");
}

#[tokio::test]
async fn no_connection_and_no_answer_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}");
    let silent = client(&url).with_timeout(Duration::from_millis(50));
    let error = silent.call("/Traces", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }) && error.is_retryable());

    drop(listener);
    let error = client(&url).call("/Traces", "{}").await.unwrap_err();
    assert!(error.is_retryable());
    assert!(matches!(error, CallError::Connection { .. }));
    let text = error.to_string();
    assert!(text.contains(&url) && text.contains("refused"), "{text}");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let xray = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        let mut answered = 0;
        let mut buffer = [0; 4096];
        while answered < 3 {
            let length = stream.read(&mut buffer).await.unwrap();
            assert!(length > 0, "the connection was closed");
            seen.extend_from_slice(&buffer[..length]);
            let calls = String::from_utf8_lossy(&seen).matches("{\"n\":").count();
            while answered < calls {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                stream.write_all(answer).await.unwrap();
                answered += 1;
            }
        }
        stream
    });
    let client = client(&format!("http://{address}"));
    for n in 0..3 {
        let body = client.call("/Traces", format!("{{\"n\":{n}}}")).await;
        assert_eq!(&body.unwrap()[..], b"{}");
    }
    tokio::time::timeout(PATIENCE, xray).await.unwrap().unwrap();
}

#[tokio::test]
async fn https_speaks_tls() {
    use tokio::io::AsyncReadExt;
    if !std::path::Path::new("/etc/ssl/certs/ca-certificates.crt").exists() {
        eprintln!("no root certificates here, which the TLS client insists on");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap()
    });
    let error = signing_client(&url)
        .call("/Traces", "{}")
        .await
        .unwrap_err();
    const HANDSHAKE: u8 = 22;
    assert_eq!(server.await.unwrap(), HANDSHAKE);
    assert!(matches!(error, CallError::Connection { .. }), "{error}");
    assert!(error.to_string().starts_with(&url), "{error}");
}

/// The first try finds no credentials, the next ones do, each with a key of its own.
#[derive(Debug, Default)]
struct LateCredentials(AtomicU64);

impl ProvideCredentials for LateCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(CredentialsError::not_loaded("no role here")),
            n => Ok(Credentials::new(format!("KEY{n}"), "s", None, None, "test")),
        })
    }
}

pub(crate) fn with_late_credentials(xray: &Stub) -> XrayClient {
    let provider = SharedCredentialsProvider::new(LateCredentials::default());
    XrayClient::new(xray.url().parse().unwrap(), "r".to_owned(), Some(provider))
}

#[tokio::test]
async fn missing_credentials_are_named_and_may_come_later() {
    let xray = Stub::start().await;
    let client = with_late_credentials(&xray);
    let error = client.call("/Traces", "{}").await.unwrap_err();
    assert!(error.is_retryable());
    assert!(error.to_string().contains("no role here"), "{error}");
    assert!(xray.calls().is_empty());
    client.call("/Traces", "{}").await.unwrap();
}

#[tokio::test]
async fn expired_credentials_are_replaced() {
    let xray = Stub::answering(|n, _| match n {
        0 => {
            let code = [("x-amzn-errortype", "ExpiredTokenException")];
            (StatusCode::FORBIDDEN, code, "{}").into_response()
        }
        1 => failing(403),
        _ => taken(),
    })
    .await;
    let client = with_late_credentials(&xray);
    for _ in 0..4 {
        let _ = client.call("/Traces", "{}").await;
    }
    let keys: Vec<_> = xray
        .calls()
        .iter()
        .map(|call| {
            call.header("authorization")
                .unwrap()
                .contains("Credential=KEY2/")
        })
        .collect();
    assert_eq!(keys, [false, true, true]);
}
