//! `xray-ecs daemon`, and the word that says where a run's segments go.

use std::net::SocketAddr;

use anyhow::Context as _;
use tracing_xray::DaemonAddress;
use xray_daemon::{Config, Daemon};

use super::print;
use crate::outcome::ExitStatus;
use crate::shutdown::{self, Phase};
use crate::spec::Environment;
use crate::{aws, telemetry, xray};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Listen for segments on this UDP address
    #[arg(short, long, value_name = "ADDRESS", default_value = "127.0.0.1:2000")]
    bind: SocketAddr,

    /// Listen for calls of the X-Ray API, which are signed and forwarded, on this TCP address
    #[arg(
        short = 't',
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:2000"
    )]
    bind_tcp: SocketAddr,

    /// What to log, such as `info` or `xray_daemon=debug` [default: XRAY_ECS_LOG, the daemon's own]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// What the daemon logs when nobody says otherwise: its own life, and what is wrong. Where there is
/// no metadata service the SDK says so at length.
const LOG_DEFAULT: &str = "warn,xray_daemon=info,xray_ecs=info,aws_config=error";

/// Where a run's segments go.
#[derive(Clone, Debug)]
pub(crate) enum DaemonChoice {
    /// To a daemon inside the process.
    Embedded,
    /// Nowhere: the run is not traced.
    Off,
    /// To a daemon there.
    At(DaemonAddress),
}

impl std::str::FromStr for DaemonChoice {
    type Err = tracing_xray::DaemonAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "embedded" => Ok(Self::Embedded),
            "off" => Ok(Self::Off),
            address => address.parse().map(Self::At),
        }
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    if let Err(faults) = environment.check_filled() {
        print::foreign(&faults.to_string());
        return Ok(ExitStatus::NotStarted);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        environment.check_text("AWS_")?;
        let log = environment.get_non_empty("XRAY_ECS_LOG")?;
        let log = args.log.as_deref().or(log).unwrap_or(LOG_DEFAULT);
        // The daemon's own calls are no jobs: it logs, and traces nothing of itself.
        telemetry::start_logs(telemetry::LogFormat::Text, telemetry::parse_filter(Some(log))?)?;
        let (source, stop) = shutdown::stop();
        shutdown::watch_signals(source).context("catch signals")?;
        let config = Config {
            udp: args.bind,
            tcp: Some(args.bind_tcp),
            ..Config::default()
        };
        let client = xray::client(&aws::config_of_environment(environment).await?, environment)?;
        let daemon = Daemon::bind(config, client)
            .context("start the daemon; choose other addresses with --bind and --bind-tcp")?;
        let hurry = stop.clone();
        tokio::select! {
            _ = daemon.run(async move { stop.reached(Phase::Draining).await }) => {}
            () = hurry.reached(Phase::Cut) => print::note("stopped in a hurry: what was left is lost"),
        }
        Ok(ExitStatus::Done)
    })
}
