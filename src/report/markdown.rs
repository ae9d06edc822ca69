//! The report as Markdown, as GitHub and others show it: the outcome, what failed, what was changed,
//! and the jobs as a table. Of very many jobs it holds a part, and says of how many.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{JobReport, RunReport, Totals};
use crate::outcome::{ExitStatus, Outcome};
use crate::view::{count, duration, neutralise};

/// Failures that are told with their reason.
const FAILURES_MAX: usize = 50;

/// Rows of the table of jobs, and jobs whose changes are told.
const JOBS_MAX: usize = 200;

/// Characters of a reason; a report of a job may hold more.
const MESSAGE_MAX: usize = 2_000;

pub(super) fn write(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    write_head(report, out)?;
    write_totals(report, out)?;
    write_failures(report, out)?;
    write_changes(report, out)?;
    write_jobs(report, out)
}

fn write_head(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    let what = if report.plan { "Plan" } else { "Run" };
    let (status, code) = (status_word(report.status), report.status.code());
    let run_id = escape(&report.run_id);
    writeln!(out, "# {what} {run_id}: {status} (exit code {code})\n")?;
    let started = report.started_at.format("%Y-%m-%d %H:%M:%S UTC");
    let took = duration(report.duration.as_secs_f64());
    write!(out, "Began {started}, took {took}.")?;
    if let Some(shard) = &report.shard {
        write!(out, " Shard {}.", escape(shard))?;
    }
    if report.resumed {
        write!(out, " It went on where an earlier start was cut off.")?;
    }
    if let Some(tolerated) = report.tolerated {
        write!(out, " {} tolerated.", count(tolerated, "failure"))?;
    }
    if let Some(trace_id) = &report.trace_id {
        let link = link(trace_id, report.console_url());
        write!(out, " Trace {link}.")?;
    }
    writeln!(out, "\n")
}

fn status_word(status: ExitStatus) -> &'static str {
    match status {
        ExitStatus::Done => "done",
        ExitStatus::Failed => "failed",
        ExitStatus::NotStarted => "not started",
        ExitStatus::Stopped => "stopped",
        ExitStatus::DeadlinePassed => "its deadline passed",
    }
}

fn write_totals(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    let Totals { jobs, .. } = report.totals;
    let counted = report.totals.by_word();
    let counted: Vec<_> = counted
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .collect();
    write!(out, "| jobs |")?;
    for (_, word) in &counted {
        write!(out, " {word} |")?;
    }
    writeln!(out, "\n|{}", " ---: |".repeat(counted.len() + 1))?;
    write!(out, "| {jobs} |")?;
    for (number, _) in &counted {
        write!(out, " {number} |")?;
    }
    writeln!(out, "\n")?;
    if let Some(segments) = report.segments {
        writeln!(out, "Segments: {segments}.\n")?;
    }
    Ok(())
}

fn write_failures(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    let mut told = 0;
    let mut left = 0_u64;
    for job in report.jobs.iter() {
        let job = job?;
        if job.outcome.is_done() || job.outcome == Outcome::NotRun {
            continue;
        }
        if told == FAILURES_MAX {
            left += 1;
            continue;
        }
        if told == 0 {
            writeln!(out, "## Failures\n")?;
        }
        told += 1;
        let name = escape(&job.job);
        write!(out, "- **{name}** {}", job.outcome.word())?;
        if let Outcome::TimedOut { limit, .. } = &job.outcome {
            write!(out, " after {}", duration(limit.as_secs_f64()))?;
        }
        if let Some(failure) = job.outcome.failure() {
            let before = match job.outcome {
                Outcome::TimedOut { .. } => "; before that",
                _ => "",
            };
            write!(out, "{before}: {}", escape(clipped(&failure.message)))?;
        }
        write!(out, " ({}", count(job.attempts.into(), "attempt"))?;
        if let Some(trace_id) = job.trace_id.as_deref().filter(|_| !job.unsampled) {
            let link = link(trace_id, report.console_url_of(&job));
            write!(out, ", trace {link}")?;
        }
        let failure = job.outcome.failure();
        if let Some(request_id) = failure.and_then(|failure| failure.request_id.as_deref()) {
            write!(out, ", S3 request {}", escape(request_id))?;
        }
        writeln!(out, ")")?;
    }
    if left > 0 {
        writeln!(out, "- … {left} more")?;
    }
    if told > 0 {
        writeln!(out)?;
    }
    Ok(())
}

