//! Two traces beside each other: what is only in one, what is called more often, what takes longer.

use axum::response::Response;
use maud::{Markup, html};

use super::super::answer::{document, see_other};
use super::super::page::{Nav, Page};
use super::super::pages::Paged;
use super::super::parts::{Name, clipped, count, duration, time, trace_address};
use super::super::{Address, Console, Request};
use super::head::{self, CHARS_MAX, timestamp};
use super::read::{self, Named, Read, trace_id};
use super::tools::LEVELS;
use super::view::{Level, View};
use super::{Failure, json};
use crate::compare::{Comparison, Order};
use crate::timeline::Timeline;

mod offers;
mod table;

use offers::Offer;

/// How many rows are on one page.
const PAGE_LEN: usize = 500;

/// How many annotations that differ are shown, and how many characters of a value.
const ANNOTATIONS_MAX: usize = 50;
const VALUE_CHARS_MAX: usize = 200;

/// The page of a comparison; where the address does not say with what, the choice of that.
pub(in super::super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let asked = Asked::of(&request.address)?;
    // One for both: else what is in progress would differ from itself.
    let now = console.now();
    let at = |id| {
        let path = format!("{}/compare", trace_address(id));
        see_other(request.address.at(path))
    };
    let a = match trace_id(console, request)? {
        Named::Trace(id) => Read::of(console, id)?,
        Named::Elsewhere(id) => return Ok(at(id)),
    };
    let of_a = a.timeline(now);
    let Some(with) = request.address.get("with") else {
        return choice(console, request, &a, &of_a, None);
    };
    let with = match Offer::named(with) {
        Some(offer) => match offer.find(console, &a, &of_a)? {
            Some(id) => return Ok(see_other(offer.compared(&a, id, &request.address))),
            None => {
                let failure = Failure::NotFound(offer.none(&of_a));
                return choice(console, request, &a, &of_a, Some(&failure));
            }
        },
        None => match read::named(console, with) {
            Ok(named) => named,
            Err(Failure::BadRequest(_)) => {
                return choice(console, request, &a, &of_a, Some(&offers::unknown(with)));
            }
            Err(failure @ Failure::NotFound(_)) => {
                return choice(console, request, &a, &of_a, Some(&failure));
            }
            Err(failure) => return Err(failure),
        },
    };
    let b = match with {
        Named::Trace(id) => match Read::of(console, id) {
            Err(failure @ Failure::NotFound(_)) => {
                return choice(console, request, &a, &of_a, Some(&failure));
            }
            read => read?,
        },
        Named::Elsewhere(id) => return Ok(see_other(request.address.with("with", id))),
    };
    let of_b = b.timeline(now);
    let kept = request.address.only(&KEPT);
    let side = |letter, read, timeline| Side {
        letter,
        read,
        timeline,
        address: kept.at(trace_address(read.id).to_string()),
    };
    let sides = [side("A", &a, &of_a), side("B", &b, &of_b)];
    compared(console, request, &asked, &sides)
}

/// One of the two traces.
struct Side<'t> {
    letter: &'static str,
    read: &'t Read,
    timeline: &'t Timeline<'t>,
    /// Its page, with the window and the filter that were come from.
    address: Address,
}

