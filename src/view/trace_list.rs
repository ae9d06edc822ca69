//! Trace summaries as a list: one line a trace, and beneath it what all of them are like.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use local_xray::map::api_duration;
use serde_json::Value;

use super::distribution::distribution;
use super::first_trace;
use super::json::{flag, items, number, plain, text, whole};
use super::refiners::refiners;
use super::style::{Line, Paint, Status, Style, flow, note};
use super::table::{Align, Cell, Column, table};
use super::text::count;
use super::time::utc;

/// Annotations worth a place in the line, most telling first; others follow by name.
const TELLING: [&str; 3] = ["job", "bucket", "outcome"];

/// How many annotations a line names.
const ANNOTATIONS_MAX: usize = 2;

/// The place of the durations, which those who sort by them want to see.
const DURATION: usize = 2;

const LAYOUT: [Column; 7] = [
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
        head: "WITHIN",
        align: Align::Left,
        floor: None,
        importance: 0,
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

/// By what a list of traces is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// The newest first.
    #[default]
    Start,
    /// The longest first.
    Duration,
    /// The worst first.
    Status,
    /// By the name of the first service.
    Service,
}

/// The order and the length of a list of traces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing {
    /// By what; of equals the newest is first.
    pub sort: Sort,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// How many traces are listed; none: all.
    pub limit: Option<usize>,
}

impl Listing {
    /// The places of the first so many summaries in this order.
    fn of(self, rows: &[Row]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&rows[a], &rows[b]);
            let by_key = match self.sort {
                Sort::Start => Ordering::Equal,
                Sort::Duration => b.seconds().total_cmp(&a.seconds()),
                Sort::Status => b.status.cmp(&a.status),
                Sort::Service => a.service.cmp(&b.service),
            };
            let by_start = b.start.total_cmp(&a.start);
            let order = by_key.then(by_start).then_with(|| a.id.cmp(&b.id));
            if self.reverse { order.reverse() } else { order }
        });
        order.truncate(self.limit.unwrap_or(usize::MAX));
        order
    }
}

/// Summaries in the order and number of a listing, as they are.
pub fn listed(summaries: &[Value], listing: Listing) -> Vec<&Value> {
    let rows: Vec<Row> = summaries.iter().map(Row::read).collect();
    let order = listing.of(&rows).into_iter();
    order.map(|place| &summaries[place]).collect()
}

/// The `TraceSummaries` of GetTraceSummaries, one line each: start in UTC, id, duration, status, what is
/// worse within, the root's service, an annotation or two where there is room; then, of all of them, the totals, the
/// durations, and what they can be narrowed by.
///
/// Any member may be absent or of another type than the API says. Without summaries the text names
/// the command that makes a first trace.
pub fn trace_list(summaries: &[Value], listing: Listing, style: Style) -> String {
    if summaries.is_empty() {
        return first_trace("No traces yet.", style);
    }
    let rows: Vec<Row> = summaries.iter().map(Row::read).collect();
    let order = listing.of(&rows);
    let shown: Vec<&Row> = order.iter().map(|&place| &rows[place]).collect();
    let mut lines = list(&shown, listing.sort, style);
    let more = (rows.len() - shown.len()) as u64;
    if more > 0 {
        let more = format!("… {} beyond --limit", count(more, "more trace"));
        lines.push(note(&more, style));
    }
    lines.push(String::new());
    lines.extend(totals(&rows, style));
    let durations: Vec<f64> = rows.iter().filter_map(Row::whole_seconds).collect();
    lines.extend(distribution(durations, style));
    lines.extend(refiners(summaries, style));
    lines.join("\n") + "\n"
}

/// The table. By start, traces stand under the date of their start; in any other order the date is in the
/// line, unless it is the same for all.
fn list(rows: &[&Row], sort: Sort, style: Style) -> Vec<String> {
    let date = |row: &Row| utc(row.start, "%Y-%m-%d");
    let dates: BTreeSet<String> = rows.iter().map(|row| date(row)).collect();
    let is_under_dates = sort == Sort::Start || dates.len() == 1;
    let time = match is_under_dates {
        true => "%H:%M:%S",
        false => "%m-%d %H:%M",
    };
    let cells: Vec<Vec<Cell>> = rows.iter().map(|row| row.cells(time)).collect();
    let mut layout = LAYOUT;
    if sort == Sort::Duration {
        layout[DURATION].importance = 8;
    }
    let mut drawn = table(&layout, &cells, style).into_iter();
    let mut lines: Vec<String> = drawn.next().into_iter().collect();
    let mut under = None;
    for (row, line) in rows.iter().zip(drawn) {
        let of_row = Some(date(row)).filter(|_| is_under_dates);
        if let Some(date) = of_row.as_ref().filter(|_| under != of_row) {
            let mut heading = Line::new(style);
            heading.push(Paint::Strong, date);
            lines.push(heading.into_text());
        }
        under = of_row;
        lines.push(line);
    }
    lines
}

