//! The daemon's addresses: UDP and TCP, and why one cannot be had.

use std::io::{self, ErrorKind};
use std::net::{self, SocketAddr, UdpSocket};

use thiserror::Error;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::receive;

/// How often to look for a number that is free on UDP and on TCP.
const PORT_TRIES: usize = 16;

/// A daemon that cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// An address cannot be had.
    #[error("bind {protocol} {address}: {source}; {}", mend(source.kind()))]
    Address {
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The receiving thread cannot be started.
    #[error("start the thread that receives segments: {0}")]
    Thread(#[source] io::Error),
}

fn mend(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::AddrInUse => {
            "another process, perhaps another X-Ray daemon, has it: stop that or choose another port"
        }
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address: try 127.0.0.1, or 0.0.0.0 for all"
        }
        ErrorKind::PermissionDenied => "ports below 1024 need a privilege: choose another port",
        _ => "choose another address",
    }
}

/// UDP first: that TCP accepts is the sign that UDP is there. With port 0 on both, the same
/// number on both, if one can be found.
pub(super) fn bind_both(config: &Config) -> Result<Bound, BindError> {
    let Some(tcp) = config.tcp else {
        return Ok((bind_udp(config)?, None));
    };
    let same = config.udp.port() == 0 && tcp.port() == 0;
    for _ in 0..PORT_TRIES {
        let socket = bind_udp(config)?;
        let port = match same {
            true => socket.local_addr().map_or(0, |address| address.port()),
            false => tcp.port(),
        };
        match bind_tcp(SocketAddr::new(tcp.ip(), port)) {
            Ok(listener) => return Ok((socket, Some(listener))),
            Err(BindError::Address { source, .. })
                if same && source.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    let socket = bind_udp(config)?;
    Ok((socket, Some(bind_tcp(tcp)?)))
}

/// Both sides, and where TCP listens.
pub(super) type Bound = (UdpSocket, Option<(TcpListener, SocketAddr)>);

fn bind_udp(config: &Config) -> Result<UdpSocket, BindError> {
    receive::bind(config.udp, config.receive_buffer_bytes).map_err(|source| BindError::Address {
        protocol: "UDP",
        address: config.udp,
        source,
    })
}

fn bind_tcp(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let listen = || {
        let listener = net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, bound))
    };
    listen().map_err(|source| BindError::Address {
        protocol: "TCP",
        address,
        source,
    })
}
