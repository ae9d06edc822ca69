//! An edge: a curve along its route with an arrow head.

use std::fmt::{Display, Write as _};

use super::element::Element;
use super::{Part, Setting, edge_id};
use crate::layout::Point;
use crate::map::{Edge, Map, Outcome};
use crate::svg::{Writer, text_width};

/// How far before and after a bend the curve may begin and end; no further than a channel is wide on
/// either side of its tracks, so that no curve touches a card.
const BEND: i64 = 30;
/// The length of an arrow head, and half its height.
const HEAD: i64 = 9;
const HEAD_HALF: i64 = 4;

/// The numbers of an edge: the size of their font, the height of what they stand on, its room at the sides.
const FONT: i64 = 13;
const PLATE: i64 = 24;
const PADDING: i64 = 8;

pub(super) fn draw(
    svg: &mut Writer,
    map: &Map,
    place: usize,
    route: &[Point],
    setting: Setting<'_>,
) {
    let (Some(edge), [.., before, last]) = (map.edges.get(place), route) else {
        return;
    };
    let forward = if before.x < last.x { 1 } else { -1 };
    let worst = edge.statistics.worst().unwrap_or(Outcome::Ok);
    let link = if edge.is_link { " link" } else { "" };
    let (from, to) = (&map.nodes[edge.from].label, &map.nodes[edge.to].label);
    let verb = if edge.is_link {
        "is linked to"
    } else {
        "calls"
    };
    let element = Element {
        part: Part::Edge(place),
        class: format!("edge {}{link}", worst.word()),
        transform: None,
        labels: &[("data-from", from), ("data-to", to)],
        id: edge_id(from, to),
        keys: vec![("data-arrowleft", edge.from), ("data-arrowright", edge.to)],
        // Its numbers show.
        has_tip: false,
        sentence: format!("{from} {verb} {to}: {}", edge.sentence()),
    };
    element.open(svg, setting);
    // The curve ends within the head, so that its own end does not show.
    let curve = curve(route, forward * (HEAD - 2));
    if let Setting::Page(_) = setting {
        // A line is hard to hit.
        svg.empty("path", &[("class", &"reach"), ("d", &curve)]);
    }
    svg.empty("path", &[("class", &"line"), ("d", &curve)]);
    let (x, y) = (last.x, last.y);
    let back = -forward * HEAD;
    let head = format!("M{x} {y}l{back} {}v{}z", -HEAD_HALF, 2 * HEAD_HALF);
    svg.empty("path", &[("class", &"head"), ("d", &head)]);
    numbers(svg, edge, middle(route));
    svg.close();
    svg.line();
}

/// What an edge tells while it is looked at.
fn numbers(svg: &mut Writer, edge: &Edge, middle: Point) {
    let Some(load) = edge.load() else {
        return;
    };
    let text = match edge.statistics.health() {
        Some(health) => format!("{load} · {health}"),
        None => load,
    };
    let width = i64::from(text_width(&text)) * FONT / 1000 + 2 * PADDING;
    svg.open(
        "g",
        &[
            ("class", &"numbers"),
            (
                "transform",
                &format_args!("translate({} {})", middle.x, middle.y),
            ),
        ],
    );
    let plate: [(&str, &dyn Display); 6] = [
        ("class", &"plate"),
        ("x", &(-width / 2)),
        ("y", &(-PLATE / 2)),
        ("width", &width),
        ("height", &PLATE),
        ("rx", &6),
    ];
    svg.empty("rect", &plate);
    let at: [(&str, &dyn Display); 3] = [("class", &"share"), ("y", &4), ("font-size", &FONT)];
    svg.text("text", &at, &text);
    svg.close();
}

/// The middle of a route along its way.
fn middle(route: &[Point]) -> Point {
    let length = |pair: &[Point]| match pair {
        [a, b] => (b.x - a.x).abs() + (b.y - a.y).abs(),
        _ => 0,
    };
    let mut left = route.windows(2).map(length).sum::<i64>() / 2;
    for pair in route.windows(2) {
        let [a, b] = pair else { continue };
        if left <= length(pair) {
            return Point {
                x: a.x + left * (b.x - a.x).signum(),
                y: a.y + left * (b.y - a.y).signum(),
            };
        }
        left -= length(pair);
    }
    route.last().copied().unwrap_or(Point { x: 0, y: 0 })
}

/// The path of a route: straight but for its bends, and `short` of its end. Each vertical stretch with
/// its two corners is one curve, whose control points are the corners: it stays between them.
fn curve(route: &[Point], short: i64) -> String {
    let mut path = String::new();
    let (Some(first), Some(last)) = (route.first(), route.last()) else {
        return path;
    };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for (place, pair) in route.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        if a.y == b.y {
            continue;
        }
        // Half of a stretch between two bends is for each.
        let room = |near: Option<&Point>, corner: &Point, is_end: bool| {
            let length = near.map_or(0, |near| near.x - corner.x);
            let most = if is_end {
                length.abs()
            } else {
                length.abs() / 2
            };
            most.min(BEND) * length.signum()
        };
        let before = place.checked_sub(1).and_then(|place| route.get(place));
        let after = route.get(place + 2);
        let start = a.x + room(before, a, place == 1);
        let end = b.x + room(after, b, place + 3 == route.len());
        let _ = write!(
            path,
            "H{start}C{} {} {} {} {end} {}",
            a.x, a.y, b.x, b.y, b.y
        );
    }
    let _ = write!(path, "H{}", last.x - short);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_begins_and_ends_where_its_route_does() {
        let point = |(x, y)| Point { x, y };
        let route = [(0, 0), (40, 0), (40, 60), (100, 60)].map(point);
        assert_eq!(curve(&route, 7), "M0 0H10C40 0 40 60 70 60H93");
        assert_eq!(curve(&route[..2], 7), "M0 0H33");
        assert_eq!(curve(&[], 7), "");
        assert_eq!(middle(&route), point((40, 40)));
        assert_eq!(middle(&route[..2]), point((20, 0)));
    }
}
