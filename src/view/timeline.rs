//! One trace as a timeline: a row for each segment and subsegment with a bar on a common axis,
//! then why something failed, then the annotations.

use serde_json::Value;
use tracing_xray::Timestamp;

use super::cause::causes;
use super::entity::{Entity, Tree};
use super::json::{flag, items, text};
use super::rows::{Row, rows};
use super::style::{Line, Paint, Status, Style, flow, note};
use super::text::{clip, columns, count, elide};
use super::time::{duration, utc};

/// How many segments show their annotations.
const ANNOTATED_MAX: usize = 20;

/// A trace of BatchGetTraces' `Traces`: id, start, duration and status; the tree of its segments
/// with bars; causes of what failed; annotations.
///
/// What is in progress lasts until `now`. More than 40 alike siblings fold into one row. Any
/// member may be absent or of another type than the API says; a document that is no JSON is
/// counted and left out.
pub fn timeline(trace: &Value, now: Timestamp, style: Style) -> String {
    let (documents, unreadable) = documents(trace);
    let tree = Tree::read(&documents);
    let mut lines = vec![title(trace, &tree, style)];
    if tree.entities.is_empty() {
        lines.push(note("no segments yet", style));
    } else {
        let span = Span::of(&tree, now);
        let rows = rows(&tree, style.columns() / 5);
        lines.extend(facts(&tree, span, style));
        lines.push(String::new());
        lines.extend(chart(&tree, &rows, span, style));
        lines.extend(causes(&tree, style));
        lines.extend(annotations(&tree, &rows, style));
    }
    lines.extend(notes(trace, unreadable, style));
    lines.join("\n") + "\n"
}

/// The segment documents, and how many could not be read.
fn documents(trace: &Value) -> (Vec<Value>, u64) {
    let mut unreadable = 0;
    let mut documents = Vec::new();
    for segment in items(&trace["Segments"]) {
        match text(segment, "Document").map(serde_json::from_str::<Value>) {
            Some(Ok(document)) if document.is_object() => documents.push(document),
            _ => unreadable += 1,
        }
    }
    (documents, unreadable)
}

/// From the first start to the last end, in seconds since the epoch.
#[derive(Clone, Copy)]
struct Span {
    start: f64,
    end: f64,
    now: f64,
}

impl Span {
    fn of(tree: &Tree<'_>, now: Timestamp) -> Self {
        let starts = tree.entities.iter().filter_map(|entity| entity.start);
        let start = starts.fold(f64::INFINITY, f64::min);
        let now = now.as_secs_f64().max(start);
        let ends = tree.entities.iter().map(|entity| entity.end.unwrap_or(now));
        let end = ends.fold(start, f64::max);
        Self { start, end, now }
    }

    fn seconds(self) -> f64 {
        self.end - self.start
    }
}

fn title(trace: &Value, tree: &Tree<'_>, style: Style) -> String {
    let id = text(trace, "Id").or_else(|| text(tree.entities.first()?.document, "trace_id"));
    let id = id.unwrap_or("–");
    let mut line = Line::new(style);
    // People copy the id: it comes before the word.
    if line.fits(&format!("Trace {id}")) {
        line.push(Paint::Quiet, "Trace ");
    }
    line.push(Paint::Strong, id);
    line.into_text()
}

fn facts(tree: &Tree<'_>, span: Span, style: Style) -> Vec<String> {
    let status = status(tree);
    let segments = tree.entities.iter().filter(|entity| entity.is_segment);
    let facts = [
        (Paint::Plain, utc(span.start, "%Y-%m-%d %H:%M:%S%.3f UTC")),
        (Paint::Plain, duration(span.seconds())),
        (Paint::Status(status), status.word().to_owned()),
        (Paint::Plain, count(segments.count() as u64, "segment")),
    ];
    flow(Line::new(style), &facts, " · ", 0, style)
}

