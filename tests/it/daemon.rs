//! `xray-ecs daemon` as a container runs it: configured, asked for its health, stopped.

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{Ended, PATIENCE, Place, Running, ended};
use endpoint::Endpoint;

mod endpoint;
mod health;
mod identity;
mod proxy;
mod settings;
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
        let url = format!("http://{endpoint}");
        let region = [("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL_XRAY", &url)];
        Self::start_with(place, args, &region)
    }

    /// Starts it with these variables and credentials.
    fn start_with(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::started(Running::start(command(place, args, variables)))
    }

    /// One that says where it listens.
    fn started(running: Running) -> Self {
        let line = running.line_with("x-ray daemon listens");
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

/// The daemon on free ports, or where its arguments say.
fn command(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Command {
    let free = ["daemon", "-b", "127.0.0.1:0", "-t", "127.0.0.1:0"];
    let mut command = place.command(&[&free, args].concat());
    command
        .env("AWS_ACCESS_KEY_ID", "AKLOCAL")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .envs(variables.iter().copied());
    command
}

/// The number that a log line has under this name.
fn count(line: &str, name: &str) -> u64 {
    let mut words = line.split_whitespace();
    let found = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let found = found.unwrap_or_else(|| panic!("no {name} in {line}"));
    found.parse().unwrap()
}
