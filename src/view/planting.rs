//! The service graph as trees that can be drawn: each node in full once, loops and fan-in as
//! references, what is too deep as a tree of its own.

use std::collections::{BTreeSet, VecDeque};

use super::graph::{Edge, Node};

/// A node's place in the drawing.
pub(super) struct Tree {
    pub(super) node: usize,
    pub(super) place: Place,
    /// Whether the edge that leads here is a link of traces.
    pub(super) is_link: bool,
    pub(super) children: Vec<Tree>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
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
    pub(super) fn collect_full(&self, order: &mut Vec<usize>) {
        if matches!(self.place, Place::Full | Place::Continued) {
            order.push(self.node);
        }
        for child in &self.children {
            child.collect_full(order);
        }
    }

    pub(super) fn any(&self, place: Place) -> bool {
        self.place == place || self.children.iter().any(|child| child.any(place))
    }
}

/// The trees in the order of drawing, none deeper than `layers`.
pub(super) fn plant(nodes: &[Node], layers: usize) -> Vec<Tree> {
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
