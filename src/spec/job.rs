//! One job as it was understood: checked, its templates expanded.

use std::sync::Arc;
use std::time::Duration;

use checked_json::format_duration;
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::retry::RetrySpec;
use super::secret::Secrets;
use crate::bucket::Desired;
use crate::job::command::CommandSpec;

/// One job as it was understood; it serializes to the words of the job file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobSpec {
    /// The job's name, unique in its run.
    pub name: String,
    /// What the job does.
    #[serde(flatten)]
    pub kind: JobKind,
    /// How long the job may take, all its attempts together.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "serialize_timeout"
    )]
    pub timeout: Option<Duration>,
    /// When to try again.
    pub retry: RetrySpec,
    /// What no trace may show.
    #[serde(skip)]
    pub(crate) secrets: Secrets,
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum JobKind {
    /// A bucket as wanted: created, or changed where it differs.
    CreateBucket(Box<Desired>),
    /// A program that is run.
    Command(Box<CommandSpec>),
    /// Work of a kind that the user of this library registered.
    #[serde(untagged)]
    Custom(CustomJob),
}

/// Work of a kind that the user of this library registered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustomJob {
    /// The registered word of the kind, the `type` of the job file.
    #[serde(rename = "type", serialize_with = "serialize_text")]
    pub type_name: Arc<str>,
    /// What the job file gives to it, its templates expanded.
    pub payload: Value,
}

impl JobSpec {
    /// A job with the default retries and no time limit of its own.
    pub fn new(name: impl Into<String>, kind: JobKind) -> Self {
        Self {
            name: name.into(),
            kind,
            timeout: None,
            retry: RetrySpec::default(),
            secrets: Secrets::default(),
        }
    }

    /// SHA-256 of the job as canonical JSON: two jobs that say the same have the same digest.
    pub fn digest(&self) -> [u8; 32] {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        json.sort_all_objects();
        Sha256::digest(json.to_string()).into()
    }

    /// The job as JSON, for traces and reports, without what looks secret: the values of a
    /// command's variables with names such as `API_TOKEN`, and what came out of `{env:API_TOKEN}`.
    pub fn redacted(&self) -> Value {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        self.secrets.redact_job(&mut json);
        json
    }

    /// A text about the job, such as what a program wrote, without the job's secrets.
    pub fn redact(&self, text: &str) -> String {
        self.secrets.redact(text)
    }

    /// The same for every text of a JSON value.
    pub fn redact_value(&self, mut value: Value) -> Value {
        self.secrets.redact_texts(&mut value);
        value
    }
}

impl JobKind {
    /// The word of the job file, its `type`.
    pub fn type_name(&self) -> &str {
        match self {
            Self::CreateBucket(_) => "create-bucket",
            Self::Command(_) => "command",
            Self::Custom(job) => &job.type_name,
        }
    }

    /// The bucket that the job is about.
    pub fn bucket(&self) -> Option<&str> {
        match self {
            Self::CreateBucket(desired) => Some(desired.bucket.as_str()),
            Self::Command(_) | Self::Custom(_) => None,
        }
    }

    /// The region that the job is about.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::CreateBucket(desired) => Some(desired.region.as_str()),
            Self::Command(_) | Self::Custom(_) => None,
        }
    }
}

fn serialize_timeout<S: Serializer>(
    timeout: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match timeout {
        Some(timeout) => serializer.serialize_str(&format_duration(*timeout)),
        None => serializer.serialize_none(),
    }
}

fn serialize_text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command(value: Value) -> JobSpec {
        let command: CommandSpec = serde_json::from_value(value).unwrap();
        JobSpec::new("a", JobKind::Command(Box::new(command)))
    }

    #[test]
    fn a_custom_job_keeps_its_type() {
        let kind = JobKind::Custom(CustomJob {
            type_name: "resize".into(),
            payload: json!({ "width": 3 }),
        });
        let json = serde_json::to_value(JobSpec::new("a", kind)).unwrap();
        assert_eq!(json["type"], "resize");
        assert_eq!(json["payload"], json!({ "width": 3 }));
        assert_eq!(json["name"], "a");
    }

    #[test]
    fn what_says_the_same_has_the_same_digest() {
        let job = |value| command(json!({ "command": [value] }));
        assert_eq!(job("ls").digest(), job("ls").digest());
        assert_ne!(job("ls").digest(), job("id").digest());
        let mut named = job("ls");
        named.name = "b".to_owned();
        assert_ne!(named.digest(), job("ls").digest());
    }

    #[test]
    fn what_looks_secret_is_not_shown() {
        let mut job = command(json!({
            "command": ["curl", "-H", "auth: 5ecret!"],
            "environment": { "API_TOKEN": "abc", "STAGE": "prod", "db_password": "x" },
        }));
        job.secrets.add("API_KEY", "5ecret!");
        job.secrets.add("STAGE", "prod");
        let shown = job.redacted();
        assert_eq!(shown["command"], json!(["curl", "-H", "auth: ***"]));
        assert_eq!(
            shown["environment"],
            json!({ "API_TOKEN": "***", "STAGE": "prod", "db_password": "***" })
        );
        assert_eq!(job.redact("got 5ecret! twice"), "got *** twice");
        let plain = serde_json::to_string(&job).unwrap();
        assert!(plain.contains("5ecret!"), "a job itself is whole: {plain}");
    }
}
