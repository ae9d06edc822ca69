//! What a list shows of one trace.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tracing_xray::{Timestamp, TraceId};

use super::entry::{lasted, of_outcome, status};
use crate::assemble::DetailedTrace;
use crate::facts::AnnotationValue;
use crate::timeline::Status;

/// How many annotations of a trace are told.
const ANNOTATIONS_MAX: usize = 50;

/// One trace of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: TraceId,
    pub(crate) start: Timestamp,
    /// From the first start to the last end, or to now.
    pub(crate) lasted: Duration,
    /// What the root took, once it is done.
    pub(crate) response_time: Option<Duration>,
    pub(crate) status: Status,
    /// The worst that happened within, where it is worse than how the trace went.
    pub(crate) within: Option<Status>,
    /// The segment of a subsegment is missing.
    pub(crate) has_gaps: bool,
    /// The root's.
    pub(crate) service: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) http_status: Option<i64>,
    /// The first value of each key.
    pub(crate) annotations: BTreeMap<String, AnnotationValue<'static>>,
    pub(crate) segments: usize,
    pub(crate) services: usize,
}

impl Row {
    /// None of a trace without entities.
    pub(super) fn of(detailed: &DetailedTrace<'_>, now: Timestamp) -> Option<Self> {
        let trace = &detailed.trace;
        let (start, end) = trace.interval()?;
        let root = trace.root();
        let status = status(trace, root);
        let worst = trace.entities.iter().map(|entity| entity.outcome).max()?;
        let of_root = root.map_or(Status::Ok, |root| of_outcome(trace.entities[root].outcome));
        let facts = root.map(|root| detailed.facts(root));
        let http = facts.map(|facts| &facts.http);
        let service = root.and_then(|root| trace.entities[root].service.as_ref());
        let nodes = trace.segments().into_iter().chain(trace.unanswered_calls());
        let services = nodes.filter_map(|index| trace.entities[index].service.as_ref());
        let services: HashSet<&str> = services.map(|service| &*service.name).collect();
        let is_moving = trace.entities.iter().any(|entity| entity.end.is_none());
        Some(Self {
            id: detailed.id,
            start,
            lasted: lasted(status, start, end.since(start), now),
            response_time: root
                .and_then(|root| trace.entities[root].duration_us())
                .map(Duration::from_micros),
            status,
            within: Some(of_outcome(worst)).filter(|&worst| worst > of_root),
            has_gaps: trace.is_partial() && !is_moving,
            service: service.map(|service| service.name.to_string()),
            method: http.and_then(|http| http.method.as_deref().map(str::to_owned)),
            url: http.and_then(|http| http.url.as_deref().map(str::to_owned)),
            http_status: http.and_then(|http| http.status),
            annotations: annotations(detailed),
            segments: trace.segments().len(),
            services: services.len(),
        })
    }
}

fn annotations(detailed: &DetailedTrace<'_>) -> BTreeMap<String, AnnotationValue<'static>> {
    let entities = &detailed.trace.entities;
    let mut order: Vec<usize> = (0..entities.len()).collect();
    order.sort_by_key(|&index| (entities[index].start, index));
    let mut annotations = BTreeMap::new();
    for index in order {
        for (key, value) in &detailed.facts(index).annotations {
            if annotations.len() == ANNOTATIONS_MAX {
                return annotations;
            }
            if !annotations.contains_key(key.as_ref()) {
                annotations.insert(key.to_string(), value.clone().into_owned());
            }
        }
    }
    annotations
}
