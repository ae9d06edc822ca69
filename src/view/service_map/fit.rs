//! A band laid out within the columns of the terminal.

use local_xray::layout::{Edge, Input, Layout, Node, Order, Ports, Spacing, layout};
use local_xray::map::Map;

use super::bands::{Band, Link};
use super::item::Item;
use crate::view::table::Cell;

/// Columns between two nodes with one track: ` ─┬─▶ `.
pub(super) const CHANNEL: usize = 6;
/// The least columns of a node.
pub(super) const NODE_MIN: usize = 15;
/// The columns that a caller keeps as long as what stands at the right can give way.
const CALLER_MIN: usize = 24;

/// In cells: the first track stands behind a space and the line that comes in, and right of the last
/// one are the column in which the lines meet that arrive, the arrow and a space.
pub(super) const SPACING: Spacing = Spacing {
    layer: CHANNEL as i64,
    lead: 2,
    track: 2,
    node: 1,
    line: 1,
    thickness: 1,
    component: 1,
    port: 1,
};

/// A part of a band that edges connect, with the places of all in it.
pub(super) struct Part {
    pub(super) texts: Vec<Vec<Cell>>,
    pub(super) links: Vec<Link>,
    pub(super) layout: Layout,
}

/// The parts of a band from the top; none if one is too wide.
pub(super) fn fit(map: &Map, band: &Band, order: &Order, columns: usize) -> Option<Vec<Part>> {
    let sizes: Vec<(usize, usize)> = band.items.iter().map(|item| item.size(map)).collect();
    let all = Placing {
        map,
        order,
        items: band.items.iter().collect(),
        sizes,
        links: band.links.clone(),
    };
    let whole = all.layout(&|place| all.sizes[place].0);
    let count = whole.components.iter().max().map_or(0, |last| last + 1);
    let mut parts: Vec<Placing<'_>> = Vec::new();
    parts.resize_with(count, || Placing {
        map,
        order,
        items: Vec::new(),
        sizes: Vec::new(),
        links: Vec::new(),
    });
    let mut places = Vec::with_capacity(all.items.len());
    for (place, item) in all.items.iter().enumerate() {
        let part = &mut parts[whole.components[place]];
        places.push(part.items.len());
        part.items.push(item);
        part.sizes.push(all.sizes[place]);
    }
    for link in &all.links {
        parts[whole.components[link.from]].links.push(Link {
            from: places[link.from],
            to: places[link.to],
            ..*link
        });
    }
    parts.into_iter().map(|part| part.fitted(columns)).collect()
}

struct Placing<'a> {
    map: &'a Map,
    order: &'a Order,
    items: Vec<&'a Item>,
    sizes: Vec<(usize, usize)>,
    links: Vec<Link>,
}

impl Placing<'_> {
    /// The layout with these widths.
    fn layout(&self, width: &dyn Fn(usize) -> usize) -> Layout {
        let nodes: Vec<Node<'_>> = self
            .items
            .iter()
            .enumerate()
            .map(|(place, item)| Node {
                key: &self.map.nodes[item.node].label,
                width: i64::try_from(width(place)).unwrap_or(i64::MAX),
                height: self.sizes[place].1 as i64,
            })
            .collect();
        let edges: Vec<Edge> = self
            .links
            .iter()
            .map(|link| Edge {
                from: link.from,
                to: link.to,
            })
            .collect();
        let layers: Vec<usize> = self.items.iter().map(|item| item.layer).collect();
        // Where lines meet, a column more keeps that apart from the tracks.
        let mut arrivals = vec![0; self.items.len()];
        for link in &self.links {
            arrivals[link.to] += 1;
        }
        let meet = arrivals.iter().any(|&count| count > 1);
        layout(&Input {
            nodes: &nodes,
            edges: &edges,
            spacing: Spacing {
                layer: SPACING.layer + i64::from(meet),
                ..SPACING
            },
            ports: Ports::Rows,
            layers: Some(&layers),
            previous: Some(self.order),
        })
    }

    /// The part with its nodes narrow enough for all to fit; none if they would be too narrow.
    fn fitted(self, columns: usize) -> Option<Part> {
        // The channels are as wide as they are, whatever the nodes are.
        let natural = self.layout(&|_| 0);
        let channels = usize::try_from(natural.width).ok()?;
        let mut widths: Vec<usize> =
            vec![0; natural.layers.iter().max().map_or(0, |last| last + 1)];
        for (place, &layer) in natural.layers.iter().enumerate() {
            widths[layer] = self.sizes[place].0.max(widths[layer]);
        }
        let room = columns.checked_sub(channels)?;
        let widths = narrowed(widths, room)?;
        let width = |place: usize| self.sizes[place].0.min(widths[natural.layers[place]]);
        let layout = self.layout(&width);
        let texts = self.items.iter().enumerate();
        let texts = texts.map(|(place, item)| item.lines(self.map, width(place)));
        Some(Part {
            texts: texts.collect(),
            layout,
            links: self.links,
        })
    }
}

