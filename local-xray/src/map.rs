//! The service map: the services of the X-Ray API as people look at them, one node for all clients
//! and one for many resources of a kind. The terminal, the SVG and the page draw it.

use serde_json::Value;

mod fold;
mod statistics;
mod words;

pub use statistics::{Histogram, Outcome, Statistics};
pub use words::{api_duration, duration, per_minute};
pub(crate) use words::{count, nouns};

/// The nodes and the edges between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// In the order of the services, what was folded at the end.
    pub nodes: Vec<Node>,
    /// By the labels of their nodes; at most one from a node to another.
    pub edges: Vec<Edge>,
}

/// A node of the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What the map calls it; no two nodes share a label.
    pub label: String,
    /// The name alone, for where the type stands beside it.
    pub name: String,
    /// The type without `AWS::`; empty when X-Ray knows none.
    pub kind: String,
    /// The node's own view of its requests.
    pub statistics: Statistics,
    /// The services that it stands for, as X-Ray tells them from others.
    pub services: Vec<Identity>,
    /// The nodes that were folded into it; empty for any other.
    pub members: Vec<Node>,
}

/// What X-Ray tells a service from others by. What is unknown is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its type, as X-Ray writes it.
    pub kind: String,
    /// The account that it is in.
    pub account: String,
}

/// What goes from a node to another: calls, or events that it receives in traces of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The caller, by its place among the nodes.
    pub from: usize,
    /// Who is called.
    pub to: usize,
    /// Linked traces alone, no call.
    pub is_link: bool,
    /// The caller's view of the calls. A link has none: what became of its events is its receiver's to tell.
    pub statistics: Statistics,
    /// How old the events of linked traces were when the receiver began; none of calls.
    pub event_ages: Histogram,
}

impl Map {
    /// The map of the `Services` of GetServiceGraph or GetTraceGraph. Any member may be absent or of
    /// another type than the API says.
    ///
    /// All client nodes are one. More than five resources of one type under one parent are one node
    /// with the sum of their statistics.
    pub fn new(services: &[Value]) -> Self {
        fold::map(services)
    }
}

impl Node {
    /// Whether this stands for everybody who calls from outside.
    pub fn is_clients(&self) -> bool {
        self.kind == "client"
    }
}
