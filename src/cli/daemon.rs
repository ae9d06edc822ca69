//! `xray-ecs daemon`, and the word that says where a run's segments go.

mod file;
mod healthcheck;
mod identity;
mod log;
mod options;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tracing::warn;
use tracing_xray::DaemonAddress;
use xray_daemon::{Config, Daemon, TelemetryOptions, XrayClient};

use self::log::LogFile;
use super::print;
use crate::aws::http::{self, HttpProxy, Roots};
use crate::outcome::ExitStatus;
use crate::shutdown::{self, Phase};
use crate::spec::{self, Environment};
use crate::telemetry::{LogFormat, parse_filter, start_logs, start_logs_to};
use crate::xray;
use options::Options;

#[derive(Debug, clap::Args)]
#[command(version = env!("XRAY_ECS_VERSION"), disable_version_flag = true)]
#[command(args_override_self = true)] // as the official daemon's flags: the last one counts
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,

    /// Read this configuration file [default: /etc/amazon/xray/cfg.yaml, else ./cfg.yaml, if there]
    #[arg(short = 'c', long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// What to log, such as `xray_daemon=debug`, instead of a level [default: XRAY_ECS_LOG]
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

    /// Ask the daemon that these flags and the file describe whether it is healthy, and exit: with
    /// 0, or 1
    #[arg(long)]
    healthcheck: bool,

    /// Print version
    #[arg(short = 'v', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

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
    let searched = file::SEARCHED.map(PathBuf::from);
    let found = file::find(args.config.as_deref(), searched)?;
    let options = args.options.clone().or(found.options);
    if args.healthcheck {
        return check_health(&options);
    }
    if let Err(faults) = environment.check_filled() {
        print::foreign(&faults.to_string());
        return Ok(ExitStatus::NotStarted);
    }
    environment.check_text("AWS_")?;
    start_to_log(args, &options, environment)?;
    for warning in found.warnings.told {
        warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(serve(args, &options, environment))
}

fn check_health(options: &Options) -> anyhow::Result<ExitStatus> {
    let tcp = options.tcp();
    ensure!(
        tcp.port() != 0,
        "no daemon can be asked at port 0: give the port with --bind-tcp"
    );
    let (told, status) = match healthcheck::ask(tcp) {
        Ok(address) => (format!("healthy: {address}\n"), ExitStatus::Done),
        Err(error) => (format!("unhealthy: {error:#}\n"), ExitStatus::Failed),
    };
    print::result(&told)?;
    Ok(status)
}

/// By a filter or a level of the flags, else by the environment's filter, else by the file's level.
fn start_to_log(args: &Args, options: &Options, environment: &Environment) -> anyhow::Result<()> {
    let level = args.options.log_level.map(log::LogLevel::filter);
    let filter = match args.log.as_deref().or(level) {
        Some(filter) => Some(filter),
        None => environment.get_non_empty("XRAY_ECS_LOG")?,
    };
    let of_file = options.log_level.map(log::LogLevel::filter);
    let filter = parse_filter(filter.or(of_file).or(Some(log::FILTER_DEFAULT)))?;
    // The daemon's own calls are no jobs: it logs, and traces nothing of itself.
    let Some(path) = &options.log_file else {
        return start_logs(LogFormat::Text, filter);
    };
    let rotates = options.of_file.log_rotation.unwrap_or(true);
    let file = LogFile::open(path, rotates)
        .with_context(|| format!("open the log file {}", path.display()))?;
    start_logs_to(LogFormat::Text, filter, Mutex::new(file))
}

async fn serve(
    args: &Args,
    options: &Options,
    environment: &Environment,
) -> anyhow::Result<ExitStatus> {
    let (source, stop) = shutdown::stop();
    shutdown::watch_signals(source).context("catch signals")?;
    let config = Config {
        drain_deadline: args.drain_deadline,
        telemetry: Some(telemetry(options, environment)?),
        ..options.config()
    };
    // Before the region, which may take seconds to find: what is sent to a port that is not bound is
    // lost.
    let daemon = Daemon::bind(config)
        .context("start the daemon; choose other addresses with --bind and --bind-tcp")?;
    // The deadline runs from the signal, also when that comes before the region is found.
    let mut cut = pin!(async {
        stop.reached(Phase::Draining).await;
        let _ = tokio::time::timeout(args.drain_deadline, stop.reached(Phase::Cut)).await;
    });
    let found = tokio::select! {
        found = client(options, environment) => Some(found),
        () = &mut cut => None,
    };
    match found {
        Some(Ok(client)) => {
            let drain = stop.reached(Phase::Draining);
            daemon.run_until(client, drain, cut).await;
        }
        Some(Err(error)) => {
            daemon.abandon().await;
            return Err(error);
        }
        None => {
            warn!("stopped before the region was found");
            daemon.abandon().await;
        }
    }
    Ok(ExitStatus::Done)
}

/// Who the daemon is, by the variables of the official daemon.
fn telemetry(options: &Options, environment: &Environment) -> anyhow::Result<TelemetryOptions> {
    let text =
        |name| Ok::<_, spec::NotUnicode>(environment.get_non_empty(name)?.map(str::to_owned));
    Ok(TelemetryOptions {
        resource_arn: options.resource_arn.clone(),
        hostname: text("AWS_HOSTNAME")?,
        instance_id: text("AWS_INSTANCE_ID")?,
        ..TelemetryOptions::default()
    })
}

async fn client(options: &Options, environment: &Environment) -> anyhow::Result<XrayClient> {
    let roots = Roots::of_environment(environment)?;
    let sdk_config = identity::find(options, &roots, environment).await;
    let endpoint = match &options.of_file.endpoint {
        Some(endpoint) => Some(endpoint.clone()),
        None => xray::endpoint(&sdk_config, environment)?,
    };
    let connector = http::connector(roots, proxy(options, environment)?);
    xray::client_at(endpoint, &sdk_config, connector)
}

/// That of the options, else that of the variables for `https` endpoints.
fn proxy(options: &Options, environment: &Environment) -> anyhow::Result<Option<HttpProxy>> {
    if options.proxy_address.is_some() {
        return Ok(options.proxy_address.clone());
    }
    let either = |names: [&'static str; 2]| {
        let values = names.map(|name| environment.get_non_empty(name));
        values.into_iter().find_map(Result::transpose).transpose()
    };
    let Some(url) = either(["HTTPS_PROXY", "https_proxy"])? else {
        return Ok(None);
    };
    let no_proxy = either(["NO_PROXY", "no_proxy"])?;
    let proxy = HttpProxy::for_https(url, no_proxy).context("HTTPS_PROXY")?;
    Ok(Some(proxy))
}
