//! `xray-ecs run`: jobs from files, objects, standard input or the environment, run, traced and
//! reported. The whole run in order.

mod input;
mod limits;
mod output;
mod place;
mod selection;
mod trace;
mod wanted;

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing_xray::{TraceHeader, ecs};

use super::print;
use crate::aws::S3Clients;
use crate::aws::fetch::Objects;
use crate::aws::rate::RateLimits;
use crate::cli::daemon::DaemonChoice;
use crate::job::{Handlers, Mode, Resources};
use crate::ledger::{Ledger, Location, Opened, RunKey, S3Access};
use crate::outcome::ExitStatus;
use crate::progress::{self, Progress};
use crate::report::SegmentCounts;
use crate::runner::{self, Options, Tolerance, TracingOfJobs};
use crate::shard::Shard;
use crate::shutdown::{self, Phase, Stop, StopSource};
use crate::spec::{self, Checked, CustomKinds, Document, Environment, Faults, Source};
use crate::telemetry;
use crate::view::neutralise;
use input::{ACCOUNT_PLACEHOLDER, REGION_PLACEHOLDER, refuse};
use place::Place;
use selection::Selection;
use trace::RunTrace;
use wanted::{
    OnOverlap, TraceChoice, Wanted, parse_concurrency, parse_run_id, parse_tolerance,
    parse_trace_header,
};

/// Jobs at once when neither flag nor file says.
const CONCURRENCY_DEFAULT: NonZeroUsize = NonZeroUsize::new(8).expect("8 is not 0");

/// How long a start on ECS waits for what the task's metadata tell.
const METADATA_LIMIT: Duration = Duration::from_millis(500);

/// How long all reports together may take to be written.
const REPORT_LIMIT: Duration = Duration::from_secs(120);

/// The same when the run was stopped, or is while they are written: whoever stopped it kills it soon.
const REPORT_LIMIT_STOPPED: Duration = Duration::from_secs(2);

/// How long the end of a ledger may take: the last notes and the lock.
const LEDGER_LIMIT: Duration = Duration::from_secs(30);

/// The same when the run was stopped.
const LEDGER_LIMIT_STOPPED: Duration = Duration::from_secs(3);

/// How long a run that is stopped before its first job waits for the ledger that it is opening.
const ABANDON_LIMIT: Duration = Duration::from_secs(5);

