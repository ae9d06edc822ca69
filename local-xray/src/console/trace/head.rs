//! What a trace was, at a glance: how it went, when, how long, whose it is, where it leads.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use tracing_xray::Timestamp;

use super::super::parts::{Name, clipped, count, duration, status, time};
use super::super::{Address, Console, window};
use super::view::View;
use super::{Failure, compare, links};
use crate::draw::{self, Setting, service_map};
use crate::map::{self, Map};
use crate::read::text;
use crate::timeline::Timeline;

/// How many parts of the critical path are told, and how many services and annotations.
const CRITICAL_WORDS_MAX: usize = 3;
const SERVICES_MAX: usize = 6;
const ANNOTATIONS_MAX: usize = 8;

/// How many characters of a text from outside are shown, where there may be many such texts.
pub(super) const CHARS_MAX: usize = 200;

/// Up to how many nodes the map is open at first.
const NODES_OPEN_MAX: usize = 8;

/// Up to how many nodes the map is drawn unasked.
const NODES_MAX: usize = 100;

/// Up to how many entities the page moves every second while something is in progress, and how many
/// seconds lie between two moves of a larger one.
const MOVING_MAX: usize = 500;
const MOVE_SECONDS: usize = 5;

/// What the trace was for.
pub(super) fn title(timeline: &Timeline<'_>) -> String {
    let Some(root) = timeline.root() else {
        return "Trace".to_owned();
    };
    let title = match root.resource {
        Some(resource) => format!("{} {resource}", root.head()),
        None => root.head(),
    };
    clipped(&title, CHARS_MAX)
}

/// When, how long, how it went, how large.
pub(super) fn facts(timeline: &Timeline<'_>) -> [String; 4] {
    [
        window::date_time(timestamp(timeline.start)),
        duration(timeline.seconds()),
        timeline.status_words(),
        size(timeline),
    ]
}

/// How it went, and the worst within where that is worse.
pub(super) fn status_words(timeline: &Timeline<'_>) -> Markup {
    html! {
        (status(timeline.status().word()))
        @if let Some(within) = timeline.within() { " " span class="quiet" { (within.word()) " within" } }
    }
}

fn size(timeline: &Timeline<'_>) -> String {
    let all = timeline.entities.len();
    let segments = timeline.entities.iter().filter(|entity| entity.is_segment);
    let segments = segments.count();
    format!(
        "{}, {}",
        count(segments, "segment"),
        count(all - segments, "subsegment")
    )
}

pub(super) fn timestamp(seconds: f64) -> Timestamp {
    // Saturates.
    Timestamp::from_micros((seconds * 1e6).round() as u64)
}

/// How many seconds lie between two moves of a trace that is in progress.
pub(super) fn moves(timeline: &Timeline<'_>) -> usize {
    match timeline.entities.len() <= MOVING_MAX {
        true => 1,
        false => MOVE_SECONDS,
    }
}

/// The head of the page.
pub(super) fn head(view: &View<'_>) -> Markup {
    let timeline = view.timeline;
    let moves = view.is_in_progress().then(|| moves(timeline));
    let id = view.read.id;
    let beside = |name: &str| {
        view.address
            .only(&["level", "open", "closed", "more"])
            .at(format!("/traces/{id}/{name}"))
    };
    let critical = timeline.critical_words(CRITICAL_WORDS_MAX);
    let list = view
        .address
        .only(&["since", "start", "end", "filter"])
        .at("/traces");
    html! {
        div id="trace-head" class="trace-head" data-live data-follows=(id) data-moves=[moves] {
            p class="crumbs" { a href=(list) { "Traces" } " / " span class="id" { (id) } }
            div class="heading" {
                h1 { (Name(&title(timeline))) }
                (status_words(timeline))
                div class="actions" {
                    button type="button" data-copy data-text=(id) hidden { "Copy id" }
                    a class="button" href=(beside("raw").only(&[])) { "Raw JSON" }
                    a class="button" href=(beside("timeline.svg")) { "Save SVG" }
                    a class="button" href=(beside("export").only(&[])) { "Export" }
                    (compare::menu(view))
                }
            }
            dl class="facts" { (told(view)) }
            @if timeline.entities.len() > 1 && !critical.is_empty() {
                p class="critical-words" {
                    svg width="16" height="8" aria-hidden="true" { rect class="critical" y="3" width="16" height="2" {} }
                    " Critical path: "
                    @for (at, words) in critical.iter().enumerate() { @if at > 0 { ", " } (Name(&clipped(words, CHARS_MAX))) }
                }
            }
            (notes(view))
        }
    }
}

