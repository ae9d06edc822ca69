//! An edge: a curve along its route with an arrow head.

use std::fmt::Write as _;

use crate::layout::Point;
use crate::map::{Edge, Map, Outcome};
use crate::svg::Writer;

/// How far before and after a bend the curve may begin and end; no further than a channel is wide on
/// either side of its tracks, so that no curve touches a card.
const BEND: i64 = 30;
/// The length of an arrow head, and half its height.
const HEAD: i64 = 9;
const HEAD_HALF: i64 = 4;

pub(super) fn draw(svg: &mut Writer, map: &Map, edge: &Edge, route: &[Point]) {
    let [.., before, last] = route else {
        return;
    };
    let forward = if before.x < last.x { 1 } else { -1 };
    let worst = edge.statistics.worst().unwrap_or(Outcome::Ok);
    let link = if edge.is_link { " link" } else { "" };
    let (from, to) = (&map.nodes[edge.from].label, &map.nodes[edge.to].label);
    svg.open(
        "g",
        &[
            ("class", &format_args!("edge {}{link}", worst.word())),
            ("data-from", from),
            ("data-to", to),
        ],
    );
    let verb = if edge.is_link {
        "is linked to"
    } else {
        "calls"
    };
    let numbers = edge.statistics.sentence();
    svg.text("title", &[], &format!("{from} {verb} {to}: {numbers}"));
    // The curve ends within the head, so that its own end does not show.
    let curve = curve(route, forward * (HEAD - 2));
    svg.empty("path", &[("class", &"line"), ("d", &curve)]);
    let (x, y) = (last.x, last.y);
    let back = -forward * HEAD;
    let head = format!("M{x} {y}l{back} {}v{}z", -HEAD_HALF, 2 * HEAD_HALF);
    svg.empty("path", &[("class", &"head"), ("d", &head)]);
    svg.close();
    svg.line();
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
    }
}
