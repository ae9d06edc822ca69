//! Which firings were due.
//!
//! A cron expression says it by itself. A rate counts from the moment its rule was made, which no API
//! tells: the runs that were found tell it.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::Serialize;

use crate::expression::Expression;
use crate::input::{RULE_ARN, SCHEDULED_TIME};
use crate::rule::{Rule, Target};

/// The firings of one target that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: String,
    /// The target.
    pub target: String,
    /// They, in the order of time.
    pub firings: Vec<Firing>,
    /// How many tasks each of them starts.
    pub task_count: usize,
    /// What cannot be told, and why.
    pub note: Option<Note>,
}

/// Why firings cannot be held against runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Nothing ran that should have, by this reckoning: a problem.
    Silent(String),
    /// The runs do not know which firing started them.
    Untold(String),
}

/// A firing that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// When.
    pub time: DateTime<Utc>,
    /// The id that its run has.
    pub run_id: String,
    /// The trace that its run has.
    pub trace_id: Option<String>,
}

/// What the ids of a firing are.
pub trait Ids {
    /// The run's id and the trace's, of a rule's target at a time.
    fn of(&self, rule: &str, target: &str, time: DateTime<Utc>) -> (String, Option<String>);
}

/// Which rules, and between which moments.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// The rules.
    pub rules: &'a [Rule],
    /// The first moment.
    pub since: DateTime<Utc>,
    /// The moment up to which firings are looked at.
    pub until: DateTime<Utc>,
}

/// The firings that were due of every target of every rule that fires. `seen` are the ids of the runs
/// that were found.
pub fn due(schedule: Schedule<'_>, ids: &impl Ids, seen: &BTreeSet<&str>) -> Vec<Due> {
    let mut all = Vec::new();
    for rule in schedule.rules.iter().filter(|rule| rule.is_enabled()) {
        let expression = rule.schedule.as_deref().map(Expression::parse);
        let Some(Ok(expression)) = expression else {
            continue;
        };
        for (target, wanted) in &rule.targets {
            let tasks = wanted.tasks.as_ref();
            let task_count = tasks.and_then(|tasks| usize::try_from(tasks.task_count).ok());
            let task_count = task_count.unwrap_or(1);
            if !is_told(wanted) {
                let note = "its tasks are not told their firing: give it a `worker` with `trigger`";
                all.push(Due {
                    rule: rule.name.clone(),
                    target: target.clone(),
                    firings: Vec::new(),
                    task_count,
                    note: Some(Note::Untold(note.to_owned())),
                });
                continue;
            }
            let firing = |time| {
                let (run_id, trace_id) = ids.of(&rule.name, target, time);
                Firing {
                    time,
                    run_id,
                    trace_id,
                }
            };
            let (times, note) = match &expression {
                Expression::Cron(_) => (times(&expression, schedule), None),
                Expression::Rate(rate) => {
                    let is_seen = |time| seen.contains(ids.of(&rule.name, target, time).0.as_str());
                    of_rate(rate.period(), schedule, is_seen)
                }
            };
            all.push(Due {
                rule: rule.name.clone(),
                target: target.clone(),
                firings: times.into_iter().map(firing).collect(),
                task_count,
                note,
            });
        }
    }
    all
}

/// Whether the tasks of a target learn which firing started them.
fn is_told(target: &Target) -> bool {
    let overrides = target.input.overrides();
    let mut containers = overrides
        .into_iter()
        .flat_map(|overrides| overrides.containers.values());
    containers.any(|container| {
        [RULE_ARN, SCHEDULED_TIME]
            .iter()
            .all(|name| container.environment.contains_key(*name))
    })
}

fn times(expression: &Expression, schedule: Schedule<'_>) -> Vec<DateTime<Utc>> {
    // Firings come strictly after a moment; the first one itself counts.
    let before = schedule.since - TimeDelta::nanoseconds(1);
    let firings = expression.firings(before);
    firings.take_while(|time| *time < schedule.until).collect()
}

/// The minutes whose runs are there, and between and around them those that the rate would have had.
fn of_rate(
    period: TimeDelta,
    schedule: Schedule<'_>,
    is_seen: impl Fn(DateTime<Utc>) -> bool,
) -> (Vec<DateTime<Utc>>, Option<Note>) {
    let minute = TimeDelta::minutes(1);
    let start = schedule
        .since
        .duration_trunc(minute)
        .unwrap_or(schedule.since);
    let mut minutes = Vec::new();
    let mut time = start;
    while time < schedule.until {
        minutes.push(time);
        time += minute;
    }
    let seen: Vec<DateTime<Utc>> = minutes.into_iter().filter(|time| is_seen(*time)).collect();
    let Some((first, last)) = seen.first().zip(seen.last()) else {
        let count = (schedule.until - schedule.since).num_minutes() / period.num_minutes().max(1);
        let note = format!(
            "a rate counts from when its rule was made, and without a run nothing tells when that was: \
             about {count} firings were due"
        );
        return (Vec::new(), (count > 0).then_some(Note::Silent(note)));
    };
    let mut times = Vec::new();
    let mut time = *first - period;
    while time >= schedule.since {
        times.push(time);
        time -= period;
    }
    for pair in seen.windows(2) {
        let [from, to] = pair else { continue };
        times.push(*from);
        // A rule that was made again has another phase from then on: less than half a period is no gap.
        let mut time = *from + period;
        while time + period / 2 < *to {
            times.push(time);
            time += period;
        }
    }
    let mut time = *last;
    while time < schedule.until {
        times.push(time);
        time += period;
    }
    times.sort_unstable();
    (times, None)
}
