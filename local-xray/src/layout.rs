//! A layered layout from left to right: nodes in columns, edges as lines that keep to the channels
//! between the columns and to free rows within them. It feeds the map in the terminal and as SVG.
//!
//! ```text
//! components ─► cycles, layers ─► dummies ─► order ─► ports, rows ─► tracks ─► routes
//! ```
//!
//! Pure functions over whole numbers: the same input gives the same output, in whatever order nodes
//! and edges come. Nothing recurses, so chains may be long; what would need too many dummies is led
//! around below everything, so cliques may be large.

use std::collections::BTreeMap;

mod channel;
mod components;
mod cycles;
mod layers;
mod order;
mod ports;
mod proper;
mod routes;
mod rows;

use components::{Component, components};
use proper::Proper;

/// No side of a node is longer, so that no sum overflows.
const SIDE_MAX: i64 = 100_000;

/// A node to be placed.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// What tells it from all others, and orders them: its name.
    pub key: &'a str,
    /// Its width, in any unit; taken as within 0 and 100,000.
    pub width: i64,
    /// Its least height: it grows where more edges meet a side than fit.
    pub height: i64,
}

/// An edge between two nodes by their places in the input. One that names no node has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it starts.
    pub from: usize,
    /// Where it ends; may be where it starts.
    pub to: usize,
}

/// How far apart things are.
#[derive(Clone, Copy, Debug)]
pub struct Spacing {
    /// Between two layers, for one track.
    pub layer: i64,
    /// From a layer to the first track at its right.
    pub lead: i64,
    /// Between two tracks of a channel.
    pub track: i64,
    /// Between two nodes of a layer.
    pub node: i64,
    /// Between a line and what is above or below it.
    pub line: i64,
    /// How thick a line is: 1 where lines fill cells of text, 0 where they are thin.
    pub thickness: i64,
    /// Between two components.
    pub component: i64,
    /// Between two places where edges meet a node.
    pub port: i64,
}

/// Where edges meet the sides of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// In rows from the top: at the left one row for each edge; at the right the first row for all
    /// edges that leave, which fork in the channel, and one more for each that comes back.
    Rows,
    /// Each at a place of its own, spread over the height.
    Spread,
}

/// What to lay out.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The nodes.
    pub nodes: &'a [Node<'a>],
    /// The edges; there may be several from a node to another.
    pub edges: &'a [Edge],
    /// The distances.
    pub spacing: Spacing,
    /// Where edges meet nodes.
    pub ports: Ports,
    /// The layer of each node, where it is decided already.
    pub layers: Option<&'a [usize]>,
    /// The order of a layout before: nodes that were in one layer and are in one layer keep it.
    pub previous: Option<&'a Order>,
}

/// Where a node is: its left upper corner and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Rect {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
}

/// A point of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Point {
    pub x: i64,
    pub y: i64,
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Of each node of the input.
    pub nodes: Vec<Rect>,
    /// Of each edge of the input: the points from its source to its target, horizontal and vertical
    /// in turn. It leaves a node to the right and comes from the left; an edge against the direction
    /// leaves to the left and comes from the right; a loop does both at the right.
    pub routes: Vec<Vec<Point>>,
    /// The layer of each node, from 0 at the left.
    pub layers: Vec<usize>,
    /// The component of each node, from 0 at the top.
    pub components: Vec<usize>,
    /// The width of everything.
    pub width: i64,
    /// The height of everything.
    pub height: i64,
    /// How often edges cross between layers.
    pub crossings: usize,
}

/// The order of the nodes in a layout, for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(BTreeMap<String, Place>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    layer: usize,
    y: i64,
}

impl Input<'_> {
    /// Where the node was in the layout before.
    fn place_before(&self, node: usize) -> Option<Place> {
        self.previous?.0.get(self.nodes[node].key).copied()
    }
}

impl Layout {
    /// The order of these nodes, which are those of the layout's input.
    pub fn order(&self, nodes: &[Node<'_>]) -> Order {
        let places = nodes.iter().enumerate().filter_map(|(index, node)| {
            let place = Place {
                layer: *self.layers.get(index)?,
                y: self.nodes.get(index)?.y,
            };
            Some((node.key.to_owned(), place))
        });
        Order(places.collect())
    }
}

/// Lays out a graph. Nodes that share a key are told apart by their places in the input.
pub fn layout(input: &Input<'_>) -> Layout {
    let mut layout = Layout {
        nodes: vec![Rect::default(); input.nodes.len()],
        routes: vec![Vec::new(); input.edges.len()],
        layers: vec![0; input.nodes.len()],
        components: vec![0; input.nodes.len()],
        ..Layout::default()
    };
    let mut top = 0;
    for (number, component) in components(input).iter().enumerate() {
        let height = place(input, component, top, &mut layout);
        for &node in &component.nodes {
            layout.components[node] = number;
        }
        layout.height = top + height;
        top += height + input.spacing.component;
    }
    layout
}

/// Places a component below `top`, and answers how high it is.
fn place(input: &Input<'_>, component: &Component, top: i64, layout: &mut Layout) -> i64 {
    let nodes = &component.nodes;
    let given = input.layers.map(|layers| -> Vec<usize> {
        let layer = |&node: &usize| layers.get(node).copied().unwrap_or(0);
        nodes.iter().map(layer).collect()
    });
    let layers = match given {
        Some(layers) => layers::dense(&layers),
        None => {
            let forward = cycles::cut(nodes.len(), &component.arcs);
            layers::layers(nodes.len(), &forward)
        }
    };
    let mut proper = Proper::new(&layers, &component.arcs);
    let kept: Vec<Option<Place>> = nodes.iter().map(|&node| input.place_before(node)).collect();
    layout.crossings += order::order(&mut proper, &kept);

    let mut sizes: Vec<(i64, i64)> = nodes
        .iter()
        .map(|&node| {
            let node = &input.nodes[node];
            let side = |side: i64| side.clamp(0, SIDE_MAX);
            (side(node.width), side(node.height))
        })
        .collect();
    let ports = ports::ports(&proper, input, &mut sizes);
    let rows = rows::rows(&proper, &ports, &sizes, input);
    let drawn = routes::routes(&proper, &ports, &rows, &sizes, input);

    for (local, &node) in nodes.iter().enumerate() {
        let (width, height) = sizes[local];
        layout.layers[node] = layers[local];
        layout.nodes[node] = Rect {
            x: drawn.columns[layers[local]],
            y: top + rows[local],
            width,
            height,
        };
    }
    for (line, mut route) in proper.lines.iter().zip(drawn.routes) {
        for point in &mut route {
            point.y += top;
        }
        layout.routes[line.edge] = route;
    }
    layout.width = layout.width.max(drawn.width);
    drawn.height
}

#[cfg(test)]
mod tests;
