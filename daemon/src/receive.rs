//! The receiving side: one thread that reads datagrams and puts their documents into the queue.
//!
//! A thread, because a blocking read costs two thirds of what a readiness loop costs a datagram,
//! and because no upload can ever keep it from reading.

mod header;
mod kernel_drops;
mod socket;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use crate::counts::Counters;
use crate::document::Document;
use crate::log_limit::LogLimit;
use crate::queue::Queue;

pub(crate) use kernel_drops::KernelDrops;
pub(crate) use socket::{bind, granted_buffer};

/// No UDP payload is larger than 65,507 bytes.
const DATAGRAM_LEN_MAX: usize = 1 << 16;

/// How long a stop can go unnoticed if the datagram that announces it gets lost.
const STOP_CHECK: Duration = Duration::from_millis(500);

/// The receiving thread's end of a stop; dropping it stops the thread too.
#[derive(Debug)]
pub(crate) struct Receiver {
    stopping: Arc<AtomicBool>,
    address: SocketAddr,
}

impl Receiver {
    /// Starts the thread. It closes the queue when it ends.
    pub(crate) fn start(
        socket: UdpSocket,
        address: SocketAddr,
        queue: Arc<Queue>,
        counters: Arc<Counters>,
    ) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        socket.set_read_timeout(Some(STOP_CHECK))?;
        let mut intake = Intake {
            queue,
            counters,
            rejected: LogLimit::default(),
            dropped: LogLimit::default(),
            failed: LogLimit::default(),
        };
        let stop = Arc::clone(&stopping);
        thread::Builder::new()
            .name("xray-receive".to_owned())
            .spawn(move || {
                intake.read_until_stopped(&socket, &stop);
                intake.read_what_is_left(&socket);
                // The kernel's count of its drops goes away with the socket.
                let _ = intake.counters.read();
                intake.queue.close();
            })?;
        Ok(Self { stopping, address })
    }

    /// Tells the thread to read what the kernel still holds and to end.
    pub(crate) fn stop(&self) {
        if self.stopping.swap(true, Ordering::Release) {
            return;
        }
        let (any, home) = match self.address {
            SocketAddr::V4(_) => (
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                SocketAddr::from((Ipv4Addr::LOCALHOST, self.address.port())),
            ),
            SocketAddr::V6(_) => (
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, self.address.port())),
            ),
        };
        let to = match self.address.ip().is_unspecified() {
            true => home,
            false => self.address,
        };
        // An empty datagram wakes the thread and is ignored; should it get lost, the read
        // timeout does the same a little later.
        if let Ok(socket) = UdpSocket::bind(any) {
            let _ = socket.send_to(&[], to);
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Takes datagrams in, and says in the log, rarely, what went wrong.
struct Intake {
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    rejected: LogLimit,
    dropped: LogLimit,
    failed: LogLimit,
}

impl Intake {
    fn read_until_stopped(&mut self, socket: &UdpSocket, stopping: &AtomicBool) {
        let mut buffer = vec![0; DATAGRAM_LEN_MAX];
        while !stopping.load(Ordering::Acquire) {
            match socket.recv(&mut buffer) {
                Ok(length) => self.take(&buffer[..length]),
                Err(error) if is_quiet(error.kind()) => {}
                Err(error) => {
                    if let Some(times) = self.failed.admit(Instant::now()) {
                        warn!(%error, times, "read a datagram");
                    }
                    // An error that stays must not turn into a busy loop.
                    thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    /// Reads until the socket is empty, but no more than its buffer can have held when the stop
    /// came, so that a sender that never rests cannot hold up the stop.
    fn read_what_is_left(&mut self, socket: &UdpSocket) {
        if socket.set_nonblocking(true).is_err() {
            return;
        }
        let mut buffer = vec![0; DATAGRAM_LEN_MAX];
        let mut left = granted_buffer(socket).unwrap_or(DATAGRAM_LEN_MAX);
        loop {
            match socket.recv(&mut buffer) {
                Ok(length) => {
                    self.take(&buffer[..length]);
                    // The kernel charges the buffer for more than the payload.
                    left = left.saturating_sub(length.max(1));
                    if left == 0 {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, datagram: &[u8]) {
        if datagram.is_empty() {
            return;
        }
        let now = Instant::now();
        self.counters.received.add(1);
        match header::document(datagram) {
            Ok(body) => {
                let dropped = self.queue.push(Document::new(body, now));
                if dropped > 0 {
                    self.counters.queue_dropped.add(dropped);
                    if let Some(times) = self.dropped.admit(now) {
                        warn!(times, "queue full, oldest documents dropped");
                    }
                }
            }
            // The datagram itself stays out of the log: it may hold anything.
            Err(reason) => {
                self.counters.rejected.add(1);
                if let Some(times) = self.rejected.admit(now) {
                    let bytes = datagram.len();
                    warn!(%reason, bytes, times, "datagram rejected");
                }
            }
        }
    }
}

fn is_quiet(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
