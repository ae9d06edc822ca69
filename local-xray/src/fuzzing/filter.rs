//! Filter expressions and entity selectors.

use std::sync::OnceLock;

use serde_json::Value;
use tracing_xray::TraceId;

use super::Encoded;
use crate::assemble::DetailedTrace;
use crate::document::accept;
use crate::filter::{EntitySelector, FilterError, FilterExpression};

/// The longest expression and selector that are read. Written in their one form, with operators
/// spelled out, they may be longer than they were.
const LENGTH_MAX: usize = 2000;
const SELECTOR_LENGTH_MAX: usize = 500;

/// Reads a text as an expression and as an entity selector, and tries the expression on traces.
///
/// # Panics
/// Something does not hold that must hold for any text.
pub fn filter(text: &str) {
    match FilterExpression::parse(text, &group) {
        Ok(expression) => {
            check_form(&expression);
            check_matches(text, &expression);
        }
        Err(error) => check_error(text, &error),
    }
    match text.parse::<EntitySelector>() {
        Ok(selector) => {
            let form = selector.to_string();
            if form.chars().count() <= SELECTOR_LENGTH_MAX {
                assert_eq!(form.parse().as_ref(), Ok(&selector), "{form}");
            }
            check_selected(&selector);
        }
        Err(error) => check_error(text, &error),
    }
}

/// Groups that there are, some of them no expressions.
fn group(name: &str) -> Option<String> {
    match name {
        "slow" => Some("responsetime > 3".into()),
        "here" => Some("group.name = \"there\"".into()),
        "there" => Some("ok OR group.arn = \"here\"".into()),
        "broken" => Some("ok AND\nfalt".into()),
        "all" => Some(String::new()),
        _ => None,
    }
}

/// The form in which an expression is shown reads back the same.
fn check_form(expression: &FilterExpression) {
    let form = expression.to_string();
    if form.chars().count() <= LENGTH_MAX {
        let read = FilterExpression::parse(&form, &group);
        assert_eq!(read.as_ref(), Ok(expression), "{form}");
    }
}

fn check_matches(text: &str, expression: &FilterExpression) {
    let negated = FilterExpression::parse(&format!("!({text})"), &group);
    for (number, encoded) in traces().iter().enumerate() {
        let trace = encoded.trace(TraceId::from_parts(1_763_790_000, number as u128));
        let matches = expression.matches(&trace);
        // Nothing cannot be negated, and what is long or deep already gets no longer or deeper.
        if let Ok(negated) = &negated {
            assert_ne!(negated.matches(&trace), matches, "{text}");
        }
        if !expression.looks_at_facts() {
            let bare = DetailedTrace::decode(trace.id, &encoded.outlines, &[]);
            assert_eq!(expression.matches(&bare), matches, "{text}");
        }
    }
}

/// What is selected is there, in order, once.
fn check_selected(selector: &EntitySelector) {
    for encoded in traces() {
        let trace = encoded.trace(TraceId::from_parts(1_763_790_000, 1));
        let selected = selector.entities(&trace);
        assert!(
            selected.is_sorted_by(|one, next| one < next),
            "{selected:?}"
        );
        let entities = trace.trace.entities.len();
        assert!(selected.iter().all(|&entity| entity < entities));
    }
}

fn check_error(text: &str, error: &FilterError) {
    let columns = 1..=text.chars().count() + 1;
    assert!(columns.contains(&error.column), "{error}");
    assert!(!error.message.is_empty());
    let drawing = error.caret(text);
    assert_eq!(drawing.lines().count(), 2, "{drawing}");
}

/// The traces that the vectors of filter expressions are about.
fn traces() -> &'static [Encoded] {
    static TRACES: OnceLock<Vec<Encoded>> = OnceLock::new();
    TRACES.get_or_init(|| {
        let vectors = include_str!("../../tests/vectors/filter_eval.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap_or_default();
        let traces = vectors["traces"].as_object().into_iter().flatten();
        let encoded = traces.map(|(id, documents)| {
            let mut encoded = Encoded::default();
            for document in documents.as_array().into_iter().flatten() {
                let mut document = document.clone();
                document["trace_id"] = id.as_str().into();
                let document = document.to_string();
                match accept(&document) {
                    Ok(accepted) => encoded.add(&accepted),
                    Err(refused) => panic!("{refused:?} of {document}"),
                }
            }
            encoded
        });
        let encoded: Vec<_> = encoded.collect();
        assert!(
            encoded.len() > 5,
            "the vectors have {} traces",
            encoded.len()
        );
        encoded
    })
}
