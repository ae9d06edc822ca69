//! The order of the vertices within their layers: sweeps by barycentre, then exchanges of
//! neighbours, and the order with the fewest crossings stays.

use super::Place;
use super::proper::Proper;

/// The most sweeps, and how many may pass without a better order.
const SWEEPS: usize = 24;
const SWEEPS_IN_VAIN: usize = 6;
/// The most vertices and segments to be looked at in all sweeps; what is larger is swept less.
const WORK_MAX: usize = 6_000_000;

/// Orders the layers and answers how many crossings are left. Nodes that were in one layer before, as
/// `kept` says, stay in their order.
pub(super) fn order(proper: &mut Proper, kept: &[Option<Place>]) -> usize {
    begin(proper, kept);
    let mut best = (crossings(proper), proper.order.clone());
    let size = proper.layer.len() + proper.segments.len() + 1;
    let sweeps = (WORK_MAX / size).clamp(2, SWEEPS);
    let mut in_vain = 0;
    for sweep in 0..sweeps {
        if best.0 == 0 || in_vain == SWEEPS_IN_VAIN {
            break;
        }
        let layers = proper.order.len();
        if sweep % 2 == 0 {
            (1..layers).for_each(|layer| settle(proper, kept, layer, Side::Left));
        } else {
            (0..layers - 1)
                .rev()
                .for_each(|layer| settle(proper, kept, layer, Side::Right));
        }
        exchange(proper, kept);
        let count = crossings(proper);
        in_vain += 1;
        if count < best.0 {
            best = (count, proper.order.clone());
            in_vain = 0;
        }
    }
    let (count, order) = best;
    proper.order = order;
    (0..proper.order.len()).for_each(|layer| proper.number(layer));
    count
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// The first order: as a walk along the edges meets the vertices.
fn begin(proper: &mut Proper, kept: &[Option<Place>]) {
    let vertices = proper.layer.len();
    let mut is_met = vec![false; vertices];
    let mut order = vec![Vec::new(); proper.order.len()];
    let mut waiting = Vec::new();
    let is_root = |vertex: &usize| proper.left.of(*vertex).is_empty();
    for root in (0..vertices).filter(is_root) {
        waiting.push(root);
        while let Some(vertex) = waiting.pop() {
            if std::mem::replace(&mut is_met[vertex], true) {
                continue;
            }
            order[proper.layer[vertex]].push(vertex);
            let right: Vec<usize> = proper.right_of(vertex).collect();
            waiting.extend(right.into_iter().rev());
        }
    }
    for layer in &mut order {
        restore(layer, kept);
    }
    proper.order = order;
    (0..proper.order.len()).for_each(|layer| proper.number(layer));
}

/// Puts the nodes that were in one layer before into the order that they had, in the places that they
/// have together.
fn restore(layer: &mut [usize], kept: &[Option<Place>]) {
    let before = |vertex: usize| kept.get(vertex).copied().flatten();
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut vertices: Vec<(Place, usize)> = Vec::new();
    for (place, &vertex) in layer.iter().enumerate() {
        if let Some(before) = before(vertex) {
            places.push((before.layer, place));
            vertices.push((before, vertex));
        }
    }
    // Both by the layer before, so that those of one layer meet their own places.
    places.sort_unstable();
    vertices.sort_unstable();
    for ((_, place), (_, vertex)) in places.into_iter().zip(vertices) {
        layer[place] = vertex;
    }
}

/// Sorts a layer by where the neighbours at one side are on average.
fn settle(proper: &mut Proper, kept: &[Option<Place>], layer: usize, side: Side) {
    let mut order = std::mem::take(&mut proper.order[layer]);
    let centre = |vertex: usize| -> Option<u64> {
        let (sum, count) = match side {
            Side::Left => total(proper, proper.left_of(vertex)),
            Side::Right => total(proper, proper.right_of(vertex)),
        };
        // Thousandths are enough to tell averages of small numbers apart.
        (sum * 1000).checked_div(count)
    };
    let centres: Vec<Option<u64>> = order.iter().map(|&vertex| centre(vertex)).collect();
    // What has no neighbours there keeps its place.
    let free: Vec<usize> = (0..order.len())
        .filter(|&place| centres[place].is_some())
        .collect();
    let mut sorted = free.clone();
    sorted.sort_by_key(|&place| centres[place]);
    let vertices: Vec<usize> = sorted.iter().map(|&place| order[place]).collect();
    for (place, vertex) in free.into_iter().zip(vertices) {
        order[place] = vertex;
    }
    restore(&mut order, kept);
    proper.order[layer] = order;
    proper.number(layer);
}

fn total(proper: &Proper, vertices: impl Iterator<Item = usize>) -> (u64, u64) {
    vertices.fold((0, 0), |(sum, count), vertex| {
        (sum + proper.position[vertex] as u64, count + 1)
    })
}

/// Exchanges neighbours of a layer as long as that takes crossings away.
fn exchange(proper: &mut Proper, kept: &[Option<Place>]) {
    const ROUNDS: usize = 3;
    let layer_before = |vertex: usize| Some(kept.get(vertex)?.as_ref()?.layer);
    let is_kept = |one: usize, other: usize| {
        let before = layer_before(one);
        before.is_some() && before == layer_before(other)
    };
    for layer in 0..proper.order.len() {
        let mut order = std::mem::take(&mut proper.order[layer]);
        let sorted = |vertices: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
            let mut positions: Vec<usize> =
                vertices.map(|vertex| proper.position[vertex]).collect();
            positions.sort_unstable();
            positions
        };
        let mut ends: Vec<[Vec<usize>; 2]> = order
            .iter()
            .map(|&vertex| {
                [
                    sorted(&mut proper.left_of(vertex)),
                    sorted(&mut proper.right_of(vertex)),
                ]
            })
            .collect();
        for _ in 0..ROUNDS {
            let mut is_better = false;
            for place in 1..order.len() {
                if is_kept(order[place - 1], order[place]) {
                    continue;
                }
                let (upper, lower) = (&ends[place - 1], &ends[place]);
                let now = above(&lower[0], &upper[0]) + above(&lower[1], &upper[1]);
                if now == 0 {
                    continue;
                }
                let then = above(&upper[0], &lower[0]) + above(&upper[1], &lower[1]);
                if then < now {
                    order.swap(place - 1, place);
                    ends.swap(place - 1, place);
                    is_better = true;
                }
            }
            if !is_better {
                break;
            }
        }
        proper.order[layer] = order;
        proper.number(layer);
    }
}

