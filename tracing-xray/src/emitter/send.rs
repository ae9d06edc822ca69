//! The emitter's thread: waits for the daemon at the start, then encodes, paces and sends.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::{Emitter, EmitterOptions};
use crate::document::{DATAGRAM_LEN_MAX, Document};
use crate::settings::{DaemonAddress, HostPort, Settings};

/// Between two tries to reach the daemon's TCP port.
const PROBE_INTERVAL: Duration = Duration::from_millis(50);

/// For one try.
const PROBE_TIMEOUT: Duration = Duration::from_millis(250);

/// Between two tries to resolve the daemon's name.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct Sender {
    address: DaemonAddress,
    beside_sidecar: bool,
    start_timeout: Duration,
    emitter: Emitter,
    socket: Option<UdpSocket>,
    resolve_after: Option<Instant>,
}

impl Sender {
    pub(super) fn new(settings: &Settings, options: &EmitterOptions, emitter: Emitter) -> Self {
        Self {
            address: settings.daemon_address.clone(),
            beside_sidecar: settings.beside_sidecar(),
            start_timeout: options.start_timeout,
            emitter,
            socket: None,
            resolve_after: None,
        }
    }

    pub(super) fn run(mut self) {
        let mut batch = VecDeque::new();
        let mut datagram = Vec::with_capacity(4096);
        let mut pace = Pace::new(Instant::now());
        let mut waited = false;
        while self.emitter.queue.take(&mut batch) {
            if !waited {
                self.wait_for_daemon();
                waited = true;
            }
            while let Some(document) = batch.pop_front() {
                if self.emitter.queue.is_closed() {
                    let left = batch.len() as u64 + 1;
                    let dropped = &self.emitter.counters.dropped;
                    dropped.fetch_add(left, Ordering::Relaxed);
                    return;
                }
                self.send(&document, &mut datagram, &mut pace);
            }
        }
    }

    /// The daemon opens its UDP port first, so a TCP port that accepts says that segments arrive.
    /// Nobody waits for this but the thread: documents queue up meanwhile.
    fn wait_for_daemon(&self) {
        let deadline = Instant::now() + self.start_timeout;
        while !self.accepts_tcp() && Instant::now() < deadline {
            if self.beside_sidecar {
                if self.emitter.queue.is_closed() {
                    return;
                }
                thread::sleep(PROBE_INTERVAL);
            } else if !self.emitter.queue.pause(PROBE_INTERVAL) {
                return;
            }
        }
    }

    fn accepts_tcp(&self) -> bool {
        resolve(&self.address.tcp)
            .is_some_and(|address| TcpStream::connect_timeout(&address, PROBE_TIMEOUT).is_ok())
    }

    fn send(&mut self, document: &Document, datagram: &mut Vec<u8>, pace: &mut Pace) {
        let counters = &self.emitter.counters;
        let encoded = document.write_datagram(datagram);
        if encoded.is_err() || datagram.len() > DATAGRAM_LEN_MAX {
            counters.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                bytes = datagram.len(),
                "segment `{}` dropped: it does not fit into a datagram of {DATAGRAM_LEN_MAX} bytes",
                document.name()
            );
            return;
        }
        let wait = pace.wait(datagram.len(), Instant::now());
        if !wait.is_zero() {
            thread::sleep(wait);
        }
        let arrived = self
            .socket()
            .is_some_and(|socket| send_datagram(socket, datagram));
        let counters = &self.emitter.counters;
        let counter = if arrived {
            &counters.sent
        } else {
            &counters.refused
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The socket, once the daemon's name resolves.
    fn socket(&mut self) -> Option<&UdpSocket> {
        if self.socket.is_none() {
            let now = Instant::now();
            if self.resolve_after.is_some_and(|after| now < after) {
                return None;
            }
            self.resolve_after = Some(now + RESOLVE_INTERVAL);
            self.socket = resolve(&self.address.udp).and_then(connect);
        }
        self.socket.as_ref()
    }
}

fn resolve(address: &HostPort) -> Option<SocketAddr> {
    (address.host.as_str(), address.port)
        .to_socket_addrs()
        .ok()?
        .next()
}

fn connect(address: SocketAddr) -> Option<UdpSocket> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).ok()?;
    // Connected, so that the kernel tells us of a port where nobody listens.
    socket.connect(address).ok()?;
    Some(socket)
}

/// False when the daemon's host refused the datagram. On loopback the answer is there at once; from
/// farther away it comes with a later datagram, which is then sent again.
fn send_datagram(socket: &UdpSocket, datagram: &[u8]) -> bool {
    let sent = match socket.send(datagram) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket.send(datagram),
        sent => sent,
    };
    sent.is_ok() && matches!(socket.take_error(), Ok(None))
}
