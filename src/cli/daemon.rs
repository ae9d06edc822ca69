//! `xray-ecs daemon`, and the word that says where a run's segments go.

mod healthcheck;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tracing_xray::DaemonAddress;
use xray_daemon::{Config, Daemon};

use super::print;
use crate::outcome::ExitStatus;
use crate::shutdown::{self, Phase};
use crate::spec::{self, Environment};
use crate::{aws, telemetry, xray};

#[derive(Debug, clap::Args)]
#[command(args_override_self = true)] // as the official daemon's flags: the last one counts
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

    /// On SIGTERM, the time for what was received to leave: less than the container's stopTimeout
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "20s",
        value_parser = spec::parse_duration
    )]
    drain_deadline: Duration,

    /// Ask the daemon that these flags describe whether it is healthy, and exit: with 0, or 1
    #[arg(long)]
    healthcheck: bool,
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

fn check_health(tcp: SocketAddr) -> anyhow::Result<ExitStatus> {
    match healthcheck::ask(tcp) {
        Ok(address) => {
            print::result(&format!("healthy: {address}\n"))?;
            Ok(ExitStatus::Done)
        }
        Err(error) => {
            print::result(&format!("unhealthy: {error:#}\n"))?;
            Ok(ExitStatus::Failed)
        }
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    if args.healthcheck {
        return check_health(args.bind_tcp);
    }
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
        telemetry::start_logs(
            telemetry::LogFormat::Text,
            telemetry::parse_filter(Some(log))?,
        )?;
        let (source, stop) = shutdown::stop();
        shutdown::watch_signals(source).context("catch signals")?;
        let config = Config {
            udp: args.bind,
            tcp: Some(args.bind_tcp),
            drain_deadline: args.drain_deadline,
            ..Config::default()
        };
        let client = xray::client(&aws::config_of_environment(environment).await?, environment)?;
        let daemon = Daemon::bind(config, client)
            .context("start the daemon; choose other addresses with --bind and --bind-tcp")?;
        let (drain, cut) = (stop.reached(Phase::Draining), stop.reached(Phase::Cut));
        daemon.run_until(drain, cut).await;
        Ok(ExitStatus::Done)
    })
}
