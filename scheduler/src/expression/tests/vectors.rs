//! The vectors: expressions with their next firings, as several implementations of cron agree on
//! them, and expressions that are to be refused.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::expression::Expression;

fn file() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/cron.json")).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap();
    items.iter().map(text).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn firings_are_those_of_the_vectors() {
    let file = file();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 256);
    let mut never = Vec::new();
    for vector in vectors {
        let expression = text(&vector["expr"]);
        let parsed = Expression::parse(&expression).unwrap();
        if parsed.never_fires().is_some() {
            never.push(expression.clone());
        }
        let expected = strings(&vector["next"]);
        let exhausted = vector["exhausted"] == true;
        let asked = expected.len() + usize::from(exhausted);
        let found: Vec<String> = parsed
            .firings(time(&text(&vector["from"])))
            .take(asked)
            .map(|firing| firing.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .collect();
        assert_eq!(found, expected, "{expression}");
    }
    assert_eq!(never, ["cron(0 0 31 4 ? 2026-2030)"]);
}

#[test]
fn where_quartz_disagrees_there_is_a_warning() {
    for vector in file()["vectors"].as_array().unwrap() {
        if vector["quartz_disagrees"] == true {
            let parsed = Expression::parse(&text(&vector["expr"])).unwrap();
            let warnings = parsed.warnings(time("2026-01-01T00:00:00Z"));
            assert!(!warnings.is_empty(), "{parsed}");
        }
    }
}

#[test]
fn what_is_invalid_is_refused() {
    let file = file();
    let mut invalid: Vec<String> = file["invalid"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| text(&vector["expr"]))
        .collect();
    invalid.extend(strings(&file["wrapper"]["invalid_for_rules"]));
    assert_eq!(invalid.len(), 35 + 19);
    for expression in invalid {
        let error = Expression::parse(&expression).expect_err(&expression);
        assert!(error.caret().contains('^'), "{expression}");
    }
    for expression in strings(&file["wrapper"]["valid"]) {
        assert!(Expression::parse(&expression).is_ok(), "{expression}");
    }
}

/// Read as Quartz does, but for names, which are read as their numbers as most others do.
#[test]
fn what_is_undocumented_is_refused_or_told() {
    let mut refused = Vec::new();
    for vector in file()["undocumented"].as_array().unwrap() {
        let expression = text(&vector["expr"]);
        let Ok(parsed) = Expression::parse(&expression) else {
            refused.push(expression);
            continue;
        };
        let by_quartz = !expression.contains("JAN/3") && !expression.contains("TUE-7");
        let reader = if by_quartz { "quartz" } else { "cronplan" };
        let expected = strings(&vector["results"][reader]);
        let found: Vec<String> = parsed
            .firings(time("2026-01-01T00:00:00Z"))
            .take(expected.len())
            .map(|firing| firing.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .collect();
        assert_eq!(found, expected, "{expression}");
        let warnings = parsed.warnings(time("2026-01-01T00:00:00Z"));
        assert!(!warnings.is_empty(), "{expression}");
    }
    assert_eq!(refused, ["cron(*-30 10 * * ? *)", "cron(0 0 ? * L-2 *)"]);
}
