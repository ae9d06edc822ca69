//! The server: bound by the caller, served in a task, stopped on request.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing_xray::Clock;

use super::router;
use crate::store::Store;

/// How long requests underway may take to finish once the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

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
}

impl LocalXray {
    /// Serves the API of the X-Ray service over a store, on a listener that is already bound. Has
    /// to be called in a Tokio runtime with time and I/O enabled.
    ///
    /// On a loopback address it answers only to loopback names.
    pub async fn start(listener: std::net::TcpListener, store: Store) -> Result<Self, StartError> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let routes = router(store, Clock::System, address);
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

impl Drop for LocalXray {
    fn drop(&mut self) {
        self.server.abort();
    }
}
