//! Links between traces as edges of the graph: from the service that sent an event to the one that
//! received it.

use std::collections::{BTreeMap, HashMap};

use tracing_xray::{SegmentId, Timestamp, TraceId};

use super::statistics::{Latencies, Requests};
use crate::outline::{LINKS_MAX, Outcome, Outline};

/// The links of the traces added, by the segment that they name.
#[derive(Default)]
pub(super) struct Links {
    unresolved: HashMap<(TraceId, SegmentId), Vec<Link>>,
    edges: BTreeMap<(usize, usize), LinkEdge>,
}

struct Link {
    node: usize,
    to_parent: bool,
    /// The entity that has the link.
    entity: End,
}

/// What an edge needs of the entity at one of its ends: little, since an entity may have many.
#[derive(Clone, Copy)]
struct End {
    start: Timestamp,
    last_seen: Timestamp,
    /// Absent while in progress.
    duration_us: Option<u64>,
    outcome: Outcome,
}

impl From<&Outline<'_>> for End {
    fn from(entity: &Outline<'_>) -> Self {
        Self {
            start: entity.start,
            last_seen: entity.last_seen(),
            duration_us: entity.duration_us(),
            outcome: entity.outcome,
        }
    }
}

/// What went over an edge.
#[derive(Default)]
pub(super) struct LinkEdge {
    /// What the receiver did about it.
    pub(super) received: Requests,
    /// From the end of the sender, as far as it ended before, to the start of the receiver.
    pub(super) ages: Latencies,
}

impl Links {
    /// Notes the links of an entity that belongs to a node, at most twenty.
    pub(super) fn add(&mut self, node: usize, entity: &Outline<'_>) {
        for link in entity.links.iter().take(LINKS_MAX) {
            let links = self.unresolved.entry((link.trace_id, link.id)).or_default();
            links.push(Link {
                node,
                to_parent: link.to_parent,
                entity: entity.into(),
            });
        }
    }

    /// The segments that are linked to, in order.
    pub(super) fn targets(&self) -> Vec<(TraceId, SegmentId)> {
        let mut targets: Vec<_> = self.unresolved.keys().copied().collect();
        targets.sort_unstable();
        targets
    }

    /// Draws the edges of all links to a segment that belongs to a node.
    pub(super) fn resolve(&mut self, trace_id: TraceId, linked: &Outline<'_>, node: usize) {
        let links = self.unresolved.remove(&(trace_id, linked.id));
        let linked = End::from(linked);
        for link in links.into_iter().flatten() {
            let (from, sender, to, receiver) = if link.to_parent {
                (node, linked, link.node, link.entity)
            } else {
                (link.node, link.entity, node, linked)
            };
            let edge = self.edges.entry((from, to)).or_default();
            if let Some(duration_us) = receiver.duration_us {
                edge.received.count(receiver.outcome, duration_us);
            }
            let (sent, received) = (sender.last_seen, receiver.start);
            edge.ages
                .add(received.as_micros().saturating_sub(sent.as_micros()));
        }
    }

    /// The edges between what the nodes count as.
    pub(super) fn edges(self, folded: &[usize]) -> BTreeMap<(usize, usize), LinkEdge> {
        let mut merged: BTreeMap<_, LinkEdge> = BTreeMap::new();
        for ((from, to), edge) in self.edges {
            let (from, to) = (folded[from], folded[to]);
            // An edge of which no request is complete says nothing, nor does one in a circle.
            if from != to && !edge.received.is_empty() {
                let merged = merged.entry((from, to)).or_default();
                merged.received.merge(edge.received);
                merged.ages.merge(edge.ages);
            }
        }
        merged
    }
}
