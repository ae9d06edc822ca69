//! The tree of a trace as rows, top to bottom: alike siblings folded, deep levels hidden, bars as
//! shares of the whole.

use std::collections::BTreeMap;
use std::ops::Range;

use super::choice::{Choice, Shown};
use super::{Entity, Status, Timeline};
use crate::map::duration;

/// The least share of the whole that two stretches on the critical path lie apart: what is closer
/// is drawn as one.
const STRETCH_GAP_MIN: f64 = 1.0 / 2000.0;

/// An entity, or the siblings that share one row.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The place of the entity that it hangs from; none for a root.
    pub parent: Option<usize>,
    /// Whether its children have rows; none where it has no children.
    pub is_open: Option<bool>,
    /// Levels beneath the roots.
    pub depth: usize,
    /// Whether it is the last of its parent's rows.
    pub is_last: bool,
    /// What it stands for.
    pub kind: RowKind,
    /// `S3 CreateBucket`, or `… 160 more S3 CreateBucket, 3 fault`.
    pub head: String,
    /// What an entity's action was for.
    pub resource: Option<&'a str>,
    /// The status of an entity's HTTP response.
    pub http_status: Option<u64>,
    /// Words on what is special: orphans, inferred segments, what is hidden beneath it.
    pub marks: Vec<String>,
    /// Its start, in seconds since the epoch; the first of siblings.
    pub start: Option<f64>,
    /// Its end; none while in progress. The last of siblings.
    pub end: Option<f64>,
    /// How it went; the worst of siblings.
    pub status: Status,
    /// Where its bar lies, in shares of the whole; none without a start.
    pub bar: Option<Range<f64>>,
    /// Where it, or what it hides, is the critical path, in shares of the whole.
    pub critical: Vec<Range<f64>>,
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// The entity at a place in the timeline.
    Entity(usize),
    /// So many siblings that have no rows of their own.
    Alike(usize),
}

impl Row<'_> {
    /// Whether it, or what it hides, is on the critical path.
    pub fn is_critical(&self) -> bool {
        !self.critical.is_empty()
    }

    /// How long it took, or has taken by `now`, in seconds; none for siblings and without a start.
    pub fn seconds(&self, now: f64) -> Option<f64> {
        let start = self.start.filter(|_| self.kind_is_entity())?;
        Some(self.end.unwrap_or(now.max(start)) - start)
    }

    /// The row in words, for those who point at it or have it read.
    /// `axis_seconds` is how long its axis is.
    pub(crate) fn words(&self, timeline: &Timeline<'_>, axis_seconds: f64) -> String {
        let mut words = self.head.clone();
        if let Some(resource) = self.resource {
            words = format!("{words} {resource}");
        }
        if let Some(seconds) = self.seconds(timeline.now) {
            words = format!("{words}: {}", duration(seconds));
        }
        if let Some(start) = self.start {
            let after = duration(start - timeline.start);
            words = format!("{words}, starts after {after}");
        }
        words = format!("{words}, {}", self.status.word());
        if let Some(code) = self.http_status {
            words = format!("{words}, HTTP {code}");
        }
        for mark in &self.marks {
            words = format!("{words}, {mark}");
        }
        if self.is_critical() {
            let stretches = self.critical.iter();
            let share: f64 = stretches.map(|share| share.end - share.start).sum();
            let seconds = duration(share * axis_seconds);
            words = format!("{words}, {seconds} of it on the critical path");
        }
        words
    }

    fn kind_is_entity(&self) -> bool {
        matches!(self.kind, RowKind::Entity(_))
    }
}

enum Item {
    Entity(usize),
    Alike(Vec<usize>),
}

/// The hidden beneath a row.
#[derive(Default)]
struct Hidden {
    number: usize,
    worst: Option<Status>,
    worst_number: usize,
}

impl Hidden {
    fn count(&mut self, status: Status) {
        self.number += 1;
        match self.worst {
            Some(worst) if status < worst => {}
            Some(worst) if status == worst => self.worst_number += 1,
            _ => (self.worst, self.worst_number) = (Some(status), 1),
        }
    }

