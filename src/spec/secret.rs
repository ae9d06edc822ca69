//! What must not stand in a trace, a report or a log.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// Stands for a secret where one is left out.
pub(super) const REDACTED: &str = "***";

/// The shortest secret that is left out of the middle of a text.
const IN_TEXT_LEN_MIN: usize = 4;

/// Parts of names that tell of a secret, in capitals.
const SECRET_WORDS: [&str; 9] = [
    "AUTHORIZATION",
    "CREDENTIAL",
    "KEY",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE",
    "SECRET",
    "TOKEN",
];

/// The texts of one job that no trace may show.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets(BTreeSet<String>);

/// A secret is not shown here either.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Keeps the value of a variable if its name looks like that of a secret.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if is_secret_name(name) && !value.is_empty() {
            self.0.insert(value.to_owned());
        }
    }

    /// The text without the secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // The longest first: one secret may be a part of another.
        let long = |secret: &&String| secret.len() >= IN_TEXT_LEN_MIN;
        let mut secrets: Vec<_> = self.0.iter().filter(long).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), REDACTED);
            }
        }
        text
    }

    /// A job, as it serializes, without the secrets.
    pub(super) fn redact_job(&self, job: &mut Value) {
        if let Some(Value::Object(environment)) = job.get_mut("environment") {
            let secret = environment
                .iter_mut()
                .filter(|(name, _)| is_secret_name(name));
            secret.for_each(|(_, value)| *value = REDACTED.into());
        }
        if !self.0.is_empty() {
            self.redact_texts(job);
        }
    }

    pub(super) fn redact_texts(&self, value: &mut Value) {
        match value {
            // A short secret is only known as a whole: in a text it would be guessed from what is left out.
            Value::String(text) if self.0.contains(text.as_str()) => *text = REDACTED.to_owned(),
            Value::String(text) => *text = self.redact(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.redact_texts(value)),
            Value::Object(fields) => fields
                .values_mut()
                .for_each(|value| self.redact_texts(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Whether a variable's name looks like that of a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}
