//! The emitter's thread: waits for the daemon at the start, then encodes, paces and sends.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::queue::{Batch, Fate};
use super::watch::Due;
use super::{Emitter, EmitterOptions};
use crate::document::{DATAGRAM_HEADER, DATAGRAM_LEN_MAX, Document, split};
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
    /// The last datagram was one that is counted: not a segment in progress.
    last_counts: bool,
}

impl Sender {
    pub(super) fn new(settings: &Settings, options: &EmitterOptions, emitter: Emitter) -> Self {
        Self {
            address: settings.daemon_address.clone(),
            beside_sidecar: settings.beside_sidecar,
            start_timeout: options.start_timeout,
            emitter,
            socket: None,
            resolve_after: None,
            last_counts: true,
        }
    }

    pub(super) fn run(mut self) {
        let mut batch = Batch::default();
        let mut datagram = Vec::with_capacity(4096);
        let mut pace = Pace::new(Instant::now());
        let mut waited = false;
        while self.emitter.queue.take(&mut batch) {
            if !waited {
                self.wait_for_daemon();
                waited = true;
            }
            for document in batch.due.drain(..).filter_map(Due::document) {
                self.announce(document, &mut datagram, &mut pace);
            }
            for document in batch.documents.drain(..) {
                let fate = self.send(document, &mut datagram, &mut pace);
                if !self.emitter.queue.done(fate) {
                    return; // and what is left is counted as dropped
                }
            }
            self.ask_for_refusal();
        }
    }

    /// Sends a segment in progress, which nobody misses: the complete one is counted.
    fn announce(&mut self, document: Document, datagram: &mut Vec<u8>, pace: &mut Pace) {
        self.last_counts = false;
        self.send(document, datagram, pace);
        self.ask_for_refusal();
        self.last_counts = true;
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

    /// Sends a document, in parts when it is too large for a datagram. Answers what became of it,
    /// or of its last part; those before are counted here.
    fn send(&mut self, document: Document, datagram: &mut Vec<u8>, pace: &mut Pace) -> Fate {
        match document.write_datagram(datagram) {
            Ok(()) if datagram.len() <= DATAGRAM_LEN_MAX => {
                return self.send_datagram(datagram, pace);
            }
            Ok(()) => {}
            Err(_) => return Fate::Dropped,
        }
        // What held the large document need not keep its memory.
        *datagram = Vec::with_capacity(DATAGRAM_LEN_MAX);
        let mut before = None;
        for part in split(document, DATAGRAM_LEN_MAX - DATAGRAM_HEADER.len()) {
            if let Some(fate) = before.take()
                && !self.emitter.queue.count(fate)
            {
                return Fate::Dropped;
            }
            before = Some(self.send_part(&part, datagram, pace));
        }
        before.unwrap_or(Fate::Dropped)
    }

    fn send_part(&mut self, part: &Document, datagram: &mut Vec<u8>, pace: &mut Pace) -> Fate {
        let encoded = part.write_datagram(datagram);
        if encoded.is_err() || datagram.len() > DATAGRAM_LEN_MAX {
            tracing::warn!(
                bytes = datagram.len(),
                "segment `{}` dropped: it does not fit into a datagram of {DATAGRAM_LEN_MAX} bytes",
                part.name()
            );
            return Fate::Dropped;
        }
        self.send_datagram(datagram, pace)
    }

    fn send_datagram(&mut self, datagram: &[u8], pace: &mut Pace) -> Fate {
        let wait = pace.wait(datagram.len(), Instant::now());
        if !wait.is_zero() {
            thread::sleep(wait);
        }
        let sent = match self.socket().map(|socket| socket.send(datagram)) {
            // The answer to the datagram before; this one has not gone yet.
            Some(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                self.take_refusal();
                self.socket()
                    .is_some_and(|socket| socket.send(datagram).is_ok())
            }
            Some(sent) => sent.is_ok(),
            None => false,
        };
        if sent { Fate::Sent } else { Fate::Refused }
    }

    /// Asks whether the last datagram was refused. The kernel tells it with the next one, which on
    /// loopback is exact, and from farther away as good as the network is.
    fn ask_for_refusal(&mut self) {
        let socket = self.socket.as_ref();
        if let Some(Ok(Some(error))) = socket.map(UdpSocket::take_error)
            && error.kind() == ErrorKind::ConnectionRefused
        {
            self.take_refusal();
        }
    }

    /// The datagram before was sent, and did not arrive. The daemon may have moved, so its name
    /// is resolved again once in a while.
    fn take_refusal(&mut self) {
        if self.last_counts {
            self.emitter.queue.recount_as_refused();
        }
        if self
            .resolve_after
            .is_some_and(|after| Instant::now() >= after)
        {
            self.socket = None;
        }
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

/// The address of a name; of several an IPv4 one, since that is where daemons listen when they are
/// told nothing.
fn resolve(address: &HostPort) -> Option<SocketAddr> {
    let found = (address.host.as_str(), address.port)
        .to_socket_addrs()
        .ok()?;
    let found: Vec<SocketAddr> = found.collect();
    let v4 = found.iter().find(|address| address.is_ipv4());
    v4.or(found.first()).copied()
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
