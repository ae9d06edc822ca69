//! What `PutTraceSegments` answers: which documents it did not process, and which of those may be
//! sent again.

use serde::Deserialize;

use crate::document::Document;

/// The body of a success. One without the list means that everything was taken.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(rename = "UnprocessedTraceSegments")]
    unprocessed: Option<Vec<Refusal>>,
}

/// A segment that X-Ray did not process. Every field may be missing: a segment without an id is
/// refused without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Refusal {
    pub(super) id: Option<String>,
    pub(super) error_code: Option<String>,
    pub(super) message: Option<String>,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) taken: usize,
    pub(super) refused: Vec<Refusal>,
    pub(super) again: Vec<Document>,
}

impl Answer {
    /// A body that cannot be read is that of a success all the same.
    pub(super) fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Sorts the documents; on the `last` attempt none is to be sent again.
    pub(super) fn judge(self, documents: Vec<Document>, last: bool) -> Verdict {
        let total = documents.len();
        let mut candidates: Vec<(Option<String>, Document)> = Vec::new();
        let mut unprocessed = self.unprocessed.unwrap_or_default();
        // No service refuses more than it was given; a fake one must not upset the counts.
        unprocessed.truncate(total);
        if !last && unprocessed.iter().any(Refusal::is_passing) {
            let with_id = |document: Document| (document.segment_id(), document);
            candidates = documents.into_iter().map(with_id).collect();
        }
        let mut refused = Vec::new();
        let mut again = Vec::new();
        for refusal in unprocessed {
            let found = candidates
                .iter()
                .position(|(id, _)| id.is_some() && *id == refusal.id)
                .filter(|_| refusal.is_passing());
            match found {
                Some(index) => again.push(candidates.swap_remove(index).1),
                None => refused.push(refusal),
            }
        }
        Verdict {
            taken: total - refused.len() - again.len(),
            refused,
            again,
        }
    }
}

impl Refusal {
    /// Whether the reason lies with the service and may pass.
    fn is_passing(&self) -> bool {
        let code = self.error_code.as_deref().unwrap_or_default();
        tracing_xray::is_throttling(code)
            || code.starts_with("Internal")
            || code.starts_with("ServiceUnavailable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const PASSING: &str = "ThrottledException";
    const FINAL: &str = "InvalidTraceId";

    fn judge(ids: &[&str], refusals: &[(&str, &str)], last: bool) -> (usize, usize, Vec<String>) {
        let document = |id: &&str| {
            let text = format!(r#"{{"id":"{id}","name":"n"}}"#);
            Document::new(text.as_bytes(), Instant::now())
        };
        let refusal = |(id, code): &(&str, &str)| Refusal {
            id: Some((*id).to_owned()),
            error_code: Some((*code).to_owned()),
            message: None,
        };
        let answer = Answer {
            unprocessed: Some(refusals.iter().map(refusal).collect()),
        };
        let verdict = answer.judge(ids.iter().map(document).collect(), last);
        let again = verdict.again.iter().filter_map(Document::segment_id);
        (verdict.taken, verdict.refused.len(), again.collect())
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let ids = ["a", "b", "c"];
        assert_eq!(judge(&ids, &[], false), (3, 0, vec![]));
        assert_eq!(judge(&ids, &[("b", FINAL)], false), (2, 1, vec![]));
        assert_eq!(
            judge(&ids, &[("b", PASSING), ("c", FINAL)], false),
            (1, 1, vec!["b".to_owned()])
        );
        assert_eq!(judge(&ids, &[("b", PASSING)], true), (2, 1, vec![]));
        assert_eq!(judge(&ids, &[("x", PASSING)], false), (2, 1, vec![]));
        assert_eq!(
            judge(&["a"], &[("a", FINAL), ("a", FINAL)], false),
            (0, 1, vec![])
        );
        let twice = judge(&["a", "a"], &[("a", PASSING), ("a", PASSING)], false);
        assert_eq!(twice, (0, 0, vec!["a".to_owned(), "a".to_owned()]));
    }

    #[test]
    fn an_answer_may_lack_anything() {
        let refusals = |body: &str| {
            Answer::parse(body.as_bytes())
                .unprocessed
                .unwrap_or_default()
        };
        for body in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"UnprocessedTraceSegments":null}"#,
        ] {
            assert!(refusals(body).is_empty(), "{body}");
        }
        assert_eq!(
            refusals(r#"{"UnprocessedTraceSegments":[{}]}"#),
            [Refusal::default()]
        );
        let full = refusals(
            r#"{"UnprocessedTraceSegments":[{"Id":"a","ErrorCode":"MissingName","Message":"m","X":1}]}"#,
        );
        assert_eq!(full[0].error_code.as_deref(), Some("MissingName"));
    }
}
