//! Watches tasks until they end: their states, and the log of their workers.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use crate::calls::RemoteError;
use crate::ecs::{AwsLogs, ContainerState, Ecs, TaskState};

/// How often the log of a task that has stopped is looked at for lines that come late.
const LATE_LOOKS: u32 = 3;

/// The longest time between such looks.
const LATE_INTERVAL: Duration = Duration::from_secs(1);

/// How many reads of a log in a row may fail before it is given up.
const FAILED_READS_MAX: u32 = 10;

/// The most parts of a log that are read at one look: a task that writes much is not all there is.
const PAGES_MAX: u32 = 100;

/// How many looks in a row may fail before the watching is given up.
const FAILED_LOOKS_MAX: u32 = 10;

/// How many looks in a row may not find a task: ECS may not know a new one everywhere yet, and has
/// forgotten one that stopped an hour ago.
const MISSING_LOOKS_MAX: u32 = 10;

/// A task that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// What it is called in lines that tell of it.
    pub label: String,
    /// The ARN of the cluster.
    pub cluster: String,
    /// Its ARN.
    pub arn: String,
    /// The container whose exit code and log are the task's.
    pub worker: String,
    /// Where that container's output goes, where it can be read.
    pub logs: Option<AwsLogs>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub task: Watched,
    /// The exit code of its worker; none when that never started, or when ECS has forgotten the task.
    pub exit_code: Option<i32>,
    /// Why, where it is not that the worker ended by itself.
    pub reason: Option<String>,
}

/// What is told while tasks are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// A task is in another state.
    Status(&'a Watched, &'a str),
    /// A line of a worker's log.
    Line(&'a Watched, &'a str),
    /// Something failed that is tried again.
    Trouble(&'a Watched, String),
}

/// A stream of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// The log group.
    pub group: String,
    /// The stream.
    pub stream: String,
    /// The region of both, where it is not the client's.
    pub region: Option<String>,
}

/// A part of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The lines.
    pub lines: Vec<String>,
    /// Where the next part begins; the same as before at the end.
    pub next: Option<String>,
    /// Whether the stream is there at all.
    pub is_there: bool,
}

/// Reads the logs of tasks.
pub trait ReadLogs {
    /// The part of a stream that begins at `from`, or the first one. A stream that is not there yet
    /// has no lines.
    fn read(
        &self,
        stream: &LogStream,
        from: Option<&str>,
    ) -> impl Future<Output = Result<LogPage, String>>;
}

/// Watches tasks until all have stopped, looking at them from time to time, and tells what it sees.
///
/// # Errors
/// ECS does not tell of the tasks any more.
pub async fn watch(
    ecs: &Ecs,
    logs: &impl ReadLogs,
    tasks: &[Watched],
    interval: Duration,
    mut tell: impl FnMut(Told<'_>),
) -> Result<Vec<Ended>, RemoteError> {
    let mut watching: Vec<Watching<'_>> = tasks.iter().map(Watching::new).collect();
    let mut failed_looks = 0;
    loop {
        match look(ecs, &mut watching, &mut tell).await {
            Ok(()) => failed_looks = 0,
            Err(error) if failed_looks == FAILED_LOOKS_MAX => return Err(error),
            Err(error) => {
                failed_looks += 1;
                if let Some(first) = tasks.first() {
                    tell(Told::Trouble(first, error.to_string()));
                }
            }
        }
        for one in &mut watching {
            // Where one log cannot be read the others would only make everybody wait.
            if one.read_log(logs, &mut tell).await.is_err() {
                break;
            }
        }
        if watching.iter().all(Watching::is_done) {
            return Ok(watching.into_iter().map(Watching::ended).collect());
        }
        // The last lines of a log are there soon, or never.
        let is_over = watching.iter().all(Watching::has_stopped);
        sleep(if is_over {
            interval.min(LATE_INTERVAL)
        } else {
            interval
        })
        .await;
    }
}

/// A log could not be read this time.
struct Unreadable;

struct Watching<'t> {
    task: &'t Watched,
    status: String,
    state: Option<TaskState>,
    /// How many looks in a row have not found it.
    missing_looks: u32,
    stream: Option<LogStream>,
    from: Option<String>,
    /// How often the log is still to be looked at after the task stopped.
    late_looks: u32,
    /// How many reads of the log in a row have failed.
    failed_reads: u32,
    has_told_trouble: bool,
    /// Whether the stream was ever there.
    is_log_there: bool,
}

