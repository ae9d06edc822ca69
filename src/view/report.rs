//! The report of a run: of few jobs all, of many those that failed; what was changed, or of a plan
//! what would be; the totals.

use std::io;

use crate::outcome::Outcome;
use crate::report::{JobReport, RunReport};

use super::plan::{planned_job, totals_of_plan};
use super::style::{Line, Paint, Status, Style, note};
use super::table::{Align, Cell, Column, table};
use super::text::{count, neutralise, wrap};
use super::time::duration;

/// The most jobs of a run that are all listed.
const JOBS_MAX: u64 = 30;

/// Of a run with more, the failures that are listed.
const FAILURES_MAX: usize = 50;

/// The most jobs of a plan whose differences are shown.
const PLANNED_MAX: usize = 200;

/// The table of a run's jobs.
pub(super) const JOB_LAYOUT: [Column; 5] = [
    Column {
        head: "JOB",
        align: Align::Left,
        floor: Some(12),
        importance: 9,
    },
    Column {
        head: "OUTCOME",
        align: Align::Left,
        floor: None,
        importance: 8,
    },
    Column {
        head: "ATTEMPTS",
        align: Align::Right,
        floor: None,
        importance: 1,
    },
    Column {
        head: "DURATION",
        align: Align::Right,
        floor: None,
        importance: 2,
    },
    Column {
        head: "TRACE",
        align: Align::Left,
        floor: None, // to be copied
        importance: 3,
    },
];

/// The jobs of a run, what was changed, what went wrong, the totals, and what became of the
/// segments.
///
/// # Errors
/// The kept reports of the jobs cannot be read.
pub fn report(report: &RunReport, style: Style) -> io::Result<String> {
    let Jobs {
        listed,
        planned,
        created,
        buckets,
    } = Jobs::of(report)?;
    let mut lines = Vec::new();
    for job in &planned {
        lines.extend(planned_job(job, style));
    }
    let would_change = usize::try_from(report.totals.planned).unwrap_or(usize::MAX);
    let unplanned = would_change.saturating_sub(PLANNED_MAX);
    if unplanned > 0 {
        lines.push(note(&format!("… {unplanned} more would change"), style));
        lines.push(String::new());
    }
    lines.extend(table_of(report, &listed, style));
    if !lines.is_empty() && lines.last().is_some_and(|line| !line.is_empty()) {
        lines.push(String::new());
    }
    let totals = if report.plan {
        totals_of_plan(report, created, buckets)
    } else {
        totals(report)
    };
    lines.extend(folded(&totals, Paint::Strong, style));
    if let Some(segments) = report.segments {
        let paint = match segments.lost() {
            0 => Paint::Plain,
            _ => Paint::Status(Status::Error),
        };
        lines.extend(folded(&format!("segments: {segments}"), paint, style));
    }
    lines.extend(about_run(report, style));
    Ok(lines.join("\n") + "\n")
}

/// What of the jobs is shown.
#[derive(Default)]
struct Jobs {
    /// In the table.
    listed: Vec<JobReport>,
    /// With what would change.
    planned: Vec<JobReport>,
    /// How many of a plan are about what is not there yet.
    created: u64,
    /// How many are about a bucket.
    buckets: u64,
}

impl Jobs {
    fn of(report: &RunReport) -> io::Result<Self> {
        let mut jobs = Self::default();
        let is_small = report.totals.jobs <= JOBS_MAX;
        for job in report.jobs.iter() {
            let job = job?;
            jobs.buckets += u64::from(job.bucket.is_some());
            if let Outcome::Planned { creates, .. } = job.outcome {
                jobs.created += u64::from(creates);
                if jobs.planned.len() < PLANNED_MAX {
                    jobs.planned.push(job);
                }
            } else if report.plan && is_small && job.outcome == Outcome::Unchanged {
                jobs.planned.push(job);
            } else if is_small || (is_failure(&job.outcome) && jobs.listed.len() < FAILURES_MAX) {
                jobs.listed.push(job);
            }
        }
        Ok(jobs)
    }
}

fn is_failure(outcome: &Outcome) -> bool {
    !outcome.is_done() && *outcome != Outcome::NotRun
}

fn table_of(report: &RunReport, listed: &[JobReport], style: Style) -> Vec<String> {
    if listed.is_empty() {
        return Vec::new();
    }
    let cells: Vec<Vec<Cell>> = listed.iter().map(cells).collect();
    let mut drawn = table(&JOB_LAYOUT, &cells, style).into_iter();
    let mut lines: Vec<String> = drawn.next().into_iter().collect();
    for (job, row) in listed.iter().zip(drawn) {
        lines.push(row);
        lines.extend(details(&job.outcome, style));
        if is_failure(&job.outcome)
            && let Some(url) = report.console_url_of(job)
        {
            lines.push(link(&url));
        }
    }
    let totals = report.totals;
    let failures = totals.failed + totals.interrupted;
    let listed_failures = listed.iter().filter(|job| is_failure(&job.outcome)).count() as u64;
    let unlisted = failures.saturating_sub(listed_failures);
    if unlisted > 0 {
        let text = format!("… {unlisted} more failed or were interrupted");
        lines.push(note(&text, style));
    }
    lines
}

/// An address, which is no use when it is shortened.
fn link(url: &str) -> String {
    format!("  {}", neutralise(url))
}

