//! The service map: drawing, table, and what one node or edge tells.

use axum::response::Response;
use maud::{Markup, PreEscaped, html};

use super::answer::{Failure, document, download, see_other};
use super::filter::Filter;
use super::page::{Nav, Page, toolbar};
use super::parts::{Name, count, no_traces, status};
use super::window::Window;
use super::{Address, Console, Request};
use crate::draw::{self, Part, Setting, service_map};
use crate::filter::FilterExpression;
use crate::map::{Map, Outcome};

mod histogram;
mod meaning;
mod orders;
mod panel;
mod part;
mod tables;
mod top;

use meaning::{Conditions, Meaning};
pub(super) use orders::Orders;
use part::{Asked, PART_KEYS, edge_address, find, map_address, node_address};

/// A map, and what of an address led to it.
struct View<'a> {
    console: &'a Console,
    request: &'a Request,
    /// The address of the map without a part.
    address: Address,
    window: Window,
    filter: Filter,
    /// Nothing where the filter is none.
    map: Map,
    /// Of how many traces it is.
    traces: usize,
    selected: Option<Part>,
}

impl<'a> View<'a> {
    fn read(console: &'a Console, request: &'a Request) -> Result<Self, Failure> {
        let window = Window::read(&request.address, console.now())?;
        let filter = Filter::of(console, &request.address)?;
        let (services, traces) = match &filter.read {
            Ok(filter) => {
                let window = (window.start, window.end);
                console.store.counted_graph(window, filter.as_ref())?
            }
            Err(_) => (Vec::new(), 0),
        };
        // A service has texts and numbers, which are JSON.
        let services: Vec<_> = services.iter().flat_map(serde_json::to_value).collect();
        let map = Map::new(&services);
        let asked = Asked::of(&request.address);
        Ok(Self {
            console,
            request,
            address: map_address(&request.address),
            window,
            filter,
            selected: asked.and_then(|asked| asked.part(&map)),
            map,
            traces,
        })
    }

    fn filter(&self) -> Option<&FilterExpression> {
        self.filter.read.as_ref().ok()?.as_ref()
    }

    /// The drawing, whose nodes stay where they were in the one before.
    fn drawing(&self, setting: Setting<'_>) -> String {
        let before = self.console.orders.get(&self.filter.text);
        let drawing = service_map(&self.map, setting, before.as_ref());
        self.console.orders.keep(&self.filter.text, drawing.order);
        drawing.svg
    }
}

pub(super) fn page(console: &Console, request: &Request) -> Result<Response, Failure> {
    let view = View::read(console, request)?;
    let sought = request.address.get("find");
    let sought = sought.filter(|text| !text.trim().is_empty());
    let found = sought.and_then(|text| find(&view.map, text));
    if let Some(node) = found {
        let id = draw::node_id(&view.map.nodes[node].label);
        let address = node_address(&view.address, &view.map, node);
        return Ok(see_other(format_args!("{address}#{id}")));
    }
    let is_empty = view.map.nodes.is_empty();
    let content = html! {
        h1 { "Service map" }
        div id="map-toolbar" data-live {
            (toolbar(&request.address, &view.window, Some(&view.filter), &[&["find"], &PART_KEYS[..]].concat()))
        }
        div id="map-bar" class="map-bar" data-live { @if !is_empty { (bar(&view, sought)) } }
        div class="map-view" {
            @if is_empty {
                div id="map" data-live data-follows="traces" { (nothing(&view)?) }
            } @else {
                div id="map" class="map-frame" data-live data-follows="traces" data-scrolls tabindex="0"
                    role="region" aria-label="Drawing of the service map" { (PreEscaped(page_drawing(&view))) }
            }
            (panel::panel(&view)?)
            div id="map-tables" data-live { @if !is_empty { (tables::tables(&view)) } }
        }
    };
    let page = Page {
        title: "Service map",
        nav: Nav::Map,
        sheet: "map.css",
        window: Some(&view.window),
        command: command(&view),
        content,
    };
    Ok(document(page.render(console, request)))
}

