//! What holds for every layout, tried on any graph.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SPACING: Spacing = Spacing {
    layer: 60,
    lead: 20,
    track: 8,
    node: 20,
    line: 10,
    thickness: 0,
    component: 40,
    port: 10,
};

const CELLS: Spacing = Spacing {
    layer: 6,
    lead: 2,
    track: 2,
    node: 1,
    line: 1,
    thickness: 1,
    component: 1,
    port: 1,
};

/// A graph with names and sizes of its own.
#[derive(Clone, Debug)]
struct Graph {
    nodes: Vec<(String, i64, i64)>,
    edges: Vec<Edge>,
}

impl Graph {
    fn new(count: usize, pairs: &[(usize, usize)]) -> Self {
        let node = |number| (format!("n{number:05}"), 40, 20);
        Self {
            nodes: (0..count).map(node).collect(),
            edges: pairs.iter().map(|&(from, to)| Edge { from, to }).collect(),
        }
    }

    fn keys(&self) -> Vec<Node<'_>> {
        let mut nodes = Vec::new();
        for (key, width, height) in &self.nodes {
            nodes.push(Node {
                key,
                width: *width,
                height: *height,
            });
        }
        nodes
    }

    fn layout(&self, ports: Ports, previous: Option<&Order>) -> Layout {
        let spacing = match ports {
            Ports::Rows => CELLS,
            Ports::Spread => SPACING,
        };
        layout(&Input {
            nodes: &self.keys(),
            edges: &self.edges,
            spacing,
            ports,
            layers: None,
            previous,
        })
    }
}

fn any_graph() -> impl Strategy<Value = Graph> {
    (1..24_usize).prop_flat_map(|count| {
        let sizes = prop::collection::vec((0..90_i64, 1..50_i64), count);
        let pairs = prop::collection::vec((0..count, 0..count), 0..count * 2);
        (sizes, pairs).prop_map(|(sizes, pairs)| {
            let mut graph = Graph::new(sizes.len(), &pairs);
            for (node, (width, height)) in graph.nodes.iter_mut().zip(sizes) {
                (node.1, node.2) = (width, height);
            }
            graph
        })
    })
}

fn any_ports() -> impl Strategy<Value = Ports> {
    prop_oneof![Just(Ports::Rows), Just(Ports::Spread)]
}

/// Whether a stretch of a route has a point within a rectangle; its border does not count.
fn passes(a: Point, b: Point, rect: Rect) -> bool {
    let (left, right) = (a.x.min(b.x), a.x.max(b.x));
    let (top, bottom) = (a.y.min(b.y), a.y.max(b.y));
    left < rect.x + rect.width
        && right > rect.x
        && top < rect.y + rect.height
        && bottom >= rect.y
        && (top > rect.y || bottom > rect.y || a.y == b.y)
}

