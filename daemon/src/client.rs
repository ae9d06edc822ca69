//! A signed client of the X-Ray service API: JSON in, JSON out, over connections it keeps; and the
//! client beneath it, which signs for any service.

mod credentials;
mod endpoint;
mod error;
mod sign;
mod signed;

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

pub use endpoint::{Endpoint, EndpointError, default_endpoint, service_endpoint};
pub use error::{CallError, ServiceError};
pub use signed::SignedClient;

/// When the sender sent it, by the sender's clock, as the official daemon says.
const TIMESTAMP: HeaderName = HeaderName::from_static("x-amzn-xray-timestamp");

/// A client of the X-Ray service API, cheap to clone. It needs a tokio runtime with time and I/O,
/// and stays with the one it is first used in.
#[derive(Clone, Debug)]
pub struct XrayClient(SignedClient);

impl XrayClient {
    /// A client of the X-Ray at `endpoint`, which signs for `region`; without credentials it does
    /// not sign. Nothing is connected, loaded or asked for before the first call.
    pub fn new(
        endpoint: Endpoint,
        region: String,
        credentials: Option<SharedCredentialsProvider>,
    ) -> Self {
        Self(SignedClient::new("xray", endpoint, region, credentials))
    }

    /// Sets how long a call may take, and how long finding credentials may. Default 10 s.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self(self.0.with_timeout(timeout))
    }

    /// Sets the clock that signatures carry. Default: that of the system.
    #[must_use]
    pub fn with_time_source(self, time: impl TimeSource + 'static) -> Self {
        Self(self.0.with_time_source(time))
    }

    /// Sets what sends its requests. Default: one that trusts the system's certificate authorities.
    #[must_use]
    pub fn with_connector(self, connector: SharedHttpConnector) -> Self {
        Self(self.0.with_connector(connector))
    }

    /// The endpoint it calls.
    pub fn endpoint(&self) -> &Endpoint {
        self.0.endpoint()
    }

    /// Posts a JSON body to an API path such as `/TraceSegments`, once, and gives the body of the
    /// answer.
    ///
    /// # Errors
    /// Any answer that is no success, and none at all: see [`CallError`].
    pub async fn call(&self, path: &str, body: impl Into<Bytes>) -> Result<Bytes, CallError> {
        let json = HeaderValue::from_static("application/json");
        let response = self.send(path, json, body.into()).await?;
        self.0.body_of(path, response)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.0.now()
    }

    /// Posts a body once and gives whatever answer came, a refusal too.
    pub(crate) async fn send(
        &self,
        path: &str,
        content_type: HeaderValue,
        body: Bytes,
    ) -> Result<Response<Bytes>, CallError> {
        let sent_at = timestamp(self.0.now());
        let mut headers = vec![(CONTENT_TYPE, content_type)];
        headers.extend(
            HeaderValue::try_from(sent_at)
                .ok()
                .map(|time| (TIMESTAMP, time)),
        );
        self.0.post(path, headers, body).await
    }
}

/// The sender's clock in seconds since the epoch, as the official daemon writes it.
fn timestamp(now: SystemTime) -> String {
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH);
    let since_epoch = since_epoch.unwrap_or_default();
    format!(
        "{}.{:09}",
        since_epoch.as_secs(),
        since_epoch.subsec_nanos()
    )
}
