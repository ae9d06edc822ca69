//! Documents from PutTraceSegments to all that is read of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use tracing_xray::{SegmentId, TraceId};

use super::Encoded;
use crate::assemble::{DetailedTrace, Documents};
use crate::document::{Accepted, Entity, SECONDS_END, accept};
use crate::filter::FilterExpression;
use crate::graph::{GraphBuilder, ServiceNode};
use crate::summary::TraceSummary;
use crate::timeline::{Fold, Timeline};
use crate::{facts, outline};

/// Expressions that between them look at everything a trace has.
const EXPRESSIONS: [&str; 12] = [
    "ok partial responsetime > 0.1 duration <= 2 http.status >= 400",
    r#"http.url CONTAINS "/" OR http.method = "GET" OR http.useragent != "x""#,
    r#"http.clientip BEGINSWITH "1" OR user ENDSWITH "e" OR name CONTAINS "a" OR type = "AWS::EC2""#,
    r#"account.id = "1" OR availabilityzone OR instance.id OR resource.arn OR inferred"#,
    r#"annotation.a = 1 OR annotation.b = "b" OR annotation.c = true OR annotation[d.e]"#,
    r#"service("a") { fault AND root } OR service() { inferred OR annotation.a > 0 }"#,
    r#"edge("a", "b") { error } OR edge(id(type: "client"), id(name: "a")) { responsetime > 1 }"#,
    r#"rootcause.fault.service { name = "a" } OR rootcause.fault.entity { remote }"#,
    r#"rootcause.fault.exception { message CONTAINS "e" OR index = 0 }"#,
    r#"rootcause.error.service { last } OR rootcause.error.exception { name = "e" }"#,
    "rootcause.responsetime.service { first } OR rootcause.responsetime.entity { coverage > 0.5 }",
    r#"rootcause.json = #[{"Services": [{"Name": "a", "EntityPath": [{"Name": "a"}]}]}]"#,
];

/// What has to be true of a trace exactly when its summary says so.
const AS_SUMMARISED: [(&str, &str); 4] = [
    ("fault", "HasFault"),
    ("error", "HasError"),
    ("throttle", "HasThrottle"),
    ("partial", "IsPartial"),
];

/// Takes each line as a document, and reads what was taken in every way the API has.
///
/// # Panics
/// Something does not hold that must hold for any documents.
pub fn documents(text: &str) {
    let mut traces: BTreeMap<TraceId, BTreeMap<SegmentId, &str>> = BTreeMap::new();
    for line in text.lines() {
        match accept(line) {
            Ok(accepted) => {
                check_encoding(&accepted);
                let documents = traces.entry(accepted.trace_id).or_default();
                documents.insert(accepted.id, line);
            }
            Err(refused) => {
                assert!(refused.message.contains(&refused.error_code), "{refused:?}");
            }
        }
    }
    let encoded: BTreeMap<_, _> = traces
        .iter()
        .map(|(id, documents)| (*id, encoded(documents)))
        .collect();
    let mut graph = GraphBuilder::default();
    for (&id, encoded) in &encoded {
        let trace = encoded.trace(id);
        check_segments(&trace, &traces[&id]);
        check_summary(&trace);
        graph.add(&trace.trace);
    }
    for (trace_id, id) in graph.linked() {
        let trace = encoded
            .get(&trace_id)
            .map(|encoded| encoded.trace(trace_id));
        let entities = trace.as_ref().map(|trace| &trace.trace.entities);
        let linked = entities.and_then(|entities| entities.iter().find(|e| e.id == id));
        linked
            .into_iter()
            .for_each(|linked| graph.link(trace_id, linked));
    }
    check_graph(&graph.finish());
}

fn encoded(documents: &BTreeMap<SegmentId, &str>) -> Encoded {
    let mut encoded = Encoded::default();
    for document in documents.values() {
        let accepted = accept(document);
        encoded.add(&accepted.unwrap_or_else(|refused| panic!("taken, then {refused:?}")));
    }
    encoded
}

/// What is stored beside a document reads back the same.
fn check_encoding(accepted: &Accepted<'_>) {
    let (mut outlines, mut all_facts) = (Vec::new(), Vec::new());
    for (mut outline, facts) in outline::of_document(&accepted.entity) {
        // An end before the start is not kept.
        outline.end = outline.end.map(|end| end.max(outline.start));
        outlines.push(outline);
        all_facts.push(facts);
    }
    let mut encoded = Encoded::default();
    encoded.add(accepted);
    let (mut outlines_read, mut facts_read) = (Vec::new(), Vec::new());
    outline::decode(&encoded.outlines, &mut outlines_read);
    facts::decode(&encoded.facts, &mut facts_read);
    assert_eq!(outlines_read, outlines);
    assert_eq!(facts_read, all_facts);
}

