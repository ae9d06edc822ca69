//! The runs of the window, and each with its jobs.

use axum::response::Response;
use maud::html;

use super::answer::{Failure, document};
use super::page::{Nav, Page};
use super::{Console, Request};

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let page = Page {
        title: "Runs",
        nav: Nav::Runs,
        window: None,
        command: None,
        content: html! { h1 { "Runs" } },
    };
    Ok(document(page.render(console, request)))
}
