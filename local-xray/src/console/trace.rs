//! One trace: its map, its timeline, and what each segment tells.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::html;
use serde_json::json;

use super::answer::{Failure, GUARDS, document, download, see_other};
use super::page::{Nav, Page};
use super::parts::trace_address;
use super::{Console, Request};
use crate::timeline::Svg;

mod annotations;
mod compare;
mod details;
mod exceptions;
mod find;
mod head;
mod json;
mod linked;
mod links;
mod overview;
mod read;
mod resources;
mod row;
mod table;
mod tools;
mod view;

pub(super) use compare::page as compare;
pub(super) use read::LastRead;
use read::{Read, trace_id};
use view::View;

/// The page of a trace.
pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let id = match trace_id(console, request)? {
        read::Named::Trace(id) => id,
        read::Named::Elsewhere(id) => {
            let address = request.address.at(trace_address(id).to_string());
            return Ok(see_other(&address));
        }
    };
    let read = Read::of(console, id)?;
    let timeline = read.timeline(console.now());
    let view = View::of(&read, &timeline, &request.address)?;
    if let Some(address) = find::next(&view) {
        return Ok(see_other(address));
    }
    let rows = view.rows();
    let title = format!("{} · Trace", head::title(&timeline));
    let page = Page {
        title: &title,
        nav: Nav::None,
        sheet: "trace.css",
        window: None,
        command: Some(view.command()),
        content: html! {
            (head::head(&view))
            (linked::from(console, &view)?)
            (head::own_map(console, &view)?)
            (tools::tools(&view))
            div class="trace" {
                (table::table(&view, &rows))
                (details::details(&view, request))
            }
        },
    };
    Ok(document(page.render(console, request)))
}

/// Some rows of the page, which are fetched as they are reached.
pub(super) fn rows(console: &Console, request: &Request) -> Result<Response, Failure> {
    let read = Read::named(console, request)?;
    let timeline = read.timeline(console.now());
    let view = View::of(&read, &timeline, &request.address)?;
    Ok(document(table::chunk(&view, &view.rows(), view.from)))
}

/// The trace as BatchGetTraces answers it.
pub(super) fn raw(console: &Console, request: &Request) -> Result<Response, Failure> {
    let read = Read::named(console, request)?;
    let answer = json!({ "Traces": [read.trace], "UnprocessedTraceIds": [] });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((GUARDS, kind, json::pretty(&answer)).into_response())
}

/// The documents as they were sent, one a line.
pub(super) fn export(console: &Console, request: &Request) -> Result<Response, Failure> {
    let read = Read::named(console, request)?;
    let mut lines = String::new();
    console.store.export(&[read.id], |line| {
        lines.push_str(line);
        lines.push('\n');
        Ok::<(), Failure>(())
    })?;
    let name = format!("trace-{}.jsonl", read.id);
    Ok(download("application/x-ndjson", &name, lines))
}

/// The timeline as a drawing.
pub(super) fn svg(console: &Console, request: &Request) -> Result<Response, Failure> {
    let read = Read::named(console, request)?;
    let timeline = read.timeline(console.now());
    let mut view = View::of(&read, &timeline, &request.address)?;
    // The drawing has the axis of the whole trace.
    view.choice.root = None;
    let svg = Svg {
        timeline: &timeline,
        rows: &view.rows(),
        heading: &format!("Trace {}", read.id),
        facts: &head::facts(&timeline).join(" · "),
    };
    let name = format!("trace-{}.svg", read.id);
    Ok(download("image/svg+xml", &name, svg.file()))
}

/// The JSON of one segment or subsegment.
pub(super) fn segment(console: &Console, request: &Request) -> Result<Response, Failure> {
    let read = Read::named(console, request)?;
    let timeline = read.timeline(console.now());
    let parts = request.address.parts();
    let id = parts.last().map_or("", String::as_str);
    let entities = timeline.entities.iter();
    let found = entities.map(|entity| entity.document);
    let Some(found) = found.into_iter().find(|document| document["id"] == id) else {
        return Err(Failure::NotFound(format!(
            "trace {} has no segment {id}",
            read.id
        )));
    };
    let name = format!("segment-{id}.json");
    Ok(download("application/json", &name, json::pretty(found)))
}
