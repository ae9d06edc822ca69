//! What daemons counted of late, one line each.

use local_xray::TelemetrySender;
use local_xray::daemons::Sums;
use tracing_xray::Timestamp;

use super::style::{Paint, Status, Style};
use super::table::{Align, Cell, Column, table};
use super::time::utc;

const LAYOUT: [Column; 7] = [
    Column {
        head: "DAEMON",
        align: Align::Left,
        floor: Some(12),
        importance: 9,
    },
    Column {
        head: "LAST REPORT (UTC)",
        align: Align::Left,
        floor: None,
        importance: 2,
    },
    Column {
        head: "RECEIVED",
        align: Align::Right,
        floor: None,
        importance: 4,
    },
    Column {
        head: "SENT",
        align: Align::Right,
        floor: None,
        importance: 5,
    },
    Column {
        head: "DROPPED",
        align: Align::Right,
        floor: None,
        importance: 8,
    },
    Column {
        head: "REJECTED",
        align: Align::Right,
        floor: None,
        importance: 7,
    },
    Column {
        head: "FAILED CALLS",
        align: Align::Left,
        floor: Some(12),
        importance: 6,
    },
];

/// The sums of what each daemon reported of late, the one that reported last first; one that is silent is
/// marked. Nothing where none has reported.
pub fn daemons(senders: &[TelemetrySender], now: Timestamp, style: Style) -> String {
    let mut senders: Vec<&TelemetrySender> = senders.iter().collect();
    senders.sort_by_key(|sender| std::cmp::Reverse(sender.last_report()));
    let rows: Vec<Vec<Cell>> = senders.iter().map(|sender| cells(sender, now)).collect();
    match rows.is_empty() {
        true => String::new(),
        false => table(&LAYOUT, &rows, style).join("\n") + "\n",
    }
}

fn cells(sender: &TelemetrySender, now: Timestamp) -> Vec<Cell> {
    let sums = Sums::of(&sender.records);
    let name = sender.names().next().unwrap_or("a daemon without a name");
    let last = utc(sender.last_report().as_secs_f64(), "%Y-%m-%d %H:%M:%S");
    let last = match sender.is_silent(now) {
        true => (Paint::Status(Status::Error), format!("{last}, silent")),
        false => (Paint::Plain, last),
    };
    let bad = |number: u64, status| match number {
        0 => (Paint::Plain, number.to_string()),
        _ => (Paint::Status(status), number.to_string()),
    };
    let errors = sums.errors_in_words();
    let errors = match errors.is_empty() {
        true => (Paint::Quiet, "none".to_owned()),
        false => (Paint::Status(Status::Error), errors),
    };
    vec![
        (Paint::Strong, name.to_owned()),
        last,
        (Paint::Plain, sums.received.to_string()),
        (Paint::Plain, sums.sent.to_string()),
        bad(sums.dropped, Status::Fault),
        bad(sums.rejected, Status::Error),
        errors,
    ]
}
