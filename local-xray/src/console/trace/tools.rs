//! Above the timeline: how much of it is shown, what is looked for, the way from error to error.

use maud::{Markup, html};

use super::super::Address;
use super::super::parts::{Name, clipped, count};
use super::find::around;
use super::head::CHARS_MAX;
use super::links;
use super::view::{Level, OPENED, View};

/// The levels on offer, each with its word.
pub(super) const LEVELS: [(&str, Level); 4] = [
    ("1", Level::Some(1)),
    ("2", Level::Some(2)),
    ("3", Level::Some(3)),
    ("all", Level::All),
];

/// The bar above the timeline.
pub(super) fn tools(view: &View<'_>) -> Markup {
    html! {
        div class="tools" {
            h2 id="timeline-title" { "Timeline" }
            div id="levels" class="levels" data-live { (levels(view)) }
            div id="finds" class="finds" data-live { (form(view)) }
            div id="matches" class="jumps" data-live { (matches(view)) }
            div id="errors" class="jumps" data-live { (errors(view)) }
        }
        div id="focused" data-live { (focused(view)) }
    }
}

fn levels(view: &View<'_>) -> Markup {
    let plain = view.address.without(&OPENED).without(&["level"]);
    html! {
        span class="quiet" id="levels-label" { "Levels" }
        ul class="choices" aria-labelledby="levels-label" {
            @for (word, level) in LEVELS {
                li { a id={ "level-" (word) } href=(links::within(&plain.with("level", word))) data-place
                    aria-current=[(view.level == level).then_some("true")] { (word) } }
            }
        }
        @if OPENED.iter().any(|key| view.address.get(key).is_some()) {
            a id="reset" href=(links::within(&view.address.without(&OPENED))) data-place { "Reset" }
        }
    }
}

fn form(view: &View<'_>) -> Markup {
    html! {
        form id="find-form" role="search" method="get" action=(view.address.only(&[])) data-place {
            label class="unseen" for="find" { "Find in this trace" }
            input id="find" name="find" type="search" data-find autocomplete="off" spellcheck="false"
                placeholder="Find name, annotation, id, exception" value=[view.address.get("find")];
            button { "Find" }
        }
    }
}

/// What the form sends besides, how much was found, and the way through it.
fn matches(view: &View<'_>) -> Markup {
    let sent = view.address.pairs();
    let sent = sent.filter(|(key, _)| !["find", "after", "closed"].contains(key));
    // Enter goes on from what is chosen; at first to the first.
    let is_going_on = view.find.is_some() && view.address.get("segment").is_some();
    let after = view
        .chosen
        .filter(|_| is_going_on)
        .map_or("start", |place| view.id(place));
    html! {
        @for (key, value) in sent { input type="hidden" form="find-form" name=(key) value=(value); }
        input type="hidden" form="find-form" name="after" value=(after);
        @if let Some(find) = &view.find {
            span role="status" {
                (position(&find.matches, view.chosen, "match", "matches"))
            }
            (jumps(view, &find.matches, [("[", "Previous match"), ("]", "Next match")]))
            a id="unfind" href=(links::within(&view.address.without(&["find"]))) data-place
                { "Clear" }
        }
    }
}

fn errors(view: &View<'_>) -> Markup {
    let errors = view.errors();
    html! {
        span { (position(&errors, view.chosen, "error", "errors")) }
        (jumps(view, &errors, [("N", "Previous error"), ("n", "Next error")]))
    }
}

/// `2 of 7 errors`.
fn position(among: &[usize], chosen: Option<usize>, one: &str, many: &str) -> String {
    let all = among.len();
    let noun = if all == 1 { one } else { many };
    let at = among.iter().position(|&place| Some(place) == chosen);
    match at {
        Some(at) => format!("{} of {all} {noun}", at + 1),
        None if all == 0 => format!("No {many}"),
        None => format!("{all} {noun}"),
    }
}

/// Links to the one before and the one after, each with its key.
fn jumps(view: &View<'_>, among: &[usize], keys: [(&str, &str); 2]) -> Markup {
    let Some((before, after)) = around(&view.order, among, view.chosen) else {
        return html! {};
    };
    let arrows = ["M6 3 11 9H1z", "M1 3H11L6 9z"];
    html! {
        @for ((place, (key, does)), arrow) in [before, after].into_iter().zip(keys).zip(arrows) {
            a class="button jump" id={ "jump-" (does.to_lowercase().replace(' ', "-")) } href=(view.link_to(place)) data-place
                data-key=(key) title={ (does) " (" (key) ")" } {
                svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" { path d=(arrow) {} }
                span class="unseen" { (does) }
                kbd aria-hidden="true" { (key) }
            }
        }
    }
}

/// That only a part is shown, and the way back.
fn focused(view: &View<'_>) -> Markup {
    let Some(root) = view.choice.root else {
        return html! {};
    };
    let above = view.timeline.entities[root].parent;
    let whole: Address = view.address.without(&["root"]);
    html! {
        p class="focused" {
            "Only " strong { (Name(&clipped(&view.timeline.entities[root].head(), CHARS_MAX))) } " and the "
            (count(view.order.len().saturating_sub(1), "segment")) " within. "
            @if let Some(above) = above {
                a id="focus-above" href=(links::within(&whole.with("root", view.id(above)))) data-place { "One level up" } " · "
            }
            a id="focus-all" href=(links::within(&whole)) data-place { "Whole trace" }
        }
    }
}
