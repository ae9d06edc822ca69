//! The rows of a timeline as lines: guides and names at the left, numbers and words, bars on a common
//! axis at the right.

use std::ops::Range;

use local_xray::timeline::{Row, RowKind, Timeline};

use super::style::{Line, Paint, Style, flow};
use super::text::{clip, columns, elide};
use super::time::duration;

/// Before the rows of the critical path.
const CRITICAL: &str = "◆ ";

/// How many parts of the critical path are told in words.
const CRITICAL_WORDS_MAX: usize = 3;

/// A line each, beneath a line with the ends of the axis. With more than one row, those on the
/// critical path are marked, and their bars are heavy where they are on it.
pub(super) fn chart(timeline: &Timeline<'_>, rows: &[Row<'_>], style: Style) -> Vec<String> {
    let guides = guides(rows, style.columns() / 5);
    let layout = Layout::of(timeline, rows, &guides, style);
    let mut lines = vec![axis(layout.bar_start, &duration(timeline.seconds()), style)];
    for (row, guides) in rows.iter().zip(&guides) {
        let indent = layout.gutter + columns(guides);
        let room = (layout.gutter + layout.label).saturating_sub(indent);
        let marks = marks(row);
        // Where there is no room for them beside the name they have a line of their own.
        let is_beside = columns(&row.head) + columns(&marks) <= room;
        let mut line = Line::new(style);
        if row.is_critical() && layout.gutter > 0 {
            line.push(Paint::Strong, CRITICAL);
        }
        line.pad_to(layout.gutter).push(Paint::Quiet, guides);
        let beside = if is_beside { marks.as_str() } else { "" };
        push_label(&mut line, timeline, row, beside, room);
        push_numbers(&mut line, timeline, row, &layout);
        let bar_columns = style.columns() - layout.bar_start;
        let (offset, bar) = bar(row, layout.gutter > 0, bar_columns);
        line.pad_to(layout.bar_start + offset)
            .push(Paint::Status(row.status.into()), &bar);
        lines.push(line.into_text());
        if !is_beside && !marks.is_empty() {
            let mut line = Line::new(style);
            line.space(indent).push(Paint::Quiet, marks.trim_start());
            lines.push(line.into_text());
        }
    }
    lines
}

/// HTTP status, duration and status in their columns.
fn push_numbers(line: &mut Line, timeline: &Timeline<'_>, row: &Row<'_>, layout: &Layout) {
    let status = Paint::Status(row.status.into());
    let duration = row_duration(timeline, row);
    let mut end = layout.gutter + layout.label;
    for (width, paint, cell, is_right) in [
        (layout.code, Paint::Quiet, code(row), true),
        (layout.duration, Paint::Plain, duration, true),
        (layout.status, status, row.status.word().to_owned(), false),
    ] {
        if width > 0 {
            let cell = clip(&cell, width);
            let indent = if is_right { width - columns(&cell) } else { 0 };
            line.pad_to(end + 2 + indent).push(paint, &cell);
            end += 2 + width;
        }
    }
}