fn compared(
    console: &Console,
    request: &Request,
    asked: &Asked,
    sides: &[Side<'_>; 2],
) -> Result<Response, Failure> {
    let [a, b] = sides;
    let comparison = Comparison::of(a.timeline, b.timeline);
    let level = asked.level_of(&comparison);
    let rows = comparison.ordered(asked.order, level.max());
    let paged = Paged::of(&rows, &asked.address, PAGE_LEN);
    let titles = sides.each_ref().map(|side| head::title(side.timeline));
    let [of_a, of_b] = &titles;
    let heading = html! {
        "Compare " (Name(of_a)) @if of_a != of_b { " with " (Name(of_b)) }
    };
    let mut command = vec!["trace".to_owned(), a.read.id.to_string()];
    command.extend(["--compare".to_owned(), b.read.id.to_string()]);
    if let Some(level) = level.max() {
        command.extend(["--level".to_owned(), level.to_string()]);
    }
    if asked.order != Order::default() {
        command.extend(["--sort".to_owned(), asked.order.word().to_owned()]);
    }
    let swapped = asked.address.without(&["page"]).with("with", a.read.id);
    let swapped = swapped.at(format!("{}/compare", trace_address(b.read.id)));
    let is_moving = sides.iter().any(|side| {
        let mut entities = side.timeline.entities.iter();
        entities.any(|entity| entity.end.is_none())
    });
    let moves = is_moving.then_some(head::moves(a.timeline).max(head::moves(b.timeline)));
    let content = html! {
        div id="compare-head" data-live data-follows={ (a.read.id) " " (b.read.id) } data-moves=[moves] {
            (crumbs(&asked.address, a.read))
            div class="heading" {
                h1 { (heading) }
                div class="actions" {
                    a class="button" id="swap" href=(swapped) data-place { "Swap A and B" }
                    a class="button" href=(asked.address.only(&KEPT)) { "Compare with another" }
                }
            }
            div class="sides" { @for side in sides { (told(side)) } }
            (verdict(&comparison, a.read.id == b.read.id))
            (annotations(&comparison))
        }
        div id="compare-rows" data-live {
            h2 id="rows-title" { "Segments" }
            div class="narrow" { (orders(asked)) (levels(asked, level)) }
            (table::table(&comparison, paged.items, sides, asked.order, level))
            (paged.links(&asked.address, "rows"))
        }
    };
    let page = Page {
        title: &format!("{of_a} compared · Trace"),
        nav: Nav::None,
        sheet: "compare.css",
        window: None,
        command: Some(command),
        content,
    };
    Ok(document(page.render(console, request)))
}

/// The keys that links to the traces keep.
const KEPT: [&str; 4] = ["since", "start", "end", "filter"];

/// How the address wants the rows.
struct Asked {
    /// With no other keys than are understood here.
    address: Address,
    order: Order,
    level: Option<Level>,
}

impl Asked {
    fn of(address: &Address) -> Result<Self, Failure> {
        let order = match address.get("sort") {
            None => Order::default(),
            Some(word) => {
                let named = Order::ALL.into_iter().find(|(known, _)| *known == word);
                let (_, order) = named.ok_or_else(|| {
                    Failure::unknown_word("sort", word, &Order::ALL.map(|(known, _)| known))
                })?;
                order
            }
        };
        let own = ["with", "sort", "level", "page"];
        Ok(Self {
            order,
            level: Level::read(address)?,
            address: address.retained(|key, _| own.contains(&key) || KEPT.contains(&key)),
        })
    }

    /// How many levels are shown: where the address does not say, as many as give few rows.
    fn level_of(&self, comparison: &Comparison<'_>) -> Level {
        let usual = || match comparison.levels_of(PAGE_LEN) {
            Some(number) => Level::Some(number),
            None => Level::All,
        };
        self.level.unwrap_or_else(usual)
    }
}

fn crumbs(address: &Address, of: &Read) -> Markup {
    let kept = address.only(&KEPT);
    html! {
        p class="crumbs" {
            a href=(kept.at("/traces")) { "Traces" } " / "
            a class="id" href=(kept.at(trace_address(of.id).to_string())) { (of.id) } " / Compare"
        }
    }
}

fn told(side: &Side<'_>) -> Markup {
    let Side {
        letter,
        read,
        timeline,
        address,
    } = side;
    let [.., size] = head::facts(timeline);
    html! {
        section class="side" aria-labelledby={ "side-" (letter) } {
            h2 id={ "side-" (letter) } { span class="letter" { (letter) } " " (Name(&head::title(timeline))) }
            dl class="facts" {
                div { dt { "Trace" } dd { a class="id" href=(address) { (read.id) } } }
                div { dt { "Started" } dd { (time(timestamp(timeline.start))) } }
                div { dt { "Duration" } dd { (duration(timeline.seconds())) } }
                div { dt { "Status" } dd { (head::status_words(timeline)) } }
                div { dt { "Size" } dd { (size) } }
            }
        }
    }
}

/// What differs, in a sentence.
fn verdict(comparison: &Comparison<'_>, is_one: bool) -> Markup {
    let [took, rows] = comparison.verdict();
    html! {
        p class="verdict" {
            @if is_one { "A and B are the same trace. " }
            "From A to B: " strong { (took) } "; " (rows) "."
        }
    }
}

fn annotations(comparison: &Comparison<'_>) -> Markup {
    let differing = &comparison.annotations;
    let value = |value: Option<&serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => {
            html! { (Name(&clipped(text, VALUE_CHARS_MAX))) }
        }
        Some(value) => html! { (Name(&clipped(&json::pretty(value), VALUE_CHARS_MAX))) },
        None => html! { span class="quiet" { "– not set" } },
    };
    html! {
        @if !differing.is_empty() {
            h2 { "Annotations that differ" }
            table class="annotations" {
                thead { tr { th scope="col" { "Key" } th scope="col" { "A" } th scope="col" { "B" } } }
                tbody {
                    @for one in differing.iter().take(ANNOTATIONS_MAX) {
                        tr {
                            th scope="row" { (Name(&clipped(one.key, CHARS_MAX))) }
                            td { (value(one.a)) }
                            td { (value(one.b)) }
                        }
                    }
                }
            }
            @let more = differing.len().saturating_sub(ANNOTATIONS_MAX);
            @if more > 0 { p class="quiet" { "… " (more) " more" } }
        }
        @if comparison.equal_annotations > 0 {
            p class="quiet" { (count(comparison.equal_annotations, "annotation")) " of the root equal in both." }
        }
    }
}

