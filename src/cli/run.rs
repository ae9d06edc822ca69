//! `xray-ecs run`: jobs from files or the environment, run, traced and reported.

mod input;
mod wanted;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
#[cfg(feature = "local")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use tracing_xray::TraceHeader;

use super::print;
use crate::aws::{self, S3Clients};
use crate::cli::daemon::DaemonChoice;
use crate::job::Resources;
use crate::outcome::ExitStatus;
use crate::report::{RunReport, SegmentCounts};
use crate::runner::{self, Job, Options};
use crate::shutdown::{self, Phase, Stop, StopSource};
use crate::spec::{self, Document, Environment, Faults, JobFile, JobKind};
use crate::telemetry;
use crate::xray::{self, EmbeddedDaemon};
use input::{ACCOUNT_PLACEHOLDER, REGION_PLACEHOLDER, context, load, read_documents, refuse};
use wanted::{Wanted, parse_concurrency, parse_run_id, parse_trace_header};

/// Jobs at once when neither flag nor file says.
const CONCURRENCY_DEFAULT: NonZeroUsize = NonZeroUsize::new(8).expect("8 is not 0");

/// How long a daemon of this process may take to upload what it has, at the end of a run.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// The same when the run was stopped.
const DRAIN_LIMIT_STOPPED: Duration = Duration::from_secs(3);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Job files; none: JOB_SPEC, JOB_FILE or JOB_TYPE in the environment say what to run
    #[arg(value_name = "JOB_FILE")]
    files: Vec<PathBuf>,

    /// Use a local S3, X-Ray daemon and X-Ray, with their state in DIR
    #[cfg(feature = "local")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".xray-ecs")]
    local: Option<PathBuf>,

    /// The most jobs at once [default: XRAY_ECS_CONCURRENCY, the job files' max_concurrency, 8]
    #[arg(long, value_name = "N", value_parser = parse_concurrency)]
    concurrency: Option<NonZeroUsize>,

    /// How long the whole run may take, such as 30m [default: XRAY_ECS_TIMEOUT, no limit]
    #[arg(long, value_name = "DURATION", value_parser = spec::parse_duration)]
    timeout: Option<Duration>,

    /// How long running jobs may go on after SIGTERM; ECS kills 30 s after it
    /// [default: XRAY_ECS_STOP_BUDGET, 20s]
    #[arg(long, value_name = "DURATION", value_parser = spec::parse_duration)]
    stop_budget: Option<Duration>,

    /// Write the report to FILE as JSON; `-`: to stdout, instead of the table
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Where segments go: an address, `embedded` (a daemon in this process) or `off`
    /// [default: AWS_XRAY_DAEMON_ADDRESS, 127.0.0.1:2000]
    #[arg(long, value_name = "ADDRESS")]
    daemon: Option<DaemonChoice>,

    /// Continue the trace of this header, such as `Root=1-..;Parent=..;Sampled=1`
    /// [default: _X_AMZN_TRACE_ID]
    #[arg(long, value_name = "HEADER", value_parser = parse_trace_header)]
    trace_header: Option<TraceHeader>,

    /// The run's id [default: random]
    #[arg(long, value_name = "ID", value_parser = parse_run_id)]
    run_id: Option<String>,

    /// What to log, such as `info` or `xray_ecs=debug,warn` [default: XRAY_ECS_LOG, warn]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// Where a run does its work.
struct Place {
    config: SdkConfig,
    region: Option<String>,
    /// The account, as far as it is known without asking.
    account: Option<String>,
    daemon: Option<EmbeddedDaemon>,
    #[cfg(feature = "local")]
    local: Option<super::local::Local>,
}

