//! What is to be mended in a document that was refused, in a sentence.

use maud::{Markup, html};
use serde_json::Value;
use tracing_xray::{NAME_LEN_MAX, is_legal_name};

use crate::console::parts::Name;
use crate::document::seconds;
use crate::read::{items, text};

/// The most illegal characters of a name that are named.
const ILLEGAL_MAX: usize = 10;

/// What is wrong, where, and how it is mended.
pub(super) fn advice(code: &str, document: &str) -> Markup {
    let parsed: Result<Value, _> = serde_json::from_str(document);
    let document = match parsed {
        Ok(document) => document,
        Err(error) if error.to_string().starts_with("recursion limit") => Value::Null,
        Err(error) if code == "ParseError" => {
            return html! { "It is no JSON (" (error) "): send one JSON object a document." };
        }
        // Only the start of a long one is kept.
        Err(_) => Value::Null,
    };
    let wrong = entities(&document)
        .into_iter()
        .find(|(_, entity)| is_wrong(code, entity));
    let (is_nested, entity) = wrong.unwrap_or((false, &document));
    let name = text(entity, "name").or_else(|| text(entity, "id"));
    html! {
        @if is_nested { "In its subsegment " @if let Some(name) = name { (Name(name)) } ": " }
        @if let Some((key, value)) = offending(code, entity) { code { (key) } " is " code { (Name(&value)) } ". " }
        (mend(code, entity))
    }
}

/// The document and all nested in it, as X-Ray checks them: outer before inner, each with whether it is nested.
fn entities(document: &Value) -> Vec<(bool, &Value)> {
    let (mut found, mut waiting) = (Vec::new(), vec![(false, document)]);
    while let Some((is_nested, entity)) = waiting.pop() {
        found.push((is_nested, entity));
        let nested = items(&entity["subsegments"]).iter().rev();
        waiting.extend(nested.map(|nested| (true, nested)));
    }
    found
}

fn is_wrong(code: &str, entity: &Value) -> bool {
    let filled = |key| text(entity, key).filter(|text| !text.is_empty());
    match code {
        "MissingId" => filled("id").is_none(),
        "InvalidId" => {
            filled("id").is_some_and(|id| id.parse::<tracing_xray::SegmentId>().is_err())
        }
        "MissingName" => filled("name").is_none(),
        "InvalidName" => filled("name").is_some_and(|name| !is_legal_name(name)),
        "MissingStartTime" => seconds(&entity["start_time"]).is_none(),
        "MissingEndTime" => seconds(&entity["end_time"]).is_none() && entity["in_progress"] != true,
        _ => true,
    }
}

/// The member that is wrong, where it is there.
fn offending(code: &str, entity: &Value) -> Option<(&'static str, String)> {
    let key = match code {
        "InvalidId" => "id",
        "InvalidTraceId" => "trace_id",
        "InvalidName" => "name",
        "MissingStartTime" => "start_time",
        "MissingEndTime" => "end_time",
        _ => return None,
    };
    match &entity[key] {
        Value::Null => None,
        value => Some((key, value.to_string().chars().take(300).collect())),
    }
}

fn mend(code: &str, entity: &Value) -> Markup {
    match code {
        "MissingId" => html! { "Give it an " code { "id" } " of 16 hexadecimal digits." },
        "InvalidId" => html! { "Write 16 hexadecimal digits." },
        "MissingTraceId" => {
            html! { "Give it the " code { "trace_id" } " of its trace, such as " code { "1-5759e988-bd862e3fe1be46a994272793" } "." }
        }
        "InvalidTraceId" => {
            html! { "Write 1, eight hexadecimal digits of the time and 24 random ones, with " code { "-" } " between." }
        }
        "MissingName" => html! { "Give it a " code { "name" } "." },
        "InvalidName" => of_name(text(entity, "name").unwrap_or_default()),
        "MissingStartTime" => {
            html! { "Give it a " code { "start_time" } " in seconds since the epoch, as a number; milliseconds are too large for one." }
        }
        "MissingEndTime" => {
            html! { "Give it an " code { "end_time" } " in seconds since the epoch, or " code { "\"in_progress\": true" } " while it runs." }
        }
        "MissingParentId" => {
            html! { "A subsegment that is sent on its own needs the " code { "parent_id" } " of what it belongs to, 16 hexadecimal digits." }
        }
        "ParseError" => {
            html! { "Send one JSON object a document, nested at most 127 levels deep." }
        }
        _ => html! { "See the answer below." },
    }
}

