//! Addresses as links of this page: short where there are many.

use super::super::{Address, window};
use super::head::timestamp;
use super::view::View;
use crate::term;
use crate::timeline::Timeline;

/// A link within the page: the query alone, which a browser takes for the page's own.
pub(super) fn within(address: &Address) -> String {
    match address.at("").to_string() {
        // An empty link keeps the query of the page.
        query if query.is_empty() => address.to_string(),
        query => query,
    }
}

/// A link that scrolls to a row also without scripts.
pub(super) fn with_row(address: &Address, id: &str) -> String {
    format!("{}#s-{id}", within(address))
}

/// The start of links that differ in the value of one key, which needs no escapes.
pub(super) fn prefix(address: &Address, key: &str) -> String {
    match address.without(&[key]).at("").to_string() {
        query if query.is_empty() => format!("?{key}="),
        query => format!("{query}&{key}="),
    }
}

/// The list of traces with one more term in its filter.
pub(super) fn traces_with(view: &View<'_>, term: &str) -> Address {
    let filter = view.address.get("filter").unwrap_or_default();
    let address = view.address.only(&window::KEYS).at("/traces");
    let has_window = address.pairs().next().is_some();
    let address = match has_window {
        true => address,
        false => windowed(&address, view.timeline),
    };
    address.with("filter", term::both(filter, term))
}

/// How many seconds before and after an old trace its like are looked for.
const AROUND: f64 = 24.0 * 3600.0;

/// An address with a window in which a trace is: one that ends now, or for an old trace the days around it.
fn windowed(address: &Address, timeline: &Timeline<'_>) -> Address {
    if let Some(since) = since(timeline.now - timeline.start) {
        return address.with("since", since);
    }
    let time = |seconds: f64| window::rfc_3339(timestamp(seconds));
    let address = address.with("start", time((timeline.start - AROUND).floor()));
    address.with("end", time((timeline.end + AROUND).ceil()))
}

/// The least of the windows on offer in which something is that started so many seconds ago.
fn since(seconds: f64) -> Option<&'static str> {
    let windows = [
        ("1h", 1.0),
        ("3h", 3.0),
        ("12h", 12.0),
        ("1d", 24.0),
        ("7d", 168.0),
        ("30d", 720.0),
    ];
    let fits = |(_, hours): &&(&str, f64)| seconds < hours * 3600.0;
    windows.iter().find(fits).map(|(choice, _)| *choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::of(&text.parse().unwrap_or_default())
    }

    #[test]
    fn links_within_the_page_say_only_what_changes() {
        assert_eq!(within(&address("/traces/1?a=b")), "?a=b");
        assert_eq!(within(&address("/traces/1")), "/traces/1");
        assert_eq!(prefix(&address("/traces/1"), "segment"), "?segment=");
        assert_eq!(
            prefix(&address("/traces/1?segment=2&a=b+c"), "segment"),
            "?a=b+c&segment="
        );
    }

    #[test]
    fn the_window_reaches_back_to_the_trace() {
        let documents = [serde_json::json!({"id": "a", "name": "a",
            "start_time": 1_763_790_000, "end_time": 1_763_790_001.25})];
        let day = 24.0 * 3600.0;
        for (seconds, window) in [
            (10.0, "since=1h"),
            (4000.0, "since=3h"),
            (90_000.0, "since=7d"),
            (29.0 * day, "since=30d"),
            (
                31.0 * day,
                "start=2025-11-21T05%3A40%3A00Z&end=2025-11-23T05%3A40%3A02Z",
            ),
        ] {
            let timeline = Timeline::read(&documents, 1_763_790_000.0 + seconds);
            let address = windowed(&address("/traces"), &timeline);
            assert_eq!(address.to_string(), format!("/traces?{window}"));
        }
    }
}
