//! The map in bands: each some layers of a component, with what they need of the bands above.

use std::collections::HashMap;
use std::ops::Range;

use local_xray::layout::{Edge, Input, Layout, Node, Order, Ports, layout};
use local_xray::map::Map;

use super::fit::{CHANNEL, NODE_MIN, SPACING};
use super::item::Item;

/// The map as a whole, before it is cut into bands.
pub(super) struct Components {
    layout: Layout,
    order: Order,
    /// The nodes of each layer of each component, from the top.
    nodes: Vec<Vec<Vec<usize>>>,
    /// The edges that leave each node, and those that come to it.
    leaving: Vec<Vec<usize>>,
    coming: Vec<Vec<usize>>,
}

/// Some layers of a component.
pub(super) struct Band {
    pub(super) layers: Range<usize>,
    pub(super) items: Vec<Item>,
    pub(super) links: Vec<Link>,
}

/// An edge between two items of a band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) is_link: bool,
}

impl Components {
    pub(super) fn new(map: &Map, previous: Option<&Order>) -> Self {
        let nodes: Vec<Node<'_>> = map
            .nodes
            .iter()
            .map(|node| Node {
                key: &node.label,
                width: 1,
                height: 3,
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
            ports: Ports::Rows,
            layers: None,
            previous,
        });
        let order = layout.order(&nodes);
        let mut layers: Vec<Vec<Vec<usize>>> = Vec::new();
        let mut from_top: Vec<usize> = (0..nodes.len()).collect();
        from_top.sort_by_key(|&node| {
            (
                layout.components[node],
                layout.layers[node],
                layout.nodes[node].y,
            )
        });
        for node in from_top {
            let (component, layer) = (layout.components[node], layout.layers[node]);
            layers.resize_with(layers.len().max(component + 1), Vec::new);
            let layers = &mut layers[component];
            layers.resize_with(layers.len().max(layer + 1), Vec::new);
            layers[layer].push(node);
        }
        let mut leaving = vec![Vec::new(); nodes.len()];
        let mut coming = vec![Vec::new(); nodes.len()];
        for (number, edge) in map.edges.iter().enumerate() {
            leaving[edge.from].push(number);
            coming[edge.to].push(number);
        }
        Self {
            layout,
            order,
            nodes: layers,
            leaving,
            coming,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn layers(&self, component: usize) -> usize {
        self.nodes[component].len()
    }

    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    pub(super) fn into_order(self) -> Order {
        self.order
    }

    /// All nodes in the order in which the drawing reads.
    pub(super) fn reading_order(&self) -> Vec<usize> {
        self.nodes.iter().flatten().flatten().copied().collect()
    }

    /// How many layers from `first` on could fit: by their labels, and by the lines that come to
    /// one node, of which no more than those from above and from below share their tracks.
    pub(super) fn most_layers(
        &self,
        map: &Map,
        component: usize,
        first: usize,
        columns: usize,
    ) -> usize {
        let mut used = 0;
        let mut count = 0;
        for layer in &self.nodes[component][first..] {
            let labels = layer.iter().map(|&node| {
                let label = &map.nodes[node].label;
                // No more characters than matter are looked at: names may be long.
                label.chars().take(NODE_MIN).count()
            });
            let arrivals = layer.iter().map(|&node| {
                let from = self.coming[node].iter().map(|&edge| map.edges[edge].from);
                let layers = &self.layout.layers;
                from.filter(|&from| layers[from] < layers[node]).count()
            });
            used += labels.max().unwrap_or(0) + arrivals.max().unwrap_or(0).saturating_sub(2);
            used += if count > 0 { CHANNEL } else { 0 };
            if used > columns && count > 0 {
                break;
            }
            count += 1;
        }
        count.max(1)
    }

    /// These layers of a component, with the callers above that they have.
    pub(super) fn band(&self, map: &Map, component: usize, layers: Range<usize>) -> Band {
        let mut items: Vec<Item> = Vec::new();
        let mut of_node: HashMap<usize, usize> = HashMap::new();
        for layer in layers.clone() {
            for &node in &self.nodes[component][layer] {
                of_node.insert(node, items.len());
                items.push(Item {
                    node,
                    layer: layer - layers.start + 1,
                    is_continuation: false,
                    continues: false,
                    above: Vec::new(),
                });
            }
        }
        let own = items.len();
        let mut links = Vec::new();
        for to in 0..own {
            let node = items[to].node;
            for &edge in &self.coming[node] {
                let edge = &map.edges[edge];
                let layer = self.layout.layers[edge.from];
                if layer >= layers.end {
                    continue;
                }
                let from = *of_node.entry(edge.from).or_insert_with(|| {
                    items.push(Item {
                        node: edge.from,
                        layer: 0,
                        is_continuation: true,
                        continues: false,
                        above: Vec::new(),
                    });
                    items.len() - 1
                });
                links.push(Link {
                    from,
                    to,
                    is_link: edge.is_link,
                });
            }
            for &edge in &self.leaving[node] {
                let edge = &map.edges[edge];
                let layer = self.layout.layers[edge.to];
                items[to].continues |= layer >= layers.end;
                if layer < layers.start {
                    items[to].above.push((edge.to, edge.is_link));
                }
            }
        }
        Band {
            layers,
            items,
            links,
        }
    }
}