fn cells(job: &JobReport) -> Vec<Cell> {
    let took = match job.attempts {
        0 => "–".to_owned(),
        _ => duration(job.duration.as_secs_f64()),
    };
    let trace_id = job.trace_id.as_ref().filter(|_| !job.unsampled);
    vec![
        (Paint::Plain, job.job.clone()),
        (paint(&job.outcome), job.outcome.word().to_owned()),
        (Paint::Plain, job.attempts.to_string()),
        (Paint::Plain, took),
        (Paint::Quiet, trace_id.cloned().unwrap_or_default()),
    ]
}

fn paint(outcome: &Outcome) -> Paint {
    match outcome {
        Outcome::Unchanged | Outcome::DoneBefore => Paint::Plain,
        Outcome::Changed { .. } | Outcome::Planned { .. } => Paint::Status(Status::Ok),
        Outcome::Failed { .. } | Outcome::TimedOut { .. } => Paint::Status(Status::Fault),
        Outcome::Interrupted | Outcome::NotRun => Paint::Status(Status::Error),
    }
}

/// What stands beneath a job's line: its changes, or why it failed, folded to the width.
fn details(outcome: &Outcome, style: Style) -> Vec<String> {
    match outcome {
        Outcome::Changed { changes } => changes
            .iter()
            .map(|change| line(style, Paint::Quiet, &format!("  + {change}")))
            .collect(),
        Outcome::Failed { error } => explained(&error.message, style),
        Outcome::TimedOut { limit, error } => {
            let text = format!("it had {}", duration(limit.as_secs_f64()));
            let mut lines = vec![line(style, Paint::Quiet, &format!("  {text}"))];
            if let Some(error) = error {
                lines.extend(explained(&format!("before that: {}", error.message), style));
            }
            lines
        }
        Outcome::Unchanged
        | Outcome::Planned { .. }
        | Outcome::DoneBefore
        | Outcome::Interrupted
        | Outcome::NotRun => Vec::new(),
    }
}

/// A message beneath a line, folded to the width.
pub(super) fn explained(message: &str, style: Style) -> Vec<String> {
    let parts = wrap(message, style.columns() - 2);
    let draw = |part: &String| line(style, Paint::Plain, &format!("  {part}"));
    parts.iter().map(draw).collect()
}

fn totals(report: &RunReport) -> String {
    let totals = report.totals;
    let mut text = count(totals.jobs, "job");
    for (number, word) in totals.by_word() {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    if totals.unchanged == totals.jobs {
        text.push_str(": nothing to change");
    }
    if let Some(tolerated) = report.tolerated {
        text.push_str(&format!("; {} tolerated", count(tolerated, "failure")));
    }
    let took = duration(report.duration.as_secs_f64());
    format!("{text}, in {took}")
}

/// Which run it was, and where its own trace is.
fn about_run(report: &RunReport, style: Style) -> Vec<String> {
    let mut text = format!("run {}", report.run_id);
    if let Some(shard) = &report.shard {
        text.push_str(&format!(", shard {shard}"));
    }
    if report.resumed {
        text.push_str(", went on where it was cut off");
    }
    let mut lines = folded(&text, Paint::Quiet, style);
    if let Some(trace_id) = &report.trace_id {
        lines.push(note(&format!("trace {trace_id}"), style));
    }
    lines.extend(report.console_url().map(|url| link(&url)));
    lines
}

/// A text in as many lines as it needs.
pub(super) fn folded(text: &str, paint: Paint, style: Style) -> Vec<String> {
    let parts = wrap(text, style.columns());
    parts.iter().map(|part| line(style, paint, part)).collect()
}

pub(super) fn line(style: Style, paint: Paint, text: &str) -> String {
    let mut line = Line::new(style);
    line.push(paint, text);
    line.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn drawn(run: &RunReport) -> String {
        report(run, Style::default()).unwrap()
    }

    #[test]
    fn a_small_run_is_shown_whole() {
        let narrow = Style {
            colour: true,
            width: 48,
        };
        insta::assert_snapshot!("report", drawn(&samples::run()));
        let text = report(&samples::run(), narrow).unwrap();
        insta::assert_snapshot!("report_narrow", text.replace('\x1b', "␛"));
        let same = samples::run_of([samples::job("photos", Outcome::Unchanged)]);
        insta::assert_snapshot!("report_unchanged", drawn(&same));
    }

    #[test]
    fn of_a_large_run_the_failures_are_shown() {
        let text = drawn(&samples::large(10_000));
        assert!(text.contains("job-4999 "), "{text}");
        assert!(!text.contains("job-5099 "), "{text}");
        assert!(
            text.contains("\n… 50 more failed or were interrupted\n"),
            "{text}"
        );
        assert!(text.contains("\n10000 jobs, 9900 unchanged, 100 failed, in 1.24 s\n"));
        let done = samples::run_of((0..31).map(|_| samples::job("x", Outcome::Unchanged)));
        insta::assert_snapshot!("report_large", drawn(&done));
    }

    #[test]
    fn a_plan_shows_what_differs_bucket_by_bucket() {
        let colour = Style {
            colour: true,
            width: 44,
        };
        insta::assert_snapshot!("plan", drawn(&samples::plan()));
        let text = report(&samples::plan(), colour).unwrap();
        insta::assert_snapshot!("plan_colour", text.replace('\x1b', "␛"));
    }

    #[test]
    fn tolerated_failures_are_told() {
        let run = RunReport {
            tolerated: Some(1),
            ..samples::named("x", "no")
        };
        assert!(drawn(&run).contains("1 job, 1 failed; 1 failure tolerated, in "));
    }
}
