//! The root certificates that servers are trusted by: the system's, or those that `AWS_CA_BUNDLE` names
//! in their stead, as AWS's own clients have it.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::spec::Environment;

/// The variable that names a bundle.
pub(super) const VARIABLE: &str = "AWS_CA_BUNDLE";

/// Root certificates; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    /// Those of the system, read when they are first needed.
    System,
    /// Those of a file, which are good.
    Bundle(Arc<Bundle>),
}

/// A file of certificates, read and checked.
#[derive(Debug)]
pub(crate) struct Bundle {
    path: String,
    context: TlsContext,
}

impl Roots {
    /// Those that the environment names.
    ///
    /// # Errors
    /// The file cannot be read, has no certificate, or one that is none.
    pub(crate) fn of_environment(environment: &Environment) -> anyhow::Result<Self> {
        let Some(path) = environment.get_non_empty(VARIABLE)? else {
            return Ok(Self::System);
        };
        let pem = fs::read(path).with_context(|| format!("{VARIABLE}: read `{path}`"))?;
        check(&pem).map_err(|fault| anyhow!("{VARIABLE}: `{path}`: {fault}"))?;
        let store = TrustStore::empty().with_pem_certificate(pem);
        let context = TlsContext::builder().with_trust_store(store).build()?;
        Ok(Self::Bundle(Arc::new(Bundle {
            path: path.to_owned(),
            context,
        })))
    }

    /// What TLS is to be set up with, unless it is the system's.
    pub(super) fn context(&self) -> Option<TlsContext> {
        match self {
            Self::System => None,
            Self::Bundle(bundle) => Some(bundle.context.clone()),
        }
    }

    /// What to do about a server that none of them vouches for.
    pub(super) fn mend(&self) -> String {
        match self {
            Self::System => format!(
                "none of the system's authorities vouches for it: name a PEM file with its authority \
                 in {VARIABLE}"
            ),
            Self::Bundle(bundle) => format!(
                "no authority in {VARIABLE}, `{}`, vouches for it: add its authority there",
                bundle.path
            ),
        }
    }
}

/// That these are certificates, at least one: whoever builds TLS of others panics. All faults at once.
fn check(pem: &[u8]) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    let mut faults = Vec::new();
    for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
        let added = match certificate {
            // What rustls says is about a peer's.
            Ok(certificate) => roots
                .add(certificate)
                .map_err(|_| "no X.509 certificate".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(fault) = added {
            faults.push(format!("certificate {}: {fault}", index + 1));
        }
    }
    match (faults.is_empty(), roots.is_empty()) {
        (true, false) => Ok(()),
        (true, true) => Err("no certificate in it: it must be a PEM file".to_owned()),
        (false, _) => Err(faults.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pem: &str) -> String {
        check(pem.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_no_certificate_is_told_with_its_place() {
        assert_eq!(refused(""), "no certificate in it: it must be a PEM file");
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(refused(key), refused(""));
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let twice = "certificate 1: no X.509 certificate; certificate 2: no X.509 certificate";
        assert_eq!(refused(&junk.repeat(2)), twice);
        let cut = refused("-----BEGIN CERTIFICATE-----\nAAAA\n");
        assert!(cut.starts_with("certificate 1: "), "{cut}");
    }

    #[test]
    fn the_environment_names_a_bundle_or_none() {
        let of = |path: &str| {
            let environment: Environment = [(VARIABLE, path)].into_iter().collect();
            Roots::of_environment(&environment)
        };
        assert!(matches!(of(""), Ok(Roots::System)));
        let missing = format!("{:#}", of("no/such/file").unwrap_err());
        assert!(
            missing.starts_with("AWS_CA_BUNDLE: read `no/such/file`: No such"),
            "{missing}"
        );
    }
}
