//! One trace as a timeline: which rows it has and where their bars stand. Every drawing of a trace
//! takes its rows from here, on a terminal as in a browser.
//!
//! It reads documents in the API's shape from any X-Ray: any member may be absent or of another
//! type, any text may be hostile. Drawings escape for themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::critical_path::{Interval, Section, critical_path};
use crate::map::duration;

mod axis;
mod choice;
mod entity;
mod rows;
mod svg;

pub(crate) use axis::ticks;
pub(crate) use choice::Choice;
pub use choice::Fold;
pub use entity::{Entity, Link, Status};
pub use rows::{Row, RowKind};
pub use svg::{STYLE, Svg};

/// All entities of a trace as a tree without loops, and when each was at work. X-Ray calls segments
/// and subsegments entities.
#[derive(Debug)]
pub struct Timeline<'a> {
    /// Every entity once.
    pub entities: Vec<Entity<'a>>,
    /// The places of those without a parent, by start.
    pub roots: Vec<usize>,
    /// The places of each entity's children, by start.
    pub children: Vec<Vec<usize>>,
    /// The first start, in seconds since the epoch.
    pub start: f64,
    /// The last end; that of what is in progress is `now`.
    pub end: f64,
    /// Until when what is in progress has lasted.
    pub now: f64,
    /// The critical path of the trace's main root, first section to last.
    pub critical_path: Vec<Section>,
}

/// The segment documents of a trace as BatchGetTraces answers it, and how many could not be read.
pub fn documents(trace: &Value) -> (Vec<Value>, u64) {
    let mut unreadable = 0;
    let mut documents = Vec::new();
    for segment in trace["Segments"].as_array().into_iter().flatten() {
        let document = segment["Document"].as_str();
        match document.map(serde_json::from_str::<Value>) {
            Some(Ok(document)) if document.is_object() => documents.push(document),
            _ => unreadable += 1,
        }
    }
    (documents, unreadable)
}

impl<'a> Timeline<'a> {
    /// The timeline of segment documents, of which those in progress have lasted until `now`, in
    /// seconds since the epoch.
    ///
    /// An inferred segment repeats the subsegment it was made from, so it is left out and its
    /// children hang from that subsegment.
    pub fn read(documents: &'a [Value], now: f64) -> Self {
        let (entities, roots, children) = entity::tree(documents);
        let starts = entities.iter().filter_map(|entity| entity.start);
        let start = starts.fold(f64::INFINITY, f64::min);
        let now = now.max(start);
        let ends = entities.iter().map(|entity| entity.end.unwrap_or(now));
        let end = ends.fold(start, f64::max);
        let mut timeline = Self {
            entities,
            roots,
            children,
            start,
            end,
            now,
            critical_path: Vec::new(),
        };
        timeline.critical_path = timeline.walk();
        timeline
    }

    /// From the first start to the last end, in seconds; not finite if nothing has a start.
    pub fn seconds(&self) -> f64 {
        self.end - self.start
    }

