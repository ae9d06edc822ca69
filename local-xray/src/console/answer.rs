//! What goes back to the browser: pages with what they may do, and failures as pages.

use std::fmt;

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::page::{Nav, Page};
use super::{Console, Request};
use crate::store::StoreError;

/// No page loads, sends or shows anything of others, and none has style or script within.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Headers of all that the console answers.
pub(super) const GUARDS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// A whole document.
pub(super) fn document(markup: Markup) -> Response {
    let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    let fresh = (header::CACHE_CONTROL, "no-store");
    (GUARDS, [kind, fresh], Body::from(markup.into_string())).into_response()
}

/// A file to be kept under a name.
pub(super) fn download(kind: &'static str, name: &str, body: impl Into<Body>) -> Response {
    // Names are made here, of ids; whatever else is in one is left out.
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-._".contains(*c);
    let name: String = name.chars().filter(is_plain).collect();
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (GUARDS, headers, body.into()).into_response()
}

/// To another address, which is asked for with GET; it may end in a `#` and a part of the page.
pub(super) fn see_other(address: impl fmt::Display) -> Response {
    let location = [(header::LOCATION, address.to_string())];
    (StatusCode::SEE_OTHER, GUARDS, location).into_response()
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The address names what is not there.
    #[error("{0}")]
    NotFound(String),
    /// The address says what cannot be.
    #[error("{0}")]
    BadRequest(String),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    /// A key of an address has a word that it does not know; it knows two at least.
    pub(super) fn unknown_word(key: &str, word: &str, known: &[&str]) -> Self {
        let words = match known {
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
            [] => String::new(),
        };
        Self::BadRequest(format!("{key}={word} is not known: write {words}"))
    }

    /// The status of its answer.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The failure as a page.
    pub(super) fn page(&self, console: &Console, request: &Request) -> Response {
        let title = match self {
            Self::NotFound(_) => "Not found",
            Self::BadRequest(_) => "Not understood",
            Self::Store(_) => "The store cannot be read",
        };
        let page = Page {
            title,
            nav: Nav::None,
            sheet: "console.css",
            window: None,
            command: None,
            content: html! {
                h1 { (title) }
                p { (self) }
                p { a href="/" { "To the service map" } }
            },
        };
        let mut response = document(page.render(console, request));
        *response.status_mut() = self.status();
        response
    }
}
