//! A daemon of the tests: a UDP socket and a TCP port of the same number, and a subscriber that
//! sends to it.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use serde_json::Value;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;
use tracing_xray::{Emitter, EmitterOptions, FlushGuard, LayerOptions, Settings};

/// What must come comes within this; a test fails after it, it never passes by it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct TestDaemon {
    udp: UdpSocket,
    _tcp: TcpListener,
    schema: jsonschema::Validator,
}

impl TestDaemon {
    pub(crate) fn start() -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            // Another process may have the number on UDP: then the next one.
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
                break (udp, tcp);
            }
        };
        Self::of(udp, tcp)
    }

    pub(crate) fn of(udp: UdpSocket, tcp: TcpListener) -> Self {
        udp.set_read_timeout(Some(PATIENCE)).unwrap();
        let schema = serde_json::from_str(include_str!("../vectors/segment_schema.json")).unwrap();
        Self {
            udp,
            _tcp: tcp,
            schema: jsonschema::validator_for(&schema).unwrap(),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        let address = self.udp.local_addr().unwrap();
        Settings {
            daemon_address: address.to_string().parse().unwrap(),
            ..Settings::default()
        }
    }

    pub(crate) fn emitter(&self) -> (Emitter, FlushGuard) {
        Emitter::start(&self.settings(), EmitterOptions::default()).unwrap()
    }

    /// A subscriber of nothing but the X-Ray layer.
    pub(crate) fn subscriber(&self) -> (Dispatch, FlushGuard) {
        self.subscriber_of(&self.settings())
    }

    pub(crate) fn subscriber_of(&self, settings: &Settings) -> (Dispatch, FlushGuard) {
        let (emitter, guard) = Emitter::start(settings, EmitterOptions::default()).unwrap();
        let layer = tracing_xray::layer(emitter, settings, LayerOptions::default());
        (tracing_subscriber::registry().with(layer).into(), guard)
    }

    /// The next document, valid by the schema.
    pub(crate) fn receive(&self) -> Value {
        let mut datagram = vec![0; 65_536];
        let len = self.udp.recv(&mut datagram).expect("a datagram in time");
        let text = std::str::from_utf8(&datagram[..len]).unwrap();
        let (header, body) = text.split_once('\n').unwrap();
        assert_eq!(header, r#"{"format":"json","version":1}"#);
        let document: Value = serde_json::from_str(body).unwrap();
        let errors: Vec<String> = self
            .schema
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}\n{document:#}");
        document
    }

    /// Takes the next datagram without a look at it, as fast as a daemon does.
    pub(crate) fn receive_unread(&self) {
        self.udp.recv(&mut [0; 65_536]).expect("a datagram in time");
    }

    /// That nothing has come: call it after the guard is closed.
    pub(crate) fn assert_silent(&self) {
        self.udp.set_nonblocking(true).unwrap();
        assert!(self.udp.recv(&mut [0; 65_536]).is_err(), "a datagram came");
    }
}

/// Runs `work` under a subscriber that traces to a daemon of its own, and answers the one segment
/// that it made.
pub(crate) fn segment_of(work: impl FnOnce()) -> Value {
    let daemon = TestDaemon::start();
    let (subscriber, guard) = daemon.subscriber();
    tracing::dispatcher::with_default(&subscriber, work);
    let segment = daemon.receive();
    assert_eq!(guard.close().sent, 1);
    daemon.assert_silent();
    segment
}

/// The direct subsegment of this name.
pub(crate) fn subsegment<'a>(entity: &'a Value, name: &str) -> &'a Value {
    let subsegments = entity["subsegments"].as_array();
    subsegments
        .and_then(|all| all.iter().find(|subsegment| subsegment["name"] == name))
        .unwrap_or_else(|| panic!("no subsegment `{name}` in {entity:#}"))
}
