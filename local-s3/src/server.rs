//! The listener, its connections, and their end.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::fault::{FaultPlan, Faults};
use crate::front::{ConnectionReset, Front, is_account};
use crate::requests::{RequestCount, Requests};
use crate::service::Service;
use crate::store::Store;

/// How long [`LocalS3::stop`] waits for requests in flight.
const STOP_BUDGET: Duration = Duration::from_secs(5);
/// After a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a local S3 keeps its buckets, and whose they are.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of all state; made when it is missing. Several processes may serve it.
    pub dir: PathBuf,
    /// The account of callers whose access key is not itself an account id: 12 digits.
    pub account: String,
    /// Which answers go wrong at first.
    pub faults: FaultPlan,
}

impl Options {
    /// State in `dir`, account `000000000000`, no faults.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            account: "000000000000".to_owned(),
            faults: FaultPlan::none(),
        }
    }
}

/// Why a local S3 could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The account is no account id.
    #[error("account {0:?} is not an AWS account id: give 12 digits")]
    Account(String),
    /// The directory cannot be made or read.
    #[error("open the S3 directory {}: {reason}", dir.display())]
    Directory {
        /// The directory of the options.
        dir: PathBuf,
        /// What failed, and where.
        reason: String,
    },
    /// The listener is not usable.
    #[error("serve S3 on the given listener: {0}")]
    Listener(#[from] io::Error),
}

/// A running local S3. Dropped without [`LocalS3::stop`], it stops as well, but nobody waits for
/// the requests in flight.
#[derive(Debug)]
pub struct LocalS3 {
    address: SocketAddr,
    requests: Arc<Requests>,
    faults: Arc<Faults>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<JoinSet<()>>,
}

impl LocalS3 {
    /// Opens the directory and serves it over HTTP/1.1 on `listener`, in tasks of the current
    /// tokio runtime. The work does not grow with the number of buckets.
    ///
    /// # Errors
    /// When the account is not 12 digits, the directory cannot be made, or the listener cannot
    /// be read.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time.
    #[expect(clippy::unused_async, reason = "it needs a runtime, and says so")]
    pub async fn start(listener: TcpListener, options: Options) -> Result<Self, StartError> {
        if !is_account(&options.account) {
            return Err(StartError::Account(options.account));
        }
        let store = Store::open(&options.dir).map_err(|error| StartError::Directory {
            dir: options.dir.clone(),
            reason: error.to_string(),
        })?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Requests::default());
        let faults = Arc::new(Faults::new(options.faults));
        let front = Front::new(
            Service::new(Arc::new(store)),
            &options.account,
            address,
            Arc::clone(&requests),
            Arc::clone(&faults),
        );
        let (stop, stopped) = watch::channel(false);
        Ok(Self {
            address,
            requests,
            faults,
            stop,
            accepting: tokio::spawn(accept(listener, front, stopped)),
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces the plan of faults, for the requests that arrive from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.faults.set(plan);
    }

    /// How often every operation of S3 was asked for since the start, by its name, and how often
    /// it changed something. What another process did to the directory is not in it.
    pub fn requests(&self) -> BTreeMap<String, RequestCount> {
        self.requests.counts()
    }

    /// Stops: takes no new connections, lets requests in flight finish for up to five seconds,
    /// then cuts them off.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let Ok(mut connections) = self.accepting.await else {
            return;
        };
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_BUDGET, drained).await.is_err() {
            tracing::warn!("requests were still in flight after {STOP_BUDGET:?} and are cut off");
        }
    }
}

/// Accepts connections until told to stop, and hands back those that are left.
async fn accept(
    listener: tokio::net::TcpListener,
    front: Front,
    mut stopped: watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, front.clone(), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "accept an S3 connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => return connections,
        }
    }
}

async fn serve(stream: TcpStream, front: Front, mut stopped: watch::Receiver<bool>) {
    // Small answers must not wait for an acknowledgement; a refusal costs speed only.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let front = front.clone();
        async move { front.answer(request).await }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        _ = stopped.changed() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else {
        return;
    };
    tracing::debug!(%error, "an S3 connection broke");
    if error
        .source()
        .is_some_and(|source| source.is::<ConnectionReset>())
    {
        let stream = connection.into_parts().io.into_inner();
        // If it cannot be reset it is closed, which a client takes no better.
        let _ = stream.set_zero_linger();
    }
}