async fn look(
    ecs: &Ecs,
    watching: &mut [Watching<'_>],
    tell: &mut impl FnMut(Told<'_>),
) -> Result<(), RemoteError> {
    let mut by_cluster: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in watching.iter().filter(|one| !one.has_stopped()) {
        by_cluster
            .entry(&one.task.cluster)
            .or_default()
            .push(&one.task.arn);
    }
    for (cluster, arns) in by_cluster {
        let states = ecs.tasks(cluster, &arns).await?.into_iter();
        let mut states: BTreeMap<_, _> = states.map(|state| (state.arn.clone(), state)).collect();
        let asked = watching.iter_mut();
        let asked = asked.filter(|one| one.task.cluster == cluster && !one.has_stopped());
        for one in asked {
            match states.remove(&one.task.arn) {
                Some(state) => one.saw(state, tell),
                None => one.missing_looks += 1,
            }
        }
    }
    Ok(())
}

impl<'t> Watching<'t> {
    fn new(task: &'t Watched) -> Self {
        let stream = task.logs.as_ref().and_then(|logs| {
            Some(LogStream {
                group: logs.group.clone(),
                stream: logs.stream(&task.worker, &task.arn)?,
                region: logs.region.clone(),
            })
        });
        Self {
            task,
            status: String::new(),
            state: None,
            missing_looks: 0,
            late_looks: if stream.is_some() { LATE_LOOKS } else { 0 },
            stream,
            from: None,
            failed_reads: 0,
            has_told_trouble: false,
            is_log_there: false,
        }
    }

    fn has_stopped(&self) -> bool {
        self.status == "STOPPED" || self.is_lost()
    }

    fn is_lost(&self) -> bool {
        self.missing_looks > MISSING_LOOKS_MAX
    }

    fn is_done(&self) -> bool {
        self.has_stopped() && self.late_looks == 0
    }

    fn saw(&mut self, state: TaskState, tell: &mut impl FnMut(Told<'_>)) {
        if self.status != state.status {
            self.status.clone_from(&state.status);
            tell(Told::Status(self.task, &state.status));
        }
        self.missing_looks = 0;
        self.state = Some(state);
    }

    /// Reads what the log has by now.
    async fn read_log(
        &mut self,
        logs: &impl ReadLogs,
        tell: &mut impl FnMut(Told<'_>),
    ) -> Result<(), Unreadable> {
        let Some(stream) = self.stream.clone().filter(|_| !self.is_done()) else {
            return Ok(());
        };
        let mut is_new = false;
        for _ in 0..PAGES_MAX {
            let page = match logs.read(&stream, self.from.as_deref()).await {
                Ok(page) => page,
                Err(error) => return self.failed_to_read(error, tell),
            };
            self.failed_reads = 0;
            self.is_log_there |= page.is_there;
            for line in &page.lines {
                is_new = true;
                tell(Told::Line(self.task, line));
            }
            let is_end = page.next.is_none() || page.next == self.from;
            self.from = page.next.or(self.from.take());
            if is_end {
                break;
            }
        }
        if self.has_stopped() {
            // What a task wrote last may come a moment after it stopped.
            self.late_looks = match is_new {
                true => LATE_LOOKS,
                false => self.late_looks - 1,
            };
            if self.late_looks == 0 && !self.is_log_there && self.has_run() {
                let LogStream { group, stream, .. } = &stream;
                let trouble =
                    format!("nothing came into the log: there is no stream {stream} in {group}");
                tell(Told::Trouble(self.task, trouble));
            }
        }
        Ok(())
    }

    /// Whether the worker ran, so that it may have said something.
    fn has_run(&self) -> bool {
        let containers = self.state.iter().flat_map(|state| &state.containers);
        let mut workers = containers.filter(|one| one.name == self.task.worker);
        workers.any(|worker| worker.exit_code.is_some())
    }

    /// The first trouble is told, and the last one, with which the log is given up.
    fn failed_to_read(
        &mut self,
        error: String,
        tell: &mut impl FnMut(Told<'_>),
    ) -> Result<(), Unreadable> {
        self.failed_reads += 1;
        if self.failed_reads == FAILED_READS_MAX {
            self.stream = None;
            self.late_looks = 0;
            let trouble = format!("the rest of the log cannot be read: {error}");
            tell(Told::Trouble(self.task, trouble));
        } else if !std::mem::replace(&mut self.has_told_trouble, true) {
            tell(Told::Trouble(self.task, error));
        }
        Err(Unreadable)
    }

    fn ended(self) -> Ended {
        let is_lost = self.is_lost();
        let state = self.state.unwrap_or_default();
        let worker = state
            .containers
            .iter()
            .find(|one| one.name == self.task.worker);
        // Where the worker's name is not known, the one container that has a code tells.
        let mut codes = state.containers.iter().filter_map(|one| one.exit_code);
        let only = codes.next().filter(|_| codes.next().is_none());
        Ended {
            exit_code: match worker {
                Some(worker) => worker.exit_code,
                None => only.filter(|_| self.task.worker.is_empty()),
            },
            reason: match is_lost {
                true => Some(LOST.to_owned()),
                false => reason(&state, worker),
            },
            task: self.task.clone(),
        }
    }
}

/// Why a task has no end that is known.
const LOST: &str =
    "ECS does not know the task any more: it forgets one about an hour after its end";

/// Why a task stopped, where it is not that its worker ended by itself.
fn reason(state: &TaskState, worker: Option<&ContainerState>) -> Option<String> {
    let is_plain = state.stop_code.as_deref() == Some("EssentialContainerExited");
    let of_worker = worker.and_then(|worker| worker.reason.clone());
    if is_plain && worker.is_some_and(|worker| worker.exit_code.is_some()) {
        return of_worker;
    }
    let words = [
        state.stop_code.clone(),
        state.stopped_reason.clone(),
        of_worker,
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(": "))
}
