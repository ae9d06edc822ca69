//! Runs the jobs of a run: so many at once, each an invocation in a segment of its own, until all
//! are done, the run is stopped, its time is up, or too much has failed.
//!
//! ```text
//! jobs ─► run: at most `concurrency` at once ─► invocation: segment, time limit
//!                                                 └─► attempt (1..n): subsegment, retry with jitter
//! ```
//! Jobs come one by one and reports go one by one, so that very many need no more memory than few.

mod event;
mod invocation;
mod memory;
mod tolerance;
mod tracing_of_jobs;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::job::{Mode, Resources};
use crate::ledger::Ledger;
use crate::outcome::{ExitStatus, Outcome};
use crate::report::{JobReport, JobReports, RunReport};
use crate::shutdown::{self, Phase, Stop, StopSource};
use crate::spec::{Fault, JobSpec};

pub(crate) use event::{Event, Usage};
pub(crate) use memory::Memory;
pub(crate) use tolerance::Tolerance;
pub(crate) use tracing_of_jobs::{Sampler, Sampling, TracingOfJobs};

/// A job in its place: with the name of its job file, which is its segment's name.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The job file's name.
    pub file: Arc<str>,
    /// The job, or why it cannot be read again although it could before.
    pub spec: Result<Arc<JobSpec>, Fault>,
}

/// What a run is told.
pub(crate) struct Options {
    /// The run's id.
    pub run_id: String,
    /// When it began.
    pub start: DateTime<Utc>,
    /// The most jobs at once.
    pub concurrency: NonZeroUsize,
    /// When the whole run must end.
    pub deadline: Option<Instant>,
    /// How long running attempts may go on after the run is told to stop.
    pub stop_budget: Duration,
    /// Whether jobs change anything.
    pub mode: Mode,
    /// How many failures are no failure of the run.
    pub tolerance: Tolerance,
    /// Whether no further job begins once the run has failed.
    pub fail_fast: bool,
    /// What the jobs' segments belong to, and which are kept.
    pub tracing: TracingOfJobs,
    /// What earlier starts of the run have done, and where this one notes what it does.
    pub ledger: Option<Arc<Ledger>>,
    /// Who is told what happens.
    pub watch: Arc<dyn Fn(Event<'_>) + Send + Sync>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("run_id", &self.run_id)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Why a run ended before all its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It was told to.
    Stopped,
    /// Its deadline passed.
    DeadlinePassed,
    /// Another run took its lease over.
    LeaseLost,
}

/// What all invocations of a run share.
struct Shared {
    options: Options,
    resources: Resources,
    memory: Memory,
    stop: Stop,
    /// Why the run itself moved its phase, before anybody else did.
    cut: Mutex<Option<Cut>>,
}

impl Shared {
    /// Ends the run for a reason of its own, unless it is ending already.
    fn end(&self, source: &StopSource, phase: Phase, cut: Cut) {
        if self.stop.phase() == Phase::Running {
            *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
        }
        source.advance(phase);
    }

    fn has_ledger_for_itself(&self) -> bool {
        let ledger = self.options.ledger.as_ref();
        ledger.is_none_or(|ledger| ledger.is_held())
    }

