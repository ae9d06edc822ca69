//! Nodes and lines in the cells of a terminal.
//!
//! Lines of one node meet where they fork, and lines to one node where they arrive: `┬ ├ ┼`. Others
//! cross, and the vertical one is on top: `─│─`.

use std::collections::{BTreeMap, HashMap};

use local_xray::layout::{Point, Rect};

use super::fit::Part;
use crate::view::style::{Line, Paint, Style};
use crate::view::text::columns;

const NORTH: u8 = 1;
const EAST: u8 = 2;
const SOUTH: u8 = 4;
const WEST: u8 = 8;

#[derive(Default)]
pub(super) struct Canvas {
    /// By row and column.
    strokes: BTreeMap<(i64, i64), Vec<Stroke>>,
    texts: BTreeMap<(i64, i64), (Paint, String)>,
    rows: i64,
}

/// A line in a cell: where it leads, and which of the lines that do not meet it is.
#[derive(Clone, Copy)]
struct Stroke {
    net: usize,
    toward: u8,
    is_dashed: bool,
}

/// Draws a part that was laid out.
pub(super) fn draw(part: &Part) -> Canvas {
    let mut canvas = Canvas {
        rows: part.layout.height,
        ..Canvas::default()
    };
    for (lines, rect) in part.texts.iter().zip(&part.layout.nodes) {
        for (row, (paint, text)) in lines.iter().enumerate() {
            let at = (rect.y + row as i64, rect.x);
            canvas.texts.insert(at, (*paint, text.clone()));
        }
    }
    // How many edges come to each node from the left, in its first rows.
    let mut arrivals = vec![0; part.texts.len()];
    for (link, route) in part.links.iter().zip(&part.layout.routes) {
        if arrives_left(route, part.layout.nodes[link.to]) {
            arrivals[link.to] += 1;
        }
    }
    let mut nets: HashMap<Option<Point>, usize> = HashMap::new();
    for (link, route) in part.links.iter().zip(&part.layout.routes) {
        let count = nets.len();
        let net = *nets.entry(route.first().copied()).or_insert(count);
        let pen = Pen {
            net,
            is_dashed: link.is_link,
        };
        // Nets of arrivals are counted behind all others.
        let meeting = (arrivals[link.to] > 1).then_some(Meeting {
            net: part.links.len() + link.to,
            rows: arrivals[link.to],
        });
        canvas.edge(part, (link.from, link.to), route, pen, meeting);
    }
    canvas
}

fn arrives_left(route: &[Point], to: Rect) -> bool {
    route.last().is_some_and(|last| last.x == to.x)
        && matches!(route, [.., before, last] if before.x < last.x)
}

#[derive(Clone, Copy)]
struct Pen {
    net: usize,
    is_dashed: bool,
}

/// Where the lines that come to a node meet: a net of its own over so many rows.
#[derive(Clone, Copy)]
struct Meeting {
    net: usize,
    rows: i64,
}

impl Canvas {
    /// Draws an edge with its arrow. Where several arrive, they meet in the column before it.
    fn edge(
        &mut self,
        part: &Part,
        (from, to): (usize, usize),
        route: &[Point],
        pen: Pen,
        meeting: Option<Meeting>,
    ) {
        let mut points = route.to_vec();
        let [first, .., last] = &mut points[..] else {
            return;
        };
        let (source, target) = (part.layout.nodes[from], part.layout.nodes[to]);
        let leaves_right = first.x == source.x + source.width && route[1].x > route[0].x;
        first.x = match leaves_right {
            true => source.x + text_end(part, from, first.y) + 1,
            false => first.x - 2,
        };
        if arrives_left(route, target) {
            self.arrow(
                last.y,
                target.x - 2,
                "▶",
                meeting.is_none() || last.y == target.y,
            );
            last.x = target.x - 3;
            if let Some(Meeting { net, rows }) = meeting {
                let is_first = last.y == target.y;
                let is_last = last.y + 1 == target.y + rows;
                let toward =
                    WEST | if is_first { EAST } else { NORTH } | if is_last { 0 } else { SOUTH };
                let pen = Pen { net, ..pen };
                self.stroke(last.y, last.x, toward, pen);
                last.x -= 1;
            }
            self.stroke(last.y, last.x, EAST, pen);
        } else {
            let x = target.x + text_end(part, to, last.y) + 1;
            self.arrow(last.y, x, "◀", true);
            last.x = x + 1;
            self.stroke(last.y, last.x, WEST, pen);
        }
        for pair in points.windows(2) {
            self.stretch(pair[0], pair[1], pen);
        }
    }

