//! Faults of a job file: where, in which field, what is wrong and how to mend it.

use std::collections::HashSet;
use std::fmt;

use thiserror::Error;

use super::json::Places;
use super::shape::RawFault;

pub(super) use crate::checks::nearest;

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

/// The most faults of one source that are told; the others are only counted.
pub const FAULTS_TOLD_MAX: usize = 100;

/// The faults of a run's sources, at least one, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct Faults {
    /// Those that are told: at most [`FAULTS_TOLD_MAX`] of a source.
    pub told: Vec<Fault>,
    /// How many more there are.
    pub untold: u64,
}

impl Faults {
    /// How many faults there are.
    pub fn count(&self) -> u64 {
        self.told.len() as u64 + self.untold
    }

    /// No more than are told of one source.
    pub(super) fn cut(mut self) -> Self {
        self.untold += self.told.len().saturating_sub(FAULTS_TOLD_MAX) as u64;
        self.told.truncate(FAULTS_TOLD_MAX);
        self
    }

    pub(super) fn append(&mut self, more: Self) {
        self.told.extend(more.told);
        self.untold += more.untold;
    }
}

/// One fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.told.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        if self.untold > 0 {
            write!(f, "\nand {} faults more", self.untold)?;
        }
        Ok(())
    }
}

/// Collects the faults of one text, or of one line of it, and at the end looks up their places.
pub(super) struct FaultLog<'t> {
    text: &'t str,
    /// The lines of the file before the text.
    lines_before: usize,
    faults: Vec<Noted>,
    seen: HashSet<RawFault>,
}

struct Noted {
    fault: RawFault,
    /// The byte, where it is known without the path.
    offset: Option<usize>,
    /// A field whose line stands for `{line}` in the message.
    other: Option<String>,
}

impl<'t> FaultLog<'t> {
    pub(super) fn new(text: &'t str, lines_before: usize) -> Self {
        Self {
            text,
            lines_before,
            faults: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// Notes a fault, once: what the defaults get wrong, each job would repeat.
    pub(super) fn add(&mut self, fault: RawFault) {
        self.note(fault, None, None);
    }

    /// Notes what is wrong with the value of a field.
    pub(super) fn value(&mut self, path: String, message: impl Into<String>) {
        let message = message.into();
        self.add(RawFault {
            path,
            is_name: false,
            message,
        });
    }

    /// Notes a fault at a byte of the text.
    pub(super) fn at_offset(&mut self, offset: usize, fault: RawFault) {
        self.note(fault, Some(offset), None);
    }

    /// Notes a fault whose message tells the line of another field as `{line}`.
    pub(super) fn with_line_of(&mut self, other: String, path: String, message: String) {
        self.note(
            RawFault {
                path,
                is_name: false,
                message,
            },
            None,
            Some(other),
        );
    }

    fn note(&mut self, fault: RawFault, offset: Option<usize>, other: Option<String>) {
        if self.seen.insert(fault.clone()) {
            self.faults.push(Noted {
                fault,
                offset,
                other,
            });
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.faults.len() as u64
    }

    /// The faults with their places, in their order.
    pub(super) fn finish(self, source_name: &str) -> Faults {
        if self.faults.is_empty() {
            return Faults::default();
        }
        let places = Places::new(self.text);
        let mut faults: Vec<_> = self
            .faults
            .into_iter()
            .map(|noted| {
                let Noted {
                    fault,
                    offset,
                    other,
                } = noted;
                let offset = offset.unwrap_or_else(|| places.offset(&fault.path, fault.is_name));
                (offset, fault, other)
            })
            .collect();
        faults.sort_by_key(|(offset, ..)| *offset);
        let untold = faults.len().saturating_sub(FAULTS_TOLD_MAX) as u64;
        let told = faults
            .into_iter()
            .take(FAULTS_TOLD_MAX)
            .map(|(offset, fault, other)| {
                let line = places.line(offset);
                let before = self
                    .text
                    .get(places.line_start(line)..offset)
                    .unwrap_or_default();
                let mut message = fault.message;
                if let Some(other) = other {
                    let line = places.line(places.offset(&other, false)) + self.lines_before;
                    message = message.replace("{line}", &line.to_string());
                }
                Fault {
                    source_name: source_name.to_owned(),
                    position: Some(Position {
                        line: line + self.lines_before,
                        column: before.chars().count() + 1,
                    }),
                    field: fault.path,
                    message,
                }
            });
        Faults {
            told: told.collect(),
            untold,
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

fn listed(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| format!("`{word}`"));
    quoted.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_where_and_what() {
        let mut log = FaultLog::new("{\n  \"ü\": {}, \"regoin\": 1 }", 3);
        let fault = RawFault {
            path: "regoin".to_owned(),
            is_name: true,
            message: "unknown field".to_owned(),
        };
        log.add(fault.clone());
        log.add(fault);
        log.value("ü.x".to_owned(), "missing");
        log.value(String::new(), "no jobs");
        assert_eq!(
            log.finish("a.json").to_string(),
            "a.json:4:1: no jobs\na.json:5:8: ü.x: missing\na.json:5:12: regoin: unknown field"
        );
    }

    #[test]
    fn very_many_faults_are_counted() {
        let mut log = FaultLog::new("{}", 0);
        for index in 0..250 {
            log.value(format!("jobs[{index}]"), "bad");
        }
        let faults = log.finish("a.json");
        assert_eq!((faults.told.len(), faults.count()), (100, 250));
        assert!(faults.to_string().ends_with("\nand 150 faults more"));
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
