//! The traces of a window: filter, refiners, durations, list.

use axum::response::Response;
use maud::{Markup, html};
use tracing_xray::Timestamp;

use super::answer::{Failure, document};
use super::filter::Filter;
use super::page::{self, Nav, Page};
use super::window::{self, Window};
use super::{Address, Console, Request, parts};
use crate::filter::FilterExpression;
use crate::store::{Listing, ListingQuery};

mod asked;
mod bars;
mod charts;
mod export;
mod list;
mod refiners;

use asked::Asked;
pub(super) use export::documents;

/// How many traces are looked at before the list of what is in progress moves less often than every second.
const OFTEN_MAX: usize = 5000;

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let address = &request.address;
    let now = console.now();
    let window = Window::read(address, now)?;
    let asked = Asked::read(address)?;
    let filter = Filter::of(console, address)?;
    let shown = match &filter.read {
        Ok(expression) => {
            let found = Found {
                console,
                request,
                window: &window,
                asked: &asked,
                filter: &filter.text,
                now,
            };
            found.shown(expression.as_ref())?
        }
        Err(_) => Shown {
            list: unreadable(address),
            ..Shown::default()
        },
    };
    let is_readable = filter.read.is_ok();
    let page = Page {
        title: "Traces",
        nav: Nav::Traces,
        sheet: "traces.css",
        window: Some(&window),
        command: is_readable.then(|| asked.command(&window, &filter.text)),
        content: html! {
            a class="skip" href="#list" { "Skip to the list" }
            div id="traces-head" class="traces-head" data-live { h1 { "Traces" } (shown.head) }
            div id="traces-toolbar" data-live {
                (page::toolbar(address, &window, Some(&filter), &["page"]))
            }
            div class="traces" data-follows="traces" {
                nav id="refiners" aria-label="Refine" data-live { (shown.refiners) }
                div class="traces-main" {
                    div id="charts" class="charts" data-live { (shown.charts) }
                    div id="list" tabindex="-1" data-live data-moves=[shown.moves] { (shown.list) }
                }
            }
        },
    };
    Ok(document(page.render(console, request)))
}

/// The parts of the page, each of which is put in place on its own.
#[derive(Default)]
struct Shown {
    head: Markup,
    refiners: Markup,
    charts: Markup,
    list: Markup,
    /// After how many seconds it looks otherwise, without anything happening.
    moves: Option<u32>,
}

/// What traces are looked for, and where it is told.
struct Found<'a> {
    console: &'a Console,
    request: &'a Request,
    window: &'a Window,
    asked: &'a Asked,
    filter: &'a str,
    now: Timestamp,
}

impl Found<'_> {
    fn shown(&self, expression: Option<&FilterExpression>) -> Result<Shown, Failure> {
        let store = &self.console.store;
        let address = &self.request.address;
        let choices = refiners::Choices::of(&store.groups()?);
        let listing = store.listing(&ListingQuery {
            tallied: &choices.expressions,
            ..self.asked.query(self.window, expression, self.now)
        })?;
        let head = self.head(&listing);
        if listing.matched == 0 {
            let list = match listing.processed {
                0 => parts::no_traces(self.console, self.request, store.newest_start()?),
                _ => self.none_matches(),
            };
            return Ok(Shown {
                head,
                list,
                ..Shown::default()
            });
        }
        let rows = store.rows(&listing.ids, self.now)?;
        let moves = match rows.iter().any(list::is_moving) {
            true if listing.processed <= OFTEN_MAX => 1,
            true => 10,
            // How long ago something was is told in minutes.
            false => 60,
        };
        let refiners = refiners::of(&listing, choices);
        Ok(Shown {
            head,
            refiners: refiners::markup(&refiners, address, self.filter),
            charts: html! {
                (charts::durations(&listing.durations, address, self.filter))
                (charts::slices(&listing.slices, address))
            },
            list: list::markup(&listing, &rows, address, self.asked, self.now),
            moves: Some(moves),
        })
    }

    /// How many there are, and how to take them along.
    fn head(&self, listing: &Listing) -> Markup {
        let Listing {
            matched, processed, ..
        } = *listing;
        html! {
            p {
                @if self.filter.trim().is_empty() {
                    strong { (parts::count(matched, "trace")) } " in " (self.window.words())
                } @else {
                    strong { (parts::count(matched, "trace")) }
                    (if matched == 1 { " matches" } else { " match" })
                    ", of " (processed) " in " (self.window.words())
                }
            }
            @if matched > 0 {
                @let address = self.request.address.without(&["page", "limit"]);
                a id="download" class="download" href=(address.at("/traces.jsonl")) {
                    @if matched > export::TRACES_MAX { "Download the first " (export::TRACES_MAX) }
                    @else { "Download" }
                    " as JSON Lines"
                }
            }
        }
    }

    fn none_matches(&self) -> Markup {
        let address = self.request.address.without(&["page"]);
        let wider = window::CHOICES.iter().rev().take(2).rev();
        let minutes = self.window.minutes();
        html! {
            section class="empty" {
                h2 { "No trace matches the filter" }
                p { "It was held against every trace that was active in " (self.window.words()) "." }
                p class="choices" {
                    a class="button" href=(address.without(&["filter"])) { "Clear the filter" }
                    @for (choice, words) in wider.filter(|(choice, _)| is_longer(choice, minutes)) {
                        @let address = address.without(&window::KEYS).with("since", choice);
                        a class="button" href=(address) { (words) }
                    }
                }
            }
        }
    }
}

/// Whether a choice of days is longer than so many minutes.
fn is_longer(choice: &str, minutes: f64) -> bool {
    let days = choice.strip_suffix('d').and_then(|days| days.parse().ok());
    days.is_some_and(|days: f64| days * 24.0 * 60.0 > minutes + 1.0)
}

/// What stands in the place of the list while the filter cannot be read.
fn unreadable(address: &Address) -> Markup {
    html! {
        section class="empty" {
            h2 { "The filter cannot be read" }
            p { "What is wrong, and where, stands under it. Nothing is listed until it is mended." }
            p { a class="button" href=(address.without(&["filter", "page"])) { "Clear the filter" } }
        }
    }
}
