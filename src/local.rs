//! A local AWS: S3, the X-Ray daemon and X-Ray itself, with their state in a directory.
//!
//! Either inside this process, on ports that are free, or in a running `xray-ecs local`, which
//! holds a lock on the directory and has written its addresses to `endpoints.json` there. Nothing
//! else differs from AWS: all is spoken to over its own protocol.

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use local_s3::{FaultPlan, LocalS3};
use local_xray::{LocalXray, Store, Surroundings};
use serde::{Deserialize, Serialize};
use xray_daemon::{Counts, TelemetryOptions, XrayClient};

use crate::aws::http::{self, Roots};
use crate::xray::EmbeddedDaemon;

/// The account of everything local.
pub(crate) const ACCOUNT: &str = "000000000000";

/// The region of jobs that name none.
pub(crate) const REGION: &str = "us-east-1";

/// How long the daemon may take to upload what it has received.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// The directory that is meant when none is named.
const DIR: &str = ".xray-ecs";

const TELEMETRY_INTERVAL: Duration = Duration::from_secs(10);

const ENDPOINTS_FILE: &str = "endpoints.json";
const LOCK_FILE: &str = "lock";

/// Where the local services are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    /// The URL of S3.
    pub s3: String,
    /// The URL of the X-Ray API.
    pub xray: String,
    /// The daemon, in the form of `AWS_XRAY_DAEMON_ADDRESS`.
    pub daemon: String,
}

impl Endpoints {
    /// The URL of the console, with its last slash.
    pub(crate) fn console(&self) -> String {
        format!("{}/", self.xray)
    }

    /// A client of the X-Ray API.
    ///
    /// # Errors
    /// The URL is malformed.
    pub(crate) fn xray_client(&self) -> anyhow::Result<XrayClient> {
        let endpoint = self.xray.parse().context("the local X-Ray's address")?;
        let credentials = SharedCredentialsProvider::new(credentials());
        Ok(XrayClient::new(
            endpoint,
            REGION.to_owned(),
            Some(credentials),
        ))
    }
}

/// The configuration of a local run, which looks at no environment and no profile.
pub(crate) fn sdk_config(endpoints: &Endpoints) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(&endpoints.s3)
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .sleep_impl(TokioSleep::new())
        .time_source(SystemTimeSource::new())
        .http_client(http::by_scheme(&Roots::System))
        .build()
}

/// Any key does: local services check no signature.
fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "local")
}

/// Where the services listen, and the flag that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    /// The X-Ray API.
    pub xray: SocketAddr,
    /// S3.
    pub s3: SocketAddr,
    /// The daemon, UDP and TCP.
    pub daemon: SocketAddr,
}

impl Addresses {
    /// Ports that are free.
    pub(crate) fn free() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            xray: any,
            s3: any,
            daemon: any,
        }
    }
}

/// The services of this process.
#[derive(Debug)]
pub(crate) struct Services {
    s3: LocalS3,
    xray: LocalXray,
    daemon: Option<EmbeddedDaemon>,
    endpoints: Endpoints,
}

impl Services {
    /// Starts them over the state in `dir`, which is made when it is not there.
    ///
    /// # Errors
    /// The directory or a port cannot be had; the message names the flag.
    pub(crate) async fn start(
        dir: &Path,
        addresses: Addresses,
        s3_faults: FaultPlan,
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("make directory {}", dir.display()))?;
        let xray = listen(addresses.xray, "--listen")?;
        let s3 = listen(addresses.s3, "--s3")?;
        let store = make_traces(dir)?;
        let retention = store.retention().context("read what is to be kept")?;
        let options = local_s3::Options {
            account: ACCOUNT.to_owned(),
            faults: s3_faults,
            ..local_s3::Options::new(dir.join("s3"))
        };
        let s3 = LocalS3::start(s3, options)
            .await
            .context("start the local S3")?;
        let mut endpoints = Endpoints {
            s3: format!("http://{}", s3.address()),
            xray: format!(
                "http://{}",
                xray.local_addr().context("the local X-Ray's address")?
            ),
            daemon: String::new(),
        };
        let daemon = EmbeddedDaemon::start(
            addresses.daemon,
            endpoints.xray_client()?,
            Some(telemetry()),
        )?;
        daemon.address().clone_into(&mut endpoints.daemon);
        let options = local_xray::Options {
            retention: Some(retention),
            surroundings: Surroundings {
                daemon: Some(endpoints.daemon.clone()),
                local: flag(dir),
            },
        };
        let xray = LocalXray::start(xray, store, options)
            .await
            .context("start the local X-Ray")?;
        Ok(Self {
            s3,
            xray,
            daemon: Some(daemon),
            endpoints,
        })
    }

    /// Where they are.
    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Stops the daemon once all it has received is in X-Ray, or `limit` has passed.
    pub(crate) async fn drain_daemon(&mut self, limit: Duration) -> Option<Counts> {
        Some(self.daemon.take()?.drain(limit).await)
    }

    /// Stops them all; what they have received is kept.
    pub(crate) async fn stop(mut self) {
        self.drain_daemon(DRAIN_LIMIT).await;
        self.s3.stop().await;
        self.xray.stop().await;
    }
}

