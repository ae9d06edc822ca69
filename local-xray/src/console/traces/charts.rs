//! How long the traces of a list took, and when they began.

use std::time::Duration;

use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::super::window::{self, formatted, rfc_3339};
use super::super::{Address, parts};
use super::bars::{Bar, Mark, drawn};
use crate::filter::term;
use crate::map;
use crate::store::{Durations, Slices};

/// How many bars each have their own mark.
const MARKED_MAX: usize = 8;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The durations; a bar narrows the filter to those of its class.
pub(super) fn durations(durations: &Durations, address: &Address, filter: &str) -> Markup {
    let classes = durations.classes();
    let address = address.without(&["page"]);
    let bars: Vec<Bar> = classes
        .iter()
        .map(|class| Bar {
            id: format!("duration-{}", class.from),
            words: match class.to {
                Some(to) if class.from > 0 => {
                    format!("{} to {}", told(class.from), told(to))
                }
                Some(to) => format!("below {}", told(to)),
                None => format!("{} and more", told(class.from)),
            },
            counts: class.counts,
            address: address.with("filter", narrowed(filter, class.from, class.to)),
        })
        .collect();
    let bounds = classes.iter().map(|class| class.from);
    let last = classes.last().and_then(|class| class.to);
    let marks: Vec<Mark> = bounds
        .chain(last)
        .enumerate()
        .filter(|&(_, from)| classes.len() <= MARKED_MAX || is_decade(from))
        .map(|(place, from)| Mark {
            place,
            words: told(from),
        })
        .collect();
    let percentile = |percent| durations.percentile(percent).map(map::api_duration);
    html! {
        section {
            h2 { "Duration" }
            p class="quiet" {
                @for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
                    @if let Some(seconds) = percentile(percent) { span class="figure" { (name) " " b { (seconds) } } " " }
                }
            }
            (drawn("Traces by duration", &bars, &marks))
        }
    }
}

/// When they began; a bar is a window of its own. What a window shows was active in it, so that it may show
/// more traces than began then.
pub(super) fn slices(slices: &Slices, address: &Address) -> Markup {
    let length = slices.length();
    let all: Vec<_> = slices.iter().collect();
    let whole = length.saturating_mul(u32::try_from(all.len()).unwrap_or(u32::MAX));
    let format = match (length >= DAY, whole > DAY, length.as_secs() % 60) {
        (true, _, _) => "%m-%d",
        (_, true, _) => "%m-%d %H:%M",
        (_, _, 0) => "%H:%M",
        _ => "%H:%M:%S",
    };
    let address = address.without(&window::KEYS).without(&["page"]);
    let bars: Vec<Bar> = all
        .iter()
        .map(|slice| Bar {
            id: format!("from-{}", slice.start.as_secs()),
            words: format!(
                "began {} to {}",
                formatted(slice.start, format),
                formatted(slice.end, format)
            ),
            counts: slice.counts,
            address: address
                .with("start", rfc_3339(slice.start))
                .with("end", rfc_3339(last_moment(slice.end))),
        })
        .collect();
    let mark = |place: usize| {
        let slice = all.get(place);
        let time = slice.map(|slice| slice.start);
        let time = time.or(all.last().map(|slice| slice.end))?;
        let words = formatted(time, format);
        Some(Mark { place, words })
    };
    let places = [0, all.len() / 2, all.len()];
    let marks: Vec<Mark> = places.into_iter().filter_map(mark).collect();
    html! {
        section {
            h2 { "Began" }
            p class="quiet" { "each bar " (parts::duration(length.as_secs_f64())) ", UTC; shows what was active then" }
            (drawn("Traces by when they began; a bar shows what was active then", &bars, &marks))
        }
    }
}

/// Both ends of a window are within, and the end of a slice is the start of the next.
fn last_moment(end: Timestamp) -> Timestamp {
    Timestamp::from_micros(end.as_micros().saturating_sub(1))
}

/// The filter with a term for durations from and to so many milliseconds, or without it where it has it.
fn narrowed(filter: &str, from: u64, to: Option<u64>) -> String {
    let seconds = |milliseconds: u64| term::number(milliseconds as f64 / 1e3);
    let to = to.map(|to| format!("duration < {}", seconds(to)));
    let from = (from > 0).then(|| format!("duration >= {}", seconds(from)));
    let terms: Vec<String> = from.into_iter().chain(to).collect();
    let terms = terms.join(" AND ");
    match term::without(filter, &terms) {
        // A bar that is chosen is let go.
        Some(rest) => rest,
        None => term::both(filter, &terms),
    }
}

fn told(milliseconds: u64) -> String {
    match milliseconds {
        0 => "0".to_owned(),
        // Bounds have two digits, and no third that is zero.
        _ if milliseconds < 1000 => format!("{milliseconds} ms"),
        _ if milliseconds < 60_000 => format!("{} s", term::number(milliseconds as f64 / 1e3)),
        _ => parts::duration(milliseconds as f64 / 1e3),
    }
}

fn is_decade(milliseconds: u64) -> bool {
    milliseconds == 0 || 10_u64.pow(milliseconds.ilog10()) == milliseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_narrows_the_filter_and_lets_go_again() {
        for (filter, from, to, expected) in [
            ("", 0, Some(1), "duration < 0.001"),
            (
                "ok",
                15,
                Some(20),
                "ok AND duration >= 0.015 AND duration < 0.02",
            ),
            ("a OR", 1000, None, "(a OR) AND duration >= 1"),
            (
                "fault OR error",
                70,
                Some(100),
                "(fault OR error) AND duration >= 0.07 AND duration < 0.1",
            ),
            (
                "ok AND duration >= 0.015 AND duration < 0.02",
                15,
                Some(20),
                "ok",
            ),
        ] {
            assert_eq!(narrowed(filter, from, to), expected);
        }
    }

    #[test]
    fn bounds_are_short() {
        for (milliseconds, words) in [
            (0, "0"),
            (15, "15 ms"),
            (700, "700 ms"),
            (1500, "1.5 s"),
            (10_000, "10 s"),
            (100_000, "1 min 40 s"),
        ] {
            assert_eq!(told(milliseconds), words);
        }
        assert_eq!(
            [0, 1, 15, 100, 1500].map(is_decade),
            [true, true, false, true, false]
        );
    }
}
