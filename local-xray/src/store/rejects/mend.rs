//! What is wrong in a document that was refused, where, and how it is mended.

use serde_json::Value;
use tracing_xray::{NAME_LEN_MAX, is_legal_name};

use super::Reject;
use crate::document::{LEVELS_MAX, seconds};
use crate::read::text;

/// The most illegal characters of a name that are told.
const ILLEGAL_MAX: usize = 10;

/// What is wrong and how it is mended; where, if it is not the document itself.
pub(super) fn mend(reject: &Reject) -> String {
    let document = match serde_json::from_str::<Value>(&reject.document) {
        Ok(document) => document,
        // One that is nested too deep is JSON, though nobody reads it.
        Err(error) if reject.error_code == "ParseError" && !is_too_deep(&error) => {
            return format!("it is no JSON: {error}: send one JSON object a document");
        }
        // Only its start is here.
        Err(_) => return advice(reject, &Value::Null),
    };
    let wrong = entities(&document).find(|(_, entity)| is_wrong(&reject.error_code, entity));
    match wrong {
        None | Some((0, _)) => advice(reject, &document),
        Some((_, entity)) => {
            let name = text(entity, "name").or_else(|| text(entity, "id"));
            let place = name.map_or_else(String::new, |name| format!(" `{name}`"));
            format!("in its subsegment{place}: {}", advice(reject, entity))
        }
    }
}

/// The document and all that nests in it, as X-Ray checks them: outer before inner; each with its
/// depth.
fn entities(document: &Value) -> impl Iterator<Item = (usize, &Value)> {
    let mut waiting = vec![(0, document)];
    std::iter::from_fn(move || {
        let (depth, entity) = waiting.pop()?;
        let nested = entity["subsegments"].as_array().into_iter().flatten();
        waiting.extend(nested.rev().map(|nested| (depth + 1, nested)));
        Some((depth, entity))
    })
}

