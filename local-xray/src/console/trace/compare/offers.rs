//! What a trace can be compared with: any by its id; those before and after it of the same service or job.

use std::fmt;

use maud::{Markup, html};
use tracing_xray::TraceId;

use super::super::super::parts::{Name, clipped, duration, status, time, trace_address};
use super::super::super::{Address, Console};
use super::super::Failure;
use super::super::head::timestamp;
use super::super::read::Read;
use crate::read::text;
use crate::store::{Direction, LOOKED_AT_MAX, Root};
use crate::timeline::Timeline;

/// How many characters of the name of a service or job are shown.
const NAME_CHARS_MAX: usize = 60;

/// A trace near to one, by a word that `with` takes in the place of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Previous,
    Next,
    PreviousOfJob,
}

impl Offer {
    const ALL: [(&'static str, Self); 3] = [
        ("previous", Self::Previous),
        ("next", Self::Next),
        ("previous-of-job", Self::PreviousOfJob),
    ];

    /// The offer of a word, in any case and among blanks as the name of a trace is.
    pub(super) fn named(word: &str) -> Option<Self> {
        let word = word.trim();
        let mut all = Self::ALL.iter();
        let offer = all.find(|(known, _)| word.eq_ignore_ascii_case(known));
        offer.map(|(_, offer)| *offer)
    }

    /// Those that a trace has, each with its word.
    fn of(timeline: &Timeline<'_>) -> impl Iterator<Item = (&'static str, Self)> {
        let (has_root, has_job) = (timeline.root().is_some(), job(timeline).is_some());
        let is_there = move |offer| match offer {
            Self::Previous | Self::Next => has_root,
            Self::PreviousOfJob => has_job,
        };
        Self::ALL
            .into_iter()
            .filter(move |(_, offer)| is_there(*offer))
    }

    /// `Previous trace of shop`.
    fn words(self, timeline: &Timeline<'_>) -> Markup {
        let name = timeline.root().map_or("", |root| root.name);
        let (words, name) = match self {
            Self::Previous => ("Previous trace of ", name),
            Self::Next => ("Next trace of ", name),
            Self::PreviousOfJob => ("Previous time of job ", job(timeline).unwrap_or_default()),
        };
        html! { (words) (Name(&clipped(name, NAME_CHARS_MAX))) }
    }

    /// The trace, if there is one near.
    pub(super) fn find(
        self,
        console: &Console,
        read: &Read,
        timeline: &Timeline<'_>,
    ) -> Result<Option<TraceId>, Failure> {
        let Some(root) = timeline.root() else {
            return Ok(None);
        };
        let of_job = self == Self::PreviousOfJob;
        if of_job && job(timeline).is_none() {
            return Ok(None);
        }
        let root = Root {
            trace_id: read.id,
            name: root.name,
            is_called: root.is_orphan(),
            job: job(timeline).filter(|_| of_job),
            start: timestamp(root.start.unwrap_or(timeline.start)),
            end: root.end.map(timestamp),
        };
        let direction = match self {
            Self::Previous | Self::PreviousOfJob => Direction::Earlier,
            Self::Next => Direction::Later,
        };
        Ok(console.store.nearest_alike(&root, direction)?)
    }

    /// The address that compares a trace with the one found: what was before is A.
    pub(super) fn compared(self, read: &Read, found: TraceId, address: &Address) -> Address {
        match self {
            Self::Previous | Self::PreviousOfJob => with(found, address, read.id),
            Self::Next => with(read.id, address, found),
        }
    }

    /// That there is none.
    pub(super) fn none(self, timeline: &Timeline<'_>) -> String {
        let side = match self {
            Self::Previous | Self::PreviousOfJob => "before",
            Self::Next => "after",
        };
        let what = match (self, job(timeline)) {
            (Self::PreviousOfJob, Some(job)) => format!("job {job:?}"),
            (Self::PreviousOfJob, None) => return "the trace is of no job".to_owned(),
            _ => format!("{:?}", timeline.root().map_or("", |root| root.name)),
        };
        let number = looked_at();
        format!("no trace of {what} is among the {number} segments {side} it: give the id of one")
    }
}

/// That a word of `with` names no trace.
pub(super) fn unknown(word: &str) -> Failure {
    let id = "an id such as 1-67891233-abcdef012345678912345678";
    let offers = Offer::ALL.iter().map(|(known, _)| *known);
    let known: Vec<&str> = [id, "latest"].into_iter().chain(offers).collect();
    Failure::unknown_word("with", word, &known)
}

/// The job that the root is an invocation of.
fn job<'t>(timeline: &Timeline<'t>) -> Option<&'t str> {
    let annotations = &timeline.root()?.document["annotations"];
    text(annotations, "run_id")?;
    text(annotations, "job")
}

/// How many segments are looked at on one side, as people read it.
fn looked_at() -> String {
    format!("{},000", LOOKED_AT_MAX / 1000)
}

fn with(a: TraceId, address: &Address, b: impl fmt::Display) -> Address {
    let path = format!("{}/compare", trace_address(a));
    address.without(&["page"]).at(path).with("with", b)
}

/// A form that takes the id of any trace.
pub(super) fn form(read: &Read, address: &Address) -> Markup {
    let kept = address.without(&["with", "page"]);
    let typed = address
        .get("with")
        .filter(|typed| Offer::named(typed).is_none());
    html! {
        form class="compare-form" method="get" action={ (trace_address(read.id)) "/compare" } {
            @for (key, value) in kept.pairs() { input type="hidden" name=(key) value=(value); }
            label for="with" { "Compare with trace" }
            input id="with" name="with" required spellcheck="false" autocomplete="off" autocapitalize="off"
                placeholder="Id, or latest" value=[typed];
            button { "Compare" }
        }
    }
}

/// The offers as links, which are looked for when they are followed.
pub(super) fn links(read: &Read, timeline: &Timeline<'_>, address: &Address) -> Markup {
    html! {
        ul class="offers" {
            @for (word, offer) in Offer::of(timeline) {
                li { a id={ "compare-" (word) } href=(with(read.id, address, word)) { (offer.words(timeline)) } }
            }
        }
    }
}

/// The offers, each with the trace that it is.
pub(super) fn found(
    console: &Console,
    read: &Read,
    timeline: &Timeline<'_>,
    address: &Address,
) -> Result<Markup, Failure> {
    let mut offers = Vec::new();
    for (_, offer) in Offer::of(timeline) {
        offers.push((offer, offer.find(console, read, timeline)?));
    }
    let ids: Vec<TraceId> = offers.iter().filter_map(|(_, id)| *id).collect();
    let rows = console.store.rows(&ids, console.now())?;
    Ok(html! {
        ul class="offers" {
            @for (offer, id) in offers {
                @let row = id.and_then(|id| rows.iter().find(|row| row.id == id));
                li {
                    @match row {
                        Some(row) => {
                            a href=(offer.compared(read, row.id, address)) { (offer.words(timeline)) }
                            span class="quiet" { (time(row.start)) }
                            span { (duration(row.lasted.as_secs_f64())) }
                            (status(row.status.word()))
                        }
                        None => {
                            span { (offer.words(timeline)) }
                            span class="quiet" { "none among the " (looked_at()) " segments nearest to it" }
                        }
                    }
                }
            }
        }
    })
}