    /// `, 3 fault`; nothing where all went as the rest did.
    fn detail(&self) -> String {
        match self.worst {
            Some(worst) if self.worst_number < self.number => {
                format!(", {} {}", self.worst_number, worst.word())
            }
            _ => String::new(),
        }
    }

    /// `+3 within, 2 fault`; `+3 within, all fault`.
    fn within(&self) -> String {
        let number = self.number;
        let worst = self.worst.filter(|&worst| worst > Status::Ok);
        let all = worst.filter(|_| self.worst_number == number);
        match all {
            Some(worst) => format!("+{number} within, all {}", worst.word()),
            None if worst.is_none() => format!("+{number} within"),
            None => format!("+{number} within{}", self.detail()),
        }
    }
}

pub(super) fn rows<'a>(timeline: &Timeline<'a>, choice: &Choice) -> Vec<Row<'a>> {
    let shown = Shown::of(timeline, choice);
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut row_of = vec![usize::MAX; timeline.entities.len()];
    let mut waiting: Vec<(Item, Place)> = Vec::new();
    match choice.root {
        Some(root) => push(&mut waiting, &shown, None, &[root], 0),
        None => push(&mut waiting, &shown, None, &timeline.roots, 0),
    }
    while let Some((item, place)) = waiting.pop() {
        let row = match item {
            Item::Alike(alike) => {
                hide(timeline, &alike, rows.len(), &mut row_of);
                alike_row(&shown, &alike)
            }
            Item::Entity(index) => {
                row_of[index] = rows.len();
                let mut row = entity_row(&shown, index);
                let children = &timeline.children[index];
                row.is_open = (!children.is_empty()).then(|| shown.opens(index, place.depth));
                match row.is_open {
                    Some(true) => {
                        push(&mut waiting, &shown, Some(index), children, place.depth + 1);
                    }
                    Some(false) => {
                        let hidden = hide(timeline, children, rows.len(), &mut row_of);
                        row.marks.push(hidden.within());
                    }
                    None => {}
                }
                row
            }
        };
        let Place {
            parent,
            depth,
            is_last,
        } = place;
        rows.push(Row {
            parent,
            depth,
            is_last,
            ..row
        });
    }
    mark_critical(&shown, &row_of, &mut rows);
    rows
}

/// Where a row stands.
#[derive(Clone, Copy)]
struct Place {
    parent: Option<usize>,
    depth: usize,
    is_last: bool,
}

/// Puts siblings on the stack, the first on top.
fn push(
    waiting: &mut Vec<(Item, Place)>,
    shown: &Shown<'_, '_>,
    parent: Option<usize>,
    siblings: &[usize],
    depth: usize,
) {
    let alike_max = match shown.choice.unfolded.contains(&parent) {
        true => usize::MAX,
        false => shown.choice.fold.alike_max,
    };
    let items = fold_alike(shown, siblings, alike_max).into_iter();
    for (from_last, item) in items.rev().enumerate() {
        let is_last = from_last == 0;
        waiting.push((
            item,
            Place {
                parent,
                depth,
                is_last,
            },
        ));
    }
}

/// Siblings in their order; of those with one name and action only some, then the rest as one.
fn fold_alike(shown: &Shown<'_, '_>, siblings: &[usize], alike_max: usize) -> Vec<Item> {
    let timeline = shown.timeline;
    let mut alike: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
    for (place, &sibling) in siblings.iter().enumerate() {
        let entity = &timeline.entities[sibling];
        let group = alike.entry((entity.name, entity.action)).or_default();
        group.push(place);
    }
    let mut is_hidden = vec![false; siblings.len()];
    let mut rest_after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for mut group in alike.into_values().filter(|group| group.len() > alike_max) {
        // In the order of importance; the sort is stable, so equals keep their time.
        group.sort_by_key(|&place| std::cmp::Reverse(timeline.entities[siblings[place]].status));
        let mut rest = group.split_off(alike_max);
        rest.retain(|&place| !shown.on_way[siblings[place]]);
        for &place in &rest {
            is_hidden[place] = true;
        }
        let after = group.iter().max().or(rest.iter().min());
        if let Some(&after) = after.filter(|_| !rest.is_empty()) {
            let rest = rest.into_iter().map(|place| siblings[place]).collect();
            rest_after.insert(after, rest);
        }
    }
    let mut items = Vec::new();
    for (place, &sibling) in siblings.iter().enumerate() {
        if !is_hidden[place] {
            items.push(Item::Entity(sibling));
        }
        items.extend(rest_after.remove(&place).map(Item::Alike));
    }
    items
}

