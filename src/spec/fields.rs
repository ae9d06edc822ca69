//! The fields of a job file that all kinds of jobs share. The JSON Schema comes from these types,
//! and what it lets pass they read.
//!
//! `x-give` says what to give for a field that is missing, `x-wanted` what a value should be: both
//! are for our own faults and are not published.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};

use checked_json::DurationText;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use super::limits::{OPERATIONS, RunLimits};
use super::retry::{CAUSES, RetryCause, RetryOn, RetrySpec};
use super::{ATTEMPTS_MAX, CONCURRENCY_MAX};

/// Jobs and how to run them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(transform = required_of_file)]
pub(super) struct FileFields {
    /// The schema that an editor checks the file with; not read here.
    #[serde(rename = "$schema")]
    pub(super) schema: Option<String>,
    /// The version of the job file.
    #[schemars(extend("const" = 1, "x-wanted" = "1, the version that this program reads", "x-give" = "`\"version\": 1`"))]
    pub(super) version: Option<u32>,
    /// What the service map of X-Ray calls the jobs: 1 to 200 letters, digits, spaces and
    /// `_ . : / % & # = + \ - @`.
    #[schemars(length(min = 1, max = 200), extend("x-give" = "the name that the trace map shows, such as `bucket creation`", "examples" = ["bucket creation"]))]
    pub(super) name: Option<String>,
    /// Any field of a job but `name`, `type` and what says what the job is about, for jobs that do
    /// not give it. `retry` and `tags` are merged field by field.
    pub(super) defaults: Option<Value>,
    /// The most jobs at once; `--concurrency` goes before it. Default 8.
    #[schemars(range(min = 1, max = CONCURRENCY_MAX), extend("examples" = [8]))]
    pub(super) max_concurrency: Option<NonZeroUsize>,
    /// How long the whole run may take; `--timeout` goes before it. Default: no limit.
    pub(super) run_timeout: Option<DurationText>,
    /// How many jobs may fail in a run that still counts as done. Default 0.
    pub(super) tolerated_failure_count: Option<u64>,
    /// How many of a hundred jobs may fail in a run that still counts as done. Default 0.
    #[schemars(range(min = 0, max = 100))]
    pub(super) tolerated_failure_percentage: Option<f64>,
    /// Whether the run ends with the first failure beyond what is tolerated; jobs that have not
    /// begun are then not run. Default false.
    pub(super) fail_fast: Option<bool>,
    /// The most calls a second, above 0: by operation as S3 spells it, or `*` for all of them.
    #[schemars(schema_with = "rate_limits")]
    pub(super) rate_limits: BTreeMap<String, f64>,
    /// The jobs, in the order in which they start.
    #[schemars(length(min = 1), extend("x-give" = "at least one job"))]
    pub(super) jobs: Option<Vec<Value>>,
}

/// What every job has.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = required_of_job)]
pub(super) struct JobFields {
    /// The job's name, unique in the run: 1 to 200 characters that can be seen.
    #[schemars(length(min = 1, max = 200), extend("x-give" = "the job a name of its own", "x-wanted" = "1 to 200 characters that can be seen", "pattern" = r"^[^\u0000-\u001f\u007f-\u009f]+$"))]
    pub(super) name: Option<String>,
    /// What the job does.
    pub(super) r#type: Option<String>,
    /// How long the job may take, all its attempts together. Default 5m.
    pub(super) timeout: Option<DurationText>,
    /// When the job is tried again after a failure.
    pub(super) retry: Option<RetryFields>,
}

/// When a failed job is tried again: after a random share of a delay that doubles from `base_delay`
/// up to `max_delay`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Retry")]
pub(super) struct RetryFields {
    /// The most attempts, the first one counted. Default 3.
    #[schemars(range(min = 1, max = ATTEMPTS_MAX))]
    max_attempts: Option<NonZeroU32>,
    /// The delay before the second attempt. Default 200ms.
    base_delay: Option<DurationText>,
    /// The longest delay. Default 20s.
    max_delay: Option<DurationText>,
    /// Which errors are tried again. Default: those that may pass by themselves.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    on: Option<Vec<CauseText>>,
}

/// An error that is tried again, as text.
#[derive(Debug, Deserialize)]
struct CauseText(String);

impl JsonSchema for CauseText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RetryCause".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A class of errors, or an error code as S3 spells it.",
            "anyOf": [
                { "type": "string", "enum": CAUSES.map(|(word, _)| word) },
                {
                    "type": "string",
                    "pattern": "^[A-Z][A-Za-z0-9.]*$",
                    "x-wanted": "an error code of S3, such as `AccessDenied`",
                    "examples": ["AccessDenied"],
                },
            ],
        })
    }
}

fn rate_limits(_: &mut SchemaGenerator) -> Schema {
    let operations: Vec<_> = std::iter::once("*").chain(OPERATIONS).collect();
    json_schema!({
        "type": "object",
        "propertyNames": { "enum": operations },
        "additionalProperties": { "type": "number", "exclusiveMinimum": 0 },
        "examples": [{ "*": 50, "CreateBucket": 5 }],
    })
}

// The types have no required fields, so that what is right in a file with faults can still be read.
fn required_of_file(schema: &mut Schema) {
    schema.insert(
        "required".into(),
        serde_json::json!(["version", "name", "jobs"]),
    );
}

fn required_of_job(schema: &mut Schema) {
    schema.insert("required".into(), serde_json::json!(["name", "type"]));
}

impl FileFields {
    pub(super) fn limits(&self) -> RunLimits {
        RunLimits {
            max_concurrency: self.max_concurrency,
            run_timeout: self.run_timeout.map(|text| text.0),
            tolerated_failure_count: self.tolerated_failure_count,
            tolerated_failure_percentage: self.tolerated_failure_percentage,
            fail_fast: self.fail_fast,
            rate_limits: self.rate_limits.clone(),
        }
    }
}

impl RetryFields {
    /// The retries, by the defaults of the program where nothing is set.
    pub(super) fn spec(&self) -> RetrySpec {
        let default = RetrySpec::default();
        let causes = self.on.as_ref().map(|causes| {
            let causes = causes.iter().map(|cause| RetryCause::of_word(&cause.0));
            RetryOn::Listed(causes.collect())
        });
        RetrySpec {
            max_attempts: self.max_attempts.unwrap_or(default.max_attempts),
            base_delay: self.base_delay.map_or(default.base_delay, |text| text.0),
            max_delay: self.max_delay.map_or(default.max_delay, |text| text.0),
            on: causes.unwrap_or_default(),
        }
    }
}
