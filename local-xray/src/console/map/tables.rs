//! The map as tables: what the drawing says, for those who would rather read or cannot see it.

use maud::{Markup, html};

use super::super::parts::{Name, duration};
use super::View;
use super::part::{edge_address, node_address};
use crate::draw::{edge_id, node_id};
use crate::map::{Outcome, Statistics, per_minute};

const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

pub(super) fn tables(view: &View<'_>) -> Markup {
    let map = &view.map;
    let mut nodes: Vec<_> = map.nodes.iter().enumerate().collect();
    nodes.sort_by_cached_key(|(_, node)| node.label.to_lowercase());
    html! {
        div id="map-nodes" class="table" data-scrolls tabindex="0" role="region" aria-label="Table of the nodes" {
            table {
                caption { "Nodes" }
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
        @if !map.edges.is_empty() {
            div id="map-edges" class="table" data-scrolls tabindex="0" role="region" aria-label="Table of the edges" {
                table {
                    caption { "Edges " span class="quiet" { "as the caller saw them" } }
                    thead { tr { th scope="col" { "From and to" } th scope="col" { "Kind" } (heads()) } }
                    tbody { @for (place, edge) in map.edges.iter().enumerate() { tr {
                        th scope="row" {
                            a id={ "row-" (edge_id(&map.nodes[edge.from].label, &map.nodes[edge.to].label)) } data-place href=(edge_address(&view.address, map, place)) {
                                (Name(&map.nodes[edge.from].label)) " → " (Name(&map.nodes[edge.to].label))
                            }
                        }
                        td class="quiet" { (if edge.is_link { "link" } else { "call" }) }
                        (numbers(&edge.statistics, view.window.minutes()))
                    } } }
                }
            }
        }
    }
}

fn heads() -> Markup {
    html! {
        th scope="col" class="number" { "Requests" }
        th scope="col" class="number" { "Per minute" }
        @for outcome in Outcome::ALL { th scope="col" class="number" { (outcome.word()) } }
        th scope="col" class="number" { "Average" }
        @for (name, _) in PERCENTILES { th scope="col" class="number" { (name) } }
    }
}

fn numbers(statistics: &Statistics, minutes: f64) -> Markup {
    let time = |seconds: Option<f64>| seconds.map_or_else(|| "–".to_owned(), duration);
    html! {
        td class="number" { (statistics.total) }
        td class="number" { (per_minute(statistics.total, minutes)) }
        @for outcome in Outcome::ALL {
            @let count = statistics.count(outcome);
            td class={ "number " (if count == 0 { "quiet" } else { outcome.word() }) } { (count) }
        }
        td class="number" { (time(statistics.average())) }
        @for (_, share) in PERCENTILES { td class="number" { (time(statistics.percentile(share))) } }
    }
}
