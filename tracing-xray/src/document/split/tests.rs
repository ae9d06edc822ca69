//! Any tree, any limit: everything fits and nothing is lost.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::clock::Timestamp;
use crate::segment::{Entity, Exception, Segment, Sql, StackFrame};

/// A part of a tree: how long which of its texts are, and what is beneath it.
#[derive(Clone, Debug)]
struct Node {
    annotations: Vec<usize>,
    metadata: Vec<usize>,
    messages: Vec<usize>,
    frames: usize,
    query: usize,
    beneath: Vec<Node>,
}

fn nodes(text_len_max: usize) -> impl Strategy<Value = Node> {
    let lens = move |count| prop::collection::vec(0..text_len_max, 0..count);
    let own = (lens(4), lens(4), lens(3), 0..40_usize, 0..text_len_max);
    let leaf = own.prop_map(|(annotations, metadata, messages, frames, query)| Node {
        annotations,
        metadata,
        messages,
        frames,
        query,
        beneath: Vec::new(),
    });
    leaf.clone().prop_recursive(4, 40, 8, move |inner| {
        (leaf.clone(), prop::collection::vec(inner, 0..8))
            .prop_map(|(node, beneath)| Node { beneath, ..node })
    })
}

/// Text that JSON escapes in part.
fn text(len: usize) -> String {
    "a\"é\u{1}".chars().cycle().take(len).collect()
}

fn entity(node: &Node) -> Entity {
    let mut entity = Entity::start("step".into(), Timestamp::from_micros(1_763_790_000_000_001));
    entity.end_time = Some(Timestamp::from_micros(1_763_790_000_000_002));
    for (index, &len) in node.annotations.iter().enumerate() {
        entity.annotate(format!("a{index}"), text(len));
    }
    for (index, &len) in node.metadata.iter().enumerate() {
        let value = if index == 1 {
            json!(vec![1; len / 2])
        } else {
            text(len).into()
        };
        entity.add_metadata("default", format!("m{index}"), value);
    }
    for &len in &node.messages {
        let mut exception = Exception::new("E", "");
        exception.message = Some(text(len));
        exception.stack = (0..node.frames)
            .map(|line| StackFrame {
                path: Some("src/main.rs".into()),
                line: u32::try_from(line).ok(),
                label: Some("main".into()),
            })
            .collect();
        entity.add_exceptions(vec![exception]);
    }
    entity.subsegments = node.beneath.iter().map(subsegment).collect();
    entity
}

fn subsegment(node: &Node) -> Subsegment {
    let sql = (node.query > 0).then(|| {
        Box::new(Sql {
            sanitized_query: Some(text(node.query)),
            ..Sql::default()
        })
    });
    Subsegment {
        namespace: None,
        aws: None,
        sql,
        precursor_ids: Vec::new(),
        entity: entity(node),
    }
}

fn segment(node: &Node) -> Document {
    Document::Segment(Box::new(Segment {
        trace_id: TraceId::from_parts(0x6921_4cb0, 7),
        parent_id: None,
        origin: None,
        resource_arn: None,
        user: None,
        service: None,
        aws: None,
        entity: entity(node),
    }))
}

/// Every part of a tree by its id: its parent, and what is its own.
type Flat = BTreeMap<String, (Option<String>, Value)>;

fn flatten(mut document: Value, parent: Option<String>, flat: &mut Flat) {
    let object = document.as_object_mut().unwrap();
    let beneath = object.remove("subsegments");
    let id = object["id"].as_str().unwrap().to_owned();
    let parent = match object.remove("type") {
        Some(kind) => {
            assert_eq!(kind, "subsegment");
            assert_eq!(
                object.remove("trace_id").unwrap(),
                "1-69214cb0-000000000000000000000007"
            );
            let parent = object.remove("parent_id").unwrap();
            Some(parent.as_str().unwrap().to_owned())
        }
        None => parent,
    };
    for subsegment in beneath.iter().flat_map(|list| list.as_array().unwrap()) {
        flatten(subsegment.clone(), Some(id.clone()), flat);
    }
    assert!(
        flat.insert(id.clone(), (parent, document)).is_none(),
        "{id} twice"
    );
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = include_str!("../../../tests/vectors/segment_schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
});

