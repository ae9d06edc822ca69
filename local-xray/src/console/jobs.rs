//! The jobs of the window, each with what became of it run by run.

use axum::response::Response;
use maud::html;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::{Console, Request};

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let page = Page {
        title: "Jobs",
        nav: Nav::Jobs,
        window: None,
        command: None,
        content: html! { h1 { "Jobs" } },
    };
    Ok(document(page.render(console, request)))
}
