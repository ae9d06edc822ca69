//! The rows of a comparison: each with what of it is in A, what in B, and the way from one to the other.

use maud::{Markup, PreEscaped, html};

use super::super::super::parts::{Name, clipped, duration, status};
use super::super::head::CHARS_MAX;
use super::super::view::Level;
use super::Side;
use crate::compare::{Calls, Comparison, Order, Row};
use crate::svg::escape;

/// In pixels.
const INDENT: usize = 14;
/// Levels that are indented; what is deeper shares the last indent.
const INDENTS_MAX: usize = 12;

/// Half the width of the drawing of a difference, in pixels.
const HALF: f64 = 30.0;

/// How many of the names above a row are shown where it does not stand beneath them.
const ABOVE_MAX: usize = 3;

pub(super) fn table(
    comparison: &Comparison<'_>,
    rows: &[&Row<'_>],
    sides: &[Side<'_>; 2],
    order: Order,
    level: Level,
) -> Markup {
    let differences = comparison.rows.iter().map(|row| row.seconds().abs());
    let greatest = differences.fold(0.0, f64::max);
    let hides = |row: &Row<'_>| {
        let is_last = level.max() == Some(row.depth + 1);
        (is_last && order == Order::Place && row.within > 0).then_some(row.within)
    };
    html! {
        table class="compared" aria-labelledby="rows-title" {
            thead { tr {
                th scope="col" { "Segment" }
                th scope="col" { "A" }
                th scope="col" { "B" }
                th scope="col" { "From A to B" }
            } }
            tbody {
                @for row in rows {
                    tr class=(class(row)) {
                        th scope="row" { (name(comparison, row, order, hides(row))) }
                        td data-side="A" { (calls(&sides[0], row.a.as_ref(), row)) }
                        td data-side="B" { (calls(&sides[1], row.b.as_ref(), row)) }
                        td class="difference" { (bar(row, greatest)) span class="words" { (row.words()) } }
                    }
                }
            }
        }
    }
}

fn class(row: &Row<'_>) -> &'static str {
    match (&row.a, &row.b) {
        (_, None) => "only-a",
        (None, _) => "only-b",
        _ if !row.differs() => "same",
        _ => "both",
    }
}

fn name(comparison: &Comparison<'_>, row: &Row<'_>, order: Order, hidden: Option<usize>) -> Markup {
    html! {
        @match order {
            Order::Place => {
                @let width = INDENT * row.depth.min(INDENTS_MAX);
                @if width > 0 { svg class="indent" width=(width) height="1" aria-hidden="true" {} }
                span class="unseen" { "Level " (row.depth + 1) ": " }
            }
            Order::Difference => @if row.depth > 0 { span class="above" { (above(comparison, row)) } }
        }
        span class="head" { (Name(&clipped(&row.head, CHARS_MAX))) }
        @if let Some(hidden) = hidden { " " span class="mark-word" { "+" (hidden) " within" } }
    }
}

/// What it hangs from, the nearest last.
fn above(comparison: &Comparison<'_>, row: &Row<'_>) -> Markup {
    let nearest: Vec<&Row<'_>> = comparison.ancestors(row).take(ABOVE_MAX).collect();
    let is_cut = nearest.last().is_some_and(|row| row.depth > 0);
    html! {
        @if is_cut { "… › " }
        @for above in nearest.iter().rev() { (Name(&clipped(&above.head, CHARS_MAX))) " › " }
    }
}

/// How often, how long, how it went in one trace; the duration leads to the longest.
fn calls(side: &Side<'_>, calls: Option<&Calls<'_>>, row: &Row<'_>) -> Markup {
    let Some(calls) = calls else {
        return html! { span class="quiet" { "–" span class="unseen" { " not in " (side.letter) } } };
    };
    let is_counted = [&row.a, &row.b]
        .into_iter()
        .flatten()
        .any(|calls| calls.number > 1);
    let took = duration(calls.seconds);
    let told = format!(
        "{took}: {} in {}",
        clipped(&row.head, CHARS_MAX),
        side.letter
    );
    html! {
        @if is_counted { span class="number" { "×" (calls.number) } " " }
        @match calls.longest {
            Some(id) => {
                @let address = side.address.with("segment", id);
                a class="took" href={ (address) "#s-" (id) } aria-label=(PreEscaped(escape(&told))) { (took) }
            }
            None => span class="took" { (took) },
        }
        " " (status(calls.status.word()))
    }
}

/// To the right what takes longer in B, to the left what takes longer in A.
fn bar(row: &Row<'_>, greatest: f64) -> Markup {
    let share = row.seconds() / greatest;
    let width = if share.is_finite() {
        share.abs() * HALF
    } else {
        0.0
    };
    let x = if share < 0.0 { HALF - width } else { HALF };
    html! {
        svg class="change" width=(2.0 * HALF) height="12" aria-hidden="true" {
            rect class={ @if share < 0.0 { "less" } @else { "more" } } x=(format!("{x:.1}")) y="2" width=(format!("{width:.1}")) height="8" {}
            line x1=(HALF) x2=(HALF) y1="0" y2="12" {}
        }
    }
}
