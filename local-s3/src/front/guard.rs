//! Keeps web pages out, since no signature is checked: a server on a loopback address answers only
//! to loopback names, so that no page reaches it under a name of its own (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;
use http::{HeaderMap, Uri, header};
use s3s::{S3Error, S3ErrorCode};

/// Whether a server on `address` may answer a request with these headers.
pub(super) fn check(address: SocketAddr, headers: &HeaderMap) -> Result<(), S3Error> {
    if !address.ip().is_loopback() {
        return Ok(());
    }
    for name in [header::HOST, header::ORIGIN] {
        let value = headers.get(&name);
        if value.is_some_and(|value| !value.to_str().is_ok_and(names_loopback)) {
            return Err(S3Error::with_message(
                S3ErrorCode::AccessDenied,
                format!("header {name} names no loopback address: use http://{address}"),
            ));
        }
    }
    Ok(())
}

/// Takes `host:port` as well as `http://host:port`; the host may be a bucket's, `BUCKET.localhost`.
fn names_loopback(value: &str) -> bool {
    let authority = if value.contains("://") {
        let uri = value.parse::<Uri>().ok();
        uri.and_then(|uri| uri.into_parts().authority)
    } else {
        value.parse::<Authority>().ok()
    };
    authority.is_some_and(|authority| {
        let host = authority.host().to_ascii_lowercase();
        let ip = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        is_loopback || host == "localhost" || host.ends_with(".localhost")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_reach_a_loopback_server() {
        for (value, expected) in [
            ("127.0.0.1:9000", true),
            ("localhost:9000", true),
            ("acme.localhost:9000", true),
            ("[::1]:9000", true),
            ("http://localhost:3000", true),
            ("evil.example:9000", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:9000", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(names_loopback(value), expected, "{value}");
        }
    }

    #[test]
    fn a_server_on_another_address_answers_to_any_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "s3.internal:9000".parse().unwrap());
        assert!(check("10.0.0.7:9000".parse().unwrap(), &headers).is_ok());
        let refused = check("127.0.0.1:9000".parse().unwrap(), &headers).unwrap_err();
        assert_eq!(refused.code(), &S3ErrorCode::AccessDenied);
    }
}
