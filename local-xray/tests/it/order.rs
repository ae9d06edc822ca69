//! Properties: no document breaks the store, and the order of arrival changes nothing.

use local_xray::{Store, SummaryQuery, TimeRange};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tracing_xray::{Timestamp, TraceId};

use crate::local::trace_id;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("00000000000000a1")),
        Just(json!("aws")),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((member(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Names of members, mostly those that mean something.
fn member() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "id",
        "name",
        "parent_id",
        "type",
        "namespace",
        "start_time",
        "end_time",
        "in_progress",
        "http",
        "request",
        "response",
        "status",
        "aws",
        "table_name",
        "table_names",
        "account_id",
        "annotations",
        "user",
        "cause",
        "exceptions",
        "message",
        "subsegments",
        "origin",
        "sql",
        "fault",
        "error",
        "throttle",
        "resource_arn",
        "ec2",
        "other",
    ])
    .prop_map(str::to_owned)
}

/// A document that is taken, with any JSON in all members that it does not need.
fn any_accepted() -> impl Strategy<Value = Value> {
    let more = proptest::collection::vec((member(), any_json()), 0..8);
    (more, 0u64..4, 0u64..6).prop_map(|(more, id, parent)| {
        let mut document: Map<String, Value> = more.into_iter().collect();
        document.remove("subsegments");
        document.insert("id".into(), format!("{id:016x}").into());
        document.insert("parent_id".into(), format!("{parent:016x}").into());
        document.insert("trace_id".into(), trace_id(1).into());
        document.insert("name".into(), "x".into());
        document.insert("start_time".into(), json!(1.0));
        document.insert("end_time".into(), json!(2.0));
        Value::Object(document)
    })
}

/// All that can be read from a store about its traces.
fn read_all(store: &Store) -> Value {
    let ids: Vec<TraceId> = (0..4)
        .map(|number| trace_id(number).parse().unwrap())
        .collect();
    let query = SummaryQuery {
        start: Timestamp::default(),
        end: Timestamp::from_micros(4_000_000_000_000_000),
        range: TimeRange::Event,
        limit: 100,
        ..SummaryQuery::default()
    };
    json!([
        store.batch_get_traces(&ids).unwrap(),
        store.trace_graph(&ids).unwrap(),
        store.service_graph(query.start, query.end, None).unwrap(),
        store.trace_summaries(&query).unwrap().summaries,
    ])
}

fn store_of<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for document in documents {
        store
            .put_trace_segments(&[document.to_string()], Timestamp::default())
            .unwrap();
    }
    read_all(&store)
}

/// One entity of a trace: a segment, or a subsegment sent on its own or nested in one.
fn any_entity(number: u64) -> impl Strategy<Value = Vec<Value>> {
    let namespace =
        proptest::sample::select(vec![None, Some("aws"), Some("remote"), Some("local")]);
    let parent = proptest::option::of(0u64..12);
    (
        0usize..3,
        any::<bool>(),
        parent,
        namespace,
        0u32..50,
        0u32..50,
        any::<[bool; 4]>(),
    )
        .prop_map(
            move |(trace, subsegment, parent, namespace, start, length, flags)| {
                let [early, nested, fault, account] = flags;
                let mut entity = json!({
                    "id": format!("{number:016x}"),
                    "trace_id": trace_id(trace),
                    "name": format!("service-{}", number % 3),
                    "start_time": f64::from(start),
                    "end_time": f64::from(start + length),
                    "annotations": { "number": number },
                });
                if subsegment {
                    entity["type"] = "subsegment".into();
                    entity["namespace"] = namespace.into();
                }
                if subsegment || parent.is_some() {
                    entity["parent_id"] = format!("{:016x}", parent.unwrap_or_default()).into();
                }
                if fault {
                    entity["fault"] = true.into();
                }
                if account {
                    entity["aws"] = json!({ "account_id": "123456789012" });
                }
                if nested {
                    let id = format!("{:016x}", number + 6);
                    entity["subsegments"] =
                        json!([{ "id": id, "name": "nested", "start_time": 1.5, "end_time": 2.5 }]);
                }
                let mut documents = vec![entity.clone()];
                if early {
                    entity.as_object_mut().unwrap().remove("end_time");
                    entity["in_progress"] = true.into();
                    documents.push(entity);
                }
                documents
            },
        )
}

fn any_documents() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    let entities: Vec<_> = (0..6).map(any_entity).collect();
    let documents = entities.prop_map(|documents| documents.concat());
    documents.prop_flat_map(|documents| (Just(documents.clone()), Just(documents).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_taken_or_refused(documents in proptest::collection::vec(any_json(), 1..4)) {
        store_of(&documents);
    }

    #[test]
    fn any_json_in_a_document_that_is_taken_can_be_read(
        documents in proptest::collection::vec(any_accepted(), 1..4),
    ) {
        let read = store_of(&documents);
        prop_assert_eq!(read[0].as_array().map(Vec::len), Some(1), "{}", read);
    }

    #[test]
    fn the_order_of_arrival_changes_nothing((one, another) in any_documents()) {
        prop_assert_eq!(store_of(&one), store_of(&another));
    }
}
