//! One trace: its map, its timeline, and what each segment tells.

use axum::response::Response;
use maud::html;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::{Console, Request};

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let page = Page {
        title: "Trace",
        nav: Nav::None,
        window: None,
        command: None,
        content: html! { h1 { "Trace" } },
    };
    Ok(document(page.render(console, request)))
}
