//! Input transformers: a template whose `<name>` placeholders stand for parts of the event.

use std::collections::BTreeMap;

use serde_json::Value;

/// What EventBridge itself defines.
pub(super) const PREDEFINED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event",
    "aws.events.event.json",
    "aws.events.event.ingestion-time",
];

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Placeholder { name: &'a str, in_string: bool },
}

/// Takes a template apart. What stands in angle brackets and is no name is text.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    let mut text_from = 0;
    let mut at = 0;
    while let Some(character) = template[at..].chars().next() {
        if character == '<'
            && let Some(name) = placeholder_at(&template[at..])
        {
            if text_from < at {
                pieces.push(Piece::Text(&template[text_from..at]));
            }
            pieces.push(Piece::Placeholder { name, in_string });
            at += name.len() + 2;
            text_from = at;
            escaped = false;
            continue;
        }
        match character {
            '\\' if in_string => escaped = !escaped,
            '"' if !escaped => in_string = !in_string,
            _ => escaped = false,
        }
        if character == '"' {
            escaped = false;
        }
        at += character.len_utf8();
    }
    if text_from < template.len() {
        pieces.push(Piece::Text(&template[text_from..]));
    }
    pieces
}

/// The name of the placeholder that a text begins with.
fn placeholder_at(text: &str) -> Option<&str> {
    let name = text.strip_prefix('<')?.split_once('>')?.0;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (!name.is_empty() && name.bytes().all(allowed)).then_some(name)
}

/// The names of all placeholders, in their order.
pub(super) fn placeholders(template: &str) -> Vec<&str> {
    let names = pieces(template)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Placeholder { name, .. } => Some(name),
            Piece::Text(_) => None,
        });
    names.collect()
}

/// Whether a template is JSON, or several texts in JSON after each other, once its placeholders are
/// filled: so a placeholder is no key, and plain text has to be quoted.
pub(super) fn is_json(template: &str) -> bool {
    let filled: String = pieces(template)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Placeholder { .. } => "null",
        })
        .collect();
    let mut values = serde_json::Deserializer::from_str(&filled)
        .into_iter::<Value>()
        .peekable();
    values.peek().is_some() && values.all(|value| value.is_ok())
}

/// A path in dots, with indices into lists: `$.detail.names[0]`.
pub(super) fn is_path(path: &str) -> bool {
    steps(path).is_some()
}

fn steps(path: &str) -> Option<Vec<&str>> {
    let rest = path.strip_prefix('$')?;
    if rest.is_empty() || rest == "." {
        return Some(Vec::new());
    }
    let mut steps = Vec::new();
    for part in rest.strip_prefix('.')?.split('.') {
        let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        steps.push(name);
        for index in indices.split('[').skip(1) {
            let index = index.strip_suffix(']')?;
            index.parse::<usize>().ok()?;
            steps.push(index);
        }
    }
    Some(steps)
}