struct Row {
    start: f64,
    id: String,
    duration: Option<f64>,
    status: Status,
    /// The worst that happened within, where it is worse than what became of the root.
    within: Option<Status>,
    /// More is to come.
    is_partial: bool,
    service: String,
    annotations: String,
}

impl Row {
    fn read(summary: &Value) -> Self {
        let id = text(summary, "Id").unwrap_or("–").to_owned();
        let is_partial = flag(summary, "IsPartial");
        let of_root = of_root(summary);
        let in_progress = is_partial.then_some(Status::InProgress);
        Self {
            start: number(summary, "StartTime")
                .or_else(|| start_in_id(&id))
                .unwrap_or(f64::NEG_INFINITY),
            duration: number(summary, "Duration"),
            status: in_progress.map_or(of_root, |status| of_root.max(status)),
            within: worst(summary).filter(|&worst| worst > of_root),
            is_partial,
            service: service(summary).unwrap_or("–").to_owned(),
            annotations: annotations(&summary["Annotations"]),
            id,
        }
    }

    /// Its duration as it is sorted by: what has none is the shortest.
    fn seconds(&self) -> f64 {
        self.duration.unwrap_or(-1.0)
    }

    /// Its duration, once nothing more is to come.
    fn whole_seconds(&self) -> Option<f64> {
        self.duration
            .filter(|seconds| !self.is_partial && *seconds >= 0.0)
    }

    fn cells(&self, time: &str) -> Vec<Cell> {
        let duration = match (self.status, self.duration) {
            (_, Some(seconds)) if seconds > 0.0 => api_duration(seconds),
            (Status::InProgress, _) => "…".to_owned(),
            (_, seconds) => api_duration(seconds.unwrap_or(f64::NAN)),
        };
        vec![
            (Paint::Quiet, utc(self.start, time)),
            (Paint::Plain, self.id.clone()),
            (Paint::Plain, duration),
            (Paint::Status(self.status), self.status.word().to_owned()),
            (
                Paint::Quiet,
                self.within
                    .map_or_else(String::new, |within| within.word().to_owned()),
            ),
            (Paint::Strong, self.service.clone()),
            (Paint::Quiet, self.annotations.clone()),
        ]
    }
}

/// What became of the root. A summary has the root's errors and faults, and throttles of anything.
fn of_root(summary: &Value) -> Status {
    if flag(summary, "HasFault") {
        return Status::Fault;
    }
    match (flag(summary, "HasError"), flag(summary, "HasThrottle")) {
        (true, true) if is_throttled(summary) => Status::Throttle,
        (true, _) => Status::Error,
        (false, _) => Status::Ok,
    }
}

/// Whether it was the root that was throttled, of a trace in which something was: its status tells, and
/// without one that nothing beneath it failed.
fn is_throttled(summary: &Value) -> bool {
    match whole(&summary["Http"], "HttpStatus") {
        Some(status) => status == 429,
        None => items(&summary["ErrorRootCauses"]).iter().all(|cause| {
            let services = items(&cause["Services"]);
            services.len() == 1 && items(&services[0]["EntityPath"]).len() == 1
        }),
    }
}

/// The worst that happened anywhere, as far as a summary tells.
fn worst(summary: &Value) -> Option<Status> {
    let has_causes = |key: &str| !items(&summary[key]).is_empty();
    [
        (has_causes("FaultRootCauses"), Status::Fault),
        (flag(summary, "HasThrottle"), Status::Throttle),
        (has_causes("ErrorRootCauses"), Status::Error),
    ]
    .into_iter()
    .find_map(|(is_so, status)| is_so.then_some(status))
}

/// The seconds that a trace id carries: `1-69214cb0-…`.
fn start_in_id(id: &str) -> Option<f64> {
    let seconds = id.split('-').nth(1)?;
    u32::from_str_radix(seconds, 16).ok().map(f64::from)
}

