//! When a failed job is tried again.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use checked_json::format_duration;
use serde::{Serialize, Serializer};

/// When a failed job is tried again: delays double from `base_delay` up to `max_delay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetrySpec {
    /// The most attempts, the first one counted; 3 unless told.
    pub max_attempts: NonZeroU32,
    /// The delay before the second attempt; 200 ms unless told.
    #[serde(serialize_with = "serialize_duration")]
    pub base_delay: Duration,
    /// The longest delay; 20 s unless told.
    #[serde(serialize_with = "serialize_duration")]
    pub max_delay: Duration,
    /// Which errors are tried again.
    #[serde(skip_serializing_if = "RetryOn::is_transient")]
    pub on: RetryOn,
}

/// Which errors of an attempt are tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RetryOn {
    /// Those that may pass by themselves.
    #[default]
    Transient,
    /// These and no others.
    Listed(BTreeSet<RetryCause>),
}

/// An error that is tried again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RetryCause {
    /// A connection that cannot be made, or broke.
    Connection,
    /// A call, or connecting for it, took too long.
    Timeout,
    /// The service asks to slow down.
    Throttling,
    /// Answers with a status of 500 and above.
    ServerError,
    /// Another change of the same thing is under way (409).
    Conflict,
    /// What was just made is not yet seen (404).
    NotFound,
    /// A program ended with a code that is no success, or by a signal.
    ExitCode,
    /// Every error.
    Any,
    /// An error code as the service spells it, such as `AccessDenied`.
    Code(String),
}

/// The words of the job file.
pub(super) const CAUSES: [(&str, RetryCause); 8] = [
    ("connection", RetryCause::Connection),
    ("timeout", RetryCause::Timeout),
    ("throttling", RetryCause::Throttling),
    ("server-error", RetryCause::ServerError),
    ("conflict", RetryCause::Conflict),
    ("not-found", RetryCause::NotFound),
    ("exit-code", RetryCause::ExitCode),
    ("any", RetryCause::Any),
];

impl RetryOn {
    /// Whether these are the default, the errors that may pass by themselves.
    pub fn is_transient(&self) -> bool {
        *self == Self::Transient
    }
}

impl RetryCause {
    /// The cause that a word of the job file names.
    pub(super) fn of_word(word: &str) -> Self {
        let known = CAUSES.into_iter().find(|(known, _)| *known == word);
        known.map_or_else(|| Self::Code(word.to_owned()), |(_, cause)| cause)
    }

    /// The word of the job file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Code(code) => code,
            cause => {
                let known = CAUSES.iter().find(|(_, known)| known == cause);
                known.map_or("any", |(word, _)| word)
            }
        }
    }
}

impl Serialize for RetryOn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Transient => serializer.serialize_none(),
            Self::Listed(causes) => serializer.collect_seq(causes.iter().map(RetryCause::as_str)),
        }
    }
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self {
            max_attempts: const { NonZeroU32::new(3).unwrap() },
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            on: RetryOn::Transient,
        }
    }
}

fn serialize_duration<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_duration(*duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_a_word_or_a_code() {
        for (word, cause) in CAUSES {
            assert_eq!(RetryCause::of_word(word), cause);
            assert_eq!(cause.as_str(), word);
        }
        let code = RetryCause::of_word("AccessDenied");
        assert_eq!(code, RetryCause::Code("AccessDenied".to_owned()));
        assert_eq!(code.as_str(), "AccessDenied");
    }
}
