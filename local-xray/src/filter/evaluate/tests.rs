use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracing_xray::TraceId;

use super::services::CLIENT;
use super::*;
use crate::document::Entity;
use crate::filter::lexer::quote;
use crate::filter::tests::{expr, groups, term};
use crate::graph::GraphBuilder;
use crate::outline;
use crate::summary::TraceSummary;

fn trace(documents: &[Value]) -> DetailedTrace<'static> {
    let id = TraceId::from_parts(1_763_790_000, 1);
    DetailedTrace::of_documents(id, documents)
}

fn expression(text: &str) -> FilterExpression {
    FilterExpression::parse(text, &groups).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn matches(text: &str, trace: &DetailedTrace<'_>) -> bool {
    expression(text).matches(trace)
}

#[derive(Deserialize)]
struct Vectors {
    traces: Map<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    expr: String,
    matches: BTreeSet<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/filter_eval.json")).unwrap()
}

fn vector(number: usize) -> DetailedTrace<'static> {
    let traces = vectors().traces;
    let documents = traces.values().nth(number - 1).unwrap();
    trace(documents.as_array().unwrap())
}

#[test]
fn the_vectors_match() {
    let Vectors { traces, cases } = vectors();
    assert!(cases.len() > 50);
    for Case {
        expr,
        matches: expected,
    } in cases
    {
        let found = traces.iter().filter(|(_, documents)| {
            let documents = documents.as_array().unwrap();
            matches(&expr, &trace(documents))
        });
        let found: BTreeSet<_> = found.map(|(id, _)| id.clone()).collect();
        assert_eq!(found, expected, "{expr}");
    }
}

/// The vectors in which it is true of the trace by its number, from 1.
fn found(text: &str) -> Vec<usize> {
    (1..=7)
        .filter(|&number| matches(text, &vector(number)))
        .collect()
}

