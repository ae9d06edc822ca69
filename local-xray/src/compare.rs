//! Two traces beside each other: their entities merged by the path of their names, each with how often
//! and how long in either, and what differs. Terminal and console take their rows from here.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::map::{count, duration};
use crate::timeline::{Entity, Status, Timeline};

/// The least difference that is one, in seconds: times of segments are no finer.
const SECONDS_MIN: f64 = 0.5e-6;

/// The fewest levels that are shown unasked, and the most where there are too many rows.
const LEVELS: [usize; 2] = [2, 3];

/// Two traces, A and B.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// How long A and B took, in seconds; not finite if nothing has a start.
    pub seconds: [f64; 2],
    /// Everything that either has, each beneath what it hangs from, in the order of their starts.
    pub rows: Vec<Row<'a>>,
    /// What the roots are annotated with otherwise, by key.
    pub annotations: Vec<Annotation<'a>>,
    /// How many annotations of the roots are equal.
    pub equal_annotations: usize,
}

/// What has one path of names: service and action, then those of each level beneath it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The place of the row that it hangs from; none for a root.
    pub parent: Option<usize>,
    /// Levels beneath the roots.
    pub depth: usize,
    /// How many rows hang beneath it, at any depth.
    pub within: usize,
    /// `S3 CreateBucket`.
    pub head: String,
    /// What of it is in A.
    pub a: Option<Calls<'a>>,
    /// What of it is in B.
    pub b: Option<Calls<'a>>,
}

/// The entities of one path in one trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Calls<'a> {
    /// How many there are.
    pub number: usize,
    /// How long they took together, in seconds; what is in progress, until now. Those at work at one
    /// time count each.
    pub seconds: f64,
    /// The worst of their statuses.
    pub status: Status,
    /// The id of the one that took the longest.
    pub longest: Option<&'a str>,
}

/// An annotation that is not the same in both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annotation<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value in A.
    pub a: Option<&'a Value>,
    /// Its value in B.
    pub b: Option<&'a Value>,
}

/// In which order rows are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Beneath what they hang from.
    #[default]
    Place,
    /// The greatest difference of durations first.
    Difference,
}

impl Order {
    /// Each with its word.
    pub const ALL: [(&'static str, Self); 2] =
        [("place", Self::Place), ("difference", Self::Difference)];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Difference => "difference",
        }
    }
}

impl<'a> Comparison<'a> {
    /// What differs between two traces.
    pub fn of(a: &Timeline<'a>, b: &Timeline<'a>) -> Self {
        let (annotations, equal_annotations) = annotations(a, b);
        Self {
            seconds: [a.seconds(), b.seconds()],
            rows: rows([a, b]),
            annotations,
            equal_annotations,
        }
    }

