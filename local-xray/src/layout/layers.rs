//! Which layer a node is in: right of all that lead to it, and near to them.

/// How often nodes are moved nearer to their neighbours.
const ROUNDS: usize = 4;

/// Layers by the longest path, then with the slack of each node spent so that edges are short.
pub(super) fn layers(count: usize, forward: &[(usize, usize)]) -> Vec<usize> {
    let mut from = vec![Vec::new(); count];
    let mut to = vec![Vec::new(); count];
    for &(left, right) in forward {
        to[left].push(right);
        from[right].push(left);
    }
    let mut waits_for: Vec<usize> = from.iter().map(Vec::len).collect();
    let mut sorted: Vec<usize> = (0..count).filter(|&node| waits_for[node] == 0).collect();
    let mut layer = vec![0; count];
    let mut next = 0;
    while next < sorted.len() {
        let node = sorted[next];
        next += 1;
        for &right in &to[node] {
            layer[right] = layer[right].max(layer[node] + 1);
            waits_for[right] -= 1;
            if waits_for[right] == 0 {
                sorted.push(right);
            }
        }
    }
    for _ in 0..ROUNDS {
        let mut is_moved = false;
        for &node in sorted.iter().rev() {
            let nearest = to[node].iter().map(|&right| layer[right] - 1).min();
            if let Some(nearest) = nearest
                && to[node].len() > from[node].len()
                && nearest > layer[node]
            {
                layer[node] = nearest;
                is_moved = true;
            }
        }
        for &node in &sorted {
            let nearest = from[node].iter().map(|&left| layer[left] + 1).max();
            if let Some(nearest) = nearest
                && from[node].len() > to[node].len()
                && nearest < layer[node]
            {
                layer[node] = nearest;
                is_moved = true;
            }
        }
        if !is_moved {
            break;
        }
    }
    dense(&layer)
}

/// The same layers counted from 0, none of them empty.
pub(super) fn dense(layers: &[usize]) -> Vec<usize> {
    let mut used = layers.to_vec();
    used.sort_unstable();
    used.dedup();
    let place = |layer| used.binary_search(layer).unwrap_or(0);
    layers.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_calls_one_thing_stands_beside_it() {
        // 0 ─► 1 ─► 2 ─► 3, 4 ─► 3, 1 ─► 5
        let forward = [(0, 1), (1, 2), (1, 5), (2, 3), (4, 3)];
        assert_eq!(layers(6, &forward), [0, 1, 2, 3, 2, 2]);
    }
}