/// These widths of layers within `room`; none if they would be too narrow. At the right stand
/// resources, whose names are long and made up: the names of their callers say more.
fn narrowed(mut widths: Vec<usize>, room: usize) -> Option<Vec<usize>> {
    let last = widths.len().saturating_sub(1);
    let floors = |callers: usize| -> Vec<usize> {
        let widths = widths.iter().enumerate();
        let floor = |layer| if layer < last { callers } else { NODE_MIN };
        widths
            .map(|(layer, &width)| width.min(floor(layer)))
            .collect()
    };
    let (kept, least) = (floors(CALLER_MIN), floors(NODE_MIN));
    let fits = shrink(&mut widths, &kept, room) || shrink(&mut widths, &least, room);
    fits.then_some(widths)
}

/// Takes columns from the widest, again and again, until the sum is within `room`; no width goes
/// below its floor. Says whether that was enough.
fn shrink(widths: &mut [usize], floors: &[usize], room: usize) -> bool {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let widest = (0..widths.len())
            .filter(|&i| widths[i] > floors[i])
            // Of equals the rightmost: a service says more by its name than what it calls.
            .max_by_key(|&i| widths[i]);
        let Some(widest) = widest else { return false };
        // Down to the next width below it in one step: names may be very long.
        let next = widths
            .iter()
            .filter(|&&width| width < widths[widest])
            .max()
            .map_or(0, |&width| width);
        let step = (widths[widest] - next.max(floors[widest])).min(excess);
        let step = if tied(widths, widest) { 1 } else { step };
        widths[widest] -= step;
        excess -= step;
    }
    true
}

fn tied(widths: &[usize], widest: usize) -> bool {
    widths
        .iter()
        .enumerate()
        .any(|(i, &width)| i != widest && width == widths[widest])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_stops_at_the_floors() {
        let mut widths = [30, 30, 3];
        assert!(shrink(&mut widths, &[4, 4, 3], 20));
        assert_eq!(widths.iter().sum::<usize>(), 20);
        assert!(!shrink(&mut widths, &[4, 4, 3], 10));
        assert_eq!(widths, [4, 4, 3]);
    }

    #[test]
    fn resources_at_the_right_give_way_before_their_callers() {
        let narrowed = |room| narrowed(vec![7, 19, 34], room);
        assert_eq!(narrowed(60), Some(vec![7, 19, 34]));
        assert_eq!(narrowed(42), Some(vec![7, 19, 16]));
        assert_eq!(narrowed(40), Some(vec![7, 18, 15]));
        assert_eq!(narrowed(36), None);
        assert_eq!(super::narrowed(vec![300, 20], 44), Some(vec![24, 20]));
    }

    #[test]
    fn the_widest_shrinks_first_and_of_equals_the_rightmost() {
        let mut widths = [19, 10, 19, 21];
        assert!(shrink(&mut widths, &[4; 4], 65));
        assert_eq!(widths, [19, 10, 18, 18]);
    }
}