    fn arrow(&mut self, row: i64, column: i64, arrow: &str, is_shown: bool) {
        if is_shown {
            let at = (row, column);
            self.texts.insert(at, (Paint::Quiet, arrow.to_owned()));
        }
    }

    fn stretch(&mut self, a: Point, b: Point, pen: Pen) {
        let (a, b) = (a.min(b), a.max(b));
        if a.y == b.y {
            for x in a.x..=b.x {
                let west = if x > a.x { WEST } else { 0 };
                let east = if x < b.x { EAST } else { 0 };
                self.stroke(a.y, x, west | east, pen);
            }
        } else {
            for y in a.y..=b.y {
                let north = if y > a.y { NORTH } else { 0 };
                let south = if y < b.y { SOUTH } else { 0 };
                self.stroke(y, a.x, north | south, pen);
            }
        }
    }

    fn stroke(&mut self, row: i64, column: i64, toward: u8, pen: Pen) {
        let strokes = self.strokes.entry((row, column)).or_default();
        match strokes.iter_mut().find(|stroke| stroke.net == pen.net) {
            Some(stroke) => {
                stroke.toward |= toward;
                stroke.is_dashed &= pen.is_dashed;
            }
            None => strokes.push(Stroke {
                net: pen.net,
                toward,
                is_dashed: pen.is_dashed,
            }),
        }
    }

    /// Whether lines cross that do not meet.
    pub(super) fn crosses(&self) -> bool {
        self.strokes.values().any(|strokes| strokes.len() > 1)
    }

    pub(super) fn into_lines(self, style: Style) -> Vec<String> {
        (0..self.rows)
            .map(|row| {
                let mut cells: Vec<(i64, Paint, String)> = Vec::new();
                let within = (row, i64::MIN)..(row + 1, i64::MIN);
                for (&(_, column), (paint, text)) in self.texts.range(within.clone()) {
                    cells.push((column, *paint, text.clone()));
                }
                let mut lines: Vec<(i64, Paint, String)> = Vec::new();
                for (&(_, column), strokes) in self.strokes.range(within) {
                    let glyph = glyph(strokes);
                    match lines.last_mut() {
                        Some((start, _, text)) if *start + columns(text) as i64 == column => {
                            text.push(glyph);
                        }
                        _ => lines.push((column, Paint::Quiet, glyph.to_string())),
                    }
                }
                cells.extend(lines);
                cells.sort_by_key(|cell| cell.0);
                let mut line = Line::new(style);
                for (column, paint, text) in cells {
                    line.pad_to(usize::try_from(column).unwrap_or(0));
                    line.push(paint, &text);
                }
                line.into_text()
            })
            .collect()
    }
}

/// Where the text of a node ends in a row; below its text as its label does.
fn text_end(part: &Part, node: usize, row: i64) -> i64 {
    let lines = &part.texts[node];
    let row = usize::try_from(row - part.layout.nodes[node].y).unwrap_or(0);
    let line = lines.get(row).or(lines.first());
    line.map_or(0, |(_, text)| columns(text) as i64)
}

/// The line by where it leads: the sum of `NORTH`, `EAST`, `SOUTH` and `WEST`.
const GLYPHS: [char; 16] = [
    ' ', '│', '─', '└', '│', '│', '┌', '├', '─', '┘', '─', '┴', '┐', '┤', '┬', '┼',
];

fn glyph(strokes: &[Stroke]) -> char {
    // The vertical one is on top.
    let vertical = |stroke: &&Stroke| stroke.toward & (NORTH | SOUTH) != 0;
    let Some(stroke) = strokes.iter().find(vertical).or(strokes.first()) else {
        return ' ';
    };
    match GLYPHS[usize::from(stroke.toward)] {
        '│' if stroke.is_dashed => '╎',
        '─' if stroke.is_dashed => '╌',
        glyph => glyph,
    }
}
