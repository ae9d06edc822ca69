//! `xray-ecs local`, and the local services of other commands.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use local_s3::FaultPlan;
use local_xray::Retention;
use tracing_xray::{Clock, Timestamp};
use xray_daemon::{Counts, XrayClient};

use super::amount::{parse_bytes, parse_period};
use super::print;
use crate::local::{self, ACCOUNT, Addresses, Endpoints, REGION, Services};
use crate::outcome::ExitStatus;
use crate::query::{self, Window};
use crate::report::RunReport;
use crate::shutdown::{self, Phase, Stop};
use crate::spec::Environment;
use crate::{telemetry, view};

mod browser;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keep the state in DIR
    #[arg(long, value_name = "DIR", default_value = ".xray-ecs")]
    dir: PathBuf,

    /// Serve the X-Ray API and the console here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2080")]
    listen: SocketAddr,

    /// Serve S3 here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    s3: SocketAddr,

    /// Listen for segments here, UDP and TCP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2000")]
    daemon: SocketAddr,

    /// Keep traces this long after their last segment arrived, from now on [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = parse_period)]
    keep: Option<Duration>,

    /// Keep at most so much, from now on; beyond it the traces that arrived first go [default: 2GB]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    keep_bytes: Option<u64>,

    /// Let a share of S3's answers fail, to see what a run does about it: such as
    /// `rate=0.3,kinds=slow_down+half_answer,operations=PutBucketPolicy,seed=7,count=100`
    #[arg(long, value_name = "PLAN", default_value_t = FaultPlan::none(), hide_default_value = true)]
    s3_faults: FaultPlan,

    /// Open the console in the browser
    #[arg(long)]
    open: bool,

    /// What to log, such as `info` or `xray_daemon=debug` [default: XRAY_ECS_LOG, warn]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

impl Args {
    /// Notes in the store what is to be kept, also by other commands.
    fn set_retention(&self) -> anyhow::Result<()> {
        let store = local::make_traces(&self.dir)?;
        let set = store.retention()?;
        store.set_retention(Retention {
            age: self.keep.unwrap_or(set.age),
            bytes: self.keep_bytes.unwrap_or(set.bytes),
        })?;
        Ok(())
    }
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        let log = environment.get_non_empty("XRAY_ECS_LOG")?;
        let log = telemetry::parse_filter(args.log.as_deref().or(log))?;
        telemetry::start_logs(telemetry::LogFormat::Text, log)?;
        let announcement = local::announce(&args.dir)?;
        let addresses = Addresses {
            xray: args.listen,
            s3: args.s3,
            daemon: args.daemon,
        };
        if args.keep.is_some() || args.keep_bytes.is_some() {
            args.set_retention()?;
        }
        let services = Services::start(&args.dir, addresses, args.s3_faults.clone()).await?;
        let (source, stop) = shutdown::stop();
        shutdown::watch_signals(source).context("catch signals")?;
        announcement.publish(services.endpoints())?;
        print::result(&exports(services.endpoints()))?;
        let console = services.endpoints().console();
        match args.open {
            true => browser::open(console).await,
            false => print::note(format_args!("console {console}")),
        }
        print::note(format_args!(
            "serving {} until stopped (Ctrl-C); the lines above are for another terminal's shell",
            args.dir.display()
        ));
        stop.reached(Phase::Draining).await;
        drop(announcement);
        tokio::select! {
            () = services.stop() => {}
            () = stop.reached(Phase::Cut) => print::note("stopped in a hurry"),
        }
        Ok(ExitStatus::Done)
    })
}

/// What points any AWS client of a shell at the services.
fn exports(endpoints: &Endpoints) -> String {
    let Endpoints { s3, xray, daemon } = endpoints;
    format!(
        "export AWS_ENDPOINT_URL_S3={s3}\n\
         export AWS_ENDPOINT_URL_XRAY={xray}\n\
         export AWS_XRAY_DAEMON_ADDRESS='{daemon}'\n\
         export AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} AWS_ACCOUNT_ID={ACCOUNT}\n\
         export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n"
    )
}

/// How long to wait for what was sent to show in a server's X-Ray.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(5);

