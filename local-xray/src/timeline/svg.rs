//! A timeline as an SVG: names at the left, durations and statuses in words, bars on an axis at the
//! right. Light or dark as its reader is; what a colour says a shape and a word say, too.

use std::fmt::Display;
use std::ops::Range;

use super::{Row, RowKind, Status, Timeline, ticks};
use crate::map::duration;
use crate::svg::{Writer, elide, text_width};

/// The classes of the drawing, for a page that has styles of its own as for a file.
pub const STYLE: &str = "
.bg { fill: #ffffff }
text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: #1f2328 }
.heading { font-size: 16px; font-weight: 600 }
.segment { font-weight: 600 }
.quiet { fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.guide { stroke: #818b98; fill: none }
.row:hover .stripe { fill: #eff2f5 }
.stripe { fill: transparent }
.path { fill: #1f2328 }
.ok { fill: #1a7f37 } .error { fill: #9a6700 } .throttle { fill: #8250df }
.progress { fill: #0969da } .fault { fill: #cf222e }
.open { fill-opacity: 0.35; stroke-dasharray: 4 3 }
.open.ok { stroke: #1a7f37 } .open.error { stroke: #9a6700 } .open.throttle { stroke: #8250df }
.open.progress { stroke: #0969da } .open.fault { stroke: #cf222e }
@media (prefers-color-scheme: dark) {
.bg { fill: #0d1117 }
text { fill: #f0f6fc }
.quiet { fill: #9198a1 }
.grid { stroke: #3d444d }
.guide { stroke: #656c76 }
.row:hover .stripe { fill: #212830 }
.path { fill: #f0f6fc }
.ok { fill: #3fb950 } .error { fill: #d29922 } .throttle { fill: #ab7df8 }
.progress { fill: #58a6ff } .fault { fill: #f85149 }
.open.ok { stroke: #3fb950 } .open.error { stroke: #d29922 } .open.throttle { stroke: #ab7df8 }
.open.progress { stroke: #58a6ff } .open.fault { stroke: #f85149 }
}
";

const FONT_SIZE: f64 = 13.0;
const ROW_HEIGHT: f64 = 24.0;
const MARGIN: f64 = 16.0;
const INDENT: f64 = 14.0;
/// Levels that are indented; what is deeper shares the last indent.
const INDENTS_MAX: usize = 16;
/// Where the first row begins, beneath heading, facts and axis.
const ROWS_TOP: f64 = 92.0;
/// The ends of the columns of numbers and words.
const CODE_END: f64 = 430.0;
const DURATION_END: f64 = 510.0;
const STATUS_START: f64 = 528.0;
const BARS: Range<f64> = 640.0..1184.0;
const WIDTH: f64 = 1200.0;
/// Between a name and what follows it; readers of SVG differ on spaces.
const GAP: f64 = 5.0;
const TICKS_MAX: f64 = 8.0;
/// How many parts of the critical path are told in words.
const CRITICAL_WORDS_MAX: usize = 3;

/// A timeline to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Svg<'t, 'a> {
    /// The trace.
    pub timeline: &'t Timeline<'a>,
    /// Its rows.
    pub rows: &'t [Row<'a>],
    /// What stands above it in large letters.
    pub heading: &'t str,
    /// What stands beneath that.
    pub facts: &'t str,
}

impl Svg<'_, '_> {
    /// The drawing as a file of its own, with [`STYLE`] in it.
    pub fn file(&self) -> String {
        let footer = if self.critical_words().is_some() {
            2.0
        } else {
            0.0
        };
        let height = ROWS_TOP + (self.rows.len() as f64 + footer) * ROW_HEIGHT + MARGIN;
        let mut svg = Writer::default();
        svg.open(
            "svg",
            &[
                ("xmlns", &"http://www.w3.org/2000/svg"),
                ("viewBox", &format_args!("0 0 {WIDTH} {height}")),
                ("width", &WIDTH),
                ("height", &height),
                ("role", &"img"),
            ],
        );
        svg.text("title", &[], &format!("{}: {}", self.heading, self.facts));
        svg.text("style", &[], STYLE);
        let size: [(&'static str, &dyn Display); 3] =
            [("class", &"bg"), ("width", &"100%"), ("height", &"100%")];
        svg.empty("rect", &size);
        svg.line();
        self.draw(&mut svg);
        svg.finish() + "\n"
    }

    fn draw(&self, svg: &mut Writer) {
        let heading = elide(self.heading, room(WIDTH - 2.0 * MARGIN) * 13 / 17);
        text(svg, "heading", MARGIN, 32.0, &heading);
        let facts = elide(self.facts, room(WIDTH - 2.0 * MARGIN));
        text(svg, "quiet", MARGIN, 54.0, &facts);
        self.axis(svg);
        let mut parents: Vec<f64> = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let top = ROWS_TOP + place as f64 * ROW_HEIGHT;
            svg.open("g", &[("class", &"row")]);
            svg.text(
                "title",
                &[],
                &row.words(self.timeline, self.timeline.seconds()),
            );
            svg.empty(
                "rect",
                &[
                    ("class", &"stripe"),
                    ("y", &top),
                    ("width", &WIDTH),
                    ("height", &ROW_HEIGHT),
                ],
            );
            guide(svg, row, top + ROW_HEIGHT / 2.0, &mut parents);
            self.label(svg, row, top + 16.5);
            self.numbers(svg, row, top + 16.5);
            self.bar(svg, row, top);
            svg.close();
            svg.line();
        }
        if let Some(words) = self.critical_words() {
            let y = ROWS_TOP + (self.rows.len() as f64 + 1.0) * ROW_HEIGHT + 8.0;
            diamond(svg, "path", MARGIN, y - 4.5);
            let words = elide(&words, room(WIDTH - 3.0 * MARGIN));
            text(svg, "quiet", MARGIN + 12.0, y, &words);
        }
    }

    fn critical_words(&self) -> Option<String> {
        let words = self.timeline.critical_words(CRITICAL_WORDS_MAX);
        let is_told = self.rows.len() > 1 && !words.is_empty();
        is_told.then(|| format!("critical path (lines under the bars): {}", words.join(", ")))
    }

    /// Ticks at round numbers, with a line down through the rows.
    fn axis(&self, svg: &mut Writer) {
        let seconds = self.timeline.seconds();
        let bottom = ROWS_TOP + self.rows.len() as f64 * ROW_HEIGHT;
        for tick in ticks(seconds, TICKS_MAX) {
            let share = if tick > 0.0 { tick / seconds } else { 0.0 };
            let x = at(share);
            let y = |y: f64| format!("{y:.1}");
            svg.empty(
                "line",
                &[
                    ("class", &"grid"),
                    ("x1", &x),
                    ("x2", &x),
                    ("y1", &y(ROWS_TOP - 6.0)),
                    ("y2", &y(bottom)),
                ],
            );
            let label = match tick > 0.0 {
                true => duration(tick),
                false => "0".to_owned(),
            };
            // At the right side the label would leave the drawing.
            let anchor = if share > 0.95 { "end" } else { "middle" };
            anchored(svg, "quiet", anchor, &x, ROWS_TOP - 12.0, &label);
        }
        svg.line();
    }

    /// Name and action, marks, resource: the resource gives way first.
    fn label(&self, svg: &mut Writer, row: &Row<'_>, y: f64) {
        if row.is_critical() && self.rows.len() > 1 {
            diamond(svg, "path", MARGIN, y - 4.5);
        }
        let class = match row.kind {
            RowKind::Entity(index) if self.timeline.entities[index].is_segment => "segment",
            RowKind::Entity(_) => "name",
            RowKind::Alike(_) => "quiet",
        };
        let x = name_start(row);
        let code = if row.http_status.is_some() { 40.0 } else { 0.0 };
        let mut left = room(CODE_END - code - x);
        svg.open("text", &[("x", &x), ("y", &y)]);
        let marks = match row.marks.is_empty() {
            true => String::new(),
            false => format!("({})", row.marks.join(", ")),
        };
        let head = elide(
            &row.head,
            left.saturating_sub(text_width(&marks)).max(left / 3),
        );
        // Heavy letters are wider.
        left = left.saturating_sub(text_width(&head) * 11 / 10);
        svg.text("tspan", &[("class", &class)], &head);
        if !marks.is_empty() {
            svg.text("tspan", &[("class", &"quiet"), ("dx", &GAP)], &marks);
            left = left.saturating_sub(text_width(&marks));
        }
        if let Some(resource) = row.resource.filter(|_| left > 4000) {
            let resource = elide(resource, left - 500);
            svg.text("tspan", &[("class", &"quiet"), ("dx", &GAP)], &resource);
        }
        svg.close();
    }

    fn numbers(&self, svg: &mut Writer, row: &Row<'_>, y: f64) {
        if let Some(code) = row.http_status {
            let code = elide(&code.to_string(), 3000);
            anchored(svg, "quiet", "end", &CODE_END, y, &code);
        }
        if let Some(seconds) = row.seconds(self.timeline.now) {
            let seconds = duration(seconds);
            anchored(svg, "number", "end", &DURATION_END, y, &seconds);
        }
        shape(svg, row.status, STATUS_START, y - 4.5);
        text(
            svg,
            class(row.status),
            STATUS_START + 12.0,
            y,
            row.status.word(),
        );
    }

    fn bar(&self, svg: &mut Writer, row: &Row<'_>, top: f64) {
        let Some(bar) = &row.bar else { return };
        let class = match row.end {
            Some(_) => class(row.status).to_owned(),
            None => format!("open {}", class(row.status)),
        };
        let (x, width) = stretch(bar);
        svg.empty(
            "rect",
            &[
                ("class", &class),
                ("x", &x),
                ("y", &(top + 5.0)),
                ("width", &width),
                ("height", &11),
                ("rx", &2),
            ],
        );
        for stretch_of_path in row.critical.iter().filter(|_| self.rows.len() > 1) {
            let (x, width) = stretch(stretch_of_path);
            svg.empty(
                "rect",
                &[
                    ("class", &"path"),
                    ("x", &x),
                    ("y", &(top + 18.0)),
                    ("width", &width),
                    ("height", &3),
                ],
            );
        }
    }
}

fn class(status: Status) -> &'static str {
    match status {
        Status::InProgress => "progress",
        status => status.word(),
    }
}

/// Thousandths of the font's size that fit into so many pixels.
fn room(pixels: f64) -> u32 {
    (pixels.max(0.0) / FONT_SIZE * 1000.0) as u32
}

/// Where a share of the whole stands on the axis.
fn at(share: f64) -> String {
    format!("{:.1}", BARS.start + share * (BARS.end - BARS.start))
}

/// Where a stretch begins, and how wide it is: never so small that nobody sees it.
fn stretch(share: &Range<f64>) -> (String, String) {
    let width = (share.end - share.start) * (BARS.end - BARS.start);
    (at(share.start), format!("{:.1}", width.max(1.5)))
}

fn text(svg: &mut Writer, class: &str, x: f64, y: f64, text: &str) {
    svg.text("text", &[("class", &class), ("x", &x), ("y", &y)], text);
}

fn anchored(svg: &mut Writer, class: &str, anchor: &str, x: &dyn Display, y: f64, text: &str) {
    svg.text(
        "text",
        &[
            ("class", &class),
            ("x", x),
            ("y", &y),
            ("text-anchor", &anchor),
        ],
        text,
    );
}

fn name_start(row: &Row<'_>) -> f64 {
    MARGIN + 14.0 + row.depth.min(INDENTS_MAX) as f64 * INDENT
}

/// The line from a row's parent. `parents` holds where the rows above it in the tree stand.
fn guide(svg: &mut Writer, row: &Row<'_>, y: f64, parents: &mut Vec<f64>) {
    let level = row.depth.min(INDENTS_MAX + 1);
    parents.truncate(level);
    if let (Some(parent), true) = (parents.last(), row.depth <= INDENTS_MAX) {
        let x = name_start(row) - INDENT + 4.0;
        // Only the last child draws the line down, so that it is drawn once.
        let from = if row.is_last { parent + 9.0 } else { y };
        let until = name_start(row) - 3.0;
        let path = format!("M{x:.1} {from:.1}V{y:.1}H{until:.1}");
        svg.empty("path", &[("class", &"guide"), ("d", &path)]);
    }
    parents.resize(level, y);
    parents.push(y);
}

/// A sign for a status, that needs no colour.
fn shape(svg: &mut Writer, status: Status, x: f64, y: f64) {
    let class = class(status);
    let path = match status {
        Status::Ok => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
        Status::Error => "M0-5L5 4H-5z",
        Status::Throttle => "M-5-3.5H5L0 5z",
        Status::InProgress => {
            "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0zM-2 0a2 2 0 1 1 4 0a2 2 0 1 1-4 0z"
        }
        Status::Fault => "M-4-4H4V4H-4z",
    };
    let place = format_args!("translate({:.1} {y:.1})", x + 4.0).to_string();
    svg.empty(
        "path",
        &[
            ("class", &class),
            ("fill-rule", &"evenodd"),
            ("d", &path),
            ("transform", &place),
        ],
    );
}

fn diamond(svg: &mut Writer, class: &str, x: f64, y: f64) {
    let path = format!("M{:.1} {y:.1}l4-4 4 4-4 4z", x - 4.0);
    svg.empty("path", &[("class", &class), ("d", &path)]);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::timeline::Fold;

    fn draw(documents: &[Value], heading: &str) -> String {
        let timeline = Timeline::read(documents, 12.0);
        let svg = Svg {
            timeline: &timeline,
            rows: &timeline.rows(Fold::default()),
            heading,
            facts: "3 segments",
        };
        svg.file()
    }

    #[test]
    fn a_row_says_in_words_what_its_bar_shows() {
        let documents = [
            json!({"id": "a", "name": "shop", "start_time": 2, "end_time": 12, "subsegments": [
                {"id": "b", "name": "S3", "start_time": 4, "error": true,
                 "aws": {"operation": "PutObject", "bucket_name": "logs"}},
                {"id": "c", "name": "orders", "start_time": 3, "end_time": 10,
                 "http": {"response": {"status": 500}}}]}),
        ];
        let svg = draw(&documents, "Trace 1");
        for words in [
            "<title>Trace 1: 3 segments</title>",
            "<title>shop: 10.0 s, starts after 0 µs, ok, 2.00 s of it on the critical path</title>",
            "<title>S3 PutObject logs: 8.00 s, starts after 2.00 s, error, in progress, 8.00 s of it on the \
             critical path</title>",
            "<title>orders: 7.00 s, starts after 1.00 s, fault, HTTP 500</title>",
            "8.00 s of 10.0 s in S3 PutObject, 2.00 s in shop itself",
        ] {
            assert!(svg.contains(words), "{words} in {svg}");
        }
        assert!(svg.contains("class=\"open error\""), "{svg}");
        assert!(!svg.contains("style=\""), "{svg}");
    }

    #[test]
    fn hostile_names_stay_text() {
        let name = "</style><script>alert(1)</script>\u{1b}";
        let documents = [
            json!({"name": name, "start_time": 1, "aws": {"operation": name, "bucket": name},
            "http": {"response": {"status": u64::MAX}}}),
        ];
        let svg = draw(&documents, name);
        assert!(!svg.contains("<script"), "{svg}");
        assert_eq!(svg.matches("</style>").count(), 1);
        assert!(!svg.contains('\u{1b}'));
    }

    #[test]
    fn whatever_the_times_no_number_is_unreadable() {
        for (start, end) in [
            (1.0, 1.0),
            (1.0, 0.5),
            (-1e300, 1e300),
            (0.0, 5e-324),
            (1e18, 1e18),
        ] {
            let documents = [json!({"name": "n", "start_time": start, "end_time": end})];
            let svg = draw(&documents, "t");
            for bad in ["NaN", "inf"] {
                assert!(!svg.contains(bad), "{start} {end}: {svg}");
            }
            assert!(svg.len() < 20_000, "{start} {end}");
        }
        assert!(!draw(&[json!({"name": "n"})], "t").contains("NaN"));
    }

    #[test]
    fn deep_and_many_rows_draw() {
        let chain: Vec<Value> = (0..20_000_u32)
            .map(|i| {
                json!({"id": i.to_string(), "name": "n", "start_time": 1, "end_time": 2,
                "parent_id": i.wrapping_sub(1).to_string()})
            })
            .collect();
        assert!(draw(&chain, "t").len() < 20_000 * 1000);
    }
}
