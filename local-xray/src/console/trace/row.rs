//! One row of the timeline: name, numbers, status, and its bar on the axis that all share.

use std::ops::Range;

use maud::{Markup, PreEscaped, html};

use super::super::parts::{Name, clipped, duration, status};
use super::head::CHARS_MAX;
use super::links;
use super::view::View;
use crate::svg::escape;
use crate::timeline::{Row, RowKind};

/// How far the first levels are indented, and each after them, in pixels: on a narrow screen a name has half
/// of 270 at any depth.
const WIDE_INDENT: usize = 14;
const NARROW_INDENT: usize = 3;
/// How many levels have the wide indent.
const WIDE_MAX: usize = 5;
/// Levels that are indented. What is deeper shares the last indent, and says its level in a number.
const INDENTS_MAX: usize = 20;

/// The rows of a view, and what they share.
pub(super) struct Drawn<'v, 't> {
    view: &'v View<'t>,
    /// Where links to other entities begin.
    chooses: String,
    axis: Range<f64>,
    is_match: Vec<bool>,
}

/// The lines from a row's parents: which of them go on beneath it.
pub(super) type Guide = Vec<bool>;

impl<'v, 't> Drawn<'v, 't> {
    pub(super) fn of(view: &'v View<'t>) -> Self {
        let mut is_match = vec![false; view.timeline.entities.len()];
        for &place in view.find.iter().flat_map(|find| &find.matches) {
            is_match[place] = true;
        }
        Self {
            chooses: links::prefix(&view.address, "segment"),
            axis: view.timeline.axis(view.choice.root),
            is_match,
            view,
        }
    }

    pub(super) fn axis_seconds(&self) -> f64 {
        self.axis.end - self.axis.start
    }

    /// The guides of the rows from one on.
    pub(super) fn guides(&self, rows: &[Row<'_>], from: usize) -> impl Iterator<Item = Guide> {
        let mut goes_on: Vec<bool> = Vec::new();
        let guides = rows.iter().map(move |row| {
            goes_on.truncate(row.depth);
            goes_on.push(!row.is_last);
            goes_on
                .get(1..=INDENTS_MAX.min(row.depth))
                .unwrap_or_default()
                .to_vec()
        });
        guides.collect::<Vec<_>>().into_iter().skip(from)
    }

    pub(super) fn row(&self, at: usize, row: &Row<'_>, guide: &Guide) -> Markup {
        let place = match row.kind {
            RowKind::Entity(place) => Some(place),
            RowKind::Alike(_) => None,
        };
        let is_chosen = place.is_some() && place == self.view.chosen;
        let is_match = place.is_some_and(|place| self.is_match[place]);
        let is_segment = place.is_some_and(|place| self.view.timeline.entities[place].is_segment);
        let class = ["row", " match", " segment", " alike"]
            .into_iter()
            .zip([true, is_match, is_segment, place.is_none()])
            .filter_map(|(class, is_so)| is_so.then_some(class));
        let class: String = class.collect();
        let expanded = row
            .is_open
            .map(|is_open| if is_open { "true" } else { "false" });
        html! {
            // The head of the table is the first row.
            div class=(class) role="row" aria-level=(row.depth + 1) aria-rowindex=(at + 2)
                aria-expanded=[expanded] aria-selected=[is_chosen.then_some("true")] {
                span class="name" role="gridcell" {
                    (guides(guide))
                    // `aria-level` says it to those who do not see the indent.
                    @if row.depth > INDENTS_MAX { span class="depth" aria-hidden="true" { (row.depth + 1) } }
                    @match place {
                        Some(place) => {
                            @if let Some(is_open) = row.is_open { (self.toggle(place, is_open)) }
                            @else { span class="leaf" {} }
                            (self.link(place, row))
                        }
                        None => (self.unfold(row)),
                    }
                }
                span class="http" role="gridcell" { @if let Some(code) = row.http_status { (code) } }
                span class="duration" role="gridcell" {
                    @if let Some(seconds) = row.seconds(self.view.timeline.now) { (duration(seconds)) }
                }
                span class="state" role="gridcell" { (status(row.status.word())) }
                span class="bars" role="gridcell" { (bar(row)) }
            }
        }
    }

    /// Opens or closes what is beneath an entity.
    fn toggle(&self, place: usize, is_open: bool) -> Markup {
        let View {
            address, choice, ..
        } = self.view;
        let id = self.view.id(place);
        let others = |key: &'static str| {
            let values = address
                .all(key)
                .filter(|value| *value != id)
                .map(str::to_owned);
            values.collect::<Vec<_>>()
        };
        let mut changed = address.without(&["open", "closed"]);
        for value in others("open") {
            changed = changed.and("open", value);
        }
        for value in others("closed") {
            changed = changed.and("closed", value);
        }
        let changed = match is_open {
            true => changed.and("closed", id),
            false if choice.closed.contains(&place) && choice.fold.level_max.is_none() => changed,
            false => changed.and("open", id),
        };
        let (does, path) = match is_open {
            true => ("Close", "M2 4H10L6 9z"),
            false => ("Open", "M4 2V10L9 6z"),
        };
        html! {
            a class="toggle" id={ "t-" (id) } href=(links::within(&changed)) data-place
                aria-label={ (does) " " (PreEscaped(escape(&clipped(self.view.timeline.entities[place].name, CHARS_MAX)))) } {
                svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" { path d=(path) {} }
            }
        }
    }

