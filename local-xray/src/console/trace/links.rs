//! Addresses as links of this page: short where there are many.

use super::super::{Address, window};
use super::view::View;
use crate::term;

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
        false => address.with("since", since(view.timeline.now - view.timeline.start)),
    };
    address.with("filter", term::both(filter, term))
}

/// The least of the windows on offer in which something is that started so many seconds ago.
fn since(seconds: f64) -> &'static str {
    let windows = [
        ("1h", 1.0),
        ("3h", 3.0),
        ("12h", 12.0),
        ("1d", 24.0),
        ("7d", 168.0),
    ];
    let fits = |(_, hours): &(&str, f64)| seconds < hours * 3600.0;
    windows
        .iter()
        .find(|window| fits(window))
        .map_or("30d", |(choice, _)| choice)
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
        for (seconds, choice) in [(10.0, "1h"), (4000.0, "3h"), (90_000.0, "7d"), (1e9, "30d")] {
            assert_eq!(since(seconds), choice);
        }
    }
}
