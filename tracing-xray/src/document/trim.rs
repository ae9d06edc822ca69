//! What is too large for a datagram with nothing beneath it, cut until it fits.
//!
//! | in this order | how |
//! |---|---|
//! | values of metadata | the largest first; one that is no text is cut as its JSON; then left out |
//! | stacks of exceptions | the outermost frames are left out and counted in `truncated` |
//! | messages of exceptions | cut; then the innermost exceptions left out, counted in `skipped` |
//! | texts of sql and http, then of the other blocks | cut |
//! | annotations, precursors and links | texts cut; then left out |
//!
//! The metadata `xray.trimmed` lists what was cut: the path in the document, and the bytes that
//! stood there.

mod path;
mod text;

use serde_json::{Map, Value, json};

use super::encoded_len;
use path::{Path, add_to, collect, find, pop_items};
pub(crate) use text::cut_note;
use text::cut_text;

/// The texts of one kind that are cut one by one; then what is left of the kind goes as a whole.
const CUTS_MAX: usize = 16;

/// What is kept of a text that is cut, in bytes of JSON: enough to see what it was.
const KEPT_LEN: usize = 256;

/// What a mark takes up beside its path, the first one with what is around it.
const MARK_LEN: usize = 80;

/// The longest path of a mark, in bytes.
const PATH_LEN_MAX: usize = 120;

/// What may be cut, by what it is a part of. In a path, `*` is every key or index.
const TEXTS: [&[&str]; 4] = [
    &["sql", "*"],
    &["http", "request", "*"],
    &["aws", "*"],
    &["service", "*"],
];

/// Cuts a document until it has at most `len_max` bytes, or there is nothing left to cut.
pub(super) fn trim(document: Map<String, Value>, len_max: usize) -> Value {
    let mut trim = Trim {
        document: Value::Object(document),
        len_max,
        marks: Vec::new(),
    };
    trim.cut_texts(&[&["metadata", "*", "*"]]);
    trim.leave_out_entries(&["metadata", "*", "*"]);
    trim.leave_out_frames();
    trim.cut_texts(&[
        &["cause", "message"],
        &["cause", "exceptions", "*", "message"],
        &["cause", "exceptions", "*", "type"],
    ]);
    trim.leave_out_exceptions();
    trim.cut_texts(&TEXTS);
    trim.cut_texts(&[&["annotations", "*"], &["user"], &["resource_arn"]]);
    trim.leave_out_entries(&["annotations", "*"]);
    for rest in [
        "precursor_ids",
        "links",
        "aws",
        "service",
        "sql",
        "http",
        "cause",
    ] {
        trim.leave_out_entries(&[rest]);
    }
    trim.gather_marks();
    trim.document
}

struct Trim {
    document: Value,
    len_max: usize,
    /// Path, and bytes that stood there.
    marks: Vec<(String, usize)>,
}

impl Trim {
    /// Bytes that are too many.
    fn excess(&self) -> usize {
        encoded_len(&self.document).saturating_sub(self.len_max)
    }

    /// Cuts the largest values at these paths as far as is needed.
    fn cut_texts(&mut self, patterns: &[&[&str]]) {
        let mut excess = self.excess();
        if excess == 0 {
            return;
        }
        for (path, len) in self.largest(patterns).into_iter().take(CUTS_MAX) {
            let mark_len = mark_len(&path);
            if excess == 0 || len <= KEPT_LEN + mark_len {
                return;
            }
            let Some(value) = find(&mut self.document, &path) else {
                continue;
            };
            let text = match value {
                Value::String(text) => std::mem::take(text),
                ref value if path[0] == "metadata" => value.to_string(),
                _ => continue,
            };
            let kept = len.saturating_sub(excess + mark_len).max(KEPT_LEN);
            *value = cut_text(&text, kept).into();
            // The mark is taken as longer than it is, so what was wanted is gone.
            excess = (excess + mark_len).saturating_sub(len - encoded_len(value));
            self.mark(&path, text.len());
        }
    }

