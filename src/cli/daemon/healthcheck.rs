//! `xray-ecs daemon --healthcheck`: asks a daemon's health page. A container's engine runs it every
//! few seconds, so it starts no runtime and reads no configuration of AWS.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

/// How long the whole exchange may take.
const LIMIT: Duration = Duration::from_secs(2);

/// The longest status line that is waited for.
const STATUS_LINE_LEN_MAX: usize = 1024;

/// Asks the daemon that listens on this TCP address; answers where it was asked.
///
/// # Errors
/// It did not say in time that it is healthy.
pub(super) fn ask(listens_on: SocketAddr) -> anyhow::Result<SocketAddr> {
    ask_within(reachable(listens_on), LIMIT)
}

fn ask_within(address: SocketAddr, limit: Duration) -> anyhow::Result<SocketAddr> {
    let deadline = Instant::now() + limit;
    let status = status_line(address, deadline)
        .map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                io::Error::new(error.kind(), format!("no answer within {limit:?}"))
            }
            _ => error,
        })
        .with_context(|| format!("GET http://{address}/healthz"))?;
    ensure!(
        status.split(' ').nth(1) == Some("200"),
        "GET http://{address}/healthz: it answers `{}`, not 200",
        status.escape_debug()
    );
    Ok(address)
}

/// Where a daemon that listens on all addresses is reached from its own container.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn status_line(address: SocketAddr, deadline: Instant) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, left(deadline)?)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    while answer.len() < STATUS_LINE_LEN_MAX {
        stream.set_read_timeout(Some(left(deadline)?))?;
        let mut buffer = [0; STATUS_LINE_LEN_MAX];
        let length = stream.read(&mut buffer)?;
        answer.extend_from_slice(&buffer[..length]);
        if let Some(end) = answer.iter().position(|&byte| byte == b'\r') {
            return Ok(String::from_utf8_lossy(&answer[..end]).into_owned());
        }
        if length == 0 {
            break;
        }
    }
    Err(io::Error::other("the answer is not HTTP"))
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(io::ErrorKind::TimedOut.into()),
        false => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn all_addresses_are_asked_by_the_loopback_of_their_family() {
        for (listens_on, asked) in [
            ("0.0.0.0:2000", "127.0.0.1:2000"),
            ("[::]:2000", "[::1]:2000"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            assert_eq!(reachable(address(listens_on)), address(asked));
        }
    }

    /// What is said of a server that answers with these bytes, and then closes if it `closes`.
    fn said_of(answer: &'static [u8], closes: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).unwrap();
            stream.write_all(answer).unwrap();
            (!closes).then_some(stream)
        });
        // Long enough for a server that answers; the silent one costs all of it.
        let limit = Duration::from_millis(if closes { 20_000 } else { 200 });
        let said = match ask_within(address, limit) {
            Ok(_) => "healthy".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        drop(server.join().unwrap());
        said.replace(&address.to_string(), "HERE")
    }

    #[test]
    fn only_200_is_healthy() {
        assert_eq!(said_of(b"HTTP/1.1 200 OK\r\n", true), "healthy");
        assert_eq!(
            said_of(b"HTTP/1.1 503 Service Unavailable\r\n", true),
            "GET http://HERE/healthz: it answers `HTTP/1.1 503 Service Unavailable`, not 200"
        );
        assert_eq!(
            said_of(b"200", true),
            "GET http://HERE/healthz: the answer is not HTTP"
        );
        assert_eq!(
            said_of(b"HTTP/1.1 2", false),
            "GET http://HERE/healthz: no answer within 200ms"
        );
    }
}
