//! An authority of the tests, and TLS in front of a plain server.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// One of this name, with a key of its own.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its certificate, which vouches for all those that it signs.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// The TLS of a server of these names, each a host or an IP address, which it vouches for.
    pub(crate) fn server(&self, names: &[&str]) -> ServerConfig {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        server(certificate.der(), &key)
    }

    /// The TLS of a server that shows the authority's own certificate, as none may.
    pub(crate) fn as_server(&self) -> ServerConfig {
        server(self.0.der(), self.0.key())
    }
}

fn server(certificate: &CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap()
}

/// A server that ends TLS and hands on what is within. It ends when it is dropped.
pub(crate) struct TlsFront {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    /// Listens on `bind` with this TLS, in front of the server at `behind`, such as `127.0.0.1:9000` or
    /// `http://127.0.0.1:9000`.
    pub(crate) fn start(bind: &str, tls: ServerConfig, behind: &str) -> Self {
        let behind: SocketAddr = behind.trim_start_matches("http://").parse().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind(bind)).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust us goes away here.
                    let mut outside = acceptor.accept(stream).await?;
                    let mut within = TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut outside, &mut within).await
                });
            }
        });
        Self {
            address,
            _runtime: runtime,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL by the address that it listens on.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}
