//! Runs as a list, and one run with what each of its jobs did.

use std::collections::BTreeSet;

use local_xray::runs::{Counts, Detail, Details, Invocation, Run, Standing, Told};
use tracing_xray::Timestamp;

use super::report::{JOB_LAYOUT, explained, folded, line};
use super::style::{Line, Paint, Status, Style, flow, note};
use super::table::{Align, Cell, Column, table};
use super::text::count;
use super::time::{duration, utc};

/// The most changes of a job that are shown.
const CHANGES_MAX: usize = 20;

const LAYOUT: [Column; 7] = [
    Column {
        head: "UTC",
        align: Align::Left,
        floor: None,
        importance: 3,
    },
    Column {
        head: "RUN",
        align: Align::Left,
        floor: Some(12),
        importance: 9,
    },
    Column {
        head: "NAME",
        align: Align::Left,
        floor: Some(8),
        importance: 6,
    },
    Column {
        head: "OUTCOME",
        align: Align::Left,
        floor: Some(12),
        importance: 8,
    },
    Column {
        head: "JOBS",
        align: Align::Right,
        floor: None,
        importance: 4,
    },
    Column {
        head: "DURATION",
        align: Align::Right,
        floor: None,
        importance: 5,
    },
    Column {
        head: "SCHEDULE",
        align: Align::Left,
        floor: Some(8),
        importance: 0,
    },
];

/// Runs in their order, one line each, at most `limit`; beneath them how all of them stand.
pub fn run_list(runs: &[&Run], limit: usize, now: Timestamp, style: Style) -> String {
    let shown = &runs[..runs.len().min(limit)];
    let starts = shown.iter().map(|run| run.start);
    let mut lines = under_date(starts, style, |time| {
        let cells: Vec<Vec<Cell>> = shown.iter().map(|run| cells(run, time, now)).collect();
        table(&LAYOUT, &cells, style)
    });
    lines.extend(beyond(runs.len() - shown.len(), "run", style));
    lines.push(String::new());
    let standings: Counts = runs.iter().map(|run| run.standing()).collect();
    lines.extend(standings_of(
        &count(runs.len() as u64, "run"),
        &standings,
        style,
    ));
    lines.join("\n") + "\n"
}

fn cells(run: &Run, time: &str, now: Timestamp) -> Vec<Cell> {
    vec![
        (Paint::Quiet, utc(run.start.as_secs_f64(), time)),
        (Paint::Plain, run.id.clone()),
        (Paint::Strong, run.name().to_owned()),
        (paint(run.standing()), run.words()),
        (Paint::Plain, run.counts.all().to_string()),
        (Paint::Plain, so_far(run.seconds(now), run.standing())),
        (Paint::Quiet, run.schedule().unwrap_or_default().to_owned()),
    ]
}

/// A run: what it tells of itself, then some of its jobs, at most `limit`, with what each did.
pub fn run(
    run: &Run,
    told: &Told,
    jobs: &[&Invocation],
    details: &Details,
    limit: usize,
    now: Timestamp,
    style: Style,
) -> String {
    let mut lines = head(run, told, now, style);
    let shown = &jobs[..jobs.len().min(limit)];
    if !shown.is_empty() {
        let rows: Vec<Vec<Cell>> = shown
            .iter()
            .map(|job| job_cells(&job.job, job, now))
            .collect();
        lines.push(String::new());
        lines.extend(with_details(
            table(&JOB_LAYOUT, &rows, style),
            shown,
            details,
            style,
        ));
    }
    lines.extend(beyond(jobs.len() - shown.len(), "job", style));
    lines.push(String::new());
    let standings: Counts = jobs.iter().map(|job| job.standing).collect();
    lines.extend(standings_of(
        &count(jobs.len() as u64, "job"),
        &standings,
        style,
    ));
    lines.extend(made_of(run, told, style));
    lines.join("\n") + "\n"
}

