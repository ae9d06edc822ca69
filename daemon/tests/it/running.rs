//! A daemon under test: on free ports, with a sender, stopped by the test.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use xray_daemon::{Config, Counts, CountsHandle, Daemon, RetryPolicy, XrayClient};

use crate::stub::PATIENCE;

pub(crate) const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

pub(crate) struct Running {
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: SocketAddr,
    pub(crate) receive_buffer_bytes: usize,
    pub(crate) counts: CountsHandle,
    sender: UdpSocket,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Counts>,
}

/// Free ports, and attempts that follow each other without delay.
pub(crate) fn config() -> Config {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    Config {
        udp: free,
        tcp: Some(free),
        retry: RetryPolicy {
            attempts_max: 5,
            backoff_base: Duration::from_millis(1),
            backoff_max: Duration::from_millis(1),
        },
        ..Config::default()
    }
}

pub(crate) fn client(url: &str) -> XrayClient {
    XrayClient::new(url.parse().unwrap(), "eu-west-1".to_owned(), None)
}

pub(crate) fn signing_client(url: &str) -> XrayClient {
    let credentials = Credentials::new("AKID", "secret", Some("token".to_owned()), None, "test");
    let credentials = SharedCredentialsProvider::new(credentials);
    let region = "eu-west-1".to_owned();
    XrayClient::new(url.parse().unwrap(), region, Some(credentials))
}

impl Running {
    pub(crate) fn start(config: Config, client: XrayClient) -> Self {
        let daemon = Daemon::bind(config).unwrap();
        let (udp, tcp) = (daemon.udp_address(), daemon.tcp_address().unwrap());
        let counts = daemon.counts();
        let receive_buffer_bytes = daemon.receive_buffer_bytes();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(daemon.run(client, async move {
            let _ = stopped.await;
        }));
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        Self {
            udp,
            tcp,
            receive_buffer_bytes,
            counts,
            sender,
            stop,
            ended,
        }
    }

    pub(crate) fn send(&self, document: &str) {
        self.send_raw(format!("{HEADER}{document}").as_bytes());
    }

    pub(crate) fn send_raw(&self, datagram: &[u8]) {
        self.sender.send_to(datagram, self.udp).unwrap();
    }

    /// Waits until the counts are as wished.
    pub(crate) async fn wait_for(&self, wished: impl Fn(&Counts) -> bool) -> Counts {
        let start = Instant::now();
        loop {
            let counts = self.counts.read();
            if wished(&counts) {
                return counts;
            }
            assert!(start.elapsed() < PATIENCE, "still {counts:?}");
            tokio::task::yield_now().await;
        }
    }

    /// Stops the daemon, and checks that no document was left uncounted.
    pub(crate) async fn stop(self) -> Counts {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.ended).await;
        let counts = ended.expect("the daemon stops").unwrap();
        assert_eq!(counts.pending(), 0, "{counts:?}");
        assert_eq!(self.counts.read(), counts);
        counts
    }
}
