//! The numbers of the map as tables.

use local_xray::map::{Map, Outcome, Statistics};

use super::status;
use crate::view::style::{Paint, Style};
use crate::view::table::{Align, Cell, Column, table};
use crate::view::time::duration;

const fn name(head: &'static str, floor: usize, importance: u8) -> Column {
    Column {
        head,
        align: Align::Left,
        floor: Some(floor),
        importance,
    }
}

const fn number(head: &'static str, importance: u8) -> Column {
    Column {
        head,
        align: Align::Right,
        floor: None,
        importance,
    }
}

const NODES: [Column; 9] = [
    name("NODE", 14, 9),
    name("TYPE", 10, 1),
    number("REQ", 8),
    number("OK", 3),
    number("ERROR", 4),
    number("THROTTLE", 4),
    number("FAULT", 5),
    number("AVERAGE", 7),
    number("P95", 2),
];

const EDGES: [Column; 9] = [
    name("FROM", 12, 9),
    name("TO", 12, 9),
    number("REQ", 8),
    number("OK", 3),
    number("ERROR", 4),
    number("THROTTLE", 4),
    number("FAULT", 5),
    number("AVERAGE", 7),
    name("", 4, 1),
];

/// The numbers of every node that has any, in this order.
pub(super) fn nodes(map: &Map, order: &[usize], style: Style) -> Vec<String> {
    let nodes = order.iter().map(|&index| &map.nodes[index]);
    let rows: Vec<Vec<Cell>> = nodes
        .filter(|node| !node.is_clients())
        .map(|node| {
            let mut row = vec![
                (Paint::Strong, node.name.clone()),
                (Paint::Quiet, node.kind.clone()),
            ];
            row.extend(counts(&node.statistics));
            row.push(seconds(node.statistics.percentile(0.95)));
            row
        })
        .collect();
    match rows.is_empty() {
        true => Vec::new(),
        false => table(&NODES, &rows, style),
    }
}

/// The numbers of every edge, as the caller saw them, by the order of the callers.
pub(super) fn edges(map: &Map, order: &[usize], style: Style) -> Vec<String> {
    let mut place = vec![0; map.nodes.len()];
    for (at, &node) in order.iter().enumerate() {
        place[node] = at;
    }
    let mut edges: Vec<_> = map.edges.iter().collect();
    edges.sort_by_key(|edge| (place[edge.from], place[edge.to]));
    let rows: Vec<Vec<Cell>> = edges
        .into_iter()
        .map(|edge| {
            let label = |node: usize| map.nodes[node].label.clone();
            let mut row = vec![
                (Paint::Strong, label(edge.from)),
                (Paint::Strong, label(edge.to)),
            ];
            row.extend(counts(&edge.statistics));
            let link = if edge.is_link { "link" } else { "" };
            row.push((Paint::Quiet, link.to_owned()));
            row
        })
        .collect();
    match rows.is_empty() {
        true => Vec::new(),
        false => table(&EDGES, &rows, style),
    }
}

/// The requests, each outcome and the average.
fn counts(statistics: &Statistics) -> Vec<Cell> {
    let mut cells = vec![(Paint::Plain, statistics.total.to_string())];
    // Zeros stay blank, and a column of zeros is left out: what is there deserves a look.
    cells.extend(Outcome::ALL.map(|outcome| match statistics.count(outcome) {
        0 => (Paint::Quiet, String::new()),
        count => (Paint::Status(status(outcome)), count.to_string()),
    }));
    cells.push(seconds(statistics.average()));
    cells
}

fn seconds(seconds: Option<f64>) -> Cell {
    let text = seconds.map_or_else(|| "–".to_owned(), duration);
    (Paint::Plain, text)
}
