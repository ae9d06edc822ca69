//! An expression as tokens.

use std::fmt;

use super::FilterError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, an operator in letters, or text without quotes.
    Word(String),
    Text(String),
    Number(f64),
    Symbol(&'static str),
    End,
}

/// A token and its place in bytes.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The longer ones first, as they are looked for in this order.
const SYMBOLS: [&str; 16] = [
    "!=", "<=", ">=", "=", "<", ">", "!", "(", ")", "{", "}", "[", "]", ",", ":", "#",
];

/// Words that are operators.
pub(super) const OPERATORS: [&str; 5] = ["and", "or", "contains", "beginswith", "endswith"];

/// How many characters of a token an error quotes.
const QUOTED_MAX: usize = 30;

/// The token at or after `from`.
pub(super) fn token(text: &str, from: usize) -> Result<Placed, FilterError> {
    let rest = text.get(from..).unwrap_or_default();
    let start = text.len() - rest.trim_start().len();
    let rest = &text[start..];
    let placed = |token, length| Placed {
        token,
        start,
        end: start + length,
    };
    let Some(first) = rest.chars().next() else {
        return Ok(placed(Token::End, 0));
    };
    if first == '"' {
        let (value, length) = quoted(rest).ok_or_else(|| {
            let mend = if rest.ends_with("\\\"") {
                "; \\\" is a quote within it, and \\\\ a backslash"
            } else {
                ""
            };
            FilterError::at(text, start, format!("text without a closing \"{mend}"))
        })?;
        return Ok(placed(Token::Text(value), length));
    }
    let negative = first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || negative {
        let digits = number(rest);
        let value = digits.parse().ok().filter(|value: &f64| value.is_finite());
        let Some(value) = value else {
            let mend = match digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.') {
                "ms" | "s" | "m" | "min" | "h" => "times are in seconds, without a unit",
                _ => "text stands in double quotes",
            };
            let digits = clipped(digits);
            let message = format!("{digits} is no number; {mend}");
            return Err(FilterError::at(text, start, message));
        };
        return Ok(placed(Token::Number(value), digits.len()));
    }
    if first.is_alphabetic() || first == '_' {
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let word = rest.split(|c| !in_word(c)).next().unwrap_or_default();
        return Ok(placed(Token::Word(word.to_owned()), word.len()));
    }
    if rest.starts_with("==") {
        return Err(FilterError::at(text, start, "unexpected ==; write ="));
    }
    let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
    let Some(symbol) = symbol else {
        let mend = match first {
            '\'' | '“' | '”' | '‘' | '’' | '`' => "; text stands in double quotes",
            '&' => "; write AND",
            '|' => "; write OR",
            '.' => "; a number begins with a digit",
            _ => "",
        };
        let message = format!("unexpected {first:?}{mend}");
        return Err(FilterError::at(text, start, message));
    };
    Ok(placed(Token::Symbol(symbol), symbol.len()))
}

/// The text in quotes at the start of `rest`, and how long it is with them.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Some((value, place + 1)),
            // A backslash before anything else stands for itself.
            '\\' => value.push(match chars.next_if(|(_, c)| matches!(c, '"' | '\\')) {
                Some((_, escaped)) => escaped,
                None => '\\',
            }),
            _ => value.push(c),
        }
    }
    None
}

/// What looks like a number at the start of `rest`.
fn number(rest: &str) -> &str {
    let mut before = '-';
    let end = rest.find(|c: char| {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E' | '-');
        before = c;
        !(c.is_alphanumeric() || matches!(c, '.' | '_') || sign)
    });
    &rest[..end.unwrap_or(rest.len())]
}

/// A number as an expression writes it.
pub(super) fn digits(number: f64) -> String {
    format!("{number:?}").trim_end_matches(".0").to_owned()
}

/// Text as an expression writes it.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX) {
        Some((place, _)) => format!("\"{}…\"", text[..place].escape_debug()),
        None => format!("\"{}\"", text.escape_debug()),
    }
}

/// The token as an error names it.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Text(text) => f.write_str(&clipped(text)),
            Self::Number(number) => f.write_str(&digits(*number)),
            Self::Symbol(symbol) => f.write_str(symbol),
            Self::End => f.write_str("the end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Token {
        token(text, 0).unwrap().token
    }

    #[test]
    fn tokens_are_what_they_look_like() {
        assert_eq!(one("  http.status>=4"), Token::Word("http.status".into()));
        assert_eq!(one("-2.5e-1)"), Token::Number(-0.25));
        assert_eq!(one("<3"), Token::Symbol("<"));
        assert_eq!(one("<=3"), Token::Symbol("<="));
        assert_eq!(one(r#""a\"b\\c\d""#), Token::Text(r#"a"b\c\d"#.into()));
        assert_eq!(one(" \n"), Token::End);
    }

    #[test]
    fn what_is_no_token_says_how_to_mend_it() {
        for (text, message) in [
            (" 'a'", "unexpected '\\''; text stands in double quotes"),
            (" &&", "unexpected '&'; write AND"),
            (
                " 10.0.0.1",
                "\"10.0.0.1\" is no number; text stands in double quotes",
            ),
            (
                " 1_000",
                "\"1_000\" is no number; text stands in double quotes",
            ),
            (
                " 1e999",
                "\"1e999\" is no number; text stands in double quotes",
            ),
            (
                " 500ms",
                "\"500ms\" is no number; times are in seconds, without a unit",
            ),
            (" .5", "unexpected '.'; a number begins with a digit"),
            (" == 5", "unexpected ==; write ="),
            (" \"a", "text without a closing \""),
        ] {
            let error = token(text, 0).unwrap_err();
            assert_eq!((error.column, error.message.as_str()), (2, message));
        }
        let error = token(r#""C:\""#, 0).unwrap_err();
        assert!(error.message.ends_with(r"\\ a backslash"), "{error}");
    }
}
