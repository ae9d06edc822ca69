//! The service graph: one node for each service that a set of traces names, with the edges between
//! them.
//!
//! A node's statistics are the service's own view, its segments; an edge's are the caller's view,
//! its subsegments. Only completed requests count.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tracing_xray::{SegmentId, Timestamp, TraceId};

use crate::assemble::Trace;
use crate::outline::{Outline, Service};

mod links;
mod series;
mod statistics;

use links::{LinkEdge, Links};
pub(crate) use series::TimeSeries;
pub use series::{TimePoint, TimeSeriesQuery};

pub(crate) use statistics::milliseconds;
use statistics::{HistogramEntry, Latencies, Requests, Statistics};

/// Adds traces up to a graph.
#[derive(Default)]
pub(crate) struct GraphBuilder {
    nodes: Vec<Node>,
    by_service: HashMap<Vec<u8>, usize>,
    edges: HashMap<(usize, usize), Requests>,
    links: Links,
    /// Scratch space for a key of `by_service`.
    key: Vec<u8>,
}

/// What is known of an edge.
enum EdgeView {
    Call(Requests),
    Link(LinkEdge),
}

#[derive(Default)]
struct Node {
    service: Service<'static>,
    interval: Option<(Timestamp, Timestamp)>,
    /// Sent segments itself, rather than being named by others.
    active: bool,
    root: bool,
    requests: Requests,
    durations: Latencies,
}

impl GraphBuilder {
    /// Adds a trace. Nodes are numbered in the order in which they first appear.
    pub(crate) fn add(&mut self, trace: &Trace<'_>) {
        let segments = trace.segments();
        let calls = trace.unanswered_calls();
        let last_ends = last_ends(trace);
        let mut nodes = vec![None; trace.entities.len()];
        for &index in segments.iter().chain(&calls) {
            let entity = &trace.entities[index];
            let Some(service) = &entity.service else {
                continue;
            };
            let id = self.node(service, entity);
            let node = &mut self.nodes[id];
            node.active |= entity.is_segment();
            node.requests.add(entity);
            if entity.end.is_some() {
                let whole = last_ends[index].as_micros();
                let start = entity.start.as_micros();
                node.durations.add(whole.saturating_sub(start));
            }
            nodes[index] = Some(id);
        }
        self.add_edges(trace, &nodes);
        self.add_links(trace, &nodes);
        for root in trace.roots() {
            self.add_client(&trace.entities[root], nodes[root]);
        }
    }

    fn add_edges(&mut self, trace: &Trace<'_>, nodes: &[Option<usize>]) {
        let mut views = Vec::new();
        for (index, entity) in trace.entities.iter().enumerate() {
            let Some(target) = nodes[index] else { continue };
            let (caller, view) = match (entity.is_segment(), trace.parents[index]) {
                (true, None) => continue,
                // A call between two segments has no subsegment: the callee's view stands in.
                (true, Some(parent)) if trace.entities[parent].is_segment() => (parent, index),
                (true, Some(parent)) => (parent, parent),
                (false, _) => (index, index),
            };
            let source = trace.owners[caller].and_then(|owner| nodes[owner]);
            views.extend(source.map(|source| (view, source, target)));
        }
        // A call that several segments of one service answer counts once.
        views.sort_unstable();
        views.dedup();
        for (view, source, target) in views {
            let edge = self.edges.entry((source, target)).or_default();
            edge.add(&trace.entities[view]);
        }
    }

    fn add_links(&mut self, trace: &Trace<'_>, nodes: &[Option<usize>]) {
        for (index, entity) in trace.entities.iter().enumerate() {
            let node = trace.owners[index].and_then(|owner| nodes[owner]);
            if let Some(node) = node.filter(|_| !entity.links.is_empty()) {
                self.links.add(node, entity);
            }
        }
    }

    /// The segments of other traces that those added link to.
    pub(crate) fn linked(&self) -> Vec<(TraceId, SegmentId)> {
        self.links.targets()
    }

