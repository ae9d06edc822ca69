//! The summary of a trace: what a list of traces shows and searches.

use std::collections::BTreeMap;

use serde::Serialize;
use tracing_xray::{Timestamp, TraceId};

use crate::assemble::DetailedTrace;
use crate::facts::{self, AnnotationValue};
use crate::graph::{GraphBuilder, milliseconds};
use crate::outline::{Outcome, Service};

pub(crate) mod cause;

use cause::{Cause, CoverageEntry, ExceptionEntry};

/// A `TraceSummary` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TraceSummary {
    id: TraceId,
    start_time: Timestamp,
    duration: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time: Option<f64>,
    has_fault: bool,
    has_error: bool,
    has_throttle: bool,
    is_partial: bool,
    http: Http,
    annotations: BTreeMap<String, Vec<Annotation>>,
    users: Vec<User>,
    service_ids: Vec<ServiceId>,
    #[serde(rename = "ResourceARNs")]
    resource_arns: Vec<Resource>,
    instance_ids: Vec<Instance>,
    availability_zones: Vec<Zone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_point: Option<ServiceId>,
    fault_root_causes: Vec<Cause<ExceptionEntry>>,
    error_root_causes: Vec<Cause<ExceptionEntry>>,
    response_time_root_causes: Vec<Cause<CoverageEntry>>,
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_event_time: Option<Timestamp>,
}