fn told(view: &View<'_>) -> Markup {
    let timeline = view.timeline;
    let root = timeline.root();
    let document = root.map_or(&Value::Null, |root| root.document);
    let mut services: Vec<&str> = Vec::new();
    for entity in timeline.entities.iter().filter(|entity| entity.is_segment) {
        if services.len() <= SERVICES_MAX && !services.contains(&entity.name) {
            services.push(entity.name);
        }
    }
    let fact = |term: &str, told: Markup| html! { div { dt { (term) } dd { (told) } } };
    html! {
        (fact("Started", time(timestamp(timeline.start))))
        (fact("Duration", html! { (duration(timeline.seconds())) }))
        @if let Some(url) = text(&document["http"]["request"], "url") {
            (fact("URL", link_out(url, &clipped(url, CHARS_MAX))))
        }
        @if let Some(code) = root.and_then(|root| root.http_status) { (fact("HTTP", html! { (code) })) }
        @if let Some(user) = text(document, "user") { (fact("User", html! { (Name(&clipped(user, CHARS_MAX))) })) }
        (fact("Size", html! { (size(timeline)) }))
        @if services.len() > 1 {
            (fact("Services", html! {
                @for (at, name) in services.iter().take(SERVICES_MAX).enumerate() {
                    @if at > 0 { ", " } (Name(&clipped(name, CHARS_MAX)))
                }
                @if services.len() > SERVICES_MAX { ", …" }
            }))
        }
        @for (key, value) in document["annotations"].as_object().into_iter().flatten().take(ANNOTATIONS_MAX) {
            @let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            @let words = clipped(&value, CHARS_MAX);
            div { dt { (Name(&clipped(key, CHARS_MAX))) } dd {
                @if key == "run_id" { a href=(Address::under("/runs", &value)) { (Name(&words)) } }
                @else { (Name(&words)) }
            } }
        }
    }
}

/// A URL, as a link where a browser may follow it without harm.
pub(super) fn address_of(url: &str) -> Markup {
    link_out(url, url)
}

fn link_out(url: &str, words: &str) -> Markup {
    let is_web = ["http://", "https://"].iter().any(|scheme| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    html! {
        @if is_web { a href=(url) rel="noreferrer" { (Name(words)) } } @else { (Name(words)) }
    }
}

/// What is missing from this picture.
fn notes(view: &View<'_>) -> Markup {
    let timeline = view.timeline;
    let orphans = timeline
        .entities
        .iter()
        .filter(|entity| entity.is_orphan())
        .count();
    let is_lone = timeline.roots.len() == 1;
    html! {
        @if orphans > 0 && is_lone {
            p class="quiet" { "Its caller is no part of this trace as it is known here." }
        } @else if orphans > 0 {
            p class="quiet" { (count(orphans, "orphan")) ": what called them has not arrived." }
        }
        @for unknown in &view.unknown {
            p role="alert" { "This trace has no segment " (Name(unknown)) ", or none yet." }
        }
    }
}

/// The service map of this trace alone. One of very many nodes takes long and shows little: it is drawn for
/// those who ask for it.
pub(super) fn own_map(console: &Console, view: &View<'_>) -> Result<Markup, Failure> {
    let title = "Service map of this trace";
    let services = services_max(view);
    let is_asked = view.address.get("map").is_some();
    if services > NODES_MAX && !is_asked {
        let address = view.address.with("map", "all");
        return Ok(html! {
            p id="own-map" data-live {
                a id="draw-map" href=(links::within(&address)) data-place { (title) }
                span class="quiet" { ": up to " (count(services, "node")) }
            }
        });
    }
    let services = console.store.trace_graph(&[view.read.id])?;
    let services = services.iter().map(serde_json::to_value);
    let services: Vec<Value> = services.filter_map(Result::ok).collect();
    let map = Map::new(&services);
    let is_small = map.nodes.len() <= NODES_OPEN_MAX;
    // A node leads to where its service stands in the timeline.
    let node = |place: usize| {
        let node: &map::Node = map.nodes.get(place)?;
        let name = match &node.services[..] {
            [service] if !node.is_clients() => &service.name,
            _ => return None,
        };
        Some(links::within(&view.address.with("find", name)))
    };
    let page = draw::Page {
        node: &node,
        edge: &|_| None,
        selected: None,
        minutes: None,
    };
    let drawing = service_map(&map, Setting::Page(page), None);
    Ok(html! {
        div id="own-map" data-live {
            details id="own-map-open" open[is_small || is_asked] {
                summary { (title) }
                div id="own-map-drawing" class={ "own-map" @if is_small { " small" } } data-scrolls tabindex="0"
                    role="region" aria-label=(title) {
                    (PreEscaped(drawing.svg))
                }
            }
        }
    })
}

/// How many nodes the map may have: one for each name of a segment or of a call.
fn services_max(view: &View<'_>) -> usize {
    let entities = view.timeline.entities.iter();
    let services =
        entities.filter(|entity| entity.is_segment || entity.document["namespace"].is_string());
    let names: BTreeSet<&str> = services.map(|entity| entity.name).collect();
    names.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trace_is_named_after_a_root_that_is_no_orphan() {
        let orphan = json!({"id": "a", "name": "orphan", "parent_id": "f", "start_time": 1});
        let whole = json!({"id": "b", "name": "whole", "start_time": 2});
        for (documents, expected) in [
            (vec![orphan.clone(), whole], "whole"),
            (vec![orphan], "orphan"),
            (vec![], "Trace"),
        ] {
            assert_eq!(title(&Timeline::read(&documents, 3.0)), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_in_the_title() {
        let url = format!("https://h.example/{}", "x".repeat(9000));
        let documents = [json!({"id": "a", "name": "a", "start_time": 1,
            "http": {"request": {"method": "GET", "url": url}}})];
        let title = title(&Timeline::read(&documents, 3.0));
        assert!(
            title.chars().count() <= 201 && title.ends_with('…'),
            "{title}"
        );
    }
}
