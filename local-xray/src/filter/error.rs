//! What is wrong with an expression, and where.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// The terminal columns that `FilterError::caret` fills at most.
const WIDTH_MAX: usize = 76;

/// An expression that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct FilterError {
    /// Where, in characters from 1; one past the last when something is missing at the end.
    pub column: usize,
    /// What was expected or is not known.
    pub message: String,
}

impl FilterError {
    /// An error at a place in bytes.
    pub(super) fn at(text: &str, place: usize, message: impl Into<String>) -> Self {
        let before = text.get(..place).unwrap_or(text);
        Self {
            column: before.chars().count() + 1,
            message: message.into(),
        }
    }

    /// The line of the expression that the error is in and, under it, a `^` at the column: what a
    /// terminal shows under the message. A long line is cut to the part around the column.
    pub fn caret(&self, expression: &str) -> String {
        let before = self
            .column
            .saturating_sub(1)
            .min(expression.chars().count());
        let mut line = Vec::new();
        let mut caret = None;
        for (index, c) in expression.chars().chain(['\n']).enumerate() {
            caret = caret.or((index == before).then_some(line.len()));
            if c != '\n' {
                line.push(if c.is_control() { ' ' } else { c });
            } else if caret.is_some() {
                break;
            } else {
                line.clear();
            }
        }
        let caret = caret.unwrap_or_default();
        let width = |c: &char| c.width().unwrap_or_default();
        // Two thirds of the width before the column, the rest after it, and an ellipsis at each cut.
        let mut indent = 0;
        let before = line[..caret].iter().rev().take_while(|c| {
            indent += width(c);
            indent <= WIDTH_MAX * 2 / 3
        });
        let first = caret - before.count();
        let mut filled = 0;
        let shown = line[first..].iter().take_while(|c| {
            filled += width(c);
            filled <= WIDTH_MAX - 2
        });
        let last = first + shown.count();
        let mut drawing = String::new();
        drawing.extend((first > 0).then_some('…'));
        drawing.extend(&line[first..last]);
        drawing.extend((last < line.len()).then_some('…'));
        let indent = line[first..caret].iter().map(width).sum::<usize>() + usize::from(first > 0);
        let _ = write!(drawing, "\n{:indent$}^", "");
        drawing
    }
}

/// `, did you mean X?` where a known word is near enough to be meant.
pub(super) fn suggestion<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> String {
    let word = word.to_lowercase();
    let nearest = known
        .map(|known| {
            (
                strsim::damerau_levenshtein(&word, &known.to_lowercase()),
                known,
            )
        })
        .min_by_key(|&(distance, _)| distance);
    match nearest {
        Some((distance, known)) if distance <= known.len().div_ceil(3) => {
            format!(", did you mean {known}?")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_its_column() {
        for (expression, column, drawing) in [
            ("ok >", 5, "ok >\n    ^"),
            ("", 1, "\n^"),
            ("ok\nAND x\nOR y", 8, "AND x\n    ^"),
            ("ok\n", 4, "\n^"),
            ("a = \"日本\" x", 10, "a = \"日本\" x\n           ^"),
            ("ok\t\u{1b}[2J", 4, "ok  [2J\n   ^"),
            ("ok", 99, "ok\n  ^"),
        ] {
            let error = FilterError {
                column,
                message: String::new(),
            };
            assert_eq!(error.caret(expression), drawing, "{expression:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        let expression = format!("{}X{}", "a".repeat(1000), "b".repeat(1000));
        let error = FilterError::at(&expression, 1000, "");
        let drawing = error.caret(&expression);
        let (line, caret) = drawing.split_once('\n').unwrap();
        assert!(line.chars().count() <= WIDTH_MAX, "{line}");
        assert_eq!(line.chars().nth(caret.chars().count() - 1), Some('X'));
        assert!(line.starts_with("…a") && line.ends_with("b…"), "{line}");
    }
}
