//! The service map as a drawing that reads from left to right, and tables of its numbers.
//!
//! Nodes stand in layers, edges run in the channels between them. Layers that are too many for the
//! width go on in a band below, where `↓ name` stands for a node of a band above; what a node calls
//! above is named under it as `↩ name`. So no label is lost, whatever the width.

use std::ops::Range;

use local_xray::layout::Order;
use local_xray::map::{Map, Outcome};
use serde_json::Value;

use super::first_trace;
use super::style::{Line, Paint, Status, Style, flow};
use super::table::Cell;

mod bands;
mod canvas;
mod fit;
mod item;
mod list;
mod numbers;
#[cfg(test)]
mod tests;

use bands::{Band, Components};

/// What to show below the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Details {
    /// The numbers of the nodes.
    Nodes,
    /// Those of the edges, too.
    Edges,
}

/// The `Services` of GetServiceGraph: a map and a table of requests by outcome, average and p95.
/// Outcomes that no node had have no column.
///
/// All client nodes are one. More than five resources of one type under one parent are one node
/// with the sum of their statistics. Any member may be absent or of another type than the API says.
pub fn service_map(services: &[Value], style: Style) -> String {
    map(&Map::new(services), Details::Nodes, None, style).0
}

/// The map in the order of the one before, as far as it goes; and its own order, for the next.
pub(crate) fn map(
    map: &Map,
    details: Details,
    previous: Option<&Order>,
    style: Style,
) -> (String, Order) {
    if map.nodes.is_empty() {
        return (first_trace("No services yet.", style), Order::default());
    }
    let components = Components::new(map, previous);
    let mut lines = Vec::new();
    let mut marks = Marks::default();
    for component in 0..components.count() {
        let (mut first, mut fitting) = (0, usize::MAX);
        while first < components.layers(component) {
            let most = components.most_layers(map, component, first, style.columns());
            // Where lines are dense, the next band is not much wider than the one before.
            let most = most.min(fitting.saturating_mul(2));
            let (band, drawn) = draw(map, &components, component, first..first + most, style);
            fitting = band.layers.len();
            marks.note(&band, drawn.crosses);
            lines.extend(drawn.lines);
            lines.push(String::new());
            first = band.layers.end;
        }
    }
    let legend = marks.legend();
    if !legend.is_empty() {
        lines.extend(flow(Line::new(style), &legend, "   ", 0, style));
        lines.push(String::new());
    }
    let order = components.reading_order();
    lines.extend(numbers::nodes(map, &order, style));
    if details == Details::Edges {
        lines.push(String::new());
        lines.extend(numbers::edges(map, &order, style));
    }
    (lines.join("\n") + "\n", components.into_order())
}

/// Lines of a band.
#[derive(Default)]
struct Drawn {
    lines: Vec<String>,
    /// Lines cross without meeting.
    crosses: bool,
}

/// Draws as many of these layers as fit. A layer whose lines alone are too wide is a list.
fn draw(
    map: &Map,
    components: &Components,
    component: usize,
    layers: Range<usize>,
    style: Style,
) -> (Band, Drawn) {
    let mut count = layers.len();
    loop {
        let band = components.band(map, component, layers.start..layers.start + count);
        if let Some(parts) = fit::fit(map, &band, components.order(), style.columns()) {
            let mut drawn = Drawn::default();
            for (number, part) in parts.iter().enumerate() {
                if number > 0 {
                    drawn.lines.push(String::new());
                }
                let canvas = canvas::draw(part);
                drawn.crosses |= canvas.crosses();
                drawn.lines.extend(canvas.into_lines(style));
            }
            return (band, drawn);
        }
        if count == 1 {
            let drawn = Drawn {
                lines: list::list(map, &band, style),
                crosses: false,
            };
            return (band, drawn);
        }
        count -= (count / 4).max(1);
    }
}

/// The marks that a map uses.
#[derive(Default)]
struct Marks {
    below: bool,
    above: bool,
    crosses: bool,
    links: bool,
}

impl Marks {
    fn note(&mut self, band: &Band, crosses: bool) {
        self.crosses |= crosses;
        self.links |= band.links.iter().any(|link| link.is_link);
        self.below |= band.items.iter().any(|item| item.continues);
        self.above |= band.items.iter().any(|item| !item.above.is_empty());
    }

    /// The marks in words.
    fn legend(&self) -> Vec<Cell> {
        let words = [
            (self.above, "↩ drawn above"),
            (self.below, "↓ goes on below"),
            (self.crosses, "─│─ cross, do not meet"),
            (self.links, "╌ link of traces"),
        ];
        let used = words.into_iter().filter(|(used, _)| *used);
        used.map(|(_, word)| (Paint::Quiet, word.to_owned()))
            .collect()
    }
}

fn status(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Ok => Status::Ok,
        Outcome::Error => Status::Error,
        Outcome::Throttle => Status::Throttle,
        Outcome::Fault => Status::Fault,
    }
}
