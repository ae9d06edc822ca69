//! What one node or edge tells: numbers, response times, the requests to look at first, the way to its
//! traces.

use maud::{Markup, html};

use super::super::answer::Failure;
use super::super::parts::{self, Name, status, time, trace_address};
use super::histogram::{self, Drawing, Range};
use super::meaning::{Conditions, Meaning};
use super::part::{Asked, PART_KEYS, edge_address, node_address};
use super::top::{self, Top};
use super::{View, traces_address};
use crate::draw::{self, Part};
use crate::map::{Edge, Histogram, Node, Outcome, Statistics, nouns, per_minute};

/// The most nodes that are listed of a fold.
const MEMBERS_MAX: usize = 50;

const PERCENTILES: [(&str, u64); 5] = [
    ("p50", 50),
    ("p90", 90),
    ("p95", 95),
    ("p99", 99),
    ("max", 100),
];

/// The panel; empty where the address asks for no part of the map.
pub(super) fn panel(view: &View<'_>) -> Result<Markup, Failure> {
    let asked = Asked::of(&view.request.address);
    let (title, body) = match (view.selected, asked) {
        (Some(Part::Node(place)), _) => node(view, place)?,
        (Some(Part::Edge(place)), _) => edge(view, place)?,
        (None, Some(asked)) => missing(view, asked),
        (None, None) => return Ok(html! { div id="panel" data-live hidden {} }),
    };
    Ok(html! {
        section id="panel" class="panel" data-live data-scrolls tabindex="0" aria-labelledby="panel-title" {
            div class="panel-head" {
                h2 id="panel-title" { (title) }
                a id="panel-close" class="button" data-place data-key="Escape" href=(closed(view, asked)) aria-label="Close"
                    title="Close (Esc)" { "×" }
            }
            (body)
        }
    })
}

/// The page without the panel, at what it was about: the focus goes there.
fn closed(view: &View<'_>, asked: Option<Asked<'_>>) -> String {
    match asked {
        Some(Asked::Node(label)) => format!("{}#{}", view.address, draw::node_id(label)),
        Some(Asked::Edge(from, to)) => format!("{}#{}", view.address, draw::edge_id(from, to)),
        None => view.address.to_string(),
    }
}

fn missing(view: &View<'_>, asked: Asked<'_>) -> (Markup, Markup) {
    let title = match asked {
        Asked::Node(label) => html! { (Name(label)) },
        Asked::Edge(from, to) => html! { (Name(from)) " → " (Name(to)) },
    };
    let body = html! { p { "Not on the map of " (view.window.words()) "." } };
    (title, body)
}

fn node(view: &View<'_>, place: usize) -> Result<(Markup, Markup), Failure> {
    let node = &view.map.nodes[place];
    let edges = view.map.edges.iter().enumerate();
    let out: Vec<_> = edges
        .clone()
        .filter(|(_, edge)| edge.from == place)
        .collect();
    let mut statistics = node.statistics.clone();
    if node.is_clients() {
        // Nobody asks clients: their requests are those that they make.
        out.iter()
            .for_each(|(_, edge)| statistics.add(&edge.statistics));
    }
    let callers: Vec<_> = edges.filter(|(_, edge)| edge.to == place).collect();
    let meaning = Meaning::of_node(&view.map, place);
    let about = match (node.is_clients(), node.kind.as_str()) {
        (true, _) => {
            html! { "Who calls from outside. The numbers are of the services that are called." }
        }
        (false, "") => html! { "Service. The numbers are its own view of its requests." },
        (false, kind) if !node.members.is_empty() => {
            html! { (Name(kind)) ". The numbers are of all of them." }
        }
        (false, kind) => html! { (Name(kind)) ". The numbers are its own view of its requests." },
    };
    let body = html! {
        p class="quiet" { (about) }
        (numbers(view, &statistics, &meaning)?)
        (neighbours(view, "Called by", &callers, |edge| edge.from))
        (neighbours(view, "Calls", &out, |edge| edge.to))
        (members(node))
    };
    Ok((html! { (Name(&node.label)) }, body))
}