pub(crate) fn run(args: &Args, environment: &Environment) -> anyhow::Result<ExitStatus> {
    let mut wanted = Wanted::read(args, environment)?;
    let documents = match read_documents(args, &wanted, environment)? {
        Ok(documents) => documents,
        Err(status) => return Ok(status),
    };
    // Everything that can be wrong with the input is told before anything else is looked at.
    let region = region_of_check(args, environment);
    let context = context(&wanted, environment, ACCOUNT_PLACEHOLDER, Some(region));
    let checked = match load(&documents, &context) {
        Ok(files) => Checked { files, region },
        Err(faults) => return Ok(refuse(&faults)),
    };
    check_report(args)?;
    runtime(args)?.block_on(async {
        let stop = shutdown::stop();
        shutdown::watch_signals(stop.0.clone()).context("catch signals")?;
        tokio::spawn(tell_of_signal(stop.1.clone(), wanted.stop_budget));
        let deadline = wanted.deadline;
        let prepared = tokio::select! {
            prepared = prepare(args, environment, &mut wanted, &documents, checked) => prepared?,
            () = stop.1.reached(Phase::Draining) => {
                print::note("stopped before the first job");
                return Ok(ExitStatus::Stopped);
            }
            () = shutdown::at(deadline) => {
                print::note("the deadline passed before the first job");
                return Ok(ExitStatus::DeadlinePassed);
            }
        };
        match prepared {
            Ok((place, files)) => run_files(args, wanted, &files, place, stop).await,
            Err(faults) => Ok(refuse(&faults)),
        }
    })
}

async fn tell_of_signal(stop: Stop, budget: Duration) {
    stop.reached(Phase::Draining).await;
    if stop.phase() == Phase::Draining {
        let budget = spec::format_duration(budget);
        print::note(format_args!(
            "stopping: no new attempts; running jobs may finish within {budget}, another signal cuts them"
        ));
    }
}

/// The region to check the files with, as far as it is known without looking for it. A local run has
/// its own.
fn region_of_check<'a>(args: &Args, environment: &'a Environment) -> &'a str {
    if args.is_local() {
        return REGION_PLACEHOLDER;
    }
    let variable = |name| environment.get_non_empty(name).ok().flatten();
    variable("AWS_REGION")
        .or_else(|| variable("AWS_DEFAULT_REGION"))
        .unwrap_or(REGION_PLACEHOLDER)
}

/// That the report can be written, before anything is done that it would tell.
fn check_report(args: &Args) -> anyhow::Result<()> {
    let Some(path) = args.report.as_deref().filter(|_| !args.report_is_stdout()) else {
        return Ok(());
    };
    let opened = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path);
    opened.map(drop).with_context(|| {
        let path = path.display();
        format!("write report {path}: name a file that can be written, or `-`")
    })
}

/// One thread waits for AWS; local services want a second one.
fn runtime(args: &Args) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = if args.is_local() {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2);
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build().context("start the runtime")
}

/// Files that were read with placeholders, and the region that they were read with.
struct Checked<'a> {
    files: Vec<JobFile>,
    region: &'a str,
}

/// Finds where the work is done, who does it, and what the files say there.
async fn prepare(
    args: &Args,
    environment: &Environment,
    wanted: &mut Wanted,
    documents: &[Document],
    checked: Checked<'_>,
) -> anyhow::Result<Result<(Place, Vec<JobFile>), Faults>> {
    let mut place = find_place(args, environment, wanted).await?;
    let region = place.region.clone();
    let read = |account: &str| {
        let known = context(wanted, environment, account, region.as_deref());
        load(documents, &known)
    };
    let mut files = if region.as_deref() == Some(checked.region) {
        checked.files
    } else {
        match read(ACCOUNT_PLACEHOLDER) {
            Ok(files) => files,
            Err(faults) => return Ok(Err(faults)),
        }
    };
    if args.is_local() {
        return Ok(Ok((place, files))); // the placeholder is the local account
    }
    // No job has a chance without credentials, and each would tell it anew.
    place.account = aws::credentials(&place.config).await?;
    if documents.iter().any(Document::uses_account) {
        let account = match place.account.take() {
            Some(account) => account,
            None => aws::account(&place.config, region_of_first(&files)).await?,
        };
        match read(place.account.insert(account)) {
            Ok(read) => files = read,
            Err(faults) => return Ok(Err(faults)),
        }
    }
    Ok(Ok((place, files)))
}

/// Where to ask who we are, when nobody says a region but the jobs.
fn region_of_first(files: &[JobFile]) -> Option<&str> {
    let JobKind::CreateBucket(desired) = &files.first()?.jobs.first()?.kind;
    Some(desired.region.as_str())
}

