//! The daemon: bound first, then run until it is told to stop, then drained within a limit.

mod bind;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::client::XrayClient;
use crate::config::Config;
use crate::counts::{Counters, Counts, CountsHandle};
use crate::proxy::{self, Proxy};
use crate::queue::Queue;
use crate::receive::{self, KernelDrops, Receiver};
use crate::telemetry::{BackendErrors, Telemetry};
use crate::upload::{self, Uploader};

pub use bind::BindError;

/// How long the end may wait for the last record of telemetry.
const LAST_RECORD_LIMIT: Duration = Duration::from_secs(2);

/// A daemon whose sockets are bound and whose receiving thread reads; [`run`](Daemon::run)
/// uploads and answers on TCP, where connections wait until then. One that cannot be run after all
/// is told to [`abandon`](Daemon::abandon) what came; dropped, it closes its sockets and forgets it.
#[derive(Debug)]
pub struct Daemon {
    config: Config,
    udp: SocketAddr,
    receive_buffer_bytes: usize,
    listener: Option<(TcpListener, SocketAddr)>,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    receiver: Receiver,
}

impl Daemon {
    /// Binds UDP, then TCP, and starts to receive; what comes is kept until the daemon runs. To be
    /// called within a tokio runtime that has I/O and time enabled, the one it will run in.
    ///
    /// # Errors
    /// An address that cannot be had, or a thread that cannot be started; nothing stays bound.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(config: Config) -> Result<Self, BindError> {
        let (socket, listener) = bind::bind_both(&config)?;
        let failed = |source| BindError::Address {
            protocol: "UDP",
            address: config.udp,
            source,
        };
        let udp = socket.local_addr().map_err(failed)?;
        let receive_buffer_bytes = receive::granted_buffer(&socket).map_err(failed)?;
        let counters = Arc::new(Counters::new(KernelDrops::of(&socket)));
        let queue = Arc::new(Queue::new(config.queue_bytes_max, config.batch));
        let (to, with) = (Arc::clone(&queue), Arc::clone(&counters));
        let receiver = Receiver::start(socket, to, with).map_err(BindError::Thread)?;
        let daemon = Self {
            config,
            udp,
            receive_buffer_bytes,
            listener,
            queue,
            counters,
            receiver,
        };
        daemon.log_bound();
        Ok(daemon)
    }

    /// Where segments come in.
    pub fn udp_address(&self) -> SocketAddr {
        self.udp
    }

    /// Where calls to forward come in.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().map(|(_, address)| *address)
    }

    /// The socket buffer the kernel granted; less than was asked for if `net.core.rmem_max` is
    /// lower. Where it is small, a burst overflows it, and `kernel_dropped` counts that.
    pub fn receive_buffer_bytes(&self) -> usize {
        self.receive_buffer_bytes
    }

    /// Reads the counts from elsewhere, while the daemon runs and after.
    pub fn counts(&self) -> CountsHandle {
        CountsHandle(Arc::clone(&self.counters))
    }

    /// Uploads through `client` until `stop` is ready; then reads what the kernel still holds,
    /// uploads what waits, within the drain deadline, and gives the final counts.
    pub async fn run(self, client: XrayClient, stop: impl Future<Output = ()>) -> Counts {
        self.run_until(client, stop, std::future::pending()).await
    }

    /// Ends a daemon for which no client was found: reads what the kernel still holds, uploads
    /// nothing, and gives the final counts, in which all that came is `abandoned`. The last line of
    /// the log has them too.
    pub async fn abandon(self) -> Counts {
        self.receiver.stop();
        abandon_pending(&self.queue, &self.counters).await;
        let counts = self.counters.read();
        log_end(&counts);
        counts
    }

    /// Works until `stop` is ready, as [`run`](Self::run) does, but waits for nothing any more once
    /// `cut` is ready. The last line of the log has the counts in either case.
    pub async fn run_until(
        self,
        client: XrayClient,
        stop: impl Future<Output = ()>,
        cut: impl Future<Output = ()>,
    ) -> Counts {
        let client = client.with_timeout(self.config.request_timeout);
        info!(endpoint = %client.endpoint(), "x-ray daemon uploads");
        let errors = Arc::new(BackendErrors::default());
        let (drained, is_drained) = oneshot::channel();
        let telemetry = self.telemetry(&client, &errors);
        let mut telemetry = pin!(async {
            match telemetry {
                Some(telemetry) => telemetry.run(is_drained).await,
                None => drop(is_drained.await),
            }
        });
        let uploader = Uploader::new(
            client.clone(),
            self.config.retry,
            Arc::clone(&self.counters),
            errors,
        );
        let uploads = upload::run(
            &self.queue,
            Arc::new(uploader),
            self.config.upload_concurrency,
        );
        let (stopping, stopped) = watch::channel(false);
        let counters = Arc::clone(&self.counters);
        let proxy = Arc::new(Proxy::new(client, counters, stopped.clone()));
        let calls = async {
            if let Some((listener, _)) = self.listener {
                proxy::serve(listener, proxy, stopped).await;
            }
        };
        let mut cut = pin!(cut);
        let (deadline, was_cut) = {
            // Leaving this block ends what the deadline did not wait for.
            let mut work = pin!(async { tokio::join!(uploads, calls) });
            tokio::select! {
                () = stop => {}
                _ = &mut work => {}
                () = &mut telemetry => {}
            }
            log_drain(&self.counters.read(), self.config.drain_deadline);
            let deadline = Instant::now() + self.config.drain_deadline;
            stopping.send_replace(true);
            self.receiver.stop();
            let was_cut = tokio::select! {
                _ = tokio::time::timeout_at(deadline, work) => false,
                () = &mut telemetry => false,
                () = &mut cut => true,
            };
            (deadline, was_cut)
        };
        // The receiver still holds the socket, so that the kernel can tell what it dropped.
        abandon_pending(&self.queue, &self.counters).await;
        if !was_cut {
            // The last record comes after the last upload, so that it tells of it.
            let _ = drained.send(());
            let deadline = deadline.min(Instant::now() + LAST_RECORD_LIMIT);
            tokio::select! {
                _ = tokio::time::timeout_at(deadline, telemetry) => {}
                () = cut => {}
            }
        }
        let counts = self.counters.read();
        log_end(&counts);
        counts
    }

    fn telemetry(&self, client: &XrayClient, errors: &Arc<BackendErrors>) -> Option<Telemetry> {
        let options = self.config.telemetry.clone()?;
        Some(Telemetry::new(
            options,
            client.clone(),
            Arc::clone(&self.counters),
            Arc::clone(errors),
        ))
    }

    fn log_bound(&self) {
        let asked = self.config.receive_buffer_bytes;
        let granted = self.receive_buffer_bytes;
        let tcp = self.tcp_address().map(|address| address.to_string());
        info!(udp = %self.udp, tcp, "x-ray daemon listens");
        if granted < asked {
            warn!(
                asked,
                granted, "receive buffer smaller than asked for: raise net.core.rmem_max"
            );
        }
    }
}

/// Counts what has not left, once the receiver that was told to stop has read what was there.
async fn abandon_pending(queue: &Queue, counters: &Counters) {
    queue.closed().await;
    let left = counters.read().pending();
    counters.abandoned.add(left as usize);
}

fn log_drain(counts: &Counts, deadline: Duration) {
    let pending = counts.pending();
    info!(pending, ?deadline, "x-ray daemon drains");
}

/// Always with the counts, in which `received` is the sum of what stands between it and `forwarded`,
/// without what the kernel dropped.
fn log_end(counts: &Counts) {
    // The macros of a level cannot take the level as an argument.
    macro_rules! line {
        ($level:ident, $message:literal) => {
            $level!(
                received = counts.received,
                sent = counts.sent,
                refused = counts.refused(),
                kernel_dropped = counts.kernel_dropped,
                queue_dropped = counts.queue_dropped,
                failed = counts.upload_failed,
                abandoned = counts.abandoned,
                forwarded = counts.forwarded,
                $message
            )
        };
    }
    match counts.lost() {
        0 => line!(info, "x-ray daemon stopped"),
        _ => line!(warn, "x-ray daemon stopped, segments were lost"),
    }
}