pub(super) fn service(summary: &Value) -> Option<&str> {
    text(&summary["EntryPoint"], "Name").or_else(|| {
        let mut services = items(&summary["ServiceIds"]).iter();
        services
            .find(|service| text(service, "Type") != Some("client"))
            .and_then(|service| text(service, "Name"))
    })
}

/// How early an annotation is named: the lower, the more telling.
pub(super) fn telling(key: &str) -> usize {
    let rank = TELLING.iter().position(|telling| *telling == key);
    rank.unwrap_or(TELLING.len())
}

/// `job=logs  outcome=created`, from `{key: [{AnnotationValue: {StringValue: …}}]}`.
fn annotations(annotations: &Value) -> String {
    let Some(annotations) = annotations.as_object() else {
        return String::new();
    };
    let mut keys: Vec<&String> = annotations.keys().collect();
    keys.sort_by_key(|key| (telling(key), *key));
    let pairs = keys.into_iter().filter_map(|key| {
        let value = &items(&annotations[key]).first()?["AnnotationValue"];
        let value = plain(value.as_object()?.values().next()?);
        Some(format!("{key}={value}"))
    });
    pairs.take(ANNOTATIONS_MAX).collect::<Vec<_>>().join("  ")
}

/// `7 traces: 3 ok, 1 error, 1 fault, 2 throttle within`: that there are such is told also where their column
/// has no room.
fn totals(rows: &[Row], style: Style) -> Vec<String> {
    let mut line = Line::new(style);
    let traces = count(rows.len() as u64, "trace");
    line.push(Paint::Strong, &traces)
        .push(Paint::Plain, ":")
        .space(1);
    let counted = |status: Status, is_so: &dyn Fn(&Row) -> bool, after: &str| {
        let number = rows.iter().filter(|row| is_so(row)).count();
        let text = format!("{number} {}{after}", status.word());
        (number > 0).then_some((Paint::Status(status), text))
    };
    let went = Status::ALL.map(|status| counted(status, &|row| row.status == status, ""));
    let within =
        Status::ALL.map(|status| counted(status, &|row| row.within == Some(status), " within"));
    let pieces: Vec<_> = went.into_iter().chain(within).flatten().collect();
    flow(line, &pieces, ", ", 2, style)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_that_of_the_root_and_what_is_worse_stands_beside_it() {
        let cause = |entities: usize| {
            let path = vec![json!({"Name": "x"}); entities];
            json!([{"Services": [{"EntityPath": path}]}])
        };
        for (summary, status, within) in [
            (json!({}), Status::Ok, None),
            (
                json!({"HasThrottle": true, "ErrorRootCauses": cause(2)}),
                Status::Ok,
                Some(Status::Throttle),
            ),
            (
                json!({"ErrorRootCauses": cause(2)}),
                Status::Ok,
                Some(Status::Error),
            ),
            (
                json!({"HasError": true, "ErrorRootCauses": cause(2), "FaultRootCauses": cause(2)}),
                Status::Error,
                Some(Status::Fault),
            ),
            (
                json!({"HasError": true, "HasThrottle": true, "Http": {"HttpStatus": 429}}),
                Status::Throttle,
                None,
            ),
            (
                json!({"HasError": true, "HasThrottle": true, "Http": {"HttpStatus": 400}}),
                Status::Error,
                Some(Status::Throttle),
            ),
            (
                json!({"HasError": true, "HasThrottle": true, "ErrorRootCauses": cause(1)}),
                Status::Throttle,
                None,
            ),
            (
                json!({"HasError": true, "HasThrottle": true, "ErrorRootCauses": cause(3)}),
                Status::Error,
                Some(Status::Throttle),
            ),
            (
                json!({"HasError": true, "IsPartial": true, "ErrorRootCauses": cause(1)}),
                Status::InProgress,
                None,
            ),
            (
                json!({"HasFault": true, "IsPartial": true, "HasThrottle": true}),
                Status::Fault,
                None,
            ),
        ] {
            let row = Row::read(&summary);
            assert_eq!((row.status, row.within), (status, within), "{summary}");
        }
    }

    #[test]
    fn the_duration_of_what_is_not_done_counts_for_nothing() {
        let row = |partial: bool| {
            Row::read(&json!({"Duration": 2.0, "HasFault": true, "IsPartial": partial}))
        };
        assert_eq!(row(true).whole_seconds(), None);
        assert_eq!(row(false).whole_seconds(), Some(2.0));
    }
}
