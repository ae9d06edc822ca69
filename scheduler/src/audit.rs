//! Holds the firings that were due against the runs that there were: missed, late, duplicate,
//! overlapping, failed. EventBridge itself counts a firing as delivered when ECS could not start a
//! task, or when the task died before it ran.

mod due;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Serialize, Serializer};

pub use due::{Due, Firing, Ids, Note, Schedule, due};

/// How long a run in progress may be on its way when no later one tells that it has ended.
const RUN_MAX: TimeDelta = TimeDelta::days(1);

/// A run that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id, without its part.
    pub run_id: String,
    /// Which part of the jobs it ran, as `I/N`.
    pub shard: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; none while it runs, or when it was killed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub end: End,
    /// Where this is known from.
    pub source: Source,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Done,
    /// With this exit code.
    Code(u8),
    /// With a fault, by its trace.
    Fault,
    /// Not yet, by its trace.
    Running,
}

/// Where a run is known from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// This object is its report.
    Report(String),
    /// This trace has its segment.
    Trace(String),
}

/// What is wrong with a firing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The target.
    pub target: String,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// The id that its run has.
    pub run_id: String,
    /// The trace of its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Problem,
}

/// What can be wrong with a firing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    /// No run was found.
    Missed,
    /// The run began later than it may.
    Late {
        /// How much after it was due.
        #[serde(rename = "by_s", serialize_with = "seconds")]
        by: TimeDelta,
    },
    /// It ran more than once.
    Duplicate {
        /// How often.
        runs: usize,
    },
    /// The next run of the target began before this one ended.
    Overlapping {
        /// When the next run began.
        next_started_at: DateTime<Utc>,
    },
    /// Not every part of the jobs ran.
    Incomplete {
        /// How many parts ran.
        parts: usize,
        /// How many there are.
        of: usize,
    },
    /// The run never ended, as far as its trace tells: it was killed.
    Unfinished,
    /// The run did not do all of its jobs.
    Failed {
        /// Its exit code, where a report tells it.
        #[serde(skip_serializing_if = "Option::is_none")]
        exit_code: Option<u8>,
    },
}

impl Problem {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Late { .. } => "late",
            Self::Duplicate { .. } => "duplicate",
            Self::Overlapping { .. } => "overlapping",
            Self::Incomplete { .. } => "incomplete",
            Self::Unfinished => "unfinished",
            Self::Failed { .. } => "failed",
        }
    }
}

/// What is known of one target's firings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The rule.
    pub rule: String,
    /// The target.
    pub target: String,
    /// How many firings were due.
    pub due: usize,
    /// How many of them ran.
    pub ran: usize,
    /// What cannot be told, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Audit {
    /// Each target of each rule that fires.
    pub targets: Vec<Tally>,
    /// What is wrong, in the order of time.
    pub findings: Vec<Finding>,
    /// How many runs were found that are no firing of these rules, such as those by hand.
    pub other_runs: usize,
}

impl Audit {
    /// Whether everything ran as it should, as far as can be told.
    pub fn is_clean(&self) -> bool {
        self.problem_count() == 0
    }

    /// How many problems there are, targets that should have run and never did among them.
    pub fn problem_count(&self) -> usize {
        let is_silent = |tally: &&Tally| matches!(tally.note, Some(Note::Silent(_)));
        self.findings.len() + self.targets.iter().filter(is_silent).count()
    }
}

/// What is still good.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long after it was due a run may begin.
    pub late: Duration,
    /// The moment up to which firings are looked at.
    pub now: DateTime<Utc>,
}

