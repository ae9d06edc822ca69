//! Keeps foreign web pages out: a server answers only to names that no page can have made its own (DNS
//! rebinding), and of pages only its own may ask.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::api::ApiError;

/// Whether a server on `address` may answer a request with these headers.
pub(super) fn check(address: SocketAddr, headers: &HeaderMap) -> Result<(), ApiError> {
    // Programs that speak HTTP/1.0 name no host; browsers always do.
    let host = headers.get(header::HOST).map(authority);
    if host.as_ref().is_some_and(|host| !may_name(address, host)) {
        return Err(ApiError::access_denied(format!(
            "header host is no name of this server: use http://{address}"
        )));
    }
    // Browsers name the page that asks; another program's on the same machine is a stranger, too.
    let origin = headers.get(header::ORIGIN).map(authority);
    if origin.is_some_and(|origin| origin.is_none() || Some(origin) != host) {
        return Err(ApiError::access_denied(format!(
            "header origin names another server than http://{address}: only its own pages may ask"
        )));
    }
    // What a page loads as an image or a script has no origin. To follow a link is no page's asking.
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    if says("sec-fetch-site", "cross-site") && !says("sec-fetch-mode", "navigate") {
        return Err(ApiError::access_denied(format!(
            "header sec-fetch-site tells of another site than http://{address}: only its own pages may ask"
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

/// Whether a server on an address may be called so.
fn may_name(address: SocketAddr, authority: &Option<Authority>) -> bool {
    let server = address.ip().to_canonical();
    if !server.is_loopback() && !server.is_unspecified() {
        return true;
    }
    // What stands before an @ is no name.
    let plain = (authority.as_ref()).filter(|authority| !authority.as_str().contains('@'));
    plain.is_some_and(|authority| {
        let host = authority.host();
        let ip = host.trim_start_matches('[').trim_end_matches(']');
        match ip.parse().map(|ip: IpAddr| ip.to_canonical()) {
            Ok(ip) => server.is_unspecified() || ip.is_loopback(),
            // Containers call each other by names without dots, which nobody on the internet has.
            Err(_) if server.is_unspecified() => !host.is_empty() && !host.contains('.'),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_to_names_that_no_page_can_have() {
        // The name; whether a server on loopback answers to it, and one on all addresses.
        for (value, on_loopback, on_all) in [
            ("127.0.0.1:2080", true, true),
            ("127.0.0.1", true, true),
            ("localhost:2080", true, true),
            ("LOCALHOST", true, true),
            ("[::1]:2080", true, true),
            ("[::ffff:127.0.0.1]:2080", true, true),
            ("10.0.0.1:2080", false, true),
            ("[fd00::1]:2080", false, true),
            ("[::ffff:10.0.0.1]:2080", false, true),
            ("local:2080", false, true),
            ("evil.example:2080", false, false),
            ("localhost.evil.example", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("localhost@evil.example", false, false),
            ("evil@localhost", false, false),
            ("", false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, value.parse().unwrap());
            for (address, expected) in [
                ("127.0.0.1:2080", on_loopback),
                ("[::1]:2080", on_loopback),
                ("[::ffff:127.0.0.1]:2080", on_loopback),
                ("0.0.0.0:2080", on_all),
                ("[::]:2080", on_all),
                ("10.0.0.7:2080", true),
            ] {
                let answer = check(address.parse().unwrap(), &headers);
                assert_eq!(answer.is_ok(), expected, "{value} on {address}");
            }
        }
    }

    #[test]
    fn other_sites_may_lead_here_but_load_nothing() {
        for (site, mode, expected) in [
            (None, None, true),
            (Some("same-origin"), Some("cors"), true),
            (Some("none"), Some("navigate"), true),
            (Some("cross-site"), Some("navigate"), true),
            (Some("cross-site"), Some("no-cors"), false),
            (Some("cross-site"), Some("cors"), false),
            (Some("cross-site"), None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:2080".parse().unwrap());
            for (name, value) in [("sec-fetch-site", site), ("sec-fetch-mode", mode)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let answer = check("127.0.0.1:2080".parse().unwrap(), &headers);
            assert_eq!(answer.is_ok(), expected, "{site:?} {mode:?}");
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
