//! Terms of filter expressions, written by programs: what people click at becomes text that they can read.

use super::FilterExpression;
use super::ast::Expr;

/// A text as a string of the language, quotes and backslashes escaped: `"a\"b"`.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

/// The keyword of an annotation: `annotation.job`; in brackets what is no plain word, such as a key with
/// dots. None for a key that the language cannot hold: nothing can be escaped between brackets.
pub fn annotation(key: &str) -> Option<String> {
    let is_unwritable = |c: char| "[]\"".contains(c) || c.is_control();
    if key.trim().is_empty() || key.contains(is_unwritable) {
        return None;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    Some(match starts && key.chars().all(is_word) {
        true => format!("annotation.{key}"),
        false => format!("annotation[{key}]"),
    })
}

/// An expression and one more term, both of which have to hold.
pub fn both(expression: &str, term: &str) -> String {
    match expression.trim() {
        "" => term.to_owned(),
        expression if binds_loosely(expression) => format!("({expression}) AND {term}"),
        expression => format!("{expression} AND {term}"),
    }
}

/// Whether an AND beside it would take a part of it only.
fn binds_loosely(expression: &str) -> bool {
    let any_group = |_: &str| Some(String::new());
    let read = FilterExpression::parse(expression, &any_group);
    read.map_or(true, |read| matches!(read.expression, Some(Expr::Any(_))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_have_to_hold() {
        assert_eq!(both(" ", "ok"), "ok");
        assert_eq!(both("fault", "ok"), "fault AND ok");
        assert_eq!(both("fault or ok", "error"), "(fault or ok) AND error");
        assert_eq!(both("user = \"OR\"", "error"), "user = \"OR\" AND error");
    }

    proptest! {
        #[test]
        fn any_key_and_text_stay_one_term(key in any::<String>(), text in any::<String>()) {
            if let Some(keyword) = annotation(&key) {
                let expression = format!("{keyword} = {}", quoted(&text));
                let read = FilterExpression::parse(&both("ok OR error", &expression), &|_| None);
                prop_assert!(read.is_ok(), "{expression}: {read:?}");
            }
        }
    }
}