/// Holds runs against what was due.
pub fn audit(due: &[Due], runs: &[Run], limits: Limits) -> Audit {
    let mut by_id: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        by_id.entry(&run.run_id).or_default().push(run);
    }
    let mut audit = Audit::default();
    for target in due {
        let mut ran = 0;
        let mut timeline = Vec::new();
        for firing in &target.firings {
            let found = by_id.remove(firing.run_id.as_str()).unwrap_or_default();
            let mut tell = |problem| audit.findings.push(target.finding(firing, problem));
            let Some(first) = found.iter().map(|run| run.started_at).min() else {
                if limits.is_over(firing.time) {
                    tell(Problem::Missed);
                }
                continue;
            };
            ran += 1;
            let by = first - firing.time;
            if by > delta(limits.late) {
                tell(Problem::Late { by });
            }
            let runs = most_runs(&found);
            if runs > target.task_count {
                tell(Problem::Duplicate { runs });
            }
            let (parts, of) = parts(&found);
            if parts < of && limits.is_over(firing.time) {
                tell(Problem::Incomplete { parts, of });
            }
            if let Some(exit_code) = failure(&found) {
                tell(Problem::Failed { exit_code });
            }
            timeline.push((firing, first, end_of(&found)));
        }
        timeline.sort_by_key(|(_, started_at, _)| *started_at);
        for pair in timeline.windows(2) {
            let [(firing, _, ended_at), (_, next_started_at, _)] = pair else {
                continue;
            };
            let Some(ended_at) = ended_at else {
                // A run that is killed leaves its segment in progress for ever.
                audit
                    .findings
                    .push(target.finding(firing, Problem::Unfinished));
                continue;
            };
            if ended_at > next_started_at {
                let problem = Problem::Overlapping {
                    next_started_at: *next_started_at,
                };
                audit.findings.push(target.finding(firing, problem));
            }
        }
        if let Some((firing, started_at, None)) = timeline.last()
            && *started_at + RUN_MAX < limits.now
        {
            audit
                .findings
                .push(target.finding(firing, Problem::Unfinished));
        }
        audit.targets.push(Tally {
            rule: target.rule.clone(),
            target: target.target.clone(),
            due: target.firings.len(),
            ran,
            note: target.note.clone(),
        });
    }
    audit.other_runs = by_id.len();
    audit.findings.sort_by_key(|finding| finding.due);
    audit
}

impl Due {
    fn finding(&self, firing: &Firing, problem: Problem) -> Finding {
        Finding {
            rule: self.rule.clone(),
            target: self.target.clone(),
            due: firing.time,
            run_id: firing.run_id.clone(),
            trace_id: firing.trace_id.clone(),
            problem,
        }
    }
}

impl Limits {
    /// Whether a run that has not begun will not come any more in time.
    fn is_over(&self, due: DateTime<Utc>) -> bool {
        due + delta(self.late) < self.now
    }
}

/// How many parts of the jobs ran, and how many there are.
fn parts(found: &[&Run]) -> (usize, usize) {
    let shards: BTreeSet<&str> = found
        .iter()
        .filter_map(|run| run.shard.as_deref())
        .collect();
    let counts = shards
        .iter()
        .filter_map(|shard| shard.split_once('/')?.1.parse().ok());
    (shards.len(), counts.max().unwrap_or_default())
}

/// How often the same part of the jobs ran. A report and a trace may tell of the same run.
fn most_runs(found: &[&Run]) -> usize {
    let mut counts: BTreeMap<(&Option<String>, bool), usize> = BTreeMap::new();
    for run in found {
        let is_report = matches!(run.source, Source::Report(_));
        *counts.entry((&run.shard, is_report)).or_default() += 1;
    }
    counts.into_values().max().unwrap_or_default()
}

/// Whether one of the runs failed, and with which code.
fn failure(found: &[&Run]) -> Option<Option<u8>> {
    let code = found.iter().find_map(|run| match run.end {
        End::Code(code) if code != 0 => Some(Some(code)),
        _ => None,
    });
    let has_fault = || found.iter().any(|run| run.end == End::Fault);
    code.or_else(|| has_fault().then_some(None))
}

/// When the last of the runs ended; nothing while it runs, as far as is known.
fn end_of(found: &[&Run]) -> Option<DateTime<Utc>> {
    let last = found.iter().filter_map(|run| run.ended_at).max();
    // A report tells of the end, also where a segment was lost.
    let has_report = found
        .iter()
        .any(|run| matches!(run.source, Source::Report(_)));
    let is_running = found.iter().any(|run| run.end == End::Running);
    last.filter(|_| has_report || !is_running)
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn seconds<S: Serializer>(delta: &TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(delta.num_seconds())
}

#[cfg(test)]
mod tests;
