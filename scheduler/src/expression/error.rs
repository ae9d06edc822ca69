//! The faults of an expression: where in the text, what is wrong and how to mend it.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

/// One fault of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionFault {
    /// The bytes of the text that are at fault; empty where something is missing.
    pub range: Range<usize>,
    /// What is wrong, and the mend; it names the field and holds no control characters.
    pub message: String,
}

impl ExpressionFault {
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
        }
    }
}

/// Why a text is no expression of a rule: at least one fault, in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ExpressionError {
    text: String,
    faults: Vec<ExpressionFault>,
}

impl ExpressionError {
    pub(super) fn new(text: &str, mut faults: Vec<ExpressionFault>) -> Self {
        faults.sort_by_key(|fault| (fault.range.start, fault.range.end));
        Self {
            text: text.to_owned(),
            faults,
        }
    }

    /// The text; one that is too long is cut.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The faults, at least one.
    pub fn faults(&self) -> &[ExpressionFault] {
        &self.faults
    }

    /// A block for a terminal: the expression, carets under what is at fault, and the messages a
    /// line each. What is no printable ASCII stands escaped, so that columns are right, look-alikes
    /// are seen and a terminal is safe.
    pub fn caret(&self) -> String {
        let column = |byte: usize| self.text.get(..byte).map(|before| shown(before).len());
        let mut carets = Vec::new();
        for fault in &self.faults {
            let start = column(fault.range.start).unwrap_or_default();
            let end = column(fault.range.end).unwrap_or_default().max(start + 1);
            carets.resize(carets.len().max(end), b' ');
            carets[start..end].fill(b'^');
        }
        let mut block = shown(&self.text);
        block.push('\n');
        block.extend(carets.into_iter().map(char::from));
        for fault in &self.faults {
            block.push('\n');
            block.push_str(&fault.message);
        }
        block
    }
}

/// One line: the messages, joined by `; `.
impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&fault.message)?;
        }
        Ok(())
    }
}

/// A text from outside, in printable ASCII.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, ' '..='~') {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    fn caret(text: &str) -> String {
        Expression::parse(text).unwrap_err().caret()
    }

    #[test]
    fn carets_stand_under_every_fault() {
        let expected = [
            "cron(*/60 25 * FOO * *)",
            "     ^^^^ ^^   ^^^ ^",
            "minutes: step 60 in `*/60`, give 1 to 59",
            "hours: 25, give 0 to 23",
            "month: `FOO` is no value, give 1 to 12 or JAN to DEC",
            "day-of-week: one of the two day fields is `?`, write `?` for this one",
        ];
        assert_eq!(
            caret("cron(*/60 25 * FOO * *)").lines().collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn what_never_fires_has_its_caret_though_it_is_read() {
        for (text, expected) in [
            (
                "cron(0 0 30 2 ? *)",
                "cron(0 0 30 2 ? *)\n         ^^\n\
                 day-of-month: month `2` has no day `30`, so it never fires",
            ),
            (
                "cron(0 0 29 FEB ? 2027)",
                "cron(0 0 29 FEB ? 2027)\n                  ^^^^\n\
                 year: in `2027` no day matches day-of-month `29` and month `FEB`, so it never fires",
            ),
        ] {
            let error = Expression::parse(text).unwrap().never_fires().unwrap();
            assert_eq!(error.caret(), expected);
        }
        for text in ["cron(0 0 29 2 ? *)", "cron(0 0 1 1 ? 2020)", "rate(1 day)"] {
            assert_eq!(
                Expression::parse(text).unwrap().never_fires(),
                None,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_missing_has_one_caret_behind_the_end() {
        assert_eq!(
            caret("cron(0 10 * * ? *"),
            "cron(0 10 * * ? *\n                 ^\n`)` is missing at the end"
        );
    }

    #[test]
    fn look_alikes_and_control_characters_are_seen_and_the_columns_hold() {
        assert_eq!(
            caret("cron(0 10 ? * MON\u{2013}FRI *)"),
            "cron(0 10 ? * MON\\u{2013}FRI *)\n              ^^^^^^^^^^^^^^\n\
             day-of-week: `MON\\u{2013}FRI` is no value, give 1 to 7 or SUN to SAT"
        );
        let block = caret("cron(\u{1b}[31m\n0 10 日 * ? *)");
        assert!(
            block.chars().all(|c| c == '\n' || matches!(c, ' '..='~')),
            "{block}"
        );
        assert!(block.starts_with("cron(\\u{1b}[31m\\n0 10 \\u{65e5} * ? *)\n     ^^^"));
    }
}
