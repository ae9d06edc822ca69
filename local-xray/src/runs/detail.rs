//! What a job's segment tells beyond its annotations: attempts, changes, why it failed.

use std::collections::HashMap;

use serde_json::Value;
use tracing_xray::{SegmentId, TraceId};

use super::{Invocation, Standing};
use crate::document::seconds;
use crate::read::{items, text};
use crate::store::{Store, StoreError};

/// The most attempts of a job that are told.
const ATTEMPTS_MAX: usize = 20;

/// The most of an error that is told, in characters.
const ERROR_CHARS_MAX: usize = 2000;

/// What invocations tell in their documents, which are read for those that are shown.
#[derive(Debug, Default)]
pub struct Details(HashMap<(TraceId, SegmentId), Detail>);

impl Details {
    /// Those of some invocations.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read<'i>(
        store: &Store,
        invocations: impl Iterator<Item = &'i Invocation>,
    ) -> Result<Self, StoreError> {
        let mut details = Self::default();
        let wanted = invocations.map(|job| (job.trace_id, job.segment_id));
        store.each_segment(wanted, |key, document| details.note(key, document))?;
        Ok(details)
    }

    pub(super) fn note(&mut self, key: (TraceId, SegmentId), document: &str) {
        self.0.insert(key, Detail::of(document));
    }

    /// What one tells; nothing where it is gone by now.
    pub fn of(&self, job: &Invocation) -> Option<&Detail> {
        self.0.get(&(job.trace_id, job.segment_id))
    }
}

/// What a job did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// Every try, at most twenty.
    pub attempts: Vec<Attempt>,
    /// One line a change.
    pub changes: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// One try of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// `attempt 1`.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// Nothing while it runs.
    pub seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Detail {
    /// Of a segment's document; whatever is missing or of another type is not told.
    pub(crate) fn of(document: &str) -> Self {
        let segment: Value = serde_json::from_str(document).unwrap_or_default();
        let is_attempt = |subsegment: &&Value| {
            let number = text(subsegment, "name").and_then(|name| name.strip_prefix("attempt "));
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        };
        let attempts = items(&segment["subsegments"]).iter().filter(is_attempt);
        let changes = items(&segment["metadata"]["default"]["changes"]);
        let told = changes.iter().filter_map(Value::as_str);
        Self {
            attempts: attempts.take(ATTEMPTS_MAX).map(Attempt::of).collect(),
            changes: told.map(clipped).collect(),
            error: error(&segment),
        }
    }

    /// The attempts with their errors, but for those that say what the job's own error says, or the attempt
    /// before.
    pub fn told_apart(&self) -> impl Iterator<Item = (&Attempt, Option<&str>)> {
        let before = std::iter::once(&self.error).chain(self.attempts.iter().map(|one| &one.error));
        self.attempts.iter().zip(before).map(|(attempt, before)| {
            let error = attempt.error.as_deref();
            let is_new = attempt.error != self.error && attempt.error != *before;
            (attempt, error.filter(|_| is_new))
        })
    }
}

impl Attempt {
    fn of(subsegment: &Value) -> Self {
        let start = seconds(&subsegment["start_time"]);
        let end = seconds(&subsegment["end_time"]);
        let took = start.zip(end).map(|(start, end)| (end - start).max(0.0));
        let failed = subsegment["fault"] == true || subsegment["error"] == true;
        Self {
            name: text(subsegment, "name").unwrap_or_default().to_owned(),
            standing: match took {
                None => Standing::Running,
                Some(_) => Standing::of_ended(None, failed),
            },
            seconds: took,
            error: error(subsegment),
        }
    }
}

/// The first exception, and what those after it add.
fn error(entity: &Value) -> Option<String> {
    let exceptions = items(&entity["cause"]["exceptions"]).iter();
    let mut told = String::new();
    for exception in exceptions {
        let message = text(exception, "message").unwrap_or_default();
        match (told.is_empty(), text(exception, "type")) {
            (true, Some(kind)) if message.is_empty() => told = kind.to_owned(),
            (true, Some(kind)) => told = format!("{kind}: {message}"),
            (true, None) => told = message.to_owned(),
            (false, _) if told.contains(message) => {}
            (false, _) => told = format!("{told}: {message}"),
        }
        if told.len() > 4 * ERROR_CHARS_MAX {
            break;
        }
    }
    (!told.is_empty()).then(|| clipped(&told))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(ERROR_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attempts_changes_and_error_are_read_of_the_document() {
        let exception = |kind: &str, message: &str| json!({ "type": kind, "message": message });
        let document = json!({
            "fault": true,
            "cause": { "exceptions": [exception("ExitCode", "`sh` exited with code 3"), exception("Io", "broken pipe")] },
            "metadata": { "default": { "changes": ["bucket: create in us-east-1", 7] } },
            "subsegments": [
                { "name": "attempt 1", "start_time": 10.0, "end_time": 10.5, "fault": true,
                  "cause": { "exceptions": [exception("SlowDown", "")] } },
                { "name": "attempt 2", "start_time": 11, "in_progress": true },
                { "name": "attempted", "start_time": 11 },
            ],
        });
        let attempt = |name: &str, standing, seconds, error: Option<&str>| Attempt {
            name: name.to_owned(),
            standing,
            seconds,
            error: error.map(str::to_owned),
        };
        let expected = Detail {
            attempts: vec![
                attempt("attempt 1", Standing::Failed, Some(0.5), Some("SlowDown")),
                attempt("attempt 2", Standing::Running, None, None),
            ],
            changes: vec!["bucket: create in us-east-1".to_owned()],
            error: Some("ExitCode: `sh` exited with code 3: broken pipe".to_owned()),
        };
        assert_eq!(Detail::of(&document.to_string()), expected);
    }

    #[test]
    fn no_change_is_left_out() {
        let changes: Vec<String> = (0..250).map(|number| format!("tag {number}")).collect();
        let document = json!({ "metadata": { "default": { "changes": changes } } });
        assert_eq!(Detail::of(&document.to_string()).changes, changes);
    }

    #[test]
    fn what_is_no_such_document_tells_nothing() {
        for document in [
            "",
            "7",
            "[]",
            r#"{"cause":"70de5b6f19ff9a0a","subsegments":{},"metadata":[]}"#,
        ] {
            assert_eq!(Detail::of(document), Detail::default(), "{document}");
        }
    }

    #[test]
    fn no_error_is_told_twice() {
        let attempt = |kind: &str| {
            json!({ "name": "attempt 1", "start_time": 1, "end_time": 2, "fault": true,
                "cause": { "exceptions": [{ "type": kind, "message": "b" }] } })
        };
        let document = json!({ "cause": attempt("A")["cause"],
            "subsegments": [attempt("B"), attempt("B"), attempt("A"), attempt("B")] });
        let detail = Detail::of(&document.to_string());
        let told: Vec<_> = detail.told_apart().map(|(_, error)| error).collect();
        assert_eq!(told, [Some("B: b"), None, None, Some("B: b")]);
    }
}
