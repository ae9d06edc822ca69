//! A trace from its documents, in whatever order they came: which copy of an entity stands, what
//! hangs under what, and what hangs in the air.

use std::cell::OnceCell;
use std::collections::{BTreeSet, VecDeque};

use tracing_xray::{SegmentId, Timestamp, TraceId};

use crate::document::{self, Entity};
use crate::facts::{self, Facts};
use crate::infer;
use crate::outline::{self, Kind, Outline};

/// How deep subsegments may hang under each other; what hangs deeper counts as an orphan.
const DEPTH_MAX: usize = 100;

/// The entities of a trace and how they hang together. Indexes are places in `entities`.
#[derive(Debug)]
pub(crate) struct Trace<'a> {
    /// One for each id, in the order of ids.
    pub(crate) entities: Vec<Outline<'a>>,
    /// What each entity hangs under: a segment's caller, or what encloses a subsegment.
    pub(crate) parents: Vec<Option<usize>>,
    /// The segment that encloses each subsegment; a segment encloses itself, an orphan has none.
    pub(crate) owners: Vec<Option<usize>>,
    /// Whether a segment's parent is this entity.
    pub(crate) answered: Vec<bool>,
}

impl<'a> Trace<'a> {
    /// Puts the entities of a trace together.
    pub(crate) fn new(mut entities: Vec<Outline<'a>>) -> Self {
        // A complete copy stands before one in progress, and one that was sent on its own before
        // one nested in another document.
        entities.sort_by_key(|e| (e.id, e.end.is_none(), !e.is_segment(), e.nested, e.place));
        entities.dedup_by_key(|e| e.id);
        let parents = entities.iter().map(|entity| {
            let parent = entity.parent.filter(|&parent| parent != entity.id)?;
            entities.binary_search_by_key(&parent, |e| e.id).ok()
        });
        let mut parents: Vec<_> = parents.collect();
        let owners = owners(&entities, &mut parents);
        let mut answered = vec![false; entities.len()];
        for (entity, parent) in entities.iter().zip(&parents) {
            if let (true, Some(parent)) = (entity.is_segment(), *parent) {
                answered[parent] = true;
            }
        }
        Self {
            entities,
            parents,
            owners,
            answered,
        }
    }

    /// The segments that were sent, by their start.
    pub(crate) fn segments(&self) -> Vec<usize> {
        self.in_order(|index| self.entities[index].is_segment())
    }

    /// The calls that no segment answers, by their start: each stands for an inferred segment.
    pub(crate) fn unanswered_calls(&self) -> Vec<usize> {
        self.in_order(|index| self.is_unanswered_call(index))
    }

    pub(crate) fn is_unanswered_call(&self, index: usize) -> bool {
        self.entities[index].kind == Kind::Call && !self.answered[index]
    }

    /// The subsegments whose parent is not there, by their start.
    pub(crate) fn orphans(&self) -> Vec<usize> {
        self.in_order(|index| self.is_orphan(index) && !self.entities[index].is_segment())
    }

    /// The segments that nothing calls. Where every segment names a caller, the earliest whose
    /// caller is not there stands for them.
    pub(crate) fn roots(&self) -> Vec<usize> {
        let segments = self.segments();
        let is_root = |&index: &usize| self.entities[index].parent.is_none();
        let roots: Vec<_> = segments.iter().copied().filter(is_root).collect();
        if !roots.is_empty() {
            return roots;
        }
        let orphan = segments.into_iter().find(|&index| self.is_orphan(index));
        orphan.into_iter().collect()
    }

    /// The first of the roots, without making them all.
    pub(crate) fn root(&self) -> Option<usize> {
        let segments = self.entities.iter().enumerate().filter(|(index, entity)| {
            entity.is_segment() && (entity.parent.is_none() || self.parents[*index].is_none())
        });
        let first = segments.min_by_key(|(_, entity)| (entity.parent.is_some(), entity.start));
        first.map(|(index, _)| index)
    }

    /// Whether something is in progress, or a subsegment's segment is missing. A segment whose caller
    /// is not here may well have a caller that sends elsewhere, or nothing.
    pub(crate) fn is_partial(&self) -> bool {
        self.entities.iter().enumerate().any(|(index, entity)| {
            entity.end.is_none() || (!entity.is_segment() && self.is_orphan(index))
        })
    }

