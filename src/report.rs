//! What became of a run: the report, as data that serializes.

mod file;
mod format;
mod jobs;
mod json;
mod junit;
mod markdown;
#[cfg(test)]
pub(crate) mod samples;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tracing_xray::EmitterCounts;

use crate::outcome::{ExitStatus, Failure, Outcome};
use crate::spec::{CustomJob, Fault, JobKind, JobSpec};

pub(crate) use file::{check_file, write_file};
pub(crate) use format::{Format, FormatError, write};
pub(crate) use jobs::JobReports;

/// What became of a run. The jobs stand beside it, in [`RunReport::jobs`]: they may be very many.
#[derive(Debug, Serialize)]
pub struct RunReport {
    /// The run's id.
    pub run_id: String,
    /// Which part of the jobs it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "millis")]
    pub duration: Duration,
    /// How the program ends; written as its exit code.
    #[serde(rename = "exit_code", serialize_with = "code")]
    pub status: ExitStatus,
    /// Whether nothing was to be changed, only told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub plan: bool,
    /// Whether it went on where an earlier run was cut off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// How many failures were tolerated, when there were some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated: Option<u64>,
    /// How many jobs ended how.
    pub totals: Totals,
    /// The trace of the run itself; nothing when it was not traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// What became of the segments; nothing when the run was not traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<SegmentCounts>,
    /// The region whose console shows the traces; nothing where none does.
    #[serde(skip)]
    pub console_region: Option<String>,
    /// Every job, in the order of the files.
    #[serde(skip)]
    pub jobs: JobReports,
}

/// What became of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobReport {
    /// Its name.
    pub job: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of its job file: its service on the map.
    pub service: String,
    /// The bucket that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How often it was tried.
    pub attempts: u32,
    /// Why attempts before the last one failed; of very many the first ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retried: Vec<Failure>,
    /// How long it took, in milliseconds.
    #[serde(
        rename = "duration_ms",
        serialize_with = "millis",
        deserialize_with = "from_millis"
    )]
    pub duration: Duration,
    /// What a job changed that is not done, one line a change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partial_changes: Vec<String>,
    /// The ids that S3 gave the calls which changed something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub s3_request_ids: Vec<String>,
    /// The id of its invocation, as in its START, END and REPORT lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Its segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    /// Whether the trace was kept; one that was not has no document anywhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsampled: bool,
}

/// How many jobs ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All of them.
    pub jobs: u64,
    /// Done, and something had to be changed.
    pub changed: u64,
    /// Done, and all was as wanted before.
    pub unchanged: u64,
    /// Of a plan: something would have to be changed.
    #[serde(skip_serializing_if = "is_zero")]
    pub planned: u64,
    /// Done by an earlier start of the same run.
    #[serde(skip_serializing_if = "is_zero")]
    pub done_before: u64,
    /// Failed for good, or out of time.
    pub failed: u64,
    /// Cut off by the end of the run.
    pub interrupted: u64,
    /// Whose turn never came.
    pub not_run: u64,
}

/// What became of the segments that the run made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SegmentCounts {
    /// Left for the daemon.
    pub sent: u64,
    /// Refused, because no daemon was there.
    pub refused: u64,
    /// Never sent.
    pub dropped: u64,
    /// Taken by X-Ray, where the daemon that uploads them is part of this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<u64>,
}

impl SegmentCounts {
    /// Those of which it is known that they are not in X-Ray.
    pub(crate) fn lost(&self) -> u64 {
        let unconfirmed = self
            .sent
            .saturating_sub(self.confirmed.unwrap_or(self.sent));
        self.refused + self.dropped + unconfirmed
    }

    pub(crate) fn new(counts: EmitterCounts, confirmed: Option<u64>) -> Self {
        Self {
            sent: counts.sent,
            refused: counts.refused,
            dropped: counts.dropped,
            confirmed,
        }
    }
}

/// `5 sent, 0 refused, 0 dropped; 4 in X-Ray`.
impl fmt::Display for SegmentCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            refused,
            dropped,
            confirmed,
        } = self;
        write!(f, "{sent} sent, {refused} refused, {dropped} dropped")?;
        if *refused > 0 {
            f.write_str(" (is the daemon up?)")?;
        }
        match confirmed {
            Some(confirmed) => write!(f, "; {confirmed} in X-Ray"),
            None => Ok(()),
        }
    }
}

