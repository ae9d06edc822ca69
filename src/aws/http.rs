//! One HTTP client for both schemes, which builds TLS, with all the roots it trusts, only when the
//! first `https` request asks for it: a start against local endpoints never does.

mod limited;
mod proxy;
mod roots;
mod untrusted;

use std::sync::OnceLock;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

pub(crate) use limited::limited;
pub(crate) use proxy::HttpProxy;
pub(crate) use roots::Roots;

const TLS: tls::Provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);

/// The client of the SDKs.
pub(crate) fn by_scheme(roots: &Roots) -> SharedHttpClient {
    let mut tls = Builder::new().tls_provider(TLS);
    if let Some(context) = roots.context() {
        tls = tls.tls_context(context);
    }
    SharedHttpClient::new(ByScheme {
        plain: Builder::new().build_http(),
        tls: tls.build_https(),
        roots: roots.clone(),
    })
}

/// The same for calls that no SDK makes, through a proxy if there is one.
pub(crate) fn connector(roots: Roots, proxy: Option<HttpProxy>) -> SharedHttpConnector {
    SharedHttpConnector::new(OnFirstUse {
        roots,
        proxy,
        plain: OnceLock::new(),
        tls: OnceLock::new(),
    })
}

fn is_tls(request: &HttpRequest) -> bool {
    request.uri().starts_with("https:")
}

#[derive(Clone, Debug)]
struct ByScheme {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
    roots: Roots,
}

impl HttpClient for ByScheme {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(OfClients {
            clients: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Both clients keep a connector for each settings, so asking them again costs a look-up.
#[derive(Debug)]
struct OfClients {
    clients: ByScheme,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for OfClients {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let of =
            |client: &SharedHttpClient| client.http_connector(&self.settings, &self.components);
        match is_tls(&request) {
            true => untrusted::told(&of(&self.clients.tls), request, &self.clients.roots),
            false => of(&self.clients.plain).call(request),
        }
    }
}

#[derive(Debug)]
struct OnFirstUse {
    roots: Roots,
    proxy: Option<HttpProxy>,
    plain: OnceLock<SharedHttpConnector>,
    tls: OnceLock<SharedHttpConnector>,
}

impl HttpConnector for OnFirstUse {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let builder = || {
            let mut builder = aws_smithy_http_client::Connector::builder();
            builder.set_proxy_config(self.proxy.as_ref().map(HttpProxy::config));
            builder.sleep_impl(TokioSleep::new())
        };
        if !is_tls(&request) {
            let plain = || SharedHttpConnector::new(builder().build_http());
            return self.plain.get_or_init(plain).call(request);
        }
        let tls = self.tls.get_or_init(|| {
            let mut tls = builder().tls_provider(TLS);
            if let Some(context) = self.roots.context() {
                tls = tls.tls_context(context);
            }
            SharedHttpConnector::new(tls.build())
        });
        untrusted::told(tls, request, &self.roots)
    }
}