    /// The first start and the last end.
    pub(crate) fn interval(&self) -> Option<(Timestamp, Timestamp)> {
        let start = self.entities.iter().map(|entity| entity.start).min()?;
        let end = self.entities.iter().map(Outline::last_seen).max()?;
        Some((start, end.max(start)))
    }

    fn is_orphan(&self, index: usize) -> bool {
        let expects_parent =
            !self.entities[index].is_segment() || self.entities[index].parent.is_some();
        expects_parent && self.parents[index].is_none()
    }

    fn in_order(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut kept: Vec<_> = (0..self.entities.len()).filter(|&i| keep(i)).collect();
        kept.sort_by_key(|&index| (self.entities[index].start, index));
        kept
    }
}

/// The owner of each entity. Cuts a subsegment from its parent where they go in a circle or too
/// deep.
fn owners(entities: &[Outline<'_>], parents: &mut [Option<usize>]) -> Vec<Option<usize>> {
    #[derive(Clone, Copy)]
    enum Walk {
        Unknown,
        Underway,
        Known { owner: Option<usize>, depth: usize },
    }
    let mut walks = vec![Walk::Unknown; entities.len()];
    let mut path: Vec<usize> = Vec::new();
    for index in 0..entities.len() {
        let mut next = Some(index);
        let (mut owner, mut depth) = loop {
            let Some(at) = next else { break (None, 0) };
            match walks[at] {
                Walk::Known { owner, depth } => break (owner, depth + 1),
                Walk::Underway => {
                    // The last on the path closes the circle.
                    if let Some(&last) = path.last() {
                        parents[last] = None;
                    }
                    break (None, 0);
                }
                Walk::Unknown if entities[at].is_segment() => {
                    walks[at] = Walk::Known {
                        owner: Some(at),
                        depth: 0,
                    };
                    break (Some(at), 1);
                }
                Walk::Unknown => {
                    walks[at] = Walk::Underway;
                    path.push(at);
                    next = parents[at];
                }
            }
        };
        while let Some(at) = path.pop() {
            if depth > DEPTH_MAX {
                parents[at] = None;
                (owner, depth) = (None, 0);
            }
            walks[at] = Walk::Known { owner, depth };
            depth += 1;
        }
    }
    let owner = |walk| match walk {
        Walk::Known { owner, .. } => owner,
        Walk::Unknown | Walk::Underway => None,
    };
    walks.into_iter().map(owner).collect()
}

/// A trace with the facts of its entities: what filters and summaries look at.
#[derive(Debug)]
pub(crate) struct DetailedTrace<'a> {
    pub(crate) id: TraceId,
    pub(crate) trace: Trace<'a>,
    /// As they are stored: who asks for none decodes none.
    encoded: &'a [u8],
    /// By `Outline::place`.
    decoded: OnceCell<Vec<Facts<'a>>>,
}

impl<'a> DetailedTrace<'a> {
    /// Puts a trace together from encoded outlines and facts, those of the same documents in the
    /// same order.
    pub(crate) fn decode(id: TraceId, outlines: &'a [u8], facts: &'a [u8]) -> Self {
        let mut entities = Vec::new();
        outline::decode(outlines, &mut entities);
        Self {
            id,
            trace: Trace::new(entities),
            encoded: facts,
            decoded: OnceCell::new(),
        }
    }

    /// What an entity of `trace` tells.
    pub(crate) fn facts(&self, entity: usize) -> &Facts<'a> {
        let decoded = self.decoded.get_or_init(|| {
            let mut decoded = Vec::new();
            facts::decode(self.encoded, &mut decoded);
            decoded
        });
        let place = self.trace.entities[entity].place;
        // Bytes that nobody here wrote may hold too few.
        decoded.get(place).unwrap_or(&NO_FACTS)
    }
}

static NO_FACTS: Facts<'static> = Facts::NONE;

#[cfg(test)]
impl DetailedTrace<'static> {
    /// Of documents that stay for the rest of the test.
    pub(crate) fn of_documents(id: TraceId, documents: &[serde_json::Value]) -> Self {
        let (mut outlines, mut facts) = (Vec::new(), Vec::new());
        for document in documents {
            let text = document.to_string();
            let entity = Entity::parse(&text).unwrap();
            for (outline, told) in outline::of_document(&entity) {
                outline::encode(&outline, &mut outlines);
                facts::encode(&told, &mut facts);
            }
        }
        Self::decode(id, outlines.leak(), facts.leak())
    }
}

