//! JSON as people read it: indented text that is cut off where it is endless, and lists of its members.

use maud::{Markup, html};
use serde_json::Value;

use super::super::parts::Name;

/// Indented. Marks that would reorder the text around them are escaped, which is the same JSON.
pub(super) fn pretty(value: &Value) -> String {
    let text = format!("{value:#}");
    if text.is_ascii() {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                escaped += &format!("\\u{:04x}", u32::from(c));
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A text up to so many bytes, and whether that is all of it.
pub(super) fn bounded(text: &str, bytes_max: usize) -> (&str, bool) {
    if text.len() <= bytes_max {
        return (text, true);
    }
    let end = (0..=bytes_max)
        .rev()
        .find(|&end| text.is_char_boundary(end));
    (&text[..end.unwrap_or(0)], false)
}

/// A value on one line, or several where it has members.
pub(super) fn value(value: &Value) -> Markup {
    match value {
        Value::String(text) => html! { (Name(text)) },
        Value::Array(_) | Value::Object(_) => html! { pre { (Name(&pretty(value))) } },
        plain => html! { (plain) },
    }
}

/// The members of an object, those that are objects themselves each beneath its name.
pub(super) fn members(object: &Value, skipped: &[&str]) -> Markup {
    let all = object.as_object().into_iter().flatten();
    let all = all.filter(|(key, _)| !skipped.contains(&key.as_str()));
    let (parts, plain): (Vec<_>, Vec<_>) = all.partition(|(_, value)| has_parts(value));
    html! {
        @if !plain.is_empty() {
            dl class="members" {
                @for (key, told) in plain { dt { (Name(key)) } dd { (value(told)) } }
            }
        }
        @for (key, told) in parts {
            h4 { (Name(key)) }
            @match told.as_array() {
                Some(items) => @for item in items { (members(item, &[])) },
                None => (members(told, &[])),
            }
        }
    }
}

/// Whether a value is an object, or a list of objects.
fn has_parts(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(bounded("añb", 4), ("añb", true));
        assert_eq!(bounded("añb", 3), ("añ", false));
        assert_eq!(bounded("añb", 2), ("a", false));
    }

    #[test]
    fn no_json_turns_what_stands_around_it_and_all_of_it_is_the_same() {
        let value = json!({"\u{202e}a": ["\u{2066}שלום", "b"]});
        let text = pretty(&value);
        assert!(
            text.contains(r"\u202ea") && text.contains(r"\u2066שלום"),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }

    #[test]
    fn members_of_members_stand_beneath_their_name() {
        let aws = json!({"region": "eu", "<ecs>": {"container": "<c>"}, "logs": [{"arn": "a"}], "names": ["n"]});
        let told = members(&aws, &["region"]).into_string();
        for part in [
            "<h4><bdi>&lt;ecs&gt;</bdi></h4>",
            "<dd><bdi>&lt;c&gt;</bdi></dd>",
            "<h4><bdi>logs</bdi></h4>",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("region"), "{told}");
    }
}
