//! Keeps web pages out: a server on a loopback address answers only to loopback names, so that no
//! page can reach it under a name of its own (DNS rebinding), and only pages from there may ask.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

use super::error::ApiError;

/// Whether a server on `address` may answer a request with these headers.
pub(super) fn check(address: SocketAddr, headers: &HeaderMap) -> Result<(), ApiError> {
    if !address.ip().is_loopback() {
        return Ok(());
    }
    // Programs that speak HTTP/1.0 name no host; browsers always do.
    for name in [header::HOST, header::ORIGIN] {
        let value = headers.get(&name);
        if value.is_some_and(|value| !value.to_str().is_ok_and(names_loopback)) {
            return Err(ApiError::access_denied(format!(
                "header {name} names no loopback address: use http://{address}"
            )));
        }
    }
    Ok(())
}

/// Takes `host:port` as well as `http://host:port`.
fn names_loopback(value: &str) -> bool {
    let authority = match value.contains("://") {
        true => value
            .parse::<Uri>()
            .ok()
            .and_then(|uri| uri.into_parts().authority),
        false => value.parse::<Authority>().ok(),
    };
    authority.is_some_and(|authority| {
        let host = authority.host();
        let ip = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        is_loopback || host.eq_ignore_ascii_case("localhost")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_reach_a_loopback_server() {
        for (value, expected) in [
            ("127.0.0.1:2080", true),
            ("127.0.0.1", true),
            ("localhost:2080", true),
            ("LOCALHOST", true),
            ("[::1]:2080", true),
            ("http://localhost:2080", true),
            ("evil.example:2080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("10.0.0.1:2080", false),
            ("https://evil.example", false),
            ("http://localhost@evil.example", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(names_loopback(value), expected, "{value}");
        }
    }

    #[test]
    fn a_server_on_another_address_answers_to_any_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "xray.internal:2080".parse().unwrap());
        assert!(check("10.0.0.7:2080".parse().unwrap(), &headers).is_ok());
        assert!(check("[::1]:2080".parse().unwrap(), &headers).is_err());
        assert!(check("127.0.0.1:2080".parse().unwrap(), &HeaderMap::new()).is_ok());
    }
}
