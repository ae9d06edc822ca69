//! Faults of a file: where, in which field, what is wrong and how to mend it.

use std::fmt;
use std::io;

use thiserror::Error;

/// A place in a text, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// One fault of a file, or of the variables that stand for one.
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

/// The faults of one source or of several, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct Faults {
    /// Those that are told: at most [`FAULTS_TOLD_MAX`] of a source.
    pub told: Vec<Fault>,
    /// How many more there are.
    pub untold: u64,
}

impl Faults {
    /// One fault of a source as a whole, or of a place in it that no field names.
    pub fn one(
        source_name: impl Into<String>,
        position: Option<Position>,
        message: impl Into<String>,
    ) -> Self {
        let fault = Fault {
            source_name: source_name.into(),
            position,
            field: String::new(),
            message: message.into(),
        };
        Self {
            told: vec![fault],
            untold: 0,
        }
    }

    /// That a source cannot be read.
    pub fn cannot_be_read(source_name: impl Into<String>, error: &io::Error) -> Self {
        Self::one(source_name, None, format!("cannot be read: {error}"))
    }

    /// How many faults there are.
    pub fn count(&self) -> u64 {
        self.told.len() as u64 + self.untold
    }

    /// No more than are told of one source.
    pub fn cut(mut self) -> Self {
        self.untold += self.told.len().saturating_sub(FAULTS_TOLD_MAX) as u64;
        self.told.truncate(FAULTS_TOLD_MAX);
        self
    }

    /// Adds those of another source, or of another part of this one.
    pub fn append(&mut self, more: Self) {
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