/// The stretches of a route, each with its direction: whether it is horizontal, the line it is on,
/// and from where to where.
fn stretches(route: &[Point]) -> Vec<(bool, i64, i64, i64)> {
    let pairs = route.windows(2);
    pairs
        .map(|pair| match pair[0].y == pair[1].y {
            true => {
                let (a, b) = (pair[0].x, pair[1].x);
                (true, pair[0].y, a.min(b), a.max(b))
            }
            false => {
                let (a, b) = (pair[0].y, pair[1].y);
                (false, pair[0].x, a.min(b), a.max(b))
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn nodes_do_not_overlap_and_all_is_within_the_whole(graph in any_graph(), ports in any_ports()) {
        let layout = graph.layout(ports, None);
        for (index, a) in layout.nodes.iter().enumerate() {
            prop_assert!(a.width == graph.nodes[index].1 && a.height >= graph.nodes[index].2);
            prop_assert!(a.x >= 0 && a.y >= 0);
            prop_assert!(a.x + a.width <= layout.width && a.y + a.height <= layout.height);
            for b in &layout.nodes[..index] {
                let apart = a.x + a.width <= b.x || b.x + b.width <= a.x
                    || a.y + a.height <= b.y || b.y + b.height <= a.y;
                prop_assert!(apart, "{a:?} {b:?}");
            }
        }
        for point in layout.routes.iter().flatten() {
            prop_assert!((0..=layout.width).contains(&point.x), "{point:?}");
            prop_assert!((0..=layout.height).contains(&point.y), "{point:?}");
        }
    }

    #[test]
    fn routes_lead_from_side_to_side(graph in any_graph(), ports in any_ports()) {
        let layout = graph.layout(ports, None);
        for (edge, route) in graph.edges.iter().zip(&layout.routes) {
            let (from, to) = (layout.nodes[edge.from], layout.nodes[edge.to]);
            let (first, last) = (route[0], route[route.len() - 1]);
            let is_forward = layout.layers[edge.from] < layout.layers[edge.to];
            let is_loop = edge.from == edge.to;
            let leaves_right = is_forward || is_loop;
            prop_assert_eq!(first.x, if leaves_right { from.x + from.width } else { from.x });
            prop_assert_eq!(last.x, if is_forward { to.x } else { to.x + to.width });
            prop_assert!((from.y..from.y + from.height).contains(&first.y));
            prop_assert!((to.y..to.y + to.height).contains(&last.y));
            for pair in route.windows(2) {
                prop_assert!((pair[0].x == pair[1].x) != (pair[0].y == pair[1].y), "{route:?}");
                if is_forward {
                    prop_assert!(pair[0].x <= pair[1].x, "{route:?}");
                }
            }
        }
    }

    #[test]
    fn routes_pass_through_no_node(graph in any_graph(), ports in any_ports()) {
        let layout = graph.layout(ports, None);
        for route in &layout.routes {
            for pair in route.windows(2) {
                for rect in &layout.nodes {
                    prop_assert!(!passes(pair[0], pair[1], *rect), "{pair:?} {rect:?}");
                }
            }
        }
    }

    /// Edges that leave a node at one row share their trunk, and no others share anything.
    #[test]
    fn no_line_runs_over_another(graph in any_graph(), ports in any_ports()) {
        let layout = graph.layout(ports, None);
        let routes: Vec<_> = layout.routes.iter().map(|route| stretches(route)).collect();
        for (index, route) in routes.iter().enumerate() {
            for (other, others) in routes[..index].iter().enumerate() {
                if layout.routes[index][0] == layout.routes[other][0] {
                    continue;
                }
                for a in route {
                    for b in others {
                        let apart = a.0 != b.0 || a.1 != b.1 || a.3 <= b.2 || b.3 <= a.2;
                        prop_assert!(apart, "{:?} {:?}", layout.routes[index], layout.routes[other]);
                    }
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        graph in any_graph(),
        ports in any_ports(),
        seed in any::<prop::sample::Index>(),
    ) {
        let layout = graph.layout(ports, None);
        let count = graph.nodes.len();
        let turn = seed.index(count);
        let place = |node: usize| (count - 1 - node + turn) % count;
        let mut other = graph.clone();
        for (node, entry) in graph.nodes.iter().enumerate() {
            other.nodes[place(node)] = entry.clone();
        }
        other.edges = graph.edges.iter().rev().map(|edge| Edge {
            from: place(edge.from),
            to: place(edge.to),
        }).collect();
        let turned = other.layout(ports, None);
        for node in 0..count {
            prop_assert_eq!(layout.nodes[node], turned.nodes[place(node)]);
        }
        // Edges between the same two nodes may have exchanged their routes.
        let routes = |graph: &Graph, layout: &Layout| {
            let mut all: BTreeMap<(String, String), Vec<Vec<Point>>> = BTreeMap::new();
            for (edge, route) in graph.edges.iter().zip(&layout.routes) {
                let key = |node: usize| graph.nodes[node].0.clone();
                all.entry((key(edge.from), key(edge.to))).or_default().push(route.clone());
            }
            all.values_mut().for_each(|routes| routes.sort());
            all
        };
        prop_assert_eq!(routes(&graph, &layout), routes(&other, &turned));
    }

    #[test]
    fn nodes_keep_their_order_when_others_come(
        graph in any_graph(),
        ports in any_ports(),
        new in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..6),
    ) {
        let before = graph.layout(ports, None);
        let order = before.order(&graph.keys());
        let mut more = graph.clone();
        for (number, (at, is_caller)) in new.iter().enumerate() {
            // Keys before, between and after those that are there.
            let node = more.nodes.len();
            more.nodes.push((format!("n{:05}x{number}", at.index(graph.nodes.len())), 30, 10));
            let at = at.index(graph.nodes.len());
            let (from, to) = if *is_caller { (node, at) } else { (at, node) };
            more.edges.push(Edge { from, to });
        }
        let after = more.layout(ports, Some(&order));
        for a in 0..graph.nodes.len() {
            for b in 0..a {
                let in_one = |layout: &Layout| layout.layers[a] == layout.layers[b];
                if !in_one(&before) || !in_one(&after) {
                    continue;
                }
                let above = |layout: &Layout| layout.nodes[a].y < layout.nodes[b].y;
                prop_assert_eq!(above(&before), above(&after), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn given_layers_are_kept(graph in any_graph(), ports in any_ports(), layers in prop::collection::vec(0..5_usize, 24)) {
        let layout = layout(&Input {
            nodes: &graph.keys(),
            edges: &graph.edges,
            spacing: CELLS,
            ports,
            layers: Some(&layers),
            previous: None,
        });
        for a in 0..graph.nodes.len() {
            for b in 0..a {
                if layout.components[a] == layout.components[b] {
                    prop_assert_eq!(
                        layers[a].cmp(&layers[b]),
                        layout.layers[a].cmp(&layout.layers[b])
                    );
                }
            }
        }
    }
}

#[test]
fn an_edge_of_no_node_has_no_route_and_nothing_is_empty() {
    let layout = Graph::new(0, &[(0, 3)]).layout(Ports::Spread, None);
    assert_eq!(layout.routes, [vec![]]);
    assert_eq!((layout.width, layout.height), (0, 0));
}

#[test]
fn a_calls_b_and_b_calls_back() {
    let layout = Graph::new(2, &[(0, 1), (1, 0), (1, 1)]).layout(Ports::Rows, None);
    let point = |x, y| Point { x, y };
    assert_eq!(layout.routes[0], [point(40, 0), point(46, 0)]);
    assert_eq!(layout.routes[1], [point(46, 1), point(40, 1)]);
    assert_eq!(
        layout.routes[2],
        [point(86, 0), point(88, 0), point(88, 1), point(86, 1)]
    );
}

#[test]
fn a_new_component_comes_below_those_that_were_there() {
    let graph = Graph::new(3, &[(1, 2)]);
    let before = graph.layout(Ports::Rows, None);
    assert_eq!(before.components, [1, 0, 0]);
    let order = before.order(&graph.keys());
    let more = Graph::new(7, &[(1, 2), (3, 4), (4, 5), (5, 6)]);
    assert_eq!(more.layout(Ports::Rows, None).components[3], 0);
    let after = more.layout(Ports::Rows, Some(&order));
    assert_eq!(after.components, [1, 0, 0, 2, 2, 2, 2]);
}

/// A graph of services as they are: a few that call many, in layers, with some calls back.
fn services(count: usize, edges: usize) -> Graph {
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut pairs: Vec<(usize, usize)> = (1..count).map(|node| (random(node), node)).collect();
    while pairs.len() < edges {
        pairs.push((random(count), random(count)));
    }
    Graph::new(count, &pairs)
}

#[test]
fn sweeps_take_most_crossings_away() {
    let graph = services(60, 80);
    let layout = graph.layout(Ports::Spread, None);
    // The same layers in the order of the keys.
    let arcs: Vec<components::Arc> = graph
        .edges
        .iter()
        .enumerate()
        .map(|(edge, &Edge { from, to })| components::Arc { edge, from, to })
        .collect();
    let mut naive = Proper::new(&layout.layers, &arcs);
    for vertex in 0..naive.layer.len() {
        let layer = naive.layer[vertex];
        naive.order[layer].push(vertex);
    }
    (0..naive.order.len()).for_each(|layer| naive.number(layer));
    let naive = order::crossings(&naive);
    assert!(
        layout.crossings * 4 < naive,
        "{} of {naive}",
        layout.crossings
    );
}

#[test]
fn large_and_dense_graphs_are_survived() {
    let chain: Vec<(usize, usize)> = (1..10_000).map(|node| (node - 1, node)).collect();
    let layout = Graph::new(10_000, &chain).layout(Ports::Rows, None);
    assert_eq!(layout.layers[9_999], 9_999);

    // Every second edge skips far: more dummies than there may be.
    let skips = (0..9_000).map(|node| (node, node + 1 + node * 7 % 900));
    let pairs: Vec<_> = chain.iter().copied().chain(skips).collect();
    let layout = Graph::new(10_000, &pairs).layout(Ports::Spread, None);
    assert!(layout.routes.iter().all(|route| route.len() >= 2));

    let clique: Vec<(usize, usize)> = (0..80)
        .flat_map(|from| (0..80).map(move |to| (from, to)))
        .collect();
    let layout = Graph::new(80, &clique).layout(Ports::Spread, None);
    assert!(layout.routes.iter().all(|route| route.len() >= 2));

    let same = vec![(0, 1); 2_000];
    let layout = Graph::new(2, &same).layout(Ports::Rows, None);
    assert!(layout.nodes[1].height >= 2_000);
}
