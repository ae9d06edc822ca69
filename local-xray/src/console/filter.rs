//! The filter expression of a page: read, told what is wrong with it, typed in.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::answer::{Failure, GUARDS};
use super::{Address, Console, Request};
use crate::filter::{FilterError, FilterExpression};
use crate::store::parse_filter;

/// What people find with filters, as examples of the language.
const EXAMPLES: [(&str, &str); 10] = [
    ("fault", "failed on the side of the service"),
    ("error OR throttle", "refused, or asked for wrongly"),
    ("ok AND responsetime > 2", "went well, but took over 2 s"),
    (r#"service("api") { fault }"#, "with a fault in api"),
    (
        r#"edge("api", "orders") { duration > 0.5 }"#,
        "with a slow call from one to the other",
    ),
    (
        r#"http.url CONTAINS "/orders" AND http.status >= 400"#,
        "by the request",
    ),
    (r#"user = "anna""#, "by user"),
    (
        r#"annotation.job = "logs" AND !ok"#,
        "by annotation; ! is not",
    ),
    (
        r#"annotation[order.size] BEGINSWITH "x""#,
        "keys with dots stand in brackets",
    ),
    ("partial", "in progress, or with parts missing"),
];

/// What stands in the filter's input, and what it means.
pub(super) struct Filter {
    /// As it was typed.
    pub(super) text: String,
    /// Nothing takes every trace.
    pub(super) read: Result<Option<FilterExpression>, FilterError>,
}

impl Filter {
    /// The filter that an address says.
    pub(super) fn of(console: &Console, address: &Address) -> Result<Self, Failure> {
        let text = address.get("filter").unwrap_or_default().to_owned();
        if text.trim().is_empty() {
            let read = Ok(None);
            return Ok(Self { text, read });
        }
        let read = parse_filter(&console.store.groups()?, &text).map(Some);
        Ok(Self { text, read })
    }

    /// The input, with what is wrong under the place where it is, and help, whose examples are links to
    /// the page at this address.
    pub(super) fn input(&self, address: &Address) -> Markup {
        html! {
            div class="filter" {
                label for="filter" { "Filter" }
                input id="filter" name="filter" type="text" value=(self.text) spellcheck="false"
                    autocomplete="off" autocapitalize="off" aria-describedby="filter-error"
                    aria-invalid=[self.read.is_err().then_some("true")]
                    placeholder=r#"service("api") { fault } AND responsetime > 2"#;
                details id="filter-help" {
                    summary { "Examples" }
                    div class="popover" {
                        dl { @for (expression, finds) in EXAMPLES {
                            @let example = address.without(&["page"]).with("filter", expression);
                            dt { a href=(example) data-place { code { (expression) } } }
                            dd { (finds) }
                        } }
                        p { "Terms go together with AND, OR, ! and parentheses; times are in seconds." }
                    }
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_an_expression() {
        for (expression, _) in EXAMPLES {
            let read = FilterExpression::parse(expression, &|_| None);
            assert!(read.is_ok(), "{expression}: {read:?}");
        }
    }
}
