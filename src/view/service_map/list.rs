//! A layer whose lines have no room, as a list: each node and what it calls.

use local_xray::map::Map;

use super::bands::Band;
use crate::view::style::{Line, Paint, Style};

/// The callers above first, then the nodes of the band.
pub(super) fn list(map: &Map, band: &Band, style: Style) -> Vec<String> {
    let mut calls = vec![Vec::new(); band.items.len()];
    for link in &band.links {
        calls[link.from].push((band.items[link.to].node, link.is_link));
    }
    let mut order: Vec<usize> = (0..band.items.len()).collect();
    order.sort_by_key(|&place| !band.items[place].is_continuation);
    let mut lines = Vec::new();
    for place in order {
        for (paint, text) in band.items[place].lines(map, style.columns()) {
            let mut line = Line::new(style);
            line.push(paint, &text);
            lines.push(line.into_text());
        }
        let last = calls[place].len().saturating_sub(1);
        for (number, &(node, is_link)) in calls[place].iter().enumerate() {
            let mut line = Line::new(style);
            line.push(
                Paint::Quiet,
                match (number == last, is_link) {
                    (false, false) => "├─▶",
                    (false, true) => "├╌▶",
                    (true, false) => "└─▶",
                    (true, true) => "└╌▶",
                },
            );
            line.space(1).push(Paint::Plain, &map.nodes[node].label);
            lines.push(line.into_text());
        }
    }
    lines
}
