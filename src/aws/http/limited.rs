//! A client whose calls wait for their turn.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::aws::rate::{OperationName, RateLimits};

/// The client, within these limits.
pub(crate) fn limited(client: SharedHttpClient, limits: Arc<RateLimits>) -> SharedHttpClient {
    SharedHttpClient::new(Limited { client, limits })
}

#[derive(Debug)]
struct Limited {
    client: SharedHttpClient,
    limits: Arc<RateLimits>,
}

impl HttpClient for Limited {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connector: self.client.http_connector(settings, components),
            limits: Arc::clone(&self.limits),
        })
    }
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    limits: Arc<RateLimits>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connector, limits) = (self.connector.clone(), Arc::clone(&self.limits));
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