fn edge(view: &View<'_>, place: usize) -> Result<(Markup, Markup), Failure> {
    let edge = &view.map.edges[place];
    let meaning = Meaning::of_edge(&view.map, place);
    let [from, to] = [edge.from, edge.to].map(|node| &view.map.nodes[node].label);
    let link = |node| node_address(&view.address, &view.map, node);
    let body = html! {
        @if edge.is_link {
            (events(view, edge))
            p { a class="button" href=(traces_address(view, &meaning, &Conditions::default())) { "View traces of " (Name(to)) } }
        } @else {
            p class="quiet" { "The numbers are the caller’s view of its calls." }
            (numbers(view, &edge.statistics, &meaning)?)
            @if edge.event_ages.total() > 0 { (events(view, edge)) }
        }
        h3 { "Between" }
        ul class="neighbours" {
            li { a data-place href=(link(edge.from)) { (Name(from)) } }
            li { a data-place href=(link(edge.to)) { (Name(to)) } }
        }
    };
    Ok((html! { (Name(from)) " → " (Name(to)) }, body))
}

/// How old the events of a link were. No expression finds the traces of an age.
fn events(view: &View<'_>, edge: &Edge) -> Markup {
    let [from, to] = [edge.from, edge.to].map(|node| &view.map.nodes[node].label);
    let ages = &edge.event_ages;
    let rate = per_minute(ages.total(), view.window.minutes());
    html! {
        p class="quiet" {
            "Linked traces: " (Name(from)) " sends events that " (Name(to)) " receives in traces of its own. An event’s age is "
            "the time from its sender’s end to its receiver’s start. How the receiver fared stands with " (Name(to)) "."
        }
        @if let Some(average) = ages.average_words() {
            p class="figures" {
                span { strong { (ages.total()) } " " (nouns(ages.total(), "event")) }
                span { strong { (rate) } " a minute" }
                span { strong { (average) } " old on average" }
            }
            h3 { "Event ages" }
            (Drawing { label: "Event ages", noun: "event", ranges: &histogram::ranges(ages), address: None })
            (percentiles(ages))
        } @else { p { "No event was received in " (view.window.words()) "." } }
    }
}

fn percentiles(histogram: &Histogram) -> Markup {
    html! {
        dl class="percentiles" { @for (name, percent) in PERCENTILES {
            div { dt { (name) } dd { (histogram.percentile_words(percent)) } }
        } }
    }
}

/// What nodes and calls have in common.
fn numbers(view: &View<'_>, statistics: &Statistics, meaning: &Meaning) -> Result<Markup, Failure> {
    let top = Top::read(view, meaning)?;
    let ranges = histogram::ranges(&statistics.response_times);
    let bar = |range: &Range| {
        let conditions = of_range(range, &ranges);
        traces_address(view, meaning, &conditions).to_string()
    };
    let rate = per_minute(statistics.total, view.window.minutes());
    Ok(html! {
        @if let Some(average) = statistics.average_words() {
            p class="figures" {
                span { strong { (statistics.total) } " " (nouns(statistics.total, "request")) }
                span { strong { (rate) } " a minute" }
                span { strong { (average) } " on average" }
            }
            h3 { "Response times" }
            (Drawing { label: "Response times", noun: "request", ranges: &ranges, address: Some(&bar) })
            (percentiles(&statistics.response_times))
        } @else { p { "None of its requests has finished in " (view.window.words()) "." } }
        (form(view, statistics))
        (requests_of("Slowest", &top.slowest))
        (requests_of("Last failures", &top.failures))
    })
}