/// Splits the document, and checks that the parts fit and are the whole.
fn check(document: Document, len_max: usize) -> Vec<Value> {
    let mut wanted = Flat::new();
    flatten(serde_json::to_value(&document).unwrap(), None, &mut wanted);
    let mut found = Flat::new();
    let mut parts = Vec::new();
    for part in split(document, len_max) {
        let text = serde_json::to_string(&part).unwrap();
        assert!(text.len() <= len_max, "{} bytes of {len_max}", text.len());
        let part: Value = serde_json::from_str(&text).unwrap();
        assert!(SCHEMA.is_valid(&part), "{part:#}");
        flatten(part.clone(), None, &mut found);
        parts.push(part);
    }
    assert!(wanted.keys().eq(found.keys()));
    for (id, (parent, own)) in &wanted {
        let (found_parent, found_own) = &found[id];
        assert_eq!(parent, found_parent, "{id}");
        if found_own["metadata"]["xray"]["trimmed"].is_null() {
            assert_eq!(own, found_own, "{id}");
        }
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_tree_fits_any_limit_and_is_whole(tree in nodes(2_000), len_max in 900_usize..20_000) {
        check(segment(&tree), len_max);
    }

    #[test]
    fn nothing_is_trimmed_that_fits_alone(tree in nodes(60), len_max in 5_000_usize..9_000) {
        for part in check(segment(&tree), len_max) {
            assert!(!part.to_string().contains("trimmed"));
        }
    }

    #[test]
    fn a_streamed_subtree_is_split_as_well(tree in nodes(800), len_max in 900_usize..20_000) {
        let document = Document::Subsegment {
            trace_id: TraceId::from_parts(0x6921_4cb0, 7),
            parent_id: SegmentId::from_bits(9),
            subsegment: Box::new(subsegment(&tree)),
        };
        check(document, len_max);
    }
}

fn leaf(query: usize) -> Node {
    Node {
        annotations: Vec::new(),
        metadata: Vec::new(),
        messages: Vec::new(),
        frames: 0,
        query,
        beneath: Vec::new(),
    }
}

#[test]
fn the_largest_subtrees_leave_and_the_rest_stays_in_order() {
    let root = Node {
        beneath: [10, 3_000, 20, 2_000, 30].map(leaf).into(),
        ..leaf(0)
    };
    let parts = check(segment(&root), 10_000);
    let queries = |list: &[Value]| -> Vec<usize> {
        let query = |part: &Value| {
            part["sql"]["sanitized_query"]
                .as_str()
                .unwrap()
                .chars()
                .count()
        };
        list.iter().map(query).collect()
    };
    assert_eq!(parts.len(), 2);
    assert_eq!(queries(&parts[..1]), [3_000]);
    let kept = parts[1]["subsegments"].as_array().unwrap();
    assert_eq!(queries(kept), [10, 20, 2_000, 30]);
}

#[test]
fn a_thousand_steps_are_as_few_parts_as_can_be() {
    let root = Node {
        beneath: vec![leaf(0); 1_000],
        ..leaf(0)
    };
    let each = encoded_len(&subsegment(&leaf(0))) + 1;
    let parts = check(segment(&root), 50_000);
    let kept = parts.last().unwrap()["subsegments"].as_array().unwrap();
    assert_eq!(kept.len() + parts.len() - 1, 1_000);
    assert!(kept.len() * each > 50_000 - 500);
}

#[test]
fn apart_says_as_much_as_is_counted_for_it() {
    let subsegment = subsegment(&leaf(0));
    let own_len = encoded_len(&subsegment);
    let document = Document::Subsegment {
        trace_id: TraceId::from_parts(1, 2),
        parent_id: SegmentId::from_bits(3),
        subsegment: Box::new(subsegment),
    };
    assert_eq!(encoded_len(&document), own_len + APART_LEN);
}