/// How long a lease of an S3 ledger lasts, if it is not renewed.
const LEASE: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Job files, directories of them, s3://bucket/key, or - for standard input; none: JOB_SPEC,
    /// JOB_FILE or JOB_TYPE in the environment say what to run
    #[arg(value_name = "JOB_FILE")]
    files: Vec<PathBuf>,

    /// Use a local S3, X-Ray daemon and X-Ray, with their state in DIR
    #[cfg(feature = "local")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".xray-ecs")]
    local: Option<PathBuf>,

    /// Open the console in the browser when the run is done, and serve it until stopped
    #[cfg(feature = "local")]
    #[arg(long, requires = "local")]
    open: bool,

    /// Print what would change, bucket by bucket, and change nothing
    #[arg(long)]
    plan: bool,

    /// Run only the jobs of this name; `*` and `?` stand for any characters. May be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Run the I-th of N parts of the jobs, counted from 1; a job's name decides its part
    /// [default: XRAY_ECS_SHARD, the array of AWS Batch]
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// The most jobs at once [default: XRAY_ECS_CONCURRENCY, the job files' max_concurrency, 8]
    #[arg(long, value_name = "N", value_parser = parse_concurrency)]
    concurrency: Option<NonZeroUsize>,

    /// How long the whole run may take, such as 30m
    /// [default: XRAY_ECS_TIMEOUT, the job files' run_timeout, no limit]
    #[arg(long, value_name = "DURATION", value_parser = spec::parse_duration)]
    timeout: Option<Duration>,

    /// How long running jobs may go on after SIGTERM; ECS kills 30 s after it
    /// [default: XRAY_ECS_STOP_BUDGET, 20s]
    #[arg(long, value_name = "DURATION", value_parser = spec::parse_duration)]
    stop_budget: Option<Duration>,

    /// How many jobs, or which share of them, may fail in a run that still counts as done
    /// [default: XRAY_ECS_TOLERATE, the job files' tolerated_failure_count and _percentage, 0]
    #[arg(long, value_name = "N|N%", value_parser = parse_tolerance)]
    tolerate: Option<Tolerance>,

    /// Begin no further job once more have failed than are tolerated
    /// [default: XRAY_ECS_FAIL_FAST, the job files' fail_fast]
    #[arg(long)]
    fail_fast: bool,

    /// Allow jobs of type `command`, which run any program with the rights of this one
    #[arg(long)]
    allow_command: bool,

    /// Note what is done in a file or under an s3:// prefix: a run that was cut off goes on where it
    /// was, and one that is delivered twice runs once [default: XRAY_ECS_LEDGER]
    #[arg(long, value_name = "PATH|s3://PREFIX")]
    ledger: Option<Location>,

    /// When the ledger says that another run is at it: skip (exit code 0) or fail (2)
    /// [default: XRAY_ECS_ON_OVERLAP, skip]
    #[arg(long, value_name = "WHAT")]
    on_overlap: Option<OnOverlap>,

    /// Write the report to FILE: .json, .md, .xml (JUnit), also s3://bucket/key; `-`: JSON to
    /// stdout, instead of the table; `{run_id}` becomes the run's id. May be repeated
    /// [default: XRAY_ECS_REPORT]
    #[arg(long, value_name = "FILE")]
    report: Vec<String>,

    /// Where segments go: an address, `embedded` (a daemon in this process) or `off`
    /// [default: AWS_XRAY_DAEMON_ADDRESS, 127.0.0.1:2000]
    #[arg(long, value_name = "ADDRESS")]
    daemon: Option<DaemonChoice>,

    /// Whether each job has a trace of its own, or all are in the run's
    /// [default: XRAY_ECS_TRACE, run where a caller's header is given, else job]
    #[arg(long, value_name = "WHICH")]
    trace: Option<TraceChoice>,

    /// Continue the trace of this header, such as `Root=1-..;Parent=..;Sampled=1`
    /// [default: _X_AMZN_TRACE_ID]
    #[arg(long, value_name = "HEADER", value_parser = parse_trace_header)]
    trace_header: Option<TraceHeader>,

    /// Which jobs' traces are kept: a file of local sampling rules [default:
    /// XRAY_ECS_SAMPLING_RULES, all]
    #[arg(long, value_name = "FILE")]
    sampling_rules: Option<PathBuf>,

    /// The run's id
    /// [default: XRAY_ECS_RUN_ID, the firing's key, that of the run to be resumed, random]
    #[arg(long, value_name = "ID", value_parser = parse_run_id)]
    run_id: Option<String>,

    /// What to log, such as `info` or `xray_ecs=debug,warn` [default: XRAY_ECS_LOG, warn]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,

    /// How to log: lines for people or JSON for machines
    /// [default: XRAY_ECS_LOG_FORMAT, json on ECS, else text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<telemetry::LogFormat>,
}

/// Who we are and what is around us, beside the arguments.
pub(crate) struct Surroundings<'a> {
    pub(crate) environment: &'a Environment,
    /// The job kinds of the program that uses this library.
    pub(crate) handlers: Arc<Handlers>,
    /// The same, as the check of a job file wants them.
    pub(crate) kinds: CustomKinds,
}

pub(crate) fn run(args: &Args, around: &Surroundings<'_>) -> anyhow::Result<ExitStatus> {
    if let Err(faults) = around.environment.check_filled() {
        return Ok(refuse(&faults));
    }
    let mut wanted = Wanted::read(args, around.environment)?;
    for output in &wanted.outputs {
        output.check(&wanted.run_id)?;
    }
    runtime(args)?.block_on(async {
        let stop = shutdown::stop();
        shutdown::watch_signals(stop.0.clone()).context("catch signals")?;
        let deadline = wanted.deadline;
        let found = tokio::select! {
            found = find(args, around, &mut wanted) => found?,
            () = stop.1.reached(Phase::Draining) => {
                tell(wanted.progress, "stopped before the first job");
                return Ok(ExitStatus::Stopped);
            }
            () = shutdown::at(deadline) => {
                tell(wanted.progress, "the deadline passed before the first job");
                return Ok(ExitStatus::DeadlinePassed);
            }
        };
        let Some(mut found) = found else {
            return Ok(ExitStatus::NotStarted);
        };
        let run_id = wanted.run_id.clone();
        let ledger = match open_ledger(args, &mut wanted, &found.place, &stop.1).await? {
            Turn::Ours(ledger) => ledger,
            Turn::Ended(status) => return Ok(status),
        };
        if let Err(faults) = found.know_all(around, &wanted, wanted.run_id != run_id) {
            if let Some(ledger) = ledger {
                ledger.abandon().await;
            }
            return Ok(refuse(&faults));
        }
        run_jobs(args, around, wanted, found, ledger, stop).await
    })
}

