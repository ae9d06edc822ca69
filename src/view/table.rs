//! A table that always fits: columns that may shrink do so first, then the least important go.

use super::style::{Line, Paint, Style, columns, elide};

/// Columns of space between two columns of a table.
const GAP: usize = 2;

/// A column: its head, how its cells stand, and what it gives up when the table is too wide.
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) align: Align,
    /// The width down to which its cells may lose their middle; none: never.
    pub(super) floor: Option<usize>,
    /// The table drops the columns of the lowest importance first.
    pub(super) importance: u8,
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
    let mut widths: Vec<Option<usize>> = layout
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|(_, text)| columns(text)).max().unwrap_or(0);
            // A column without a single cell says nothing.
            (widest > 0).then(|| widest.max(columns(column.head)))
        })
        .collect();
    loop {
        let kept: Vec<usize> = (0..layout.len()).filter(|&i| widths[i].is_some()).collect();
        let room = limit.saturating_sub(GAP * kept.len().saturating_sub(1));
        let mut shrunk: Vec<usize> = kept.iter().filter_map(|&i| widths[i]).collect();
        let floors: Vec<usize> = kept
            .iter()
            .zip(&shrunk)
            .map(|(&i, &width)| layout[i].floor.map_or(width, |floor| floor.min(width)))
            .collect();
        let least = kept.iter().min_by_key(|&&i| layout[i].importance);
        match least {
            Some(&least) if !shrink(&mut shrunk, &floors, room) && kept.len() > 1 => {
                widths[least] = None;
            }
            _ => {
                for (&i, width) in kept.iter().zip(shrunk) {
                    widths[i] = Some(width);
                }
                return widths;
            }
        }
    }
}

/// Takes columns from the widest, again and again, until the sum is within `room`; no width goes
/// below its floor. Says whether that was enough.
pub(super) fn shrink(widths: &mut [usize], floors: &[usize], room: usize) -> bool {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let widest = (0..widths.len())
            .filter(|&i| widths[i] > floors[i])
            // The first of equals, so that the same input always gives the same picture.
            .min_by_key(|&i| std::cmp::Reverse(widths[i]));
        let Some(widest) = widest else { return false };
        // Down to the next width below it in one step: names may be very long.
        let next = widths
            .iter()
            .filter(|&&width| width < widths[widest])
            .max()
            .map_or(0, |&width| width);
        let step = (widths[widest] - next.max(floors[widest])).min(excess);
        let step = if tied(widths, widest) { 1 } else { step };
        widths[widest] -= step;
        excess -= step;
    }
    true
}

fn tied(widths: &[usize], widest: usize) -> bool {
    widths
        .iter()
        .enumerate()
        .any(|(i, &width)| i != widest && width == widths[widest])
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
    fn the_widest_column_shrinks_first() {
        let name = "n".repeat(60);
        let text = lines(&name, "short");
        assert_eq!(columns(&text[1]), 40);
        assert!(text[1].ends_with("12  short"), "{}", text[1]);
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

    #[test]
    fn shrinking_stops_at_the_floors() {
        let mut widths = [30, 30, 3];
        assert!(shrink(&mut widths, &[4, 4, 3], 20));
        assert_eq!(widths.iter().sum::<usize>(), 20);
        assert!(!shrink(&mut widths, &[4, 4, 3], 10));
        assert_eq!(widths, [4, 4, 3]);
    }
}
