//! What an audit found.

use scheduler::audit::{Audit, Finding, Note, Problem};

use super::minute;
use crate::view::style::{Line, Paint, Status, Style};
use crate::view::table::{Cell, Column, table};
use crate::view::{count, duration};

const LAYOUT: [Column; 5] = [
    Column::left("DUE (UTC)", None, 9),
    Column::left("PROBLEM", None, 9),
    Column::left("RULE", Some(12), 8),
    Column::left("", Some(12), 7),
    Column::left("TRACE", None, 0), // the JSON has it, too
];

/// The problems as a table, then each target with how much of it ran.
pub(crate) fn audit(audit: &Audit, style: Style) -> String {
    let mut lines = Vec::new();
    if !audit.findings.is_empty() {
        let rows: Vec<Vec<Cell>> = audit.findings.iter().map(row).collect();
        lines.extend(table(&LAYOUT, &rows, style));
        lines.push(String::new());
    }
    for tally in &audit.targets {
        let mut line = Line::new(style);
        line.push(Paint::Strong, &format!("{}/{}", tally.rule, tally.target));
        let due = count(tally.due as u64, "firing");
        line.space(2)
            .push(Paint::Plain, &format!("{due} due, {} ran", tally.ran));
        lines.push(line.into_text());
        if let Some(Note::Silent(note) | Note::Untold(note)) = &tally.note {
            lines.push(format!("    {note}"));
        }
    }
    let mut total = Line::new(style);
    let problems = count(audit.problem_count() as u64, "problem");
    total.push(Paint::Strong, &problems);
    if audit.other_runs > 0 {
        let others = count(audit.other_runs as u64, "other run");
        total.push(
            Paint::Quiet,
            &format!("; {others}: of other rules, or by hand"),
        );
    }
    lines.push(total.into_text());
    lines.join("\n") + "\n"
}

fn row(finding: &Finding) -> Vec<Cell> {
    let status = match finding.problem {
        Problem::Missed | Problem::Unfinished | Problem::Failed { .. } => Status::Fault,
        Problem::Late { .. }
        | Problem::Incomplete { .. }
        | Problem::Duplicate { .. }
        | Problem::Overlapping { .. } => Status::Error,
    };
    let detail = match &finding.problem {
        Problem::Missed => "no run".to_owned(),
        Problem::Incomplete { parts, of } => format!("{parts} of {of} shards ran"),
        Problem::Unfinished => "killed, by its trace".to_owned(),
        Problem::Late { by } => {
            let seconds = by.to_std().unwrap_or_default().as_secs_f64();
            format!("began {} late", duration(seconds))
        }
        Problem::Duplicate { runs } => format!("ran {runs} times"),
        Problem::Overlapping { next_started_at } => {
            format!("ran into the next, begun {}", minute(*next_started_at))
        }
        Problem::Failed {
            exit_code: Some(code),
        } => format!("exit code {code}"),
        Problem::Failed { exit_code: None } => "a fault".to_owned(),
    };
    vec![
        (Paint::Plain, minute(finding.due)),
        (Paint::Status(status), finding.problem.word().to_owned()),
        (
            Paint::Strong,
            format!("{}/{}", finding.rule, finding.target),
        ),
        (Paint::Plain, detail),
        (Paint::Plain, finding.trace_id.clone().unwrap_or_default()),
    ]
}