/// Waits for as long as the reports may take to be written.
async fn reports_are_late(stop: Stop) {
    tokio::select! {
        () = tokio::time::sleep(REPORT_LIMIT) => {}
        () = stop.reached(Phase::Draining) => tokio::time::sleep(REPORT_LIMIT_STOPPED).await,
    }
}

async fn tell_of_signal(stop: Stop, budget: Duration, progress: Progress) {
    stop.reached(Phase::Draining).await;
    if stop.phase() == Phase::Draining {
        let budget = spec::format_duration(budget);
        progress.note(format_args!(
            "stopping: no new attempts; running jobs may finish within {budget}, another signal cuts them"
        ));
    }
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

/// All that a run needs, found and checked.
struct Found {
    place: Place,
    documents: Vec<Document>,
    checked: Checked,
    selection: Selection,
    total: usize,
    /// Nothing elsewhere than on ECS.
    metadata: Option<JoinHandle<Option<ecs::Metadata>>>,
}

impl Found {
    /// Reads the jobs once more where they were read with what was not known yet.
    fn know_all(
        &mut self,
        around: &Surroundings<'_>,
        wanted: &Wanted,
        run_id_is_another: bool,
    ) -> Result<(), Faults> {
        let account = self.place.account.as_deref().unwrap_or(ACCOUNT_PLACEHOLDER);
        let account_is_another = account != ACCOUNT_PLACEHOLDER && self.checked.uses_account();
        if run_id_is_another || account_is_another {
            let region = self.place.region.as_deref();
            let known = input::context(around, wanted, account, region);
            self.checked = spec::load(&self.documents, &known)?;
        }
        Ok(())
    }
}

/// Finds out what is to be done, and where. Everything that can be wrong with the input is told before
/// anything is changed; then there is nothing to be found.
async fn find(
    args: &Args,
    around: &Surroundings<'_>,
    wanted: &mut Wanted,
) -> anyhow::Result<Option<Found>> {
    let metadata = ask_for_metadata(around.environment, wanted.progress);
    let sources = Source::find(&args.files, around.environment)?;
    // Only objects in S3 need to know where S3 is; all else is checked before anything is looked for.
    let is_remote = sources
        .iter()
        .any(|source| matches!(source, Source::S3 { .. }));
    let mut place = match is_remote {
        true => Some(Place::find(args, around.environment, wanted).await?),
        false => None,
    };
    let objects = Objects::new(place.as_ref().map(Place::s3_clients));
    let Some(documents) = input::open(args, around, wanted, &sources, &objects).await else {
        return Ok(None);
    };
    let region = region_of_check(args, around.environment);
    let read = |wanted: &Wanted, region: Option<&str>| {
        let known = input::context(around, wanted, ACCOUNT_PLACEHOLDER, region);
        spec::load(&documents, &known).map_err(|faults| refuse(&faults))
    };
    let Ok(mut checked) = read(wanted, Some(region)) else {
        return Ok(None);
    };
    if !args.allow_command
        && let Some(job) = input::first_command(&checked)
    {
        bail!(
            "job `{job}` runs a program, which is code from outside: allow it by --allow-command"
        );
    }
    let selection = Selection::new(&args.only, wanted.shard);
    let total = selection.count(&checked)?;
    let mut place = match place.take() {
        Some(place) => place,
        None => Place::find(args, around.environment, wanted).await?,
    };
    // What the place says of the region is looked at before who we are there.
    if place.region.as_deref() != Some(region) {
        match read(wanted, place.region.as_deref()) {
            Ok(read) => checked = read,
            Err(_) => return Ok(None),
        }
    }
    place.account = input::find_account(&place, wanted, &checked).await?;
    for warning in checked.warnings() {
        tell(wanted.progress, format_args!("warning: {warning}"));
    }
    Ok(Some(Found {
        place,
        documents,
        checked,
        selection,
        total,
        metadata,
    }))
}

/// Asks ECS for the task's metadata, beside all else; traces do without them when there are none.
fn ask_for_metadata(
    environment: &Environment,
    mode: progress::Mode,
) -> Option<JoinHandle<Option<ecs::Metadata>>> {
    let is_ecs = matches!(
        environment.get_non_empty(ecs::ADDRESS_VARIABLE),
        Ok(Some(_))
    );
    if !is_ecs {
        return None; // and no thread is started for it
    }
    let environment = environment.clone();
    Some(tokio::task::spawn_blocking(move || {
        let variable = |name: &str| environment.get(name).ok().flatten().map(str::to_owned);
        let metadata = ecs::metadata(variable, METADATA_LIMIT);
        let task_error = metadata.as_ref().ok().and_then(Option::as_ref);
        if let Some(error) = task_error.and_then(|metadata| metadata.task_error.as_deref()) {
            tell(
                mode,
                format_args!("{error}; the traces name only the container"),
            );
        }
        metadata.unwrap_or_else(|error| {
            tell(
                mode,
                format_args!("{error}; the traces do without the task's metadata"),
            );
            None
        })
    }))
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

/// Tells something before the run begins, in the form that its lines will have.
fn tell(mode: progress::Mode, text: impl std::fmt::Display) {
    let line = mode.line(neutralise(&text.to_string()));
    print::note(line.trim_end());
}

/// Whether this run has its ledger for itself.
enum Turn {
    /// It has, or it keeps none.
    Ours(Option<Arc<Ledger>>),
    /// Another run does the work, or has done it.
    Ended(ExitStatus),
}

async fn open_ledger(
    args: &Args,
    wanted: &mut Wanted,
    place: &Place,
    stop: &Stop,
) -> anyhow::Result<Turn> {
    // A plan does nothing that a ledger could note.
    let Some(location) = wanted.ledger.clone().filter(|_| !args.plan) else {
        return Ok(Turn::Ours(None));
    };
    let key = RunKey {
        id: wanted.run_id_is_given.then(|| wanted.run_id.clone()),
        new_id: wanted.run_id.clone(),
        shard: wanted.shard.map(Shard::parts),
    };
    let clients = place.s3_clients();
    let s3 = place.region.as_deref().map(|region| S3Access {
        client: clients.of_region(region),
        owner: place.account.clone(),
        lease: LEASE,
    });
    // On its own, so that a stop does not leave a lock behind that nobody knows of.
    let mut opening = tokio::spawn(async move { Ledger::open(&location, key, s3).await });
    let opened = tokio::select! {
        opened = &mut opening => opened.context("open the run ledger")??,
        () = stop.reached(Phase::Draining) => {
            let opened = tokio::time::timeout(ABANDON_LIMIT, opening).await;
            if let Ok(Ok(Ok(Opened::Run(ledger)))) = opened {
                ledger.abandon().await;
            }
            tell(wanted.progress, "stopped before the first job");
            return Ok(Turn::Ended(ExitStatus::Stopped));
        }
    };
    match opened {
        Opened::Run(ledger) => {
            if ledger.is_resumed() {
                let (run_id, done) = (ledger.run_id(), ledger.recorded_len());
                tell(
                    wanted.progress,
                    format_args!("run {run_id} goes on: {done} jobs are done"),
                );
            }
            ledger.run_id().clone_into(&mut wanted.run_id);
            Ok(Turn::Ours(Some(ledger.into())))
        }
        Opened::AlreadyDone { run_id, ended_at } => {
            tell(
                wanted.progress,
                format_args!("run {run_id} was done at {ended_at}; nothing was run"),
            );
            Ok(Turn::Ended(ExitStatus::Done))
        }
        Opened::Busy { run_id } => {
            let what = format!("run {run_id} of this ledger is running");
            match wanted.on_overlap {
                OnOverlap::Skip => {
                    tell(
                        wanted.progress,
                        format_args!("{what}; nothing was run (--on-overlap skip)"),
                    );
                    Ok(Turn::Ended(ExitStatus::Done))
                }
                OnOverlap::Fail => bail!("{what}; nothing was run (--on-overlap fail)"),
            }
        }
    }
}

async fn run_jobs(
    args: &Args,
    around: &Surroundings<'_>,
    wanted: Wanted,
    found: Found,
    ledger: Option<Arc<Ledger>>,
    stop: (StopSource, Stop),
) -> anyhow::Result<ExitStatus> {
    let Found {
        mut place,
        checked,
        selection,
        total,
        metadata,
        ..
    } = found;
    let ecs = match metadata {
        Some(metadata) => metadata.await.unwrap_or_default(),
        None => None,
    };
    let limits = limits::strictest(&checked);
    let progress = Progress::new(wanted.progress, total, io::stderr());
    tokio::spawn(tell_of_signal(
        stop.1.clone(),
        wanted.stop_budget,
        progress.clone(),
    ));
    let telemetry = telemetry::start(
        wanted.tracing.as_ref(),
        ecs.as_ref()
            .map(ecs::Metadata::layer_options)
            .unwrap_or_default(),
        wanted.log.clone(),
        &progress,
    )?;
    let service = checked.files.first().map_or("run", |file| &*file.name);
    let run_trace = RunTrace::open(service, &wanted, ecs.as_ref(), &telemetry);
    let options = Options {
        run_id: wanted.run_id.clone(),
        start: wanted.start,
        concurrency: wanted
            .concurrency
            .or(limits.max_concurrency)
            .unwrap_or(CONCURRENCY_DEFAULT),
        deadline: wanted
            .deadline
            .or(limits.run_timeout.map(|timeout| Instant::now() + timeout)),
        stop_budget: wanted.stop_budget,
        mode: match args.plan {
            true => Mode::Plan,
            false => Mode::Apply,
        },
        tolerance: wanted.tolerance.unwrap_or(Tolerance {
            count: limits.tolerated_failure_count,
            percentage: limits.tolerated_failure_percentage,
        }),
        fail_fast: wanted.fail_fast.or(limits.fail_fast).unwrap_or(false),
        tracing: TracingOfJobs {
            header: run_trace.header(&wanted),
            run: run_trace.span_id(),
            schedule: wanted
                .firing
                .as_ref()
                .map(|firing| firing.rule_name().to_owned()),
            sampler: wanted.sampler(),
        },
        ledger: ledger.clone(),
        watch: progress.watch(),
    };
    let resources = Resources {
        s3: S3Clients::new(&place.config, RateLimits::new(&limits.rate_limits)),
        account: place.account.clone(),
        environment: place.variables(&wanted),
        path: around
            .environment
            .get("PATH")
            .ok()
            .flatten()
            .map(str::to_owned),
        handlers: Arc::clone(&around.handlers),
    };
    let mut report = runner::run(
        selection.jobs(&checked),
        total,
        resources,
        options,
        stop.clone(),
    )
    .await;
    report.shard = wanted.shard.map(|shard| shard.to_string());
    report.trace_id = run_trace.id();
    run_trace.close(&report);
    // Beside, not before: a daemon of our own uploads meanwhile.
    let closed = tokio::task::spawn_blocking(move || telemetry.close());
    let counts = closed.await.context("send the last segments")?;
    progress.finish();
    let confirmed = place.drain(stop.1.phase()).await;
    report.segments = counts.map(|counts| SegmentCounts::new(counts, confirmed));
    // A console shows nothing of segments that nobody took.
    let is_shown = report.segments.is_some_and(|segments| segments.sent > 0);
    report.console_region = place.console_region().filter(|_| is_shown);
    let mut status = report.status;
    let mut fail = |told: anyhow::Result<()>| {
        if let Err(error) = told {
            print::error(&error);
            status = status.or_failed();
        }
    };
    if !wanted.stdout_is_taken() {
        fail(output::result(&report, wanted.progress));
    }
    let mut time_is_up = pin!(reports_are_late(stop.1.clone()));
    for (index, output) in wanted.outputs.iter().enumerate() {
        let written = tokio::select! {
            written = output.write(&report, &place) => written,
            () = &mut time_is_up => {
                let left = wanted.outputs[index..].iter().map(ToString::to_string);
                let left = left.collect::<Vec<_>>().join(", ");
                fail(Err(anyhow!("report not written, it took too long: {left}")));
                break;
            }
        };
        fail(written);
    }
    // Last, since a run whose report was not written may be started again for it.
    if let Some(ledger) = ledger {
        let limit = match stop.1.phase() {
            Phase::Running => LEDGER_LIMIT,
            Phase::Draining | Phase::Cut => LEDGER_LIMIT_STOPPED,
        };
        let finished = tokio::time::timeout(limit, ledger.finish(report.status)).await;
        let finished = finished.map_err(|_| anyhow!("it took longer than {limit:?}"));
        fail(
            finished
                .and_then(|finished| Ok(finished?))
                .context("close the run ledger"),
        );
    }
    #[cfg(feature = "local")]
    if let Some(local) = place.local {
        let is_elsewhere = matches!(args.daemon, Some(DaemonChoice::At(_) | DaemonChoice::Off));
        let was_sent = is_shown && !is_elsewhere;
        if was_sent && !args.plan {
            fail(local.show(&report, wanted.stdout_is_taken()).await);
        }
        if args.open && stop.1.phase() == Phase::Running {
            let run_id = was_sent.then_some(&*wanted.run_id);
            local.open(run_id, &stop.1).await;
        }
        local.stop().await;
    }
    Ok(status)
}
