//! The service graph as a map that reads from left to right, and a table of its numbers.
//!
//! The drawing is a tree: each node stands in full once, where it is met first; every other edge
//! to it ends in `↩ name`. Trees too deep for the width go on below, under `↓ name`. So fan-in,
//! loops and several components all draw, and the same graph always draws alike.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use super::first_trace;
use super::graph::{Edge, Node, Statistics, nodes};
use super::style::{Line, Paint, Status, Style, columns, duration, elide, note};
use super::table::{Align, Cell, Column, shrink, table};

/// Columns between two nodes: ` ─┬─▶ `.
const CONNECTOR: usize = 6;
/// The least columns of a node.
const NODE_MIN: usize = 15;

/// The `Services` of GetServiceGraph: a map and a table of requests by outcome, average and p95.
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
    let widths = layer_widths(&nodes, &trees, style);
    let mut lines = Vec::new();
    let mut order = Vec::new();
    for tree in &trees {
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

/// A node's place in the drawing.
struct Tree {
    node: usize,
    place: Place,
    is_link: bool,
    children: Vec<Tree>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Drawn in full here.
    Full,
    /// Drawn in full here, its edges below.
    Continued,
    /// Drawn in full above; its edges follow here.
    Continuation,
    /// Drawn in full above.
    Above,
}

impl Tree {
    fn collect_full(&self, order: &mut Vec<usize>) {
        if matches!(self.place, Place::Full | Place::Continued) {
            order.push(self.node);
        }
        for child in &self.children {
            child.collect_full(order);
        }
    }

    fn any(&self, place: Place) -> bool {
        self.place == place || self.children.iter().any(|child| child.any(place))
    }
}

/// The trees in the order of drawing, none deeper than `layers`.
fn plant(nodes: &[Node], layers: usize) -> Vec<Tree> {
    let called: BTreeSet<usize> = nodes
        .iter()
        .enumerate()
        .flat_map(|(from, node)| {
            let to = node.edges.iter().map(|edge| edge.to);
            to.filter(move |&to| to != from)
        })
        .collect();
    // Who is called by nobody comes first; what then is left stands in loops.
    let mut roots: Vec<usize> = (0..nodes.len()).collect();
    roots.sort_by_key(|&index| (called.contains(&index), &nodes[index].label));
    let mut planter = Planter {
        nodes,
        layers: layers.max(2),
        drawn: vec![false; nodes.len()],
        waiting: VecDeque::new(),
    };
    let mut trees = Vec::new();
    for root in roots {
        if !planter.drawn[root] {
            trees.push(planter.plant(
                Edge {
                    to: root,
                    is_link: false,
                },
                0,
            ));
        }
        while let Some(node) = planter.waiting.pop_front() {
            trees.push(Tree {
                node,
                place: Place::Continuation,
                is_link: false,
                children: planter.children(node, 0),
            });
        }
    }
    trees
}

struct Planter<'a> {
    nodes: &'a [Node],
    layers: usize,
    drawn: Vec<bool>,
    waiting: VecDeque<usize>,
}

impl Planter<'_> {
    fn plant(&mut self, edge: Edge, layer: usize) -> Tree {
        let node = edge.to;
        let (place, children) = if self.drawn[node] {
            (Place::Above, Vec::new())
        } else {
            self.drawn[node] = true;
            if layer + 1 < self.layers || self.nodes[node].edges.is_empty() {
                (Place::Full, self.children(node, layer))
            } else {
                self.waiting.push_back(node);
                (Place::Continued, Vec::new())
            }
        };
        Tree {
            node,
            place,
            is_link: edge.is_link,
            children,
        }
    }

    fn children(&mut self, node: usize, layer: usize) -> Vec<Tree> {
        let edges = self.nodes[node].edges.clone();
        edges
            .into_iter()
            .map(|edge| self.plant(edge, layer + 1))
            .collect()
    }
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
fn layer_widths(nodes: &[Node], trees: &[Tree], style: Style) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut waiting: Vec<(&Tree, usize)> = trees.iter().map(|tree| (tree, 0)).collect();
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

type Drawing = Vec<Vec<Cell>>;

/// The rows of a tree: the node at the left, its children stacked at the right.
fn draw(nodes: &[Node], tree: &Tree, widths: &[usize], layer: usize) -> Drawing {
    let width = widths[layer];
    let mut left = node_text(&nodes[tree.node], tree.place).into_iter();
    let mut rows = Vec::new();
    for (number, child) in tree.children.iter().enumerate() {
        let is_first = number == 0;
        let is_last = number + 1 == tree.children.len();
        let below = draw(nodes, child, widths, layer + 1);
        for (height, mut right) in below.into_iter().enumerate() {
            let starts = height == 0;
            let mut row = node_cells(left.next(), width, is_first && starts);
            row.push((
                Paint::Quiet,
                connector(is_first, is_last, starts, child.is_link),
            ));
            row.append(&mut right);
            rows.push(row);
        }
    }
    // A node may be taller than all its children.
    rows.extend(left.map(|cell| node_cells(Some(cell), width, false)));
    rows
}

/// A line of a node, filled to the layer's width: with a line when an edge leaves here.
fn node_cells(cell: Option<Cell>, width: usize, edge_leaves: bool) -> Vec<Cell> {
    let Some((paint, text)) = cell else {
        return vec![(Paint::Plain, " ".repeat(width))];
    };
    let text = elide(&text, width).into_owned();
    let left = width - columns(&text);
    let filler = match left {
        0 => String::new(),
        _ if edge_leaves => format!(" {}", "─".repeat(left - 1)),
        _ => " ".repeat(left),
    };
    vec![(paint, text), (Paint::Quiet, filler)]
}

/// The lines between a node and one row of one of its children, `CONNECTOR` columns wide.
fn connector(is_first: bool, is_last: bool, starts: bool, is_link: bool) -> String {
    let (before, fork) = match (is_first, is_last, starts) {
        (true, true, true) => ("─", '─'),
        (true, false, true) => ("─", '┬'),
        (false, false, true) => (" ", '├'),
        (false, true, true) => (" ", '└'),
        (_, false, false) => (" ", '│'),
        (_, true, false) => (" ", ' '),
    };
    let arrow = match (starts, is_link) {
        (false, _) => "   ",
        (true, false) => "─▶ ",
        (true, true) => "╌▶ ",
    };
    format!(" {before}{fork}{arrow}")
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
        floor: Some(8),
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
    let of_status = |number: u64, status| match number {
        0 => (Paint::Quiet, "·".to_owned()),
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
