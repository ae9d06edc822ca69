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

/// Why an expression of the vectors is refused although implementations take it.
fn refused(text: &str) -> Option<&'static str> {
    let message = Expression::parse(text).err()?.to_string();
    [
        "has a step after a name",
        "mixes a name and a number",
        "so it never fires",
    ]
    .into_iter()
    .find(|part| message.contains(part))
}

/// The months and weekdays by number, which says the same and is not refused.
fn by_number(text: &str) -> String {
    use crate::expression::field::{MONTHS, WEEKDAYS};
    let mut text = text.to_owned();
    for names in [MONTHS.as_slice(), &WEEKDAYS] {
        for (number, name) in (1..).zip(names) {
            text = text.replace(name, &format!("{number}"));
        }
    }
    text
}

#[test]
fn firings_are_those_of_the_vectors() {
    let file = file();
    let vectors = file["vectors"].as_array().unwrap();
    let mut never = Vec::new();
    let mut by_numbers = 0;
    for vector in vectors {
        let mut expression = text(&vector["expr"]);
        match refused(&expression) {
            Some("so it never fires") => {
                never.push(expression);
                continue;
            }
            Some(_) => {
                expression = by_number(&expression);
                by_numbers += 1;
            }
            None => {}
        }
        let parsed = Expression::parse(&expression).unwrap();
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
    assert_eq!((vectors.len(), by_numbers), (256, 27));
}

#[test]
fn where_quartz_disagrees_there_is_a_fault_or_a_warning() {
    for vector in file()["vectors"].as_array().unwrap() {
        if vector["quartz_disagrees"] == true
            && let Ok(parsed) = Expression::parse(&text(&vector["expr"]))
        {
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
        assert!(Expression::parse(&expression).is_err(), "{expression}");
    }
    for expression in strings(&file["wrapper"]["valid"]) {
        assert!(Expression::parse(&expression).is_ok(), "{expression}");
    }
}

/// Where implementations disagree about the meaning it is refused, else read as Quartz does.
#[test]
fn what_is_undocumented_is_refused_or_told() {
    let mut refused = Vec::new();
    for vector in file()["undocumented"].as_array().unwrap() {
        let expression = text(&vector["expr"]);
        let Ok(parsed) = Expression::parse(&expression) else {
            refused.push(expression);
            continue;
        };
        let expected = strings(&vector["results"]["quartz"]);
        let found: Vec<String> = parsed
            .firings(time("2026-01-01T00:00:00Z"))
            .take(expected.len())
            .map(|firing| firing.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .collect();
        assert_eq!(found, expected, "{expression}");
        let warnings = parsed.warnings(time("2026-01-01T00:00:00Z"));
        assert!(!warnings.is_empty(), "{expression}");
    }
    assert_eq!(
        refused,
        [
            "cron(0 0 1 JAN/3 ? *)",
            "cron(0 0 ? * TUE-7 *)",
            "cron(*-30 10 * * ? *)",
            "cron(0 0 ? * L-2 *)",
        ]
    );
}