fn orders(asked: &Asked) -> Markup {
    let address = asked.address.without(&["page"]);
    let words = |order| match order {
        Order::Place => "In their order",
        Order::Difference => "Greatest difference first",
    };
    html! {
        nav class="choices" aria-label="Order of rows" {
            @for (word, order) in Order::ALL {
                a id={ "sort-" (word) } href=(address.with("sort", word)) data-place
                    aria-current=[(asked.order == order).then_some("true")] { (words(order)) }
            }
        }
    }
}

fn levels(asked: &Asked, shown: Level) -> Markup {
    let address = asked.address.without(&["page"]);
    html! {
        nav class="choices" aria-label="Levels" {
            span class="quiet" { "Levels" }
            @for (word, level) in LEVELS {
                a id={ "level-" (word) } href=(address.with("level", word)) data-place
                    aria-current=[(shown == level).then_some("true")] { (word) }
            }
        }
    }
}

/// The choice of what to compare a trace with, and why what was asked for cannot be.
fn choice(
    console: &Console,
    request: &Request,
    read: &Read,
    timeline: &Timeline<'_>,
    failure: Option<&Failure>,
) -> Result<Response, Failure> {
    let title = head::title(timeline);
    let page = Page {
        title: &format!("Compare {title} · Trace"),
        nav: Nav::None,
        sheet: "compare.css",
        window: None,
        command: None,
        content: html! {
            (crumbs(&request.address, read))
            h1 { "Compare " (Name(&title)) " with …" }
            @if let Some(failure) = failure { p role="alert" { (failure) } }
            (offers::form(read, &request.address))
            (offers::found(console, read, timeline, &request.address)?)
        },
    };
    let mut response = document(page.render(console, request));
    if let Some(failure) = failure {
        *response.status_mut() = failure.status();
    }
    Ok(response)
}

/// The same choice on the page of a trace.
pub(super) fn menu(view: &View<'_>) -> Markup {
    let address = view.address.only(&KEPT);
    html! {
        details id="compare" class="compare" {
            summary class="button" { "Compare …" }
            div class="popover" {
                (offers::form(view.read, &address))
                (offers::links(view.read, view.timeline, &address))
            }
        }
    }
}
