//! One HTTP client for both schemes, which builds TLS, with all the system's certificates, only
//! when the first `https` request asks for it: a start against local endpoints never does.

use std::sync::Arc;

use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::rate::{OperationName, RateLimits};

/// The client without any limits.
pub(crate) fn by_scheme() -> SharedHttpClient {
    limited(Arc::default())
}

/// The client, whose calls wait for their turn.
pub(crate) fn limited(limits: Arc<RateLimits>) -> SharedHttpClient {
    SharedHttpClient::new(ByScheme {
        limits,
        plain: Builder::new().build_http(),
        tls: Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https(),
    })
}

#[derive(Clone, Debug)]
struct ByScheme {
    limits: Arc<RateLimits>,
    plain: SharedHttpClient,
    tls: SharedHttpClient,
}

impl HttpClient for ByScheme {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            clients: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Both clients keep a connector for each settings, so asking them again costs a look-up.
#[derive(Debug)]
struct Connector {
    clients: ByScheme,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("https:") {
            &self.clients.tls
        } else {
            &self.clients.plain
        };
        let connector = client.http_connector(&self.settings, &self.components);
        if self.clients.limits.is_empty() {
            return connector.call(request);
        }
        let limits = Arc::clone(&self.clients.limits);
        HttpConnectorFuture::new(async move {
            // Only the request of the crate `http` shows its extensions.
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(Box::new(error)))?;
            let operation = request.extensions().get::<OperationName>().cloned();
            let request = HttpRequest::try_from(request)
                .map_err(|error| ConnectorError::user(Box::new(error)))?;
            if let Some(OperationName(name)) = operation {
                limits.admit(&name).await;
            }
            connector.call(request).await
        })
    }
}
