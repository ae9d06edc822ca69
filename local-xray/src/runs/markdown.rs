//! The report as Markdown, as GitHub and others show it: the outcome, what failed, what was changed, and
//! the jobs as a table. Of very many jobs it holds a part, and says of how many.

use std::fmt::Write as _;

use super::{Counts, JobReport, Report, Standing};
use crate::map::{count, duration};

/// How many failures a report for people tells with their reason.
pub(crate) const REPORTED_FAILURES_MAX: usize = 50;

/// How many jobs a report for people has in its table, and with changes.
pub(crate) const REPORTED_JOBS_MAX: usize = 200;

/// A report as Markdown.
pub fn markdown(report: &Report<'_>) -> String {
    let mut out = String::new();
    // Writing into a text fails never.
    let _ = write_head(report, &mut out);
    let _ = write_failures(report, &mut out);
    let _ = write_changes(report, &mut out);
    let _ = write_jobs(report, &mut out);
    out
}

fn write_head(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    let (name, outcome) = (escaped(report.name), escaped(report.outcome));
    writeln!(out, "# Run {}: {outcome}\n", escaped(report.run_id))?;
    let took = duration(report.duration_ms / 1e3);
    write!(out, "{name}. Began {}, took {took}.", report.started_at)?;
    if let Some(shard) = report.shard {
        write!(out, " Shard {}.", escaped(shard))?;
    }
    if let Some(trace_id) = &report.trace_id {
        write!(out, " Trace `{trace_id}`.")?;
    }
    let counts: Counts = report.jobs.iter().map(|job| job.standing).collect();
    let jobs = count(report.jobs.len() as u64, "job");
    writeln!(
        out,
        "\n\nMade of the traces of {jobs}: {}.\n",
        counts.words()
    )
}

fn write_failures(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    let is_failed = |job: &&JobReport<'_>| job.standing == Standing::Failed;
    let failed: Vec<_> = report.jobs.iter().filter(is_failed).collect();
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Failures\n")?;
    for job in failed.iter().take(REPORTED_FAILURES_MAX) {
        write!(out, "- **{}** {}", escaped(job.job), escaped(job.outcome))?;
        if let Some(error) = job.error() {
            write!(out, ": {}", escaped(error))?;
        }
        write!(out, " (")?;
        if let Some(attempts) = job.attempts {
            write!(out, "{}, ", count(attempts.into(), "attempt"))?;
        }
        writeln!(out, "trace `{}`)", job.trace_id)?;
    }
    write_rest(failed.len(), REPORTED_FAILURES_MAX, out)?;
    writeln!(out)
}

fn write_changes(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    let changed: Vec<_> = report
        .jobs
        .iter()
        .filter(|job| !job.changes.is_empty())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Changes\n")?;
    for job in changed.iter().take(REPORTED_JOBS_MAX) {
        writeln!(out, "**{}** {}\n", escaped(job.job), escaped(job.outcome))?;
        for change in &job.changes {
            writeln!(out, "- {}", escaped(change))?;
        }
        writeln!(out)?;
    }
    write_rest(changed.len(), REPORTED_JOBS_MAX, out)
}

fn write_jobs(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    writeln!(out, "## Jobs\n")?;
    writeln!(
        out,
        "| job | bucket | outcome | attempts | duration | trace |"
    )?;
    writeln!(out, "| --- | --- | --- | ---: | ---: | --- |")?;
    for job in report.jobs.iter().take(REPORTED_JOBS_MAX) {
        let (name, bucket) = (escaped(job.job), escaped(job.bucket.unwrap_or_default()));
        let attempts = job
            .attempts
            .map_or_else(|| "–".to_owned(), |attempts| attempts.to_string());
        let took = job
            .duration_ms
            .map_or_else(|| "–".to_owned(), |ms| duration(ms / 1e3));
        let outcome = escaped(job.outcome);
        writeln!(
            out,
            "| {name} | {bucket} | {outcome} | {attempts} | {took} | `{}` |",
            job.trace_id
        )?;
    }
    if report.jobs.len() > REPORTED_JOBS_MAX {
        let left = report.jobs.len() - REPORTED_JOBS_MAX;
        writeln!(out, "\n… {left} more; the report as JSON has them all.")?;
    }
    Ok(())
}

fn write_rest(all: usize, told: usize, out: &mut String) -> std::fmt::Result {
    match all.checked_sub(told) {
        Some(left @ 1..) => writeln!(out, "- … {left} more"),
        _ => Ok(()),
    }
}

/// Text that means nothing to Markdown or HTML: one line, nothing of it markup, nothing that turns others.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                escaped.extend(['\\', c]);
            }
            '\u{2028}' | '\u{2029}' => escaped.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_line_or_cell(text in any::<String>()) {
            let escaped = escaped(&text);
            prop_assert!(!escaped.contains(['<', '>', '\n', '\r']));
            let bare = escaped.replace("\\\\", "").replace("\\|", "");
            prop_assert!(!bare.contains('|'), "{}", escaped);
        }
    }

    #[test]
    fn text_stays_readable() {
        assert_eq!(
            escaped("tags: +team=data → on\nnext"),
            "tags: +team=data → on next"
        );
        assert_eq!(escaped("a_b|<c>\u{202e}"), r"a\_b\|&lt;c&gt;");
    }
}
