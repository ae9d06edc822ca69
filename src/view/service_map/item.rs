//! What stands for a node in a drawing.

use local_xray::map::Map;

use super::status;
use crate::view::style::Paint;
use crate::view::table::Cell;
use crate::view::text::{columns, elide};

/// A node at a place of the drawing.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) node: usize,
    /// The layer, counted within the drawing.
    pub(super) layer: usize,
    /// The node stands in a band above; its edges go on here.
    pub(super) is_continuation: bool,
    /// Some of the node's edges go on below.
    pub(super) continues: bool,
    /// What the node calls in a band above, and whether as a link.
    pub(super) above: Vec<(usize, bool)>,
}

impl Item {
    /// Its lines, each shortened to `width`: the label, health, load, and what it calls above.
    pub(super) fn lines(&self, map: &Map, width: usize) -> Vec<Cell> {
        let node = &map.nodes[self.node];
        let (before, after) = match (self.is_continuation, self.continues) {
            (true, _) => ("↓ ", ""),
            (false, true) => ("", " ↓"),
            (false, false) => ("", ""),
        };
        let room = width.saturating_sub(columns(before) + columns(after));
        let label = format!("{before}{}{after}", elide(&node.label, room));
        let mut lines = vec![(Paint::Strong, label)];
        if self.is_continuation {
            return lines;
        }
        let statistics = &node.statistics;
        let mut push = |paint, text: &str| lines.push((paint, elide(text, width).into_owned()));
        match (statistics.worst(), statistics.health(), statistics.load()) {
            _ if node.is_clients() => {}
            (Some(worst), Some(health), Some(load)) => {
                // Where not all of it has room, what went wrong counts more than the share.
                let bad = health
                    .rsplit(", ")
                    .next()
                    .filter(|_| columns(&health) > width);
                push(Paint::Status(status(worst)), bad.unwrap_or(&health));
                push(Paint::Quiet, &load);
            }
            _ => push(Paint::Quiet, "none finished"),
        }
        for &(other, is_link) in &self.above {
            let mark = if is_link { "╌▶ ↩" } else { "─▶ ↩" };
            push(Paint::Quiet, &format!("{mark} {}", map.nodes[other].label));
        }
        lines
    }

    /// The columns and the rows that it needs.
    pub(super) fn size(&self, map: &Map) -> (usize, usize) {
        let lines = self.lines(map, usize::MAX);
        let widest = lines.iter().map(|(_, text)| columns(text)).max();
        (widest.unwrap_or(0), lines.len())
    }
}
