//! Small parts that pages share: names, numbers, statuses, empty states.

use maud::{Markup, PreEscaped, Render, html};
use tracing_xray::{Timestamp, TraceId};

use super::{Address, Console, Request, command, window};
use crate::graph::milliseconds;
use crate::map;
use crate::svg::escape;

/// A text from outside: nothing in it is markup, turns what stands around it, or is invisible.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Render for Name<'_> {
    fn render(&self) -> Markup {
        PreEscaped(format!("<bdi>{}</bdi>", escape(self.0)))
    }
}

/// `12.3 ms`.
pub(super) fn duration(seconds: f64) -> String {
    map::duration(seconds)
}

/// A duration of so many microseconds as the API tells it, so that a page and a terminal say the same.
pub(super) fn api_duration(micros: u64) -> String {
    map::api_duration(milliseconds(micros) as f64 / 1e3)
}

/// A time that people read and programs, too.
pub(super) fn time(time: Timestamp) -> Markup {
    html! { time datetime=(window::rfc_3339(time)) { (window::date_time(time)) } }
}

/// `1 trace`, `2 traces`.
pub(super) fn count(number: usize, noun: &str) -> String {
    map::count(number as u64, noun)
}

/// A status as its sign and its word. `word` is one of X-Ray's: `ok`, `error`, `throttle`, `fault`,
/// `in progress`.
pub(super) fn status(word: &str) -> Markup {
    signed(word, word)
}

/// Words with the sign and the colour of a status, both by the style sheet.
pub(super) fn signed(status: &str, words: &str) -> Markup {
    html! { span class={ "status " (status.replace(' ', "-")) } { (words) } }
}

/// A text of at most so many characters, with an ellipsis where it was cut.
pub(super) fn clipped(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text.to_owned(),
    }
}

/// The address of a trace.
pub(super) fn trace_address(id: TraceId) -> Address {
    Address::path(format!("/traces/{id}"))
}

/// How many days back a window has to begin so that a moment is within.
fn days_since(moment: Timestamp, now: Timestamp) -> u64 {
    now.since(moment).as_secs() / (24 * 3600) + 1
}

/// Where there are no traces: how to send the first, or where older ones are.
pub(super) fn no_traces(console: &Console, request: &Request, older: Option<Timestamp>) -> Markup {
    html! {
        section class="empty" {
            @if let Some(older) = older {
                h2 { "No traces in this window" }
                p { "The newest trace is of " (time(older)) "." }
                @let days = days_since(older, console.now());
                @let wide = request.address.without(&window::KEYS).with("since", format_args!("{days}d"));
                p { a class="button" href=(wide) { @if days == 1 { "Show the last day" } @else { "Show the last " (days) " days" } } }
            } @else {
                h2 { "No traces yet" }
                p { "Run a job; its segments go through the daemon to here:" }
                (command::copied("A first trace", &command::first_run(&console.surroundings)))
                @if let Some(daemon) = &console.surroundings.daemon {
                    p { "A program on an X-Ray SDK sends here with:" }
                    (command::copied("For an X-Ray SDK", &format!("export AWS_XRAY_DAEMON_ADDRESS='{daemon}'")))
                }
                p { "The AWS CLI, boto3 and daemons speak to it as to X-Ray itself with:" }
                (command::copied("For the AWS CLI", &format!("export AWS_ENDPOINT_URL_XRAY={}", request.origin)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_since_a_moment_reach_back_to_it() {
        let day = 24 * 3600 * 1_000_000;
        let now = Timestamp::from_micros(100 * day);
        for (micros, days) in [
            (100 * day, 1),
            (100 * day + 5, 1),
            (99 * day + 1, 1),
            (99 * day, 2),
            (10 * day + 1, 90),
            (0, 101),
        ] {
            assert_eq!(days_since(Timestamp::from_micros(micros), now), days);
        }
    }

    #[test]
    fn texts_are_clipped_between_characters() {
        assert_eq!(clipped("日本語", 2), "日本…");
        assert_eq!(clipped("日本語", 3), "日本語");
    }
}
