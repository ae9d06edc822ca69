//! Where a run does its work: AWS as the environment describes it, or a local S3 and X-Ray.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
#[cfg(feature = "local")]
use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;

use super::Args;
use super::wanted::Wanted;
use crate::aws::{self, S3Clients};
use crate::cli::daemon::DaemonChoice;
use crate::shutdown::Phase;
use crate::spec::Environment;
use crate::xray::{self, EmbeddedDaemon};

/// How long a daemon of this process may take to upload what it has, at the end of a run.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// The same when the run was stopped.
const DRAIN_LIMIT_STOPPED: Duration = Duration::from_secs(3);

/// Where a run does its work.
pub(super) struct Place {
    pub(super) config: SdkConfig,
    pub(super) region: Option<String>,
    /// The account, as far as it is known without asking.
    pub(super) account: Option<String>,
    daemon: Option<EmbeddedDaemon>,
    /// Whether the environment names an X-Ray other than AWS's.
    has_own_xray: bool,
    #[cfg(feature = "local")]
    pub(super) local: Option<crate::cli::local::Local>,
}

impl Place {
    /// Finds it, and starts what is to be a part of this process.
    pub(super) async fn find(
        args: &Args,
        environment: &Environment,
        wanted: &mut Wanted,
    ) -> anyhow::Result<Self> {
        #[cfg(feature = "local")]
        if let Some(dir) = &args.local {
            return Self::local(args, wanted, dir).await;
        }
        let config = aws::config_of_environment(environment).await?;
        let daemon = match &args.daemon {
            Some(DaemonChoice::Embedded) => {
                let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let daemon = EmbeddedDaemon::start(any, xray::client(&config, environment)?, None)?;
                wanted.send_to(daemon.address())?;
                Some(daemon)
            }
            _ => None,
        };
        Ok(Self {
            region: config.region().map(|region| region.as_ref().to_owned()),
            config,
            account: None,
            daemon,
            has_own_xray: environment
                .get_non_empty("AWS_ENDPOINT_URL_XRAY")?
                .is_some(),
            #[cfg(feature = "local")]
            local: None,
        })
    }

    #[cfg(feature = "local")]
    async fn local(args: &Args, wanted: &mut Wanted, dir: &Path) -> anyhow::Result<Self> {
        use crate::local::{ACCOUNT, REGION, sdk_config};

        let local = crate::cli::local::Local::find_or_start(dir).await?;
        if !matches!(args.daemon, Some(DaemonChoice::At(_))) {
            wanted.send_to(&local.endpoints().daemon)?;
        }
        Ok(Self {
            config: sdk_config(local.endpoints()),
            region: Some(REGION.to_owned()),
            account: Some(ACCOUNT.to_owned()),
            daemon: None,
            has_own_xray: true,
            local: Some(local),
        })
    }

    /// Clients for what is no job's: job files, the ledger, reports.
    pub(super) fn s3_clients(&self) -> S3Clients {
        S3Clients::untraced(&self.config)
    }

    /// What a process that a job starts gets, so that it works where the run does and joins its trace.
    pub(super) fn variables(&self, wanted: &Wanted) -> BTreeMap<String, String> {
        let tracing = wanted.tracing.as_ref();
        let daemon = tracing.map(|tracing| tracing.daemon_address.to_string());
        let daemon = daemon.map(|address| ("AWS_XRAY_DAEMON_ADDRESS".to_owned(), address));
        let variables = daemon.into_iter();
        #[cfg(feature = "local")]
        let variables = variables.chain(self.local.iter().flat_map(|local| local.variables()));
        variables.collect()
    }

    /// The region whose console shows the traces; a local X-Ray has none.
    pub(super) fn console_region(&self) -> Option<String> {
        #[cfg(feature = "local")]
        if self.local.is_some() {
            return None;
        }
        // A local X-Ray of somebody else's has none either.
        match self.config.endpoint_url() {
            Some(_) => None,
            None => self.region.clone().filter(|_| !self.has_own_xray),
        }
    }

    /// Waits until the daemon of this process has uploaded everything; answers how many segments
    /// X-Ray took. A run that was stopped has little time left for it.
    pub(super) async fn drain(&mut self, phase: Phase) -> Option<u64> {
        let limit = match phase {
            Phase::Running => DRAIN_LIMIT,
            Phase::Draining | Phase::Cut => DRAIN_LIMIT_STOPPED,
        };
        #[cfg(feature = "local")]
        if let Some(local) = &mut self.local {
            return local.drain_daemon(limit).await.map(|counts| counts.sent);
        }
        let daemon = self.daemon.take()?;
        Some(daemon.drain(limit).await.sent)
    }
}
