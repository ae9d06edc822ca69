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
    /// What the variables `HTTPS_PROXY` and `NO_PROXY` say: a proxy for `https` endpoints alone, which
    /// may leave out `http://`; and hosts that are called directly, such as `.example,10.0.0.0/8`.
    ///
    /// # Errors
    /// The text is no address of an HTTP proxy.
    pub(crate) fn for_https(text: &str, no_proxy: Option<&str>) -> Result<Self, HttpProxyError> {
        let uri = match text.contains("://") {
            true => parse(text)?,
            false => parse(&format!("http://{text}"))?,
        };
        let config = ProxyConfig::https(uri).map_err(|_| HttpProxyError)?;
        Ok(Self(match no_proxy {
            Some(hosts) => config.no_proxy(hosts),
            None => config,
        }))
    }

    pub(super) fn config(&self) -> ProxyConfig {
        self.0.clone()
    }
}

impl FromStr for HttpProxy {
    type Err = HttpProxyError;

    fn from_str(text: &str) -> Result<Self, HttpProxyError> {
        let config = ProxyConfig::all(parse(text)?).map_err(|_| HttpProxyError)?;
        Ok(Self(config))
    }
}

fn parse(text: &str) -> Result<Uri, HttpProxyError> {
    let uri: Uri = text.parse().map_err(|_| HttpProxyError)?;
    let authority = uri.authority().ok_or(HttpProxyError)?;
    let host = authority.host();
    // A port that is no number is nobody's fault to `http`.
    let has_place =
        !host.is_empty() && (authority.as_str().ends_with(host) || authority.port_u16().is_some());
    let is_plain = uri.path() == "/" && uri.query().is_none() && !text.contains('#');
    match uri.scheme_str() == Some("http") && has_place && is_plain {
        true => Ok(uri),
        false => Err(HttpProxyError),
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

    #[test]
    fn a_variable_may_leave_out_the_scheme() {
        for good in ["proxy:3128", "http://proxy:3128/"] {
            assert!(
                HttpProxy::for_https(good, Some("10.0.0.0/8")).is_ok(),
                "{good}"
            );
        }
        for bad in ["", "https://proxy:3128", "proxy:port"] {
            assert!(HttpProxy::for_https(bad, None).is_err(), "{bad}");
        }
    }
}
