//! The service map as an SVG: a card for each node with a ring of how its requests went, curves for
//! the edges, a legend. Everything that a colour says stands there in words, too.

use std::fmt::Display;

use crate::layout::{Edge, Input, Layout, Node, Order, Ports, Spacing, layout};
use crate::map::{Map, count};
use crate::svg::Writer;

mod card;
mod edge;
mod element;
mod glyph;
mod legend;
mod neighbours;

/// The style sheet of the drawings, for light and dark. A page whose content security policy allows
/// no style within serves it as a file.
pub const STYLE_SHEET: &str = include_str!("draw/map.css");

/// Where the drawing is to stand.
#[derive(Clone, Copy)]
pub enum Setting<'a> {
    /// In a file of its own, which holds the style sheet and a legend.
    File,
    /// In a page that has [`STYLE_SHEET`] and tells what the colours mean.
    Page(Page<'a>),
}

/// What the nodes and edges of a drawing lead to, by their places in the map.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// The address that a node leads to, if it leads anywhere.
    pub node: &'a dyn Fn(usize) -> Option<String>,
    /// The address that an edge leads to, if it leads anywhere.
    pub edge: &'a dyn Fn(usize) -> Option<String>,
    /// What is looked at more closely.
    pub selected: Option<Part>,
    /// How many minutes the map is of, where cards are to tell of requests a minute.
    pub minutes: Option<f64>,
}

/// A part of the map, by its place among the nodes or the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Part {
    Node(usize),
    Edge(usize),
}

impl Setting<'_> {
    fn minutes(&self) -> Option<f64> {
        match self {
            Self::File => None,
            Self::Page(page) => page.minutes,
        }
    }
}

/// The `id` in a page of the node with this label: the same in every drawing.
pub fn node_id(label: &str) -> String {
    format!("node-{:08x}", fnv(&[label]))
}

/// The `id` in a page of the edge between the nodes with these labels.
pub fn edge_id(from: &str, to: &str) -> String {
    format!("edge-{:08x}", fnv(&[from, to]))
}

/// FNV-1a over texts and their ends.
fn fnv(texts: &[&str]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for text in texts {
        // No text has this byte.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    hash
}

/// A drawn map.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The `svg` element.
    pub svg: String,
    /// The order of the nodes, for the next drawing.
    pub order: Order,
}

/// In pixels.
const SPACING: Spacing = Spacing {
    layer: 72,
    lead: 34,
    track: 10,
    node: 24,
    line: 14,
    thickness: 0,
    component: 40,
    port: 12,
};

/// Around everything.
const MARGIN: i64 = 24;

/// The map in the order of the one before, as far as it goes.
pub fn service_map(map: &Map, setting: Setting<'_>, previous: Option<&Order>) -> Drawing {
    let nodes: Vec<Node<'_>> = map
        .nodes
        .iter()
        .map(|node| {
            let (width, height) = card::size(node, setting.minutes());
            Node {
                key: &node.label,
                width,
                height,
            }
        })
        .collect();
    let edges: Vec<Edge> = map
        .edges
        .iter()
        .map(|edge| Edge {
            from: edge.from,
            to: edge.to,
        })
        .collect();
    let layout = layout(&Input {
        nodes: &nodes,
        edges: &edges,
        spacing: SPACING,
        ports: Ports::Spread,
        layers: None,
        previous,
    });
    let order = layout.order(&nodes);
    Drawing {
        svg: draw(map, &layout, setting),
        order,
    }
}

fn draw(map: &Map, layout: &Layout, setting: Setting<'_>) -> String {
    let legend = match setting {
        Setting::File => (legend::WIDTH, legend::HEIGHT),
        Setting::Page(_) => (0, 0),
    };
    let width = layout.width.max(legend.0) + 2 * MARGIN;
    let height = layout.height + legend.1 + 2 * MARGIN;
    let mut svg = Writer::default();
    let view_box = format!("0 0 {width} {height}");
    let title = title(map);
    let mut attributes: Vec<(&'static str, &dyn Display)> = vec![
        ("xmlns", &"http://www.w3.org/2000/svg"),
        ("class", &"service-map"),
        ("viewBox", &view_box),
        ("width", &width),
        ("height", &height),
    ];
    match setting {
        Setting::File => {
            svg.open("svg", &attributes);
            svg.text("title", &[], &title);
            svg.text("style", &[], STYLE_SHEET);
            let whole: [(&str, &dyn Display); 3] =
                [("class", &"ground"), ("width", &width), ("height", &height)];
            svg.empty("rect", &whole);
        }
        Setting::Page(_) => {
            // A title would show wherever the pointer rests.
            attributes.push(("role", &"group"));
            attributes.push(("aria-label", &title));
            svg.open("svg", &attributes);
        }
    }
    svg.line();
    svg.open(
        "g",
        &[("transform", &format_args!("translate({MARGIN} {MARGIN})"))],
    );
    svg.line();
    let mut in_order: Vec<usize> = (0..map.nodes.len()).collect();
    in_order.sort_by_key(|&node| {
        let rect = layout.nodes[node];
        (layout.components[node], rect.x, rect.y)
    });
    for node in in_order {
        let keys = match setting {
            Setting::File => Vec::new(),
            Setting::Page(_) => neighbours::of(map, layout, node).keys(),
        };
        card::draw(&mut svg, map, (node, layout.nodes[node]), keys, setting);
    }
    // Above the cards, which no route crosses, so that the numbers of an edge can be read.
    for (edge, route) in layout.routes.iter().enumerate() {
        edge::draw(&mut svg, map, edge, route, setting);
    }
    if map.nodes.is_empty() {
        svg.text(
            "text",
            &[("class", &"label"), ("y", &0)],
            "No services yet.",
        );
    }
    if matches!(setting, Setting::File) {
        legend::draw(&mut svg, layout.height + legend::HEIGHT);
    }
    svg.close();
    svg.finish() + "\n"
}

fn title(map: &Map) -> String {
    let nodes = count(map.nodes.len() as u64, "node");
    let edges = count(map.edges.len() as u64, "edge");
    format!("Service map: {nodes}, {edges}")
}

#[cfg(test)]
mod tests;