    /// The entity that stands for the trace: the first segment whose caller is not missing, else the first
    /// segment, else whatever is first.
    pub fn root(&self) -> Option<&Entity<'a>> {
        let roots = || self.roots.iter().map(|&root| &self.entities[root]);
        let whole = roots().find(|root| !root.is_orphan());
        whole
            .or_else(|| roots().find(|root| root.is_segment))
            .or_else(|| roots().next())
    }

    /// How the trace went, as in the list of traces: what became of its root, or that something is in
    /// progress, whichever matters more.
    pub fn status(&self) -> Status {
        match self.entities.iter().any(|entity| entity.end.is_none()) {
            true => self.of_root().max(Status::InProgress),
            false => self.of_root(),
        }
    }

    /// The worst that happened within, where it is worse than what became of the root.
    pub fn within(&self) -> Option<Status> {
        let done = self.entities.iter().map(|entity| entity.status);
        let worst = done.filter(|&status| status != Status::InProgress).max();
        worst.filter(|&worst| worst > self.of_root())
    }

    /// Both in words: `ok, throttle within`.
    pub fn status_words(&self) -> String {
        let status = self.status().word();
        match self.within() {
            Some(within) => format!("{status}, {} within", within.word()),
            None => status.to_owned(),
        }
    }

    /// A subsegment without its segment is no root.
    fn of_root(&self) -> Status {
        let root = self.root().filter(|root| root.is_segment);
        match root.map_or(Status::Ok, |root| root.status) {
            Status::InProgress => Status::Ok,
            status => status,
        }
    }

    /// The rows, top to bottom.
    pub fn rows(&self, fold: Fold) -> Vec<Row<'a>> {
        let choice = Choice {
            fold,
            ..Choice::default()
        };
        self.chosen_rows(&choice)
    }

    /// The rows of what is chosen, top to bottom.
    pub(crate) fn chosen_rows(&self, choice: &Choice) -> Vec<Row<'a>> {
        rows::rows(self, choice)
    }

    /// The places of all entities, or of one and those beneath it, in the order of their rows.
    pub(crate) fn order(&self, root: Option<usize>) -> Vec<usize> {
        let mut order = Vec::new();
        let mut waiting = match root {
            Some(root) => vec![root],
            None => self.roots.iter().rev().copied().collect(),
        };
        while let Some(index) = waiting.pop() {
            order.push(index);
            waiting.extend(self.children[index].iter().rev());
        }
        order
    }

    /// What an entity hangs from, the nearest first.
    pub(crate) fn ancestors(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.entities[index].parent, |&at| self.entities[at].parent)
    }

    /// How long an entity was at work while none of its children was, in seconds.
    pub(crate) fn self_seconds(&self, index: usize) -> Option<f64> {
        let end = |index: usize| self.entities[index].end.unwrap_or(self.now);
        let (mut reached, until) = (self.entities[index].start?, end(index));
        let mut alone = 0.0;
        // By start.
        for &child in &self.children[index] {
            let Some(start) = self.entities[child].start else {
                continue;
            };
            alone += (start.min(until) - reached).max(0.0);
            reached = reached.max(end(child));
        }
        Some(alone + (until - reached).max(0.0))
    }

    /// How many seconds of the critical path went into which work, the most first. Entities of one
    /// name and action count together, under the place of the first.
    fn critical_work(&self) -> Vec<(usize, f64)> {
        let mut places = BTreeMap::new();
        let mut work: Vec<(usize, f64)> = Vec::new();
        for section in &self.critical_path {
            let entity = &self.entities[section.entity];
            let place = places.entry((entity.name, entity.action));
            let place = *place.or_insert(work.len());
            if place == work.len() {
                work.push((section.entity, 0.0));
            }
            work[place].1 += section.end - section.start;
        }
        work.sort_by(|a, b| b.1.total_cmp(&a.1));
        work
    }

    /// Where the most of the critical path went, in words: `321 ms of 1.30 s in S3 CreateBucket`, then
    /// `60.0 ms in attempt itself`. At most `number_max` of them.
    pub fn critical_words(&self, number_max: usize) -> Vec<String> {
        let work = self.critical_work();
        let whole: f64 = work.iter().map(|(_, seconds)| seconds).sum();
        let words = work.iter().take(number_max).enumerate();
        let words = words.map(|(place, &(entity, seconds))| {
            let of = match place {
                0 => format!(" of {}", duration(whole)),
                _ => String::new(),
            };
            let itself = match self.children[entity].is_empty() {
                true => "",
                false => " itself",
            };
            let head = self.entities[entity].head();
            format!("{}{of} in {head}{itself}", duration(seconds))
        });
        words.collect()
    }

    /// The critical path of the longest root whose caller is no part of the trace.
    fn walk(&self) -> Vec<Section> {
        let interval = |entity: &Entity<'_>| {
            let start = entity.start.unwrap_or(f64::NAN);
            Interval {
                start,
                end: entity.end.unwrap_or(self.now),
                parent: entity.parent,
                is_remote: entity.is_segment,
            }
        };
        let intervals: Vec<Interval> = self.entities.iter().map(interval).collect();
        let rank = |&root: &usize| {
            let seconds = intervals[root].end - intervals[root].start;
            (!self.entities[root].is_orphan(), seconds)
        };
        let timed = self
            .roots
            .iter()
            .copied()
            .filter(|&root| intervals[root].start.is_finite());
        let main = timed.max_by(|a, b| {
            let ((a_whole, a_seconds), (b_whole, b_seconds)) = (rank(a), rank(b));
            // Of equals the first.
            let order = a_whole.cmp(&b_whole).then(a_seconds.total_cmp(&b_seconds));
            order.then(b.cmp(a))
        });
        main.map_or_else(Vec::new, |root| critical_path(&intervals, root))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trace_went_as_its_root_did() {
        let root = |flag: &str| json!({"id": "a", "name": "a", "start_time": 2, "end_time": 3, flag: true});
        let orphan = |flag: &str| json!({"id": "b", "name": "b", "start_time": 1, "end_time": 3, "parent_id": "f", flag: true});
        let lost = json!({"id": "c", "name": "c", "start_time": 1, "end_time": 3, "parent_id": "f",
            "type": "subsegment", "fault": true});
        let running =
            json!({"id": "d", "name": "d", "start_time": 1, "in_progress": true, "parent_id": "a"});
        for (documents, status, within) in [
            (vec![root("ok")], Status::Ok, None),
            (
                vec![root("ok"), orphan("throttle")],
                Status::Ok,
                Some(Status::Throttle),
            ),
            (
                vec![orphan("fault"), root("error")],
                Status::Error,
                Some(Status::Fault),
            ),
            (vec![orphan("fault")], Status::Fault, None),
            (vec![lost], Status::Ok, Some(Status::Fault)),
            (
                vec![root("throttle"), running.clone()],
                Status::InProgress,
                None,
            ),
            (vec![root("fault"), running], Status::Fault, None),
        ] {
            let timeline = Timeline::read(&documents, 4.0);
            let told = (timeline.status(), timeline.within());
            assert_eq!(told, (status, within), "{documents:?}");
        }
    }

    #[test]
    fn an_entity_is_alone_where_no_child_is_at_work() {
        let documents = [
            json!({"id": "a", "name": "a", "start_time": 10, "end_time": 20, "subsegments": [
            {"id": "b", "name": "b", "start_time": 9, "end_time": 11},
            {"id": "c", "name": "c", "start_time": 12, "end_time": 15},
            {"id": "d", "name": "d", "start_time": 13, "end_time": 14},
            {"id": "e", "name": "e", "start_time": 18},
            {"id": "f", "name": "f", "start_time": 30, "end_time": 31}]}),
        ];
        let timeline = Timeline::read(&documents, 25.0);
        // From 11 to 12 and from 15 to 18.
        assert_eq!(timeline.self_seconds(0), Some(4.0));
        assert_eq!(timeline.self_seconds(1), Some(2.0));
    }
}
