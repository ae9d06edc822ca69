//! What is looked for in a trace: in names, actions, resources, annotations, ids and exceptions. A browser
//! finds only what has a row.

use serde_json::Value;

use super::view::View;
use crate::read::{items, text};
use crate::timeline::{Entity, Timeline};

/// Where a text was found.
pub(super) struct Find {
    /// The places of the entities that have it, in their order.
    pub(super) matches: Vec<usize>,
}

impl Find {
    /// Looks through entities in their order; for a blank text not at all, which would be everywhere.
    pub(super) fn of(timeline: &Timeline<'_>, order: &[usize], text: &str) -> Option<Self> {
        let wanted = text.trim().to_lowercase();
        let is_match = |&place: &usize| has(&timeline.entities[place], &wanted);
        (!wanted.is_empty()).then(|| Self {
            matches: order.iter().copied().filter(is_match).collect(),
        })
    }
}

fn has(entity: &Entity<'_>, wanted: &str) -> bool {
    let document = entity.document;
    let is_in = |text: &str| contains(text, wanted);
    let request = &document["http"]["request"];
    let told = [
        Some(entity.name),
        entity.action,
        entity.resource,
        text(document, "id"),
        text(document, "user"),
        text(request, "url"),
        text(&document["cause"], "message"),
    ];
    let exceptions = items(&document["cause"]["exceptions"]).iter();
    let mut exceptions =
        exceptions.flat_map(|exception| ["id", "type", "message"].map(|key| text(exception, key)));
    told.into_iter().flatten().any(is_in)
        || entity.head().to_lowercase().contains(wanted)
        || document["annotations"]
            .as_object()
            .is_some_and(|annotations| annotations.iter().any(|pair| has_annotation(pair, wanted)))
        || exceptions.any(|told| told.is_some_and(is_in))
}

/// By key, value, or both as people write them: `job = logs`, `job=logs`.
fn has_annotation((key, value): (&String, &Value), wanted: &str) -> bool {
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    contains(&format!("{key}={value}"), wanted) || contains(&format!("{key} = {value}"), wanted)
}

fn contains(text: &str, wanted: &str) -> bool {
    text.len() >= wanted.len() && text.to_lowercase().contains(wanted)
}

/// Of places in an order, the one before and the one after another, around the ends.
pub(super) fn around(
    order: &[usize],
    among: &[usize],
    from: Option<usize>,
) -> Option<(usize, usize)> {
    let (first, last) = (*among.first()?, *among.last()?);
    let mut ranks = vec![None; order.iter().max().map_or(0, |max| max + 1)];
    for (at, &place) in order.iter().enumerate() {
        ranks[place] = Some(at);
    }
    let rank = |place: usize| ranks.get(place).copied().flatten();
    let from = from.and_then(rank);
    let before = among.iter().rev().find(|&&place| rank(place) < from);
    let after = among.iter().find(|&&place| rank(place) > from);
    Some((*before.unwrap_or(&last), *after.unwrap_or(&first)))
}

/// Where the form of the search goes on to: the row of the match after what was chosen when it was
/// sent.
pub(super) fn next(view: &View<'_>) -> Option<String> {
    let from = view.address.get("after")?;
    let from = view.places.get(from).copied();
    let matches = view.find.as_ref().map_or(&[][..], |find| &find.matches);
    Some(match around(&view.order, matches, from) {
        Some((_, after)) => format!("{}#s-{}", view.address_of(after), view.id(after)),
        None => view.address.without(&["after"]).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_looks_where_people_expect() {
        let documents = [json!({
            "id": "00000000000000aa", "name": "Orders", "start_time": 1, "user": "ann",
            "http": {"request": {"method": "GET", "url": "https://shop.example/cart?x=1"}},
            "annotations": {"job": "Logs", "attempt": 2},
            "metadata": {"default": {"secret": "hidden"}},
            "cause": {"exceptions": [{"id": "e1", "type": "Timeout", "message": "no answer"}]},
        })];
        let timeline = Timeline::read(&documents, 2.0);
        let find = |text: &str| Find::of(&timeline, &[0], text);
        let is_found = |text: &str| find(text).is_some_and(|find| !find.matches.is_empty());
        assert!(find("").is_none() && find(" \t").is_none());
        for text in [
            "orders",
            "ORDERS get",
            "00aa",
            "ann",
            "cart?x",
            "job",
            "job=logs",
            "job = Logs",
            "attempt = 2",
            "timeout",
            "no answer",
            " e1 ",
        ] {
            assert!(is_found(text), "{text}");
        }
        for text in ["hidden", "job:logs", "post"] {
            assert!(!is_found(text), "{text}");
        }
    }

    #[test]
    fn before_and_after_go_around_the_ends() {
        let order = [3, 1, 0, 2, 5];
        for (among, from, expected) in [
            (&[1, 2][..], Some(3), Some((2, 1))),
            (&[1, 2], Some(1), Some((2, 2))),
            (&[1, 2], Some(0), Some((1, 2))),
            (&[1, 2], Some(2), Some((1, 1))),
            (&[1, 2], None, Some((2, 1))),
            (&[], Some(0), None),
            // Of those elsewhere none is before or after.
            (&[1, 2], Some(4), Some((2, 1))),
        ] {
            assert_eq!(around(&order, among, from), expected, "{among:?} {from:?}");
        }
    }
}