fn write_changes(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    let mut told = 0;
    let mut left = 0_u64;
    for job in report.jobs.iter() {
        let job = job?;
        if !matches!(
            job.outcome,
            Outcome::Changed { .. } | Outcome::Planned { .. }
        ) {
            continue;
        }
        if told == JOBS_MAX {
            left += 1;
            continue;
        }
        if told == 0 {
            let what = if report.plan {
                "What would change"
            } else {
                "What was changed"
            };
            writeln!(out, "## {what}\n")?;
        }
        told += 1;
        write_changes_of(&job, out)?;
    }
    if left > 0 {
        writeln!(out, "… and of {left} more\n")?;
    }
    Ok(())
}

fn write_changes_of(job: &JobReport, out: &mut impl Write) -> io::Result<()> {
    let name = escape(&job.job);
    writeln!(out, "**{name}**\n")?;
    match &job.outcome {
        Outcome::Planned { diff, .. } if !diff.is_empty() => {
            // A fence that no line of it can end.
            let ticks = diff.iter().map(|line| longest_run(line, '`')).max();
            let fence = "`".repeat(ticks.unwrap_or(0).max(2) + 1);
            writeln!(out, "{fence}diff")?;
            for line in diff {
                writeln!(out, "{}", neutralise(line))?;
            }
            writeln!(out, "{fence}\n")
        }
        Outcome::Changed { changes } | Outcome::Planned { changes, .. } => {
            for change in changes {
                writeln!(out, "- {}", escape(change))?;
            }
            writeln!(out)
        }
        _ => Ok(()),
    }
}

fn write_jobs(report: &RunReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "## Jobs\n")?;
    writeln!(
        out,
        "| job | bucket | outcome | attempts | duration | trace |"
    )?;
    writeln!(out, "| --- | --- | --- | ---: | ---: | --- |")?;
    for job in report.jobs.iter().take(JOBS_MAX) {
        let job = job?;
        let trace_id = job.trace_id.as_deref().filter(|_| !job.unsampled);
        let trace = trace_id.map(|trace_id| link(trace_id, report.console_url_of(&job)));
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            escape(&job.job),
            escape(job.bucket.as_deref().unwrap_or("")),
            job.outcome.word(),
            job.attempts,
            match job.attempts {
                0 => "–".to_owned(),
                _ => duration(job.duration.as_secs_f64()),
            },
            trace.unwrap_or_default(),
        )?;
    }
    let left = report.totals.jobs.saturating_sub(JOBS_MAX as u64);
    if left > 0 {
        writeln!(out, "\n… {left} more; the report as JSON has them all.")?;
    }
    Ok(())
}

fn link(trace_id: &str, url: Option<String>) -> String {
    match url {
        Some(url) => format!("[{trace_id}]({url})"),
        None => format!("`{trace_id}`"),
    }
}

/// The beginning of a text that is very long.
fn clipped(text: &str) -> &str {
    let end = text.char_indices().nth(MESSAGE_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}

fn longest_run(text: &str, wanted: char) -> usize {
    let runs = text.split(|c| c != wanted).map(str::len);
    runs.max().unwrap_or(0)
}

/// Text that means nothing to Markdown or HTML: one line, nothing of it markup.
fn escape(text: &str) -> Cow<'_, str> {
    let text = neutralise(text);
    if !text.contains(|c: char| is_markup(c)) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            _ => {
                if is_markup(character) {
                    escaped.push('\\');
                }
                escaped.push(character);
            }
        }
    }
    escaped.into()
}

fn is_markup(character: char) -> bool {
    matches!(
        character,
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '!' | '$'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::samples;

    fn text_of(run: &RunReport) -> String {
        let mut text = Vec::new();
        write(run, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn failures_stand_first() {
        insta::assert_snapshot!("markdown", text_of(&samples::run()));
    }

    #[test]
    fn a_plan_shows_what_differs() {
        insta::assert_snapshot!("markdown_plan", text_of(&samples::plan()));
    }

    #[test]
    fn a_large_run_is_shown_in_part() {
        let text = text_of(&samples::large(10_000));
        assert!(text.contains("\n- … 50 more\n"), "{text}");
        assert!(text.ends_with("\n… 9800 more; the report as JSON has them all.\n"));
        assert!(text.lines().count() < 300);
    }

    proptest! {
        #[test]
        fn no_name_breaks_the_table(name in any::<String>(), message in any::<String>()) {
            let text = text_of(&samples::named(&name, &message));
            let plain = text_of(&samples::named("name", "message"));
            prop_assert_eq!(text.lines().count(), plain.lines().count());
            // As many cells as before, but for escaped bars.
            let bars = |text: &str| text.replace("\\\\", "").replace("\\|", "").matches('|').count();
            prop_assert_eq!(bars(&text), bars(&plain));
            prop_assert!(!text.contains('<'));
        }
    }
}
