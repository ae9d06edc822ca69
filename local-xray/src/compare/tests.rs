//! What a comparison says, on traces written down and on any.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A part from one second to another.
fn part(name: &str, start: f64, end: f64, within: Vec<Value>) -> Value {
    json!({"id": format!("{name}-{start}"), "name": name, "start_time": start, "end_time": end, "subsegments": Value::Array(within)})
}

fn call(operation: &str, start: f64, end: f64) -> Value {
    let mut call = part("S3", start, end, Vec::new());
    call["aws"] = json!({"operation": operation});
    call
}

/// Each row as a line: indent, head, numbers, difference.
fn lines(a: &[Value], b: &[Value]) -> Vec<String> {
    let (a, b) = (Timeline::read(a, 100.0), Timeline::read(b, 100.0));
    let comparison = Comparison::of(&a, &b);
    let number = |calls: &Option<Calls<'_>>| calls.as_ref().map_or(0, |calls| calls.number);
    let rows = comparison.rows.iter().map(|row| {
        let (a, b) = (number(&row.a), number(&row.b));
        let (indent, head, words) = (">".repeat(row.depth), &row.head, row.words());
        format!("{indent}{head} {a}|{b} {words}")
    });
    rows.collect()
}

#[test]
fn what_has_one_path_of_names_is_one_row() {
    let puts =
        |number: u32| (0..number).map(|at| call("PutObject", f64::from(at), f64::from(at) + 0.5));
    let mut before: Vec<Value> = vec![call("HeadBucket", 0.0, 0.25)];
    before.extend(puts(2));
    let mut after: Vec<Value> = puts(3).collect();
    after.push(part("retry", 2.5, 2.75, vec![call("PutObject", 2.5, 2.75)]));
    let a = [part("job", 0.0, 2.0, before)];
    let b = [part("job", 0.0, 3.0, after)];
    assert_eq!(
        lines(&a, &b),
        [
            "job 1|1 +1.00 s, +50 %",
            ">S3 HeadBucket 1|0 − only in A",
            ">S3 PutObject 2|3 +500 ms, +50 %",
            ">retry 0|1 + only in B",
            ">>S3 PutObject 0|1 + only in B",
        ]
    );
    let (a, b) = (Timeline::read(&a, 9.0), Timeline::read(&b, 9.0));
    let comparison = Comparison::of(&a, &b);
    assert_eq!(
        comparison.verdict(),
        [
            "+1.00 s, +50 %",
            "of 5 rows, 1 only in A, 2 only in B, 1 more or fewer times"
        ]
    );
    assert_eq!(comparison.rows[0].within, 4);
    let by_difference = comparison.ordered(Order::Difference, Some(2));
    let heads: Vec<&str> = by_difference.iter().map(|row| &*row.head).collect();
    assert_eq!(heads, ["job", "S3 PutObject", "S3 HeadBucket", "retry"]);
    let retried = comparison.rows.last().unwrap();
    let above: Vec<&str> = comparison
        .ancestors(retried)
        .map(|row| &*row.head)
        .collect();
    assert_eq!(above, ["retry", "job"]);
}

#[test]
fn what_only_one_has_stands_where_it_happened() {
    let trace = |names: &[&str], seconds: f64| {
        let parts = names.iter().zip(1..);
        let parts = parts.map(|(name, at)| {
            let start = f64::from(at) * seconds;
            part(name, start, start + seconds, Vec::new())
        });
        [part("job", 0.0, 9.0 * seconds, parts.collect())]
    };
    // The second is ten times slower.
    let a = trace(&["check", "load", "store"], 1.0);
    let b = trace(&["check", "warn", "load", "tell", "store"], 10.0);
    let heads: Vec<String> = lines(&a, &b)
        .iter()
        .filter_map(|line| Some(line.strip_prefix('>')?.split(' ').next()?.to_owned()))
        .collect();
    assert_eq!(heads, ["check", "warn", "load", "tell", "store"]);
}

#[test]
fn how_it_went_and_what_still_goes_on_are_told() {
    let mut failed = part("job", 0.0, 1.0, Vec::new());
    failed["fault"] = true.into();
    let running = json!({"id": "r", "name": "job", "start_time": 98.0, "in_progress": true});
    let (a, b) = ([failed], [running]);
    let (a, b) = (Timeline::read(&a, 100.0), Timeline::read(&b, 100.0));
    let comparison = Comparison::of(&a, &b);
    let row = &comparison.rows[0];
    assert!(row.differs() && row.differs_in_status() && !row.differs_in_number());
    let told =
        |calls: &Option<Calls<'_>>| calls.as_ref().map(|calls| (calls.seconds, calls.status));
    assert_eq!(told(&row.a), Some((1.0, Status::Fault)));
    assert_eq!(told(&row.b), Some((2.0, Status::InProgress)));
    let [_, rows] = comparison.verdict();
    assert_eq!(rows, "of 1 row, 1 with another status");
}

#[test]
fn same_is_only_what_differs_in_nothing() {
    let failed = |mut part: Value| {
        part["fault"] = true.into();
        part
    };
    let once = part("job", 0.0, 1.0, Vec::new());
    let twice = [("job", 0.0, 0.5), ("job", 0.5, 1.0)];
    let twice = twice.map(|(name, start, end)| part(name, start, end, Vec::new()));
    let a = [once.clone()];
    assert_eq!(lines(&a, &a), ["job 1|1 same"]);
    assert_eq!(lines(&a, &[failed(once)]), ["job 1|1 same time"]);
    assert_eq!(lines(&a, &twice), ["job 1|2 same time"]);
}