async fn find_place(
    args: &Args,
    environment: &Environment,
    wanted: &mut Wanted,
) -> anyhow::Result<Place> {
    #[cfg(feature = "local")]
    if let Some(dir) = &args.local {
        return local_place(args, wanted, dir).await;
    }
    let config = aws::config_of_environment().await;
    let daemon = match &args.daemon {
        Some(DaemonChoice::Embedded) => {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let daemon = EmbeddedDaemon::start(any, xray::client(&config, environment)?)?;
            wanted.send_to(daemon.address())?;
            Some(daemon)
        }
        _ => None,
    };
    Ok(Place {
        region: config.region().map(|region| region.as_ref().to_owned()),
        config,
        account: None,
        daemon,
        #[cfg(feature = "local")]
        local: None,
    })
}

#[cfg(feature = "local")]
async fn local_place(args: &Args, wanted: &mut Wanted, dir: &Path) -> anyhow::Result<Place> {
    use crate::local::{ACCOUNT, REGION, sdk_config};

    let local = super::local::Local::find_or_start(dir).await?;
    if !matches!(args.daemon, Some(DaemonChoice::At(_))) {
        wanted.send_to(&local.endpoints().daemon)?;
    }
    Ok(Place {
        config: sdk_config(local.endpoints()),
        region: Some(REGION.to_owned()),
        account: Some(ACCOUNT.to_owned()),
        daemon: None,
        local: Some(local),
    })
}

async fn run_files(
    args: &Args,
    wanted: Wanted,
    files: &[JobFile],
    mut place: Place,
    stop: (StopSource, Stop),
) -> anyhow::Result<ExitStatus> {
    let telemetry = telemetry::start(wanted.tracing.as_ref(), wanted.log)?;
    let of_files = files.iter().filter_map(|file| file.max_concurrency).min();
    let options = Options {
        run_id: wanted.run_id,
        start: wanted.start,
        concurrency: wanted
            .concurrency
            .or(of_files)
            .unwrap_or(CONCURRENCY_DEFAULT),
        deadline: wanted.deadline,
        stop_budget: wanted.stop_budget,
        trace_header: wanted.trace_header.map(|header| header.to_string()),
        log_line: Arc::new(|line| print::note(line)),
    };
    let resources = Resources {
        s3: S3Clients::new(&place.config),
        account: place.account.take(),
    };
    let mut report = runner::run(jobs(files), resources, options, stop.clone()).await;
    let counts = telemetry.close();
    let uploaded = drain(&mut place, stop.1.phase()).await;
    report.segments = counts.map(|counts| SegmentCounts::new(counts, uploaded));
    let told = tell(args, &report);
    #[cfg(feature = "local")]
    let told = match place.local {
        Some(local) => {
            let is_shown = !matches!(args.daemon, Some(DaemonChoice::At(_) | DaemonChoice::Off));
            told.and(local.end(&report, is_shown, args.report_is_stdout()).await)
        }
        None => told,
    };
    match told {
        Ok(()) => Ok(report.status),
        Err(error) => {
            print::error(&error);
            Ok(report.status.or_failed())
        }
    }
}

/// Waits until the daemon of this process has uploaded everything; answers how many segments X-Ray
/// took. A run that was stopped has little time left for it.
async fn drain(place: &mut Place, phase: Phase) -> Option<u64> {
    let limit = match phase {
        Phase::Running => DRAIN_LIMIT,
        Phase::Draining | Phase::Cut => DRAIN_LIMIT_STOPPED,
    };
    #[cfg(feature = "local")]
    if let Some(local) = &mut place.local {
        return local.drain_daemon(limit).await.map(|counts| counts.sent);
    }
    let daemon = place.daemon.take()?;
    Some(daemon.drain(limit).await.sent)
}

fn jobs(files: &[JobFile]) -> Vec<Job> {
    let of_file = |file: &JobFile| {
        let name: Arc<str> = file.name.as_str().into();
        let job = move |spec: &spec::JobSpec| Job {
            file: Arc::clone(&name),
            spec: Arc::new(spec.clone()),
        };
        file.jobs.iter().map(job).collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

/// Writes the report where it is wanted: the table to stdout, JSON to a file or to stdout instead.
fn tell(args: &Args, report: &RunReport) -> anyhow::Result<()> {
    if args.report_is_stdout() {
        return print::json(report);
    }
    print::result(&crate::view::report(report, print::style()))?;
    if let Some(path) = &args.report {
        let text = serde_json::to_string_pretty(report)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("write report {}", path.display()))?;
    }
    Ok(())
}
