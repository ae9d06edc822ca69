//! What is told of a server whose certificate is not trusted: who it is, and the mend.

use std::error::Error;
use std::io;

use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use rustls::CertificateError;

use super::Roots;

/// A server's certificate is not trusted.
#[derive(Debug, thiserror::Error)]
#[error("the certificate of {host} is not trusted: {why}")]
struct Untrusted {
    host: String,
    why: String,
}

/// Calls, and says more of a certificate that is not trusted. To the SDK that is a connection that
/// failed, which it tries again; to us it stays as it is.
pub(super) fn told(
    connector: &SharedHttpConnector,
    request: HttpRequest,
    roots: &Roots,
) -> HttpConnectorFuture {
    let host = host(request.uri()).to_owned();
    let roots = roots.clone();
    let call = connector.call(request);
    HttpConnectorFuture::new(async move {
        call.await.map_err(|error| match refused(&error) {
            Some(fault) => {
                let why = why(fault, &roots);
                ConnectorError::other(Box::new(Untrusted { host, why }), None)
            }
            None => error,
        })
    })
}

/// The host of a URL, and its port if it has one.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

fn why(fault: &CertificateError, roots: &Roots) -> String {
    match fault {
        // The same name with another key is another authority, too.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => roots.mend(),
        CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            "it is an authority's own (CA:TRUE), which no server may show: have that authority sign \
             one for the server"
                .to_owned()
        }
        fault => fault.to_string(),
    }
}

/// What TLS has against the certificate, wherever it stands among the causes.
fn refused<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CertificateError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(fault)) = error.downcast_ref() {
            return Some(fault);
        }
        // The source of an I/O error is that of the error within, which it leaves out.
        let within = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match within {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_within_io_errors() {
        let fault = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let nested = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, fault));
        let error = ConnectorError::io(nested.into());
        assert_eq!(refused(&error), Some(&CertificateError::Expired));
        assert_eq!(refused(&ConnectorError::io("gone".into())), None);
    }

    #[test]
    fn the_host_is_told_with_its_port() {
        assert_eq!(host("https://s3.example.com/a/b"), "s3.example.com");
        assert_eq!(host("https://[::1]:443?x=1"), "[::1]:443");
    }
}
