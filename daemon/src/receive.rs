//! The receiving side: one thread that reads datagrams and puts their documents into the queue.
//!
//! A thread, because a blocking read costs two thirds of what a readiness loop costs a datagram,
//! and because no upload can ever keep it from reading.

mod header;
mod kernel_drops;
mod socket;

use std::io::ErrorKind;
use std::net::{Shutdown, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tracing::warn;

use crate::counts::Counters;
use crate::document::Document;
use crate::log_limit::LogLimit;
use crate::queue::Queue;

pub(crate) use kernel_drops::KernelDrops;
pub(crate) use socket::{bind, granted_buffer};

/// No UDP payload is larger than 65,507 bytes.
const DATAGRAM_LEN_MAX: usize = 1 << 16;

/// Linux lets a socket hold twice the granted buffer, and charges each datagram, however small,
/// with more than this.
const CHARGE_MIN: usize = 512;

/// How long a stop can go unnoticed on a system where a shutdown does not wake a reader.
const STOP_CHECK: Duration = Duration::from_millis(500);

/// The receiving thread's end of a stop; dropping it stops the thread too.
#[derive(Debug)]
pub(crate) struct Receiver {
    stopping: Arc<AtomicBool>,
    socket: UdpSocket,
}

impl Receiver {
    /// Starts the thread. It closes the queue when it ends.
    pub(crate) fn start(
        socket: UdpSocket,
        queue: Arc<Queue>,
        counters: Arc<Counters>,
    ) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        socket.set_read_timeout(Some(STOP_CHECK))?;
        let mut intake = Intake::new(queue, counters);
        let (reader, stop) = (socket.try_clone()?, Arc::clone(&stopping));
        thread::Builder::new()
            .name("xray-receive".to_owned())
            .spawn(move || {
                intake.read_until_stopped(&reader, &stop);
                intake.read_what_is_left(&reader);
            })?;
        Ok(Self { stopping, socket })
    }

    /// Tells the thread to read what the kernel still holds and to end.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        // Linux wakes the reader although it calls the socket not connected. A datagram to
        // ourselves would wake it too, but could fall out of a full buffer and be counted there.
        let _ = SockRef::from(&self.socket).shutdown(Shutdown::Read);
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
    fn new(queue: Arc<Queue>, counters: Arc<Counters>) -> Self {
        Self {
            queue,
            counters,
            rejected: LogLimit::default(),
            dropped: LogLimit::default(),
            failed: LogLimit::default(),
        }
    }

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
        let mut left = granted_buffer(socket).map_or(DATAGRAM_LEN_MAX, |granted| 2 * granted);
        while left > 0 {
            match socket.recv(&mut buffer) {
                Ok(length) => {
                    self.take(&buffer[..length]);
                    left = left.saturating_sub(length.max(CHARGE_MIN));
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

impl Drop for Intake {
    /// Also when its thread panics, so that no end of the daemon waits for it in vain.
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn is_quiet(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Mutex;

    use crate::batch::BatchLimits;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn intake(socket: &UdpSocket) -> Intake {
        let counters = Counters::new(KernelDrops::of(socket));
        let queue = Queue::new(500, BatchLimits::default());
        Intake::new(Arc::new(queue), Arc::new(counters))
    }

    #[test]
    fn a_stopped_reader_takes_what_is_left() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..100 {
            let datagram = b"{\"format\":\"json\",\"version\":1}\n{}";
            sender
                .send_to(datagram, socket.local_addr().unwrap())
                .unwrap();
        }
        let mut intake = intake(&socket);
        intake.read_until_stopped(&socket, &AtomicBool::new(true));
        assert_eq!(intake.counters.read().received, 0);
        intake.read_what_is_left(&socket);
        assert_eq!(intake.counters.read().received, 100);
    }

    /// What is logged while the datagrams are taken.
    fn logged(datagrams: &[&[u8]]) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut intake = intake(&socket);
        tracing::subscriber::with_default(subscriber, || {
            datagrams.iter().for_each(|datagram| intake.take(datagram));
        });
        let log = log.0.lock().unwrap();
        String::from_utf8(log.clone()).unwrap()
    }

    #[test]
    fn the_log_tells_of_a_refusal_once_and_never_what_was_sent() {
        let log = logged(&[b"secret\nsecret", b"secret", b"{\"format\":\"secret\"}\nx"]);
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(
            log.contains("WARN") && log.contains("datagram rejected"),
            "{log}"
        );
        assert!(log.contains("not a JSON object"), "{log}");
        assert!(!log.contains("secret"), "{log}");
    }

    #[test]
    fn the_log_tells_of_a_full_queue_once() {
        let datagram = b"{\"format\":\"json\",\"version\":1}\nsecret";
        let log = logged(&[&datagram[..]; 100]);
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(
            log.contains("queue full") && !log.contains("secret"),
            "{log}"
        );
    }
}
