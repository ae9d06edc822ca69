//! The segments and subsegments of a trace as one tree. X-Ray calls both entities.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{flag, items, number, plain, status, text, whole};
use super::style::Status;

/// A segment or subsegment, as far as a timeline shows it.
pub(super) struct Entity<'a> {
    pub(super) document: &'a Value,
    pub(super) name: &'a str,
    /// The AWS operation or HTTP method.
    pub(super) action: Option<&'a str>,
    /// What the action was for: bucket, table, queue, path, query.
    pub(super) resource: Option<&'a str>,
    pub(super) start: Option<f64>,
    /// None while in progress.
    pub(super) end: Option<f64>,
    pub(super) status: Status,
    pub(super) http_status: Option<u64>,
    pub(super) is_segment: bool,
    parent: Option<usize>,
}

/// All entities of a trace, parents known, without loops.
pub(super) struct Tree<'a> {
    pub(super) entities: Vec<Entity<'a>>,
    pub(super) roots: Vec<usize>,
    pub(super) children: Vec<Vec<usize>>,
}

const FLAGS: [(&str, Status); 3] = [
    ("error", Status::Error),
    ("throttle", Status::Throttle),
    ("fault", Status::Fault),
];

/// Where the AWS SDKs of X-Ray put the resource of a call.
const RESOURCES: [&str; 6] = [
    "bucket_name",
    "bucket",
    "table_name",
    "queue_url",
    "function_name",
    "topic_arn",
];

impl<'a> Tree<'a> {
    /// The tree of segment documents. An inferred segment repeats the subsegment it was made
    /// from, so it is left out and its children hang from that subsegment.
    pub(super) fn read(documents: &'a [Value]) -> Self {
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
        Self::grow(entities)
    }

    fn grow(entities: Vec<Entity<'a>>) -> Self {
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
        Self {
            entities,
            roots,
            children,
        }
    }
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
        let end = number(document, "end_time");
        let http_status = whole(&http["response"], "status");
        let status = match (status(document, &FLAGS), end, http_status) {
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
            start: number(document, "start_time"),
            end,
            status,
            http_status,
            is_segment: parent.is_none() && text(document, "type") != Some("subsegment"),
            parent,
        }
    }

    /// Its annotations by key.
    pub(super) fn annotations(&self) -> Vec<(&'a str, String)> {
        let annotations = self.document["annotations"].as_object();
        annotations
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), plain(value)))
            .collect()
    }
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
        let tree = Tree::read(documents);
        let mut text = Vec::new();
        let mut waiting: Vec<_> = tree.roots.iter().rev().map(|&root| (root, 0)).collect();
        while let Some((index, depth)) = waiting.pop() {
            text.push(format!(
                "{}{}",
                ">".repeat(depth),
                tree.entities[index].name
            ));
            let children = tree.children[index].iter().rev();
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
    fn flags_decide_the_status_and_codes_only_without_them() {
        let status = |document: Value| Tree::read(&[document]).entities[0].status;
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