    fn cut(&self) -> Option<Cut> {
        let own = *self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        own.or((self.stop.phase() > Phase::Running).then_some(Cut::Stopped))
    }
}

/// Runs the jobs, `total` of them, and reports every one, also those whose turn never came. `stop` may
/// be moved from outside; the run moves it as well, when its time or its stop budget is up.
pub(crate) async fn run(
    jobs: impl Iterator<Item = Job> + Send,
    total: usize,
    resources: Resources,
    options: Options,
    stop: (StopSource, Stop),
) -> RunReport {
    let (source, stop) = stop;
    let shared = Arc::new(Shared {
        options,
        resources,
        memory: Memory::of_system(),
        stop,
        cut: Mutex::new(None),
    });
    let clock = tokio::spawn(keep_time(Arc::clone(&shared), source.clone()));
    let mut reports = Reports::default();
    let mut jobs = jobs.enumerate();
    let mut running: JoinSet<(usize, JobReport)> = JoinSet::new();
    let (mut has_begun, mut has_failed) = (false, false);
    loop {
        if !shared.has_ledger_for_itself() {
            shared.end(&source, Phase::Cut, Cut::LeaseLost);
        }
        while shared.stop.phase() == Phase::Running
            && !has_failed
            && running.len() < shared.options.concurrency.get()
            && let Some((place, job)) = jobs.next()
        {
            match begin(&job, &shared) {
                Begin::Ended(report) => {
                    (shared.options.watch)(Event::Skipped { report: &report });
                    reports.put(place, &report);
                }
                Begin::Run(spec) => {
                    let (shared, is_first) = (Arc::clone(&shared), !has_begun);
                    has_begun = true;
                    running.spawn(async move {
                        let report =
                            invocation::invoke(place, &job.file, &spec, &shared, is_first).await;
                        (place, report)
                    });
                }
            }
        }
        match running.join_next().await {
            Some(Ok((place, report))) => reports.put(place, &report),
            // An invocation catches its job's panics, so this is a panic of the runner's own.
            Some(Err(error)) => tracing::error!("an invocation ended without a report: {error}"),
            None => break,
        }
        let failed = reports.jobs.totals().failed;
        has_failed = shared.options.fail_fast && !shared.options.tolerance.tolerates(failed, total);
    }
    clock.abort();
    for (place, job) in jobs {
        let report = match &job.spec {
            Ok(spec) => JobReport::without_attempt(&job.file, spec, Outcome::NotRun),
            Err(fault) => JobReport::of_unreadable(&job.file, fault),
        };
        reports.put(place, &report);
    }
    report(&shared, reports, total)
}

/// What becomes of a job whose turn has come.
enum Begin {
    Run(Arc<JobSpec>),
    Ended(Box<JobReport>),
}

fn begin(job: &Job, shared: &Shared) -> Begin {
    let spec = match &job.spec {
        Ok(spec) => spec,
        Err(fault) => return Begin::Ended(Box::new(JobReport::of_unreadable(&job.file, fault))),
    };
    let ledger = shared.options.ledger.as_ref();
    if ledger.is_some_and(|ledger| ledger.is_recorded(&spec.name, &spec.digest())) {
        let report = JobReport::without_attempt(&job.file, spec, Outcome::DoneBefore);
        return Begin::Ended(Box::new(report));
    }
    Begin::Run(Arc::clone(spec))
}

/// The reports so far.
#[derive(Default)]
struct Reports {
    jobs: JobReports,
    is_incomplete: bool,
}

impl Reports {
    fn put(&mut self, place: usize, report: &JobReport) {
        if let Err(error) = self.jobs.put(place, report) {
            let job = &report.job;
            tracing::error!(
                job,
                "keep the report of the job in a temporary file: {error}"
            );
            self.is_incomplete = true;
        }
    }
}

fn report(shared: &Shared, reports: Reports, total: usize) -> RunReport {
    let options = &shared.options;
    let totals = reports.jobs.totals();
    let is_tolerated = totals.failed > 0 && options.tolerance.tolerates(totals.failed, total);
    let tolerated = if is_tolerated { totals.failed } else { 0 };
    let is_done = totals.done() + tolerated == total as u64;
    let status = ExitStatus::of_run(shared.cut(), is_done);
    RunReport {
        run_id: options.run_id.clone(),
        shard: None,
        started_at: options.start,
        duration: (Utc::now() - options.start).to_std().unwrap_or_default(),
        status: match reports.is_incomplete {
            true => status.or_failed(),
            false => status,
        },
        plan: options.mode == Mode::Plan,
        resumed: options
            .ledger
            .as_ref()
            .is_some_and(|ledger| ledger.is_resumed()),
        tolerated: is_tolerated.then_some(totals.failed),
        totals,
        trace_id: None,
        segments: None,
        console_region: None,
        jobs: reports.jobs,
    }
}

/// Cuts the run at its deadline, when its stop budget is used up, or when its lease is lost.
async fn keep_time(shared: Arc<Shared>, source: StopSource) {
    let at_budget = async {
        shared.stop.reached(Phase::Draining).await;
        tokio::time::sleep(shared.options.stop_budget).await;
    };
    let lease_lost = async {
        match &shared.options.ledger {
            Some(ledger) => ledger.lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = shutdown::at(shared.options.deadline) => {
            shared.end(&source, Phase::Cut, Cut::DeadlinePassed);
        }
        () = lease_lost => shared.end(&source, Phase::Cut, Cut::LeaseLost),
        () = at_budget => source.advance(Phase::Cut),
    }
}
