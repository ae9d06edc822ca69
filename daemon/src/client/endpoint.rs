//! Where the X-Ray API answers.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;
use thiserror::Error;

/// The address of an X-Ray API: `http` or `https`, a host, perhaps a port and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    tls: bool,
}

/// A text that is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "endpoint `{0}`: write `https://host` or `http://host:port`, without user, query or fragment"
)]
pub struct EndpointError(String);

/// How the hosts of AWS end, by partition.
const SUFFIXES: [&str; 5] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "amazonaws.eu",
];

impl Endpoint {
    /// The address of an API path, such as `/TraceSegments`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether it is one of AWS itself, and none that stands in for it.
    pub fn is_of_aws(&self) -> bool {
        let of_aws = |suffix: &str| self.base.ends_with(&format!(".{suffix}"));
        self.tls && SUFFIXES.into_iter().any(of_aws)
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        parse(text).ok_or_else(|| EndpointError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Endpoint> {
    // `http::Uri` drops a fragment without a word.
    let uri: Uri = (!text.contains('#')).then(|| text.parse().ok())??;
    let tls = match uri.scheme()? {
        scheme if *scheme == Scheme::HTTPS => true,
        scheme if *scheme == Scheme::HTTP => false,
        _ => return None,
    };
    let authority = uri.authority()?;
    let plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    if !plain || uri.query().is_some() {
        return None;
    }
    Some(Endpoint {
        base: text.trim_end_matches('/').to_owned(),
        tls,
    })
}

/// The endpoint of a region, in the partitions AWS, China, ISO and ISOB.
///
/// # Errors
/// A region that cannot be part of a host name.
pub fn default_endpoint(region: &str) -> Result<Endpoint, EndpointError> {
    service_endpoint("xray", region)
}

/// Where AWS has another service, by the name with which its endpoints begin.
///
/// # Errors
/// The region is none.
pub fn service_endpoint(service: &str, region: &str) -> Result<Endpoint, EndpointError> {
    let [usual, china, iso, isob, eusc] = SUFFIXES;
    let suffix = match region {
        region if region.starts_with("cn-") => china,
        region if region.starts_with("us-iso-") => iso,
        region if region.starts_with("us-isob-") => isob,
        region if region.starts_with("eusc-") => eusc,
        _ => usual,
    };
    let url = format!("https://{service}.{region}.{suffix}");
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match !region.is_empty() && region.bytes().all(legal) {
        true => url.parse(),
        false => Err(EndpointError(url)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_suffix() {
        let endpoint = |region: &str| default_endpoint(region).unwrap().to_string();
        assert_eq!(
            endpoint("eu-west-1"),
            "https://xray.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            endpoint("us-gov-west-1"),
            "https://xray.us-gov-west-1.amazonaws.com"
        );
        assert_eq!(
            endpoint("cn-north-1"),
            "https://xray.cn-north-1.amazonaws.com.cn"
        );
        assert_eq!(
            endpoint("us-iso-east-1"),
            "https://xray.us-iso-east-1.c2s.ic.gov"
        );
        assert_eq!(
            endpoint("us-isob-east-1"),
            "https://xray.us-isob-east-1.sc2s.sgov.gov"
        );
        let is_of_aws = |url: &str| url.parse::<Endpoint>().unwrap().is_of_aws();
        assert!(is_of_aws(&endpoint("us-isob-east-1")));
        assert!(!is_of_aws("http://127.0.0.1:2080"));
        assert!(!is_of_aws("https://xray.example.com"));
        for bad in ["", "eu west", "x/y", "evil.example#"] {
            assert!(default_endpoint(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_endpoint_is_a_plain_address() {
        for good in [
            "http://127.0.0.1:2080",
            "https://h",
            "http://[::1]:1",
            "http://h/base",
        ] {
            assert_eq!(good.parse::<Endpoint>().unwrap().to_string(), good);
        }
        let endpoint: Endpoint = "https://h:444/".parse().unwrap();
        assert!(endpoint.is_tls());
        assert_eq!(
            endpoint.url("/TraceSegments"),
            "https://h:444/TraceSegments"
        );
        for bad in [
            "",
            "h",
            "h:80",
            "ftp://h",
            "http://",
            "http://u:p@h",
            "http://h?q",
            "http://h#f",
        ] {
            let error = bad.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
    }
}