    /// Leaves out what stands at the paths of a pattern, the largest first, until it fits.
    fn leave_out_entries(&mut self, pattern: &[&str]) {
        let mut excess = self.excess();
        if excess == 0 {
            return;
        }
        let mut gone = (0, 0);
        for (path, len) in self.largest(&[pattern]) {
            if excess == 0 {
                break;
            }
            let Some((key, parent)) = path.split_last() else {
                continue;
            };
            let is_mark = path == ["metadata", "xray", "trimmed"];
            if let Some(Value::Object(parent)) = find(&mut self.document, parent)
                && !is_mark
                && parent.remove(key).is_some()
            {
                gone.0 += 1;
                if gone.0 <= CUTS_MAX {
                    excess += mark_len(&path);
                    self.mark(&path, len);
                } else {
                    // The one mark of all further ones is paid for with the first of them.
                    excess += if gone.1 == 0 { 2 * MARK_LEN } else { 0 };
                    gone.1 += len;
                }
                excess = excess.saturating_sub(len + key.len() + 4);
            }
        }
        if gone.1 > 0 {
            // What many small ones took up, as one.
            self.mark(&[pattern[0].to_owned()], gone.1);
        }
    }

    /// Leaves out the outermost frames of the largest stacks.
    fn leave_out_frames(&mut self) {
        let mut excess = self.excess();
        if excess == 0 {
            return;
        }
        let stacks = self.largest(&[&["cause", "exceptions", "*", "stack"]]);
        for (path, len) in stacks.into_iter().take(CUTS_MAX) {
            if excess == 0 {
                return;
            }
            let wanted = excess + mark_len(&path);
            let count = pop_items(&mut self.document, &path, wanted, 0);
            if let Some(Value::Object(exception)) =
                find(&mut self.document, &path[..path.len() - 1])
            {
                add_to(exception, "truncated", count);
            }
            self.mark(&path, len);
            excess = self.excess();
        }
    }

    /// Leaves out exceptions from the end, but for the first one.
    fn leave_out_exceptions(&mut self) {
        let excess = self.excess();
        let path = ["cause".to_owned(), "exceptions".to_owned()];
        let Some(exceptions) = find(&mut self.document, &path) else {
            return;
        };
        let len = encoded_len(exceptions);
        let count = match excess {
            0 => 0,
            _ => pop_items(&mut self.document, &path, excess + mark_len(&path), 1),
        };
        if count == 0 {
            return;
        }
        if let Some(Value::Array(exceptions)) = find(&mut self.document, &path)
            && let Some(Value::Object(last)) = exceptions.last_mut()
        {
            add_to(last, "skipped", count);
            last.remove("cause");
        }
        self.mark(&path, len);
    }

    /// When the marks themselves are too much, one stands for all of them; or none.
    fn gather_marks(&mut self) {
        if self.excess() > 0 && self.marks.len() > 1 {
            let len = self.marks.drain(..).map(|(_, len)| len).sum();
            self.mark(&[], len);
        }
        if self.excess() > 0
            && let Some(document) = self.document.as_object_mut()
        {
            document.remove("metadata");
        }
    }

    /// What stands at the paths of the patterns, with its bytes, the largest first.
    fn largest(&self, patterns: &[&[&str]]) -> Vec<(Path, usize)> {
        let mut found = Vec::new();
        for pattern in patterns {
            collect(&self.document, pattern, &mut Vec::new(), &mut found);
        }
        found.sort_by_key(|&(_, len)| std::cmp::Reverse(len));
        found
    }

    /// Says in the document that something was cut.
    fn mark(&mut self, path: &[String], len: usize) {
        self.marks.push((shown(path), len));
        let marks = self.marks.iter();
        let marks: Value = marks
            .map(|(path, len)| json!({"path": path, "len": len}))
            .collect();
        if let Some(document) = self.document.as_object_mut()
            && let Value::Object(metadata) = document.entry("metadata").or_insert_with(|| json!({}))
            && let Value::Object(ours) = metadata.entry("xray").or_insert_with(|| json!({}))
        {
            ours.insert("trimmed".to_owned(), marks);
        }
    }
}

fn shown(path: &[String]) -> String {
    let mut shown = path.join(".");
    shown.truncate(shown.floor_char_boundary(PATH_LEN_MAX));
    shown
}

fn mark_len(path: &[String]) -> usize {
    encoded_len(&shown(path)) + MARK_LEN
}

#[cfg(test)]
mod tests;
