//! What PutTraceSegments refused and why, and what daemons count.

use axum::response::Response;
use maud::html;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::{Console, Request};

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let page = Page {
        title: "Rejects",
        nav: Nav::Rejects,
        window: None,
        command: None,
        content: html! { h1 { "Rejects" } },
    };
    Ok(document(page.render(console, request)))
}
