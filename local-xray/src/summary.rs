//! The summary of a trace: what a list of traces shows and searches.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use tracing_xray::{Timestamp, TraceId};

use crate::assemble::DetailedTrace;
use crate::facts::{self, AnnotationValue};
use crate::graph::{GraphBuilder, milliseconds};
use crate::outline::{Outcome, Service};

pub(crate) mod cause;

use cause::{Cause, CoverageEntry, ExceptionEntry};

/// How many keys of annotations a summary lists, those set first: what X-Ray indexes of a trace.
/// Filters find all.
const ANNOTATIONS_MAX: usize = 50;

/// How many different values of a key a summary lists, those set first. Filters find all.
const ANNOTATION_VALUES_MAX: usize = 1000;

/// How many bytes of text a summary spends on who set its annotations: each value of an annotation
/// names its services in full, so a service with a long name and many annotations would be told over
/// and over. Once they are spent, further services are left out.
const ANNOTATION_SERVICES_BYTES_MAX: usize = 1 << 20;

/// A `TraceSummary` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TraceSummary {
    pub(crate) id: TraceId,
    pub(crate) start_time: Timestamp,
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
#[derive(Clone, Debug, Serialize)]
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

#[derive(Clone, Debug, Serialize)]
struct Resource {
    #[serde(rename = "ARN")]
    arn: String,
}

#[derive(Clone, Debug, Serialize)]
struct Instance {
    #[serde(rename = "Id")]
    id: String,
}

#[derive(Clone, Debug, Serialize)]
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

/// What the segments of a trace tell about users and places, in the order of the segments.
struct Segments {
    users: Vec<User>,
    resources: Vec<Resource>,
    instances: Vec<Instance>,
    zones: Vec<Zone>,
}

impl Segments {
    fn of(detailed: &DetailedTrace<'_>) -> Self {
        let segments = detailed.trace.segments();
        let facts = || segments.iter().map(|&index| detailed.facts(index));
        let resources = distinct(facts().filter_map(|facts| facts.resource_arn.as_deref()));
        let instances = distinct(facts().filter_map(|facts| facts.instance_id.as_deref()));
        let zones = distinct(facts().filter_map(|facts| facts.availability_zone.as_deref()));
        Self {
            users: users(detailed, &segments),
            resources: resources.map(|arn| Resource { arn }).collect(),
            instances: instances.map(|id| Instance { id }).collect(),
            zones: zones.map(|name| Zone { name }).collect(),
        }
    }
}

/// Each text once, in the order of first appearance.
fn distinct<'t>(texts: impl Iterator<Item = &'t str>) -> impl Iterator<Item = String> {
    let mut known = HashSet::new();
    texts
        .filter(move |text| known.insert(*text))
        .map(str::to_owned)
}

fn users(detailed: &DetailedTrace<'_>, segments: &[usize]) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    let (mut known, mut services) = (HashMap::new(), HashSet::new());
    for &index in segments {
        let Some(name) = detailed.facts(index).user.as_deref() else {
            continue;
        };
        let user = *known.entry(name).or_insert_with(|| {
            users.push(User {
                user_name: name.to_owned(),
                service_ids: Vec::new(),
            });
            users.len() - 1
        });
        let service = detailed.trace.entities[index].service.as_ref();
        if let Some(service) = service.filter(|service| services.insert((user, *service))) {
            users[user].service_ids.push(service.into());
        }
    }
    users
}

/// The annotations of all segments and subsegments, with the services that set them.
fn annotations(detailed: &DetailedTrace<'_>) -> BTreeMap<String, Vec<Annotation>> {
    let trace = &detailed.trace;
    let mut order: Vec<_> = (0..trace.entities.len()).collect();
    order.sort_by_key(|&index| (trace.entities[index].start, index));
    // Of each key its values, each with its place among them.
    let mut keys: HashMap<&str, HashMap<ValueKey<'_>, usize>> = HashMap::new();
    let mut services = HashSet::new();
    let mut services_bytes = 0;
    let mut all: BTreeMap<&str, Vec<Annotation>> = BTreeMap::new();
    for index in order {
        let owner = trace.owners[index].and_then(|owner| trace.entities[owner].service.as_ref());
        for (key, value) in &detailed.facts(index).annotations {
            let key = key.as_ref();
            if keys.len() == ANNOTATIONS_MAX && !keys.contains_key(key) {
                continue;
            }
            let places = keys.entry(key).or_default();
            let value_key = ValueKey::of(value);
            if places.len() == ANNOTATION_VALUES_MAX && !places.contains_key(&value_key) {
                continue;
            }
            let values = all.entry(key).or_default();
            let place = *places.entry(value_key).or_insert_with(|| {
                values.push(Annotation {
                    annotation_value: value.clone().into_owned(),
                    service_ids: Vec::new(),
                });
                values.len() - 1
            });
            let owner = owner.filter(|_| services_bytes < ANNOTATION_SERVICES_BYTES_MAX);
            if let Some(service) = owner.filter(|owner| services.insert((key, place, *owner))) {
                services_bytes += service.text_len();
                values[place].service_ids.push(service.into());
            }
        }
    }
    let all = all.into_iter();
    all.map(|(key, values)| (key.to_owned(), values)).collect()
}

/// A value of an annotation as a key of maps. Those of different types differ.
#[derive(PartialEq, Eq, Hash)]
enum ValueKey<'v> {
    Text(&'v str),
    Number(u64),
    Boolean(bool),
}

impl<'v> ValueKey<'v> {
    fn of(value: &'v AnnotationValue<'_>) -> Self {
        match value {
            AnnotationValue::Text(text) => Self::Text(text),
            // The sum makes -0 and 0 the same.
            AnnotationValue::Number(number) => Self::Number((number + 0.0).to_bits()),
            AnnotationValue::Boolean(boolean) => Self::Boolean(*boolean),
        }
    }
}

#[cfg(test)]
mod tests;
