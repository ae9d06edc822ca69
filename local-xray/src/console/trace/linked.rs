//! Links between traces, both ways: those that this one names, and those that name it.

use std::collections::HashSet;

use maud::{Markup, html};

use super::super::parts::{Name, clipped, trace_address};
use super::super::{Address, Console};
use super::Failure;
use super::head::CHARS_MAX;
use super::view::View;
use crate::store::LinkedFrom;
use crate::timeline::{Entity, Link, Timeline};

/// How many links are shown, each way.
const LINKS_MAX: usize = 20;

/// The links of a trace.
pub(super) fn from(console: &Console, view: &View<'_>) -> Result<Markup, Failure> {
    let back = console.store.linked_from(view.read.id, LINKS_MAX)?;
    Ok(html! {
        div id="linked" data-live { (there(view.timeline)) (self::back(&back)) }
    })
}

/// The traces that this one names, each once; of many the first.
fn there(timeline: &Timeline<'_>) -> Markup {
    let mut met = HashSet::new();
    let links = timeline.entities.iter().flat_map(Entity::links);
    let mut links: Vec<_> = links.filter(|link| met.insert(*link)).collect();
    let more = links.len().saturating_sub(LINKS_MAX);
    links.truncate(LINKS_MAX);
    html! {
        @if !links.is_empty() {
            p class="linked" {
                "Linked traces: "
                @for (at, link) in links.iter().enumerate() {
                    @if at > 0 { ", " }
                    (link_to(link))
                }
                @if more > 0 { " … " (more) " more" }
            }
        }
    }
}

/// A link to a segment of another trace.
pub(super) fn link_to(link: &Link<'_>) -> Markup {
    let address = Address::under("/traces", link.trace_id);
    let address = match link.id {
        Some(id) => address.with("segment", id),
        None => address,
    };
    html! {
        a class="id" href=(address) { (Name(link.trace_id)) }
        @if let Some(reference) = link.reference { " (" (Name(reference)) ")" }
    }
}

/// The traces that name this one.
fn back(linked: &LinkedFrom) -> Markup {
    let more = linked.number.saturating_sub(linked.links.len());
    html! {
        @if !linked.links.is_empty() {
            p class="linked-from" {
                "Linked from: "
                @for (at, link) in linked.links.iter().enumerate() {
                    @if at > 0 { ", " }
                    a class="id" href=(trace_address(link.trace_id).with("segment", link.id)) { (link.trace_id) }
                    " (" (Name(&clipped(&link.name, CHARS_MAX))) ")"
                }
                @if more > 0 { " … " (more) " more" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::LinkFrom;

    #[test]
    fn links_are_shown_once_and_not_all_of_many() {
        let linked_of = |number: usize| {
            let links = (0..number).chain(0..number);
            let links = links.map(|n| json!({"trace_id": format!("1-{n:08x}-{n:024x}")}));
            let links: Vec<Value> = links.collect();
            let documents = [json!({"id": "a", "name": "a", "start_time": 1, "links": links})];
            there(&Timeline::read(&documents, 2.0)).into_string()
        };
        for (number, shown, more) in [(0, 0, None), (20, 20, None), (23, 20, Some("3 more"))] {
            let told = linked_of(number);
            assert_eq!(told.matches("<a ").count(), shown);
            assert_eq!(more.is_some(), told.contains("more"));
            assert!(more.is_none_or(|more| told.contains(more)), "{told}");
        }
    }

    #[test]
    fn who_links_here_is_named_and_what_is_left_out_is_told() {
        let link = LinkFrom {
            trace_id: "1-00000001-000000000000000000000001".parse().unwrap(),
            id: "00000000000000a1".parse().unwrap(),
            name: "<logs>".to_owned(),
        };
        let mut linked = LinkedFrom {
            links: vec![link],
            number: 1,
        };
        let all = back(&linked).into_string();
        for part in ["segment=00000000000000a1", "<bdi>&lt;logs&gt;</bdi>"] {
            assert!(all.contains(part), "{all}");
        }
        assert!(!all.contains("more"), "{all}");
        linked.number = 4;
        let some = back(&linked).into_string();
        assert!(some.contains("… 3 more"), "{some}");
        linked.links.clear();
        assert_eq!(back(&linked).into_string(), "");
    }
}
