//! The daemons that report here: what each counted of late, and which are silent.

use maud::{Markup, html};
use tracing_xray::Timestamp;

use crate::console::parts::{Name, count, duration, signed, time};
use crate::console::{Console, Request, command};
use crate::daemons::Sums;
use crate::store::{TelemetryRecord, TelemetrySender};

/// The most daemons that are shown, those that reported last.
const DAEMONS_MAX: usize = 50;

pub(super) fn section(console: &Console, request: &Request, senders: &[TelemetrySender]) -> Markup {
    let now = console.now();
    let mut senders: Vec<&TelemetrySender> = senders.iter().collect();
    senders.sort_by_key(|sender| std::cmp::Reverse(sender.last_report()));
    let dropped = Sums::of(senders.iter().flat_map(|sender| &sender.records)).dropped;
    html! {
        @if senders.is_empty() { (none(request)) }
        @else {
            (table_of(&senders[..senders.len().min(DAEMONS_MAX)], now))
            @if senders.len() > DAEMONS_MAX { p class="quiet" { "… and " (senders.len() - DAEMONS_MAX) " that reported before." } }
            (meanings(dropped > 0))
        }
    }
}

/// What to know first: what was lost, and who is silent.
pub(super) fn verdict(senders: &[TelemetrySender], now: Timestamp) -> Markup {
    let records = senders.iter().flat_map(|sender| &sender.records);
    let dropped = Sums::of(records).dropped;
    let silent = senders
        .iter()
        .filter(|sender| sender.is_silent(now))
        .count();
    html! {
        @if senders.is_empty() { (signed("ok", "No daemon has reported")) }
        @else if dropped > 0 { (signed("fault", &format!("{} dropped", segments(dropped)))) }
        @else { (signed("ok", "No segment was dropped")) }
        @if silent > 0 { " " (signed("error", &format!("{silent} of {} silent", count(senders.len(), "daemon")))) }
    }
}

fn segments(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "segment")
}

fn table_of(senders: &[&TelemetrySender], now: Timestamp) -> Markup {
    html! {
        div class="table" id="daemons-table" data-scrolls tabindex="0" role="region" aria-label="What each daemon counted" {
            table class="daemons" {
                thead { tr {
                    th scope="col" { "Daemon" }
                    th scope="col" { "Last report" }
                    th scope="col" class="number" { "Received" }
                    th scope="col" class="number" { "Sent" }
                    th scope="col" class="number" { "Dropped" }
                    th scope="col" class="number" { "Rejected" }
                    th scope="col" { "Failed calls" }
                    th scope="col" { "Reports, the oldest first" }
                } }
                tbody { @for sender in senders { (row(sender, now)) } }
            }
        }
    }
}

fn row(sender: &TelemetrySender, now: Timestamp) -> Markup {
    let sums = Sums::of(&sender.records);
    let mut names = sender.names();
    let last = sender.last_report();
    html! {
        tr {
            th scope="row" class="what" {
                @match names.next() {
                    Some(name) => { strong { (Name(name)) } }
                    None => { strong { "A daemon without a name" } }
                }
                @for name in names { span class="id quiet" { (Name(name)) } }
            }
            td class="what" {
                @if sender.is_silent(now) {
                    (signed("error", &format!("silent for {}", ago(now.since(last).as_secs()))))
                } @else { (signed("ok", "reports")) }
                span class="quiet" { (time(last)) }
            }
            td class="number" { (sums.received) }
            td class="number" { (sums.sent) }
            td class="number" { @if sums.dropped > 0 { (signed("fault", &sums.dropped.to_string())) } @else { "0" } }
            td class="number" { @if sums.rejected > 0 { (signed("error", &sums.rejected.to_string())) } @else { "0" } }
            td { @if sums.errors_in_words().is_empty() { "none" } @else { (signed("error", &sums.errors_in_words())) } }
            td { (sparkline(&sender.records)) }
        }
    }
}

