//! A local S3 in a directory of its own, clients for it, and what an error answer says.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::{RequestId, RequestIdExt};
use local_s3::{LocalS3, Options};

/// A running local S3; its directory goes when it goes.
pub(crate) struct Fixture {
    pub(crate) s3: LocalS3,
    dir: tempfile::TempDir,
}

/// Status and code of a refused call.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
}

/// The bucket of most tests.
pub(crate) const BUCKET: &str = "bucket";

impl Fixture {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let s3 = serve(dir.path()).await;
        Self { s3, dir }
    }

    /// With an empty bucket in it, and a client for it.
    pub(crate) async fn start_with_bucket() -> (Self, Client) {
        let fixture = Self::start().await;
        let client = fixture.client();
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        (fixture, client)
    }

    /// Stops the server and starts another one in the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.s3.stop().await;
        let s3 = serve(self.dir.path()).await;
        Self { s3, dir: self.dir }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.s3.address())
    }

    /// A client of the default account in us-east-1.
    pub(crate) fn client(&self) -> Client {
        self.client_of("AKIDEXAMPLE", "us-east-1")
    }

    /// A client that tries everything once.
    pub(crate) fn client_without_retries(&self) -> Client {
        let config = self.client().config().to_builder();
        Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
    }

    pub(crate) fn client_of(&self, access_key: &str, region: &'static str) -> Client {
        client_at(&self.endpoint(), access_key, region)
    }
}

/// A client of the server at an endpoint.
pub(crate) fn client_at(endpoint: &str, access_key: &str, region: &'static str) -> Client {
    let credentials = Credentials::new(access_key, "any secret", None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// One more server of a directory.
pub(crate) async fn serve(dir: &Path) -> LocalS3 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    LocalS3::start(listener, Options::new(dir)).await.unwrap()
}

/// Takes apart an error answer, which must carry both request ids.
pub(crate) fn refusal<T: std::fmt::Debug, E>(result: Result<T, SdkError<E>>) -> Refusal
where
    E: ProvideErrorMetadata + std::fmt::Debug,
    SdkError<E>: RequestId + RequestIdExt,
{
    let error = result.unwrap_err();
    let request_id = error.request_id().expect("a request id");
    assert_eq!(request_id.len(), 16, "{request_id}");
    assert!(
        request_id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
        "{request_id}"
    );
    assert!(error.extended_request_id().is_some_and(|id| id.len() > 60));
    Refusal {
        status: error.raw_response().expect("an answer").status().as_u16(),
        code: error.code().map(str::to_owned),
    }
}

/// Asserts that a call was refused with this status and code.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug, E>(
    result: Result<T, SdkError<E>>,
    status: u16,
    code: &str,
) where
    E: ProvideErrorMetadata + std::fmt::Debug,
    SdkError<E>: RequestId + RequestIdExt,
{
    let expected = Refusal {
        status,
        code: Some(code.to_owned()),
    };
    assert_eq!(refusal(result), expected);
}
