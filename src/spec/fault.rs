//! Faults of a job file: where, in which field, what is wrong and how to mend it.

use std::collections::HashSet;
use std::fmt;

use thiserror::Error;

/// A place in a text, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// One fault of a job file, or of the variables that stand for one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// The file, or what the text came from.
    pub source_name: String,
    /// Where in the text; variables have no place.
    pub position: Option<Position>,
    /// The field, such as `jobs[2].bucket`, or the variable; empty for the whole text.
    pub field: String,
    /// What is wrong, and the mend.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source_name)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Every fault of a text, at least one, in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Faults(pub Vec<Fault>);

/// One fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

/// Collects the faults of one text and knows its lines.
pub(super) struct FaultLog<'t> {
    source: &'t str,
    text: &'t str,
    line_starts: Vec<usize>,
    faults: Vec<(usize, Fault)>,
    seen: HashSet<(usize, String, String)>,
}

impl<'t> FaultLog<'t> {
    pub(super) fn new(source: &'t str, text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            source,
            text,
            line_starts: std::iter::once(0).chain(breaks).collect(),
            faults: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// Notes a fault at a byte of the text, once: what the defaults get wrong, each job would
    /// repeat.
    pub(super) fn add(&mut self, offset: usize, field: &str, message: String) {
        let key = (offset, field.to_owned(), message.clone());
        if !self.seen.insert(key) {
            return;
        }
        let fault = Fault {
            source_name: self.source.to_owned(),
            position: Some(self.position(offset)),
            field: field.to_owned(),
            message,
        };
        self.faults.push((offset, fault));
    }

    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        Position {
            line,
            column: before.chars().count() + 1,
        }
    }

    /// The value, unless a fault was noted.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Faults> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => {
                self.faults.sort_by_key(|(offset, _)| *offset);
                let faults = self.faults.into_iter().map(|(_, fault)| fault);
                Err(Faults(faults.collect()))
            }
        }
    }
}

/// `, did you mean `word`?`, when a known word is near; else which words are known.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!(", did you mean `{near}`?"),
        None => format!(", known are {}", listed(known)),
    }
}

/// The nearest known word, if it is near enough to be meant.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = word.to_lowercase();
    let likeness = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let (distance, near) = known
        .into_iter()
        .map(|known| (likeness(known), known))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= near.chars().count().div_ceil(3)).then_some(near)
}

fn listed(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| format!("`{word}`"));
    quoted.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_where_and_what() {
        let mut log = FaultLog::new("jobs/a.json", "{\n  \"ü\": 1 }");
        log.add(9, "jobs[0].regoin", "unknown field".to_owned());
        log.add(9, "jobs[0].regoin", "unknown field".to_owned());
        log.add(0, "", "no jobs".to_owned());
        let faults = log.finish(Some(())).unwrap_err();
        assert_eq!(
            faults.to_string(),
            "jobs/a.json:1:1: no jobs\njobs/a.json:2:7: jobs[0].regoin: unknown field"
        );
    }

    #[test]
    fn only_a_near_word_is_meant() {
        let known = ["region", "retry", "tags"];
        assert_eq!(nearest("regoin", known), Some("region"));
        assert_eq!(nearest("Region", known), Some("region"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(suggestion("tgs", &known), ", did you mean `tags`?");
        assert_eq!(suggestion("x", &["a", "b"]), ", did you mean `a`?");
    }
}