/// What a bar leads to. Its times are rounded, so that the longest may have taken more than the last bar
/// says: that one is open.
fn of_range(range: &Range, ranges: &[Range]) -> Conditions {
    let is_last = ranges.last() == Some(range);
    Conditions {
        outcomes: Vec::new(),
        min_ms: Some(range.min_ms),
        max_ms: (!is_last).then_some(range.max_ms),
    }
}

/// The way to the traces: which outcomes, which response times.
fn form(view: &View<'_>, statistics: &Statistics) -> Markup {
    let part = view.request.address.only(&PART_KEYS);
    html! {
        form class="to-traces" method="get" action="/map/traces" {
            @for (key, value) in view.address.pairs().chain(part.pairs()) {
                input type="hidden" name=(key) value=(value);
            }
            fieldset {
                legend { "Traces with" }
                @for outcome in Outcome::ALL {
                    label {
                        input type="checkbox" name="status" value=(outcome.word()) checked;
                        (status(outcome.word())) span class="quiet number" { (statistics.count(outcome)) }
                    }
                }
            }
            div class="between-times" {
                label for="panel-min" { "From" }
                input id="panel-min" name="min" type="number" min="0" step="1" inputmode="numeric" aria-describedby="panel-unit";
                label for="panel-max" { "to" }
                input id="panel-max" name="max" type="number" min="0" step="1" inputmode="numeric" aria-describedby="panel-unit";
                span id="panel-unit" class="quiet" { "ms" }
                button class="primary" { "View traces" }
            }
        }
    }
}

fn requests_of(title: &str, requests: &[top::Request]) -> Markup {
    html! { @if !requests.is_empty() {
        h3 { (title) }
        table class="top" {
            caption class="unseen" { (title) }
            thead class="unseen" { tr { th scope="col" { "Trace" } th scope="col" { "Status" } th scope="col" { "Response time" } } }
            tbody { @for request in requests { tr {
                td { a href=(trace_address(request.trace)) { (time(request.start)) } }
                td { (status(request.outcome.word())) }
                td class="number" { (parts::api_duration(request.duration_us)) }
            } } }
        }
    } }
}

/// The nodes at the other ends of edges, each with its edge.
fn neighbours(
    view: &View<'_>,
    title: &str,
    edges: &[(usize, &Edge)],
    other: impl Fn(&Edge) -> usize,
) -> Markup {
    let load = |edge: &Edge| edge.load().unwrap_or_else(|| "none finished".to_owned());
    html! { @if !edges.is_empty() {
        h3 { (title) }
        ul class="neighbours" { @for (place, edge) in edges {
            @let node = other(edge);
            @let label = &view.map.nodes[node].label;
            li {
                a data-place href=(node_address(&view.address, &view.map, node)) { (Name(label)) }
                a class="quiet number" data-place href=(edge_address(&view.address, &view.map, *place))
                    aria-label={ "Edge: " (label) ", " (load(edge)) } { (load(edge)) }
            }
        } }
    } }
}

fn members(node: &Node) -> Markup {
    html! { @if !node.members.is_empty() {
        h3 { "In it" }
        ul class="neighbours" {
            @for member in node.members.iter().take(MEMBERS_MAX) {
                li {
                    span { (Name(&member.name)) }
                    span class="quiet number" { (member.statistics.load().unwrap_or_else(|| "none finished".to_owned())) }
                }
            }
            @if let more @ 1.. = node.members.len().saturating_sub(MEMBERS_MAX) { li class="quiet" { "and " (more) " more" } }
        }
    } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bar_is_open() {
        let range = |min_ms, max_ms| Range {
            min_ms,
            max_ms,
            count: 1,
        };
        let ranges = [range(1, 9), range(10, 70)];
        let bounds = ranges.each_ref().map(|range| {
            let Conditions { min_ms, max_ms, .. } = of_range(range, &ranges);
            (min_ms, max_ms)
        });
        assert_eq!(bounds, [(Some(1), Some(9)), (Some(10), None)]);
    }
}
