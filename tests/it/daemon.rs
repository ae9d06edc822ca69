//! `xray-ecs daemon` as a container runs it: configured, asked for its health, stopped.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::program::{Ended, PATIENCE, Place, Running};
use endpoint::Endpoint;

mod endpoint;
mod health;
mod stop;

/// A daemon on free ports, or where its arguments say, with a sender.
struct Daemon {
    running: Running,
    udp: SocketAddr,
    tcp: SocketAddr,
    sender: UdpSocket,
}

const NOWHERE: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    1, // nobody listens there
);

impl Daemon {
    /// Starts it; `endpoint` is an X-Ray's address.
    fn start(place: &Place, endpoint: SocketAddr, args: &[&str]) -> Self {
        let free = ["daemon", "-b", "127.0.0.1:0", "-t", "127.0.0.1:0"];
        let mut command = place.command(&[&free, args].concat());
        command
            .env("AWS_ENDPOINT_URL_XRAY", format!("http://{endpoint}"))
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local");
        Self::started(Running::start(command))
    }

    /// One whose next line says where it listens.
    fn started(running: Running) -> Self {
        let line = running.line("");
        let address = |name: &str| {
            let mut words = line.split_whitespace();
            let found = words.find_map(|word| word.strip_prefix(name));
            let found = found.unwrap_or_else(|| panic!("no {name} in {line}"));
            found.trim_matches('"').parse().unwrap()
        };
        Self {
            udp: address("udp="),
            tcp: address("tcp="),
            running,
            sender: UdpSocket::bind("127.0.0.1:0").unwrap(),
        }
    }

    fn send(&self, document: &str) {
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
        self.send_raw(datagram.as_bytes());
    }

    fn send_raw(&self, datagram: &[u8]) {
        self.sender.send_to(datagram, self.udp).unwrap();
    }

    /// Stops it by SIGTERM; answers the lines of its log.
    fn terminate(self) -> Vec<String> {
        self.running.signal("TERM");
        let (code, lines) = self.running.wait();
        assert_eq!(code, Some(0), "{lines:#?}");
        lines
    }
}

/// The number that a log line has under this name.
fn count(line: &str, name: &str) -> u64 {
    let mut words = line.split_whitespace();
    let found = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let found = found.unwrap_or_else(|| panic!("no {name} in {line}"));
    found.parse().unwrap()
}
