//! The numbers of the map as tables.

use local_xray::map::{Edge, Map, Outcome, Statistics};

use super::status;
use crate::view::style::{Paint, Style, note};
use crate::view::table::{Align, Cell, Column, table};

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

const CALLS: [Column; 8] = [
    name("FROM", 12, 9),
    name("TO", 12, 9),
    number("REQ", 8),
    number("OK", 3),
    number("ERROR", 4),
    number("THROTTLE", 4),
    number("FAULT", 5),
    number("AVERAGE", 7),
];

const LINKS: [Column; 5] = [
    name("LINK FROM", 12, 9),
    name("TO", 12, 9),
    number("EVENTS", 8),
    number("AVERAGE AGE", 7),
    number("P95 AGE", 2),
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
            let p95 = node.statistics.response_times.percentile_words(95);
            row.push((Paint::Plain, p95));
            row
        })
        .collect();
    match rows.is_empty() {
        true => Vec::new(),
        false => {
            let mut lines = table(&NODES, &rows, style);
            lines.push(note("AVERAGE, P95: response times", style));
            lines
        }
    }
}

/// The numbers of all calls, as the caller saw them, and of all links, by the order of the callers.
pub(super) fn edges(map: &Map, order: &[usize], style: Style) -> Vec<String> {
    let mut place = vec![0; map.nodes.len()];
    for (at, &node) in order.iter().enumerate() {
        place[node] = at;
    }
    let mut edges: Vec<_> = map.edges.iter().collect();
    edges.sort_by_key(|edge| (place[edge.from], place[edge.to]));
    let ends = |edge: &Edge| {
        [edge.from, edge.to].map(|node| (Paint::Strong, map.nodes[node].label.clone()))
    };
    let calls = edges.iter().filter(|edge| !edge.is_link).map(|edge| {
        let numbers = counts(&edge.statistics);
        ends(edge).into_iter().chain(numbers).collect()
    });
    let links = edges.iter().map(|edge| (edge, &edge.event_ages));
    let links = links.filter(|(_, ages)| ages.total() > 0);
    let links = links.map(|(edge, ages)| {
        let numbers = [
            ages.total().to_string(),
            ages.average_words().unwrap_or_default(),
            ages.percentile_words(95),
        ];
        let numbers = numbers.map(|number| (Paint::Plain, number));
        ends(edge).into_iter().chain(numbers).collect()
    });
    let (calls, links): (Vec<Vec<Cell>>, Vec<Vec<Cell>>) = (calls.collect(), links.collect());
    let tables = [(&CALLS[..], calls), (&LINKS[..], links)];
    let tables = tables.into_iter().filter(|(_, rows)| !rows.is_empty());
    let tables: Vec<_> = tables
        .map(|(layout, rows)| table(layout, &rows, style))
        .collect();
    tables.join(&String::new())
}

/// The requests, each outcome and the average.
fn counts(statistics: &Statistics) -> Vec<Cell> {
    let mut cells = vec![(Paint::Plain, statistics.total.to_string())];
    // Zeros stay blank, and a column of zeros is left out: what is there deserves a look.
    cells.extend(Outcome::ALL.map(|outcome| match statistics.count(outcome) {
        0 => (Paint::Quiet, String::new()),
        count => (Paint::Status(status(outcome)), count.to_string()),
    }));
    let average = statistics.average_words();
    cells.push((Paint::Plain, average.unwrap_or_else(|| "–".to_owned())));
    cells
}