    fn link(&self, place: usize, row: &Row<'_>) -> Markup {
        let id = self.view.id(place);
        let resource = row.resource.map(|resource| clipped(resource, CHARS_MAX));
        let row = Row {
            head: clipped(&row.head, CHARS_MAX),
            resource: resource.as_deref(),
            ..row.clone()
        };
        html! {
            a class="what" id={ "s-" (id) } href={ (self.chooses) (id) "#s-" (id) } data-place
                title=(PreEscaped(escape(&row.words(self.view.timeline, self.axis_seconds())))) {
                (Name(&row.head))
                @if let Some(resource) = row.resource { " " span class="quiet" { (Name(resource)) } }
                @for mark in &row.marks { " " span class="mark-word" { (mark) } }
            }
        }
    }

    /// Gives the alike siblings rows of their own.
    fn unfold(&self, row: &Row<'_>) -> Markup {
        let parent = row.parent.map_or("roots", |parent| self.view.id(parent));
        let address = self.view.address.clone().and("more", parent);
        html! {
            span class="leaf" {}
            a class="what" href=(links::within(&address)) data-place title="Show each in a row" { (Name(&clipped(&row.head, CHARS_MAX))) }
        }
    }
}

/// Where the guide of a level begins, in pixels.
fn indent(level: usize) -> usize {
    let wide = level.min(WIDE_MAX);
    wide * WIDE_INDENT + (level - wide) * NARROW_INDENT
}

/// Lines from the parents, as in a drawing of a tree; none of a root.
fn guides(guide: &Guide) -> Markup {
    if guide.is_empty() {
        return html! {};
    }
    let width = indent(guide.len());
    let mut path = String::new();
    for (level, &goes_on) in guide.iter().enumerate() {
        let x = indent(level).midpoint(indent(level + 1));
        let is_own = level + 1 == guide.len();
        path += &match (is_own, goes_on) {
            (true, true) => format!("M{x} 0V26M{x} 13H{width}"),
            (true, false) => format!("M{x} 0V13H{width}"),
            (false, true) => format!("M{x} 0V26"),
            (false, false) => String::new(),
        };
    }
    html! {
        svg class="guides" width=(width) height="26" viewBox={ "0 0 " (width) " 26" }
            preserveAspectRatio="none" aria-hidden="true" { path d=(path) {} }
    }
}

/// The bar, open at its end while in progress, and beneath it where it is on the critical path.
fn bar(row: &Row<'_>) -> Markup {
    let class = row.status.word().replace(' ', "-");
    let open = if row.end.is_none() { " open" } else { "" };
    html! {
        svg width="100%" height="20" aria-hidden="true" {
            @if let Some(bar) = &row.bar {
                rect class={ (class) (open) } x=(percent(bar.start)) y="3" width=(percent(bar.end - bar.start)) height="10" rx="2" {}
            }
            @for stretch in &row.critical {
                rect class="critical" x=(percent(stretch.start)) y="16" width=(percent(stretch.end - stretch.start)) height="2" {}
            }
        }
    }
}

/// A share as SVG takes it.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indent_grows_with_the_level_and_leaves_room_for_names() {
        let indents: Vec<usize> = (0..=INDENTS_MAX).map(indent).collect();
        assert!(indents.is_sorted_by(|a, b| a < b), "{indents:?}");
        assert_eq!(
            (indents[1], indents[5], indents[6], indents[20]),
            (14, 70, 73, 115)
        );
        let lines = guides(&vec![true, false]).into_string();
        assert!(lines.contains("M7 0V26M21 0V13H28"), "{lines}");
        assert!(guides(&Vec::new()).into_string().is_empty());
    }
}
