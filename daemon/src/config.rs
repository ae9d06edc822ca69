//! What a daemon may be told, with a default for everything.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::batch::BatchLimits;
use crate::telemetry::TelemetryOptions;
use crate::upload::RetryPolicy;

/// How a daemon listens, keeps, batches, uploads and stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where segments come in. Default 127.0.0.1:2000. Port 0 takes a free one.
    pub udp: SocketAddr,
    /// Where calls to forward come in. Default 127.0.0.1:2000. With port 0 on both sides, both
    /// get the same number. Without it there is no proxy and no health page.
    pub tcp: Option<SocketAddr>,
    /// The socket buffer to ask the kernel for. Default 4 MiB; the kernel grants no more than
    /// `net.core.rmem_max`, and [`Daemon::receive_buffer_bytes`](crate::Daemon::receive_buffer_bytes) tells
    /// how much.
    pub receive_buffer_bytes: usize,
    /// How much may wait for upload, bookkeeping included. Default 16 MiB. When it is full, the
    /// oldest documents are dropped and counted in `queue_dropped`.
    pub queue_bytes_max: usize,
    /// When a batch leaves.
    pub batch: BatchLimits,
    /// Uploads at a time, at least 1. Default 8.
    pub upload_concurrency: usize,
    /// How long one call to X-Ray may take. Default 10 s.
    pub request_timeout: Duration,
    /// How often and how soon an upload is tried again.
    pub retry: RetryPolicy,
    /// How long everything may take once the daemon is told to stop. Default 20 s, so that it ends
    /// before a container is killed, which ECS does after 30 s; what has not left by then is counted
    /// in `abandoned`.
    pub drain_deadline: Duration,
    /// Whether, and as whom, the daemon tells X-Ray what it does. Default: not.
    pub telemetry: Option<TelemetryOptions>,
}

impl Default for Config {
    fn default() -> Self {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 2000));
        Self {
            udp: local,
            tcp: Some(local),
            receive_buffer_bytes: 4 << 20,
            queue_bytes_max: 16 << 20,
            batch: BatchLimits::default(),
            upload_concurrency: 8,
            request_timeout: Duration::from_secs(10),
            retry: RetryPolicy::default(),
            drain_deadline: Duration::from_secs(20),
            telemetry: None,
        }
    }
}
