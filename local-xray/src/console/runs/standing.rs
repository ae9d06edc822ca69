//! How a run or a job stands, on a page: as sign and words, as a bar, and as links that narrow a list by it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::console::answer::Failure;
use crate::console::pages::{Choice, choices};
use crate::console::{Address, parts};
use crate::runs::{Counts, Standing};

impl Standing {
    /// The status whose sign and colour it has.
    fn status(self) -> &'static str {
        match self {
            Self::Running => "in progress",
            Self::Failed => "fault",
            Self::Unknown => "error",
            Self::Done => "ok",
        }
    }

    /// Its sign before words.
    pub(in crate::console) fn sign(self, words: &str) -> Markup {
        parts::signed(self.status(), words)
    }

    /// The class of its colour.
    pub(in crate::console) fn class(self) -> String {
        self.status().replace(' ', "-")
    }
}

impl Counts {
    /// The shares as a bar, which the words beside it tell too.
    pub(in crate::console) fn bar(&self) -> Markup {
        const WIDTH: usize = 120;
        let shown = [
            Standing::Done,
            Standing::Running,
            Standing::Unknown,
            Standing::Failed,
        ];
        let counts = shown.map(|standing| self.of(standing));
        let mut x = 0;
        let parts =
            shown
                .into_iter()
                .zip(shares(&counts, WIDTH))
                .filter_map(|(standing, width)| {
                    let part = (width > 0).then_some((standing, x, width));
                    x += width;
                    part
                });
        html! {
            svg class="bar" width=(WIDTH) height="8" viewBox={ "0 0 " (WIDTH) " 8" } role="img" aria-label=(self.words()) {
                rect class="bar-none" width=(WIDTH) height="8" rx="2" {}
                @for (standing, x, width) in parts {
                    rect class={ "bar-part " (standing.class()) } x=(x) width=(width) height="8" {}
                }
            }
        }
    }
}

/// A width for each count, all of them `width` together; none that counts something is too thin to be seen.
fn shares(counts: &[usize], width: usize) -> Vec<usize> {
    const THINNEST: usize = 4;
    let all: usize = counts.iter().sum();
    if all == 0 {
        return vec![0; counts.len()];
    }
    let present = counts.iter().filter(|&&count| count > 0).count();
    let free = width - THINNEST * present;
    let mut widths: Vec<usize> = counts
        .iter()
        .map(|&count| {
            if count == 0 {
                0
            } else {
                THINNEST + free * count / all
            }
        })
        .collect();
    let rest = width - widths.iter().sum::<usize>();
    // What rounding left over goes to the widest.
    if let Some(widest) = widths.iter_mut().max() {
        *widest += rest;
    }
    widths
}

/// How what an address lists is to stand.
pub(in crate::console) fn asked(address: &Address) -> Result<Option<Standing>, Failure> {
    let word = address.get("outcome");
    let known = |word| {
        let words = Standing::ALL.map(Standing::word);
        Standing::from_word(word).ok_or_else(|| Failure::unknown_word("outcome", word, &words))
    };
    word.map(known).transpose()
}

/// Links that narrow a list by what became of its rows, each with how many there are. The word that is chosen
/// stays among them, also where none is left.
pub(in crate::console) fn by_outcome<'a>(
    address: &'a Address,
    label: &str,
    outcomes: impl Iterator<Item = (Standing, &'a str)>,
) -> Markup {
    let mut words: BTreeMap<(Standing, &str), usize> = BTreeMap::new();
    let chosen = address.get("outcome").and_then(Standing::from_word);
    words.extend(chosen.map(|standing| ((standing, standing.word()), 0)));
    outcomes.for_each(|outcome| *words.entry(outcome).or_default() += 1);
    let all = Choice {
        value: "",
        label: html! { "All" },
        count: words.values().sum(),
    };
    let each = words.into_iter().map(|((standing, word), count)| Choice {
        value: word,
        label: standing.sign(word),
        count,
    });
    choices(address, "outcome", label, std::iter::once(all).chain(each))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_fill_the_bar_and_can_be_seen(counts in proptest::collection::vec(0_usize..100_000, 4)) {
            let widths = shares(&counts, 120);
            let all: usize = widths.iter().sum();
            prop_assert_eq!(all, if counts.iter().any(|&count| count > 0) { 120 } else { 0 });
            for (count, width) in counts.iter().zip(&widths) {
                prop_assert_eq!(*count > 0, *width >= 4, "{:?}", widths);
            }
        }
    }
}
