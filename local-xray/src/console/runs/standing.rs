//! How a run or a job stands: its outcome as sign and words, counted, and as a bar.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::console::pages::{Choice, choices};
use crate::console::{Address, parts};

/// How a job or a run stands, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::console) enum Standing {
    Running,
    Failed,
    /// In progress, although its run is over: its end never arrived.
    Unknown,
    Done,
}

impl Standing {
    pub(in crate::console) const ALL: [Self; 4] =
        [Self::Running, Self::Failed, Self::Unknown, Self::Done];

    /// By the word that a segment tells, if any; else by whether it failed.
    pub(super) fn of_ended(outcome: Option<&str>, failed: bool) -> Self {
        let is_failure = |word: &str| {
            matches!(
                word,
                "failed" | "timed out" | "interrupted" | "stopped" | "deadline passed"
            )
        };
        match failed || outcome.is_some_and(is_failure) {
            true => Self::Failed,
            false => Self::Done,
        }
    }

    /// As addresses say it, and people.
    pub(in crate::console) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Unknown => "no end seen",
            Self::Done => "done",
        }
    }

    pub(in crate::console) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

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

/// How many stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::console) struct Counts([usize; 4]);

impl Counts {
    pub(in crate::console) fn add(&mut self, standing: Standing) {
        self.0[standing as usize] += 1;
    }

    pub(in crate::console) fn of(&self, standing: Standing) -> usize {
        self.0[standing as usize]
    }

    pub(in crate::console) fn all(&self) -> usize {
        self.0.iter().sum()
    }

    /// `1 running, 2 failed, 7 done`.
    pub(in crate::console) fn words(&self) -> String {
        let told = Standing::ALL
            .into_iter()
            .filter(|&standing| self.of(standing) > 0);
        let told = told.map(|standing| format!("{} {}", self.of(standing), standing.word()));
        let told: Vec<String> = told.collect();
        match told.is_empty() {
            true => "no jobs seen".to_owned(),
            false => told.join(", "),
        }
    }

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

impl FromIterator<Standing> for Counts {
    fn from_iter<I: IntoIterator<Item = Standing>>(standings: I) -> Self {
        let mut counts = Self::default();
        standings
            .into_iter()
            .for_each(|standing| counts.add(standing));
        counts
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

    #[test]
    fn the_word_or_the_fault_tells_how_it_ended() {
        for (outcome, failed, expected) in [
            (Some("changed"), false, Standing::Done),
            (Some("timed out"), false, Standing::Failed),
            (Some("interrupted"), true, Standing::Failed),
            (Some("of another program"), true, Standing::Failed),
            (None, false, Standing::Done),
            (None, true, Standing::Failed),
        ] {
            assert_eq!(Standing::of_ended(outcome, failed), expected, "{outcome:?}");
        }
    }

    #[test]
    fn counts_are_told_the_most_urgent_first() {
        let counts: Counts = [Standing::Done, Standing::Failed, Standing::Done]
            .into_iter()
            .collect();
        assert_eq!(counts.words(), "1 failed, 2 done");
        assert_eq!(Counts::default().words(), "no jobs seen");
        for standing in Standing::ALL {
            assert_eq!(Standing::from_word(standing.word()), Some(standing));
        }
    }

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
