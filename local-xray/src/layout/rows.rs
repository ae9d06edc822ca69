//! How far down each vertex is: as near to its neighbours as those of its layer let it, so that
//! lines are straight where they can be.
//!
//! A layer wants heights that its order and the distances may not allow. The nearest that they do
//! allow (least squares) are found by pooling: neighbours that would overlap move as one.

use super::ports::Ports;
use super::proper::Proper;
use super::{Input, Ports as Kind};

/// How often the layers are looked through, from the left and from the right in turn.
const ROUNDS: usize = 8;

/// The upper end of each vertex; the least is 0.
pub(super) fn rows(
    proper: &Proper,
    ports: &Ports,
    sizes: &[(i64, i64)],
    input: &Input<'_>,
) -> Vec<i64> {
    let mut place = Placing {
        proper,
        ports,
        sizes,
        input,
        top: vec![0; proper.layer.len()],
    };
    let layers = proper.order.len();
    for layer in 0..layers {
        place.pack(layer);
    }
    for _ in 0..ROUNDS {
        (1..layers).for_each(|layer| place.pull(layer, true));
        (0..layers - 1)
            .rev()
            .for_each(|layer| place.pull(layer, false));
    }
    (1..layers).for_each(|layer| place.straighten(layer));
    let least = place.top.iter().min().copied().unwrap_or(0);
    place.top.iter().map(|top| top - least).collect()
}

struct Placing<'a> {
    proper: &'a Proper,
    ports: &'a Ports,
    sizes: &'a [(i64, i64)],
    input: &'a Input<'a>,
    top: Vec<i64>,
}

impl Placing<'_> {
    fn height(&self, vertex: usize) -> i64 {
        match self.sizes.get(vertex) {
            Some((_, height)) => *height,
            None => self.input.spacing.thickness,
        }
    }

    /// How far the second of two neighbours is below the first, at least.
    fn distance(&self, upper: usize, lower: usize) -> i64 {
        let spacing = &self.input.spacing;
        let is_line = self.proper.is_dummy(upper) || self.proper.is_dummy(lower);
        self.height(upper) + if is_line { spacing.line } else { spacing.node }
    }

    fn pack(&mut self, layer: usize) {
        for pair in self.proper.order[layer].windows(2) {
            self.top[pair[1]] = self.top[pair[0]] + self.distance(pair[0], pair[1]);
        }
    }

    /// Where a vertex would have straight lines to its neighbours at one side: in their middle.
    fn wanted(&self, vertex: usize, from_left: bool) -> Option<i64> {
        let segments = match from_left {
            true => self.proper.left.of(vertex),
            false => self.proper.right.of(vertex),
        };
        let mut tops: Vec<i64> = segments
            .iter()
            .map(|&segment| {
                let (left, right) = self.ends(segment);
                let segment = &self.proper.segments[segment];
                match from_left {
                    true => self.top[segment.left] + left - right,
                    false => self.top[segment.right] + right - left,
                }
            })
            .collect();
        tops.sort_unstable();
        let middle = tops.len().checked_sub(1)? / 2;
        match self.input.ports {
            Kind::Spread => Some((tops[middle] + tops[tops.len() / 2]) / 2),
            // In cells a line that is straight is worth more than the exact middle.
            Kind::Rows => Some(tops[middle]),
        }
    }

    /// How far below the tops of its two vertices a segment ends.
    fn ends(&self, segment: usize) -> (i64, i64) {
        let segment = &self.proper.segments[segment];
        let end = |vertex, ports: &[i64]| match self.proper.is_dummy(vertex) {
            true => 0,
            false => ports[segment.line],
        };
        (
            end(segment.left, &self.ports.left),
            end(segment.right, &self.ports.right),
        )
    }

    /// Moves a layer toward its neighbours at one side.
    fn pull(&mut self, layer: usize, from_left: bool) {
        struct Block {
            first: usize,
            weight: i64,
            sum: i64,
        }
        let order = &self.proper.order[layer];
        // Each vertex by how far it is from where it would be if all stood close.
        let mut close = 0;
        let mut offsets = Vec::with_capacity(order.len());
        let mut blocks: Vec<Block> = Vec::new();
        for (place, &vertex) in order.iter().enumerate() {
            if place > 0 {
                close += self.distance(order[place - 1], vertex);
            }
            offsets.push(close);
            let (wanted, weight) = match self.wanted(vertex, from_left) {
                Some(wanted) if self.proper.is_dummy(vertex) => (wanted, 8),
                Some(wanted) => (wanted, 4),
                None => (self.top[vertex], 1),
            };
            let mut block = Block {
                first: place,
                weight,
                sum: (wanted - close) * weight,
            };
            while let Some(before) = blocks.pop_if(|before| {
                before.sum.div_euclid(before.weight) >= block.sum.div_euclid(block.weight)
            }) {
                block.first = before.first;
                block.weight += before.weight;
                block.sum += before.sum;
            }
            blocks.push(block);
        }
        let mut end = order.len();
        for block in blocks.iter().rev() {
            let top = block.sum.div_euclid(block.weight);
            for place in block.first..end {
                self.top[order[place]] = top + offsets[place];
            }
            end = block.first;
        }
    }

    /// Moves what nothing at its right holds to where its line from the left is straight, if there
    /// is room.
    fn straighten(&mut self, layer: usize) {
        let order = &self.proper.order[layer];
        for (place, &vertex) in order.iter().enumerate() {
            if !self.proper.right.of(vertex).is_empty() {
                continue;
            }
            let Some(wanted) = self.wanted(vertex, true) else {
                continue;
            };
            let above = place.checked_sub(1).map(|above| {
                let above = order[above];
                self.top[above] + self.distance(above, vertex)
            });
            let below = order
                .get(place + 1)
                .map(|&below| self.top[below] - self.distance(vertex, below));
            if above.is_none_or(|least| least <= wanted) && below.is_none_or(|most| wanted <= most)
            {
                self.top[vertex] = wanted;
            }
        }
    }
}