/// `4 min`, `2 h`, `3 d`.
fn ago(seconds: u64) -> String {
    match seconds {
        0..60 => duration(seconds as f64),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A column for each record, newest first as they come: what was received, and of that what was dropped.
fn sparkline(records: &[TelemetryRecord]) -> Markup {
    const STEP: usize = 4;
    const HEIGHT: f64 = 24.0;
    const RECORDS_MAX: usize = 30;
    let shown = &records[..records.len().min(RECORDS_MAX)];
    let of = |record: &TelemetryRecord| {
        let dropped = record.segments_spillover_count.unwrap_or(0);
        (
            record.segments_received_count.unwrap_or(0).max(dropped),
            dropped,
        )
    };
    let most = shown
        .iter()
        .map(|record| of(record).0)
        .max()
        .unwrap_or(0)
        .max(1);
    let height = |number: u32| f64::from(number) / f64::from(most) * HEIGHT;
    let width = RECORDS_MAX * STEP;
    let sums = Sums::of(shown);
    let words = format!(
        "{}: {} received, {} dropped, at most {most} received in one",
        count(shown.len(), "report"),
        sums.received,
        sums.dropped
    );
    html! {
        svg class="sparkline" width=(width) height=(HEIGHT) viewBox={ "0 0 " (width) " " (HEIGHT) } role="img" aria-label=(words) {
            @for (place, record) in shown.iter().rev().enumerate() {
                @let (received, dropped) = of(record);
                @let x = place * STEP;
                rect class="received" x=(x) width=(STEP - 1) y=(pixels(HEIGHT - height(received))) height=(pixels(height(received))) {}
                @if dropped > 0 {
                    @let dropped = height(dropped).max(2.0);
                    rect class="dropped" x=(x) width=(STEP - 1) y=(pixels(HEIGHT - dropped)) height=(pixels(dropped)) {}
                }
            }
        }
    }
}

fn pixels(number: f64) -> String {
    format!("{number:.1}")
}

fn meanings(is_open: bool) -> Markup {
    let meanings = [
        ("Received", "Datagrams that the daemon read."),
        ("Sent", "Segments that X-Ray took."),
        (
            "Dropped",
            "Segments that were lost, since the memory of the daemon or the buffer of its socket was full (spillover). \
             Give it more with --buffer-memory MB, raise net.core.rmem_max on the host, or send less: sample.",
        ),
        (
            "Rejected",
            "Datagrams that were no segment, and documents that X-Ray refused: those that came here stand above.",
        ),
        (
            "Failed calls",
            "Attempts to upload that failed, by reason. The daemon tries each batch ten times; look at its log and at \
             the network between.",
        ),
        (
            "Silent",
            "No report for two and a half minutes, where one comes each minute: it was stopped, or cannot reach this.",
        ),
    ];
    html! {
        details id="meanings" class="meanings" open[is_open] {
            summary { "What these numbers mean, and what to do about drops" }
            dl { @for (word, meaning) in meanings { dt { (word) } dd { (meaning) } } }
            p class="quiet" { "The sums are of the newest reports, at most sixty of each daemon." }
        }
    }
}

fn none(request: &Request) -> Markup {
    let at = &request.origin;
    let daemon = format!(
        "AWS_ENDPOINT_URL_XRAY={at} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local \
         xray-ecs daemon --bind 127.0.0.1:2001 --bind-tcp 127.0.0.1:2001"
    );
    html! {
        p { "No daemon has reported yet. " code { "xray-ecs daemon" } ", and AWS's own, tell every minute what they received, sent and \
             dropped, from their first segment on. The daemon within " code { "xray-ecs local" } " does not. One that sends here:" }
        (command::copied("A daemon that sends here", &daemon))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_told_in_one_unit() {
        assert_eq!(
            [59, 61, 3600, 90_000].map(ago),
            ["59.0 s", "1 min", "1 h", "1 d"]
        );
    }
}
