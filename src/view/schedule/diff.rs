//! What differs between a schedule file and AWS.

use chrono::{DateTime, Utc};
use scheduler::diff::{Diff, Foreign, RuleDiff};
use scheduler::preview::Preview;

use super::minute;
use crate::view::style::{Line, Paint, Status, Style};
use crate::view::{count, neutralise};

/// A diff and how it is looked at.
pub(crate) struct DiffView<'a> {
    pub(crate) diff: &'a Diff,
    /// The moment from which on firings are shown.
    pub(crate) now: DateTime<Utc>,
    /// Whether rules that the file no longer has are deleted.
    pub(crate) prune: bool,
    /// Whether rules of others are taken over.
    pub(crate) adopt: bool,
}

/// All that differs, rule by rule, and how much it is.
pub(crate) fn diff(view: &DiffView<'_>, style: Style) -> String {
    let mut lines = Vec::new();
    let (mut totals, mut kept) = ([0; 3], 0);
    for rule in &view.diff.rules {
        let (kind, index) = match (&rule.before, &rule.after) {
            (None, _) => (("+", "create", Status::Ok), 0),
            (Some(_), Some(_)) => (("~", "change", Status::Error), 1),
            (Some(_), None) => (("-", "delete", Status::Fault), 2),
        };
        let is_kept = index == 2 && !view.prune;
        match is_kept {
            true => kept += 1,
            false => totals[index] += 1,
        }
        head(rule, kind, view, &mut lines, style);
        if index != 2 {
            let changes = rule.changes.iter().flat_map(|change| change.lines(""));
            lines.extend(changes.map(|text| whole(&text)));
        }
        preview(rule, view.now, &mut lines);
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let [created, changed, deleted] = totals;
    let unchanged = view.diff.unchanged;
    let mut text = format!(
        "{created} to create, {changed} to change, {deleted} to delete, {unchanged} unchanged"
    );
    if kept > 0 {
        text.push_str(&format!(", {kept} kept"));
    }
    let mut total = Line::new(style);
    total.push(Paint::Strong, &text);
    lines.push(total.into_text());
    lines.join("\n") + "\n"
}

fn head(
    rule: &RuleDiff,
    (sign, word, status): (&str, &str, Status),
    view: &DiffView<'_>,
    lines: &mut Vec<String>,
    style: Style,
) {
    let mut line = Line::new(style);
    line.push(Paint::Status(status), sign).space(1);
    line.push(Paint::Strong, &rule.name).space(2);
    let is_orphan = rule.after.is_none();
    let kept = "is no longer in the file, and kept: --prune deletes it";
    line.push(
        Paint::Status(status),
        if is_orphan && !view.prune { kept } else { word },
    );
    lines.push(line.into_text());
    if let Some(foreign) = &rule.foreign {
        lines.push(indented(
            &whose(foreign, view.adopt),
            Paint::Status(Status::Error),
            style,
        ));
    }
}

/// Whose a rule is, and what becomes of it.
fn whose(foreign: &Foreign, adopt: bool) -> String {
    let whose = match foreign {
        Foreign::Managed(service) => {
            return format!("it is {service}'s own, which nobody else can change");
        }
        Foreign::Untagged => "it is not of a schedule file".to_owned(),
        Foreign::Schedule(name) => format!("it is of the schedule `{name}`"),
    };
    match adopt {
        true => format!("{whose}, and is taken over"),
        false => format!("{whose}: --adopt takes it over"),
    }
}

fn preview(rule: &RuleDiff, now: DateTime<Utc>, lines: &mut Vec<String>) {
    let Preview { before, after } = Preview::of(rule, now);
    if before == after {
        return;
    }
    for (word, firings) in [("before", &before), ("after", &after)] {
        let Some(firings) = firings else { continue };
        let next: Vec<String> = firings.next.iter().map(|time| minute(*time)).collect();
        let when = match &next[..] {
            [] => "never".to_owned(),
            next => format!("{:.1} a month, next {}", firings.a_month, next.join(", ")),
        };
        lines.push(whole(&format!("fires {word}: {when}")));
    }
}

/// A line that is never shortened: what differs must be seen.
fn whole(text: &str) -> String {
    format!("    {}", neutralise(text))
}

fn indented(text: &str, paint: Paint, style: Style) -> String {
    let mut line = Line::new(style);
    line.space(4).push(paint, text);
    line.into_text()
}

/// What became of a change, in a line; `done` says what was done.
pub(crate) fn applied(done: &str, rules: usize, failed: usize) -> String {
    let rules = count(rules as u64, "rule");
    match failed {
        0 => format!("{rules} {done}"),
        failed => format!(
            "{failed} of {rules} failed; mend what the errors say, and the same command finishes them"
        ),
    }
}
