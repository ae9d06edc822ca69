//! The service map: drawing, table, and what one node or edge tells.

use axum::response::Response;
use maud::html;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::{Console, Request};

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let page = Page {
        title: "Service map",
        nav: Nav::Map,
        window: None,
        command: None,
        content: html! { h1 { "Service map" } },
    };
    Ok(document(page.render(console, request)))
}
