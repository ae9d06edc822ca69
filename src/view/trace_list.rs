//! Trace summaries as a list: one line a trace, newest first, under the date of its start.

use serde_json::Value;

use super::first_trace;
use super::json::{items, number, plain, status, text};
use super::style::{Line, Paint, Status, Style, flow};
use super::table::{Align, Cell, Column, table};
use super::text::count;
use super::time::{duration, utc};

/// Annotations worth a place in the line, most telling first; others follow by name.
const TELLING: [&str; 3] = ["job", "bucket", "outcome"];

/// How many annotations a line names.
const ANNOTATIONS_MAX: usize = 2;

const FLAGS: [(&str, Status); 4] = [
    ("HasError", Status::Error),
    ("HasThrottle", Status::Throttle),
    ("IsPartial", Status::InProgress),
    ("HasFault", Status::Fault),
];

const LAYOUT: [Column; 6] = [
    Column {
        head: "UTC",
        align: Align::Left,
        floor: None,
        importance: 3,
    },
    Column {
        head: "TRACE",
        align: Align::Left,
        floor: Some(12),
        importance: 9,
    },
    Column {
        head: "DURATION",
        align: Align::Right,
        floor: None,
        importance: 4,
    },
    Column {
        head: "STATUS",
        align: Align::Left,
        floor: None,
        importance: 8,
    },
    Column {
        head: "SERVICE",
        align: Align::Left,
        floor: Some(10),
        importance: 5,
    },
    Column {
        head: "",
        align: Align::Left,
        floor: Some(14),
        importance: 0,
    },
];

/// The `TraceSummaries` of GetTraceSummaries, one line each: start in UTC, id, duration, status,
/// the root's service, an annotation or two where there is room; then the totals.
///
/// Any member may be absent or of another type than the API says. Without summaries the text names
/// the command that makes a first trace.
pub fn trace_list(summaries: &[Value], style: Style) -> String {
    if summaries.is_empty() {
        return first_trace("No traces yet.", style);
    }
    let mut rows: Vec<Row> = summaries.iter().map(Row::read).collect();
    rows.sort_by(|a, b| b.start.total_cmp(&a.start).then_with(|| a.id.cmp(&b.id)));
    let cells: Vec<Vec<Cell>> = rows.iter().map(Row::cells).collect();
    let mut drawn = table(&LAYOUT, &cells, style).into_iter();
    let mut lines: Vec<String> = drawn.next().into_iter().collect();
    let mut date = None;
    for (row, line) in rows.iter().zip(drawn) {
        let of_row = utc(row.start, "%Y-%m-%d");
        if date.as_ref() != Some(&of_row) {
            let mut heading = Line::new(style);
            heading.push(Paint::Strong, &of_row);
            lines.push(heading.into_text());
            date = Some(of_row);
        }
        lines.push(line);
    }
    lines.push(String::new());
    lines.extend(totals(&rows, style));
    lines.join("\n") + "\n"
}

struct Row {
    start: f64,
    id: String,
    duration: Option<f64>,
    status: Status,
    service: String,
    annotations: String,
}

impl Row {
    fn read(summary: &Value) -> Self {
        let id = text(summary, "Id").unwrap_or("–").to_owned();
        Self {
            start: number(summary, "StartTime")
                .or_else(|| start_in_id(&id))
                .unwrap_or(f64::NEG_INFINITY),
            duration: number(summary, "Duration"),
            status: status(summary, &FLAGS),
            service: service(summary).unwrap_or("–").to_owned(),
            annotations: annotations(&summary["Annotations"]),
            id,
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let duration = match (self.status, self.duration) {
            (_, Some(seconds)) if seconds > 0.0 => duration(seconds),
            (Status::InProgress, _) => "…".to_owned(),
            (_, seconds) => duration(seconds.unwrap_or(f64::NAN)),
        };
        vec![
            (Paint::Quiet, utc(self.start, "%H:%M:%S")),
            (Paint::Plain, self.id.clone()),
            (Paint::Plain, duration),
            (Paint::Status(self.status), self.status.word().to_owned()),
            (Paint::Strong, self.service.clone()),
            (Paint::Quiet, self.annotations.clone()),
        ]
    }
}

/// The seconds that a trace id carries: `1-69214cb0-…`.
fn start_in_id(id: &str) -> Option<f64> {
    let seconds = id.split('-').nth(1)?;
    u32::from_str_radix(seconds, 16).ok().map(f64::from)
}

fn service(summary: &Value) -> Option<&str> {
    text(&summary["EntryPoint"], "Name").or_else(|| {
        let mut services = items(&summary["ServiceIds"]).iter();
        services
            .find(|service| text(service, "Type") != Some("client"))
            .and_then(|service| text(service, "Name"))
    })
}

/// `job=logs  outcome=created`, from `{key: [{AnnotationValue: {StringValue: …}}]}`.
fn annotations(annotations: &Value) -> String {
    let Some(annotations) = annotations.as_object() else {
        return String::new();
    };
    let mut keys: Vec<&String> = annotations.keys().collect();
    keys.sort_by_key(|key| {
        let rank = TELLING.iter().position(|telling| telling == key);
        (rank.unwrap_or(TELLING.len()), *key)
    });
    let pairs = keys.into_iter().filter_map(|key| {
        let value = &items(&annotations[key]).first()?["AnnotationValue"];
        let value = plain(value.as_object()?.values().next()?);
        Some(format!("{key}={value}"))
    });
    pairs.take(ANNOTATIONS_MAX).collect::<Vec<_>>().join("  ")
}

/// `7 traces: 3 ok, 1 error, 1 fault`.
fn totals(rows: &[Row], style: Style) -> Vec<String> {
    let mut line = Line::new(style);
    let traces = count(rows.len() as u64, "trace");
    line.push(Paint::Strong, &traces)
        .push(Paint::Plain, ":")
        .space(1);
    let of_status = Status::ALL.into_iter().filter_map(|status| {
        let number = rows.iter().filter(|row| row.status == status).count();
        let text = format!("{number} {}", status.word());
        (number > 0).then_some((Paint::Status(status), text))
    });
    flow(line, &of_status.collect::<Vec<_>>(), ", ", 2, style)
}