/// The services that a run uses: its own, or those of a running `xray-ecs local`.
#[derive(Debug)]
pub(crate) enum Local {
    Own(Box<Services>),
    Running(Endpoints),
}

impl Local {
    /// Those that serve `dir` now, else new ones on free ports.
    pub(crate) async fn find_or_start(dir: &Path) -> anyhow::Result<Self> {
        if let Some(endpoints) = local::find_running(dir)? {
            return Ok(Self::Running(endpoints));
        }
        let services = Services::start(dir, Addresses::free(), FaultPlan::none()).await?;
        Ok(Self::Own(Box::new(services)))
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        match self {
            Self::Own(services) => services.endpoints(),
            Self::Running(endpoints) => endpoints,
        }
    }

    /// What points the SDKs of a process that a job starts at the services.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let Endpoints { s3, xray, .. } = self.endpoints();
        let variables = [
            ("AWS_ENDPOINT_URL_S3", s3.as_str()),
            ("AWS_ENDPOINT_URL_XRAY", xray),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCOUNT_ID", ACCOUNT),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        owned.into_iter()
    }

    /// Stops the daemon of its own services once all it has received is in X-Ray.
    pub(crate) async fn drain_daemon(&mut self, limit: Duration) -> Option<Counts> {
        match self {
            Self::Own(services) => services.drain_daemon(limit).await,
            Self::Running(_) => None,
        }
    }

    /// Stops services of its own.
    pub(crate) async fn stop(self) {
        if let Self::Own(services) = self {
            services.stop().await;
        }
    }

    /// Shows what X-Ray knows of a run, a trace and the service map: on stdout, or on stderr when stdout
    /// has the report.
    pub(crate) async fn show(
        &self,
        report: &RunReport,
        stdout_is_taken: bool,
    ) -> anyhow::Result<()> {
        let client = self.endpoints().xray_client()?;
        let text = picture(&client, report).await;
        let text = text.context("show the run's traces")?;
        if stdout_is_taken {
            print::note(text.trim_end());
            return Ok(());
        }
        print::result(&text)
    }

    /// Opens the console in the browser, at a run if one is named. A console of its own is served until
    /// the program is stopped.
    pub(crate) async fn open(&self, run_id: Option<&str>, stop: &Stop) {
        let mut url = self.endpoints().console();
        if let Some(run_id) = run_id {
            // The parts of a path are told apart by slashes.
            url.push_str(&format!("runs/{}", run_id.replace('/', "%2F")));
        }
        browser::open(url).await;
        if matches!(self, Self::Own(_)) {
            print::note("serving the console until stopped (Ctrl-C)");
            stop.reached(Phase::Draining).await;
        }
    }
}

/// The timeline of the run's most telling trace and the service map of the run.
async fn picture(client: &XrayClient, report: &RunReport) -> anyhow::Result<String> {
    let traces = report.jobs.traces();
    let Some(telling) = traces.telling.as_deref() else {
        return Ok(String::new());
    };
    let last = traces.last.as_deref().unwrap_or(telling);
    let ids: BTreeSet<&str> = [telling, last].into();
    let ids: Vec<&str> = ids.into_iter().collect();
    let style = print::style();
    // The last one to leave is among the last to arrive.
    let arrived = query::arrived(client, &ids, ARRIVAL_TIMEOUT).await?;
    let mut text = String::from("\n");
    let count = traces.count;
    if count > 1 {
        text.push_str(&format!("One of {count} traces, the most telling:\n\n"));
    }
    match arrived.iter().find(|trace| trace["Id"] == telling) {
        Some(trace) => text.push_str(&view::timeline(
            trace,
            Clock::System.now(),
            view::TraceDetail::default(),
            style,
        )),
        None => text.push_str(&format!("Trace {telling} has not arrived yet.\n")),
    }
    let window = Window {
        start: Timestamp::from_micros(report.started_at.timestamp_micros().unsigned_abs()),
        end: Clock::System.now(),
    };
    let services = query::service_graph(client, window).await?;
    if !services.is_empty() {
        text.push('\n');
        text.push_str(&view::service_map(&services, style));
    }
    Ok(text)
}