/// Gives entities and all beneath them to the row at `place`.
fn hide(timeline: &Timeline<'_>, tops: &[usize], place: usize, row_of: &mut [usize]) -> Hidden {
    let mut hidden = Hidden::default();
    let mut waiting = tops.to_vec();
    while let Some(index) = waiting.pop() {
        row_of[index] = place;
        hidden.count(timeline.entities[index].status);
        waiting.extend(&timeline.children[index]);
    }
    hidden
}

fn entity_row<'a>(shown: &Shown<'_, 'a>, index: usize) -> Row<'a> {
    let entity = &shown.timeline.entities[index];
    Row {
        parent: None,
        is_open: None,
        depth: 0,
        is_last: false,
        kind: RowKind::Entity(index),
        head: entity.head(),
        resource: entity.resource,
        http_status: entity.http_status,
        marks: marks(shown.timeline, entity),
        start: entity.start,
        end: entity.end,
        status: entity.status,
        bar: shown.bar(entity.start, entity.end),
        critical: Vec::new(),
    }
}

/// What is to be told of an entity beside its status.
fn marks(timeline: &Timeline<'_>, entity: &Entity<'_>) -> Vec<String> {
    // A single segment with a caller elsewhere is how every called service begins.
    let is_lone = entity.is_segment && timeline.roots.len() == 1;
    let went_wrong = entity.status != Status::InProgress;
    [
        (entity.is_inferred, "inferred"),
        (entity.is_orphan() && !is_lone, "orphan"),
        (entity.end.is_none() && went_wrong, "in progress"),
    ]
    .into_iter()
    .filter(|(is_so, _)| *is_so)
    .map(|(_, word)| word.to_owned())
    .collect()
}

fn alike_row<'a>(shown: &Shown<'_, 'a>, alike: &[usize]) -> Row<'a> {
    let entities = || alike.iter().map(|&index| &shown.timeline.entities[index]);
    let mut counted = Hidden::default();
    entities().for_each(|entity| counted.count(entity.status));
    let name = entities().next().map(Entity::head).unwrap_or_default();
    let start = entities()
        .filter_map(|entity| entity.start)
        .reduce(f64::min);
    let ends = entities().map(|entity| entity.end);
    let end = ends.reduce(|a, b| Some(a?.max(b?))).flatten();
    Row {
        parent: None,
        is_open: None,
        depth: 0,
        is_last: false,
        kind: RowKind::Alike(alike.len()),
        head: format!("… {} more {name}{}", alike.len(), counted.detail()),
        resource: None,
        http_status: None,
        marks: Vec::new(),
        start,
        end,
        status: counted.worst.unwrap_or(Status::Ok),
        bar: shown.bar(start, end),
        critical: Vec::new(),
    }
}

