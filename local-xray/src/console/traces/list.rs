//! The list itself: a row for each trace, heads that sort, pages.

use std::time::Duration;

use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::super::parts::{self, Name, clipped};
use super::super::{Address, window};
use super::asked::{Asked, LIMITS, sorted};
use crate::facts::AnnotationValue;
use crate::filter::term;
use crate::store::{Listing, Row, Sort, Sorting};
use crate::timeline::Status;

/// The longest texts of a row, in characters.
const NAME_CHARS_MAX: usize = 80;
const URL_CHARS_MAX: usize = 120;
const VALUE_CHARS_MAX: usize = 40;

/// How many annotations a row names, the most telling first.
const ANNOTATIONS_MAX: usize = 3;
const TELLING: [&str; 3] = ["job", "bucket", "outcome"];

/// Digits of an id that tell traces of one time apart.
const ID_DIGITS: usize = 6;

/// Pages beside the one shown that are offered.
const PAGES_BESIDE: usize = 2;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

pub(super) fn is_moving(row: &Row) -> bool {
    row.status == Status::InProgress
}

pub(super) fn markup(
    listing: &Listing,
    rows: &[Row],
    address: &Address,
    asked: &Asked,
    now: Timestamp,
) -> Markup {
    let head = |by: Sort, words: &str| head(by, words, asked.sorting, address);
    html! {
        div id="rows" class="table" tabindex="0" role="region" aria-label="List of traces" data-scrolls {
            table class="rows" {
                caption class="unseen" { (caption(listing, rows.len(), asked)) }
                thead { tr {
                    (head(Sort::Start, "Began"))
                    (head(Sort::Status, "Status"))
                    (head(Sort::Duration, "Duration"))
                    th scope="col" class="number response" { "Response time" }
                    (head(Sort::Service, "Service and request"))
                    th scope="col" class="number" { "HTTP" }
                    th scope="col" { "Annotations" }
                    th scope="col" class="number" title="Segments, and the services of all that they call" { "Segments / services" }
                    th scope="col" { "Trace" }
                } }
                tbody { @for row in rows { (one(row, now)) } }
            }
        }
        (pages(listing, rows.len(), address, asked))
    }
}

fn caption(listing: &Listing, rows: usize, asked: &Asked) -> String {
    let first = listing.page * asked.limit + 1;
    let last = first + rows.max(1) - 1;
    format!("Traces {first} to {last} of {}", listing.matched)
}

/// A head that sorts, or turns the order round.
fn head(by: Sort, words: &str, sorting: Sorting, address: &Address) -> Markup {
    let is_sorted = sorting.by == by;
    let is_number = by == Sort::Duration;
    // Names begin with the first of the alphabet, all else with what is most.
    let is_descending = (by != Sort::Service) != sorting.reverse;
    let next = Sorting {
        by,
        reverse: is_sorted && !sorting.reverse,
    };
    let (order, arrow) = match is_descending {
        true => ("descending", " ↓"),
        false => ("ascending", " ↑"),
    };
    html! {
        th scope="col" class=[is_number.then_some("number")] aria-sort=[is_sorted.then_some(order)] {
            a id={ "sort-" (words.split(' ').next().unwrap_or_default().to_lowercase()) }
                href=(sorted(address, next)) data-place
            {
                (words) @if is_sorted { span aria-hidden="true" { (arrow) } }
            }
        }
    }
}

