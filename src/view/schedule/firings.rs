//! The next firings as a table.

use chrono::{DateTime, Utc};

use crate::view::count;
use crate::view::style::{Paint, Status, Style, note};
use crate::view::table::{Cell, Column, table};

/// One firing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FiringRow {
    /// When.
    pub(crate) time: DateTime<Utc>,
    /// The same in another zone, as it is shown.
    pub(crate) local: Option<String>,
    /// The rule.
    pub(crate) rule: String,
    /// The target, where each has a row of its own.
    pub(crate) target: Option<String>,
    /// The trace that its run will have.
    pub(crate) trace_id: Option<String>,
    /// How many rules fire in this minute.
    pub(crate) at_once: usize,
}

const LAYOUT: [Column; 6] = [
    Column::left("UTC", None, 9),
    Column::left("LOCAL", None, 7),
    Column::left("RULE", Some(12), 8),
    Column::left("TARGET", Some(8), 6),
    Column::left("TRACE", Some(35), 9),
    Column::left("", None, 5),
];

/// The firings, in the order in which they come.
pub(crate) fn firings(rows: &[FiringRow], style: Style) -> String {
    if rows.is_empty() {
        return note("no firings to come", style) + "\n";
    }
    let cells: Vec<Vec<Cell>> = rows.iter().map(row).collect();
    let mut text = String::new();
    for line in table(&LAYOUT, &cells, style) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn row(row: &FiringRow) -> Vec<Cell> {
    let plain = |text: Option<&String>| (Paint::Plain, text.cloned().unwrap_or_default());
    let collides = match row.at_once {
        0 | 1 => String::new(),
        many => format!("{} at once", count(many as u64, "rule")),
    };
    vec![
        (
            Paint::Plain,
            row.time.format("%a %Y-%m-%d %H:%M").to_string(),
        ),
        plain(row.local.as_ref()),
        (Paint::Strong, row.rule.clone()),
        plain(row.target.as_ref()),
        plain(row.trace_id.as_ref()),
        (Paint::Status(Status::Error), collides),
    ]
}