/// How many pairs have their end of `one` above that of `other`. Both are sorted.
fn above(one: &[usize], other: &[usize]) -> usize {
    let mut pairs = 0;
    let mut passed = 0;
    for end in other {
        while passed < one.len() && one[passed] < *end {
            passed += 1;
        }
        pairs += passed;
    }
    pairs
}

/// How many pairs of segments cross.
pub(super) fn crossings(proper: &Proper) -> usize {
    let between = proper.order.windows(2);
    between
        .map(|layers| crossings_between(proper, &layers[0], layers[1].len()))
        .sum()
}

/// Counts, for each segment from the top, those before it that end further below.
fn crossings_between(proper: &Proper, left: &[usize], right: usize) -> usize {
    let mut ended = vec![0_usize; right + 1];
    let (mut pairs, mut count) = (0, 0);
    let mut ends = Vec::new();
    for &vertex in left {
        ends.clear();
        ends.extend(proper.right_of(vertex).map(|end| proper.position[end]));
        ends.sort_unstable();
        for &end in &ends {
            // A Fenwick tree: those that ended at or above `end`.
            let mut at_or_above = 0;
            let mut at = end + 1;
            while at > 0 {
                at_or_above += ended[at];
                at &= at - 1;
            }
            pairs += count - at_or_above;
            let mut at = end + 1;
            while at <= right {
                ended[at] += 1;
                at += at & at.wrapping_neg();
            }
            count += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::components::Arc;
    use super::*;

    fn proper(layers: &[usize], pairs: &[(usize, usize)]) -> Proper {
        let arc = |(edge, &(from, to)): (usize, &(usize, usize))| Arc { edge, from, to };
        let arcs: Vec<Arc> = pairs.iter().enumerate().map(arc).collect();
        Proper::new(layers, &arcs)
    }

    /// Two layers of four, each node with the one opposite in the other order, and a third layer.
    #[test]
    fn a_graph_without_need_to_cross_is_untangled() {
        let layers = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2];
        let pairs = [
            (0, 7),
            (1, 6),
            (2, 5),
            (3, 4),
            (4, 8),
            (5, 8),
            (6, 9),
            (7, 9),
        ];
        let mut proper = proper(&layers, &pairs);
        proper.order = vec![vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]];
        (0..3).for_each(|layer| proper.number(layer));
        assert_eq!(crossings(&proper), 6);
        assert_eq!(order(&mut proper, &[None; 10]), 0);
        assert_eq!(crossings(&proper), 0);
    }

    #[test]
    fn crossings_that_must_be_are_counted() {
        // Three nodes, each with all of three others: K3,3 has nine crossings in two layers.
        let pairs: Vec<(usize, usize)> = (0..3)
            .flat_map(|from| (3..6).map(move |to| (from, to)))
            .collect();
        let mut proper = proper(&[0, 0, 0, 1, 1, 1], &pairs);
        assert_eq!(order(&mut proper, &[None; 6]), 9);
    }

    #[test]
    fn kept_nodes_cross_rather_than_change_their_order() {
        let mut proper = proper(&[0, 0, 1, 1], &[(0, 3), (1, 2)]);
        let kept = [(0, 0), (0, 10), (1, 0), (1, 10)].map(|(layer, y)| Some(Place { layer, y }));
        assert_eq!(order(&mut proper, &kept), 1);
        assert_eq!(proper.order, [[0, 1], [2, 3]]);
    }
}