#[test]
fn annotations_of_the_roots_are_compared() {
    let root = |annotations: Value| {
        let mut root = part("job", 0.0, 1.0, Vec::new());
        root["annotations"] = annotations;
        [root]
    };
    let a = root(json!({"job": "logs", "outcome": "changed", "attempt": 1}));
    let b = root(json!({"job": "logs", "outcome": "failed", "bucket": "b"}));
    let (a, b) = (Timeline::read(&a, 9.0), Timeline::read(&b, 9.0));
    let comparison = Comparison::of(&a, &b);
    assert_eq!(comparison.equal_annotations, 1);
    let told = comparison.annotations.iter();
    let told: Vec<_> = told
        .map(|one| (one.key, one.a.cloned(), one.b.cloned()))
        .collect();
    assert_eq!(
        told,
        [
            ("attempt", Some(json!(1)), None),
            ("bucket", None, Some(json!("b"))),
            ("outcome", Some(json!("changed")), Some(json!("failed"))),
        ]
    );
}

#[test]
fn differences_have_a_sign_and_a_share() {
    for (a, b, words) in [
        (0.343, 0.463, "+120 ms, +35 %"),
        (2.0, 1.0, "−1.00 s, −50 %"),
        (1.0, 1.02, "+20.0 ms, +2.0 %"),
        (100.0, 100.001, "+1.00 ms"),
        (0.0, 0.5, "+500 ms"),
        (1.0, 1.000_000_2, "same time"),
        (f64::NAN, 1.0, "–"),
        (1.0, f64::INFINITY, "–"),
    ] {
        assert_eq!(difference(a, b), words, "{a} and {b}");
    }
}

#[test]
fn of_very_many_rows_few_levels_are_shown() {
    let wide = |names: usize, beneath: usize| {
        let parts = (0..names).map(|at| {
            let within = (0..beneath).map(|n| part(&format!("n{n}"), 0.0, 1.0, Vec::new()));
            part(
                &format!("m{at}"),
                0.0,
                1.0,
                vec![part("mid", 0.0, 1.0, within.collect())],
            )
        });
        [part("job", 0.0, 1.0, parts.collect())]
    };
    for (names, beneath, level) in [(10, 1, None), (10, 50, Some(3)), (60, 1, Some(2))] {
        let documents = wide(names, beneath);
        let timeline = Timeline::read(&documents, 9.0);
        let comparison = Comparison::of(&timeline, &timeline);
        assert_eq!(comparison.levels_of(100), level, "{names} {beneath}");
    }
}

#[test]
fn a_deep_trace_is_compared_on_a_small_stack() {
    let documents = (0..20_000).map(|at: u32| {
        let parent = at.checked_sub(1).map(|parent| parent.to_string());
        json!({"id": at.to_string(), "parent_id": parent, "name": "n", "start_time": at, "end_time": 20_000})
    });
    let documents: Vec<Value> = documents.collect();
    let timeline = Timeline::read(&documents, 9.0);
    let comparison = Comparison::of(&timeline, &timeline);
    assert_eq!(comparison.rows.len(), 20_000);
    assert_eq!(comparison.rows[0].within, 19_999);
}

/// Any trace: parents come before their children, and names are few, so that many are alike.
fn any_trace() -> impl Strategy<Value = Vec<Value>> {
    let entity = (
        any::<prop::sample::Index>(),
        0..4u8,
        0..50u32,
        proptest::option::of(0..50u32),
        0..4u8,
    );
    let annotations = proptest::collection::btree_map("[ab]", 0..2u8, 0..3);
    let entities = proptest::collection::vec((entity, annotations), 0..25);
    entities.prop_map(|entities| {
        let documents = entities.into_iter().enumerate();
        let documents = documents.map(
            |(at, ((parent, name, start, seconds, status), annotations))| {
                // Some are roots.
                let parent = parent.index(at + 2).checked_sub(2);
                let mut document = json!({
                    "id": at.to_string(),
                    "parent_id": parent.map(|parent| parent.to_string()),
                    "name": format!("n{name}"),
                    "start_time": start,
                    "annotations": annotations,
                    "fault": status == 1, "error": status == 2, "throttle": status == 3,
                });
                match seconds {
                    Some(seconds) => document["end_time"] = (start + seconds).into(),
                    None => document["in_progress"] = true.into(),
                }
                document
            },
        );
        documents.collect()
    })
}

proptest! {
    #[test]
    fn a_trace_does_not_differ_from_itself(documents in any_trace()) {
        let timeline = Timeline::read(&documents, 100.0);
        let comparison = Comparison::of(&timeline, &timeline);
        let [_, rows] = comparison.verdict();
        prop_assert_eq!(rows, "the same calls, equally often, with the same statuses");
        prop_assert!(comparison.annotations.is_empty());
        for row in &comparison.rows {
            prop_assert!(!row.differs(), "{:?}", row);
            prop_assert_eq!(row.words(), "same");
        }
        let calls = comparison.rows.iter().filter_map(|row| row.a.as_ref());
        let number: usize = calls.map(|calls| calls.number).sum();
        prop_assert_eq!(number, timeline.entities.len());
    }

    #[test]
    fn swapping_swaps(a in any_trace(), b in any_trace()) {
        let (a, b) = (Timeline::read(&a, 100.0), Timeline::read(&b, 100.0));
        let (there, back) = (Comparison::of(&a, &b), Comparison::of(&b, &a));
        let swapped = there.rows.into_iter().map(|row| Row { a: row.b, b: row.a, ..row });
        prop_assert_eq!(swapped.collect::<Vec<_>>(), back.rows);
        let swapped = there.annotations.into_iter().map(|one| Annotation { a: one.b, b: one.a, ..one });
        prop_assert_eq!(swapped.collect::<Vec<_>>(), back.annotations);
    }
}