    /// Tells of a segment that is linked to. Both ends of a link are services of the graph; a
    /// service that links to itself draws no edge.
    pub(crate) fn link(&mut self, trace_id: TraceId, linked: &Outline<'_>) {
        let node = linked
            .service
            .as_ref()
            .and_then(|service| self.known(service));
        if let Some(node) = node {
            self.links.resolve(trace_id, linked, node);
        }
    }

    /// Whoever called the root: a node of its own, named after the root.
    fn add_client(&mut self, root: &Outline<'_>, node: Option<usize>) {
        let (Some(node), Some(service)) = (node, &root.service) else {
            return;
        };
        self.nodes[node].root = true;
        let client = Service {
            name: service.name.clone(),
            kind: "client".into(),
            account: "".into(),
        };
        let client = self.node(&client, root);
        self.edges.entry((client, node)).or_default().add(root);
    }

    fn node(&mut self, service: &Service<'_>, seen: &Outline<'_>) -> usize {
        let id = match self.known(service) {
            Some(id) => id,
            None => {
                self.by_service.insert(self.key.clone(), self.nodes.len());
                self.nodes.push(Node {
                    service: owned(service),
                    ..Node::default()
                });
                self.nodes.len() - 1
            }
        };
        let node = &mut self.nodes[id];
        let (start, end) = (seen.start, seen.last_seen().max(seen.start));
        node.interval = Some(match node.interval {
            Some((first, last)) => (first.min(start), last.max(end)),
            None => (start, end),
        });
        id
    }

    /// The node of a service, if it has one. Leaves its key in `self.key`.
    fn known(&mut self, service: &Service<'_>) -> Option<usize> {
        self.key.clear();
        for part in [&service.name, &service.kind, &service.account] {
            self.key.extend(part.as_bytes());
            self.key.push(0xff); // stands in no UTF-8
        }
        self.by_service.get(&self.key).copied()
    }

    /// The graph of all traces added.
    pub(crate) fn finish(mut self) -> Vec<ServiceNode> {
        let folded = self.fold_accounts();
        let mut edges: BTreeMap<usize, Vec<(usize, EdgeView)>> = BTreeMap::new();
        let mut merged: BTreeMap<(usize, usize), Requests> = BTreeMap::new();
        for ((source, target), requests) in self.edges {
            let edge = merged.entry((folded[source], folded[target]));
            edge.or_default().merge(requests);
        }
        for ((source, target), requests) in merged {
            let edge = (target, EdgeView::Call(requests));
            edges.entry(source).or_default().push(edge);
        }
        for ((source, target), link) in self.links.edges(&folded) {
            let edge = (target, EdgeView::Link(link));
            edges.entry(source).or_default().push(edge);
        }
        let mut kept: Vec<_> = (0..self.nodes.len()).filter(|&i| folded[i] == i).collect();
        kept.sort_unstable();
        let reference = |node: usize| kept.binary_search(&node).unwrap_or(node);
        let mut nodes = std::mem::take(&mut self.nodes);
        let service = |&id: &usize| {
            let node = std::mem::take(&mut nodes[id]);
            let edges = edges.remove(&id).unwrap_or_default().into_iter();
            let edges = edges.map(|(target, view)| (reference(target), view));
            ServiceNode::new(reference(id), node, edges.collect())
        };
        kept.iter().map(service).collect()
    }

    /// What each node counts as: a service whose account is unknown is the one of that name and
    /// type whose account is known, where there is but one.
    fn fold_accounts(&mut self) -> Vec<usize> {
        let mut alike: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (id, node) in self.nodes.iter().enumerate() {
            let service = &node.service;
            let alike = alike.entry((&service.name, &service.kind));
            alike.or_default().push(id);
        }
        let pairs: Vec<[usize; 2]> = alike
            .into_values()
            .filter_map(|ids| ids.try_into().ok())
            .collect();
        let mut folded: Vec<_> = (0..self.nodes.len()).collect();
        for [first, second] in pairs {
            let accounts = [first, second].map(|id| self.nodes[id].service.account.is_empty());
            if accounts == [false, false] {
                continue;
            }
            let later = std::mem::take(&mut self.nodes[second]);
            self.nodes[first].merge(later);
            folded[second] = first;
        }
        folded
    }
}

