//! Why a segment failed: its exceptions with their stacks, and the way to where each came from.

use std::collections::HashMap;

use maud::{Markup, html};
use serde_json::Value;

use super::super::parts::{Name, count as count_of};
use super::view::View;
use crate::read::{items, text, whole};

/// How many frames of a stack stand open.
const FRAMES_OPEN_MAX: usize = 50;

/// How many causes a segment names.
pub(super) fn count(document: &Value) -> usize {
    let cause = &document["cause"];
    let exceptions = items(&cause["exceptions"]).len();
    let is_told = cause.is_string() || text(cause, "message").is_some();
    exceptions.max(usize::from(is_told))
}

/// Every exception of the trace by its id, with the place of the entity that has it.
type Known<'t> = HashMap<&'t str, (usize, &'t Value)>;

fn known<'t>(view: &View<'t>) -> Known<'t> {
    let mut known = Known::new();
    for (place, entity) in view.timeline.entities.iter().enumerate() {
        for exception in items(&entity.document["cause"]["exceptions"]) {
            if let Some(id) = text(exception, "id") {
                known.entry(id).or_insert((place, exception));
            }
        }
    }
    known
}

pub(super) fn exceptions(view: &View<'_>, chosen: usize) -> Markup {
    let document = view.timeline.entities[chosen].document;
    if count(document) == 0 {
        return html! {
            p class="quiet" { "No exceptions." }
            @if let Some(deeper) = deeper(view, chosen) {
                p { "It has one within: " (entity_link(view, deeper)) }
            }
        };
    }
    let known = known(view);
    let cause = &document["cause"];
    html! {
        @if let Some(id) = cause.as_str() { (referred(view, &known, id)) }
        @if let Some(message) = text(cause, "message") { p class="message" { (Name(message)) } }
        @for exception in items(&cause["exceptions"]) { (one(view, &known, chosen, exception)) }
        @if cause["working_directory"].is_string() || !items(&cause["paths"]).is_empty() {
            dl class="members" {
                @if let Some(directory) = text(cause, "working_directory") {
                    dt { "Working directory" } dd { (Name(directory)) }
                }
                @for path in items(&cause["paths"]).iter().filter_map(Value::as_str) {
                    dt { "Path" } dd { (Name(path)) }
                }
            }
        }
    }
}

/// The first beneath an entity that has an exception.
fn deeper(view: &View<'_>, chosen: usize) -> Option<usize> {
    let within = view.timeline.order(Some(chosen)).into_iter().skip(1);
    let mut within = within.filter(|&place| count(view.timeline.entities[place].document) > 0);
    within.next()
}

/// An exception that another segment has, by its id.
fn referred(view: &View<'_>, known: &Known<'_>, id: &str) -> Markup {
    match known.get(id) {
        Some(&(place, exception)) => html! {
            p { "Its cause is an exception of " (entity_link(view, place)) "." }
            (one(view, known, place, exception))
        },
        None => html! {
            p { "Its cause is exception " span class="id" { (Name(id)) } ", of a segment that has not arrived." }
        },
    }
}

fn one(view: &View<'_>, known: &Known<'_>, of: usize, exception: &Value) -> Markup {
    let stack = items(&exception["stack"]);
    let cause = text(exception, "cause");
    html! {
        article class="exception" {
            h3 {
                (Name(text(exception, "type").unwrap_or("Exception")))
                @if exception["remote"] == true { " " span class="mark-word" { "remote" } }
            }
            @if let Some(message) = text(exception, "message") { p class="message" { (Name(message)) } }
            @if stack.is_empty() { p class="quiet" { "No stack." } }
            @else { (frames(&stack[..stack.len().min(FRAMES_OPEN_MAX)], 1)) }
            @if stack.len() > FRAMES_OPEN_MAX {
                details { summary { (stack.len() - FRAMES_OPEN_MAX) " more frames" }
                    (frames(&stack[FRAMES_OPEN_MAX..], FRAMES_OPEN_MAX + 1))
                }
            }
            @if let Some(truncated) = whole(exception, "truncated").filter(|&number| number > 0) {
                p class="quiet" { "The sender left out " (counted(truncated, "frame")) " of the stack." }
            }
            @if let Some(skipped) = whole(exception, "skipped").filter(|&number| number > 0) {
                p class="quiet" { "The sender left out " (counted(skipped, "exception")) " between this and its cause." }
            }
            @if let Some(cause) = cause { (caused(view, known, of, cause)) }
            @if let Some(id) = text(exception, "id") { p class="quiet" { "Exception " span class="id" { (Name(id)) } } }
        }
    }
}

fn counted(number: u64, noun: &str) -> String {
    count_of(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

fn caused(view: &View<'_>, known: &Known<'_>, of: usize, id: &str) -> Markup {
    html! {
        p {
            "Caused by "
            @match known.get(id) {
                Some(&(place, exception)) => {
                    strong { (Name(text(exception, "type").unwrap_or("Exception"))) }
                    @if let Some(message) = text(exception, "message") { ": " (Name(message)) }
                    @if place != of { ", in " (entity_link(view, place)) }
                },
                None => { "exception " span class="id" { (Name(id)) } ", which has not arrived" },
            }
            "."
        }
    }
}

fn frames(stack: &[Value], first: usize) -> Markup {
    html! {
        ol class="stack" start=(first) {
            @for frame in stack {
                li {
                    @if let Some(label) = text(frame, "label") { code { (Name(label)) } " " }
                    span class="quiet" {
                        (Name(text(frame, "path").unwrap_or("–")))
                        @if let Some(line) = whole(frame, "line") { ":" (line) }
                    }
                }
            }
        }
    }
}

/// A link to another entity of the trace.
pub(super) fn entity_link(view: &View<'_>, place: usize) -> Markup {
    html! {
        a href=(view.link_to(place)) data-place { (Name(&view.timeline.entities[place].head())) }
    }
}
