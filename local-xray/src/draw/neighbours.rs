//! Where arrow keys lead from a node: right to who is called, left to who calls, up and down within its layer.

use crate::layout::Layout;
use crate::map::Map;

/// The nodes next to one, by their places in the map.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Neighbours {
    left: Option<usize>,
    right: Option<usize>,
    up: Option<usize>,
    down: Option<usize>,
}

/// Of several the nearest.
pub(super) fn of(map: &Map, layout: &Layout, node: usize) -> Neighbours {
    let here = layout.nodes[node];
    let far = |other: &usize| ((layout.nodes[*other].y - here.y).abs(), *other);
    let nearest = |others: &mut dyn Iterator<Item = usize>| {
        others.filter(|other| *other != node).min_by_key(far)
    };
    let edges = || map.edges.iter();
    let layer = || {
        let nodes = layout.nodes.iter().enumerate();
        nodes.filter(|(_, rect)| rect.x == here.x)
    };
    let above = layer().filter(|(_, rect)| rect.y < here.y);
    let below = layer().filter(|(_, rect)| rect.y > here.y);
    Neighbours {
        left: nearest(&mut edges().filter(|edge| edge.to == node).map(|edge| edge.from)),
        right: nearest(&mut edges().filter(|edge| edge.from == node).map(|edge| edge.to)),
        up: nearest(&mut above.map(|(place, _)| place)),
        down: nearest(&mut below.map(|(place, _)| place)),
    }
}

impl Neighbours {
    /// As attributes of the node's element.
    pub(super) fn keys(&self) -> Vec<(&'static str, usize)> {
        let keys = [
            ("data-arrowleft", self.left),
            ("data-arrowright", self.right),
            ("data-arrowup", self.up),
            ("data-arrowdown", self.down),
        ];
        keys.into_iter()
            .filter_map(|(key, node)| Some((key, node?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::layout::Rect;

    #[test]
    fn keys_lead_along_edges_and_through_the_layer() {
        let service = |reference: usize, to: &[usize]| {
            let edges: Vec<_> = to.iter().map(|to| json!({"ReferenceId": to})).collect();
            json!({"ReferenceId": reference, "Name": reference.to_string(), "Edges": edges})
        };
        let map = Map::new(&[
            service(0, &[0, 1, 2]),
            service(1, &[]),
            service(2, &[]),
            service(3, &[]),
        ]);
        let at = |(x, y)| Rect {
            x,
            y,
            width: 10,
            height: 10,
        };
        let layout = Layout {
            nodes: [(0, 90), (50, 0), (50, 100), (50, 200)].map(at).to_vec(),
            ..Layout::default()
        };
        let neighbours = |left, right, up, down| Neighbours {
            left,
            right,
            up,
            down,
        };
        assert_eq!(of(&map, &layout, 0), neighbours(None, Some(2), None, None));
        assert_eq!(
            of(&map, &layout, 1),
            neighbours(Some(0), None, None, Some(2))
        );
        assert_eq!(
            of(&map, &layout, 2),
            neighbours(Some(0), None, Some(1), Some(3))
        );
    }
}