fn of_name(name: &str) -> Markup {
    let illegal = illegal(name);
    let length = name.chars().count();
    html! {
        @if illegal.is_empty() && length > NAME_LEN_MAX { "It has " (length) " characters: at most " (NAME_LEN_MAX) " are taken." }
        @else {
            @if !illegal.is_empty() { "Leave out " @for c in illegal { code { (Name(&c)) } " " } "– " }
            "letters, digits, spaces and " code { "_ . : / % & # = + \\ - @" } " are taken."
        }
    }
}

/// The characters that X-Ray refuses, each once; those that nobody sees by their number.
fn illegal(name: &str) -> Vec<String> {
    let mut illegal: Vec<String> = Vec::new();
    for c in name.chars().filter(|c| !is_legal_name(&c.to_string())) {
        let is_seen = !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let told = if is_seen {
            c.to_string()
        } else {
            format!("U+{:04X}", u32::from(c))
        };
        if illegal.len() < ILLEGAL_MAX && !illegal.contains(&told) {
            illegal.push(told);
        }
    }
    illegal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        case: String,
        document: Value,
        expected: Option<Value>,
    }

    #[test]
    fn every_refusal_of_the_vectors_says_what_to_mend() {
        let vectors = include_str!("../../../tests/vectors/put_trace_segments_errors.json");
        let vectors: Vectors = serde_json::from_str(vectors).unwrap();
        let mut told = 0;
        for Case {
            case,
            document,
            expected,
        } in vectors.cases
        {
            let Some(code) = expected
                .as_ref()
                .and_then(|refused| refused["ErrorCode"].as_str())
            else {
                continue;
            };
            let advice = advice(code, &document.to_string()).into_string();
            assert!(!advice.contains("See the answer"), "{case}: {code}");
            told += 1;
        }
        assert!(told > 8, "{told}");
    }

    #[test]
    fn a_fault_within_is_told_with_its_place() {
        let document = r#"{"id":"70de5b6f19ff9a0a","name":"api","start_time":1,"end_time":2,"subsegments":[
            {"id":"70de5b6f19ff9a0b","name":"fine","start_time":1,"end_time":2},
            {"id":"70de5b6f19ff9a0c","name":"call","start_time":1}]}"#;
        let told = advice("MissingEndTime", document).into_string();
        assert!(
            told.starts_with("In its subsegment <bdi>call</bdi>: Give it an"),
            "{told}"
        );
    }

    #[test]
    fn the_characters_that_are_refused_are_named() {
        assert_eq!(illegal("GET /a?b(c)?"), ["?", "(", ")"]);
        assert_eq!(illegal("a\u{202e}b\u{0}"), ["U+202E", "U+0000"]);
        assert!(illegal("fleet creation_1.2:/%&#=+\\-@").is_empty());
        let long = of_name(&"a".repeat(201)).into_string();
        assert_eq!(long, "It has 201 characters: at most 200 are taken.");
    }

    #[test]
    fn what_is_no_json_is_told_with_the_place() {
        let told = advice("ParseError", "{\"id\":").into_string();
        assert!(told.contains("line 1 column 6"), "{told}");
        let told = advice("ParseError", &"[".repeat(200)).into_string();
        assert!(told.ends_with("at most 127 levels deep."), "{told}");
    }
}