fn is_wrong(error_code: &str, entity: &Value) -> bool {
    let filled = |key| text(entity, key).filter(|text| !text.is_empty());
    match error_code {
        "MissingId" => filled("id").is_none(),
        "InvalidId" => filled("id").is_some_and(|id| !is_id(id)),
        "MissingName" => filled("name").is_none(),
        "InvalidName" => filled("name").is_some_and(|name| !is_legal_name(name)),
        "MissingStartTime" => seconds(&entity["start_time"]).is_none(),
        "MissingEndTime" => seconds(&entity["end_time"]).is_none() && entity["in_progress"] != true,
        _ => true,
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn advice(reject: &Reject, entity: &Value) -> String {
    let value = |key: &str| match &entity[key] {
        Value::Null => String::new(),
        value => format!(" is {value}"),
    };
    match &*reject.error_code {
        "ParseError" => format!(
            "send one JSON object a document, nested at most {LEVELS_MAX} levels deep"
        ),
        "MissingId" => "give it an `id` of 16 hexadecimal digits".to_owned(),
        "InvalidId" => format!("its `id`{}: write 16 hexadecimal digits", value("id")),
        "MissingTraceId" => {
            "give it the `trace_id` of its trace, such as 1-5759e988-bd862e3fe1be46a994272793".to_owned()
        }
        "InvalidTraceId" => format!(
            "its `trace_id`{}: write 1, eight hexadecimal digits of the time and 24 random ones, with `-` between",
            value("trace_id")
        ),
        "MissingName" => "give it a `name`".to_owned(),
        "InvalidName" => name_advice(text(entity, "name").unwrap_or_default()),
        "MissingStartTime" => format!(
            "its `start_time`{}: give it seconds since the epoch, as a number; milliseconds are too large for one",
            value("start_time")
        ),
        "MissingEndTime" => format!(
            "its `end_time`{}: give it seconds since the epoch, or `\"in_progress\": true` while it runs",
            value("end_time")
        ),
        "MissingParentId" => {
            "a subsegment that is sent on its own needs the `parent_id` of what it belongs to, 16 hexadecimal \
             digits"
                .to_owned()
        }
        _ => reject.message.clone(),
    }
}

fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit")
}

/// A character; one that nobody sees by its number.
fn shown(c: char) -> String {
    let is_seen = !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match is_seen {
        true => format!("`{c}`"),
        false => format!("U+{:04X}", u32::from(c)),
    }
}

/// Which characters of a name X-Ray refuses.
fn name_advice(name: &str) -> String {
    let length = name.chars().count();
    let mut illegal: Vec<String> = Vec::new();
    for c in name.chars().filter(|c| !is_legal_name(&c.to_string())) {
        let shown = shown(c);
        if !illegal.contains(&shown) && illegal.len() < ILLEGAL_MAX {
            illegal.push(shown);
        }
    }
    let legal = "letters, digits, spaces and _ . : / % & # = + \\ - @";
    match illegal.as_slice() {
        [] if length > NAME_LEN_MAX => {
            format!("its `name` has {length} characters: at most {NAME_LEN_MAX} are taken")
        }
        [] => format!("its `name` may hold {legal}"),
        illegal => {
            let illegal = illegal.join(" ");
            format!("its `name` `{name}` holds {illegal}: leave that out; {legal} are taken")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mended(error_code: &str, document: &str) -> String {
        mend(&Reject {
            arrived: Default::default(),
            error_code: error_code.to_owned(),
            message: "the message".to_owned(),
            id: None,
            trace_id: None,
            name: None,
            document: document.to_owned(),
        })
    }

    #[test]
    fn every_code_of_the_vectors_says_what_to_mend() {
        let vectors = include_str!("../../../tests/vectors/put_trace_segments_errors.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let mut codes = std::collections::BTreeSet::new();
        for case in vectors["cases"].as_array().unwrap() {
            let Some(code) = text(&case["expected"], "ErrorCode") else {
                continue;
            };
            codes.insert(code);
            let words = mended(code, &case["document"].to_string());
            assert_ne!(words, "the message", "{code}");
        }
        assert!(codes.len() > 5, "{codes:?}");
    }

    #[test]
    fn the_words_name_what_is_wrong_and_where() {
        for (code, document, expected) in [
            (
                "InvalidName",
                json!({"name": "shop (v2)?"}),
                "`shop (v2)?` holds `(` `)` `?`",
            ),
            (
                "InvalidName",
                json!({"name": "n".repeat(214)}),
                "has 214 characters: at most 200",
            ),
            (
                "InvalidId",
                json!({"id": "short"}),
                "its `id` is \"short\": write 16",
            ),
            ("MissingEndTime", json!({}), "`\"in_progress\": true`"),
            ("InvalidTraceId", json!({"trace_id": "1-2"}), "is \"1-2\""),
            ("Unheard", json!({}), "the message"),
            (
                "InvalidName",
                json!({"name": "a", "subsegments": [{"name": "b", "subsegments": [{"name": "c!"}]}]}),
                "in its subsegment `c!`: its `name` `c!` holds `!`",
            ),
            (
                "MissingStartTime",
                json!({"start_time": 1, "subsegments": [{"name": "call", "start_time": "soon"}]}),
                "in its subsegment `call`: its `start_time` is \"soon\"",
            ),
            (
                "MissingStartTime",
                json!({"start_time": "1763790000", "subsegments": [
                    {"name": "call", "start_time": 1_763_790_000_500_u64}]}),
                "in its subsegment `call`: its `start_time` is 1763790000500: give it seconds",
            ),
            (
                "MissingEndTime",
                json!({"end_time": 1_763_790_001, "subsegments": [
                    {"name": "call", "end_time": 1_763_790_001_000_u64}]}),
                "in its subsegment `call`: its `end_time` is 1763790001000: give it seconds",
            ),
        ] {
            let words = mended(code, &document.to_string());
            assert!(words.contains(expected), "{words}");
        }
        assert!(mended("ParseError", "{\"id\":").starts_with("it is no JSON: EOF"));
        assert!(mended("ParseError", &"[".repeat(200)).ends_with("levels deep"));
        let unseen = json!({"name": "a\u{202e}b\u{0}"}).to_string();
        assert!(mended("InvalidName", &unseen).contains("holds U+202E U+0000: "));
    }
}