/// Gives each row its stretches of the critical path. Those of one row come in their order.
fn mark_critical(shown: &Shown<'_, '_>, row_of: &[usize], rows: &mut [Row<'_>]) {
    for section in &shown.timeline.critical_path {
        let Some(row) = rows.get_mut(row_of[section.entity]) else {
            continue;
        };
        let (from, until) = (shown.share(section.start), shown.share(section.end));
        match row.critical.last_mut() {
            Some(last) if from - last.end < STRETCH_GAP_MIN => last.end = until,
            _ => row.critical.push(from..until),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::timeline::Fold;

    fn call(i: usize, start: usize, is_fault: bool) -> Value {
        json!({"id": format!("{i:016x}"), "name": "S3", "start_time": start, "end_time": start + 1,
            "aws": {"operation": "CreateBucket", "bucket_name": format!("b{i}")}, "fault": is_fault})
    }

    fn siblings(number: usize, is_fault: fn(usize) -> bool) -> Value {
        let calls = (0..number).map(|i| call(i, i, is_fault(i)));
        let calls: Vec<Value> = calls.collect();
        json!({"id": "r", "name": "root", "start_time": 0, "end_time": 999, "subsegments": calls})
    }

    fn rows_of(documents: &[Value], fold: Fold) -> Vec<Row<'_>> {
        Timeline::read(documents, 1000.0).rows(fold)
    }

    #[test]
    fn alike_siblings_fold_and_what_went_wrong_stays() {
        let documents = [siblings(200, |i| i == 150)];
        let rows = rows_of(&documents, Fold::default());
        assert_eq!(rows.len(), 1 + 40 + 1);
        let last = &rows[rows.len() - 1];
        assert_eq!(last.head, "… 160 more S3 CreateBucket");
        assert_eq!((last.status, last.kind), (Status::Ok, RowKind::Alike(160)));
        assert_eq!((last.start, last.end), (Some(39.0), Some(200.0)));
        assert_eq!(rows[rows.len() - 2].status, Status::Fault);
        // The fold has the sections of all that it hides, as one stretch around the fault's own.
        let shares = |range: Range<f64>| range.start / 999.0..range.end / 999.0;
        assert_eq!(last.critical, [shares(39.0..150.0), shares(151.0..200.0)]);
    }

    #[test]
    fn a_fold_counts_what_went_wrong_in_it() {
        let documents = [siblings(100, |i| i < 45)];
        let rows = rows_of(&documents, Fold::default());
        let fold = rows.iter().find(|row| !row.kind_is_entity()).unwrap();
        assert_eq!(fold.head, "… 60 more S3 CreateBucket, 5 fault");
        assert_eq!(fold.status, Status::Fault);
    }

    #[test]
    fn as_many_alike_siblings_as_are_allowed_all_show() {
        let documents = [siblings(40, |_| false)];
        assert_eq!(rows_of(&documents, Fold::default()).len(), 1 + 40);
        let none = Fold {
            alike_max: 0,
            level_max: None,
        };
        assert_eq!(rows_of(&documents, none).len(), 1);
    }

    #[test]
    fn hidden_levels_are_counted_and_keep_their_part_of_the_path() {
        let mut root = siblings(3, |i| i == 1);
        root["subsegments"][0]["subsegments"] = json!([call(9, 0, true)]);
        let documents = [root];
        let level = |level_max| Fold {
            level_max: Some(level_max),
            ..Fold::default()
        };
        let rows = rows_of(&documents, level(1));
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].marks, ["+4 within, 2 fault"]);
        assert_eq!(rows[0].critical, [0.0..1.0]);
        let rows = rows_of(&documents, level(2));
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1].marks, ["+1 within, all fault"]);
        assert!(rows[1].is_critical());
        assert_eq!(rows_of(&documents, level(0)).len(), 1);
        assert_eq!(rows_of(&documents, level(9)).len(), 5);
    }

    fn heads(documents: &[Value], choice: impl FnOnce(&Timeline<'_>) -> Choice) -> String {
        let timeline = Timeline::read(documents, 1000.0);
        let rows = rows(&timeline, &choice(&timeline));
        let heads: Vec<String> = rows
            .iter()
            .map(|row| format!("{}{}", ">".repeat(row.depth), row.head))
            .collect();
        heads.join(" ")
    }

    /// a with b and c, c with d, d with e.
    fn nested() -> [Value; 1] {
        let entity = |id: &str, start: u32, within: Value| json!({"id": id, "name": id, "start_time": start, "end_time": 9, "subsegments": within});
        let e = entity("e", 5, json!([]));
        let d = entity("d", 4, json!([e]));
        let c = entity("c", 3, json!([d]));
        [entity("a", 1, json!([entity("b", 2, json!([])), c]))]
    }

    #[test]
    fn parts_open_and_close_and_what_is_revealed_opens_all_above_it() {
        let documents = nested();
        let place = |timeline: &Timeline<'_>, name: &str| {
            let entities = timeline.entities.iter();
            entities
                .map(|entity| entity.name)
                .position(|known| known == name)
                .unwrap()
        };
        let fold = Fold {
            level_max: Some(2),
            ..Fold::default()
        };
        for (root, open, closed, revealed, expected) in [
            ("", "", "", "", "a >b >c"),
            ("", "c", "", "", "a >b >c >>d"),
            ("", "", "", "e", "a >b >c >>d >>>e"),
            ("", "", "c", "e", "a >b >c"),
            ("", "c", "a", "", "a"),
            ("c", "", "", "", "c >d"),
            ("c", "d", "", "b", "c >d >>e"),
        ] {
            let heads = heads(&documents, |timeline| {
                let places = |names: &str| {
                    let names: Vec<_> = names.split_terminator(' ').collect();
                    names
                        .into_iter()
                        .map(|name| place(timeline, name))
                        .collect()
                };
                Choice {
                    fold,
                    root: (!root.is_empty()).then(|| place(timeline, root)),
                    open: places(open),
                    closed: places(closed),
                    unfolded: BTreeSet::new(),
                    revealed: places(revealed),
                }
            });
            assert_eq!(heads, expected, "{root} {open} {closed} {revealed}");
        }
    }

    #[test]
    fn a_part_alone_has_an_axis_of_its_own() {
        let documents = nested();
        let timeline = Timeline::read(&documents, 1000.0);
        let choice = Choice {
            root: timeline
                .entities
                .iter()
                .position(|entity| entity.name == "d"),
            ..Choice::default()
        };
        let rows = rows(&timeline, &choice);
        assert_eq!(rows[0].bar, Some(0.0..1.0));
        assert_eq!(rows[1].bar, Some(0.2..1.0));
        assert_eq!((rows[0].is_open, rows[1].is_open), (Some(true), None));
    }

    #[test]
    fn alike_siblings_unfold_all_or_one() {
        let documents = [siblings(60, |_| false)];
        let fold = Fold {
            alike_max: 2,
            level_max: None,
        };
        let all = heads(&documents, |_| Choice {
            fold,
            unfolded: BTreeSet::from([Some(0)]),
            ..Choice::default()
        });
        assert_eq!(all.matches(">S3 CreateBucket").count(), 60);
        let one = heads(&documents, |_| Choice {
            fold,
            revealed: BTreeSet::from([50]),
            ..Choice::default()
        });
        assert_eq!(one.matches(">S3 CreateBucket").count(), 3);
        assert!(one.contains(">… 57 more S3 CreateBucket"), "{one}");
    }

    #[test]
    fn what_is_special_is_said_in_words() {
        let documents = [
            json!({"id": "a", "name": "root", "parent_id": "0", "start_time": 1, "end_time": 3}),
            json!({"id": "b", "name": "late", "parent_id": "1", "type": "subsegment", "start_time": 2,
                "error": true}),
            json!({"id": "c", "name": "S3", "parent_id": "2", "inferred": true, "start_time": 2, "end_time": 3}),
        ];
        let marks = |documents| {
            let rows = rows_of(documents, Fold::default());
            rows.into_iter()
                .map(|row| row.marks.join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            marks(&documents),
            ["orphan", "orphan in progress", "inferred orphan"]
        );
        assert_eq!(marks(&documents[..1]), [""]);
    }

    #[test]
    fn groups_of_many_kinds_and_long_chains_take_no_longer_than_their_number() {
        let calls: Vec<Value> = (0..82_000)
            .map(|i| json!({"id": i.to_string(), "name": (i % 2000).to_string(), "start_time": i}))
            .collect();
        let wide = [json!({"id": "r", "name": "root", "start_time": 0, "subsegments": calls})];
        assert_eq!(rows_of(&wide, Fold::default()).len(), 1 + 2000 * 41);
        let chain: Vec<Value> = (0..50_000_u32)
            .map(|i| {
                json!({"id": i.to_string(), "name": "n", "start_time": i,
                "parent_id": i.checked_sub(1).map(|parent| parent.to_string())})
            })
            .collect();
        assert_eq!(rows_of(&chain, Fold::default()).len(), 50_000);
    }
}
