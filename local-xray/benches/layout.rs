//! How fast a map is laid out. Budget: 500 nodes with 700 edges in 100 ms.

use divan::Bencher;
use local_xray::layout::{Edge, Input, Node, Ports, Spacing, layout};

fn main() {
    divan::main();
}

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

/// Each node is called by one before it, as services are; the other calls lead anywhere, or, where
/// they are not `wild`, on to the next few layers.
fn bench(bencher: Bencher<'_, '_>, count: usize, edges: usize, wild: bool) {
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let keys: Vec<String> = (0..count)
        .map(|node| format!("service-{node:05}"))
        .collect();
    let nodes: Vec<Node<'_>> = keys
        .iter()
        .map(|key| Node {
            key,
            width: 200,
            height: 60,
        })
        .collect();
    let mut pairs: Vec<Edge> = (1..count)
        .map(|to| Edge {
            from: random(to),
            to,
        })
        .collect();
    while pairs.len() < edges {
        let from = random(count);
        let to = match wild {
            true => random(count),
            false => (from + 1 + random(count / 10)).min(count - 1),
        };
        pairs.push(Edge { from, to });
    }
    let input = Input {
        nodes: &nodes,
        edges: &pairs,
        spacing: SPACING,
        ports: Ports::Spread,
        layers: None,
        previous: None,
    };
    bencher.bench(|| layout(divan::black_box(&input)));
}

#[divan::bench(args = [50, 200, 500, 1000], sample_count = 30)]
fn services(bencher: Bencher<'_, '_>, count: usize) {
    bench(bencher, count, count * 7 / 5, false);
}

#[divan::bench(args = [50, 200, 500, 1000], sample_count = 30)]
fn calls_anywhere(bencher: Bencher<'_, '_>, count: usize) {
    bench(bencher, count, count * 7 / 5, true);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn ten_thousand_nodes_with_twenty_thousand_edges(bencher: Bencher<'_, '_>) {
    bench(bencher, 10_000, 20_000, true);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_clique_of_200(bencher: Bencher<'_, '_>) {
    let keys: Vec<String> = (0..200).map(|node| format!("{node:03}")).collect();
    let nodes: Vec<Node<'_>> = keys
        .iter()
        .map(|key| Node {
            key,
            width: 200,
            height: 60,
        })
        .collect();
    let edges: Vec<Edge> = (0..200)
        .flat_map(|from| (0..200).map(move |to| Edge { from, to }))
        .filter(|edge| edge.from != edge.to)
        .collect();
    let input = Input {
        nodes: &nodes,
        edges: &edges,
        spacing: SPACING,
        ports: Ports::Spread,
        layers: None,
        previous: None,
    };
    bencher.bench(|| layout(divan::black_box(&input)));
}
