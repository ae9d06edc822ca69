//! The service map as an SVG: a card for each node with a ring of how its requests went, curves for
//! the edges, a legend. Everything that a colour says stands there in words, too.

use crate::layout::{Edge, Input, Layout, Node, Order, Ports, Spacing, layout};
use crate::map::Map;
use crate::svg::Writer;

mod card;
mod edge;
mod legend;

/// The style sheet of the drawings, for light and dark. A page whose content security policy allows
/// no style within serves it as a file.
pub const STYLE_SHEET: &str = include_str!("draw/map.css");

/// Where the drawing is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// In a file of its own, which holds the style sheet.
    File,
    /// In a page that has [`STYLE_SHEET`].
    Page,
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
    layer: 96,
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
pub fn service_map(map: &Map, setting: Setting, previous: Option<&Order>) -> Drawing {
    let nodes: Vec<Node<'_>> = map
        .nodes
        .iter()
        .map(|node| {
            let (width, height) = card::size(node);
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

fn draw(map: &Map, layout: &Layout, setting: Setting) -> String {
    let width = layout.width.max(legend::WIDTH) + 2 * MARGIN;
    let height = layout.height + legend::HEIGHT + 2 * MARGIN;
    let mut svg = Writer::default();
    svg.open(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("class", &"service-map"),
            ("viewBox", &format_args!("0 0 {width} {height}")),
            ("width", &width),
            ("height", &height),
        ],
    );
    svg.text("title", &[], &title(map));
    if setting == Setting::File {
        svg.text("style", &[], STYLE_SHEET);
        let whole: [(&str, &dyn std::fmt::Display); 3] =
            [("class", &"ground"), ("width", &width), ("height", &height)];
        svg.empty("rect", &whole);
    }
    svg.line();
    svg.open(
        "g",
        &[("transform", &format_args!("translate({MARGIN} {MARGIN})"))],
    );
    svg.line();
    for (edge, route) in map.edges.iter().zip(&layout.routes) {
        edge::draw(&mut svg, map, edge, route);
    }
    let mut in_order: Vec<usize> = (0..map.nodes.len()).collect();
    in_order.sort_by_key(|&node| {
        let rect = layout.nodes[node];
        (layout.components[node], rect.x, rect.y)
    });
    for node in in_order {
        card::draw(&mut svg, &map.nodes[node], layout.nodes[node]);
    }
    if map.nodes.is_empty() {
        svg.text(
            "text",
            &[("class", &"label"), ("y", &0)],
            "No services yet.",
        );
    }
    legend::draw(&mut svg, layout.height + legend::HEIGHT);
    svg.close();
    svg.finish() + "\n"
}

fn title(map: &Map) -> String {
    let count = |number: usize, noun: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {noun}{plural}")
    };
    let nodes = count(map.nodes.len(), "node");
    format!("Service map: {nodes}, {}", count(map.edges.len(), "edge"))
}

#[cfg(test)]
mod tests;
