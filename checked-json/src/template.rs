//! The syntax of templates: `{word}` and `{word:argument}` stand for something, `{{` and `}}` for the
//! braces themselves. `${...}` stays as it is: it belongs to IAM policies and to the shell. Which words
//! there are, and what they stand for, is known to whose template it is.

use std::collections::HashMap;

use thiserror::Error;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text that stands for itself, the braces already single; never empty.
    Literal(String),
    /// What stands between braces.
    Placeholder {
        /// What stands before the first colon, which may be nothing.
        word: &'t str,
        /// What stands after it.
        argument: Option<&'t str>,
    },
}

/// What is wrong with the braces of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SyntaxError {
    /// A brace that opens and is not closed before the next one opens.
    #[error("`{{` is not closed: add `}}`, or write `{{{{` for the brace itself")]
    Unclosed,
    /// A brace that closes and was not opened.
    #[error("`}}` closes nothing: write `}}}}` for the brace itself")]
    Unopened,
}

/// The pieces of a text and what is wrong with its braces, so that errors of syntax and of words can be
/// told in one go. Placeholders and errors come in the order of the text; around an error, the text of
/// both sides is one literal.
pub fn split(text: &str) -> Vec<Result<Piece<'_>, SyntaxError>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut closings = None;
    let mut rest = text;
    while let Some(index) = rest.find(['{', '}']) {
        literal.push_str(&rest[..index]);
        let brace = &rest[index..=index];
        let after = &rest[index + 1..];
        if brace == "{" && literal.ends_with('$') {
            // Told apart before `{{`: of `${{` too the `$` says whose it is.
            let closings = closings.get_or_insert_with(|| closings_of(text));
            let opening = text.len() - after.len() - 1;
            match closings.get(&opening) {
                Some(&closing) => {
                    literal.push_str(&text[opening..=closing]);
                    rest = &text[closing + 1..];
                }
                None => {
                    pieces.push(Err(SyntaxError::Unclosed));
                    rest = after;
                }
            }
        } else if let Some(after) = after.strip_prefix(brace) {
            literal.push_str(brace);
            rest = after;
        } else if brace == "}" {
            pieces.push(Err(SyntaxError::Unopened));
            rest = after;
        } else if let Some((placeholder, after)) = split_placeholder(after) {
            pieces.extend(literal_piece(std::mem::take(&mut literal)));
            pieces.push(Ok(placeholder));
            rest = after;
        } else {
            pieces.push(Err(SyntaxError::Unclosed));
            rest = after;
        }
    }
    literal.push_str(rest);
    pieces.extend(literal_piece(literal));
    pieces
}

/// The template that stands for just this text; none for one with a `${` that nothing closes, since no
/// template stands for that.
pub fn escape(text: &str) -> Option<String> {
    let closings = closings_of(text);
    let mut template = String::new();
    let mut rest = text;
    while let Some(index) = rest.find(['{', '}']) {
        template.push_str(&rest[..index]);
        let brace = &rest[index..=index];
        let opening = text.len() - rest.len() + index;
        if brace == "{" && template.ends_with('$') {
            let closing = *closings.get(&opening)?;
            template.push_str(&text[opening..=closing]);
            rest = &text[closing + 1..];
        } else {
            template.push_str(brace);
            template.push_str(brace);
            rest = &rest[index + 1..];
        }
    }
    template.push_str(rest);
    Some(template)
}

fn literal_piece<'t>(text: String) -> Option<Result<Piece<'t>, SyntaxError>> {
    (!text.is_empty()).then_some(Ok(Piece::Literal(text)))
}

/// Where each brace that opens is closed, by its place; one that never is has no entry. All are found
/// in one pass, so that a text of many unclosed ones takes no longer than another.
fn closings_of(text: &str) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut closings = HashMap::new();
    for (index, brace) in text.match_indices(['{', '}']) {
        if brace == "{" {
            open.push(index);
        } else if let Some(opening) = open.pop() {
            closings.insert(opening, index);
        }
    }
    closings
}

