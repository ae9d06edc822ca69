//! The lines of a ledger: JSON, one a line, the same in a file and in S3.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{JobKey, job_key};
use crate::report::JobReport;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    /// A run ended.
    End {
        /// The run's id.
        run: String,
        /// The program's exit code.
        exit_code: u8,
        /// When.
        ended_at: DateTime<Utc>,
    },
    /// A run was started, for the first time or again. What follows belongs to it.
    Start {
        /// The run's id.
        run: String,
        /// When.
        started_at: DateTime<Utc>,
    },
    /// A job is done.
    Job(Entry),
}

/// A job that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    job: String,
    /// Of the job as it was understood, in hex.
    digest: String,
    outcome: String,
    attempts: u32,
    at: DateTime<Utc>,
}

impl Entry {
    /// What is noted of a job that ended so.
    pub(crate) fn new(digest: &[u8; 32], report: &JobReport) -> Self {
        Self {
            job: report.job.clone(),
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            outcome: report.outcome.word().to_owned(),
            attempts: report.attempts,
            at: Utc::now(),
        }
    }

    /// The job in few bytes; nothing when the digest is none.
    pub(super) fn key(&self) -> Option<JobKey> {
        let mut digest = [0; 32];
        if self.digest.len() != 2 * digest.len() {
            return None;
        }
        for (index, byte) in digest.iter_mut().enumerate() {
            let hex = self.digest.get(2 * index..2 * index + 2)?;
            *byte = u8::from_str_radix(hex, 16).ok()?;
        }
        Some(job_key(&self.job, &digest))
    }
}

/// A line as text, with its end.
pub(super) fn text(line: &impl Serialize) -> String {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}
