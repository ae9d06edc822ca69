//! The traces of a window: filter, refiners, durations, list.

use axum::response::Response;
use maud::html;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::{Console, Request};

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let page = Page {
        title: "Traces",
        nav: Nav::Traces,
        window: None,
        command: None,
        content: html! { h1 { "Traces" } },
    };
    Ok(document(page.render(console, request)))
}
