//! What a segment was: names, times, how it went, the request, the query.

use maud::{Markup, html};
use serde_json::Value;

use super::super::parts::{Name, duration};
use super::super::window;
use super::exceptions::entity_link;
use super::head::{address_of, timestamp};
use super::json;
use super::linked::link_to;
use super::view::View;
use crate::read::{items, text};
use crate::timeline::{Entity, Status};

/// The members of a document that are told in words here, or stand in tabs of their own.
const TOLD: [&str; 24] = [
    "annotations",
    "aws",
    "cause",
    "end_time",
    "error",
    "fault",
    "http",
    "id",
    "in_progress",
    "links",
    "metadata",
    "name",
    "namespace",
    "origin",
    "parent_id",
    "precursor_ids",
    "resource_arn",
    "service",
    "sql",
    "start_time",
    "subsegments",
    "throttle",
    "trace_id",
    "user",
];

pub(super) fn overview(view: &View<'_>, chosen: usize) -> Markup {
    let entity = &view.timeline.entities[chosen];
    let document = entity.document;
    let row = |term: &str, told: Markup| html! { dt { (term) } dd { (told) } };
    html! {
        dl class="members" {
            (row("Name", html! { (Name(entity.name)) }))
            @if let Some(action) = entity.action { (row("Action", html! { (Name(action)) })) }
            @if let Some(resource) = entity.resource { (row("Resource", html! { (Name(resource)) })) }
            (times(view, chosen))
            (row("Status", html! { (meaning(entity)) }))
            @if let Some(namespace) = text(document, "namespace") { (row("Namespace", namespace_of(namespace))) }
            @if let Some(user) = text(document, "user") { (row("User", html! { (Name(user)) })) }
            @if let Some(origin) = text(document, "origin") { (row("Origin", html! { (Name(origin)) })) }
            @if let Some(version) = text(&document["service"], "version") { (row("Version", html! { (Name(version)) })) }
            (family(view, chosen))
        }
        (request(document))
        @if document["sql"].is_object() { h3 { "SQL" } (json::members(&document["sql"], &[])) }
        (links(entity))
        (other(document))
    }
}

fn times(view: &View<'_>, chosen: usize) -> Markup {
    let timeline = view.timeline;
    let entity = &timeline.entities[chosen];
    let time = |seconds: f64| {
        html! {
            time datetime=(window::rfc_3339(timestamp(seconds))) { (window::rfc_3339(timestamp(seconds))) }
            span class="quiet" { " · +" (duration(seconds - timeline.start).replace(' ', "\u{a0}")) }
        }
    };
    let whole = entity
        .start
        .map(|start| entity.end.unwrap_or(timeline.now) - start);
    html! {
        @if let Some(start) = entity.start { dt { "Start" } dd { (time(start)) } }
        dt { "End" }
        dd { @match entity.end { Some(end) => (time(end)), None => "not yet" } }
        @if let Some(whole) = whole {
            dt { "Duration" }
            dd { (duration(whole)) @if entity.end.is_none() { " so far" } }
        }
        @if let Some(alone) = timeline.self_seconds(chosen).filter(|_| !timeline.children[chosen].is_empty()) {
            dt { "Self time" }
            dd { (duration(alone)) span class="quiet" { " while nothing within was at work" } }
        }
    }
}

/// The status, and what X-Ray means by it.
fn meaning(entity: &Entity<'_>) -> &'static str {
    match entity.status {
        Status::Ok => "ok",
        Status::Error => "error: the caller's mistake (4xx)",
        Status::Throttle => "throttle: refused, there were too many (429)",
        Status::InProgress => "in progress: it has not told its end",
        Status::Fault => "fault: the service's own failure (5xx, or an exception)",
    }
}

fn namespace_of(namespace: &str) -> Markup {
    let means = match namespace {
        "aws" => " (a call of an AWS service)",
        "remote" => " (a call of another service)",
        _ => "",
    };
    html! { (Name(namespace)) span class="quiet" { (means) } }
}

/// Its ids, and those of others that it names.
fn family(view: &View<'_>, chosen: usize) -> Markup {
    let entity = &view.timeline.entities[chosen];
    let document = entity.document;
    let named = |id: &str| {
        html! {
            @match view.places.get(id) {
                Some(&place) => { (entity_link(view, place)) " " },
                None => {},
            }
            span class="id" { (Name(id)) }
        }
    };
    html! {
        @if let Some(id) = text(document, "id") { dt { "Id" } dd { span class="id" { (Name(id)) } } }
        @match (text(document, "parent_id"), entity.parent) {
            (Some(id), _) => { dt { "Parent" } dd { (named(id)) @if entity.is_orphan() { span class="quiet" { " (not in this trace)" } } } },
            (None, Some(parent)) => { dt { "Parent" } dd { (named(view.id(parent))) } },
            (None, None) => {},
        }
        @for id in items(&document["precursor_ids"]).iter().filter_map(Value::as_str) {
            dt { "Precursor" } dd { (named(id)) }
        }
        @let within = view.timeline.children[chosen].len();
        @if within > 0 { dt { "Children" } dd { (within) } }
        @if entity.is_inferred { dt { "Inferred" } dd { "X-Ray made it up from a call: the called service sent nothing" } }
    }
}

fn request(document: &Value) -> Markup {
    let (request, response) = (&document["http"]["request"], &document["http"]["response"]);
    html! {
        @if request.is_object() {
            h3 { "HTTP request" }
            @if let Some(url) = text(request, "url") { p { (address_of(url)) } }
            (json::members(request, &["url"]))
        }
        @if response.is_object() { h3 { "HTTP response" } (json::members(response, &[])) }
        @let http = json::members(&document["http"], &["request", "response"]).into_string();
        @if !http.is_empty() { h3 { "HTTP" } (maud::PreEscaped(http)) }
    }
}

fn links(entity: &Entity<'_>) -> Markup {
    let links: Vec<_> = entity.links().collect();
    html! {
        @if !links.is_empty() {
            h3 { "Links to other traces" }
            ul class="plain" { @for link in &links { li { (link_to(link)) } } }
        }
    }
}

/// What no documentation names, and `type` and `traced`.
fn other(document: &Value) -> Markup {
    let flags = ["error", "throttle", "fault", "in_progress"].into_iter();
    let set: Vec<&str> = flags.filter(|flag| document[flag] == true).collect();
    html! {
        @if !set.is_empty() { dl class="members" { dt { "Flags" } dd { (set.join(", ")) } } }
        (json::members(document, &TOLD))
    }
}
