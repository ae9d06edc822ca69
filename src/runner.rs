//! Runs the jobs of a run: so many at once, each an invocation in a segment of its own, until all
//! are done, the run is stopped, or its time is up.
//!
//! ```text
//! jobs ─► run: at most `concurrency` at once ─► invocation: segment, time limit
//!                                                 └─► attempt (1..n): subsegment, retry with jitter
//! ```

mod invocation;
pub(crate) mod lines;
mod memory;

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::job::Resources;
use crate::outcome::Outcome;
use crate::report::{JobReport, RunReport};
use crate::shutdown::{self, Phase, Stop, StopSource};
use crate::spec::JobSpec;
use lines::Line;

pub(crate) use memory::Memory;

/// A job in its place: with the name of its job file, which is its segment's name.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The job file's name.
    pub file: Arc<str>,
    /// The job.
    pub spec: Arc<JobSpec>,
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
    /// The caller's trace header: every job's segment continues its trace.
    pub trace_header: Option<String>,
    /// Where START, END and REPORT lines go.
    pub log_line: Arc<dyn Fn(Line<'_>) + Send + Sync>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("run_id", &self.run_id)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// What all invocations of a run share.
struct Shared {
    options: Options,
    resources: Resources,
    memory: Memory,
    stop: Stop,
    /// The run's time was up before anybody told it to stop.
    cut_by_deadline: AtomicBool,
}

/// Runs the jobs and reports every one, also those whose turn never came. `stop` may be moved from
/// outside; the run moves it as well, when its time or its stop budget is up.
pub(crate) async fn run(
    jobs: Vec<Job>,
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
        cut_by_deadline: AtomicBool::new(false),
    });
    let clock = tokio::spawn(keep_time(Arc::clone(&shared), source));

    // What stands here until a job's own report does: its turn never came.
    let mut reports: Vec<JobReport> = jobs
        .iter()
        .map(|job| JobReport::without_attempt(&job.spec, Outcome::NotRun))
        .collect();
    let mut waiting: VecDeque<(usize, Job)> = jobs.into_iter().enumerate().collect();
    let mut running: JoinSet<(usize, JobReport)> = JoinSet::new();
    loop {
        while shared.stop.phase() == Phase::Running
            && running.len() < shared.options.concurrency.get()
            && let Some((place, job)) = waiting.pop_front()
        {
            let shared = Arc::clone(&shared);
            let is_first = place == 0;
            running.spawn(async move { (place, invocation::invoke(job, &shared, is_first).await) });
        }
        match running.join_next().await {
            Some(Ok((place, report))) => reports[place] = report,
            // An invocation catches its job's panics, so this is a panic of the runner's own.
            Some(Err(error)) => tracing::error!("an invocation ended without a report: {error}"),
            None => break,
        }
    }
    clock.abort();
    let deadline_passed = shared.cut_by_deadline.load(Ordering::Relaxed);
    let is_stopped = shared.stop.phase() > Phase::Running && !deadline_passed;
    RunReport::new(&shared.options, reports, is_stopped, deadline_passed)
}

/// Cuts the run at its deadline, or when its stop budget is used up.
async fn keep_time(shared: Arc<Shared>, source: StopSource) {
    let at_budget = async {
        shared.stop.reached(Phase::Draining).await;
        tokio::time::sleep(shared.options.stop_budget).await;
    };
    tokio::select! {
        () = shutdown::at(shared.options.deadline) => {
            // A run that was told to stop before ends for that reason.
            let in_time = shared.stop.phase() == Phase::Running;
            shared.cut_by_deadline.store(in_time, Ordering::Relaxed);
        }
        () = at_budget => {}
    }
    source.advance(Phase::Cut);
}
