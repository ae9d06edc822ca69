//! The UDP socket: bound, with as large a buffer as the kernel allows.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Binds the socket after asking for its buffer. The kernel may grant less, without an error.
pub(crate) fn bind(address: SocketAddr, buffer_bytes: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    // A kernel that refuses the size keeps its default, which `granted_buffer` will tell.
    let _ = socket.set_recv_buffer_size(buffer_bytes);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// The buffer the kernel granted, in the terms it is asked for: Linux answers twice that, for its
/// own bookkeeping.
pub(crate) fn granted_buffer(socket: &UdpSocket) -> io::Result<usize> {
    let answered = SockRef::from(socket).recv_buffer_size()?;
    Ok(match cfg!(target_os = "linux") {
        true => answered / 2,
        false => answered,
    })
}
