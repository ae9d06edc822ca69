//! A table that always fits: what matters least shrinks first, and goes when that is not enough.

use std::cmp::Reverse;

use super::style::{Line, Paint, Style};
use super::text::{columns, elide};

/// Columns of space between two columns of a table.
const GAP: usize = 2;

/// A column: its head, how its cells stand, and what it gives up when the table is too wide.
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) align: Align,
    /// The width down to which its cells may lose their middle; none: never.
    pub(super) floor: Option<usize>,
    /// Columns of the lowest importance shrink first, and go first, of equals the last; those of
    /// importance 0 go before any other shrinks.
    pub(super) importance: u8,
}

impl Column {
    /// A column whose cells begin at its left.
    #[cfg(feature = "schedule")]
    pub(super) const fn left(head: &'static str, floor: Option<usize>, importance: u8) -> Self {
        Self {
            head,
            align: Align::Left,
            floor,
            importance,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

pub(super) type Cell = (Paint, String);

/// The head line and one line for each row. A row's missing cells are empty.
pub(super) fn table(layout: &[Column], rows: &[Vec<Cell>], style: Style) -> Vec<String> {
    let widths = fit(layout, rows, style.columns());
    let heads: Vec<Cell> = layout
        .iter()
        .map(|column| (Paint::Quiet, column.head.to_owned()))
        .collect();
    std::iter::once(&heads)
        .chain(rows)
        .map(|row| draw_row(layout, &widths, row, style))
        .collect()
}

fn draw_row(layout: &[Column], widths: &[Option<usize>], row: &[Cell], style: Style) -> String {
    let mut line = Line::new(style);
    let mut start = 0;
    for ((column, width), (paint, text)) in layout.iter().zip(widths).zip(row) {
        let Some(width) = *width else { continue };
        let text = elide(text, width);
        let indent = match column.align {
            Align::Left => 0,
            Align::Right => width.saturating_sub(columns(&text)),
        };
        line.pad_to(start + indent).push(*paint, &text);
        start += width + GAP;
    }
    line.into_text()
}

/// The width of each column, none for those that are dropped.
fn fit(layout: &[Column], rows: &[Vec<Cell>], limit: usize) -> Vec<Option<usize>> {
    let wanted = layout.iter().enumerate().map(|(index, column)| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        let widest = cells.map(|(_, text)| columns(text)).max().unwrap_or(0);
        // A column without a single cell says nothing.
        (widest > 0).then(|| widest.max(columns(column.head)))
    });
    let mut wanted: Vec<Option<usize>> = wanted.collect();
    let mut by_importance: Vec<usize> = (0..layout.len()).collect();
    by_importance.sort_by_key(|&index| (layout[index].importance, Reverse(index)));
    let mut least = by_importance.iter();
    loop {
        let kept = wanted.iter().flatten();
        let gaps = GAP * kept.clone().count().saturating_sub(1);
        let mut excess = (kept.sum::<usize>() + gaps).saturating_sub(limit);
        let mut widths = wanted.clone();
        for &index in &by_importance {
            if let (Some(width), Some(floor)) = (&mut widths[index], layout[index].floor) {
                let given = excess.min(width.saturating_sub(floor));
                *width -= given;
                excess -= given;
            }
            if layout[index].importance == 0 && widths[index].is_some() && excess > 0 {
                break;
            }
        }
        match least.next() {
            Some(&index) if excess > 0 => wanted[index] = None,
            _ => return widths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: [Column; 3] = [
        Column {
            head: "NAME",
            align: Align::Left,
            floor: Some(8),
            importance: 9,
        },
        Column {
            head: "COUNT",
            align: Align::Right,
            floor: None,
            importance: 5,
        },
        Column {
            head: "NOTE",
            align: Align::Left,
            floor: Some(4),
            importance: 1,
        },
    ];

    fn rows(name: &str, note: &str) -> Vec<Vec<Cell>> {
        vec![vec![
            (Paint::Plain, name.to_owned()),
            (Paint::Plain, "12".to_owned()),
            (Paint::Plain, note.to_owned()),
        ]]
    }

    fn lines(name: &str, note: &str) -> Vec<String> {
        let style = Style {
            colour: false,
            width: 40,
        };
        table(&LAYOUT, &rows(name, note), style)
    }

    #[test]
    fn columns_take_what_they_need() {
        assert_eq!(
            lines("logs", "new"),
            ["NAME  COUNT  NOTE", "logs     12  new"]
        );
    }

    #[test]
    fn what_matters_least_shrinks_first() {
        let text = lines(&"n".repeat(24), &"x".repeat(30));
        assert_eq!(text[1], format!("{}     12  xxx…xxx", "n".repeat(24)));
        let text = lines(&"n".repeat(60), "short");
        assert_eq!(columns(&text[1]), 40);
        assert!(text[1].ends_with("12  sh…t"), "{}", text[1]);
    }

    #[test]
    fn a_column_without_cells_is_left_out() {
        assert_eq!(lines("logs", ""), ["NAME  COUNT", "logs     12"]);
    }

    #[test]
    fn the_least_important_column_goes_when_shrinking_is_not_enough() {
        let widths = fit(&LAYOUT, &rows(&"n".repeat(30), &"x".repeat(30)), 18);
        assert_eq!(widths, [Some(11), Some(5), None]);
    }
}
