//! All that the chosen segment tells, in tabs.

use maud::{Markup, html};
use serde_json::Value;

use super::super::Request;
use super::super::answer::Failure;
use super::super::parts::{Name, status};
use super::links;
use super::view::View;
use super::{annotations, exceptions, json, overview, resources};

/// How much of a document the page shows.
const RAW_BYTES_MAX: usize = 200_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Resources,
    Annotations,
    Metadata,
    Exceptions,
    Raw,
}

impl Tab {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Overview, "overview", "Overview"),
        (Self::Resources, "resources", "Resources"),
        (Self::Annotations, "annotations", "Annotations"),
        (Self::Metadata, "metadata", "Metadata"),
        (Self::Exceptions, "exceptions", "Exceptions"),
        (Self::Raw, "raw", "Raw JSON"),
    ];

    /// The tab of a name; without one, the first.
    pub(super) fn named(name: Option<&str>) -> Result<Self, Failure> {
        let Some(name) = name else {
            return Ok(Self::Overview);
        };
        let tab = Self::ALL.iter().find(|(_, known, _)| name == *known);
        tab.map(|(tab, ..)| *tab).ok_or_else(|| {
            let known = Self::ALL.map(|(_, known, _)| known);
            Failure::unknown_word("tab", name, &known)
        })
    }

    /// How many things it shows, where that can be counted.
    fn count(self, document: &Value) -> Option<usize> {
        match self {
            Self::Overview | Self::Raw => None,
            Self::Resources => Some(resources::count(document)),
            Self::Annotations => Some(members(&document["annotations"])),
            Self::Metadata => Some(members(&document["metadata"])),
            Self::Exceptions => Some(exceptions::count(document)),
        }
    }
}

fn members(value: &Value) -> usize {
    value.as_object().map_or(0, serde_json::Map::len)
}

/// The panel beside the timeline.
pub(super) fn details(view: &View<'_>, request: &Request) -> Markup {
    let Some(chosen) = view.chosen else {
        return html! { section id="details" data-live { p { "No segments yet." } } };
    };
    let entity = &view.timeline.entities[chosen];
    let id = view.id(chosen);
    let kind = if entity.is_segment {
        "Segment"
    } else {
        "Subsegment"
    };
    let link = format!(
        "{}/traces/{}?segment={id}#s-{id}",
        request.origin, view.read.id
    );
    let is_root = view.choice.root == Some(chosen);
    // On a small screen it lies over the rows, but not before somebody has chosen one.
    let is_asked = view.address.get("segment").is_some();
    let focus = links::within(&view.address_of(chosen).with("root", id));
    // Of another segment, or in another tab, it begins at the top.
    let scrolled = format!("d-{id}-{:?}", view.tab).to_lowercase();
    html! {
        section id="details" class={ "details" @if is_asked { " asked" } } aria-label="Chosen segment" data-live {
            div class="details-head" {
                h2 { (Name(&entity.head())) }
                (status(entity.status.word()))
                p class="quiet" { (kind) " " span class="id" { (id) } }
                div class="actions" {
                    button type="button" data-copy data-text=(link) hidden { "Copy link" }
                    @if !is_root && !view.timeline.children[chosen].is_empty() {
                        a id="focus" class="button" href=(focus) data-place { "Show only this" }
                    }
                    a class="button" href={ "#s-" (id) } { "To its row" }
                }
            }
            nav aria-label="What it tells" { ul class="tabs" {
                @for (tab, name, title) in Tab::ALL {
                    @let address = view.address_of(chosen).with("tab", name);
                    li { a id={ "tab-" (name) } href=(links::within(&address)) data-place
                        aria-current=[(view.tab == tab).then_some("true")] {
                        (title)
                        @if let Some(count) = tab.count(entity.document) { " " span class="number-of" { (count) } }
                    } }
                }
            } }
            div id=(scrolled) class="told" data-scrolls tabindex="0" role="region" aria-label={ "Details: " (title(view.tab)) } {
                (told(view, chosen))
            }
        }
    }
}

fn title(tab: Tab) -> &'static str {
    let known = Tab::ALL.iter().find(|(known, ..)| *known == tab);
    known.map_or("", |(.., title)| title)
}

fn told(view: &View<'_>, chosen: usize) -> Markup {
    let document = view.timeline.entities[chosen].document;
    match view.tab {
        Tab::Overview => overview::overview(view, chosen),
        Tab::Resources => resources::resources(document),
        Tab::Annotations => annotations::annotations(view, document),
        Tab::Metadata => annotations::metadata(&download(view, chosen), document),
        Tab::Exceptions => exceptions::exceptions(view, chosen),
        Tab::Raw => raw(&download(view, chosen), document),
    }
}

/// Where the whole document of an entity is.
fn download(view: &View<'_>, place: usize) -> String {
    format!("/traces/{}/segments/{}", view.read.id, view.id(place))
}

fn raw(download: &str, document: &Value) -> Markup {
    let text = json::pretty(document);
    let (shown, is_all) = json::bounded(&text, RAW_BYTES_MAX);
    html! {
        p class="actions" {
            // What is cut off is no JSON.
            @if is_all { button type="button" data-copy="raw-json" hidden { "Copy JSON" } }
            a class="button" href=(download) { "Download" }
            @if !is_all { span class="quiet" { "These are the first " (RAW_BYTES_MAX / 1000) " kB of " (text.len() / 1000) " kB." } }
        }
        pre id="raw-json" { (shown) }
    }
}