    /// The rows of so many levels (none: all) in an order.
    pub fn ordered(&self, order: Order, level_max: Option<usize>) -> Vec<&Row<'a>> {
        let level_max = level_max.unwrap_or(usize::MAX).max(1);
        let rows = self.rows.iter().filter(|row| row.depth < level_max);
        let mut rows: Vec<_> = rows.collect();
        if order == Order::Difference {
            // A stable sort: equals keep their place.
            rows.sort_by(|x, y| y.seconds().abs().total_cmp(&x.seconds().abs()));
        }
        rows
    }

    /// How many levels give no more rows than so many; none: all. Two are always shown.
    pub fn levels_of(&self, rows_max: usize) -> Option<usize> {
        if self.rows.len() <= rows_max {
            return None;
        }
        let [least, most] = LEVELS;
        let is_few = self.rows.iter().filter(|row| row.depth < most).count() <= rows_max;
        Some(if is_few { most } else { least })
    }

    /// What a row hangs from, the nearest first.
    pub fn ancestors(&self, row: &Row<'a>) -> impl Iterator<Item = &Row<'a>> {
        let above = |row: &Row<'a>| row.parent.map(|parent| &self.rows[parent]);
        std::iter::successors(above(row), move |row| above(row))
    }

    /// What follows `From A to B:`: how much longer B took, `+120 ms, +35 %`, and how many rows differ in
    /// what, `of 9 rows, 2 only in A, 1 more or fewer times`. Durations of rows, which are never the same,
    /// do not count.
    pub fn verdict(&self) -> [String; 2] {
        let [a, b] = self.seconds;
        let rows = match self.differing() {
            Some(words) => format!("of {}, {words}", count(self.rows.len() as u64, "row")),
            None => "the same calls, equally often, with the same statuses".to_owned(),
        };
        [difference(a, b), rows]
    }

    fn differing(&self) -> Option<String> {
        let number = |differs: fn(&Row<'a>) -> bool| {
            let rows = self.rows.iter();
            rows.filter(|row| differs(row)).count()
        };
        let told = [
            (number(|row| row.b.is_none()), "only in A"),
            (number(|row| row.a.is_none()), "only in B"),
            (number(Row::differs_in_number), "more or fewer times"),
            (number(Row::differs_in_status), "with another status"),
        ];
        let told = told.into_iter().filter(|(number, _)| *number > 0);
        let told: Vec<String> = told
            .map(|(number, words)| format!("{number} {words}"))
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

impl Row<'_> {
    /// How much longer B took, in seconds; less than nothing where it took less. What is absent took
    /// no time.
    pub fn seconds(&self) -> f64 {
        let seconds = |calls: &Option<Calls<'_>>| calls.as_ref().map_or(0.0, |calls| calls.seconds);
        seconds(&self.b) - seconds(&self.a)
    }

    /// Whether both have it, but not equally often.
    pub fn differs_in_number(&self) -> bool {
        self.both().is_some_and(|(a, b)| a.number != b.number)
    }

    /// Whether both have it, and it went otherwise.
    pub fn differs_in_status(&self) -> bool {
        self.both().is_some_and(|(a, b)| a.status != b.status)
    }

    /// Whether anything of it is not the same in both.
    pub fn differs(&self) -> bool {
        self.both().is_none_or(|(a, b)| {
            let seconds = (b.seconds - a.seconds).abs();
            a.number != b.number || a.status != b.status || seconds >= SECONDS_MIN
        })
    }

    /// `+120 ms, +35 %`, `− only in A`; `same time` where only number or status differ, `same` where
    /// nothing does.
    pub fn words(&self) -> String {
        match (&self.a, &self.b) {
            (_, None) => "− only in A".to_owned(),
            (None, _) => "+ only in B".to_owned(),
            (Some(a), Some(b)) if self.differs() => difference(a.seconds, b.seconds),
            _ => "same".to_owned(),
        }
    }

    fn both(&self) -> Option<(&Calls<'_>, &Calls<'_>)> {
        self.a.as_ref().zip(self.b.as_ref())
    }
}

/// How much longer or shorter `b` is than `a`, both in seconds: `+120 ms, +35 %`, or `same time`;
/// `–` where that cannot be said.
fn difference(a: f64, b: f64) -> String {
    let seconds = b - a;
    if !seconds.is_finite() {
        return "–".to_owned();
    }
    if seconds.abs() < SECONDS_MIN {
        return "same time".to_owned();
    }
    let sign = if seconds < 0.0 { '−' } else { '+' };
    let told = format!("{sign}{}", duration(seconds.abs()));
    let percent = seconds.abs() / a * 100.0;
    match percent {
        // Nothing is a share of nothing.
        p if !p.is_finite() => told,
        p if p < 0.05 => told,
        p if p < 9.95 => format!("{told}, {sign}{p:.1} %"),
        p => format!("{told}, {sign}{p:.0} %"),
    }
}

/// What tells siblings apart: name and action.
type Name<'a> = (&'a str, Option<&'a str>);

/// The siblings of one name in both traces.
#[derive(Default)]
struct Group {
    /// Their places in A and B.
    places: [Vec<usize>; 2],
    /// When the first of them began after what it hangs from, in seconds.
    begins: [Option<f64>; 2],
}

impl Group {
    fn is_of_one(&self) -> bool {
        self.places.iter().any(Vec::is_empty)
    }

    /// When it begins, as far as both say so.
    fn begin(&self) -> f64 {
        match self.begins {
            [Some(a), Some(b)] => f64::midpoint(a, b),
            [Some(one), None] | [None, Some(one)] => one,
            [None, None] => f64::INFINITY,
        }
    }
}

fn rows<'a>(timelines: [&Timeline<'a>; 2]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let roots = timelines.map(|timeline| {
        let roots = timeline.roots.iter();
        roots.map(|&root| (root, timeline.start)).collect()
    });
    let mut waiting = Vec::new();
    let push = |waiting: &mut Vec<_>, siblings, parent, depth| {
        let groups = merged(timelines, siblings).into_iter().rev();
        waiting.extend(groups.map(|group| (group, parent, depth)));
    };
    push(&mut waiting, roots, None, 0);
    while let Some((Group { places, .. }, parent, depth)) = waiting.pop() {
        let at = rows.len();
        let children = [0, 1].map(|side: usize| {
            let timeline = timelines[side];
            let parents = places[side].iter();
            let children = parents.flat_map(|&parent| {
                let begin = timeline.entities[parent].start.unwrap_or(timeline.start);
                let children = timeline.children[parent].iter();
                children.map(move |&child| (child, begin))
            });
            children.collect()
        });
        let calls = [0, 1].map(|side: usize| calls(timelines[side], &places[side]));
        let first = [0, 1].iter().find_map(|&side: &usize| {
            let first = places[side].first()?;
            Some(timelines[side].entities[*first].head())
        });
        let [a, b] = calls;
        rows.push(Row {
            parent,
            depth,
            within: 0,
            head: first.unwrap_or_default(),
            a,
            b,
        });
        push(&mut waiting, children, Some(at), depth + 1);
    }
    for at in (0..rows.len()).rev() {
        if let Some(parent) = rows[at].parent {
            rows[parent].within += 1 + rows[at].within;
        }
    }
    rows
}

