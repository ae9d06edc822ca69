//! A document that is too large for a datagram, in parts that are not.
//!
//! From the leaves up, each subsegment first gets small enough to travel alone: while it is too
//! large, the largest of the subtrees in it leaves as a document of its own. What is too large with
//! nothing in it is trimmed. Nothing but what is trimmed is lost: X-Ray puts the tree together by
//! the ids.

use serde_json::Value;

use super::trim::trim;
use super::{Document, encoded_len};
use crate::id::{SegmentId, TraceId};
use crate::segment::Subsegment;

/// What a subsegment that travels alone says of itself beside what stands in its segment: its type,
/// trace and parent.
const APART_LEN: usize = 100;

/// What a list of subsegments takes up beside its items and the commas between them.
const LIST_LEN: usize = r#","subsegments":[]"#.len();

/// The parts of a document, none of which has more than `len_max` bytes of JSON, but for one that
/// is too large with all trimmed that can be.
pub(crate) fn split(document: Document, len_max: usize) -> Vec<Document> {
    let parts = |trace_id| Parts {
        trace_id,
        len_max,
        documents: Vec::new(),
    };
    match document {
        Document::Segment(mut segment) => {
            let mut parts = parts(segment.trace_id);
            let subsegments = std::mem::take(&mut segment.entity.subsegments);
            let own_len = encoded_len(&*segment);
            let room = len_max.saturating_sub(own_len);
            (segment.entity.subsegments, _) = parts.settle(subsegments, segment.entity.id, room);
            parts.push(Document::Segment(segment), own_len);
            parts.documents
        }
        Document::Subsegment {
            trace_id,
            parent_id,
            subsegment,
        } => {
            let mut parts = parts(trace_id);
            if let Some(fitting) = parts.fit(*subsegment, parent_id) {
                parts.leave(fitting.subsegment, parent_id);
            }
            parts.documents
        }
        trimmed @ Document::Trimmed(_) => vec![trimmed],
    }
}

struct Parts {
    trace_id: TraceId,
    len_max: usize,
    documents: Vec<Document>,
}

/// A subsegment that is small enough to travel alone.
struct Fitting {
    subsegment: Subsegment,
    /// Its bytes where it stands in another.
    len: usize,
}

impl Parts {
    /// Makes a subsegment small enough to travel alone. `None` when it had to be trimmed, and left.
    fn fit(&mut self, mut subsegment: Subsegment, parent_id: SegmentId) -> Option<Fitting> {
        let beneath = std::mem::take(&mut subsegment.entity.subsegments);
        let own_len = encoded_len(&subsegment);
        let room = self.len_max.saturating_sub(own_len + APART_LEN);
        let (kept, kept_len) = self.settle(beneath, subsegment.entity.id, room);
        subsegment.entity.subsegments = kept;
        if own_len + APART_LEN > self.len_max {
            let document = self.apart(subsegment, parent_id);
            self.push(document, own_len + APART_LEN);
            return None;
        }
        Some(Fitting {
            subsegment,
            len: own_len + kept_len,
        })
    }

    /// Leaves in a parent what there is room for: the largest subtrees leave. Answers what stays,
    /// and the bytes that it takes up.
    fn settle(
        &mut self,
        subsegments: Vec<Subsegment>,
        parent_id: SegmentId,
        room: usize,
    ) -> (Vec<Subsegment>, usize) {
        let mut fitting: Vec<Option<Fitting>> = subsegments
            .into_iter()
            .filter_map(|subsegment| self.fit(subsegment, parent_id))
            .map(Some)
            .collect();
        // With a comma after each.
        let len_of = |fitting: &Option<Fitting>| fitting.as_ref().map_or(0, |it| it.len + 1);
        let mut len: usize = fitting.iter().map(len_of).sum();
        let mut by_len: Vec<usize> = (0..fitting.len()).collect();
        by_len.sort_by_key(|&index| len_of(&fitting[index]));
        while len > 0 && LIST_LEN + len - 1 > room {
            let Some(index) = by_len.pop() else { break };
            len -= len_of(&fitting[index]);
            if let Some(largest) = fitting[index].take() {
                self.leave(largest.subsegment, parent_id);
            }
        }
        let list_len = if len > 0 { LIST_LEN + len - 1 } else { 0 };
        let kept = fitting.into_iter().flatten().map(|it| it.subsegment);
        (kept.collect(), list_len)
    }

    fn leave(&mut self, subsegment: Subsegment, parent_id: SegmentId) {
        let document = self.apart(subsegment, parent_id);
        self.documents.push(document);
    }

    fn apart(&self, subsegment: Subsegment, parent_id: SegmentId) -> Document {
        Document::Subsegment {
            trace_id: self.trace_id,
            parent_id,
            subsegment: Box::new(subsegment),
        }
    }

    /// Adds a part, trimmed when what is its own is too large.
    fn push(&mut self, document: Document, own_len: usize) {
        let json = if own_len > self.len_max {
            serde_json::to_value(&document).ok()
        } else {
            None
        };
        self.documents.push(match json {
            Some(Value::Object(json)) => Document::Trimmed(Box::new(trim(json, self.len_max))),
            _ => document,
        });
    }
}

#[cfg(test)]
mod tests;
