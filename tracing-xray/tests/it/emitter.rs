//! The emitter against daemons that are there, late, gone or slow.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use tracing::{Dispatch, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_xray::{
    Emitter, EmitterCounts, EmitterOptions, Entity, FlushGuard, LayerOptions, Segment, Settings,
    Timestamp, TraceId,
};

use crate::daemon::TestDaemon;

fn subscriber(settings: &Settings, options: EmitterOptions) -> (Dispatch, Emitter, FlushGuard) {
    let (emitter, guard) = Emitter::start(settings, options).unwrap();
    let layer = tracing_xray::layer(emitter.clone(), settings, LayerOptions::default());
    let subscriber = tracing_subscriber::registry().with(layer);
    (subscriber.into(), emitter, guard)
}

fn make_segments(subscriber: &Dispatch, count: usize) {
    tracing::dispatcher::with_default(subscriber, || {
        for _ in 0..count {
            drop(info_span!(
                "job",
                xray.segment = "s",
                metadata.filling = "x".repeat(700)
            ));
        }
    });
}

/// An address where nobody listens now: the sockets that held it are closed.
fn free_address() -> std::net::SocketAddr {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// An address that refuses: a socket that is connected elsewhere holds it. Keep the socket.
fn refusing_address() -> (UdpSocket, std::net::SocketAddr) {
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    holder.connect("127.0.0.1:9").unwrap();
    let address = holder.local_addr().unwrap();
    (holder, address)
}

fn settings(address: std::net::SocketAddr) -> Settings {
    Settings {
        daemon_address: address.to_string().parse().unwrap(),
        ..Settings::default()
    }
}

#[test]
fn a_daemon_that_is_not_there_refuses_every_segment_and_costs_little_time() {
    let (_holder, address) = refusing_address();
    let (subscriber, _, guard) = subscriber(&settings(address), EmitterOptions::default());
    make_segments(&subscriber, 5);
    let counts = guard.close();
    assert_eq!(
        counts,
        EmitterCounts {
            sent: 0,
            refused: 5,
            dropped: 0
        }
    );
}

#[test]
fn a_name_that_does_not_resolve_refuses_every_segment() {
    let settings = Settings {
        daemon_address: "daemon.invalid:2000".parse().unwrap(),
        ..Settings::default()
    };
    let (subscriber, _, guard) = subscriber(&settings, EmitterOptions::default());
    make_segments(&subscriber, 3);
    let counts = guard.close();
    assert_eq!(counts.refused + counts.dropped, 3);
    assert_eq!(counts.sent, 0);
}

#[test]
fn segments_wait_for_a_daemon_that_starts_late() {
    let address = free_address();
    let patient = EmitterOptions {
        start_timeout: Duration::from_secs(20),
        ..EmitterOptions::default()
    };
    let (subscriber, emitter, guard) = subscriber(&settings(address), patient);
    make_segments(&subscriber, 3);
    assert_eq!(emitter.counts(), EmitterCounts::default());
    let daemon = TestDaemon::of(
        UdpSocket::bind(address).unwrap(),
        TcpListener::bind(address).unwrap(),
    );
    for _ in 0..3 {
        daemon.receive();
    }
    assert_eq!(guard.close().sent, 3);
}

#[test]
fn a_full_queue_drops_the_newest_and_counts_it() {
    let small = EmitterOptions {
        queue_len_max: 4,
        start_timeout: Duration::from_secs(20),
        ..EmitterOptions::default()
    };
    // Nobody is there, so the thread waits while the queue fills: it may hold what it took at first.
    let (_holder, address) = refusing_address();
    let (subscriber, emitter, guard) = subscriber(&settings(address), small);
    make_segments(&subscriber, 20);
    let dropped = emitter.counts().dropped;
    assert!((12..=16).contains(&dropped), "{dropped}");
    let counts = guard.close();
    assert_eq!(counts.refused + counts.dropped, 20);
}

#[test]
fn a_burst_does_not_overrun_a_default_socket_buffer() {
    // Three times what such a buffer holds.
    const BURST: usize = 300;
    let daemon = TestDaemon::start();
    let (subscriber, _, guard) = subscriber(&daemon.settings(), EmitterOptions::default());
    let reader = std::thread::spawn(move || {
        for _ in 0..BURST {
            daemon.receive_unread();
        }
    });
    make_segments(&subscriber, BURST);
    reader.join().unwrap();
    assert_eq!(guard.close().sent, BURST as u64);
}

#[test]
fn what_a_flush_has_no_time_for_is_dropped_and_counted() {
    let daemon = TestDaemon::start();
    let hurried = EmitterOptions {
        flush_timeout: Duration::from_millis(1),
        ..EmitterOptions::default()
    };
    let (subscriber, _, guard) = subscriber(&daemon.settings(), hurried);
    make_segments(&subscriber, 3000);
    let counts = guard.close();
    assert_eq!(counts.sent + counts.refused + counts.dropped, 3000);
    assert!(counts.dropped > 0, "{counts:?}");
}

#[test]
fn a_flush_answers_when_all_is_sent() {
    let daemon = TestDaemon::start();
    let (subscriber, emitter, guard) = subscriber(&daemon.settings(), EmitterOptions::default());
    make_segments(&subscriber, 10);
    assert!(emitter.flush(Duration::from_secs(20)));
    assert_eq!(emitter.counts().sent, 10);
    drop(guard);
    make_segments(&subscriber, 1);
    assert_eq!(emitter.counts().dropped, 1);
}

#[test]
fn a_segment_that_no_span_made_is_sent() {
    let daemon = TestDaemon::start();
    let (emitter, guard) = daemon.emitter();
    let start = Timestamp::from_micros(1_763_790_000_000_000);
    let mut entity = Entity::new("schedule:nightly", start);
    entity.end_time = Some(start.after(Duration::from_secs(7)));
    let trace_id = TraceId::random(start);
    emitter.emit(Segment::new(trace_id, entity));
    assert_eq!(guard.close().sent, 1);
    let document = daemon.receive();
    assert_eq!(document["name"], "schedule:nightly");
    assert_eq!(document["trace_id"], trace_id.to_string());
    assert_eq!(document["end_time"].as_f64(), Some(1_763_790_007.0));
}
