//! The parts of a graph that no edge connects, each in an order that depends on the keys alone.

use std::cmp::Reverse;

use super::Input;

/// A part of the graph.
pub(super) struct Component {
    /// The nodes by their places in the input, in the order of their keys.
    pub(super) nodes: Vec<usize>,
    pub(super) arcs: Vec<Arc>,
}

/// An edge between two nodes of a component, by their places there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    /// Its place in the input.
    pub(super) edge: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The components from the top: those of the layout before in its order, then the largest first.
pub(super) fn components(input: &Input<'_>) -> Vec<Component> {
    let count = input.nodes.len();
    let mut by_key: Vec<usize> = (0..count).collect();
    by_key.sort_by_key(|&node| (input.nodes[node].key, node));
    let mut rank = vec![0; count];
    for (place, &node) in by_key.iter().enumerate() {
        rank[node] = place;
    }
    let mut edges: Vec<(usize, usize, usize)> = input
        .edges
        .iter()
        .enumerate()
        .filter(|(_, edge)| edge.from < count && edge.to < count)
        .map(|(index, edge)| (rank[edge.from], rank[edge.to], index))
        .collect();
    edges.sort_unstable();

    let mut sets = Sets((0..count).collect());
    for &(from, to, _) in &edges {
        sets.join(from, to);
    }
    let mut components: Vec<Component> = Vec::new();
    let mut of_set = vec![usize::MAX; count];
    let mut local = vec![0; count];
    for (place, &node) in by_key.iter().enumerate() {
        let set = sets.find(place);
        if of_set[set] == usize::MAX {
            of_set[set] = components.len();
            components.push(Component {
                nodes: Vec::new(),
                arcs: Vec::new(),
            });
        }
        let component = &mut components[of_set[set]];
        local[place] = component.nodes.len();
        component.nodes.push(node);
    }
    for (from, to, edge) in edges {
        components[of_set[sets.find(from)]].arcs.push(Arc {
            edge,
            from: local[from],
            to: local[to],
        });
    }
    components.sort_by_cached_key(|component| {
        let before = component
            .nodes
            .iter()
            .filter_map(|&node| input.place_before(node));
        let top = before.map(|place| place.y).min();
        (top.unwrap_or(i64::MAX), Reverse(component.nodes.len()))
    });
    components
}

/// Which nodes are connected.
struct Sets(Vec<usize>);

impl Sets {
    fn find(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0[one.max(other)] = one.min(other);
    }
}
