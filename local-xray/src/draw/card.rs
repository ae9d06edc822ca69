//! A node: a card with a ring, its name, its type, and its numbers in words.

use super::element::Element;
use super::glyph::{self, Glyph};
use super::{Part, Setting, node_id};
use crate::layout::Rect;
use crate::map::{Map, Node, Outcome, api_duration};
use crate::svg::{Writer, elide, text_width};

/// From the left of a card to its text.
const TEXT: i64 = 70;
/// Right of the text.
const PADDING: i64 = 14;
const WIDTH_MIN: i64 = 150;
const WIDTH_MAX: i64 = 290;
/// The middle of the ring and its radius.
const RING: i64 = 36;
const RADIUS: f64 = 23.0;

/// A line of text: its class in the style sheet and the size of its font.
struct Text {
    class: &'static str,
    font: i64,
    text: String,
    /// Before the text.
    glyph: Option<Glyph>,
}

impl Text {
    /// The font's size as far as it makes a text wide: bold letters are wider.
    fn breadth(&self) -> i64 {
        match self.class {
            "label" => self.font + 1,
            _ => self.font,
        }
    }

    /// Where it begins, after its glyph.
    fn start(&self) -> i64 {
        TEXT + self.glyph.map_or(0, |_| glyph::SIDE + 4)
    }
}

/// The lines of a card from the top.
fn texts(node: &Node, minutes: Option<f64>) -> Vec<Text> {
    let mut texts = vec![Text {
        class: "label",
        font: 14,
        text: node.name.clone(),
        glyph: None,
    }];
    if node.is_clients() {
        return texts;
    }
    texts.push(Text {
        class: "kind",
        font: 11,
        text: kind(node).to_owned(),
        glyph: Some(Glyph::of(&node.kind)),
    });
    let mut push = |class, font, text: String| {
        texts.push(Text {
            class,
            font,
            text,
            glyph: None,
        });
    };
    let load = match minutes {
        Some(minutes) => node.statistics.load_of(minutes),
        None => node.statistics.load(),
    };
    match (node.statistics.health(), load) {
        (Some(health), Some(load)) => {
            let worst = node.statistics.worst().unwrap_or(Outcome::Ok);
            push(worst.word(), 12, health);
            push("load", 12, load);
        }
        _ => push("load", 12, "none finished".to_owned()),
    }
    texts
}

/// The type in words.
fn kind(node: &Node) -> &str {
    match node.kind.as_str() {
        "" => "service",
        kind => kind,
    }
}

/// The width and the height of a card.
pub(super) fn size(node: &Node, minutes: Option<f64>) -> (i64, i64) {
    let end =
        |text: &Text| text.start() + i64::from(text_width(&text.text)) * text.breadth() / 1000 + 1;
    let widest = texts(node, minutes).iter().map(end).max().unwrap_or(TEXT);
    let width = (widest + PADDING).clamp(WIDTH_MIN, WIDTH_MAX);
    (width, if node.is_clients() { 64 } else { 84 })
}

