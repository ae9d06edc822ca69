//! The service graph as a map that reads from left to right, and a table of its numbers.
//!
//! The drawing is a tree: each node stands in full once, where it is met first; every other edge
//! to it ends in `↩ name`. Trees too deep for the width go on below, under `↓ name`. So fan-in,
//! loops and several components all draw, and the same graph always draws alike.

use serde_json::Value;

use super::first_trace;
use super::graph::{Node, nodes};
use super::planting::{Place, Tree, plant};
use super::statistics::Statistics;
use super::style::{Line, Paint, Status, Style, note};
use super::table::{Align, Cell, Column, table};
use super::text::{columns, elide};
use super::time::duration;

/// Columns between two nodes: ` ─┬─▶ `.
const CONNECTOR: usize = 6;
/// The least columns of a node.
const NODE_MIN: usize = 15;

/// The `Services` of GetServiceGraph: a map and a table of requests by outcome, average and p95.
/// Outcomes that no node had have no column.
///
/// All client nodes are one. More than five resources of one type under one parent are one node
/// with the sum of their statistics. Any member may be absent or of another type than the API says.
pub fn service_map(services: &[Value], style: Style) -> String {
    let nodes = nodes(services);
    if nodes.is_empty() {
        return first_trace("No services yet.", style);
    }
    let trees = plant(
        &nodes,
        (style.columns() + CONNECTOR) / (NODE_MIN + CONNECTOR),
    );
    let mut lines = Vec::new();
    let mut order = Vec::new();
    for tree in &trees {
        let widths = layer_widths(&nodes, tree, style);
        for row in draw(&nodes, tree, &widths, 0) {
            let mut line = Line::new(style);
            for (paint, text) in row {
                match text.trim_end() {
                    "" => line.space(columns(&text)),
                    _ => line.push(paint, &text),
                };
            }
            lines.push(line.into_text());
        }
        lines.push(String::new());
        tree.collect_full(&mut order);
    }
    lines.extend(legend(&trees, style));
    lines.extend(numbers(&nodes, &order, style));
    lines.join("\n") + "\n"
}

/// What a node writes at its place: its label, then health and load.
fn node_text(node: &Node, place: Place) -> Vec<(Paint, String)> {
    match place {
        Place::Above => return vec![(Paint::Quiet, format!("↩ {}", node.label))],
        Place::Continuation => return vec![(Paint::Strong, format!("↓ {}", node.label))],
        Place::Full | Place::Continued => {}
    }
    let mark = if place == Place::Continued {
        " ↓"
    } else {
        ""
    };
    let mut text = vec![(Paint::Strong, format!("{}{mark}", node.label))];
    if node.is_clients() {
        return text;
    }
    let Some(average) = node.statistics.average() else {
        text.push((Paint::Quiet, "none finished".to_owned()));
        return text;
    };
    let (status, health) = health(&node.statistics);
    text.push((Paint::Status(status), health));
    let load = format!("{} req · {}", node.statistics.total, duration(average));
    text.push((Paint::Quiet, load));
    text
}

/// `100 % ok`, `50 % ok, 1 fault`, `2 throttle`.
fn health(statistics: &Statistics) -> (Status, String) {
    let status = statistics.worst().unwrap_or(Status::Ok);
    let number = match status {
        Status::Fault => statistics.fault,
        Status::Throttle => statistics.throttle,
        Status::Error => statistics.error,
        Status::Ok | Status::InProgress => return (status, "100 % ok".to_owned()),
    };
    let bad = format!("{number} {}", status.word());
    // Rounded down: 100 % is said only when it is true.
    let share = statistics.ok as f64 / statistics.total.max(1) as f64;
    match (share * 100.0).floor().min(99.0) as u64 {
        0 => (status, bad),
        percent => (status, format!("{percent} % ok, {bad}")),
    }
}

/// The width of each layer: what its nodes need, shrunk until all fit.
fn layer_widths(nodes: &[Node], tree: &Tree, style: Style) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut waiting = vec![(tree, 0)];
    while let Some((tree, layer)) = waiting.pop() {
        if widths.len() <= layer {
            widths.resize(layer + 1, 1);
        }
        let text = node_text(&nodes[tree.node], tree.place);
        let widest = text
            .iter()
            .map(|(_, text)| columns(text))
            .max()
            .unwrap_or(0);
        widths[layer] = widths[layer].max(widest);
        waiting.extend(tree.children.iter().map(|child| (child, layer + 1)));
    }
    let floors: Vec<usize> = widths.iter().map(|&width| width.min(NODE_MIN)).collect();
    let room = style.columns() - CONNECTOR * widths.len().saturating_sub(1);
    shrink(&mut widths, &floors, room);
    widths
}

/// Takes columns from the widest, again and again, until the sum is within `room`; no width goes
/// below its floor. Says whether that was enough.
fn shrink(widths: &mut [usize], floors: &[usize], room: usize) -> bool {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let widest = (0..widths.len())
            .filter(|&i| widths[i] > floors[i])
            // The first of equals, so that the same input always gives the same picture.
            .min_by_key(|&i| std::cmp::Reverse(widths[i]));
        let Some(widest) = widest else { return false };
        // Down to the next width below it in one step: names may be very long.
        let next = widths
            .iter()
            .filter(|&&width| width < widths[widest])
            .max()
            .map_or(0, |&width| width);
        let step = (widths[widest] - next.max(floors[widest])).min(excess);
        let step = if tied(widths, widest) { 1 } else { step };
        widths[widest] -= step;
        excess -= step;
    }
    true
}

fn tied(widths: &[usize], widest: usize) -> bool {
    widths
        .iter()
        .enumerate()
        .any(|(i, &width)| i != widest && width == widths[widest])
}

