//! What PutTraceSegments refused, and what is to be mended, in words. Alike documents stand together.

use local_xray::seconds;
use serde_json::Value;
use tracing_xray::{NAME_LEN_MAX, is_legal_name};

use super::json::text;
use super::style::{Line, Paint, Status, Style, flow, note};
use super::text::{clip, count, wrap};
use super::time::utc;

/// Groups of alike rejects that are shown.
const GROUPS_MAX: usize = 20;
/// Documents of one group that are named.
const DOCUMENTS_MAX: usize = 3;
/// Lines of the newest document of a group.
const DOCUMENT_LINES_MAX: usize = 3;

/// A document that was refused.
#[derive(Clone, Copy, Debug)]
pub struct Rejected<'a> {
    /// When it arrived, in seconds since the epoch.
    pub arrived: f64,
    /// What is wrong in a word, such as `InvalidName`.
    pub error_code: &'a str,
    /// The same as AWS says it.
    pub message: &'a str,
    /// Its id, as far as it could be read.
    pub id: Option<&'a str>,
    /// Its trace's id, likewise.
    pub trace_id: Option<&'a str>,
    /// Its name, likewise.
    pub name: Option<&'a str>,
    /// What was sent, perhaps only its start.
    pub document: &'a str,
}

/// Rejects that came the newest first: a paragraph for each thing to mend, with how many documents
/// it was wrong in, which those are, and the start of the newest.
pub fn rejects(rejects: &[Rejected<'_>], style: Style) -> String {
    if rejects.is_empty() {
        return note("No documents were refused in this time.", style) + "\n";
    }
    let mut groups: Vec<(String, Vec<&Rejected<'_>>)> = Vec::new();
    let mut untold = 0;
    for reject in rejects {
        let mend = mend(reject);
        let known = groups
            .iter()
            .position(|(known, alike)| *known == mend && alike[0].error_code == reject.error_code);
        match known {
            Some(known) => groups[known].1.push(reject),
            None if groups.len() == GROUPS_MAX => untold += 1,
            None => groups.push((mend, vec![reject])),
        }
    }
    let mut heading = Line::new(style);
    let documents = count(rejects.len() as u64, "document");
    heading.push(Paint::Strong, &format!("{documents} refused"));
    let mut lines = vec![heading.into_text()];
    for (mend, alike) in &groups {
        lines.push(String::new());
        lines.extend(group(mend, alike, style));
    }
    if untold > 0 {
        lines.push(String::new());
        let documents = count(untold, "document");
        lines.push(note(&format!("… {documents} with other faults"), style));
    }
    lines.join("\n") + "\n"
}

fn group(mend: &str, alike: &[&Rejected<'_>], style: Style) -> Vec<String> {
    let newest = alike[0];
    let mut first = Line::new(style);
    first
        .push(Paint::Status(Status::Fault), newest.error_code)
        .push(Paint::Plain, ":")
        .space(1);
    let number = count(alike.len() as u64, "document");
    let last = utc(newest.arrived, "%Y-%m-%d %H:%M:%S UTC");
    let facts = [
        (Paint::Plain, number),
        (Paint::Quiet, format!("the last at {last}")),
    ];
    let mut lines = flow(first, &facts, ", ", 2, style);
    for part in wrap(mend, style.columns() - 2) {
        let mut line = Line::new(style);
        line.space(2).push(Paint::Plain, &part);
        lines.push(line.into_text());
    }
    for reject in alike.iter().take(DOCUMENTS_MAX) {
        lines.extend(keys(reject, style));
    }
    if let Some(more) = alike.len().checked_sub(DOCUMENTS_MAX + 1) {
        lines.push(quiet(&format!("… {} more", more + 1), style));
    }
    let start = wrap(newest.document, style.columns() - 2);
    for part in start.iter().take(DOCUMENT_LINES_MAX) {
        lines.push(quiet(part, style));
    }
    if start.len() > DOCUMENT_LINES_MAX {
        lines.push(quiet("… --json has all of it", style));
    }
    lines
}

/// What names a document. People copy the trace's id: it is first, and whole on any terminal.
fn keys(reject: &Rejected<'_>, style: Style) -> Vec<String> {
    let known = [reject.trace_id, reject.id, reject.name];
    let pieces: Vec<(Paint, String)> = known
        .into_iter()
        .flatten()
        .map(|text| (Paint::Strong, clip(text, style.columns() - 4).into_owned()))
        .collect();
    if pieces.is_empty() {
        return vec![quiet("neither id nor name could be read", style)];
    }
    let mut line = Line::new(style);
    line.space(2);
    flow(line, &pieces, "  ", 4, style)
}

fn quiet(text: &str, style: Style) -> String {
    let mut line = Line::new(style);
    line.space(2).push(Paint::Quiet, text);
    line.into_text()
}

/// What is wrong and how it is mended; where, if it is not the document itself.
fn mend(reject: &Rejected<'_>) -> String {
    let document = match serde_json::from_str::<Value>(reject.document) {
        Ok(document) => document,
        Err(error) if reject.error_code == "ParseError" => {
            return format!("it is no JSON: {error}: send one JSON object a document");
        }
        // Only its start is here.
        Err(_) => return advice(reject, &Value::Null),
    };
    let wrong = entities(&document).find(|(_, entity)| is_wrong(reject.error_code, entity));
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

fn advice(reject: &Rejected<'_>, entity: &Value) -> String {
    let value = |key: &str| match &entity[key] {
        Value::Null => String::new(),
        value => format!(" is {value}"),
    };
    match reject.error_code {
        "ParseError" => "send one JSON object a document".to_owned(),
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
            "its `start_time`{}: give it seconds since the epoch, as a number",
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
        _ => reject.message.to_owned(),
    }
}

/// Which characters of a name X-Ray refuses.
fn name_advice(name: &str) -> String {
    let length = name.chars().count();
    let mut illegal: Vec<char> = Vec::new();
    for c in name.chars().filter(|c| !is_legal_name(&c.to_string())) {
        if !illegal.contains(&c) && illegal.len() < 10 {
            illegal.push(c);
        }
    }
    let legal = "letters, digits, spaces and _ . : / % & # = + \\ - @";
    match illegal.as_slice() {
        [] if length > NAME_LEN_MAX => {
            format!("its `name` has {length} characters: at most {NAME_LEN_MAX} are taken")
        }
        [] => format!("its `name` may hold {legal}"),
        illegal => {
            let illegal: Vec<String> = illegal.iter().map(|c| format!("`{c}`")).collect();
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
        mend(&Rejected {
            arrived: 0.0,
            error_code,
            message: "the message",
            id: None,
            trace_id: None,
            name: None,
            document,
        })
    }

    #[test]
    fn every_code_of_the_vectors_says_what_to_mend() {
        let vectors = include_str!("../../local-xray/tests/vectors/put_trace_segments_errors.json");
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
    }
}
