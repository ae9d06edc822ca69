//! Which node or edge an address asks for, and the addresses that ask for one.

use super::super::Address;
use crate::draw::Part;
use crate::map::Map;

/// What of an address says which map it is.
pub(super) const MAP_KEYS: [&str; 4] = ["since", "start", "end", "filter"];
/// What of an address asks for a part of it.
pub(super) const PART_KEYS: [&str; 3] = ["node", "from", "to"];

/// What an address asks for, by the labels of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    Node(&'a str),
    Edge(&'a str, &'a str),
}

impl<'a> Asked<'a> {
    pub(super) fn of(address: &'a Address) -> Option<Self> {
        let edge = || Some(Self::Edge(address.get("from")?, address.get("to")?));
        address.get("node").map(Self::Node).or_else(edge)
    }

    /// Where it is in a map, if it is there.
    pub(super) fn part(self, map: &Map) -> Option<Part> {
        let node = |label: &str| map.nodes.iter().position(|node| node.label == label);
        match self {
            Self::Node(label) => node(label).map(Part::Node),
            Self::Edge(from, to) => {
                let (from, to) = (node(from)?, node(to)?);
                let edges = &mut map.edges.iter();
                let edge = edges.position(|edge| (edge.from, edge.to) == (from, to));
                edge.map(Part::Edge)
            }
        }
    }
}

/// The address of a map, without a part.
pub(super) fn map_address(address: &Address) -> Address {
    address.only(&MAP_KEYS).at("/")
}

pub(super) fn node_address(map_address: &Address, map: &Map, node: usize) -> Address {
    map_address.with("node", &map.nodes[node].label)
}

pub(super) fn edge_address(map_address: &Address, map: &Map, edge: usize) -> Address {
    let edge = &map.edges[edge];
    let from = map_address.with("from", &map.nodes[edge.from].label);
    from.with("to", &map.nodes[edge.to].label)
}

/// The node that somebody means who looks for a name: the one that is called so, else the first whose name
/// begins so, else the first that holds it. A blank text names none.
pub(super) fn find(map: &Map, text: &str) -> Option<usize> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return None;
    }
    let fit = |label: &str| match label.to_lowercase() {
        label if label == text => Some(0),
        label if label.starts_with(&text) => Some(1),
        label if label.contains(&text) => Some(2),
        _ => None,
    };
    let nodes = map.nodes.iter().enumerate();
    let fits = nodes.filter_map(|(place, node)| Some((fit(&node.label)?, &node.label, place)));
    fits.min().map(|(_, _, place)| place)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map() -> Map {
        Map::new(&[
            json!({"ReferenceId": 0, "Name": "web-api", "Edges": [{"ReferenceId": 1}]}),
            json!({"ReferenceId": 1, "Name": "API & co", "Edges": []}),
            json!({"ReferenceId": 2, "Name": "api", "Edges": []}),
        ])
    }

    #[test]
    fn an_address_of_a_part_asks_for_it() {
        let map = map();
        let here = map_address(&Address::of(
            &"/map.svg?since=6h&node=x&find=y".parse().unwrap(),
        ));
        assert_eq!(here.to_string(), "/?since=6h");
        for (address, part) in [
            (node_address(&here, &map, 1), Some(Part::Node(1))),
            (edge_address(&here, &map, 0), Some(Part::Edge(0))),
            (here.with("node", "nobody"), None),
            (here.with("from", "api").with("to", "web-api"), None),
            (here.with("from", "api"), None),
        ] {
            let address = Address::of(&address.to_string().parse().unwrap());
            let asked = Asked::of(&address);
            assert_eq!(asked.and_then(|asked| asked.part(&map)), part, "{address}");
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        let map = map();
        for (text, found) in [
            ("API", Some(2)),
            ("api &", Some(1)),
            ("b-A", Some(0)),
            ("x", None),
            (" ", None),
        ] {
            assert_eq!(find(&map, text), found, "{text}");
        }
    }
}