/// Who the daemon is in the console, and how often it tells of itself: people look at it.
fn telemetry() -> TelemetryOptions {
    TelemetryOptions {
        hostname: Some("the daemon of xray-ecs local".to_owned()),
        interval: TELEMETRY_INTERVAL,
        ..TelemetryOptions::default()
    }
}

/// What makes commands look into `dir`.
fn flag(dir: &Path) -> String {
    match dir == Path::new(DIR) {
        true => "--local".to_owned(),
        false => format!("--local={}", dir.display()),
    }
}

/// The X-Ray over the traces in `dir`, without the other services.
///
/// # Errors
/// There are no traces, or they cannot be opened.
pub(crate) async fn serve_traces(dir: &Path) -> anyhow::Result<(LocalXray, Endpoints)> {
    let store = open_traces(dir)?;
    let listener = listen(Addresses::free().xray, "--local")?;
    let xray = LocalXray::start(listener, store, Default::default())
        .await
        .context("start the local X-Ray")?;
    let endpoints = Endpoints {
        s3: String::new(),
        xray: format!("http://{}", xray.address()),
        daemon: String::new(),
    };
    Ok((xray, endpoints))
}

/// The traces in `dir`.
///
/// # Errors
/// There are none, or they cannot be opened.
pub(crate) fn open_traces(dir: &Path) -> anyhow::Result<Store> {
    if !dir.join(local_xray::STORE_FILE).is_file() {
        let dir = dir.display();
        bail!("no traces in {dir}: make some with `xray-ecs run --local={dir} JOB_FILE`");
    }
    make_traces(dir)
}

/// The traces in `dir`, which is made when it is not there.
///
/// # Errors
/// They cannot be opened.
pub(crate) fn make_traces(dir: &Path) -> anyhow::Result<Store> {
    Store::open(dir).with_context(|| format!("open the trace store in {}", dir.display()))
}

fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| format!("listen on {address}: choose another address with {flag}"))
}

/// The addresses of the `xray-ecs local` that serves `dir` now, if one does.
///
/// # Errors
/// One does, but its addresses cannot be read.
pub(crate) fn find_running(dir: &Path) -> anyhow::Result<Option<Endpoints>> {
    let Ok(lock) = File::open(dir.join(LOCK_FILE)) else {
        return Ok(None);
    };
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return Ok(None),
    }
    let path = dir.join(ENDPOINTS_FILE);
    let text = fs::read_to_string(&path).with_context(|| {
        format!(
            "read {}: `xray-ecs local` is starting or stopping there, try again",
            path.display()
        )
    })?;
    let endpoints = serde_json::from_str(&text)
        .with_context(|| format!("read {}: not the addresses of a server", path.display()))?;
    Ok(Some(endpoints))
}

/// Says in `dir` that this process serves it, until dropped.
#[derive(Debug)]
pub(crate) struct Announcement {
    path: PathBuf,
    _lock: File,
}

/// Locks `dir` for a server; [`Announcement::publish`] then tells its addresses.
///
/// # Errors
/// Another process serves the directory.
pub(crate) fn announce(dir: &Path) -> anyhow::Result<Announcement> {
    fs::create_dir_all(dir).with_context(|| format!("make directory {}", dir.display()))?;
    let path = dir.join(LOCK_FILE);
    let lock = File::create(&path).with_context(|| format!("make {}", path.display()))?;
    // A command that looks for a server holds the lock for a moment.
    let mut locked = lock.try_lock();
    for _ in 0..5 {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        locked = lock.try_lock();
    }
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "{} is served by another `xray-ecs local`: stop it, or choose another directory with --dir",
            dir.display()
        ),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("lock {}", path.display()));
        }
    }
    let path = dir.join(ENDPOINTS_FILE);
    let _ = fs::remove_file(&path); // of a server that was killed
    Ok(Announcement { path, _lock: lock })
}

impl Announcement {
    /// Writes the addresses, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn publish(&self, endpoints: &Endpoints) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(endpoints)?;
        let partial = self.path.with_extension("json.partial");
        fs::write(&partial, text + "\n")
            .and_then(|()| fs::rename(&partial, &self.path))
            .with_context(|| format!("write {}", self.path.display()))
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
