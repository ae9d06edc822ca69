//! The graph in which every segment of a line leads from a layer to the next one: long edges pass
//! through dummies, one in each layer between.

use std::cmp::Reverse;
use std::ops::Range;

use super::components::Arc;

/// The most dummies of a component. A drawing with more lines side by side is not read as lines.
const DUMMIES_MAX: usize = 10_000;

/// The vertices of a component: its nodes, then the dummies.
pub(super) struct Proper {
    pub(super) nodes: usize,
    /// The layer of each vertex.
    pub(super) layer: Vec<usize>,
    pub(super) lines: Vec<Line>,
    pub(super) segments: Vec<Segment>,
    /// The segments that leave each vertex to the right.
    pub(super) right: Adjacency,
    /// The segments that come to each vertex from the left.
    pub(super) left: Adjacency,
    /// The vertices of each layer from the top.
    pub(super) order: Vec<Vec<usize>>,
    /// The place of each vertex in its layer.
    pub(super) position: Vec<usize>,
}

/// An edge as a line from left to right.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The edge of the input.
    pub(super) edge: usize,
    pub(super) left: usize,
    pub(super) right: usize,
    /// The edge leads from right to left.
    pub(super) is_reversed: bool,
    pub(super) path: Path,
}

/// How a line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// Through dummies, by these segments.
    Segments(Range<usize>),
    /// Around below everything.
    Lane,
    /// From the right of a node to the right of a node of the same layer, mostly the same.
    Loop,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) line: usize,
}

impl Proper {
    pub(super) fn new(layers: &[usize], arcs: &[Arc]) -> Self {
        let mut lines: Vec<Line> = arcs
            .iter()
            .map(|arc| {
                let is_reversed = layers[arc.from] > layers[arc.to];
                let (left, right) = match is_reversed {
                    false => (arc.from, arc.to),
                    true => (arc.to, arc.from),
                };
                Line {
                    edge: arc.edge,
                    left,
                    right,
                    is_reversed,
                    path: match layers[left] == layers[right] {
                        true => Path::Loop,
                        false => Path::Segments(0..0),
                    },
                }
            })
            .collect();
        send_around(&mut lines, layers);

        let mut layer = layers.to_vec();
        let mut segments = Vec::with_capacity(lines.len());
        for (number, line) in lines.iter_mut().enumerate() {
            let Path::Segments(path) = &mut line.path else {
                continue;
            };
            path.start = segments.len();
            let mut at = line.left;
            for between in layers[line.left] + 1..layers[line.right] {
                segments.push(Segment {
                    left: at,
                    right: layer.len(),
                    line: number,
                });
                at = layer.len();
                layer.push(between);
            }
            segments.push(Segment {
                left: at,
                right: line.right,
                line: number,
            });
            path.end = segments.len();
        }
        let vertices = layer.len();
        Self {
            nodes: layers.len(),
            right: Adjacency::new(vertices, segments.iter().map(|segment| segment.left)),
            left: Adjacency::new(vertices, segments.iter().map(|segment| segment.right)),
            order: vec![Vec::new(); layers.iter().max().map_or(0, |max| max + 1)],
            position: vec![0; vertices],
            layer,
            lines,
            segments,
        }
    }

    pub(super) fn is_dummy(&self, vertex: usize) -> bool {
        vertex >= self.nodes
    }

    /// The vertices at the right of one.
    pub(super) fn right_of(&self, vertex: usize) -> impl Iterator<Item = usize> {
        let segments = self.right.of(vertex).iter();
        segments.map(|&segment| self.segments[segment].right)
    }

    /// The vertices at the left of one.
    pub(super) fn left_of(&self, vertex: usize) -> impl Iterator<Item = usize> {
        let segments = self.left.of(vertex).iter();
        segments.map(|&segment| self.segments[segment].left)
    }

    /// Takes `order` over into the positions, for one layer.
    pub(super) fn number(&mut self, layer: usize) {
        for (place, &vertex) in self.order[layer].iter().enumerate() {
            self.position[vertex] = place;
        }
    }
}

/// The longest lines go around, until the others need no more dummies than there may be.
fn send_around(lines: &mut [Line], layers: &[usize]) {
    let dummies = |line: &Line| (layers[line.right] - layers[line.left]).saturating_sub(1);
    let mut needed: usize = lines.iter().map(dummies).sum();
    if needed <= DUMMIES_MAX {
        return;
    }
    let mut longest: Vec<usize> = (0..lines.len()).collect();
    longest.sort_by_key(|&line| Reverse(dummies(&lines[line])));
    for line in longest {
        if needed <= DUMMIES_MAX {
            break;
        }
        needed -= dummies(&lines[line]);
        lines[line].path = Path::Lane;
    }
}

/// The segments of each vertex at one side.
pub(super) struct Adjacency {
    start: Vec<usize>,
    segments: Vec<usize>,
}

impl Adjacency {
    /// Of the vertex that each segment has at that side.
    fn new(vertices: usize, ends: impl Iterator<Item = usize> + Clone) -> Self {
        let mut start = vec![0; vertices + 1];
        for end in ends.clone() {
            start[end + 1] += 1;
        }
        for vertex in 0..vertices {
            start[vertex + 1] += start[vertex];
        }
        let mut next = start.clone();
        let mut segments = vec![0; start[vertices]];
        for (segment, end) in ends.enumerate() {
            segments[next[end]] = segment;
            next[end] += 1;
        }
        Self { start, segments }
    }

    pub(super) fn of(&self, vertex: usize) -> &[usize] {
        &self.segments[self.start[vertex]..self.start[vertex + 1]]
    }
}
