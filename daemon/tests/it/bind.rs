//! Addresses: free ports, both sides, and errors that say what to do.

use std::net::{SocketAddr, UdpSocket};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use xray_daemon::{Config, Daemon, XrayClient};

use crate::running::{HEADER, Running, client, config};
use crate::stub::{PATIENCE, Stub};

fn bind(config: Config) -> Result<Daemon, String> {
    Daemon::bind(config).map_err(|error| error.to_string())
}

/// Where nobody listens.
fn nowhere() -> XrayClient {
    client("http://127.0.0.1:1")
}

#[tokio::test]
async fn free_ports_are_the_same_on_both_sides() {
    let daemon = bind(config()).unwrap();
    assert_ne!(daemon.udp_address().port(), 0);
    assert_eq!(daemon.tcp_address(), Some(daemon.udp_address()));
}

#[tokio::test]
async fn without_tcp_there_is_udp_alone() {
    let daemon = bind(Config {
        tcp: None,
        ..config()
    })
    .unwrap();
    assert_eq!(daemon.tcp_address(), None);
    let counts = daemon.run(nowhere(), std::future::ready(())).await;
    assert_eq!((counts.received, counts.pending()), (0, 0));
}

#[tokio::test]
async fn the_granted_buffer_is_told() {
    let asked = |receive_buffer_bytes| {
        bind(Config {
            receive_buffer_bytes,
            ..config()
        })
        .unwrap()
        .receive_buffer_bytes()
    };
    assert_eq!(asked(100_000), 100_000);
    assert!(asked(usize::MAX / 2) > 0);
}

#[tokio::test]
async fn an_address_in_use_is_named_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = bind(Config {
        udp: address,
        ..config()
    })
    .unwrap_err();
    assert!(
        error.starts_with(&format!("bind UDP {address}: ")),
        "{error}"
    );
    assert!(error.contains("another process"), "{error}");

    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = bind(Config {
        tcp: Some(address),
        ..config()
    })
    .unwrap_err();
    assert!(
        error.starts_with(&format!("bind TCP {address}: ")),
        "{error}"
    );

    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 0));
    let error = bind(Config {
        udp: elsewhere,
        ..config()
    })
    .unwrap_err();
    assert!(error.contains("no such address"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_address_will_do() {
    for (address, to) in [
        ("0.0.0.0:0", "127.0.0.1"),
        ("[::1]:0", "::1"),
        ("[::]:0", "::1"),
        ("[::]:0", "127.0.0.1"),
    ] {
        let free: SocketAddr = address.parse().unwrap();
        let sender = UdpSocket::bind((if to == "::1" { to } else { "0.0.0.0" }, 0));
        let Ok(sender) = sender else {
            continue; // no IPv6 on this machine
        };
        let xray = Stub::start().await;
        let any = Config {
            udp: free,
            tcp: Some(free),
            ..config()
        };
        let daemon = Running::start(any, client(&xray.url()));
        let datagram = format!("{HEADER}{address} {to}");
        let destination = (to, daemon.udp.port());
        sender.send_to(datagram.as_bytes(), destination).unwrap();
        let counts = daemon.stop().await;
        assert_eq!(counts.sent, 1, "{address} {to}");
        assert_eq!(xray.documents(), [format!("{address} {to}")]);
    }
}

async fn wait_until_free(address: SocketAddr) {
    let start = std::time::Instant::now();
    while UdpSocket::bind(address).is_err() {
        assert!(start.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    TcpListener::bind(address).await.unwrap();
}

/// A daemon that has received this document and does not run yet.
async fn receiving(document: &str) -> Daemon {
    let daemon = bind(config()).unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagram = format!("{HEADER}{document}");
    let to = daemon.udp_address();
    sender.send_to(datagram.as_bytes(), to).unwrap();
    let start = std::time::Instant::now();
    while daemon.counts().read().received == 0 {
        assert!(start.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    daemon
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_the_run_is_uploaded_and_answered_by_it() {
    let xray = Stub::start().await;
    let daemon = receiving("early").await;
    let mut caller = TcpStream::connect(daemon.tcp_address().unwrap())
        .await
        .unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    caller.write_all(request).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(daemon.run(client(&xray.url()), async {
        let _ = stopped.await;
    }));
    let mut answer = String::new();
    let read = caller.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    stop.send(()).unwrap();
    let counts = ended.await.unwrap();
    assert_eq!((counts.received, counts.sent, counts.pending()), (1, 1, 0));
    assert_eq!(xray.documents(), ["early"]);
}

#[tokio::test]
async fn a_daemon_that_is_never_run_counts_what_it_abandons() {
    let daemon = receiving("lost").await;
    let (address, handle) = (daemon.udp_address(), daemon.counts());
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    // What the kernel still holds counts too.
    let datagram = format!("{HEADER}lost");
    sender.send_to(datagram.as_bytes(), address).unwrap();
    sender.send_to(b"no segment", address).unwrap();
    let counts = daemon.abandon().await;
    assert_eq!((counts.received, counts.rejected), (3, 1));
    assert_eq!((counts.abandoned, counts.pending()), (2, 0));
    assert_eq!(handle.read(), counts);
    wait_until_free(address).await;
}

#[tokio::test]
async fn a_dropped_daemon_gives_its_addresses_back() {
    let daemon = bind(config()).unwrap();
    let address = daemon.udp_address();
    drop(daemon);
    wait_until_free(address).await;
}

#[tokio::test]
async fn a_dropped_run_gives_its_addresses_back() {
    let daemon = bind(config()).unwrap();
    let address = daemon.udp_address();
    let run = daemon.run(nowhere(), std::future::pending());
    tokio::time::timeout(std::time::Duration::from_millis(10), run)
        .await
        .unwrap_err();
    wait_until_free(address).await;
}