fn head(run: &Run, told: &Told, now: Timestamp, style: Style) -> Vec<String> {
    let mut first = Line::new(style);
    first
        .push(Paint::Strong, run.name())
        .push(Paint::Plain, ":")
        .space(1);
    let mut lines = flow(
        first,
        &[(paint(run.standing()), run.words())],
        ", ",
        2,
        style,
    );
    lines.extend(folded(&format!("run {}", run.id), Paint::Plain, style));
    let own = run.own.as_ref();
    let fact = |word: &str, text: Option<&str>| text.map(|text| format!("{word} {text}"));
    let started = utc(run.start.as_secs_f64(), "%Y-%m-%d %H:%M:%S UTC");
    let took = match run.standing() {
        Standing::Running => "for",
        _ => "took",
    };
    let waited = told.waited.iter();
    let waited = waited.map(|(name, seconds)| format!("{name} {}", duration(*seconds)));
    let waited = waited.collect::<Vec<_>>().join(", ");
    let facts = [
        Some(format!("started {started}")),
        Some(format!(
            "{took} {}",
            so_far(run.seconds(now), run.standing())
        )),
        fact("by", run.schedule()),
        fact(
            "scheduled for",
            own.and_then(|own| own.scheduled_time.as_deref()),
        ),
        fact("shard", own.and_then(|own| own.shard.as_deref())),
        (!waited.is_empty()).then(|| format!("before its start {waited}")),
        told.version.clone(),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    lines.extend(folded(&facts, Paint::Quiet, style));
    if let Some(own) = own {
        lines.push(note(&format!("trace {}", own.trace_id), style));
    }
    lines
}

/// What was counted by the run itself, and what of it is not here.
fn made_of(run: &Run, told: &Told, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(totals) = told.totals_in_words() {
        lines.extend(folded(
            &format!("the run itself counted {totals}"),
            Paint::Quiet,
            style,
        ));
    }
    if run.starts > 1 {
        let text = format!(
            "started {} times: of each job the latest invocation",
            run.starts
        );
        lines.extend(folded(&text, Paint::Quiet, style));
    }
    if let missing @ 1.. = told.missing(run) {
        let are = if missing == 1 { "is" } else { "are" };
        let text = format!(
            "{} that ran {are} not here: not sampled, dropped on the way, or removed since",
            count(missing as u64, "job")
        );
        lines.extend(folded(&text, Paint::Status(Status::Error), style));
    }
    lines
}

/// The cells of an invocation after whatever names it.
pub(super) fn job_cells(name: &str, job: &Invocation, now: Timestamp) -> Vec<Cell> {
    let attempts = job.attempts.map(|attempts| attempts.to_string());
    let took = match job.seconds(now) {
        Some(seconds) => so_far(seconds, job.standing),
        None => "–".to_owned(),
    };
    vec![
        (Paint::Plain, name.to_owned()),
        (paint(job.standing), job.word().to_owned()),
        (Paint::Plain, attempts.unwrap_or_else(|| "–".to_owned())),
        (Paint::Plain, took),
        (Paint::Quiet, job.trace_id.to_string()),
    ]
}

/// The lines of a table, the first of which is its head, each with what its invocation did beneath it.
pub(super) fn with_details(
    table: Vec<String>,
    invocations: &[&Invocation],
    details: &Details,
    style: Style,
) -> Vec<String> {
    let mut rows = table.into_iter();
    let mut lines: Vec<String> = rows.next().into_iter().collect();
    for (invocation, row) in invocations.iter().zip(rows) {
        lines.push(row);
        if let Some(detail) = details.of(invocation) {
            lines.extend(did(detail, style));
        }
    }
    lines
}

/// Why it failed, the attempts that failed otherwise, and what was changed.
fn did(detail: &Detail, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(error) = &detail.error {
        lines.extend(explained(error, style));
    }
    for (attempt, error) in detail.told_apart() {
        if let Some(error) = error {
            lines.extend(explained(&format!("{}: {error}", attempt.name), style));
        }
    }
    for change in detail.changes.iter().take(CHANGES_MAX) {
        lines.push(line(style, Paint::Quiet, &format!("  + {change}")));
    }
    if let Some(more @ 1..) = detail.changes.len().checked_sub(CHANGES_MAX) {
        lines.push(note(&format!("  … {more} more"), style));
    }
    lines
}

/// A table whose rows have a time each: of one day under its date, else with the date in the time. The
/// table is drawn with a format for the time.
pub(super) fn under_date(
    times: impl Iterator<Item = Timestamp>,
    style: Style,
    drawn: impl FnOnce(&str) -> Vec<String>,
) -> Vec<String> {
    let dates: BTreeSet<String> = times
        .map(|time| utc(time.as_secs_f64(), "%Y-%m-%d"))
        .collect();
    match dates.first().filter(|_| dates.len() == 1) {
        Some(date) => {
            let mut lines = drawn("%H:%M:%S");
            lines.insert(1.min(lines.len()), line(style, Paint::Strong, date));
            lines
        }
        None => drawn("%m-%d %H:%M:%S"),
    }
}

pub(super) fn beyond(more: usize, noun: &str, style: Style) -> Option<String> {
    let text = format!(
        "… {} beyond --limit",
        count(more as u64, &format!("more {noun}"))
    );
    (more > 0).then(|| note(&text, style))
}

/// `7 runs: 1 running, 6 done`.
pub(super) fn standings_of(all: &str, counts: &Counts, style: Style) -> Vec<String> {
    let mut first = Line::new(style);
    first.push(Paint::Strong, all);
    if counts.all() > 0 {
        first.push(Paint::Plain, ":").space(1);
    }
    let told = Standing::ALL
        .into_iter()
        .filter(|&standing| counts.of(standing) > 0);
    let told = told.map(|standing| {
        let words = format!("{} {}", counts.of(standing), standing.word());
        (paint(standing), words)
    });
    flow(first, &told.collect::<Vec<_>>(), ", ", 2, style)
}

/// How long it took; of what runs, up to now.
fn so_far(seconds: f64, standing: Standing) -> String {
    match standing {
        Standing::Running => format!("{} …", duration(seconds)),
        _ => duration(seconds),
    }
}

pub(super) fn paint(standing: Standing) -> Paint {
    Paint::Status(match standing {
        Standing::Running => Status::InProgress,
        Standing::Failed => Status::Fault,
        Standing::Unknown => Status::Error,
        Standing::Done => Status::Ok,
    })
}
