//! The segments and subsegments of a trace as one tree.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::seconds;
use crate::read::{items, text};

/// How a request went, in the words of X-Ray; the later, the more it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Done, and well.
    Ok,
    /// The caller's mistake.
    Error,
    /// Refused because there were too many.
    Throttle,
    /// Not done yet.
    InProgress,
    /// The service's failure.
    Fault,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Throttle => "throttle",
            Self::InProgress => "in progress",
            Self::Fault => "fault",
        }
    }
}

/// A segment or subsegment, as far as a timeline shows it.
#[derive(Debug)]
pub struct Entity<'a> {
    /// The document, or the part of one, that it was read from.
    pub document: &'a Value,
    /// Its name; a dash if it has none.
    pub name: &'a str,
    /// The AWS operation or HTTP method.
    pub action: Option<&'a str>,
    /// What the action was for: bucket, table, queue, path, query.
    pub resource: Option<&'a str>,
    /// Its start, in seconds since the epoch.
    pub start: Option<f64>,
    /// Its end; none while in progress.
    pub end: Option<f64>,
    /// How it went.
    pub status: Status,
    /// The status of the HTTP response.
    pub http_status: Option<u64>,
    /// Whether it is a segment and no subsegment.
    pub is_segment: bool,
    /// Whether X-Ray made it up from a call, since the called service sent nothing.
    pub is_inferred: bool,
    /// The place of its parent.
    pub parent: Option<usize>,
}

/// A link to a segment of another trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link<'a> {
    /// The other trace.
    pub trace_id: &'a str,
    /// The segment in it.
    pub id: Option<&'a str>,
    /// What the other is to this one: `parent` or `child`, as far as the document says.
    pub reference: Option<&'a str>,
}

/// Entities, the places of the roots, the places of each one's children.
pub(super) type Tree<'a> = (Vec<Entity<'a>>, Vec<usize>, Vec<Vec<usize>>);

/// Where the AWS SDKs of X-Ray put the resource of a call.
const RESOURCES: [&str; 6] = [
    "bucket_name",
    "bucket",
    "table_name",
    "queue_url",
    "function_name",
    "topic_arn",
];

/// The tree of segment documents: parents known, no loops.
pub(super) fn tree(documents: &[Value]) -> Tree<'_> {
    let mut entities = Vec::new();
    let (inferred, sent): (Vec<&Value>, Vec<&Value>) = documents
        .iter()
        .filter(|document| document.is_object())
        .partition(|document| flag(document, "inferred"));
    for document in sent {
        read_nested(document, &mut entities);
    }
    let mut by_id = index(&entities);
    for document in inferred {
        let parent = text(document, "parent_id").and_then(|id| by_id.get(id).copied());
        match (parent, text(document, "id")) {
            (Some(parent), Some(id)) => drop(by_id.entry(id).or_insert(parent)),
            (Some(_), None) => {}
            // The caller has not reported yet: this is all there is of the call.
            (None, _) => read_nested(document, &mut entities),
        }
    }
    for (id, entity) in index(&entities) {
        by_id.entry(id).or_insert(entity);
    }
    hang(&mut entities, &by_id);
    grow(entities)
}

fn grow(entities: Vec<Entity<'_>>) -> Tree<'_> {
    let mut roots = Vec::new();
    let mut children = vec![Vec::new(); entities.len()];
    for (index, entity) in entities.iter().enumerate() {
        match entity.parent {
            Some(parent) => children[parent].push(index),
            None => roots.push(index),
        }
    }
    let by_start = |siblings: &mut Vec<usize>| {
        // A stable sort: equal starts keep the order of the documents.
        siblings.sort_by(|&a, &b| {
            let start = |index: usize| entities[index].start.unwrap_or(f64::INFINITY);
            start(a).total_cmp(&start(b))
        });
    };
    by_start(&mut roots);
    children.iter_mut().for_each(by_start);
    (entities, roots, children)
}

/// Adds a segment and all that nests in it.
fn read_nested<'a>(document: &'a Value, entities: &mut Vec<Entity<'a>>) {
    let mut waiting = vec![(document, None)];
    while let Some((document, parent)) = waiting.pop() {
        let index = entities.len();
        entities.push(Entity::read(document, parent));
        let nested = items(&document["subsegments"]).iter().rev();
        waiting.extend(
            nested
                .filter(|nested| nested.is_object())
                .map(|nested| (nested, Some(index))),
        );
    }
}

