//! A client that signs its calls for one service.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};

use super::credentials::CachedCredentials;
use super::{CallError, Endpoint, ServiceError, sign};

/// The most of an answer that is read: no answer of X-Ray comes near it.
const ANSWER_LEN_MAX: usize = 64 << 20;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The operation of a call in AWS's JSON protocol.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// A client that signs its calls for one service, cheap to clone. It needs a tokio runtime with time
/// and I/O, and stays with the one it is first used in.
#[derive(Clone, Debug)]
pub struct SignedClient {
    shared: Arc<Shared>,
    connector: Arc<OnceLock<SharedHttpConnector>>,
    timeout: Duration,
    time: SharedTimeSource,
}

#[derive(Debug)]
struct Shared {
    service: &'static str,
    endpoint: Endpoint,
    region: String,
    credentials: Option<CachedCredentials>,
}

impl SignedClient {
    /// A client of the service at `endpoint`, which signs for `region`; without credentials it does
    /// not sign. Nothing is connected, loaded or asked for before the first call.
    pub fn new(
        service: &'static str,
        endpoint: Endpoint,
        region: String,
        credentials: Option<SharedCredentialsProvider>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                service,
                endpoint,
                region,
                credentials: credentials.map(CachedCredentials::new),
            }),
            connector: Arc::default(),
            timeout: DEFAULT_TIMEOUT,
            time: SharedTimeSource::default(),
        }
    }

    /// Sets how long a call may take, and how long finding credentials may. Default 10 s.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets the clock that signatures carry. Default: that of the system.
    #[must_use]
    pub fn with_time_source(self, time: impl TimeSource + 'static) -> Self {
        Self {
            time: SharedTimeSource::new(time),
            ..self
        }
    }

    /// Sets what sends its requests. Default: one that trusts the system's certificate authorities.
    #[must_use]
    pub fn with_connector(self, connector: SharedHttpConnector) -> Self {
        Self {
            connector: Arc::new(connector.into()),
            ..self
        }
    }

    /// The endpoint it calls.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// Makes a call of AWS's JSON protocol (version 1.1), once: the target is such as
    /// `Logs_20140328.GetLogEvents`.
    ///
    /// # Errors
    /// Any answer that is no success, and none at all: see [`CallError`].
    pub async fn call_json(
        &self,
        target: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Bytes, CallError> {
        let headers = vec![
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-amz-json-1.1"),
            ),
            (TARGET, HeaderValue::from_static(target)),
        ];
        let response = self.post("/", headers, body.into()).await?;
        self.body_of("/", response)
    }

    pub(super) fn now(&self) -> SystemTime {
        self.time.now()
    }

    /// The body of an answer that is a success.
    pub(super) fn body_of(
        &self,
        path: &str,
        response: Response<Bytes>,
    ) -> Result<Bytes, CallError> {
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(CallError::Service {
            url: self.shared.endpoint.url(path),
            service: ServiceError::from_response(&response),
        })
    }

    /// Posts a body once and gives whatever answer came, a refusal too.
    pub(super) async fn post(
        &self,
        path: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<Response<Bytes>, CallError> {
        let url = self.shared.endpoint.url(path);
        let request = self.request(&url, headers, body).await?;
        let response = self
            .in_time(&url, self.exchange(&url, request))
            .await
            .and_then(|answer| answer)?;
        if let Some(credentials) = &self.shared.credentials
            && response.status().is_client_error()
            && ServiceError::from_response(&response).is_expired_token()
        {
            credentials.forget().await;
        }
        Ok(response)
    }

    async fn request(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<Request<Bytes>, CallError> {
        let now = self.now();
        let unsendable = |source: aws_smithy_runtime_api::box_error::BoxError| CallError::Request {
            url: url.to_owned(),
            source,
        };
        let mut request = Request::post(url)
            .header(USER_AGENT, concat!("xray-ecs/", env!("CARGO_PKG_VERSION")))
            .body(body)
            .map_err(|error| unsendable(error.into()))?;
        request.headers_mut().extend(headers);
        if let Some(credentials) = self.credentials(now).await? {
            let Shared {
                service, region, ..
            } = &*self.shared;
            sign::sign(&mut request, &credentials, (service, region), now).map_err(unsendable)?;
        }
        Ok(request)
    }

    async fn credentials(&self, now: SystemTime) -> Result<Option<Credentials>, CallError> {
        let Some(credentials) = &self.shared.credentials else {
            return Ok(None);
        };
        match tokio::time::timeout(self.timeout, credentials.get(now)).await {
            Ok(Ok(credentials)) => Ok(Some(credentials)),
            Ok(Err(error)) => Err(CallError::Credentials {
                source: error.into(),
            }),
            Err(_) => Err(CallError::Credentials {
                source: format!("none found within {:?}", self.timeout).into(),
            }),
        }
    }

    async fn exchange(
        &self,
        url: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, CallError> {
        let request = HttpRequest::try_from(request.map(SdkBody::from)).map_err(|error| {
            CallError::Request {
                url: url.to_owned(),
                source: error.into(),
            }
        })?;
        let broken = |source| CallError::Connection {
            url: url.to_owned(),
            source,
        };
        let response = self
            .connector()
            .call(request)
            .await
            .map_err(|error| broken(error.into_source()))?
            .try_into_http1x()
            .map_err(|error| broken(error.into()))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_LEN_MAX).collect().await;
        Ok(Response::from_parts(head, body.map_err(broken)?.to_bytes()))
    }

    async fn in_time<T>(&self, url: &str, call: impl Future<Output = T>) -> Result<T, CallError> {
        let timeout = tokio::time::timeout(self.timeout, call).await;
        timeout.map_err(|_| CallError::Timeout {
            url: url.to_owned(),
            after: self.timeout,
        })
    }

    /// Made on first use: the certificates that TLS needs take longer to read than a start may.
    fn connector(&self) -> &SharedHttpConnector {
        self.connector.get_or_init(|| {
            let builder = Connector::builder().sleep_impl(TokioSleep::new());
            SharedHttpConnector::new(match self.shared.endpoint.is_tls() {
                true => builder
                    .tls_provider(Provider::Rustls(CryptoMode::Ring))
                    .build(),
                false => builder.build_http(),
            })
        })
    }
}
