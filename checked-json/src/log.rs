//! The faults of one text as they are found, and where in the text they stand.

use std::collections::HashSet;

use crate::fault::{FAULTS_TOLD_MAX, Fault, Faults, Position};
use crate::json::Places;
use crate::shape::RawFault;

/// Collects the faults of one text, or of one line of it, and at the end looks up their places.
#[derive(Debug)]
pub struct FaultLog<'t> {
    text: &'t str,
    /// The lines of the file before the text.
    lines_before: usize,
    faults: Vec<Noted>,
    seen: HashSet<RawFault>,
}

#[derive(Debug)]
struct Noted {
    fault: RawFault,
    /// The byte, where it is known without the path.
    offset: Option<usize>,
    /// A field whose line stands for `{line}` in the message.
    other: Option<String>,
}

impl<'t> FaultLog<'t> {
    /// `lines_before` is 0 but for a line of JSON Lines.
    pub fn new(text: &'t str, lines_before: usize) -> Self {
        Self {
            text,
            lines_before,
            faults: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// Notes a fault, once: what the defaults get wrong, each job would repeat.
    pub fn add(&mut self, fault: RawFault) {
        self.note(fault, None, None);
    }

    /// Notes what is wrong with the value of a field.
    pub fn value(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(RawFault::of_value(path, message));
    }

    /// Notes a fault at a byte of the text.
    pub(crate) fn at_offset(&mut self, offset: usize, fault: RawFault) {
        self.note(fault, Some(offset), None);
    }

    /// Notes a fault whose message tells the line of another field as `{line}`.
    pub fn with_line_of(&mut self, other: String, path: String, message: String) {
        self.note(RawFault::of_value(path, message), None, Some(other));
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

    /// How many faults were noted.
    pub fn count(&self) -> u64 {
        self.faults.len() as u64
    }

    /// The faults with their places, in their order.
    pub fn finish(self, source_name: &str) -> Faults {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_where_and_what() {
        let mut log = FaultLog::new("{\n  \"ü\": {}, \"regoin\": 1 }", 3);
        let fault = RawFault::of_name("regoin", "unknown field");
        log.add(fault.clone());
        log.add(fault);
        log.value("ü.x", "missing");
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
}