/// What a path finds in an event.
pub(super) fn select<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path)?
        .into_iter()
        .try_fold(event, |value, step| match value {
            Value::Array(entries) => entries.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
}

/// The values of all placeholders: the parts of the event that the paths find, and what EventBridge
/// defines. A path that finds nothing makes no value.
pub(super) fn values(
    paths: &BTreeMap<String, String>,
    event: &Value,
    rule_arn: &str,
    rule_name: &str,
) -> BTreeMap<String, Value> {
    let mut without_detail = event.clone();
    if let Value::Object(members) = &mut without_detail {
        members.remove("detail");
        // The one member whose name is no identifier is renamed.
        if let Some(detail_type) = members.remove("detail-type") {
            members.insert("detailType".to_owned(), detail_type);
        }
    }
    let predefined: [Value; 5] = [
        rule_arn.into(),
        rule_name.into(),
        without_detail,
        event.clone(),
        event["time"].clone(),
    ];
    let names = PREDEFINED.iter().map(|&name| name.to_owned());
    let mut values: BTreeMap<String, Value> = names.zip(predefined).collect();
    for (name, path) in paths {
        if let Some(value) = select(event, path) {
            values.insert(name.clone(), value.clone());
        }
    }
    values
}

/// Fills a template. A placeholder that stands for itself becomes JSON, so that a string has quotes;
/// within a string the bare text is filled in, without any escape, and what is no string loses its
/// quotes. One without a value is the empty string.
pub(super) fn fill(template: &str, values: &BTreeMap<String, Value>) -> String {
    let empty = Value::String(String::new());
    pieces(template)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Placeholder { name, in_string } => {
                match (values.get(name).unwrap_or(&empty), in_string) {
                    (value, false) => value.to_string(),
                    (Value::String(text), true) => text.clone(),
                    (value, true) => value.to_string().replace('"', ""),
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/nightly";

    fn event() -> Value {
        json!({
            "version": "0", "id": "e-1", "detail-type": "Scheduled Event", "source": "aws.events",
            "time": "2026-01-01T10:00:00Z", "resources": [RULE], "detail": {"n": 7, "who": {"a": "b"}},
        })
    }

    fn filled(paths: &[(&str, &str)], template: &str) -> String {
        let paths = paths
            .iter()
            .map(|(name, path)| ((*name).to_owned(), (*path).to_owned()))
            .collect();
        fill(template, &values(&paths, &event(), RULE, "nightly"))
    }

    #[test]
    fn placeholders_are_filled_by_where_they_stand() {
        let time = ("t", "$.time");
        for (paths, template, expected) in [
            (
                vec![time],
                r#"{"at":<t>}"#,
                r#"{"at":"2026-01-01T10:00:00Z"}"#,
            ),
            (
                vec![time],
                r#"{"at":"due <t>!"}"#,
                r#"{"at":"due 2026-01-01T10:00:00Z!"}"#,
            ),
            (
                vec![("n", "$.detail.n")],
                r#"{"n":<n>,"s":"<n>"}"#,
                r#"{"n":7,"s":"7"}"#,
            ),
            (
                vec![("w", "$.detail.who")],
                r#"[<w>,"<w>"]"#,
                r#"[{"a":"b"},"{a:b}"]"#,
            ),
            (vec![("r", "$.resources[0]")], "<r>", &format!("\"{RULE}\"")),
            (
                vec![("x", "$.none.of.it")],
                r#"{"x":<x>,"y":"<x>"}"#,
                r#"{"x":"","y":""}"#,
            ),
            (
                vec![time],
                r#"{"q":"\"<t>\"","r":<t>}"#,
                r#"{"q":"\"2026-01-01T10:00:00Z\"","r":"2026-01-01T10:00:00Z"}"#,
            ),
            (
                vec![time],
                r#"{"q":"\\","r":<t>}"#,
                r#"{"q":"\\","r":"2026-01-01T10:00:00Z"}"#,
            ),
            (vec![], "<aws.events.rule-arn>", &format!("\"{RULE}\"")),
            (
                vec![],
                r#""<aws.events.rule-name> <aws.events.event.ingestion-time>""#,
                r#""nightly 2026-01-01T10:00:00Z""#,
            ),
            (
                vec![],
                r#""a < b and <a b> stay""#,
                r#""a < b and <a b> stay""#,
            ),
        ] {
            assert_eq!(filled(&paths, template), expected, "{template}");
        }
    }

    #[test]
    fn the_whole_event_can_be_filled_in() {
        let whole: Value = serde_json::from_str(&filled(&[], "<aws.events.event.json>")).unwrap();
        assert_eq!(whole, event());
        let head: Value = serde_json::from_str(&filled(&[], "<aws.events.event>")).unwrap();
        assert_eq!(head["detailType"], "Scheduled Event");
        assert_eq!(head.get("detail"), None);
    }

    #[test]
    fn a_template_is_json_around_its_placeholders() {
        for template in [
            r#"{"a":<a>,"b":"<b> and <c>"}"#,
            "\"<a> is here\"",
            "\"one <a>\"\n\"two <b>\"",
            "<a>",
        ] {
            assert!(is_json(template), "{template}");
        }
        for template in [
            "",
            " ",
            "{<a>:1}",
            r#"{"a":<a>"#,
            "plain <a>",
            r#"{"a":<a b>}"#,
        ] {
            assert!(!is_json(template), "{template}");
        }
    }

    #[test]
    fn paths_are_in_dots() {
        for path in ["$", "$.", "$.time", "$.detail-type", "$.a.b[0][1].c"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "time", "$time", "$['time']", "$.a..b", "$.a[x]", "$.a["] {
            assert!(!is_path(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn text_without_placeholders_stays(text in "[^<]{0,60}") {
            prop_assert_eq!(filled(&[], &text), text);
        }

        #[test]
        fn any_template_and_path_is_read(text in ".{0,40}", path in "[$.a\\[\\]0]{0,12}") {
            filled(&[("a", &path)], &text);
            is_json(&text);
        }

        #[test]
        fn a_string_outside_of_strings_keeps_its_meaning(text in ".{0,30}") {
            let values = BTreeMap::from([("x".to_owned(), json!(text))]);
            let read: Value = serde_json::from_str(&fill(r#"{"x":<x>}"#, &values)).unwrap();
            prop_assert_eq!(&read["x"], &json!(text));
        }
    }
}
