//! Cycles are cut: edges that lead back to a node on the way are turned around.

use super::components::Arc;

/// The edges as pairs that have no cycle: loops are left out, edges that lead back are turned. Nodes
/// that nothing leads to come first, so that what leads back is what people would call so.
pub(super) fn cut(count: usize, arcs: &[Arc]) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut start = vec![0; count + 1];
    let mut is_called = vec![false; count];
    for arc in arcs.iter().filter(|arc| arc.from != arc.to) {
        start[arc.from + 1] += 1;
        is_called[arc.to] = true;
    }
    for node in 0..count {
        start[node + 1] += start[node];
    }
    // Arcs are sorted by where they start.
    let to: Vec<usize> = arcs
        .iter()
        .filter(|arc| arc.from != arc.to)
        .map(|arc| arc.to)
        .collect();

    let mut state = vec![State::New; count];
    let mut next = start.clone();
    let mut forward = Vec::with_capacity(to.len());
    let mut open = Vec::new();
    let roots = (0..count).filter(|&node| !is_called[node]);
    for root in roots.chain(0..count) {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        open.push(root);
        while let Some(&node) = open.last() {
            if next[node] == start[node + 1] {
                state[node] = State::Done;
                open.pop();
                continue;
            }
            let other = to[next[node]];
            next[node] += 1;
            match state[other] {
                State::Open => forward.push((other, node)),
                State::Done => forward.push((node, other)),
                State::New => {
                    forward.push((node, other));
                    state[other] = State::Open;
                    open.push(other);
                }
            }
        }
    }
    forward.sort_unstable();
    forward
}