/// BatchGetTraces: JSON that has every entity that was sent, once, and the trace that all else is
/// read of.
fn check_segments(trace: &DetailedTrace<'_>, documents: &BTreeMap<SegmentId, &str>) {
    let parsed: Result<Vec<_>, _> = documents.values().map(|text| Entity::parse(text)).collect();
    let parsed = parsed.unwrap_or_else(|error| panic!("taken, but {error}"));
    let mut sent = BTreeSet::new();
    let mut note = |entity: &Entity<'_>| sent.extend(entity.id());
    for document in &parsed {
        document.walk(&mut |entity, _| note(entity));
    }
    let mut written: BTreeSet<SegmentId> = BTreeSet::new();
    let mut inferred = 0;
    let mut values = Vec::new();
    let whole = Documents::new(trace.id, &parsed);
    assert_eq!(whole.trace.parents, trace.trace.parents);
    assert_eq!(whole.trace.owners, trace.trace.owners);
    for (id, document) in whole.segments() {
        let value: Value =
            serde_json::from_str(&document).unwrap_or_else(|error| panic!("{error} in {document}"));
        assert_eq!(id_of(&value), Some(id));
        let calls = value["parent_id"].as_str().and_then(|id| id.parse().ok());
        let is_inferred = !sent.contains(&id);
        if is_inferred {
            inferred += 1;
            assert!(calls.is_some_and(|call: SegmentId| sent.contains(&call)));
        }
        note_written(&value, &mut written);
        values.push(value);
    }
    assert_eq!(written.len(), sent.len() + inferred);
    assert!(sent.is_subset(&written));
    let timeline = Timeline::read(&values, 1_763_790_000.0);
    assert!(timeline.entities.len() >= sent.len());
    let tight = Fold {
        alike_max: 1,
        level_max: Some(2),
    };
    for fold in [Fold::default(), tight] {
        assert!(!timeline.rows(fold).is_empty());
    }
}

fn id_of(entity: &Value) -> Option<SegmentId> {
    entity["id"].as_str().and_then(|id| id.parse().ok())
}

fn note_written(entity: &Value, written: &mut BTreeSet<SegmentId>) {
    if let Some(id) = id_of(entity) {
        assert!(written.insert(id), "{id} is there twice");
    }
    let subsegments = entity["subsegments"].as_array().into_iter().flatten();
    subsegments.for_each(|subsegment| note_written(subsegment, written));
}

fn check_summary(trace: &DetailedTrace<'_>) {
    let Some(summary) = TraceSummary::new(trace, 1) else {
        panic!("a trace without a summary");
    };
    let summary = checked_json(&summary);
    // An integer of the API has 32 bits: SDKs refuse the whole answer over a larger one.
    let status = summary["Http"]["HttpStatus"].as_i64().unwrap_or_default();
    assert!(i32::try_from(status).is_ok(), "HttpStatus {status}");
    assert!(summary["StartTime"].as_f64() < Some(SECONDS_END as f64));
    for expression in EXPRESSIONS {
        expression_of(expression).matches(trace);
    }
    for (expression, member) in AS_SUMMARISED {
        let matches = expression_of(expression).matches(trace);
        assert_eq!(Some(matches), summary[member].as_bool(), "{member}");
    }
}

fn expression_of(text: &str) -> FilterExpression {
    FilterExpression::parse(text, &|_| None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The edges of a graph lead to its nodes, and its numbers add up.
fn check_graph(nodes: &[ServiceNode]) {
    let nodes = checked_json(&nodes);
    let nodes = nodes.as_array().map_or(&[][..], Vec::as_slice);
    let reference = |value: &Value| value["ReferenceId"].as_u64();
    let references: BTreeSet<_> = nodes.iter().map(reference).collect();
    assert_eq!(references.len(), nodes.len());
    for node in nodes {
        check_statistics(node);
        assert!(node["StartTime"].as_u64() <= node["EndTime"].as_u64());
        assert!(node["EndTime"].as_u64() < Some(SECONDS_END));
        for edge in node["Edges"].as_array().into_iter().flatten() {
            check_statistics(edge);
            assert!(references.contains(&reference(edge)), "{edge}");
        }
    }
}

fn check_statistics(of: &Value) {
    // A client has none.
    let Some(statistics) = of.get("SummaryStatistics") else {
        return;
    };
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let total = count(&statistics["TotalCount"]);
    let parts = count(&statistics["OkCount"])
        + count(&statistics["ErrorStatistics"]["TotalCount"])
        + count(&statistics["FaultStatistics"]["TotalCount"]);
    assert_eq!(total, parts, "{of}");
    let histogram = of["ResponseTimeHistogram"].as_array().into_iter().flatten();
    let counted: u64 = histogram.map(|entry| count(&entry["Count"])).sum();
    assert_eq!(total, counted, "{of}");
}

/// An answer as JSON, in which nothing is `null`: no member of the API's answers is, and what is no
/// number would be.
fn checked_json(answer: &impl Serialize) -> Value {
    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(values) => values.iter().any(has_null),
            Value::Object(members) => members.values().any(has_null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    let json = serde_json::to_value(answer).unwrap_or_else(|error| panic!("{error}"));
    assert!(!has_null(&json), "{json}");
    json
}
