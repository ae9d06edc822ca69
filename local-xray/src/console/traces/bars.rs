//! A row of bars, each a link that says in words how many traces it stands for.

use maud::{Markup, html};

use super::super::Address;
use crate::timeline::Status;

/// In pixels.
const HEIGHT: usize = 64;

/// The least height of what is there at all.
const HEIGHT_MIN: usize = 2;

/// The worst first: it stands at the bottom, where heights can be compared.
pub(super) const STATUSES: [Status; 5] = [
    Status::Fault,
    Status::InProgress,
    Status::Throttle,
    Status::Error,
    Status::Ok,
];

/// One bar.
pub(super) struct Bar {
    /// What the link's id is made of.
    pub(super) id: String,
    /// `10 ms to 20 ms`.
    pub(super) words: String,
    pub(super) counts: [usize; 5],
    /// Where it leads.
    pub(super) address: Address,
}

/// A place on the scale beneath the bars.
pub(super) struct Mark {
    /// Before which bar.
    pub(super) place: usize,
    pub(super) words: String,
}

/// The bars as a drawing that is as wide as its place, with the scale beneath.
pub(super) fn drawn(label: &str, bars: &[Bar], marks: &[Mark]) -> Markup {
    let most = bars
        .iter()
        .map(|bar| bar.counts.iter().sum::<usize>())
        .max();
    let most = most.unwrap_or(1).max(1);
    let share = |place: usize| format!("{:.3}%", place as f64 * 100.0 / bars.len() as f64);
    let width = share(1);
    html! {
        svg class="bars" width="100%" height=(HEIGHT + 20) role="group" aria-label=(label) {
            @for (place, bar) in bars.iter().enumerate() {
                @if bar.counts != [0; 5] {
                    @let words = words(&bar.words, &bar.counts);
                    a id=(bar.id) href=(bar.address) data-place aria-label=(words) {
                        title { (words) }
                        rect class="hit" x=(share(place)) y="0" width=(width) height=(HEIGHT) {}
                        @for (status, y, height) in stacked(&bar.counts, most) {
                            rect class={ "bar " (class(status)) } x=(share(place)) y=(y) width=(width) height=(height) {}
                        }
                    }
                }
            }
            line class="scale" x1="0" x2="100%" y1=(HEIGHT) y2=(HEIGHT) {}
            @for mark in marks {
                text class="mark-words" x=(share(mark.place)) y=(HEIGHT + 14) text-anchor=(anchor(mark.place, bars.len())) {
                    (mark.words)
                }
            }
        }
    }
}

/// The parts of a bar from the bottom up: where each begins, and how high it is.
fn stacked(counts: &[usize; 5], most: usize) -> Vec<(Status, usize, usize)> {
    let mut top = HEIGHT;
    let there = STATUSES
        .into_iter()
        .filter(|&status| counts[status as usize] > 0);
    there
        .map(|status| {
            let height = (counts[status as usize] * HEIGHT / most)
                .max(HEIGHT_MIN)
                .min(top);
            top -= height;
            (status, top, height)
        })
        .collect()
}

fn words(of: &str, counts: &[usize; 5]) -> String {
    let there = STATUSES
        .into_iter()
        .filter(|&status| counts[status as usize] > 0);
    let each = there.map(|status| format!("{} {}", counts[status as usize], status.word()));
    let each: Vec<String> = each.collect();
    let all = super::parts::count(counts.iter().sum(), "trace");
    format!("{of}: {all}, {}", each.join(", "))
}

fn class(status: Status) -> String {
    status.word().replace(' ', "-")
}

/// So that words stay within the drawing.
fn anchor(place: usize, bars: usize) -> &'static str {
    match place {
        0 => "start",
        place if place == bars => "end",
        _ => "middle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_happened_is_seen_and_nothing_leaves_the_drawing() {
        // In the order of the statuses: ok, error, throttle, in progress, fault.
        for (counts, heights) in [
            ([100, 0, 0, 0, 0], vec![64]),
            ([0, 0, 0, 0, 1], vec![2]),
            ([98, 0, 1, 0, 1], vec![2, 2, 60]),
            ([50, 25, 0, 0, 25], vec![16, 16, 32]),
        ] {
            let stacked = stacked(&counts, 100);
            let drawn: Vec<_> = stacked.iter().map(|(_, _, height)| *height).collect();
            assert_eq!(drawn, heights);
            let (_, top, _) = stacked[stacked.len() - 1];
            assert_eq!(top + heights.iter().sum::<usize>(), HEIGHT);
        }
    }

    #[test]
    fn a_bar_says_what_it_stands_for() {
        assert_eq!(
            words("1 s to 2 s", &[3, 0, 0, 1, 2]),
            "1 s to 2 s: 6 traces, 2 fault, 1 in progress, 3 ok"
        );
    }
}