#[test]
fn what_the_vectors_leave_open() {
    for (text, expected) in [
        // Groups.
        ("group.name = \"high_response_time\"", vec![2]),
        (
            "group.name != \"high_response_time\" !partial",
            vec![1, 3, 4, 6, 7],
        ),
        (
            "group.arn = \"all\" AND group.name = \"all\"",
            vec![1, 2, 3, 4, 5, 6, 7],
        ),
        // The last end counts for a duration, the segment's own for a response time.
        ("duration > 3.8 AND responsetime < 1", vec![6]),
        (
            "service(id(type: \"AWS::Lambda\")) { duration = 0.2 }",
            vec![6],
        ),
        // What has no value passes no comparison, but its negation does.
        ("responsetime != 0", vec![1, 2, 3, 4, 6, 7]),
        ("!responsetime", vec![5]),
        ("user != \"alice\"", vec![2]),
        // Text differs by case.
        ("user = \"Alice\"", vec![]),
        // The root is the trace's service.
        ("name = \"reports\" OR type = \"AWS::Lambda\"", vec![6, 7]),
        ("account.id = \"123456789012\"", vec![1]),
        // Annotations, of the segment and what belongs to it.
        ("annotation.gameid != \"ZZZ\"", vec![1]),
        (
            "annotation.age != \"30\" OR annotation.vip = \"true\"",
            vec![],
        ),
        ("annotation.vip != false", vec![1]),
        (
            "service(\"backend.example.com\") { annotation.gameid = \"ZZZ\" }",
            vec![2],
        ),
        (
            "service(\"api.example.com\") { annotation.gameid = \"ZZZ\" }",
            vec![],
        ),
        // Calls that nobody answered, and those that somebody did.
        (
            "edge(\"reports\", \"ebdb@db.example.com\") { inferred }",
            vec![7],
        ),
        (
            "edge(\"api.example.com\", \"backend.example.com\") { inferred }",
            vec![],
        ),
        (
            "edge(\"api.example.com\", \"backend.example.com\") { responsetime = 5.8 }",
            vec![2],
        ),
        (
            "edge(id(type: \"AWS::Lambda\"), id(type: \"AWS::Lambda::Function\")) { error }",
            vec![6],
        ),
        // Clients have their service's name, so only their type means them.
        ("edge(\"reports\", \"reports\")", vec![]),
        (
            "edge(id(name: \"reports\", type: \"client\"), \"reports\")",
            vec![7],
        ),
        (
            "edge(id(type: \"client\"), \"api.example.com\") { fault }",
            vec![2],
        ),
        ("service(id(type: \"client\")) { partial }", vec![5]),
        // Root causes.
        ("rootcause.fault.service", vec![2]),
        ("rootcause.error.service { last and inferred }", vec![3]),
        (
            "rootcause.fault.exception { last and message BEGINSWITH \"Access\" }",
            vec![2],
        ),
        (
            "rootcause.fault.exception { first and name = OrderError }",
            vec![2],
        ),
        ("rootcause.fault.entity { last and remote }", vec![]),
        ("rootcause.fault.entity { coverage }", vec![]),
        (
            "rootcause.responsetime.entity { first and coverage != 1 }",
            vec![],
        ),
        (
            "rootcause.json = #[{\"Services\":[{},{}],\"ClientImpacting\":true}]",
            vec![1, 2, 6, 7],
        ),
        (
            "rootcause.json = #[{\"Services\":[{},{\"Names\":[\"backend.example.com\"],\
             \"EntityPath\":[{\"Exceptions\":[{\"Name\":\"AccessDenied\"}]}]}]}]",
            vec![2],
        ),
        (
            "rootcause.json != #[{\"Services\":[{\"Type\":\"AWS::EC2::Instance\"}]}]",
            vec![1, 2, 5, 6, 7],
        ),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn an_unknown_account_is_the_only_known_one() {
    let segment = |id: u64, account: &str, parent: Option<u64>| {
        let hex = |id| format!("{id:016x}");
        json!({
            "id": hex(id), "name": "a", "start_time": 1, "end_time": 2, "parent_id": parent.map(hex),
            "aws": { "account_id": account },
        })
    };
    let of_one = "service(id(account.id: \"1\")) { !root }";
    let known = [segment(1, "1", None), segment(2, "", Some(1))];
    assert!(matches(of_one, &trace(&known)));
    let two = [known.as_slice(), &[segment(3, "2", None)]].concat();
    assert!(!matches(of_one, &trace(&two)));
}

#[test]
fn a_duration_lasts_to_the_end_of_what_belongs_to_the_segment() {
    let subsegment = |id: &str, end: f64| {
        json!({ "id": id, "name": "late", "start_time": 1, "end_time": end,
            "namespace": "remote", "subsegments": [] })
    };
    let trace = trace(&[json!({
        "id": "0000000000000001", "name": "a", "start_time": 1, "end_time": 2,
        "subsegments": [subsegment("0000000000000002", 3.5), subsegment("0000000000000003", 2.5)],
    })]);
    for (text, expected) in [
        (
            "service(\"a\") { duration = 2.5 AND responsetime = 1 }",
            true,
        ),
        ("service(\"late\") { duration = 1.5 }", true),
        ("service(\"late\") { duration > 2.5 }", false),
        ("edge(\"a\", \"late\") { duration = 2.5 }", true),
        ("duration = 2.5 AND responsetime = 1", true),
    ] {
        assert_eq!(matches(text, &trace), expected, "{text}");
    }
}

#[test]
fn a_selector_finds_each_entity_once() {
    let call = json!({
        "id": "0000000000000001", "name": "a", "start_time": 1, "end_time": 2,
        "subsegments": [
            { "id": "0000000000000002", "name": "b", "namespace": "remote", "start_time": 1 },
            { "id": "0000000000000003", "name": "b", "namespace": "remote", "start_time": 1,
              "end_time": 2 },
        ],
    });
    let answer = |id: &str| json!({ "id": id, "name": "b", "start_time": 1, "parent_id": "0000000000000002" });
    let trace = trace(&[call, answer("0000000000000004"), answer("0000000000000005")]);
    let entities = |text: &str| text.parse::<EntitySelector>().unwrap().entities(&trace);
    assert_eq!(entities("edge(\"a\", \"b\")"), [1, 2]);
    assert_eq!(entities("edge(\"a\", id(type: \"\"))"), [1]);
    assert_eq!(entities("edge(\"a\", id(type: \"remote\"))"), [2]);
    assert_eq!(entities("id(name: \"b\")"), [2, 3, 4]);
    assert_eq!(entities("service() { !partial }"), [0, 2]);
    assert_eq!(EntitySelector::default().entities(&trace), [0, 1, 2]);
}

#[test]
fn what_outlines_tell_needs_no_facts() {
    for (text, looks) in [
        ("", false),
        ("ok AND duration > 1 OR fault AND partial", false),
        ("service(\"a\") { responsetime > 1 AND root }", false),
        ("edge(\"a\", \"b\") { type = \"t\" }", false),
        ("group.name = \"high_response_time\"", false),
        ("error", true),
        ("throttle", true),
        ("http.status = 1", true),
        ("!annotation.a", true),
        ("service() { user }", true),
        ("rootcause.fault.service { last }", true),
        ("rootcause.json = #[{}]", true),
    ] {
        assert_eq!(expression(text).looks_at_facts(), looks, "{text}");
    }
}

#[test]
fn a_great_trace_is_looked_at_in_good_time() {
    let segment = |id: usize| {
        json!({ "id": format!("{id:016x}"), "name": "a", "start_time": 1, "end_time": 2,
            "parent_id": format!("{:016x}", id / 2), "annotations": { "n": id } })
    };
    let segments: Vec<_> = (1..30_000).map(segment).collect();
    let trace = trace(&segments);
    // Each looks at all segments and finds nothing: in quadratic time that would take minutes.
    for text in [
        "service() { annotation.n < 0 }",
        "service() { duration > 9 }",
        "service(id(account.id: \"1\"))",
        "service(id(type: \"client\")) { fault }",
        "edge(\"a\", id(account.id: \"1\")) { annotation.n < 0 }",
    ] {
        assert!(!matches(text, &trace), "{text}");
    }
}

fn flags() -> impl Strategy<Value = Value> {
    (
        any::<[bool; 3]>(),
        option::of(prop::sample::select(vec![200, 404, 429, 503])),
    )
        .prop_map(|([error, fault, throttle], status)| {
            json!({ "error": error, "fault": fault, "throttle": throttle,
                "http": { "request": { "url": "u" }, "response": { "status": status } } })
        })
}

fn document() -> impl Strategy<Value = Value> {
    let ids = (1u64..9, 0u64..9);
    let times = (0u64..5, option::of(0u64..5));
    let service = (
        prop::sample::select(vec!["a", "b", "c"]),
        prop::sample::select(vec!["", "t"]),
        prop::sample::select(vec!["", "1"]),
    );
    let call = (
        1u64..9,
        prop::sample::select(vec!["local", "remote"]),
        flags(),
    );
    (ids, times, service, flags(), vec(call, 0..2), any::<bool>()).prop_map(
        |((id, parent), (start, length), (name, kind, account), told, calls, subsegment)| {
            let hex = |id: u64| format!("{id:016x}");
            let mut document = told;
            let end = length.map(|length| start + length);
            document["id"] = hex(id).into();
            document["start_time"] = start.into();
            document["end_time"] = end.into();
            document["name"] = name.into();
            document["aws"] = json!({ "account_id": account });
            document["annotations"] = json!({ name: id });
            if parent > 0 {
                document["parent_id"] = hex(parent).into();
            }
            if subsegment {
                document["type"] = "subsegment".into();
            } else {
                document["user"] = kind.into();
                document["origin"] = kind.into();
            }
            let calls = calls.into_iter().map(|(id, namespace, mut told)| {
                told["id"] = hex(id + 10).into();
                told["name"] = name.into();
                told["namespace"] = namespace.into();
                told["start_time"] = start.into();
                told["end_time"] = end.into();
                told
            });
            document["subsegments"] = calls.collect();
            document
        },
    )
}

proptest! {
    #[test]
    fn the_top_level_says_what_the_summary_says(documents in vec(document(), 1..8)) {
        let trace = trace(&documents);
        let summary = serde_json::to_value(TraceSummary::new(&trace, 1).unwrap()).unwrap();
        let is = |member: &str| summary[member] == true;
        for (text, expected) in [
            ("fault", is("HasFault")),
            ("error", is("HasError")),
            ("ok", !is("HasFault") && !is("HasError")),
            ("throttle", is("HasThrottle")),
            ("partial", is("IsPartial")),
            ("responsetime", summary["ResponseTime"].is_number()),
            ("http.url", summary["Http"]["HttpURL"].is_string()),
            ("http.status", summary["Http"]["HttpStatus"].is_number()),
            ("user", summary["Users"] != json!([])),
            ("annotation.a", summary["Annotations"].get("a").is_some()),
            ("name", summary.get("EntryPoint").is_some()),
            ("rootcause.fault.service", summary["FaultRootCauses"] != json!([])),
            ("rootcause.error.service", summary["ErrorRootCauses"] != json!([])),
            ("rootcause.responsetime.service", summary["ResponseTimeRootCauses"] != json!([])),
        ] {
            prop_assert_eq!(matches(text, &trace), expected, "{}", text);
        }
        for (keyword, value) in [
            ("duration", &summary["Duration"]),
            ("responsetime", &summary["ResponseTime"]),
            ("http.status", &summary["Http"]["HttpStatus"]),
        ] {
            if value.is_number() {
                let text = format!("{keyword} = {value}");
                prop_assert!(matches(&text, &trace), "{}", text);
            }
        }
        for member in ["FaultRootCauses", "ErrorRootCauses", "ResponseTimeRootCauses"] {
            for cause in summary[member].as_array().unwrap().iter().take(2) {
                let text = format!("rootcause.json = #[{cause}]");
                prop_assert!(FilterExpression::read(&text, &groups).unwrap().matches(&trace));
            }
        }
    }

    #[test]
    fn services_and_edges_are_those_of_the_graph(documents in vec(document(), 1..8)) {
        let trace = trace(&documents);
        let mut graph = GraphBuilder::default();
        graph.add(&trace.trace);
        let graph = serde_json::to_value(graph.finish()).unwrap();
        let nodes = graph.as_array().unwrap();
        let text = |node: &Value, member: &str| node[member].as_str().unwrap_or_default().to_owned();
        let id = |node: &Value| {
            let mut id = format!("id(name: {}", quote(&text(node, "Name")));
            for (part, member) in [("type", "Type"), ("account.id", "AccountId")] {
                let value = text(node, member);
                if part == "type" || !value.is_empty() {
                    id.push_str(&format!(", {part}: {}", quote(&value)));
                }
            }
            id + ")"
        };
        for source in nodes {
            let service = format!("service({})", id(source));
            prop_assert!(matches(&service, &trace), "{} in {}", service, graph);
            let rooted = format!("{service} {{ root }}");
            let is_root = source["Root"] == true || text(source, "Type") == CLIENT;
            prop_assert_eq!(matches(&rooted, &trace), is_root, "{} in {}", rooted, graph);
            for target in nodes {
                if text(target, "Type") == CLIENT {
                    continue;
                }
                let to = &target["ReferenceId"];
                let edges = source["Edges"].as_array().unwrap();
                let expected = edges.iter().any(|edge| edge["ReferenceId"] == *to);
                let edge = format!("edge({}, {})", id(source), id(target));
                prop_assert_eq!(matches(&edge, &trace), expected, "{} in {}", edge, graph);
            }
        }
    }

    #[test]
    fn the_root_is_the_first_of_the_roots(documents in vec(document(), 1..8)) {
        let trace = trace(&documents);
        let evaluation = Evaluation::new(&trace);
        let mut roots = trace.trace.roots();
        prop_assert_eq!(evaluation.root(), roots.first().copied());
        roots.sort_unstable();
        prop_assert_eq!(evaluation.roots().collect::<Vec<_>>(), roots);
    }

    #[test]
    fn an_expression_or_its_negation_matches(
        expression in expr(term()),
        documents in vec(document(), 0..8),
    ) {
        let whole = |expression| FilterExpression {
            expression: Some(expression),
            groups: vec![None],
        };
        let negation = whole(Expr::Not(Box::new(expression.clone())));
        let expression = whole(expression);
        let trace = trace(&documents);
        let found = expression.matches(&trace);
        prop_assert_eq!(negation.matches(&trace), !found);
        if !expression.looks_at_facts() {
            prop_assert_eq!(expression.matches(&without_facts(&documents)), found);
        }
    }
}

fn without_facts(documents: &[Value]) -> DetailedTrace<'static> {
    let mut outlines = Vec::new();
    for document in documents {
        let text = document.to_string();
        for (outline, _) in outline::of_document(&Entity::parse(&text).unwrap()) {
            outline::encode(&outline, &mut outlines);
        }
    }
    DetailedTrace::decode(TraceId::from_parts(1_763_790_000, 1), outlines.leak(), &[])
}
