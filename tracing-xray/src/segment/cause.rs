//! The cause of a fault: exceptions, each with the one that caused it.

use std::error::Error;
use std::fmt::{self, Write};

use serde::Serialize;

use crate::document::cut_note;
use crate::id::SegmentId;

/// The longest message of an exception that is made from an error, in bytes. The rest is cut, so
/// that an error that is large does not wait in memory for its segment to end.
const MESSAGE_LEN_MAX: usize = 4096;

/// The most exceptions of one chain. A longer one says how many were skipped.
const CHAIN_LEN_MAX: usize = 16;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cause {
    /// The exception with this id, recorded elsewhere in the trace.
    Reference(SegmentId),
    /// The exceptions themselves.
    Exceptions {
        /// Where the process ran.
        #[serde(skip_serializing_if = "Option::is_none")]
        working_directory: Option<String>,
        /// Where it looked for code.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        paths: Vec<String>,
        /// What went wrong, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// What was thrown: first the outermost, then what caused it.
        exceptions: Vec<Exception>,
    },
}

/// One error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exception {
    /// The exception's id, so that others can name it as their cause.
    pub id: SegmentId,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The callee threw it, not we.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub remote: bool,
    /// Stack frames left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub truncated: u32,
    /// Exceptions left out between this one and the one that caused it.
    #[serde(skip_serializing_if = "is_zero")]
    pub skipped: u32,
    /// The exception that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<SegmentId>,
    /// Where it was thrown, innermost frame first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<StackFrame>,
}

/// One call on the stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StackFrame {
    /// The source file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Exception {
    /// An exception of this type with this message.
    pub fn new(type_name: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            id: SegmentId::random(),
            message: Some(bounded(&message)),
            type_name: Some(type_name.into()),
            remote: false,
            truncated: 0,
            skipped: 0,
            cause: None,
            stack: Vec::new(),
        }
    }

    /// What stands in the cause of a part that was cut off.
    pub(crate) fn interrupted(why: &str) -> Self {
        Self::new("Interrupted", why)
    }

    /// The error and all its sources, each linked to the next.
    pub fn chain(error: &(dyn Error + 'static)) -> Vec<Self> {
        let mut chain: Vec<Self> = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            next = error.source();
            let full = chain.len() + 1 >= CHAIN_LEN_MAX;
            if let (true, Some(last)) = (full && next.is_some(), chain.last_mut()) {
                last.skipped += 1;
                continue;
            }
            let exception = Self::new(type_name(error), error);
            if let Some(last) = chain.last_mut() {
                last.cause = Some(exception.id);
            }
            chain.push(exception);
        }
        chain
    }
}

/// The type of an error behind `dyn Error`, of which Rust keeps no name: what its Debug form starts
/// with, since nearly all derive it.
fn type_name(error: &(dyn Error + 'static)) -> String {
    if error.is::<std::io::Error>() {
        return "std::io::Error".to_owned();
    }
    let mut head = Head(String::new());
    // The formatter is stopped after the name, so a large error costs no more than a small one.
    let _ = write!(head, "{error:?}");
    match head.0.chars().next() {
        Some(first) if first.is_ascii_uppercase() => head.0,
        _ => "Error".to_owned(),
    }
}

/// Keeps the identifier that a text starts with and refuses the rest.
struct Head(String);

impl Write for Head {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if !(c.is_alphanumeric() || c == '_' || c == ':') {
                return Err(fmt::Error);
            }
            self.0.push(c);
        }
        Ok(())
    }
}

/// Keeps the first bytes of a text, whole characters only, and counts the others.
struct Bounded {
    kept: String,
    cut: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = match self.cut {
            0 => MESSAGE_LEN_MAX.saturating_sub(self.kept.len()),
            _ => 0,
        };
        let end = text.floor_char_boundary(room);
        self.kept.push_str(&text[..end]);
        self.cut += text.len() - end;
        Ok(())
    }
}

fn bounded(message: &dyn fmt::Display) -> String {
    let mut bounded = Bounded {
        kept: String::new(),
        cut: 0,
    };
    // An error of the message's own leaves what it has said until then.
    let _ = write!(bounded, "{message}");
    let Bounded { mut kept, cut } = bounded;
    if cut > 0 {
        kept.push_str(&cut_note(cut));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("layer {depth}")]
    struct Layered {
        depth: usize,
        source: Option<Box<dyn Error + Send + Sync>>,
    }

    fn layered(depth: usize) -> Layered {
        let source = (depth > 1).then(|| layered(depth - 1).into());
        Layered { depth, source }
    }

    #[test]
    fn a_chain_holds_every_source_linked_to_the_next() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = Layered {
            depth: 1,
            source: Some(refused.into()),
        };
        let chain = Exception::chain(&error);
        assert_eq!(chain.len(), 2);
        assert_eq!(chain[0].message.as_deref(), Some("layer 1"));
        assert_eq!(chain[0].type_name.as_deref(), Some("Layered"));
        assert_eq!(chain[0].cause, Some(chain[1].id));
        assert_eq!(chain[1].type_name.as_deref(), Some("std::io::Error"));
        assert_eq!(chain[1].cause, None);
    }

    #[test]
    fn a_very_long_chain_keeps_its_ends_and_counts_what_it_skipped() {
        let chain = Exception::chain(&layered(40));
        assert_eq!(chain.len(), CHAIN_LEN_MAX);
        assert_eq!(chain[CHAIN_LEN_MAX - 2].skipped, 24);
        assert_eq!(chain[CHAIN_LEN_MAX - 1].message.as_deref(), Some("layer 1"));
    }

    #[test]
    fn a_message_is_cut_at_a_whole_character() {
        let exception = Exception::new("E", "é".repeat(5_000_000));
        let message = exception.message.unwrap();
        assert_eq!(
            message,
            format!("{}… (9995904 bytes cut)", "é".repeat(MESSAGE_LEN_MAX / 2))
        );
    }
}
