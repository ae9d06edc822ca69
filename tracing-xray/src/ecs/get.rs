//! One `GET` over HTTP/1.1, blocking, with a deadline for all of it and a bound on its size. The
//! agent listens within the task: no TLS, no proxy, no redirect.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::address::Address;
use super::response;
use crate::settings::HostPort;

/// The most bytes of an answer's body: 1 MiB. A task's metadata is a few KiB.
const BODY_LEN_MAX: usize = 1 << 20;

/// How long to wait before the second attempt; twice as long before each further one.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// Why a request has no answer, or none that is any good.
#[derive(Debug, Error)]
pub enum GetError {
    /// The limit was reached.
    #[error("no answer in time")]
    TimedOut,
    /// The host's name has no address.
    #[error("the host has no address")]
    NoAddress,
    /// The connection failed.
    #[error("{0}")]
    Connection(#[from] io::Error),
    /// The connection ended within the answer.
    #[error("the connection ended before the answer did")]
    EndedEarly,
    /// The status is not 200.
    #[error("the answer's status is {0}")]
    Status(u16),
    /// The answer is too long.
    #[error("the answer is longer than {BODY_LEN_MAX} bytes")]
    TooLong,
    /// The answer is not HTTP/1.1.
    #[error("the answer is not HTTP/1.1: {0}")]
    NotHttp(&'static str),
}

impl GetError {
    /// Whether the next attempt may do better. An agent that is starting, or is asked by many at
    /// once, refuses or answers 5xx or 429.
    fn is_passing(&self) -> bool {
        match self {
            Self::NoAddress | Self::Connection(_) | Self::EndedEarly => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            Self::TimedOut | Self::TooLong | Self::NotHttp(_) => false,
        }
    }

    pub(super) fn of_io(error: io::Error) -> Self {
        match error.kind() {
            // A socket's timeout is one or the other, depending on the system.
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::TimedOut,
            ErrorKind::UnexpectedEof => Self::EndedEarly,
            _ => Self::Connection(error),
        }
    }
}

/// The body that lies at `path` beneath the address. Failures that may pass are tried again until
/// the deadline; the error is that of the last attempt that failed before it.
pub(super) fn get(address: &Address, path: &str, deadline: Instant) -> Result<Vec<u8>, GetError> {
    let mut pause = PAUSE_MIN;
    let mut failed = None;
    loop {
        let error = match attempt(address, path, deadline) {
            Ok(body) => return Ok(body),
            Err(GetError::TimedOut) => return Err(failed.unwrap_or(GetError::TimedOut)),
            Err(error) => error,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if !error.is_passing() || left <= pause {
            return Err(error);
        }
        failed = Some(error);
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn attempt(address: &Address, path: &str, deadline: Instant) -> Result<Vec<u8>, GetError> {
    let stream = connect(&address.host, deadline)?;
    let mut stream = Timed { stream, deadline };
    let target = format!("{}{path}", address.path);
    let slash = if target.is_empty() { "/" } else { "" };
    let host = &address.host;
    let request = format!(
        "GET {slash}{target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .map_err(GetError::of_io)?;
    response::read(&mut BufReader::new(stream), BODY_LEN_MAX)
}

/// Connects to the first of the host's addresses that accepts.
fn connect(host: &HostPort, deadline: Instant) -> Result<TcpStream, GetError> {
    let mut failed = GetError::NoAddress;
    for address in resolve(host, deadline)? {
        match TcpStream::connect_timeout(&address, left(deadline).map_err(GetError::of_io)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = GetError::of_io(error),
        }
    }
    Err(failed)
}

fn resolve(host: &HostPort, deadline: Instant) -> Result<Vec<SocketAddr>, GetError> {
    if let Ok(address) = host.host.parse() {
        return Ok(vec![SocketAddr::new(address, host.port)]);
    }
    // ECS gives a number. A name, as in an imitation of ECS, is resolved without a timeout of its
    // own: on a thread, which is left behind when it takes too long.
    let (name, port) = (host.host.clone(), host.port);
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("ecs metadata".to_owned())
        .spawn(move || {
            let found = (name.as_str(), port).to_socket_addrs();
            // Nobody listens any more when it took too long.
            let _ = sender.send(found.map(Iterator::collect));
        })?;
    let found = receiver.recv_timeout(left(deadline).map_err(GetError::of_io)?);
    found
        .map_err(|_| GetError::TimedOut)?
        .map_err(|_| GetError::NoAddress)
}

/// The time until the deadline; an error when there is none.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.checked_duration_since(Instant::now());
    left.filter(|left| !left.is_zero())
        .ok_or_else(|| ErrorKind::TimedOut.into())
}

/// A connection whose every read and write ends by the deadline, however few bytes come at a time.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