/// Error and fault as the roots say, as in a trace summary; throttles and what still runs anywhere.
fn status(tree: &Tree<'_>) -> Status {
    let roots = tree.roots.iter().map(|&root| tree.entities[root].status);
    let anywhere = tree.entities.iter().map(|entity| entity.status);
    let anywhere =
        anywhere.filter(|status| matches!(status, Status::Throttle | Status::InProgress));
    roots.chain(anywhere).max().unwrap_or(Status::Ok)
}

/// Where the columns of the chart stand.
struct Layout {
    label: usize,
    code: usize,
    duration: usize,
    status: usize,
    bar: usize,
}

impl Layout {
    /// The label takes what it needs, up to three fifths of what the numbers leave to it and the bar.
    fn of(rows: &[Row<'_>], span: Span, style: Style) -> Self {
        let widest = |cell: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(cell).max().unwrap_or(0);
        // Status words say it too, where the terminal is too narrow for the code.
        let code = widest(&|row| columns(&row.code())).min(3);
        let code = if style.columns() < 60 { 0 } else { code };
        let duration = widest(&|row| columns(&row_duration(row, span)));
        let status = widest(&|row| columns(row.status.word()));
        let gap = |width: usize| if width > 0 { width + 2 } else { 0 };
        let left = style.columns() - gap(code) - gap(duration) - gap(status);
        let label = widest(&|row| columns(&row.prefix) + columns(&row.label()));
        let label = label.min(left * 3 / 5);
        Self {
            label,
            code,
            duration,
            status,
            bar: left.saturating_sub(label + 2),
        }
    }
}

fn chart(tree: &Tree<'_>, rows: &[Row<'_>], span: Span, style: Style) -> Vec<String> {
    let layout = Layout::of(rows, span, style);
    let bar_start = style.columns() - layout.bar;
    let mut lines = vec![axis(bar_start, &duration(span.seconds()), style)];
    for row in rows {
        let mut line = Line::new(style);
        push_label(&mut line, tree, row, layout.label);
        let mut end = layout.label;
        for (width, paint, cell, right) in [
            (layout.code, Paint::Quiet, row.code(), true),
            (layout.duration, Paint::Plain, row_duration(row, span), true),
            (
                layout.status,
                Paint::Status(row.status),
                row.status.word().to_owned(),
                false,
            ),
        ] {
            if width > 0 {
                let cell = clip(&cell, width).into_owned();
                let indent = if right { width - columns(&cell) } else { 0 };
                line.pad_to(end + 2 + indent).push(paint, &cell);
                end += 2 + width;
            }
        }
        let (offset, bar) = bar(row, span, layout.bar);
        line.pad_to(bar_start + offset)
            .push(Paint::Status(row.status), &bar);
        lines.push(line.into_text());
    }
    lines
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

fn row_duration(row: &Row<'_>, span: Span) -> String {
    match (row.start, row.end) {
        _ if row.folded > 0 => String::new(),
        (Some(start), end) => duration(end.unwrap_or(span.now.max(start)) - start),
        (None, _) => "–".to_owned(),
    }
}

/// Name, action and resource: the resource gives way first, in its middle.
fn push_label(line: &mut Line, tree: &Tree<'_>, row: &Row<'_>, width: usize) {
    line.push(Paint::Quiet, &row.prefix);
    let room = width.saturating_sub(columns(&row.prefix));
    let Some(entity) = row.entity.map(|index| &tree.entities[index]) else {
        line.push(Paint::Quiet, &elide(&row.label(), room));
        return;
    };
    let paint = if entity.is_segment {
        Paint::Strong
    } else {
        Paint::Plain
    };
    let head = head(entity);
    line.push(paint, &elide(&head, room));
    let left = room.saturating_sub(columns(&head) + 1);
    if let Some(resource) = entity
        .resource
        .filter(|resource| columns(resource) <= left || left >= 5)
    {
        line.space(1).push(Paint::Quiet, &elide(resource, left));
    }
}

/// `S3 CreateBucket`.
pub(super) fn head(entity: &Entity<'_>) -> String {
    match entity.action {
        Some(action) => format!("{} {action}", entity.name),
        None => entity.name.to_owned(),
    }
}

/// Where a row's bar starts within `width` columns, and the bar, precise to half a column. What is
/// in progress is dotted, up to now.
fn bar(row: &Row<'_>, span: Span, width: usize) -> (usize, String) {
    let Some(start) = row.start else {
        return (0, String::new());
    };
    let halves = width * 2;
    let at = |time: f64| {
        let share = (time - span.start) / span.seconds();
        // Not finite when all happened in one moment.
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        share * halves as f64
    };
    let from = (at(start).floor() as usize).min(halves.saturating_sub(1));
    let until =
        (at(row.end.unwrap_or(span.now)).round() as usize).clamp(from + 1, halves.max(from + 1));
    let cell = |column: usize| match (from <= column * 2, until >= column * 2 + 2) {
        _ if row.end.is_none() => '…',
        (true, true) => '━',
        (true, false) => '╸',
        (false, _) => '╺',
    };
    (from / 2, (from / 2..until.div_ceil(2)).map(cell).collect())
}

/// The annotations of the rows that are shown, a paragraph each.
fn annotations(tree: &Tree<'_>, rows: &[Row<'_>], style: Style) -> Vec<String> {
    let annotated: Vec<(&Entity<'_>, Vec<(Paint, String)>)> = rows
        .iter()
        .filter_map(|row| row.entity.map(|index| &tree.entities[index]))
        .map(|entity| {
            let pairs = entity.annotations().into_iter();
            let pairs = pairs.map(|(key, value)| (Paint::Plain, format!("{key}={value}")));
            (entity, pairs.collect::<Vec<_>>())
        })
        .filter(|(_, pairs)| !pairs.is_empty())
        .collect();
    if annotated.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), note("Annotations", style)];
    for (entity, pairs) in annotated.iter().take(ANNOTATED_MAX) {
        let mut line = Line::new(style);
        line.space(2)
            .push(Paint::Strong, &elide(entity.name, style.columns() / 3))
            .space(2);
        lines.extend(flow(line, pairs, "  ", 4, style));
    }
    if let Some(more) = annotated.len().checked_sub(ANNOTATED_MAX + 1) {
        let mut line = Line::new(style);
        line.space(2)
            .push(Paint::Quiet, &format!("… {} more", more + 1));
        lines.push(line.into_text());
    }
    lines
}

