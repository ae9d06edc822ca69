//! The HTTP proxy on the way to a service.

use std::str::FromStr;

use ::http::Uri;
use aws_smithy_http_client::proxy::ProxyConfig;
use thiserror::Error;

/// An HTTP proxy: `http://host:port`, perhaps with `user:password@`. Calls to `https` endpoints go
/// through a tunnel of it (`CONNECT`), so that it sees neither signatures nor documents.
#[derive(Clone, Debug)]
pub(crate) struct HttpProxy(ProxyConfig);

/// A text that is no proxy. The text itself is left out: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no address of an HTTP proxy: write `http://host:port`")]
pub(crate) struct HttpProxyError;

impl HttpProxy {
    pub(super) fn config(&self) -> ProxyConfig {
        self.0.clone()
    }
}

impl FromStr for HttpProxy {
    type Err = HttpProxyError;

    fn from_str(text: &str) -> Result<Self, HttpProxyError> {
        let uri: Uri = text.parse().map_err(|_| HttpProxyError)?;
        let is_plain = uri.path_and_query().is_none_or(|path| path == "/");
        let is_http = uri.scheme_str() == Some("http") && uri.host().is_some_and(|h| !h.is_empty());
        if !is_http || !is_plain || text.contains('#') {
            return Err(HttpProxyError);
        }
        let config = ProxyConfig::all(uri).map_err(|_| HttpProxyError)?;
        Ok(Self(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_plain_http_address() {
        for good in [
            "http://proxy:3128",
            "http://u:p@10.0.0.1:1/",
            "http://[::1]:1",
        ] {
            assert!(good.parse::<HttpProxy>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "proxy:3128",
            "https://proxy",
            "http://",
            "http://h/p",
            "http://h?q",
        ] {
            let error = bad.parse::<HttpProxy>().unwrap_err().to_string();
            assert!(error.contains("http://host:port"), "{bad}: {error}");
        }
    }
}
