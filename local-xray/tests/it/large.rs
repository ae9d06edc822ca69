//! One trace of forty thousand segments and subsegments, which arrive in any order, some twice,
//! some in progress first or last.

use std::collections::BTreeSet;

use local_xray::{FilterExpression, Store, SummaryQuery, TimeRange};
use serde_json::Value;
use tracing_xray::{Timestamp, TraceId};

use crate::local::trace_id;

/// How often the root calls a worker; each call has four entities. With 25,000 it takes an unoptimized
/// build too long for every day; what is quadratic shows well before.
const CALLS: usize = 10_000;

/// How many documents go in one call.
const BATCH: usize = 1000;

/// The entities of the call `n`: a step of the root's, its call, the worker's segment, and what the
/// worker did. Every hundredth worker fails.
fn call(n: usize) -> [(usize, String); 4] {
    let first = 4 * n + 2;
    let fault = n.is_multiple_of(100);
    let members = [
        format!(
            r#""name":"step","type":"subsegment","parent_id":"{:016x}","annotations":{{"item":{n}}}"#,
            1
        ),
        format!(
            r#""name":"worker","type":"subsegment","parent_id":"{:016x}","namespace":"remote""#,
            1
        ),
        format!(
            r#""name":"worker","parent_id":"{:016x}","user":"user-{n}","fault":{fault}"#,
            first + 1
        ),
        format!(
            r#""name":"work","type":"subsegment","parent_id":"{:016x}""#,
            first + 2
        ),
    ];
    let mut id = first;
    members.map(|members| {
        id += 1;
        (id - 1, members)
    })
}

/// A document that starts as many milliseconds after the root as its id says, and takes one more.
fn document(id: usize, members: &str, complete: bool) -> String {
    let time = |millis: usize| format!("{}.{:03}", 1_763_790_000 + millis / 1000, millis % 1000);
    let end = match complete {
        true => format!(r#""end_time":{}"#, time(id + 1)),
        false => r#""in_progress":true"#.to_owned(),
    };
    format!(
        r#"{{"trace_id":"{}","id":"{id:016x}","start_time":{},{end},{members}}}"#,
        trace_id(1),
        time(id),
    )
}

/// All that is sent: every seventh document twice, every tenth in progress too.
fn documents() -> Vec<String> {
    let root = (1, r#""name":"shop""#.to_owned());
    let mut documents = Vec::new();
    for (id, members) in std::iter::once(root).chain((0..CALLS).flat_map(call)) {
        documents.push(document(id, &members, true));
        if id % 7 == 0 {
            documents.push(document(id, &members, true));
        }
        if id % 10 == 0 {
            documents.push(document(id, &members, false));
        }
    }
    // The same order each time (the generator is the one of Knuth's MMIX).
    let mut random: u64 = 1;
    for last in (1..documents.len()).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        documents.swap(last, (random >> 33) as usize % (last + 1));
    }
    documents
}

/// The ids of an entity and all nested in it.
fn collect_ids(entity: &Value, ids: &mut Vec<String>) {
    ids.push(entity["id"].as_str().unwrap().to_owned());
    assert_eq!(entity.get("in_progress"), None);
    for nested in entity["subsegments"].as_array().into_iter().flatten() {
        collect_ids(nested, ids);
    }
}

#[test]
fn a_trace_of_tens_of_thousands_of_documents_is_told_right() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let sent = documents();
    for batch in sent.chunks(BATCH) {
        let refused = store.put_trace_segments(batch, Timestamp::default());
        assert_eq!(refused.unwrap(), []);
    }
    let id: TraceId = trace_id(1).parse().unwrap();
    check_documents(&store, id);
    check_graph(&store, id);
    check_summary(&store, sent.len());
    check_filters(&store);
}

