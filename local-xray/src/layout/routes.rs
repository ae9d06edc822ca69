//! The routes of the edges: along their tracks in the channels, straight through the layers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::channel::{Track, Trunk, tracks};
use super::ports::Ports;
use super::proper::{Path, Proper};
use super::{Input, Point, Ports as Kind};

/// What is drawn of a component, with its upper left corner at 0.
pub(super) struct Drawn {
    /// The left end of each layer.
    pub(super) columns: Vec<i64>,
    /// The route of each line, in the direction of its edge.
    pub(super) routes: Vec<Vec<Point>>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// A piece of a line in a channel.
struct Piece {
    line: usize,
    channel: usize,
    trunk: usize,
    /// Where it comes in and where it goes to.
    rows: (i64, i64),
}

pub(super) fn routes(
    proper: &Proper,
    ports: &Ports,
    tops: &[i64],
    sizes: &[(i64, i64)],
    input: &Input<'_>,
) -> Drawn {
    let spacing = &input.spacing;
    let bottom = (0..proper.layer.len()).map(|vertex| {
        let height = sizes.get(vertex).map_or(spacing.thickness, |size| size.1);
        tops[vertex] + height
    });
    let mut height = bottom.max().unwrap_or(0);
    let lanes = lanes(proper);
    let lane_row = |lane: usize| {
        let step = spacing.line + spacing.thickness.max(1);
        height + spacing.line + lane as i64 * step
    };
    let layers = proper.order.len();
    let mut trunks: Vec<Vec<Trunk>> = vec![Vec::new(); layers];
    let mut pieces = Vec::with_capacity(proper.segments.len());
    let mut shared: HashMap<(usize, i64), usize> = HashMap::new();
    let mut add = |line: usize, channel: usize, left: Option<usize>, piece: (i64, i64), to_left| {
        let trunks = &mut trunks[channel];
        // Edges that leave a node at one row are one trunk that forks.
        let fork = left.filter(|_| input.ports == Kind::Rows);
        let trunk = match fork.map(|node| (node, piece.0)) {
            Some(key) => *shared.entry(key).or_insert(trunks.len()),
            None => trunks.len(),
        };
        if trunk == trunks.len() {
            trunks.push(Trunk {
                left: vec![piece.0],
                right: Vec::new(),
            });
        }
        match to_left {
            true => trunks[trunk].left.push(piece.1),
            false => trunks[trunk].right.push(piece.1),
        }
        pieces.push(Piece {
            line,
            channel,
            trunk,
            rows: piece,
        });
    };
    for (number, line) in proper.lines.iter().enumerate() {
        let first = tops[line.left] + ports.left[number];
        let last = tops[line.right] + ports.right[number];
        let channel = proper.layer[line.left];
        match &line.path {
            Path::Loop => add(number, channel, Some(line.left), (first, last), true),
            Path::Lane => {
                let row = lane_row(lanes[&number]);
                add(number, channel, Some(line.left), (first, row), false);
                let channel = proper.layer[line.right] - 1;
                add(number, channel, None, (row, last), false);
            }
            Path::Segments(path) => {
                for segment in &proper.segments[path.clone()] {
                    let left = Some(segment.left).filter(|&left| left == line.left);
                    let row = |vertex: usize, end: i64| match proper.is_dummy(vertex) {
                        true => tops[vertex],
                        false => end,
                    };
                    let rows = (row(segment.left, first), row(segment.right, last));
                    add(number, proper.layer[segment.left], left, rows, false);
                }
            }
        }
    }
    let tracks: Vec<(Vec<Track>, usize)> = trunks.iter().map(|trunks| tracks(trunks)).collect();

    let mut widths = vec![0; layers];
    for (node, &(width, _)) in sizes.iter().enumerate() {
        let layer = &mut widths[proper.layer[node]];
        *layer = width.max(*layer);
    }
    let mut columns = Vec::with_capacity(layers);
    let mut right = 0;
    for layer in 0..layers {
        columns.push(right);
        let more = tracks[layer].1.saturating_sub(1) as i64;
        right += widths[layer] + spacing.layer + more * spacing.track;
    }
    let track_x = |channel: usize, track: usize| {
        columns[channel] + widths[channel] + spacing.lead + track as i64 * spacing.track
    };

    let mut routes: Vec<Vec<Point>> = vec![Vec::new(); proper.lines.len()];
    let node_end = |node: usize| columns[proper.layer[node]] + sizes[node].0;
    for (number, line) in proper.lines.iter().enumerate() {
        routes[number].push(Point {
            x: node_end(line.left),
            y: tops[line.left] + ports.left[number],
        });
    }
    for piece in &pieces {
        let route = &mut routes[piece.line];
        let mut turn = |track, y| {
            let x = track_x(piece.channel, track);
            route.push(Point { x, y });
        };
        match tracks[piece.channel].0[piece.trunk] {
            _ if piece.rows.0 == piece.rows.1 => {}
            Track::None => {}
            Track::One(track) => {
                turn(track, piece.rows.0);
                turn(track, piece.rows.1);
            }
            Track::Two(first, row, second) => {
                turn(first, piece.rows.0);
                turn(first, row);
                turn(second, row);
                turn(second, piece.rows.1);
            }
        }
    }
    let mut width = columns
        .iter()
        .zip(&widths)
        .map(|(x, width)| x + width)
        .max()
        .unwrap_or(0);
    for (number, line) in proper.lines.iter().enumerate() {
        let route = &mut routes[number];
        route.push(Point {
            x: match line.path {
                Path::Loop => node_end(line.right),
                _ => columns[proper.layer[line.right]],
            },
            y: tops[line.right] + ports.right[number],
        });
        straighten(route);
        if line.is_reversed {
            route.reverse();
        }
        for point in route {
            width = width.max(point.x + spacing.thickness);
            height = height.max(point.y + spacing.thickness);
        }
    }
    Drawn {
        columns,
        routes,
        width,
        height,
    }
}

/// Leaves out the points at which nothing turns.
fn straighten(route: &mut Vec<Point>) {
    let mut kept: Vec<Point> = Vec::with_capacity(route.len());
    for &point in route.iter() {
        if let [.., before, last] = kept[..]
            && ((before.x == last.x && last.x == point.x)
                || (before.y == last.y && last.y == point.y))
        {
            kept.pop();
        }
        if kept.last() != Some(&point) {
            kept.push(point);
        }
    }
    *route = kept;
}

/// The lane of each line that goes around; lines share one where they do not meet.
fn lanes(proper: &Proper) -> HashMap<usize, usize> {
    let around = proper.lines.iter().enumerate();
    let mut around: Vec<(usize, usize, usize)> = around
        .filter(|(_, line)| line.path == Path::Lane)
        .map(|(number, line)| {
            let (left, right) = (proper.layer[line.left], proper.layer[line.right]);
            (left, right - 1, number)
        })
        .collect();
    around.sort_unstable();
    let mut used: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    let mut lanes = HashMap::new();
    let mut count = 0;
    for (left, right, line) in around {
        let lane = match used.peek() {
            Some(&Reverse((end, lane))) if end < left => {
                used.pop();
                lane
            }
            _ => {
                count += 1;
                count - 1
            }
        };
        used.push(Reverse((right, lane)));
        lanes.insert(line, lane);
    }
    lanes
}
