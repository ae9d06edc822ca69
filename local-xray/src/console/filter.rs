//! The filter expression of a page: read, told what is wrong with it, typed in.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::answer::{Failure, GUARDS};
use super::{Address, Console, Request};
use crate::filter::{FilterError, FilterExpression};
use crate::store::parse_filter;

/// What stands in the filter's input, and what it means.
pub(super) struct Filter {
    pub(super) text: String,
    /// Nothing takes every trace.
    pub(super) read: Result<Option<FilterExpression>, FilterError>,
}

impl Filter {
    /// The filter that an address says.
    pub(super) fn of(console: &Console, address: &Address) -> Result<Self, Failure> {
        let text = address.get("filter").unwrap_or_default().trim().to_owned();
        if text.is_empty() {
            let read = Ok(None);
            return Ok(Self { text, read });
        }
        let read = parse_filter(&console.store.groups()?, &text).map(Some);
        Ok(Self { text, read })
    }

    /// The input, with what is wrong under the place where it is.
    pub(super) fn input(&self) -> Markup {
        html! {
            div class="filter" {
                label for="filter" { "Filter" }
                input id="filter" name="filter" type="text" value=(self.text) spellcheck="false"
                    autocomplete="off" autocapitalize="off" aria-describedby="filter-error"
                    aria-invalid=[self.read.is_err().then_some("true")]
                    placeholder=r#"service("api") { fault } AND responsetime > 2"#;
                div id="filter-error" role="alert" { @if let Err(error) = &self.read { (told(&self.text, error)) } }
            }
        }
    }
}

fn told(text: &str, error: &FilterError) -> Markup {
    html! { pre { (error.caret(text)) } p { (error) } }
}

/// What is wrong with a filter, while it is typed: the inside of `filter-error`.
pub(super) fn check(console: &Console, request: &Request) -> Result<Response, Failure> {
    let filter = Filter::of(console, &request.address)?;
    let markup = match &filter.read {
        Ok(_) => html! {},
        Err(error) => told(&filter.text, error),
    };
    Ok((GUARDS, axum::response::Html(markup.into_string())).into_response())
}
