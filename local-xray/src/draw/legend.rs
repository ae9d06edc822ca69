//! What the colours and lines of the map mean.

use crate::map::Outcome;
use crate::svg::Writer;

/// The room that the legend takes below the map.
pub(super) const HEIGHT: i64 = 44;
/// The width that it needs.
pub(super) const WIDTH: i64 = 500;

/// Draws it with its lower end at `bottom`.
pub(super) fn draw(svg: &mut Writer, bottom: i64) {
    svg.open(
        "g",
        &[
            ("class", &"legend"),
            ("transform", &format_args!("translate(0 {})", bottom - 8)),
        ],
    );
    let mut x = 8;
    for outcome in Outcome::ALL {
        svg.empty(
            "circle",
            &[
                ("class", &format_args!("arc {}", outcome.word())),
                ("cx", &x),
                ("cy", &-4),
                ("r", &6),
            ],
        );
        text(svg, x + 14, outcome.word());
        x += 34 + 9 * outcome.word().len() as i64;
    }
    for (class, width, word) in [
        ("edge ok", 70, "call"),
        ("edge ok link", 120, "link of traces"),
    ] {
        svg.open("g", &[("class", &class)]);
        svg.empty(
            "path",
            &[("class", &"line"), ("d", &format_args!("M{x} -4h24"))],
        );
        svg.empty(
            "path",
            &[
                ("class", &"head"),
                ("d", &format_args!("M{} -4l-9 -4v8z", x + 30)),
            ],
        );
        svg.close();
        text(svg, x + 38, word);
        x += width + 14;
    }
    svg.close();
    svg.line();
}

fn text(svg: &mut Writer, x: i64, word: &str) {
    svg.text(
        "text",
        &[("class", &"kind"), ("x", &x), ("font-size", &12)],
        word,
    );
}
