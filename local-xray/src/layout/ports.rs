//! Where each line meets its two nodes, as distances below the top of the node.

use super::proper::{Path, Proper};
use super::{Input, Ports as Kind};

/// The ends of the lines.
pub(super) struct Ports {
    /// Of each line at its left node.
    pub(super) left: Vec<i64>,
    /// Of each line at its right node; of a loop, where it comes back.
    pub(super) right: Vec<i64>,
}

/// An end of a line at a side of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    /// An edge that comes or one that leaves.
    comes: bool,
    /// Where it leads, from the top of the next layer.
    toward: usize,
    line: usize,
    /// The end of a loop that comes back.
    is_return: bool,
}

/// Gives every end its place and lets nodes grow that are too low for theirs.
pub(super) fn ports(proper: &Proper, input: &Input<'_>, sizes: &mut [(i64, i64)]) -> Ports {
    let lines = proper.lines.len();
    let mut ports = Ports {
        left: vec![0; lines],
        right: vec![0; lines],
    };
    let mut at_right = vec![Vec::new(); proper.nodes];
    let mut at_left = vec![Vec::new(); proper.nodes];
    for (number, line) in proper.lines.iter().enumerate() {
        let end = |comes, toward| End {
            comes,
            toward,
            line: number,
            is_return: false,
        };
        match &line.path {
            Path::Segments(path) => {
                let first = proper.segments[path.start].right;
                let last = proper.segments[path.end - 1].left;
                at_right[line.left].push(end(line.is_reversed, proper.position[first]));
                at_left[line.right].push(end(!line.is_reversed, proper.position[last]));
            }
            // Below all that leads to the next layer.
            Path::Lane => {
                at_right[line.left].push(end(line.is_reversed, usize::MAX));
                at_left[line.right].push(end(!line.is_reversed, usize::MAX));
            }
            Path::Loop => {
                at_right[line.left].push(end(false, usize::MAX - 1));
                at_right[line.right].push(End {
                    is_return: true,
                    ..end(true, usize::MAX - 1)
                });
            }
        }
    }
    let step = input.spacing.port;
    for node in 0..proper.nodes {
        for (is_left, ends) in [(true, &mut at_left[node]), (false, &mut at_right[node])] {
            let height = &mut sizes[node].1;
            let offsets = match input.ports {
                Kind::Rows => in_rows(ends, is_left, step, height),
                Kind::Spread => spread(ends, step, height),
            };
            for (end, offset) in ends.iter().zip(offsets) {
                match is_left || end.is_return {
                    true => ports.right[end.line] = offset,
                    false => ports.left[end.line] = offset,
                }
            }
        }
    }
    ports
}

/// One row for each: those that come to the left before those that leave there; at the right all that
/// leave share the first.
fn in_rows(ends: &mut [End], is_left: bool, step: i64, height: &mut i64) -> Vec<i64> {
    ends.sort_unstable_by_key(|end| (end.comes != is_left, *end));
    let mut row = if is_left { -1 } else { 0 };
    let mut offset = |end: &End| {
        if is_left || end.comes {
            row += 1;
        }
        let row = if is_left || end.comes { row } else { 0 };
        *height = (*height).max((row + 1) * step);
        row * step
    };
    ends.iter().map(&mut offset).collect()
}

/// Evenly over the height, from the top in the order of where they lead.
fn spread(ends: &mut [End], step: i64, height: &mut i64) -> Vec<i64> {
    ends.sort_unstable_by_key(|end| (end.toward, end.line, end.comes));
    let parts = ends.len() as i64 + 1;
    *height = (*height).max(parts * step);
    (1..parts).map(|part| *height * part / parts).collect()
}