impl Node {
    fn merge(&mut self, other: Self) {
        if self.service.account.is_empty() {
            self.service.account = other.service.account;
        }
        self.interval = match (self.interval, other.interval) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, another) => one.or(another),
        };
        self.active |= other.active;
        self.root |= other.root;
        self.requests.merge(other.requests);
        self.durations.merge(other.durations);
    }
}

/// The end of each segment with all subsegments under it, for places that hold a segment or call.
fn last_ends(trace: &Trace<'_>) -> Vec<Timestamp> {
    let mut ends: Vec<_> = trace.entities.iter().map(Outline::last_seen).collect();
    for (index, owner) in trace.owners.iter().enumerate() {
        if let Some(owner) = *owner {
            ends[owner] = ends[owner].max(trace.entities[index].last_seen());
        }
    }
    ends
}

fn owned(service: &Service<'_>) -> Service<'static> {
    Service {
        name: service.name.clone().into_owned().into(),
        kind: service.kind.clone().into_owned().into(),
        account: service.account.clone().into_owned().into(),
    }
}

/// A node of the graph, a `Service` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceNode {
    reference_id: usize,
    name: String,
    names: [String; 1],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    root: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    account_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    r#type: String,
    state: &'static str,
    start_time: u64,
    end_time: u64,
    edges: Vec<Edge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_statistics: Option<Statistics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_histogram: Option<Vec<HistogramEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time_histogram: Option<Vec<HistogramEntry>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Edge {
    reference_id: usize,
    start_time: u64,
    end_time: u64,
    summary_statistics: Statistics,
    response_time_histogram: Vec<HistogramEntry>,
    aliases: [(); 0],
    /// Absent for calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_event_age_histogram: Option<Vec<HistogramEntry>>,
}

impl Edge {
    fn new(reference_id: usize, view: EdgeView, start_time: u64, end_time: u64) -> Self {
        let (requests, ages) = match view {
            EdgeView::Call(requests) => (requests, None),
            EdgeView::Link(link) => (link.received, Some(link.ages.histogram())),
        };
        Self {
            reference_id,
            start_time,
            end_time,
            summary_statistics: requests.statistics(),
            response_time_histogram: requests.into_histogram(),
            aliases: [],
            edge_type: ages.as_ref().map(|_| "link"),
            received_event_age_histogram: ages,
        }
    }
}

impl ServiceNode {
    fn new(reference_id: usize, node: Node, edges: Vec<(usize, EdgeView)>) -> Self {
        let (start, end) = node.interval.unwrap_or_default();
        let (start_time, end_time) = (start.as_secs(), end.as_secs());
        let edge = |(reference_id, view)| Edge::new(reference_id, view, start_time, end_time);
        let mut edges: Vec<_> = edges.into_iter().map(edge).collect();
        edges.sort_by_key(|edge| (edge.reference_id, edge.edge_type));
        let service = node.service;
        let is_client = service.kind == "client";
        Self {
            reference_id,
            names: [service.name.to_string()],
            name: service.name.into_owned(),
            root: node.root,
            account_id: service.account.into_owned(),
            r#type: service.kind.into_owned(),
            state: if node.active { "active" } else { "unknown" },
            start_time,
            end_time,
            edges,
            summary_statistics: (!is_client).then(|| node.requests.statistics()),
            duration_histogram: (!is_client).then(|| node.durations.histogram()),
            response_time_histogram: (!is_client).then(|| node.requests.into_histogram()),
        }
    }

    /// The service's identity, as it stands in a trace summary.
    pub(crate) fn identity(&self) -> Service<'_> {
        Service {
            name: self.name.as_str().into(),
            kind: self.r#type.as_str().into(),
            account: self.account_id.as_str().into(),
        }
    }
}
