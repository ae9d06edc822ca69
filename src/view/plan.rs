//! What a run would change: a block for each job with what differs, and the totals.

use crate::outcome::Outcome;
use crate::report::{JobReport, RunReport};

use super::style::{Line, Paint, Status, Style};
use super::text::{count, wrap};

/// A job of a plan: what it is about, and what differs line by line.
pub(super) fn planned_job(job: &JobReport, style: Style) -> Vec<String> {
    let (what, differences) = match &job.outcome {
        Outcome::Planned {
            creates,
            changes,
            diff,
        } => (
            if *creates { "to create" } else { "to change" },
            if diff.is_empty() { &changes[..] } else { diff },
        ),
        _ => ("as wanted", &[][..]),
    };
    let mut name = Line::new(style);
    name.push(Paint::Strong, job.bucket.as_ref().unwrap_or(&job.job));
    name.space(2).push(Paint::Quiet, what);
    let mut lines = vec![name.into_text()];
    for difference in differences {
        let paint = match difference.chars().next() {
            Some('+') => Paint::Status(Status::Ok),
            Some('-') => Paint::Status(Status::Fault),
            Some('~') => Paint::Status(Status::Error),
            _ => Paint::Plain,
        };
        // A value that is cut off may be the one that matters.
        let parts = wrap(difference, style.columns() - 4)
            .into_iter()
            .enumerate();
        lines.extend(parts.map(|(number, part)| {
            let mut line = Line::new(style);
            line.space(if number == 0 { 2 } else { 4 })
                .push(paint, &part);
            line.into_text()
        }));
    }
    lines.push(String::new());
    lines
}

/// `3 buckets: 1 to create, 1 to change, 1 as wanted`
pub(super) fn totals_of_plan(report: &RunReport, created: u64, buckets: u64) -> String {
    let totals = report.totals;
    let noun = if buckets == totals.jobs {
        "bucket"
    } else {
        "job"
    };
    let parts = [
        (created, "to create"),
        (totals.planned.saturating_sub(created), "to change"),
        (totals.unchanged, "as wanted"),
        (totals.failed, "failed"),
        (totals.interrupted, "interrupted"),
        (totals.not_run, "not looked at"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    format!("{}: {}", count(totals.jobs, noun), parts.join(", "))
}