/// `◆ critical path: 321 ms of 1.30 s in S3 CreateBucket, 60.0 ms in attempt itself`.
pub(super) fn critical_path(
    timeline: &Timeline<'_>,
    rows: &[Row<'_>],
    style: Style,
) -> Vec<String> {
    let words = timeline.critical_words(CRITICAL_WORDS_MAX);
    if rows.len() < 2 || words.is_empty() {
        return Vec::new();
    }
    let pieces = words.iter().map(|words| {
        let words = elide(words, style.columns() - 2);
        (Paint::Plain, words.into_owned())
    });
    let mut line = Line::new(style);
    line.push(Paint::Strong, CRITICAL)
        .push(Paint::Quiet, "critical path (heavy bars):")
        .space(1);
    flow(line, &pieces.collect::<Vec<_>>(), ", ", 2, style)
}

/// What stands before each name: `│ ├ `. Guides take at most `indent_max` columns: what is deeper
/// shares the last indent.
fn guides(rows: &[Row<'_>], indent_max: usize) -> Vec<String> {
    // For each level above a row, whether more rows of that level follow.
    let mut open: Vec<bool> = Vec::new();
    let guides = rows.iter().map(|row| {
        let Some(level) = row.depth.checked_sub(1) else {
            open.clear();
            return String::new();
        };
        // The level of the row itself has two columns, too.
        let level = level.min(indent_max.saturating_sub(2).div_ceil(2));
        open.truncate(level);
        let above = open.iter().map(|&more| if more { "│ " } else { "  " });
        let own = if row.is_last { "└ " } else { "├ " };
        let guides = above.chain([own]).collect();
        open.resize(level, false);
        open.push(!row.is_last);
        guides
    });
    guides.collect()
}

/// Where the columns of the chart stand.
struct Layout {
    /// Columns of the mark of the critical path; 0 if there is none.
    gutter: usize,
    label: usize,
    code: usize,
    duration: usize,
    status: usize,
    bar_start: usize,
}

impl Layout {
    /// The label takes what it needs, up to three fifths of what the numbers leave to it and the bar.
    fn of(timeline: &Timeline<'_>, rows: &[Row<'_>], guides: &[String], style: Style) -> Self {
        let widest = |cell: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(cell).max().unwrap_or(0);
        // Status words say it too, where the terminal is too narrow for the code.
        let code = widest(&|row| columns(&code(row))).min(3);
        let code = if style.columns() < 60 { 0 } else { code };
        let duration = widest(&|row| columns(&row_duration(timeline, row)));
        let status = widest(&|row| columns(row.status.word()));
        let gutter = match rows.len() > 1 && !timeline.critical_path.is_empty() {
            true => columns(CRITICAL),
            false => 0,
        };
        let gap = |width: usize| if width > 0 { width + 2 } else { 0 };
        let numbers = gap(code) + gap(duration) + gap(status);
        let left = style.columns().saturating_sub(gutter + numbers);
        let labels = rows.iter().zip(guides);
        let label = labels.map(|(row, guides)| {
            let resource = row.resource.map_or(0, |resource| 1 + columns(resource));
            columns(guides) + columns(&row.head) + columns(&marks(row)) + resource
        });
        let label = label.max().unwrap_or(0).min(left * 3 / 5);
        let bar = left.saturating_sub(label + 2);
        Self {
            gutter,
            label,
            code,
            duration,
            status,
            bar_start: style.columns() - bar,
        }
    }
}

/// The ends of the common axis, as far as there is room for both.
fn axis(start: usize, total: &str, style: Style) -> String {
    let mut line = Line::new(style);
    let total_start = style.columns().saturating_sub(columns(total));
    if total_start > start + 1 {
        line.pad_to(start).push(Paint::Quiet, "0");
    }
    line.pad_to(total_start).push(Paint::Quiet, total);
    line.into_text()
}

fn code(row: &Row<'_>) -> String {
    row.http_status
        .map_or_else(String::new, |code| code.to_string())
}

fn row_duration(timeline: &Timeline<'_>, row: &Row<'_>) -> String {
    match row.kind {
        RowKind::Alike(_) => String::new(),
        RowKind::Entity(_) => row
            .seconds(timeline.now)
            .map_or_else(|| "–".to_owned(), duration),
    }
}

/// ` (orphan, in progress)`.
fn marks(row: &Row<'_>) -> String {
    match row.marks.is_empty() {
        true => String::new(),
        false => format!(" ({})", row.marks.join(", ")),
    }
}

/// Name and action, marks, resource: the resource gives way first, in its middle.
fn push_label(line: &mut Line, timeline: &Timeline<'_>, row: &Row<'_>, marks: &str, room: usize) {
    let paint = match row.kind {
        RowKind::Alike(_) => Paint::Quiet,
        RowKind::Entity(index) if timeline.entities[index].is_segment => Paint::Strong,
        RowKind::Entity(_) => Paint::Plain,
    };
    let head = elide(&row.head, room);
    line.push(paint, &head);
    line.push(Paint::Quiet, marks);
    let room = room.saturating_sub(columns(&head) + columns(marks) + 1);
    if let Some(resource) = row
        .resource
        .filter(|resource| columns(resource) <= room || room >= 5)
    {
        line.space(1).push(Paint::Quiet, &elide(resource, room));
    }
}

/// Where a row's bar starts within `width` columns, and the bar, precise to half a column: heavy on
/// the critical path, dotted up to now in what is in progress.
fn bar(row: &Row<'_>, marks_path: bool, width: usize) -> (usize, String) {
    let Some(bar) = &row.bar else {
        return (0, String::new());
    };
    let (from, until) = halves(bar, width);
    let mut is_heavy = vec![!marks_path; until - from];
    for stretch in row.critical.iter().filter(|_| marks_path) {
        let (start, end) = halves(stretch, width);
        let within = |half: usize| half.clamp(from, until) - from;
        is_heavy[within(start)..within(end)].fill(true);
    }
    let half = |half: usize| (from..until).contains(&half).then(|| is_heavy[half - from]);
    let cell = |column: usize| match (half(column * 2), half(column * 2 + 1)) {
        _ if row.end.is_none() => '…',
        (Some(true), Some(true)) => '━',
        (Some(true), Some(false)) => '╾',
        (Some(true), None) => '╸',
        (Some(false), Some(true)) => '╼',
        (Some(false), Some(false)) => '─',
        (Some(false), None) => '╴',
        (None, Some(true)) => '╺',
        (None, Some(false)) => '╶',
        (None, None) => ' ',
    };
    (from / 2, (from / 2..until.div_ceil(2)).map(cell).collect())
}

/// The half columns of a stretch, at least one.
fn halves(share: &Range<f64>, width: usize) -> (usize, usize) {
    let halves = width * 2;
    let at = |share: f64| share * halves as f64;
    let from = (at(share.start).floor() as usize).min(halves.saturating_sub(1));
    let until = (at(share.end).round() as usize).clamp(from + 1, halves.max(from + 1));
    (from, until)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn drawn(start: f64, end: Option<f64>) -> String {
        let mut document = json!({"name": "n", "start_time": start});
        if let Some(end) = end {
            document["end_time"] = json!(end);
        }
        let documents = [
            json!({"name": "whole", "start_time": 100, "end_time": 110}),
            document,
        ];
        let timeline = Timeline::read(&documents, 109.0);
        let rows = timeline.rows(local_xray::timeline::Fold::default());
        let row = rows.iter().find(|row| row.head == "n").unwrap();
        let (offset, bar) = bar(row, false, 10);
        format!("{}{bar}", " ".repeat(offset))
    }

    #[test]
    fn bars_are_precise_to_half_a_column_and_never_vanish() {
        assert_eq!(drawn(100.0, Some(110.0)), "━━━━━━━━━━");
        assert_eq!(drawn(101.5, Some(104.5)), " ╺━━╸");
        assert_eq!(drawn(105.0, Some(105.0)), "     ╸");
        assert_eq!(drawn(110.0, Some(110.0)), "         ╺");
        assert_eq!(drawn(106.0, None), "      ………");
    }

    #[test]
    fn the_critical_path_is_heavy_in_its_bars() {
        let documents = [
            json!({"id": "a", "name": "root", "start_time": 0, "end_time": 10, "subsegments": [
                {"id": "b", "name": "call", "start_time": 2.5, "end_time": 8}]}),
            json!({"id": "c", "name": "beside", "parent_id": "a", "start_time": 3, "end_time": 5}),
        ];
        let timeline = Timeline::read(&documents, 10.0);
        let rows = timeline.rows(local_xray::timeline::Fold::default());
        let bars: Vec<_> = rows.iter().map(|row| bar(row, true, 10)).collect();
        assert_eq!(bars[0], (0, "━━╾─────━━".to_owned()));
        assert_eq!(bars[1], (2, "╺━━━━━".to_owned()));
        assert_eq!(bars[2], (3, "──".to_owned()));
    }

    #[test]
    fn a_trace_of_one_moment_draws() {
        let documents = [json!({"name": "n", "start_time": 5, "end_time": 5})];
        let timeline = Timeline::read(&documents, 5.0);
        let rows = timeline.rows(local_xray::timeline::Fold::default());
        assert_eq!(bar(&rows[0], false, 10), (0, "╸".to_owned()));
    }

    #[test]
    fn deep_nesting_stops_indenting() {
        let documents: Vec<Value> = (0..500_u32)
            .map(|i| json!({"id": i.to_string(), "name": "n", "parent_id": i.wrapping_sub(1).to_string()}))
            .collect();
        let timeline = Timeline::read(&documents, 0.0);
        let rows = timeline.rows(local_xray::timeline::Fold::default());
        let guides = guides(&rows, 16);
        assert_eq!(guides.len(), 500);
        let widest = guides.iter().map(|guides| guides.chars().count()).max();
        assert_eq!(widest, Some(16));
    }
}
