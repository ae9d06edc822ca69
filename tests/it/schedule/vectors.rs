//! `schedule next --expression` over all vectors: what others agree on, and what is to be refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::program::{Ended, Place, repository};

fn file() -> Value {
    let path = repository().join("scheduler/tests/vectors/cron.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Holds each of many against the program, a few at once.
fn each<T: Sync>(all: &[T], check: impl Fn(&Place, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let place = Place::new();
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(&place, one);
                }
            });
        }
    });
}

fn next(place: &Place, expression: &str, from: &str, count: usize) -> Ended {
    let count = count.to_string();
    place.run(&[
        "schedule",
        "next",
        "--expression",
        expression,
        "--from",
        from,
        "--count",
        &count,
        "--json",
    ])
}

#[test]
fn firings_are_those_that_several_implementations_agree_on() {
    let file = file();
    let vectors = file["vectors"].as_array().unwrap();
    let high = vectors
        .iter()
        .filter(|vector| vector["confidence"] == "high");
    let high: Vec<&Value> = high.collect();
    assert!(high.len() > 200, "{}", high.len());
    each(&high, |place, vector| {
        let expression = vector["expr"].as_str().unwrap();
        let expected = vector["next"].as_array().unwrap();
        let is_exhausted = vector["exhausted"] == true;
        let asked = (expected.len() + usize::from(is_exhausted)).max(1);
        let ended = next(place, expression, vector["from"].as_str().unwrap(), asked);
        assert_eq!(ended.code, 0, "{expression}: {}", ended.stderr);
        let found: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(found, vector["next"], "{expression}");
    });
}

#[test]
fn what_no_rule_may_have_is_refused_with_its_place() {
    let file = file();
    let invalid = file["invalid"].as_array().unwrap().iter();
    let invalid = invalid.map(|vector| &vector["expr"]);
    let wrapped = file["wrapper"]["invalid_for_rules"].as_array().unwrap();
    let invalid: Vec<&str> = invalid
        .chain(wrapped)
        .map(|expression| expression.as_str().unwrap())
        .collect();
    assert_eq!(invalid.len(), 35 + 19);
    each(&invalid, |place, expression| {
        let ended = next(place, expression, "2026-01-01T00:00:00Z", 1);
        assert_eq!(ended.code, 2, "{expression}: {}", ended.stdout);
        assert_eq!(ended.stdout, "", "{expression}");
        let lines: Vec<&str> = ended.stderr.lines().collect();
        let is_carets = |line: &str| line.contains('^') && line.trim_matches([' ', '^']).is_empty();
        assert!(lines.len() >= 3, "{expression}: {}", ended.stderr);
        assert_eq!(lines[0], *expression);
        assert!(is_carets(lines[1]), "{expression}: {}", ended.stderr);
    });
}