/// What stands before the closing brace, and the text after it; an opening one may not come between.
fn split_placeholder(text: &str) -> Option<(Piece<'_>, &str)> {
    let end = text.find(['{', '}'])?;
    let after = text[end..].strip_prefix('}')?;
    let (word, argument) = match text[..end].split_once(':') {
        Some((word, argument)) => (word, Some(argument)),
        None => (&text[..end], None),
    };
    Some((Piece::Placeholder { word, argument }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Result<Piece<'_>, SyntaxError> {
        Ok(Piece::Literal(text.to_owned()))
    }

    fn placeholder<'t>(word: &'t str, argument: Option<&'t str>) -> Result<Piece<'t>, SyntaxError> {
        Ok(Piece::Placeholder { word, argument })
    }

    #[test]
    fn texts_split_into_pieces() {
        for (text, wanted) in [
            ("", &[][..]),
            ("plain", &[literal("plain")]),
            ("{}", &[placeholder("", None)]),
            (
                "a-{job}{env:}",
                &[
                    literal("a-"),
                    placeholder("job", None),
                    placeholder("env", Some("")),
                ],
            ),
            ("{date:%H:%M}", &[placeholder("date", Some("%H:%M"))]),
            (
                "{{job}} {{{job}}}",
                &[literal("{job} {"), placeholder("job", None), literal("}")],
            ),
            (
                "ü{job}ü",
                &[literal("ü"), placeholder("job", None), literal("ü")],
            ),
            (
                "${A:-${B}}{job}${{x}}",
                &[
                    literal("${A:-${B}}"),
                    placeholder("job", None),
                    literal("${{x}}"),
                ],
            ),
            ("$$ {job}", &[literal("$$ "), placeholder("job", None)]),
        ] {
            assert_eq!(split(text), wanted, "{text}");
        }
    }

    #[test]
    fn errors_stand_among_the_placeholders() {
        use SyntaxError::{Unclosed, Unopened};
        for (text, wanted) in [
            ("{job", &[Err(Unclosed), literal("job")][..]),
            ("job}", &[Err(Unopened), literal("job")]),
            ("{{}", &[Err(Unopened), literal("{")]),
            (
                "{a{b}}",
                &[
                    Err(Unclosed),
                    literal("a"),
                    placeholder("b", None),
                    Err(Unopened),
                ],
            ),
            // Of two that open, the later one may be closed alone.
            (
                "}${ ${a}",
                &[Err(Unopened), Err(Unclosed), literal("$ ${a}")],
            ),
        ] {
            assert_eq!(split(text), wanted, "{text}");
        }
    }

    #[test]
    fn an_escaped_text_stands_for_itself() {
        for text in [
            "",
            "plain",
            "{a}",
            "}{",
            "a ${b} {c}",
            "${a}}",
            "{{${x}}",
            "$${a}$",
        ] {
            let template = escape(text).unwrap();
            let pieces: Vec<_> = split(&template);
            match text {
                "" => assert_eq!(pieces, []),
                text => assert_eq!(pieces, [literal(text)], "{template}"),
            }
        }
        assert_eq!(escape("a ${b"), None);
    }

    proptest::proptest! {
        #[test]
        fn what_can_be_escaped_stands_for_itself(text in "[${}a]{0,12}") {
            if let Some(template) = escape(&text) {
                let pieces: Vec<_> = split(&template).into_iter().collect();
                let wanted = if text.is_empty() { vec![] } else { vec![literal(&text)] };
                proptest::prop_assert_eq!(pieces, wanted);
            }
        }
    }

    #[test]
    fn many_unclosed_braces_take_no_longer_than_others() {
        let (text, begun) = ("${".repeat(100_000), std::time::Instant::now());
        let errors = split(&text).into_iter().filter_map(Result::err);
        assert_eq!(errors.count(), 100_000);
        // Wide, for a busy machine; to look for the end of each takes minutes.
        assert!(begun.elapsed() < std::time::Duration::from_secs(30));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([${}:]|\\PC|word){0,12}") {
            let _ = split(&text);
        }

        #[test]
        fn doubled_braces_are_the_braces(text: String) {
            let text = text.replace('$', "");
            let doubled = text.replace('{', "{{").replace('}', "}}");
            let wanted: Vec<_> = literal_piece(text).into_iter().collect();
            proptest::prop_assert_eq!(split(&doubled), wanted);
        }
    }
}
