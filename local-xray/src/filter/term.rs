//! Terms of filter expressions, written by programs: what people click at becomes text that they can read.

use super::ast::Expr;
use super::{FilterExpression, lexer};

/// A text as a string of the language, quotes and backslashes escaped: `"a\"b"`.
pub fn quoted(text: &str) -> String {
    lexer::quote(text)
}

/// A number of the language: `0.05`, `200`.
pub fn number(number: f64) -> String {
    lexer::digits(number)
}

/// The keyword of an annotation: `annotation.job`; in brackets what is no plain word, such as a key with
/// dots. None for a key that the language cannot hold: nothing can be escaped between brackets, and white space at
/// their ends is none of the key.
pub fn annotation(key: &str) -> Option<String> {
    let is_unwritable = |c: char| "[]\"".contains(c) || c.is_control();
    if key.is_empty() || key.trim() != key || key.contains(is_unwritable) {
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

/// An expression without a term that has to hold in it, written as `both` writes it; none where there is
/// no such term.
pub fn without(expression: &str, term: &str) -> Option<String> {
    let expression = expression.trim();
    let places = expression.match_indices(term).map(|(place, _)| place);
    let mut left = places.filter_map(|place| {
        let before = match &expression[..place] {
            "" => "",
            before => before.strip_suffix(AND)?,
        };
        let after = match &expression[place + term.len()..] {
            "" => "",
            after => after.strip_prefix(AND)?,
        };
        // Within quotes or braces, or beside an OR, it would read otherwise with what is around it in
        // parentheses.
        let parts = [before, term, after].into_iter();
        let parts = parts.filter(|part| !part.is_empty());
        let apart: Vec<String> = parts.map(|part| format!("({part})")).collect();
        is_same(expression, &apart.join(AND)).then_some(match (before, after) {
            ("", rest) | (rest, "") => unwrapped(rest).to_owned(),
            (before, after) => format!("{before}{AND}{after}"),
        })
    });
    left.next()
}

const AND: &str = " AND ";

/// An expression without parentheses around the whole of it.
fn unwrapped(expression: &str) -> &str {
    let inner = expression.strip_prefix('(');
    let inner = inner.and_then(|inner| inner.strip_suffix(')'));
    inner
        .filter(|inner| is_same(inner, expression))
        .unwrap_or(expression)
}

fn is_same(expression: &str, other: &str) -> bool {
    let read = read(expression);
    read.is_some() && read == self::read(other)
}

fn read(expression: &str) -> Option<FilterExpression> {
    FilterExpression::parse(expression, &|_| Some(String::new())).ok()
}

/// Whether an AND beside it would take a part of it only.
fn binds_loosely(expression: &str) -> bool {
    read(expression).is_none_or(|read| matches!(read.expression, Some(Expr::Any(_))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ast::{AnnotationTest, Term, Test, TextOperator, TextTest};
    use super::*;

    #[test]
    fn a_key_with_white_space_at_its_ends_cannot_be_written() {
        for (key, keyword) in [
            ("job", Some("annotation.job")),
            ("a.b", Some("annotation[a.b]")),
            ("a b", Some("annotation[a b]")),
            (" a", None),
            ("a\u{a0}", None),
            (" ", None),
            ("", None),
            ("a]", None),
        ] {
            assert_eq!(annotation(key).as_deref(), keyword, "{key:?}");
        }
    }

    #[test]
    fn both_have_to_hold() {
        assert_eq!(both(" ", "ok"), "ok");
        assert_eq!(both("fault", "ok"), "fault AND ok");
        assert_eq!(both("fault or ok", "error"), "(fault or ok) AND error");
        assert_eq!(both("user = \"OR\"", "error"), "user = \"OR\" AND error");
    }

    #[test]
    fn only_a_term_that_has_to_hold_is_taken_out() {
        for (expression, term, left) in [
            (" fault ", "fault", Some("")),
            ("fault AND ok", "ok", Some("fault")),
            ("fault AND ok", "fault", Some("ok")),
            ("a AND ok", "ok", None),
            ("error AND ok AND fault", "ok", Some("error AND fault")),
            ("(error OR ok) AND fault", "fault", Some("error OR ok")),
            ("(error OR ok) AND fault", "ok", None),
            ("error OR ok AND fault", "fault", None),
            (
                "ok AND !partial AND fault",
                "ok AND !partial",
                Some("fault"),
            ),
            ("user = \"a AND ok AND b\"", "ok", None),
            ("service(\"x\") { error AND ok AND fault }", "ok", None),
            ("user = \"ab\"", "user = \"a", None),
            ("", "ok", None),
        ] {
            assert_eq!(without(expression, term).as_deref(), left, "{expression}");
        }
    }

    proptest! {
        #[test]
        fn any_key_and_text_stay_one_term(
            key in prop_oneof![any::<String>(), "[ \t\u{a0}a-b0._-]{0,4}"],
            text in any::<String>(),
        ) {
            if let Some(keyword) = annotation(&key) {
                let expression = format!("{keyword} = {}", quoted(&text));
                let read = FilterExpression::parse(&both("ok OR error", &expression), &|_| None);
                prop_assert!(read.is_ok(), "{expression}: {read:?}");
                let read = FilterExpression::parse(&expression, &|_| None);
                let comparison = AnnotationTest::Text(TextTest(TextOperator::Equal, text));
                let meant = Term::Test(Test::Annotation { key, comparison: Some(comparison) });
                let read = read.map(|read| read.expression);
                prop_assert_eq!(read, Ok(Some(Expr::Term(meant))), "{}", expression);
            }
        }

        #[test]
        fn what_is_added_can_be_taken_out(number in any::<f64>().prop_filter("finite", |n| n.is_finite()), text in "[^\\p{C}]{0,40}") {
            for expression in ["", "fault", "error OR ok", "service(\"a\") { ok } AND error"] {
                for term in [format!("user = {}", quoted(&text)), format!("duration >= {}", self::number(number.abs()))] {
                    let both = both(expression, &term);
                    prop_assert_eq!(without(&both, &term), Some(expression.to_owned()), "{}", both);
                }
            }
        }
    }
}