/// None where the filter is none: a terminal would refuse it, too.
fn command(view: &View<'_>) -> Option<Vec<String>> {
    let filter = view.filter.read.as_ref().ok()?;
    let mut command = vec!["map".to_owned()];
    command.extend(view.window.flags());
    if filter.is_some() {
        command.extend(["--filter".to_owned(), view.filter.text.clone()]);
    }
    Some(command)
}

fn page_drawing(view: &View<'_>) -> String {
    let (address, map) = (&view.address, &view.map);
    view.drawing(Setting::Page(draw::Page {
        node: &|node| Some(node_address(address, map, node).to_string()),
        edge: &|edge| Some(edge_address(address, map, edge).to_string()),
        selected: view.selected,
        minutes: Some(view.window.minutes()),
    }))
}

/// Why there is no map.
fn nothing(view: &View<'_>) -> Result<Markup, Failure> {
    let without_filter = view.address.without(&["filter"]);
    Ok(match &view.filter.read {
        Err(error) => html! {
            section class="empty" {
                h2 { "The filter is not understood" }
                p { (error) }
                p { a class="button" data-place href=(without_filter) { "Without the filter" } }
            }
        },
        Ok(Some(_)) => html! {
            section class="empty" {
                h2 { "No trace matches the filter" }
                p { "Looked at all traces of " (view.window.words()) "." }
                p { a class="button" data-place href=(without_filter) { "Without the filter" } }
            }
        },
        Ok(None) => {
            let older = view.console.store.newest_start()?;
            no_traces(view.console, view.request, older)
        }
    })
}

/// What is on the map, and what moves in it.
fn bar(view: &View<'_>, sought: Option<&str>) -> Markup {
    let map = &view.map;
    html! {
        p class="summary" {
            strong { (count(map.nodes.len(), "node")) ", " (count(map.edges.len(), "edge")) }
            span class="quiet" { " of " (count(view.traces, "trace")) }
        }
        form class="find" method="get" action="/" role="search" data-place {
            @for (key, value) in view.address.pairs() { input type="hidden" name=(key) value=(value); }
            label class="unseen" for="find" { "Find a node" }
            input id="find" name="find" type="search" placeholder="Find a node" autocomplete="off" spellcheck="false"
                value=[sought] data-find aria-describedby="find-told";
            span id="find-told" role="status" data-live { @if let Some(text) = sought { "No node is called " (Name(text)) "." } }
        }
        div class="zoom" role="group" aria-label="Zoom" {
            button id="zoom-in" type="button" data-script data-key="+" aria-label="Closer" hidden { "+" }
            button id="zoom-out" type="button" data-script data-key="-" aria-label="Farther" hidden { "−" }
            button id="zoom-all" type="button" data-script data-key="0" hidden { "All" }
        }
        ul class="legend" aria-label="What the colours and lines mean" {
            @for outcome in Outcome::ALL { li { (status(outcome.word())) } }
            li { span class="stroke" aria-hidden="true" {} "call" }
            li { span class="stroke link" aria-hidden="true" {} "link of traces" }
        }
        a class="button save" href=(view.address.at("/map.svg")) download { "Save as SVG" }
    }
}

/// The map as a file.
pub(super) fn file(console: &Console, request: &Request) -> Result<Response, Failure> {
    let view = View::read(console, request)?;
    if let Err(error) = &view.filter.read {
        return Err(Failure::BadRequest(format!("filter: {error}")));
    }
    let svg = view.drawing(Setting::File);
    Ok(download("image/svg+xml", "service-map.svg", svg))
}

/// From the form of a panel to the traces that it asks for.
pub(super) fn traces(console: &Console, request: &Request) -> Result<Response, Failure> {
    let view = View::read(console, request)?;
    let meaning = match view.selected {
        Some(Part::Node(node)) => Meaning::of_node(&view.map, node),
        Some(Part::Edge(edge)) => Meaning::of_edge(&view.map, edge),
        None => {
            let message = "the map of this window has no such node or edge".to_owned();
            return Err(Failure::NotFound(message));
        }
    };
    let conditions = Conditions::of(&request.address)?;
    Ok(see_other(traces_address(&view, &meaning, &conditions)))
}

fn traces_address(view: &View<'_>, meaning: &Meaning, conditions: &Conditions) -> Address {
    let expression = meaning.expression(conditions, &view.filter.text);
    view.address.at("/traces").with("filter", expression)
}
