//! The report of a run as a table: every job with its outcome, what was changed, and what failed.

use crate::outcome::Outcome;
use crate::report::{JobReport, RunReport, SegmentCounts, Totals};

use super::style::{Line, Paint, Status, Style};
use super::table::{Align, Cell, Column, table};
use super::text::{count, wrap};
use super::time::duration;

/// The most jobs that are listed.
const JOBS_MAX: usize = 30;

const LAYOUT: [Column; 5] = [
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
pub fn report(report: &RunReport, style: Style) -> String {
    let (listed, unlisted) = listed(&report.jobs);
    let cells: Vec<Vec<Cell>> = listed.iter().map(|job| cells(job)).collect();
    let mut drawn = table(&LAYOUT, &cells, style).into_iter();
    let mut lines: Vec<String> = drawn.next().into_iter().collect();
    for (job, row) in listed.iter().zip(drawn) {
        lines.push(row);
        lines.extend(details(&job.outcome, style));
    }
    if !unlisted.is_empty() {
        let done = unlisted.iter().filter(|job| job.outcome.is_done()).count();
        let text = match unlisted.len() - done {
            0 => format!("… {done} more, all of them done"),
            not_done => format!("… {} more, {not_done} of them not done", unlisted.len()),
        };
        lines.push(line(style, Paint::Quiet, &text));
    }
    lines.push(String::new());
    lines.push(line(style, Paint::Strong, &totals(report)));
    if let Some(segments) = report.segments {
        let (paint, text) = fate_of_segments(segments);
        lines.push(line(style, paint, &text));
    }
    lines.push(line(style, Paint::Quiet, &format!("run {}", report.run_id)));
    lines.join("\n") + "\n"
}

/// All jobs of a small run; of a large one its first, and the first that are not done. Then those
/// that are not listed.
fn listed(jobs: &[JobReport]) -> (Vec<&JobReport>, Vec<&JobReport>) {
    let mut room = JOBS_MAX;
    let (mut listed, mut unlisted) = (Vec::new(), Vec::new());
    for (place, job) in jobs.iter().enumerate() {
        let is_telling = place < JOBS_MAX / 2 || !job.outcome.is_done();
        if jobs.len() <= JOBS_MAX || (is_telling && room > 0) {
            room = room.saturating_sub(1);
            listed.push(job);
        } else {
            unlisted.push(job);
        }
    }
    (listed, unlisted)
}

fn cells(job: &JobReport) -> Vec<Cell> {
    let ran = job.attempts > 0;
    vec![
        (Paint::Plain, job.job.clone()),
        (paint(&job.outcome), job.outcome.word().to_owned()),
        (Paint::Plain, job.attempts.to_string()),
        (
            Paint::Plain,
            if ran {
                duration(job.duration.as_secs_f64())
            } else {
                "–".to_owned()
            },
        ),
        (Paint::Quiet, job.trace_id.clone().unwrap_or_default()),
    ]
}

fn fate_of_segments(segments: SegmentCounts) -> (Paint, String) {
    let SegmentCounts {
        sent,
        refused,
        dropped,
        uploaded,
    } = segments;
    let mut text = format!("segments: {sent} sent, {refused} refused, {dropped} dropped");
    if refused > 0 {
        text.push_str(" (is the daemon up?)");
    }
    if let Some(uploaded) = uploaded {
        text.push_str(&format!("; {uploaded} in X-Ray"));
    }
    let lost = refused + dropped + sent.saturating_sub(uploaded.unwrap_or(sent));
    let paint = match lost {
        0 => Paint::Plain,
        _ => Paint::Status(Status::Error),
    };
    (paint, text)
}

fn paint(outcome: &Outcome) -> Paint {
    match outcome {
        Outcome::Unchanged => Paint::Plain,
        Outcome::Changed { .. } => Paint::Status(Status::Ok),
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
        Outcome::Unchanged | Outcome::Interrupted | Outcome::NotRun => Vec::new(),
    }
}

fn explained(message: &str, style: Style) -> Vec<String> {
    let parts = wrap(message, style.columns() - 2);
    let draw = |part: &String| line(style, Paint::Plain, &format!("  {part}"));
    parts.iter().map(draw).collect()
}

fn totals(report: &RunReport) -> String {
    let Totals {
        jobs,
        changed,
        unchanged,
        failed,
        interrupted,
        not_run,
    } = report.totals;
    let mut text = count(jobs as u64, "job");
    for (number, word) in [
        (changed, "changed"),
        (unchanged, "unchanged"),
        (failed, "failed"),
        (interrupted, "interrupted"),
        (not_run, "not run"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    if unchanged == jobs {
        text.push_str(": nothing to change");
    }
    let took = duration(report.duration.as_secs_f64());
    format!("{text}, in {took}")
}

fn line(style: Style, paint: Paint, text: &str) -> String {
    let mut line = Line::new(style);
    line.push(paint, text);
    line.into_text()
}
