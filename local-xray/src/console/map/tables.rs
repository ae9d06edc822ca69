//! The map as tables: what the drawing says, for those who would rather read or cannot see it.

use maud::{Markup, html};

use super::super::parts::Name;
use super::View;
use super::part::{edge_address, node_address};
use crate::draw::{edge_id, node_id};
use crate::map::{Edge, Histogram, Map, Outcome, Statistics, per_minute};

const PERCENTILES: [(&str, u64); 3] = [("p50", 50), ("p95", 95), ("p99", 99)];

pub(super) fn tables(view: &View<'_>) -> Markup {
    let map = &view.map;
    let mut nodes: Vec<_> = map.nodes.iter().enumerate().collect();
    nodes.sort_by_cached_key(|(_, node)| node.label.to_lowercase());
    html! {
        div id="map-nodes" class="table" data-scrolls tabindex="0" role="region" aria-label="Table of the nodes" {
            table {
                caption { "Nodes " span class="quiet" { "average and percentiles are response times" } }
                thead { tr { th scope="col" { "Name" } th scope="col" { "Type" } (heads()) } }
                tbody { @for (place, node) in nodes { tr {
                    th scope="row" {
                        a id={ "row-" (node_id(&node.label)) } data-place href=(node_address(&view.address, map, place)) { (Name(&node.label)) }
                    }
                    td class="quiet" { (if node.kind.is_empty() { "service" } else { &node.kind }) }
                    @if node.is_clients() {
                        td colspan="10" class="quiet" { "who calls from outside" }
                    } @else {
                        (numbers(&node.statistics, view.window.minutes()))
                    }
                } } }
            }
        }
        (calls(view))
        (links(view))
    }
}

fn calls(view: &View<'_>) -> Markup {
    let edges = view.map.edges.iter().enumerate();
    let calls: Vec<_> = edges.filter(|(_, edge)| !edge.is_link).collect();
    html! { @if !calls.is_empty() {
        div id="map-edges" class="table" data-scrolls tabindex="0" role="region" aria-label="Table of the edges" {
            table {
                caption { "Edges " span class="quiet" { "as the caller saw them; average and percentiles are response times" } }
                thead { tr { th scope="col" { "From and to" } (heads()) } }
                tbody { @for (place, edge) in calls { tr {
                    (ends(view, place, edge, "row-"))
                    (numbers(&edge.statistics, view.window.minutes()))
                } } }
            }
        }
    } }
}

/// What went from traces to others, which may go beside calls.
fn links(view: &View<'_>) -> Markup {
    let edges = view.map.edges.iter().enumerate();
    let links = edges.filter(|(_, edge)| edge.is_link || edge.event_ages.total() > 0);
    let links: Vec<_> = links.collect();
    html! { @if !links.is_empty() {
        div id="map-links" class="table" data-scrolls tabindex="0" role="region" aria-label="Table of the links" {
            table {
                caption { "Links of traces " span class="quiet" { "average and percentiles are the ages of the events" } }
                thead { tr {
                    th scope="col" { "From and to" }
                    th scope="col" class="number" { "Events" }
                    th scope="col" class="number" { "Per minute" }
                    (time_heads())
                } }
                tbody { @for (place, edge) in links {
                    @let ages = &edge.event_ages;
                    tr {
                        (ends(view, place, edge, "link-"))
                        td class="number" { (ages.total()) }
                        td class="number" { (per_minute(ages.total(), view.window.minutes())) }
                        (times(ages.average_words().as_deref(), ages))
                    }
                } }
            }
        }
    } }
}

/// The way to an edge.
fn ends(view: &View<'_>, place: usize, edge: &Edge, id: &str) -> Markup {
    let map: &Map = &view.map;
    let [from, to] = [edge.from, edge.to].map(|node| &map.nodes[node].label);
    html! {
        th scope="row" {
            a id={ (id) (edge_id(from, to)) } data-place href=(edge_address(&view.address, map, place)) {
                (Name(from)) " → " (Name(to))
            }
        }
    }
}

fn heads() -> Markup {
    html! {
        th scope="col" class="number" { "Requests" }
        th scope="col" class="number" { "Per minute" }
        @for outcome in Outcome::ALL { th scope="col" class="number" { (outcome.word()) } }
        (time_heads())
    }
}

fn time_heads() -> Markup {
    html! {
        th scope="col" class="number" { "Average" }
        @for (name, _) in PERCENTILES { th scope="col" class="number" { (name) } }
    }
}

fn numbers(statistics: &Statistics, minutes: f64) -> Markup {
    html! {
        td class="number" { (statistics.total) }
        td class="number" { (per_minute(statistics.total, minutes)) }
        @for outcome in Outcome::ALL {
            @let count = statistics.count(outcome);
            td class={ "number " (if count == 0 { "quiet" } else { outcome.word() }) } { (count) }
        }
        (times(statistics.average_words().as_deref(), &statistics.response_times))
    }
}

fn times(average: Option<&str>, histogram: &Histogram) -> Markup {
    html! {
        td class="number" { (average.unwrap_or("–")) }
        @for (_, percent) in PERCENTILES { td class="number" { (histogram.percentile_words(percent)) } }
    }
}
