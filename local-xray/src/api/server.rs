//! The server: bound by the caller, served in a task, stopped on request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing_xray::Clock;

use super::router;
use crate::store::{Retention, Store};

/// How long requests underway may take to finish once the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How often is looked for what is not to be kept.
const RETENTION_INTERVAL: Duration = Duration::from_secs(5);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener cannot be used.
    #[error("serve local X-Ray: {0}; give a listener that is bound and no other uses")]
    Listener(#[from] std::io::Error),
}

/// A running local X-Ray. Dropped rather than stopped, it takes no more connections and leaves those
/// underway to themselves.
#[derive(Debug)]
pub struct LocalXray {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    retention: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
}

impl LocalXray {
    /// Serves the API of the X-Ray service over a store, on a listener that is already bound. Has
    /// to be called in a Tokio runtime with time and I/O enabled.
    ///
    /// On a loopback address it answers only to loopback names. What the store is not to keep is
    /// removed at once and every five seconds; without a retention nothing is.
    pub async fn start(
        listener: std::net::TcpListener,
        store: Store,
        retention: Option<Retention>,
    ) -> Result<Self, StartError> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let routes = router(store.clone(), Clock::System, address);
        let stopping = Arc::new(AtomicBool::new(false));
        let retention = retention
            .map(|retention| tokio::spawn(retain(store, retention, Arc::clone(&stopping))));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let serve = axum::serve(listener, routes).with_graceful_shutdown(async move {
                let _ = stopped.await;
            });
            if let Err(error) = serve.await {
                tracing::error!(%error, "local X-Ray stopped");
            }
        });
        Ok(Self {
            address,
            stop: Some(stop),
            server,
            retention,
            stopping,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, finishes the requests underway, for at most five seconds, and
    /// returns.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if tokio::time::timeout(DRAIN_TIMEOUT, &mut self.server)
            .await
            .is_err()
        {
            tracing::warn!("requests underway were cut off");
        }
    }
}

/// Removes what is not to be kept, again and again.
async fn retain(store: Store, retention: Retention, stopping: Arc<AtomicBool>) {
    let mut interval = tokio::time::interval(RETENTION_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let (store, stopping) = (store.clone(), Arc::clone(&stopping));
        let enforced = tokio::task::spawn_blocking(move || {
            let go_on = || !stopping.load(Ordering::Relaxed);
            store.enforce(retention, Clock::System.now(), go_on)
        });
        match enforced.await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(documents)) => tracing::info!(documents, "removed what is not to be kept"),
            Ok(Err(error)) => tracing::warn!(%error, "old traces not removed"),
        }
    }
}

impl Drop for LocalXray {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(retention) = &self.retention {
            retention.abort();
        }
        self.server.abort();
    }
}