fn index<'a>(entities: &[Entity<'a>]) -> BTreeMap<&'a str, usize> {
    let mut by_id = BTreeMap::new();
    for (index, entity) in entities.iter().enumerate() {
        if let Some(id) = text(entity.document, "id") {
            by_id.entry(id).or_insert(index);
        }
    }
    by_id
}

/// Gives documents their parents by id, and cuts what would be a loop.
fn hang(entities: &mut [Entity<'_>], by_id: &BTreeMap<&str, usize>) {
    for entity in entities.iter_mut().filter(|entity| entity.parent.is_none()) {
        entity.parent = text(entity.document, "parent_id").and_then(|id| by_id.get(id).copied());
    }
    let mut seen_from = vec![usize::MAX; entities.len()];
    for start in 0..entities.len() {
        let mut at = start;
        while seen_from[at] == usize::MAX {
            seen_from[at] = start;
            match entities[at].parent {
                Some(parent) if seen_from[parent] == start => entities[at].parent = None,
                Some(parent) => at = parent,
                None => {}
            }
        }
    }
}

impl<'a> Entity<'a> {
    fn read(document: &'a Value, parent: Option<usize>) -> Self {
        let (aws, http) = (&document["aws"], &document["http"]);
        // As the store reads them, so that a summary and its trace agree.
        let end = match flag(document, "in_progress") {
            true => None,
            false => seconds(&document["end_time"]),
        };
        let http_status = http["response"]["status"].as_u64();
        let status = match (flagged(document), end, http_status) {
            (Status::Ok, None, _) => Status::InProgress,
            // X-Ray goes by the flags; the code speaks only when none is set.
            (Status::Ok, Some(_), Some(429)) => Status::Throttle,
            (Status::Ok, Some(_), Some(400..=499)) => Status::Error,
            (Status::Ok, Some(_), Some(500..=599)) => Status::Fault,
            (status, ..) => status,
        };
        Self {
            document,
            name: text(document, "name").unwrap_or("–"),
            action: text(aws, "operation").or_else(|| text(&http["request"], "method")),
            resource: resource(aws)
                .or_else(|| text(&http["request"], "url").map(path))
                .or_else(|| text(&document["sql"], "sanitized_query")),
            start: seconds(&document["start_time"]),
            end,
            status,
            http_status,
            is_segment: parent.is_none() && text(document, "type") != Some("subsegment"),
            is_inferred: flag(document, "inferred"),
            parent,
        }
    }

    /// What it did: `S3 CreateBucket`.
    pub fn head(&self) -> String {
        match self.action {
            Some(action) => format!("{} {action}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Whether it names a parent that is no part of the trace.
    pub fn is_orphan(&self) -> bool {
        self.parent.is_none() && text(self.document, "parent_id").is_some()
    }

    /// Its links to other traces.
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> {
        items(&self.document["links"]).iter().filter_map(|link| {
            let attributes = &link["attributes"];
            Some(Link {
                trace_id: text(link, "trace_id")?,
                id: text(link, "id"),
                reference: text(attributes, "aws.xray.reserved.reference_type"),
            })
        })
    }
}

fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or(false)
}

/// What matters most among the flags that are set.
fn flagged(document: &Value) -> Status {
    let flags = [
        ("fault", Status::Fault),
        ("throttle", Status::Throttle),
        ("error", Status::Error),
    ];
    let set = flags.into_iter().find(|(key, _)| flag(document, key));
    set.map_or(Status::Ok, |(_, status)| status)
}

fn resource(aws: &Value) -> Option<&str> {
    let named = RESOURCES.iter().find_map(|key| text(aws, key));
    let resource = named.or_else(|| items(&aws["resource_names"]).first()?.as_str())?;
    // The last part of a queue's URL or a topic's ARN is its name.
    resource.rsplit(['/', ':']).next()
}

/// The path of a URL. The query stays out: it may hold secrets.
fn path(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(documents: &[Value]) -> String {
        let (entities, roots, below) = tree(documents);
        let mut text = Vec::new();
        let mut waiting: Vec<_> = roots.iter().rev().map(|&root| (root, 0)).collect();
        while let Some((index, depth)) = waiting.pop() {
            text.push(format!("{}{}", ">".repeat(depth), entities[index].name));
            let children = below[index].iter().rev();
            waiting.extend(children.map(|&child| (child, depth + 1)));
        }
        text.join(" ")
    }

    #[test]
    fn segments_hang_from_the_subsegment_that_called_them_in_order_of_start() {
        let documents = [
            json!({"id": "b", "name": "called", "parent_id": "a2", "start_time": 3}),
            json!({"id": "a", "name": "root", "start_time": 1, "subsegments": [
                {"id": "a2", "name": "late", "start_time": 3},
                {"id": "a1", "name": "early", "start_time": 2}]}),
        ];
        assert_eq!(shape(&documents), "root >early >late >>called");
    }

    #[test]
    fn inferred_segments_are_left_out_and_hand_their_children_on() {
        let documents = [
            json!({"id": "i", "name": "S3", "parent_id": "a1", "inferred": true}),
            json!({"id": "a", "name": "root", "subsegments": [{"id": "a1", "name": "S3 call"}]}),
            json!({"id": "b", "name": "below", "parent_id": "i"}),
            json!({"id": "j", "name": "alone", "parent_id": "unknown", "inferred": true}),
        ];
        assert_eq!(shape(&documents), "root >S3 call >>below alone");
    }

    #[test]
    fn loops_of_parents_are_cut() {
        let documents = [
            json!({"id": "a", "name": "a", "parent_id": "b"}),
            json!({"id": "b", "name": "b", "parent_id": "c"}),
            json!({"id": "c", "name": "c", "parent_id": "a"}),
            json!({"id": "d", "name": "d", "parent_id": "d"}),
            json!({"id": "e", "name": "e", "parent_id": "b"}),
        ];
        assert_eq!(shape(&documents), "c >b >>a >>e d");
    }

    #[test]
    fn the_resource_is_a_name_and_a_url_loses_its_query() {
        let aws = json!({"queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"});
        assert_eq!(resource(&aws), Some("jobs"));
        let aws = json!({"topic_arn": "arn:aws:sns:us-east-1:123456789012:news"});
        assert_eq!(resource(&aws), Some("news"));
        assert_eq!(
            resource(&json!({"resource_names": ["games"]})),
            Some("games")
        );
        assert_eq!(path("http://api.example.com/v2/game?token=s"), "/v2/game");
        assert_eq!(path("https://names.example.com"), "/");
    }

    #[test]
    fn times_are_read_as_the_store_reads_them() {
        let read = |document: Value| {
            let documents = [document];
            let (entities, ..) = tree(&documents);
            (entities[0].start, entities[0].end, entities[0].status)
        };
        assert_eq!(
            read(json!({"start_time": "1763790000", "end_time": "1763790002.5"})),
            (Some(1_763_790_000.0), Some(1_763_790_002.5), Status::Ok)
        );
        // A leftover of an earlier state is no end.
        assert_eq!(
            read(json!({"start_time": 1, "end_time": 3, "in_progress": true})),
            (Some(1.0), None, Status::InProgress)
        );
        assert_eq!(
            read(json!({"start_time": 1, "end_time": 3, "in_progress": false})),
            (Some(1.0), Some(3.0), Status::Ok)
        );
    }

    #[test]
    fn flags_decide_the_status_and_codes_only_without_them() {
        let status = |document: Value| tree(&[document]).0[0].status;
        for (document, expected) in [
            (json!({"end_time": 2}), Status::Ok),
            (json!({}), Status::InProgress),
            (
                json!({"error": true, "fault": true, "end_time": 2}),
                Status::Fault,
            ),
            (
                json!({"error": true, "throttle": true, "end_time": 2}),
                Status::Throttle,
            ),
            (
                json!({"end_time": 2, "http": {"response": {"status": 429}}}),
                Status::Throttle,
            ),
            (
                json!({"end_time": 2, "http": {"response": {"status": 503}}}),
                Status::Fault,
            ),
            (
                json!({"end_time": 2, "error": true, "http": {"response": {"status": 500}}}),
                Status::Error,
            ),
        ] {
            assert_eq!(status(document.clone()), expected, "{document}");
        }
    }
}