fn one(row: &Row, now: Timestamp) -> Markup {
    let id = row.id.to_string();
    let (start, end) = id.split_at(id.len().saturating_sub(ID_DIGITS));
    let told = |duration: Duration| {
        parts::api_duration(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    };
    html! {
        tr id=(id) {
            td class="began" {
                time datetime=(window::rfc_3339(row.start)) { (time(row.start, now)) }
                " " span class="quiet" { (ago(row.start, now)) }
            }
            td class="went" {
                (parts::status(row.status.word()))
                @if let Some(within) = row.within { " " span class="quiet" { (within.word()) " within" } }
                @if row.has_gaps { " " span class="quiet" { "incomplete" } }
            }
            td class="number lasted" {
                (told(row.lasted))
                @if is_moving(row) { " " span class="quiet" { "so far" } }
            }
            td class="number quiet response" { @if let Some(time) = row.response_time { (told(time)) } }
            td class="request" { (request(row)) }
            td class="number" { @if let Some(status) = row.http_status { (status) } }
            td class="annotations" { (annotations(row)) }
            td class="number" { (row.segments) " / " (row.services) }
            td class="id" {
                a id={ "to-" (id) } href=(parts::trace_address(row.id)) {
                    span class="unseen" { (start) } (end)
                }
            }
        }
    }
}

/// The service with its job, or with the request.
fn request(row: &Row) -> Markup {
    let job = row.annotations.get("job").map(plain);
    html! {
        @match &row.service {
            Some(name) => strong { (Name(&clipped(name, NAME_CHARS_MAX))) },
            None => span class="quiet" { "no segment yet" },
        }
        @if let Some(job) = job {
            " " span class="quiet" { "job" } " " (Name(&clipped(&job, NAME_CHARS_MAX)))
        } @else {
            @if let Some(method) = &row.method { " " span class="method" { (Name(&clipped(method, NAME_CHARS_MAX))) } }
            @if let Some(url) = &row.url {
                " " span title=(clipped(url, 4 * URL_CHARS_MAX)) { (Name(&clipped(path(url), URL_CHARS_MAX))) }
            }
        }
    }
}

/// A URL without scheme and host, which the service's name tells mostly.
pub(super) fn path(url: &str) -> &str {
    let host = url.split_once("://").map(|(_, rest)| rest);
    let path = host.and_then(|rest| rest.find('/').map(|place| &rest[place..]));
    path.unwrap_or(url)
}

/// But for the job, which stands before.
fn annotations(row: &Row) -> Markup {
    let rank = |key: &str| TELLING.iter().position(|telling| *telling == key);
    let others = row.annotations.iter().filter(|(key, _)| *key != "job");
    let mut others: Vec<_> = others.collect();
    others.sort_by_key(|(key, _)| rank(key).unwrap_or(TELLING.len()));
    let more = others.len().saturating_sub(ANNOTATIONS_MAX);
    html! {
        @for (key, value) in others.into_iter().take(ANNOTATIONS_MAX) {
            (Name(&clipped(key, VALUE_CHARS_MAX))) "=" (Name(&clipped(&plain(value), VALUE_CHARS_MAX))) " "
        }
        @if more > 0 { span class="quiet" { "+" (more) } }
    }
}

/// The ways to the other pages, and how long they are.
fn pages(listing: &Listing, rows: usize, address: &Address, asked: &Asked) -> Markup {
    let last = listing.matched.div_ceil(asked.limit).max(1);
    let here = listing.page + 1;
    let first_near = here.saturating_sub(PAGES_BESIDE).max(1);
    let near = first_near..=(here + PAGES_BESIDE).min(last);
    let link = |page: usize, words: &str, key: Option<&str>| {
        let address = address.without(&["page"]);
        let address = if page == 1 {
            address
        } else {
            address.with("page", page)
        };
        html! {
            a id={ "page-" (words.to_lowercase()) } class="button" href=(address) data-place data-key=[key]
                aria-current=[(page == here && key.is_none()).then_some("page")] { (words) }
        }
    };
    let number = |page: usize| link(page, &page.to_string(), None);
    html! {
        nav class="pages" aria-label="Pages of the list" {
            p { (caption(listing, rows, asked)) }
            @if last > 1 {
                p class="choices" {
                    @if here > 1 { (link(here - 1, "Previous", Some("["))) " " }
                    @if first_near > 1 { (number(1)) " " }
                    @if first_near > 2 { "… " }
                    @for page in near.clone() { (number(page)) " " }
                    @if near.end() + 1 < last { "… " }
                    @if *near.end() < last { (number(last)) " " }
                    @if here < last { (link(here + 1, "Next", Some("]"))) }
                }
            }
            @if listing.matched > LIMITS[0] {
                p class="choices" {
                    span class="quiet" { "Rows" } " "
                    @for limit in LIMITS {
                        @let is_here = limit == asked.limit;
                        a id={ "limit-" (limit) } href=(address.without(&["page"]).with("limit", limit)) data-place
                            aria-current=[is_here.then_some("true")] { (limit) } " "
                    }
                }
            }
        }
    }
}

/// The time of the day, after the date unless that is today's.
fn time(time: Timestamp, now: Timestamp) -> String {
    let date = |time| window::formatted(time, "%Y-%m-%d");
    match date(time) == date(now) {
        true => window::formatted(time, "%H:%M:%S"),
        false => window::formatted(time, "%m-%d %H:%M:%S"),
    }
}

fn ago(time: Timestamp, now: Timestamp) -> String {
    match now.since(time).as_secs() {
        ..MINUTE => "just now".to_owned(),
        seconds @ ..HOUR => format!("{} min ago", seconds / MINUTE),
        seconds if seconds < 2 * DAY => format!("{} h ago", seconds / HOUR),
        seconds => format!("{} d ago", seconds / DAY),
    }
}

/// A value as people write it.
pub(super) fn plain(value: &AnnotationValue<'_>) -> String {
    match value {
        AnnotationValue::Text(text) => text.to_string(),
        AnnotationValue::Number(number) => term::number(*number),
        AnnotationValue::Boolean(boolean) => boolean.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn times_are_told_from_now() {
        let now = at(1_763_790_000);
        for (age, time_words, ago_words) in [
            (0, "05:40:00", "just now"),
            (59, "05:39:01", "just now"),
            (60, "05:39:00", "1 min ago"),
            (3600, "04:40:00", "1 h ago"),
            (86_400, "11-21 05:40:00", "24 h ago"),
            (3 * 86_400, "11-19 05:40:00", "3 d ago"),
        ] {
            let then = at(1_763_790_000 - age);
            assert_eq!(
                (&*time(then, now), &*ago(then, now)),
                (time_words, ago_words)
            );
        }
        // A sender's clock may be ahead.
        assert_eq!(ago(at(1_763_790_009), now), "just now");
    }

    #[test]
    fn a_url_is_told_by_its_path() {
        for (url, told) in [
            ("https://shop.example/orders?page=2", "/orders?page=2"),
            ("https://shop.example", "https://shop.example"),
            ("/orders", "/orders"),
            ("javascript:alert(1)", "javascript:alert(1)"),
        ] {
            assert_eq!(path(url), told);
        }
    }
}