pub(super) fn draw(
    svg: &mut Writer,
    map: &Map,
    (place, rect): (usize, Rect),
    keys: Vec<(&'static str, usize)>,
    setting: Setting<'_>,
) {
    let Some(node) = map.nodes.get(place) else {
        return;
    };
    let element = Element {
        part: Part::Node(place),
        class: "node".to_owned(),
        transform: Some(format!("translate({} {})", rect.x, rect.y)),
        labels: &[("data-label", &node.label)],
        id: node_id(&node.label),
        keys,
        has_tip: true,
        sentence: sentence(node),
    };
    element.open(svg, setting);
    svg.empty(
        "rect",
        &[
            ("class", &"card"),
            ("width", &rect.width),
            ("height", &rect.height),
            ("rx", &10),
        ],
    );
    let middle = rect.height / 2;
    match node.is_clients() {
        true => person(svg, middle),
        false => ring(svg, node, middle),
    }
    let texts = texts(node, setting.minutes());
    let step = 17;
    let mut base = middle - step * (texts.len() as i64 - 1) / 2 + 5;
    for text in &texts {
        let room = (rect.width - text.start() - PADDING + 2).max(0) * 1000;
        if let Some(glyph) = text.glyph {
            glyph.draw(svg, TEXT, base - glyph::SIDE + 3);
        }
        let shown = elide(
            &text.text,
            u32::try_from(room / text.breadth()).unwrap_or(0),
        );
        let at: [(&str, &dyn std::fmt::Display); 4] = [
            ("class", &text.class),
            ("x", &text.start()),
            ("y", &base),
            ("font-size", &text.font),
        ];
        svg.text("text", &at, &shown);
        base += step;
    }
    svg.close();
    svg.line();
}

/// The node in a sentence.
fn sentence(node: &Node) -> String {
    if node.is_clients() {
        return "Clients: who calls from outside".to_owned();
    }
    let kind = match node.kind.as_str() {
        "" => String::new(),
        kind => format!(" ({kind})"),
    };
    let p95 = match node.statistics.response_times.percentile(95) {
        Some(p95) => format!(", 95 % within {}", api_duration(p95)),
        None => String::new(),
    };
    format!("{}{kind}: {}{p95}", node.name, node.statistics.sentence())
}

/// The share of each outcome as an arc, from the top; how many are ok in the middle.
fn ring(svg: &mut Writer, node: &Node, middle: i64) {
    let statistics = &node.statistics;
    let counts = Outcome::ALL.map(|outcome| statistics.count(outcome));
    let total: f64 = counts.iter().map(|&count| count as f64).sum();
    let circle = std::f64::consts::TAU * RADIUS;
    svg.empty(
        "circle",
        &[
            ("class", &"ring"),
            ("cx", &RING),
            ("cy", &middle),
            ("r", &RADIUS),
        ],
    );
    if total == 0.0 {
        svg.text(
            "text",
            &[
                ("class", &"share"),
                ("x", &RING),
                ("y", &(middle + 4)),
                ("font-size", &11),
            ],
            "–",
        );
        return;
    }
    let mut before = 0.0;
    for (outcome, count) in Outcome::ALL.into_iter().zip(counts) {
        // An arc that is there can be seen.
        let arc = (count as f64 / total * circle).max(if count > 0 { 3.0 } else { 0.0 });
        if count > 0 {
            let arc = arc.min(circle);
            // What was widened starts sooner rather than ends behind the top.
            let start = f64::min(before, circle - arc);
            svg.empty(
                "circle",
                &[
                    ("class", &format_args!("arc {}", outcome.word())),
                    ("cx", &RING),
                    ("cy", &middle),
                    ("r", &RADIUS),
                    ("stroke-dasharray", &format_args!("{arc:.1} {circle:.1}")),
                    ("stroke-dashoffset", &format_args!("{:.1}", -start)),
                    ("transform", &format_args!("rotate(-90 {RING} {middle})")),
                ],
            );
            before += arc;
        }
    }
    // Rounded down, as in the words.
    let share = (statistics.ok as f64 / total * 100.0).floor();
    let share = if statistics.ok as f64 == total {
        100.0
    } else {
        share.min(99.0)
    };
    svg.text(
        "text",
        &[
            ("class", &"share"),
            ("x", &RING),
            ("y", &(middle + 4)),
            ("font-size", &11),
        ],
        &format!("{share} %"),
    );
}

fn person(svg: &mut Writer, middle: i64) {
    svg.empty(
        "circle",
        &[
            ("class", &"ring"),
            ("cx", &RING),
            ("cy", &middle),
            ("r", &RADIUS),
        ],
    );
    svg.empty(
        "circle",
        &[
            ("class", &"person"),
            ("cx", &RING),
            ("cy", &(middle - 6)),
            ("r", &6),
        ],
    );
    let shoulders = format_args!("M{} {} a12 10 0 0 1 24 0 z", RING - 12, middle + 13).to_string();
    svg.empty("path", &[("class", &"person"), ("d", &shoulders)]);
}
