//! The server of API and console: bound by the caller, served in a task, stopped on request.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing_xray::Clock;

use crate::api;
use crate::console::{self, Console, Surroundings};
use crate::store::{Retention, Store};

mod guard;

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

/// What a server does beside answering.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the store is to keep; without it nothing is removed.
    pub retention: Option<Retention>,
    /// What the console is to tell of the world around it.
    pub surroundings: Surroundings,
}

/// A running local X-Ray. Dropped rather than stopped, it takes no more connections and leaves those
/// underway to themselves.
#[derive(Debug)]
pub struct LocalXray {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    server: JoinHandle<()>,
    retention: Option<JoinHandle<()>>,
}

impl LocalXray {
    /// Serves the API of the X-Ray service and the console over a store, on a listener that is
    /// already bound. Has to be called in a Tokio runtime with time and I/O enabled.
    ///
    /// On a loopback address it answers only to loopback names. What the store is not to keep is
    /// removed at once and every five seconds.
    pub async fn start(
        listener: std::net::TcpListener,
        store: Store,
        options: Options,
    ) -> Result<Self, StartError> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let (stopping, stopped) = watch::channel(false);
        let console = Console::new(store.clone(), options.surroundings, stopped.clone());
        let routes = routes(address, store.clone(), console);
        let retention = options
            .retention
            .map(|retention| tokio::spawn(retain(store, retention, stopped.clone())));
        let server = tokio::spawn(async move {
            let mut stopped = stopped;
            let serve = axum::serve(listener, routes).with_graceful_shutdown(async move {
                let _ = stopped.wait_for(|stopping| *stopping).await;
            });
            if let Err(error) = serve.await {
                tracing::error!(%error, "local X-Ray stopped");
            }
        });
        Ok(Self {
            address,
            stopping,
            server,
            retention,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, finishes the requests underway, for at most five seconds, and
    /// returns.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(DRAIN_TIMEOUT, &mut self.server)
            .await
            .is_err()
        {
            tracing::warn!("requests underway were cut off");
        }
    }
}

/// The routes of a server that listens on `address`: what is no page is the API's.
fn routes(address: SocketAddr, store: Store, console: Console) -> Router {
    console::routes(console, api::routes(store, Clock::System))
        .layer(from_fn_with_state(address, refuse_strangers))
}

async fn refuse_strangers(
    State(address): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match guard::check(address, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Removes what is not to be kept, again and again.
async fn retain(store: Store, retention: Retention, stopped: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(RETENTION_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let (store, stopped) = (store.clone(), stopped.clone());
        let enforced = tokio::task::spawn_blocking(move || {
            let go_on = || !*stopped.borrow();
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
        self.stopping.send_replace(true);
        if let Some(retention) = &self.retention {
            retention.abort();
        }
        self.server.abort();
    }
}
