//! Long lists in pages, and lists narrowed by links with counts.

use maud::{Markup, html};

use super::Address;
use crate::runs;

/// A part of a list.
pub(super) struct Paged<'a, T> {
    pub(super) items: &'a [T],
    page: usize,
    pages: usize,
    first: usize,
    all: usize,
}

impl<'a, T> Paged<'a, T> {
    /// The page that an address names; of a number that is none the nearest one.
    pub(super) fn of(all: &'a [T], address: &Address, size: usize) -> Self {
        let pages = all.len().div_ceil(size).max(1);
        let asked = address.get("page").and_then(|page| page.parse().ok());
        let page = asked.unwrap_or(1).clamp(1, pages);
        let first = (page - 1) * size;
        Self {
            items: &all[first..(first + size).min(all.len())],
            page,
            pages,
            first,
            all: all.len(),
        }
    }

    /// Links to the other pages; nothing where there are none.
    pub(super) fn links(&self, address: &Address, noun: &str) -> Markup {
        let to = |page: usize| match page {
            1 => address.without(&["page"]),
            page => address.with("page", page),
        };
        html! { @if self.pages > 1 {
            nav class="pages" aria-label={ "Pages of " (noun) } {
                @if self.page > 1 {
                    a id="previous" class="button" rel="prev" href=(to(self.page - 1)) data-place data-key="[" { "Previous" }
                }
                span { (self.first + 1) "–" (self.first + self.items.len()) " of " (self.all) " " (noun) }
                @if self.page < self.pages {
                    a id="next" class="button" rel="next" href=(to(self.page + 1)) data-place data-key="]" { "Next" }
                }
            }
        } }
    }
}

/// A choice among those that narrow a list.
pub(super) struct Choice<'a> {
    /// As the address says it; nothing is all.
    pub(super) value: &'a str,
    pub(super) label: Markup,
    pub(super) count: usize,
}

/// Links that narrow a list by a key of the address, each with how many there are.
pub(super) fn choices<'a>(
    address: &Address,
    key: &str,
    label: &str,
    choices: impl IntoIterator<Item = Choice<'a>>,
) -> Markup {
    let address = address.without(&["page"]);
    let chosen = address.get(key).unwrap_or_default();
    html! {
        nav class="choices" aria-label=(label) {
            @for Choice { value, label, count } in choices {
                a id={ "by-" (key) "-" (value.replace(' ', "-")) } href=(address.with(key, value)) data-place
                    aria-current=[(value == chosen).then_some("true")] { (label) " " span class="count" { (count) } }
            }
        }
    }
}

/// A form that finds by a part of a name. What else the address says is kept.
pub(super) fn find(address: &Address, label: &str) -> Markup {
    let kept = address.without(&["find", "page"]);
    html! {
        form class="find" id="find-form" method="get" action=(address.only(&[])) data-place data-live {
            @for (key, value) in kept.pairs() { input type="hidden" name=(key) value=(value); }
            label for="find" { (label) }
            input id="find" name="find" type="search" value=(address.get("find").unwrap_or_default())
                spellcheck="false" autocomplete="off" autocapitalize="off" data-find;
            button { "Find" }
        }
    }
}

/// Whether a name has in it what an address looks for.
pub(super) fn is_found(address: &Address, name: &str) -> bool {
    runs::is_found(address.get("find").unwrap_or_default(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::of(&text.parse().unwrap())
    }

    #[test]
    fn a_page_is_a_part_of_the_list() {
        let all: Vec<usize> = (0..250).collect();
        for (query, first, len) in [
            ("", 0, 100),
            ("?page=3", 200, 50),
            ("?page=9", 200, 50),
            ("?page=0", 0, 100),
            ("?page=-1", 0, 100),
            ("?page=x", 0, 100),
        ] {
            let address = address(&format!("/runs{query}"));
            let paged = Paged::of(&all, &address, 100);
            assert_eq!((paged.items[0], paged.items.len()), (first, len), "{query}");
        }
        assert!(
            Paged::of(&all[..0], &address("/runs?page=2"), 100)
                .items
                .is_empty()
        );
    }

    #[test]
    fn names_are_found_by_a_part() {
        assert!(is_found(&address("/jobs?find=+LOG"), "Nightly logs"));
        assert!(is_found(&address("/jobs"), "any"));
        assert!(!is_found(&address("/jobs?find=x"), "logs"));
    }
}