/// Siblings of both traces, each with when what it hangs from began, as groups in their order.
fn merged(timelines: [&Timeline<'_>; 2], siblings: [Vec<(usize, f64)>; 2]) -> Vec<Group> {
    let mut groups: BTreeMap<Name<'_>, Group> = BTreeMap::new();
    for (side, siblings) in siblings.into_iter().enumerate() {
        for (place, begin) in siblings {
            let entity = &timelines[side].entities[place];
            let group = groups.entry((entity.name, entity.action)).or_default();
            group.places[side].push(place);
            let after = entity.start.map_or(f64::INFINITY, |start| start - begin);
            let first = &mut group.begins[side];
            *first = Some(first.map_or(after, |first| first.min(after)));
        }
    }
    let order = in_order(&groups);
    let order = order.into_iter().filter_map(|name| groups.remove(&name));
    order.collect()
}

/// The order of the one trace and that of the other as one. It is the same whichever is A: rows stay
/// where they are when the traces are swapped.
fn in_order<'a>(groups: &BTreeMap<Name<'a>, Group>) -> Vec<Name<'a>> {
    let of_side = |side: usize| {
        let names = groups.iter().filter_map(|(name, group)| {
            let begin = group.begins[side]?;
            Some((begin, *name))
        });
        let mut names: Vec<(f64, Name<'a>)> = names.collect();
        names.sort_by(|(x, x_name), (y, y_name)| x.total_cmp(y).then(x_name.cmp(y_name)));
        names.into_iter().map(|(_, name)| name).peekable()
    };
    let (mut a, mut b) = (of_side(0), of_side(1));
    let mut met = HashSet::new();
    let mut order = Vec::with_capacity(groups.len());
    loop {
        while a.next_if(|name| met.contains(name)).is_some() {}
        while b.next_if(|name| met.contains(name)).is_some() {}
        let next = match (a.peek(), b.peek()) {
            (None, None) => return order,
            (Some(&one), None) | (None, Some(&one)) => one,
            (Some(&x), Some(&y)) => {
                let (of_x, of_y) = (&groups[&x], &groups[&y]);
                match (of_x.is_of_one(), of_y.is_of_one()) {
                    // What both have may be further on in the other.
                    (true, false) => x,
                    (false, true) => y,
                    _ if of_x
                        .begin()
                        .total_cmp(&of_y.begin())
                        .then(x.cmp(&y))
                        .is_le() =>
                    {
                        x
                    }
                    _ => y,
                }
            }
        };
        met.insert(next);
        order.push(next);
    }
}

fn calls<'a>(timeline: &Timeline<'a>, places: &[usize]) -> Option<Calls<'a>> {
    let entities = || places.iter().map(|&place| &timeline.entities[place]);
    let seconds = |entity: &Entity<'_>| {
        let start = entity.start?;
        Some((entity.end.unwrap_or(timeline.now) - start).max(0.0))
    };
    let status = entities().map(|entity| entity.status).max()?;
    let longest = entities().filter_map(|entity| Some((entity, seconds(entity)?)));
    // Of equals the first.
    let longest = longest.reduce(|first, next| if next.1 > first.1 { next } else { first });
    Some(Calls {
        number: places.len(),
        seconds: entities().filter_map(seconds).sum(),
        status,
        longest: longest.and_then(|(entity, _)| entity.document["id"].as_str()),
    })
}

/// The annotations of the roots that are not the same, and how many are.
fn annotations<'a>(a: &Timeline<'a>, b: &Timeline<'a>) -> (Vec<Annotation<'a>>, usize) {
    let mut all: BTreeMap<&'a str, [Option<&'a Value>; 2]> = BTreeMap::new();
    for (side, timeline) in [a, b].into_iter().enumerate() {
        let document = timeline.root().map(|root| root.document);
        let annotations = document.and_then(|document| document["annotations"].as_object());
        for (key, value) in annotations.into_iter().flatten() {
            all.entry(key).or_default()[side] = Some(value);
        }
    }
    let number = all.len();
    let differing = all.into_iter().filter(|(_, [a, b])| a != b);
    let differing: Vec<_> = differing
        .map(|(key, [a, b])| Annotation { key, a, b })
        .collect();
    let equal = number - differing.len();
    (differing, equal)
}

#[cfg(test)]
mod tests;