/// A service as the API names it in a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceId {
    name: String,
    names: [String; 1],
    #[serde(skip_serializing_if = "String::is_empty")]
    account_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    r#type: String,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Http {
    #[serde(rename = "HttpURL", skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(rename = "HttpStatus", skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    #[serde(rename = "HttpMethod", skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(rename = "UserAgent", skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(rename = "ClientIp", skip_serializing_if = "Option::is_none")]
    client_ip: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Annotation {
    annotation_value: AnnotationValue<'static>,
    service_ids: Vec<ServiceId>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct User {
    user_name: String,
    service_ids: Vec<ServiceId>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Resource {
    #[serde(rename = "ARN")]
    arn: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Instance {
    #[serde(rename = "Id")]
    id: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Zone {
    #[serde(rename = "Name")]
    name: String,
}

impl From<&Service<'_>> for ServiceId {
    fn from(service: &Service<'_>) -> Self {
        Self {
            name: service.name.to_string(),
            names: [service.name.to_string()],
            account_id: service.account.to_string(),
            r#type: service.kind.to_string(),
        }
    }
}

impl TraceSummary {
    /// Summarises a trace that consists of `revision` documents sent. A trace without entities has
    /// no summary.
    pub(crate) fn new(detailed: &DetailedTrace<'_>, revision: u64) -> Option<Self> {
        let trace = &detailed.trace;
        let (start_time, end) = trace.interval()?;
        let root = trace.roots().first().copied();
        let root_facts = root.map(|root| detailed.facts(root));
        let root_outcome = root.map_or(Outcome::Ok, |root| trace.entities[root].outcome);
        let mut graph = GraphBuilder::default();
        graph.add(trace);
        let service_ids = graph.finish();
        let service_ids = service_ids.iter().map(|node| (&node.identity()).into());
        let entry_point = root.and_then(|root| trace.entities[root].service.as_ref());
        let response_time = root.and_then(|root| trace.entities[root].duration_us());
        let throttled = |index: usize| {
            trace.entities[index].outcome == Outcome::Throttle
                || detailed.facts(index).flags.throttle
        };
        let segments = Segments::of(detailed);
        Some(Self {
            id: detailed.id,
            start_time,
            duration: seconds(end.as_micros() - start_time.as_micros()),
            response_time: response_time.map(seconds),
            has_fault: root_outcome == Outcome::Fault,
            has_error: root_facts.is_some_and(|facts| facts.flags.error)
                || matches!(root_outcome, Outcome::Error | Outcome::Throttle),
            has_throttle: (0..trace.entities.len()).any(throttled),
            is_partial: trace.is_partial(),
            http: root_facts
                .map(|facts| (&facts.http).into())
                .unwrap_or_default(),
            annotations: annotations(detailed),
            users: segments.users,
            service_ids: service_ids.collect(),
            resource_arns: segments.resources,
            instance_ids: segments.instances,
            availability_zones: segments.zones,
            entry_point: entry_point.map(ServiceId::from),
            fault_root_causes: cause::failures(detailed, &[Outcome::Fault]),
            error_root_causes: cause::failures(detailed, &[Outcome::Error, Outcome::Throttle]),
            response_time_root_causes: cause::response_time(detailed).into_iter().collect(),
            revision,
            matched_event_time: None,
        })
    }

    /// The summary for a search for events at or after `start`.
    pub(crate) fn matched_since(mut self, start: Timestamp) -> Self {
        self.matched_event_time = Some(self.start_time.max(start));
        self
    }
}

/// Seconds to three decimals.
fn seconds(micros: u64) -> f64 {
    milliseconds(micros) as f64 / 1000.0
}

impl From<&facts::Http<'_>> for Http {
    fn from(http: &facts::Http<'_>) -> Self {
        let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
        Self {
            url: owned(&http.url),
            status: http.status,
            method: owned(&http.method),
            user_agent: owned(&http.user_agent),
            client_ip: owned(&http.client_ip),
        }
    }
}

/// What the segments of a trace tell about users and places.
#[derive(Default)]
struct Segments {
    users: Vec<User>,
    resources: Vec<Resource>,
    instances: Vec<Instance>,
    zones: Vec<Zone>,
}

impl Segments {
    fn of(detailed: &DetailedTrace<'_>) -> Self {
        let mut all = Self::default();
        for index in detailed.trace.segments() {
            let facts = detailed.facts(index);
            let owned = |text: &str| text.to_owned();
            if let Some(user) = facts.user.as_deref() {
                all.add_user(user, detailed.trace.entities[index].service.as_ref());
            }
            if let Some(arn) = facts.resource_arn.as_deref().map(owned) {
                insert(&mut all.resources, Resource { arn });
            }
            if let Some(id) = facts.instance_id.as_deref().map(owned) {
                insert(&mut all.instances, Instance { id });
            }
            if let Some(name) = facts.availability_zone.as_deref().map(owned) {
                insert(&mut all.zones, Zone { name });
            }
        }
        all
    }

    fn add_user(&mut self, name: &str, service: Option<&Service<'_>>) {
        let known = self.users.iter().position(|user| user.user_name == name);
        let known = known.unwrap_or_else(|| {
            self.users.push(User {
                user_name: name.to_owned(),
                service_ids: Vec::new(),
            });
            self.users.len() - 1
        });
        let services = service.map(ServiceId::from).into_iter();
        services.for_each(|service| insert(&mut self.users[known].service_ids, service));
    }
}

/// The annotations of all segments and subsegments, with the services that set them.
fn annotations(detailed: &DetailedTrace<'_>) -> BTreeMap<String, Vec<Annotation>> {
    let trace = &detailed.trace;
    let mut order: Vec<_> = (0..trace.entities.len()).collect();
    order.sort_by_key(|&index| (trace.entities[index].start, index));
    let mut all: BTreeMap<String, Vec<Annotation>> = BTreeMap::new();
    for index in order {
        let owner = trace.owners[index].and_then(|owner| trace.entities[owner].service.as_ref());
        for (key, value) in &detailed.facts(index).annotations {
            let values = all.entry(key.to_string()).or_default();
            let known = values
                .iter()
                .position(|known| known.annotation_value == *value);
            let known = known.unwrap_or_else(|| {
                values.push(Annotation {
                    annotation_value: value.clone().into_owned(),
                    service_ids: Vec::new(),
                });
                values.len() - 1
            });
            let services = owner.map(ServiceId::from).into_iter();
            services.for_each(|service| insert(&mut values[known].service_ids, service));
        }
    }
    all
}

fn insert<T: PartialEq>(set: &mut Vec<T>, value: T) {
    if !set.contains(&value) {
        set.push(value);
    }
}
