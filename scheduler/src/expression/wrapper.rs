//! What stands around the fields: `cron(` and `rate(`, the closing bracket, and no blank.

use std::ops::Range;

use super::cron::{self, Cron};
use super::error::{ExpressionError, ExpressionFault, shown};
use super::rate::Rate;
use super::{EXPRESSION_CHARS_MAX, Expression, mend};

pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    if let Some((cut, _)) = text.char_indices().nth(EXPRESSION_CHARS_MAX) {
        // The rest may be long: it is neither read nor kept.
        let message = format!("longer than {EXPRESSION_CHARS_MAX} characters, write less");
        let fault = ExpressionFault::new(cut..cut + 3, message);
        return Err(ExpressionError::new(
            &format!("{}...", &text[..cut]),
            vec![fault],
        ));
    }
    let mut faults = Vec::new();
    let expression = match text.find('(') {
        Some(open) => bracketed(text, open, &mut faults),
        None => {
            bare(text, &mut faults);
            None
        }
    };
    match expression {
        Some(expression) if faults.is_empty() => Ok(expression),
        _ => Err(ExpressionError::new(text, faults)),
    }
}

/// Reads the body even where the wrapper is at fault, so that all is told at once.
fn bracketed(text: &str, open: usize, faults: &mut Vec<ExpressionFault>) -> Option<Expression> {
    let name = &text[..open];
    let mut fault = |range: Range<usize>, message: String| {
        faults.push(ExpressionFault::new(range, message));
    };
    let kind = name.trim().to_ascii_lowercase();
    match kind.as_str() {
        "cron" | "rate" if name == kind => {}
        "cron" | "rate" => fault(0..open, format!("`{}(`, write `{kind}(`", shown(name))),
        "at" => {
            fault(
                0..text.len(),
                "at() is EventBridge Scheduler's, a rule takes cron() or rate()".to_owned(),
            );
            return None;
        }
        _ => {
            fault(
                0..open,
                format!("`{}(`, a rule takes cron() or rate()", shown(name)),
            );
            return None;
        }
    }
    let end = match text.rfind(')') {
        Some(close) => {
            if close + 1 < text.len() {
                let after = shown(&text[close + 1..]);
                fault(
                    close + 1..text.len(),
                    format!("`{after}` after the closing bracket, take it out"),
                );
            }
            close
        }
        None => {
            fault(
                text.len()..text.len(),
                "`)` is missing at the end".to_owned(),
            );
            text.len()
        }
    };
    let body = trimmed(text, open + 1..end);
    if open + 1 < body.start {
        fault(
            open + 1..body.start,
            "a blank after `(`, which EventBridge refuses, take it out".to_owned(),
        );
    }
    if body.end < end && !body.is_empty() {
        fault(
            body.end..end,
            "a blank before `)`, which EventBridge refuses, take it out".to_owned(),
        );
    }
    if kind == "rate" {
        Rate::read(text, body, faults).map(Expression::Rate)
    } else {
        cron_body(text, body, faults).map(Expression::Cron)
    }
}

fn cron_body(text: &str, body: Range<usize>, faults: &mut Vec<ExpressionFault>) -> Option<Cron> {
    let cron = Cron::read(text, body.clone(), faults);
    if cron.is_none() {
        let fields: Vec<&str> = text[body.clone()].split_whitespace().collect();
        if let Some(message) = mend::fields(&fields) {
            faults.push(ExpressionFault::new(body, message));
        }
    }
    cron
}

/// A text without brackets: the faults tell what was probably meant.
fn bare(text: &str, faults: &mut Vec<ExpressionFault>) {
    let body = trimmed(text, 0..text.len());
    let (message, is_cron) = match mend::bare(&text[body.clone()]) {
        Some(message) => (message, false),
        None => (
            "neither cron() nor rate(), write one such as `cron(0 10 * * ? *)` or `rate(5 minutes)`"
                .to_owned(),
            (5..=7).contains(&cron::fields(text, body.clone()).len()),
        ),
    };
    faults.push(ExpressionFault::new(0..text.len(), message));
    if is_cron {
        cron_body(text, body, faults);
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}