/// A trace with the documents it was made of.
#[derive(Debug)]
pub(crate) struct Documents<'d> {
    pub(crate) trace_id: TraceId,
    pub(crate) trace: Trace<'d>,
    sources: Vec<&'d Entity<'d>>,
}

impl<'d> Documents<'d> {
    /// Puts parsed documents together.
    pub(crate) fn new(trace_id: TraceId, documents: &'d [Entity<'d>]) -> Self {
        let mut sources = Vec::new();
        let mut outlines = Vec::new();
        for document in documents {
            let first = sources.len();
            document.walk(&mut |entity, _| sources.push(entity));
            outlines.extend(
                outline::of_document(document)
                    .into_iter()
                    .map(|(mut o, _)| {
                        o.place += first;
                        o
                    }),
            );
        }
        Self {
            trace_id,
            trace: Trace::new(outlines),
            sources,
        }
    }

    /// The members of an entity as they were sent.
    pub(crate) fn fields(&self, index: usize) -> &document::Fields<'d> {
        &self.sources[self.trace.entities[index].place].fields
    }

    /// The trace's segments, whole: those sent, then orphaned subsegments and those that would make
    /// a document too deep, then inferred ones.
    pub(crate) fn segments(&self) -> Vec<(SegmentId, String)> {
        let children = self.subsegments();
        let entities = &self.trace.entities;
        let mut tops = self.trace.segments();
        tops.extend(self.trace.orphans());
        let mut tops = VecDeque::from(tops);
        let mut whole = Vec::with_capacity(tops.len());
        while let Some(index) = tops.pop_front() {
            let mut document = String::new();
            self.write(index, 1, &children, &mut document, &mut tops);
            whole.push((entities[index].id, document));
        }
        let taken: BTreeSet<_> = entities.iter().map(|entity| entity.id).collect();
        let inferred = self.trace.unanswered_calls().into_iter().map(|index| {
            let id = infer::inferred_id(entities[index].id, &taken);
            let call = self.sources[entities[index].place];
            (id, infer::inferred_document(self.trace_id, id, call))
        });
        whole.extend(inferred);
        whole
    }

    /// The subsegments under each entity: as they were sent where all came with it, else by their
    /// start.
    fn subsegments(&self) -> Vec<Vec<usize>> {
        let entities = &self.trace.entities;
        let mut children = vec![Vec::new(); entities.len()];
        for index in self.trace.in_order(|index| !entities[index].is_segment()) {
            if let Some(parent) = self.trace.parents[index] {
                children[parent].push(index);
            }
        }
        for children in &mut children {
            if children.iter().all(|&child| entities[child].nested) {
                children.sort_by_key(|&child| entities[child].place);
            }
        }
        children
    }

    /// Writes an entity, whose object is at a level of the document, as it was sent but strict, with
    /// the subsegments that belong under it by now; those too deep for that are left to documents
    /// of their own.
    fn write(
        &self,
        index: usize,
        level: usize,
        children: &[Vec<usize>],
        out: &mut String,
        left: &mut VecDeque<usize>,
    ) {
        out.push('{');
        for (name, value) in self.fields(index).iter() {
            if !out.ends_with('{') {
                out.push(',');
            }
            out.push_str(&serde_json::Value::from(name).to_string());
            out.push(':');
            document::push_strict(value.get(), out);
        }
        // Subsegments are objects in an array.
        let below = level + 2;
        let fits = |child: usize| {
            let levels = document::LEVELS_MAX.checked_sub(below);
            levels.is_some_and(|levels| !self.fields(child).is_deeper(levels))
        };
        let (within, deep): (Vec<usize>, Vec<_>) = children[index]
            .iter()
            .copied()
            .partition(|&child| fits(child));
        left.extend(deep);
        if !within.is_empty() {
            out.push_str(",\"subsegments\":[");
            for (count, child) in within.into_iter().enumerate() {
                if count > 0 {
                    out.push(',');
                }
                self.write(child, below, children, out, left);
            }
            out.push(']');
        }
        out.push('}');
    }
}