type Drawing = Vec<Vec<Cell>>;

/// The rows of a tree: the node at the left, its children stacked at the right.
fn draw(nodes: &[Node], tree: &Tree, widths: &[usize], layer: usize) -> Drawing {
    let width = widths[layer];
    let mut left = node_text(&nodes[tree.node], tree.place).into_iter();
    let mut rows = Vec::new();
    for (number, child) in tree.children.iter().enumerate() {
        let fork = Fork::of(number, tree.children.len());
        let below = draw(nodes, child, widths, layer + 1);
        for (height, mut right) in below.into_iter().enumerate() {
            let (filler, lines) = match (number, height) {
                (0, 0) => ("─", fork.arrow(child.is_link)),
                (_, 0) => (" ", fork.arrow(child.is_link)),
                _ => (" ", fork.rail()),
            };
            let mut row = node_cells(left.next(), width, filler);
            row.push((Paint::Quiet, lines.to_owned()));
            row.append(&mut right);
            rows.push(row);
        }
    }
    // A node may be taller than all its children.
    rows.extend(left.map(|cell| node_cells(Some(cell), width, " ")));
    rows
}

/// A line of a node, filled to one column past its layer.
fn node_cells(cell: Option<Cell>, width: usize, filler: &str) -> Vec<Cell> {
    let (paint, text) = cell.unwrap_or((Paint::Plain, String::new()));
    let text = elide(&text, width).into_owned();
    let left = width.saturating_sub(columns(&text));
    let filler = format!(" {}", filler.repeat(left));
    vec![(paint, text), (Paint::Quiet, filler)]
}

/// Which of its parent's edges leads to a child.
#[derive(Clone, Copy)]
enum Fork {
    Only,
    First,
    Inner,
    Last,
}

impl Fork {
    fn of(number: usize, children: usize) -> Self {
        match (number, number + 1 == children) {
            (0, true) => Self::Only,
            (0, false) => Self::First,
            (_, false) => Self::Inner,
            (_, true) => Self::Last,
        }
    }

    /// The lines before the first row of the child: with the column that `node_cells` adds they
    /// are `CONNECTOR` wide. A link is dashed.
    fn arrow(self, is_link: bool) -> &'static str {
        match (self, is_link) {
            (Self::Only, false) => "───▶ ",
            (Self::Only, true) => "╌╌╌▶ ",
            (Self::First, false) => "─┬─▶ ",
            (Self::First, true) => "─┬╌▶ ",
            (Self::Inner, false) => " ├─▶ ",
            (Self::Inner, true) => " ├╌▶ ",
            (Self::Last, false) => " └─▶ ",
            (Self::Last, true) => " └╌▶ ",
        }
    }

    /// The lines before its other rows.
    fn rail(self) -> &'static str {
        match self {
            Self::First | Self::Inner => " │   ",
            Self::Only | Self::Last => "     ",
        }
    }
}

/// The marks that this map uses, in words.
fn legend(trees: &[Tree], style: Style) -> Vec<String> {
    let marks = [
        (Place::Above, "↩ drawn above"),
        (Place::Continued, "↓ goes on below"),
    ];
    let used = marks
        .iter()
        .filter(|(place, _)| trees.iter().any(|tree| tree.any(*place)))
        .map(|(_, words)| *words);
    let used: Vec<&str> = used.collect();
    if used.is_empty() {
        return Vec::new();
    }
    vec![note(&used.join("   "), style), String::new()]
}

const fn number(head: &'static str, importance: u8) -> Column {
    Column {
        head,
        align: Align::Right,
        floor: None,
        importance,
    }
}

const LAYOUT: [Column; 9] = [
    Column {
        head: "NODE",
        align: Align::Left,
        floor: Some(14),
        importance: 9,
    },
    Column {
        head: "TYPE",
        align: Align::Left,
        floor: Some(10),
        importance: 1,
    },
    number("REQ", 8),
    number("OK", 3),
    number("ERROR", 4),
    number("THROTTLE", 4),
    number("FAULT", 5),
    number("AVERAGE", 7),
    number("P95", 2),
];

/// The numbers of every node that has any, in the order of the drawing.
fn numbers(nodes: &[Node], order: &[usize], style: Style) -> Vec<String> {
    let rows: Vec<Vec<Cell>> = order
        .iter()
        .map(|&index| &nodes[index])
        .filter(|node| !node.is_clients())
        .map(number_cells)
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    table(&LAYOUT, &rows, style)
}

fn number_cells(node: &Node) -> Vec<Cell> {
    let statistics = &node.statistics;
    let seconds = |seconds: Option<f64>| {
        let text = seconds.map_or_else(|| "–".to_owned(), duration);
        (Paint::Plain, text)
    };
    // Zeros stay blank, and a column of zeros is left out: what is there deserves a look.
    let of_status = |number: u64, status| match number {
        0 => (Paint::Quiet, String::new()),
        _ => (Paint::Status(status), number.to_string()),
    };
    vec![
        (Paint::Strong, node.name.clone()),
        (Paint::Quiet, node.kind.clone()),
        (Paint::Plain, statistics.total.to_string()),
        of_status(statistics.ok, Status::Ok),
        of_status(statistics.error, Status::Error),
        of_status(statistics.throttle, Status::Throttle),
        of_status(statistics.fault, Status::Fault),
        seconds(statistics.average()),
        seconds(statistics.percentile(0.95)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_stops_at_the_floors() {
        let mut widths = [30, 30, 3];
        assert!(shrink(&mut widths, &[4, 4, 3], 20));
        assert_eq!(widths.iter().sum::<usize>(), 20);
        assert!(!shrink(&mut widths, &[4, 4, 3], 10));
        assert_eq!(widths, [4, 4, 3]);
    }
}
