//! Keeps foreign web pages out: a server on a loopback address answers only to loopback names, so that no
//! page can reach it under a name of its own (DNS rebinding), and of pages only its own may ask.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::api::ApiError;

/// Whether a server on `address` may answer a request with these headers.
pub(super) fn check(address: SocketAddr, headers: &HeaderMap) -> Result<(), ApiError> {
    // Programs that speak HTTP/1.0 name no host; browsers always do.
    let host = headers.get(header::HOST).map(authority);
    let is_loopback = address.ip().is_loopback();
    if is_loopback && host.as_ref().is_some_and(|host| !names_loopback(host)) {
        return Err(ApiError::access_denied(format!(
            "header host names no loopback address: use http://{address}"
        )));
    }
    // Browsers name the page that asks; another program's on the same machine is a stranger, too.
    let origin = headers.get(header::ORIGIN).map(authority);
    if origin.is_some_and(|origin| origin.is_none() || Some(origin) != host) {
        return Err(ApiError::access_denied(format!(
            "header origin names another server than http://{address}: only its own pages may ask"
        )));
    }
    Ok(())
}

/// The authority of `host:port` as well as of `http://host:port`; none in what is neither.
fn authority(value: &HeaderValue) -> Option<Authority> {
    let value = value.to_str().ok()?;
    match value.contains("://") {
        true => value.parse::<Uri>().ok()?.into_parts().authority,
        false => value.parse().ok(),
    }
}

fn names_loopback(authority: &Option<Authority>) -> bool {
    authority.as_ref().is_some_and(|authority| {
        let host = authority.host();
        let ip = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        // What stands before an @ is no name.
        let is_plain = !authority.as_str().contains('@');
        is_plain && (is_loopback || host.eq_ignore_ascii_case("localhost"))
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
            ("evil.example:2080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("10.0.0.1:2080", false),
            ("localhost@evil.example", false),
            ("evil@localhost", false),
            ("null", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, value.parse().unwrap());
            let answer = check("127.0.0.1:2080".parse().unwrap(), &headers);
            assert_eq!(answer.is_ok(), expected, "{value}");
        }
    }

    #[test]
    fn of_pages_only_its_own_may_ask() {
        for (host, origin, expected) in [
            ("127.0.0.1:2080", "http://127.0.0.1:2080", true),
            ("localhost:2080", "http://LOCALHOST:2080", true),
            ("[::1]:2080", "http://[::1]:2080", true),
            ("localhost:2080", "http://localhost:3000", false),
            ("localhost:2080", "http://127.0.0.1:2080", false),
            ("localhost:2080", "https://evil.example", false),
            ("localhost:2080", "http://localhost@evil.example", false),
            ("localhost:2080", "null", false),
            ("localhost:2080", "", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            for address in ["127.0.0.1:2080", "10.0.0.7:2080"] {
                let answer = check(address.parse().unwrap(), &headers);
                assert_eq!(answer.is_ok(), expected, "{host} {origin}");
            }
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