impl RunReport {
    /// The console's page of the run's own trace, where there is one.
    pub fn console_url(&self) -> Option<String> {
        let (trace_id, region) = self
            .trace_id
            .as_deref()
            .zip(self.console_region.as_deref())?;
        Some(trace_url(trace_id, region))
    }

    /// The console's page of a job's trace, where there is one.
    pub fn console_url_of(&self, job: &JobReport) -> Option<String> {
        job.console_url(self.console_region.as_deref()?)
    }
}

impl JobReport {
    /// The report of a job as far as its spec and outcome tell it.
    pub(crate) fn without_attempt(service: &str, spec: &JobSpec, outcome: Outcome) -> Self {
        Self {
            job: spec.name.clone(),
            kind: spec.kind.type_name().to_owned(),
            service: service.to_owned(),
            bucket: spec.kind.bucket().map(str::to_owned),
            outcome,
            attempts: 0,
            retried: Vec::new(),
            duration: Duration::ZERO,
            partial_changes: Vec::new(),
            s3_request_ids: Vec::new(),
            request_id: None,
            trace_id: None,
            segment_id: None,
            unsampled: false,
        }
    }

    /// The report of a job that was checked, and when its turn came was another one.
    pub(crate) fn of_unreadable(service: &str, fault: &Fault) -> Self {
        let message = format!("its file has changed since it was checked: {fault}");
        let error = Failure {
            message,
            ..Failure::default()
        };
        let unknown = JobSpec::new(
            fault.field.as_str(),
            JobKind::Custom(CustomJob {
                type_name: "unknown".into(),
                payload: serde_json::Value::Null,
            }),
        );
        Self::without_attempt(service, &unknown, Outcome::Failed { error })
    }

    /// The console's page of its trace, in the console of `region`.
    pub fn console_url(&self, region: &str) -> Option<String> {
        let trace_id = self.trace_id.as_deref().filter(|_| !self.unsampled)?;
        Some(trace_url(trace_id, region))
    }
}

/// The console's page of a trace (CloudWatch, X-Ray traces), in the partition of the region.
pub(crate) fn trace_url(trace_id: &str, region: &str) -> String {
    let domain = match region {
        _ if region.starts_with("cn-") => "console.amazonaws.cn",
        _ if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{region}.{domain}/cloudwatch/home?region={region}#xray:traces/{trace_id}")
}

impl Totals {
    /// Counts one more job.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.jobs += 1;
        *match outcome {
            Outcome::Changed { .. } => &mut self.changed,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Planned { .. } => &mut self.planned,
            Outcome::DoneBefore => &mut self.done_before,
            Outcome::Failed { .. } | Outcome::TimedOut { .. } => &mut self.failed,
            Outcome::Interrupted => &mut self.interrupted,
            Outcome::NotRun => &mut self.not_run,
        } += 1;
    }

    /// The counts, each with the word of its outcome.
    pub(crate) fn by_word(self) -> [(u64, &'static str); 7] {
        [
            (self.changed, "changed"),
            (self.unchanged, "unchanged"),
            (self.planned, "planned"),
            (self.done_before, "done before"),
            (self.failed, "failed"),
            (self.interrupted, "interrupted"),
            (self.not_run, "not run"),
        ]
    }

    /// Those that did what they are for.
    pub fn done(&self) -> u64 {
        self.changed + self.unchanged + self.planned + self.done_before
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn code<S: Serializer>(status: &ExitStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(status.code())
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
}

fn from_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let millis = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(millis / 1e3).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_is_that_of_the_region_and_its_partition() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for (region, start) in [
            ("eu-west-1", "https://eu-west-1.console.aws.amazon.com/"),
            ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
            (
                "us-gov-east-1",
                "https://us-gov-east-1.console.amazonaws-us-gov.com/",
            ),
        ] {
            let url = trace_url(id, region);
            assert!(url.starts_with(start), "{url}");
            assert!(url.ends_with(&format!("?region={region}#xray:traces/{id}")));
        }
    }
}
