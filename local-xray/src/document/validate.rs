//! What PutTraceSegments refuses, and in which words: one fault a document, the first found.

use serde::Serialize;
use tracing_xray::{SegmentId, TraceId, is_legal_name};

use super::{Entity, LEVELS_MAX, is_deeper};

/// A document that the service did not take: an entry of `UnprocessedTraceSegments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnprocessedTraceSegment {
    /// Its place among the documents sent.
    #[serde(skip)]
    pub index: usize,
    /// The document's id, as far as it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong, such as `MissingName`.
    pub error_code: String,
    /// The same in a sentence, telling segments and subsegments apart.
    pub message: String,
}

/// A document that was taken, and its keys.
#[derive(Debug)]
pub(crate) struct Accepted<'a> {
    pub(crate) trace_id: TraceId,
    pub(crate) id: SegmentId,
    pub(crate) entity: Entity<'a>,
}

/// Takes a document, or says why not.
pub(crate) fn accept(document: &str) -> Result<Accepted<'_>, UnprocessedTraceSegment> {
    let unreadable = || refusal(None, "ParseError", false);
    if is_deeper(document, LEVELS_MAX) {
        return Err(unreadable());
    }
    let entity = Entity::parse(document).map_err(|_| unreadable())?;
    let subsegment = entity.is_separate_subsegment();
    let id = entity.fields.filled("id");
    let refuse = |code, subsegment| refusal(id.as_deref(), code, subsegment);
    let checked = check_document(&entity).map_err(|code| refuse(code, subsegment))?;
    check_nested(&entity).map_err(|code| refuse(code, true))?;
    let (trace_id, id) = checked;
    Ok(Accepted {
        trace_id,
        id,
        entity,
    })
}

type ErrorCode = &'static str;

fn check_document(entity: &Entity<'_>) -> Result<(TraceId, SegmentId), ErrorCode> {
    let id = check_id(entity)?;
    let trace_id = entity.fields.filled("trace_id").ok_or("MissingTraceId")?;
    let trace_id = trace_id.parse().map_err(|_| "InvalidTraceId")?;
    check_entity(entity)?;
    if entity.is_separate_subsegment() && entity.parent_id().is_none() {
        return Err("MissingParentId");
    }
    Ok((trace_id, id))
}

fn check_nested(entity: &Entity<'_>) -> Result<(), ErrorCode> {
    entity.subsegments.iter().try_for_each(|subsegment| {
        check_id(subsegment)?;
        check_entity(subsegment)?;
        check_nested(subsegment)
    })
}

fn check_id(entity: &Entity<'_>) -> Result<SegmentId, ErrorCode> {
    entity.fields.filled("id").ok_or("MissingId")?;
    entity.id().ok_or("InvalidId")
}

fn check_entity(entity: &Entity<'_>) -> Result<(), ErrorCode> {
    let name = entity.fields.filled("name").ok_or("MissingName")?;
    if !is_legal_name(&name) {
        return Err("InvalidName");
    }
    entity.start().ok_or("MissingStartTime")?;
    if entity.end().is_none() && !entity.fields.flag("in_progress") {
        return Err("MissingEndTime");
    }
    Ok(())
}

fn refusal(id: Option<&str>, code: ErrorCode, subsegment: bool) -> UnprocessedTraceSegment {
    let message = if subsegment {
        format!("Invalid subsegment. ErrorCode: {code}, Cause: null")
    } else {
        format!("Invalid segment. ErrorCode: {code}")
    };
    UnprocessedTraceSegment {
        index: 0,
        id: id.map(str::to_owned),
        error_code: code.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
    fn the_vectors_of_refusals_hold() {
        let vectors = include_str!("../../tests/vectors/put_trace_segments_errors.json");
        let vectors: Vectors = serde_json::from_str(vectors).unwrap();
        assert!(vectors.cases.len() > 10);
        for case in vectors.cases {
            let refused = accept(&case.document.to_string()).err();
            let refused = refused.map(|refused| serde_json::to_value(refused).unwrap());
            assert_eq!(refused, case.expected, "{}", case.case);
        }
    }

    fn code(document: &str) -> Option<String> {
        accept(document).err().map(|refused| refused.error_code)
    }

    #[test]
    fn a_subsegment_of_its_own_needs_a_parent() {
        let document = r#"{"type":"subsegment","id":"00000000000000a1","name":"call","start_time":1,
            "end_time":2,"trace_id":"1-69214cb0-000000000000000000000009"}"#;
        let refused = accept(document).unwrap_err();
        assert_eq!(
            refused.message,
            "Invalid subsegment. ErrorCode: MissingParentId, Cause: null"
        );
    }

    #[test]
    fn a_document_is_as_deep_as_readers_of_json_can_follow() {
        let document = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
            format!(
                r#"{{"id":"00000000000000a1","trace_id":"1-69214cb0-000000000000000000000009","name":"a",
                    "start_time":1,"end_time":2,"more":{open}"[[\"[["{close}}}"#
            )
        };
        assert_eq!(code(&document(LEVELS_MAX)), None);
        assert!(serde_json::from_str::<Value>(&document(LEVELS_MAX)).is_ok());
        let deep = document(LEVELS_MAX + 1);
        assert_eq!(code(&deep).as_deref(), Some("ParseError"));
        // Many are not deep.
        let wide = document(2).replace("[\"", &format!("[{}\"", "[],{},".repeat(200)));
        assert_eq!(code(&wide), None);
    }

    #[test]
    fn times_in_milliseconds_are_none() {
        let document = |start: &str, end: &str| {
            format!(
                r#"{{"id":"00000000000000a1","trace_id":"1-69214cb0-000000000000000000000009","name":"a",
                    "start_time":{start},"end_time":{end}}}"#
            )
        };
        for (start, end, expected) in [
            ("1763790000.5", "1763790001", None),
            ("1763790000500", "1763790001000", Some("MissingStartTime")),
            ("1763790000", "1763790001000", Some("MissingEndTime")),
            ("253370764799.9", "253370764799.9", None),
            ("253370764800", "253370764800", Some("MissingStartTime")),
        ] {
            let code = code(&document(start, end));
            assert_eq!(code.as_deref(), expected, "{start} {end}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused_without_an_id() {
        for text in [
            "",
            "nonsense",
            "{\"id\":",
            "{\"id\":\"70de5b6f19ff9a0a\"} trailing",
        ] {
            assert_eq!(code(text).as_deref(), Some("ParseError"), "{text}");
        }
        for text in ["null", "7", "\"text\"", "[{}]", "{}"] {
            assert_eq!(code(text).as_deref(), Some("MissingId"), "{text}");
        }
        assert_eq!(code(r#"{"id":"short"}"#).as_deref(), Some("InvalidId"));
        let document = r#"{"id":"70de5b6f19ff9a0a"}"#;
        assert_eq!(code(document).as_deref(), Some("MissingTraceId"));
    }
}