fn check_documents(store: &Store, id: TraceId) {
    let trace = serde_json::to_value(store.batch_get_traces(&[id]).unwrap()).unwrap();
    let segments = trace[0]["Segments"].as_array().unwrap();
    assert_eq!(segments.len(), 1 + CALLS);
    let mut ids = Vec::new();
    for segment in segments {
        let document = segment["Document"].as_str().unwrap();
        let document: Value = serde_json::from_str(document).unwrap();
        collect_ids(&document, &mut ids);
    }
    assert_eq!(ids.len(), 1 + 4 * CALLS);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

fn check_graph(store: &Store, id: TraceId) {
    let graph = serde_json::to_value(store.trace_graph(&[id]).unwrap()).unwrap();
    let services = graph.as_array().unwrap();
    assert_eq!(services.len(), 3, "shop, its client and worker");
    let worker = services.iter().find(|s| s["Name"] == "worker").unwrap();
    let statistics = &worker["SummaryStatistics"];
    assert_eq!(statistics["TotalCount"], CALLS);
    assert_eq!(statistics["FaultStatistics"]["TotalCount"], CALLS / 100);
    let edges = services
        .iter()
        .filter(|s| s.get("Type") != Some(&"client".into()));
    let edges = edges.flat_map(|s| s["Edges"].as_array().unwrap());
    let edges: Vec<_> = edges.collect();
    assert_eq!(edges.len(), 1);
    assert_eq!(edges[0]["ReferenceId"], worker["ReferenceId"]);
    assert_eq!(edges[0]["SummaryStatistics"]["TotalCount"], CALLS);
}

fn query(filter: Option<&FilterExpression>) -> SummaryQuery<'_> {
    SummaryQuery {
        start: Timestamp::default(),
        end: Timestamp::from_micros(4_000_000_000_000_000),
        range: TimeRange::Event,
        filter,
        limit: 10,
        ..SummaryQuery::default()
    }
}

fn check_summary(store: &Store, sent: usize) {
    let summaries = store.trace_summaries(&query(None)).unwrap().summaries;
    assert_eq!(summaries.len(), 1);
    let summary = serde_json::to_value(&summaries[0]).unwrap();
    assert_eq!(summary["Revision"], sent);
    assert_eq!(summary["IsPartial"], false);
    assert_eq!(summary["HasFault"], false, "the root did not fail");
    assert_eq!(summary["ResponseTime"], 0.001);
    assert_eq!(summary["Duration"], (4 * CALLS + 1) as f64 / 1000.0);
    let users = summary["Users"].as_array().unwrap();
    assert_eq!(users.len(), CALLS);
    let last = format!("user-{}", CALLS - 1);
    assert_eq!(users[CALLS - 1]["UserName"], last);
    let items = summary["Annotations"]["item"].as_array().unwrap();
    assert_eq!(items.len(), 1000, "of all {CALLS}");
    assert_eq!(items[999]["AnnotationValue"]["NumberValue"], 999.0);
    let causes = summary["FaultRootCauses"].as_array().unwrap();
    assert_eq!(causes.len(), 100, "of all {}", CALLS / 100);
    for cause in causes {
        let services = cause["Services"].as_array().unwrap();
        let names: Vec<_> = services.iter().map(|service| &service["Name"]).collect();
        assert_eq!(names, ["shop", "worker"]);
    }
}

fn check_filters(store: &Store) {
    let last = CALLS - 1;
    for (filter, expected) in [
        (format!("annotation.item = {last}"), true),
        (format!("annotation.item = {CALLS}"), false),
        (format!("user = \"user-{last}\""), true),
        (format!("user = \"user-{CALLS}\""), false),
        ("service(\"worker\") { fault }".into(), true),
        ("service(\"shop\") { fault }".into(), false),
        ("edge(\"shop\", \"worker\") { !ok }".into(), false),
        ("rootcause.fault.service { name = \"worker\" }".into(), true),
        ("rootcause.fault.service { name = \"work\" }".into(), false),
        ("partial".into(), false),
    ] {
        let filter = FilterExpression::parse(&filter, &|_| None).unwrap();
        let page = store.trace_summaries(&query(Some(&filter))).unwrap();
        assert_eq!(page.summaries.len() == 1, expected, "{filter:?}");
    }
}
