//! Between a task and AWS: forwards HTTP requests one by one, and does to each what the test wants.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// It is forwarded.
    Pass,
    /// It is forwarded after a time.
    Late(Duration),
    /// It is answered with a body that has no end.
    Endless,
    /// It is never answered.
    Never,
}

/// Forwards from a free port of `host` to `upstream`; `turn` decides by a request's first line.
pub(super) fn start(
    host: &str,
    upstream: SocketAddr,
    turn: impl Fn(&str) -> Turn + Clone + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let turn = turn.clone();
            // A connection that breaks is the client's to tell.
            std::thread::spawn(move || drop(forward(client, upstream, turn)));
        }
    });
    address
}

/// Forwards one request and its answer, and closes: the next one has a connection of its own.
fn forward(
    mut client: TcpStream,
    upstream: SocketAddr,
    turn: impl Fn(&str) -> Turn,
) -> std::io::Result<()> {
    let mut received = Vec::new();
    let end = loop {
        let mut part = [0; 4096];
        let len = client.read(&mut part)?;
        received.extend_from_slice(&part[..len]);
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 2;
        }
        if len == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    match turn(head.lines().next().unwrap_or_default()) {
        Turn::Pass => {}
        Turn::Late(delay) => std::thread::sleep(delay), // that is what a slow server does
        Turn::Endless => return endless(client),
        Turn::Never => {
            client.read_to_end(&mut Vec::new())?; // until the client goes away
            return Ok(());
        }
    }
    let mut server = TcpStream::connect(upstream)?;
    // Of this hop alone, and to a server that answers only to its own name.
    let is_of_hop = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "host"]
            .iter()
            .any(|header| name.eq_ignore_ascii_case(header))
    };
    for line in head.lines().filter(|line| !is_of_hop(line)) {
        server.write_all(format!("{line}\r\n").as_bytes())?;
    }
    server.write_all(format!("host: {upstream}\r\nconnection: close\r\n").as_bytes())?;
    server.write_all(&received[end..])?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn endless(mut client: TcpStream) -> std::io::Result<()> {
    client.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
    // A hundred megabytes in about three seconds.
    loop {
        client.write_all(&[b'x'; 1 << 16])?;
        std::thread::sleep(Duration::from_millis(2));
    }
}