/// What is missing from this picture.
fn notes(trace: &Value, unreadable: u64, style: Style) -> Vec<String> {
    let unreadable =
        (unreadable > 0).then(|| format!("{} could not be read", count(unreadable, "document")));
    let too_large = flag(trace, "LimitExceeded")
        .then(|| "X-Ray left segments out: the trace is over 500 kB".to_owned());
    let notes: Vec<String> = unreadable.into_iter().chain(too_large).collect();
    let blank = (!notes.is_empty()).then(String::new);
    blank
        .into_iter()
        .chain(notes.iter().map(|text| note(text, style)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(start: f64, end: Option<f64>) -> String {
        let span = Span {
            start: 100.0,
            end: 110.0,
            now: 109.0,
        };
        let (offset, bar) = bar(&Row::spanning(Some(start), end), span, 10);
        format!("{}{bar}", " ".repeat(offset))
    }

    #[test]
    fn bars_are_precise_to_half_a_column_and_never_vanish() {
        assert_eq!(drawn(100.0, Some(110.0)), "━━━━━━━━━━");
        assert_eq!(drawn(101.5, Some(104.5)), " ╺━━╸");
        assert_eq!(drawn(105.0, Some(105.0)), "     ╸");
        assert_eq!(drawn(110.0, Some(110.0)), "         ╺");
        assert_eq!(
            drawn(106.0, None),
            "      …………".trim_end_matches('…').to_owned() + "………"
        );
        assert_eq!(drawn(90.0, Some(500.0)), "━━━━━━━━━━");
    }

    #[test]
    fn a_trace_of_one_moment_draws() {
        let span = Span {
            start: 5.0,
            end: 5.0,
            now: 5.0,
        };
        assert_eq!(
            bar(&Row::spanning(Some(5.0), Some(5.0)), span, 10),
            (0, "╸".to_owned())
        );
    }
}
