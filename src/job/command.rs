//! A job that runs a program: in a process group of its own, with its output bounded and its end
//! told, so that any program can be a timed, retried and traced job.
//!
//! ```text
//! CommandSpec ─► spawn ─► process group ─┬─ stdin ◄─ feed
//!                                        ├─ stdout ─► capture (head and tail) ─► lines
//!                                        └─ stderr ─► capture                 ─► lines
//! stop: SIGTERM to the group, the grace, SIGKILL       dropped: SIGKILL at once
//! ```
#![expect(unreachable_pub, reason = "the job file's types re-export them")]

mod attempt;
mod capture;
mod error;
mod group;
mod run;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use attempt::attempt;
pub use capture::Captured;
pub use error::CommandError;

/// The most that is kept of a stream when the job does not say, in bytes.
pub const OUTPUT_LEN_DEFAULT: usize = 64 * 1024;

/// The most that may be asked for, in bytes.
pub const OUTPUT_LEN_MAX: usize = 16 * 1024 * 1024;

/// How long a process group may take to end after SIGTERM.
pub(crate) const GRACE_DEFAULT: Duration = Duration::from_secs(2);

/// How long the output of a program that has ended is waited for, when a process that it left
/// behind holds the pipe.
pub(crate) const PIPE_WAIT_DEFAULT: Duration = Duration::from_millis(500);

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct CommandSpec {
    /// The program and its arguments. A program without a slash is looked for in PATH; no shell
    /// is involved.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// Environment variables; they go before the inherited ones and those of the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Where the program runs; without it, where the run was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// What the program reads on standard input; without it, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<StdinSpec>,
    /// Whether the program sees the environment of the run, its AWS credentials among it.
    #[serde(default = "yes")]
    pub inherit_environment: bool,
    /// The exit codes that mean success.
    #[serde(default = "zero")]
    #[schemars(length(min = 1))]
    pub success_codes: Vec<u8>,
    /// The most that is kept of standard output and of standard error, in bytes each; the middle
    /// of a longer output is left out.
    #[serde(default = "output_len_default")]
    #[schemars(range(max = 16_777_216))]
    pub output_len_max: usize,
}

/// What a program reads on standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum StdinSpec {
    /// This text as it stands.
    Text(String),
    /// Any other value, as one line of JSON.
    Json(serde_json::Value),
}

fn yes() -> bool {
    true
}

fn zero() -> Vec<u8> {
    vec![0]
}

fn output_len_default() -> usize {
    OUTPUT_LEN_DEFAULT
}

impl CommandSpec {
    /// All that is wrong with it, each with the field it stands in; nothing when it can be run.
    pub(crate) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut fault = |field, text: String| faults.push((field, text));
        match self.command.first().map(String::as_str) {
            None => fault("command", "is empty, name a program".into()),
            Some("") => fault("command", "its program is empty, name one".into()),
            Some(_) => {}
        }
        if let Some(text) = self.command.iter().find(|text| text.contains('\0')) {
            fault("command", format!("{text:?} holds a NUL character"));
        }
        for (name, value) in &self.environment {
            if name.is_empty() || name.contains(['=', '\0']) {
                fault("environment", format!("{name:?} is no name of a variable"));
            }
            if value.contains('\0') {
                fault(
                    "environment",
                    format!("`{name}`: its value holds a NUL character"),
                );
            }
        }
        if self
            .working_directory
            .as_ref()
            .is_some_and(|directory| directory.is_empty() || directory.contains('\0'))
        {
            fault(
                "working_directory",
                "is no path, name a directory or leave it out".into(),
            );
        }
        if self.success_codes.is_empty() {
            fault(
                "success_codes",
                "is empty, so nothing would be a success: write [0]".into(),
            );
        }
        if self.output_len_max > OUTPUT_LEN_MAX {
            fault(
                "output_len_max",
                format!("is more than 16 MiB, write at most {OUTPUT_LEN_MAX}"),
            );
        }
        faults
    }
}

/// One of a program's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Where lines go as they come: without their end and without control characters.
pub(crate) type LineSink = Arc<dyn Fn(Stream, &str) + Send + Sync>;

/// What a program is given by its run.
#[derive(Clone)]
pub(crate) struct CommandContext<'a> {
    /// Environment variables, such as `AWS_XRAY_DAEMON_ADDRESS` and `JOB_NAME`. In a trace,
    /// `_X_AMZN_TRACE_ID` is set to the program's own subsegment.
    pub variables: &'a [(String, String)],
    /// The PATH of this process, to be named when a program is not found in it.
    pub path: Option<&'a str>,
    /// Takes out of a text what no trace and no report may show.
    pub redact: &'a (dyn Fn(&str) -> String + Sync),
    /// Where its lines go while it runs.
    pub lines: Option<LineSink>,
    /// From SIGTERM to SIGKILL, when it is stopped.
    pub grace: Duration,
    /// How long its output is waited for after its end.
    pub pipe_wait: Duration,
}

impl fmt::Debug for CommandContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("CommandContext")
            .field("variables", &names)
            .field("grace", &self.grace)
            .field("pipe_wait", &self.pipe_wait)
            .finish_non_exhaustive()
    }
}

/// What is left of a program that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommandOutput {
    /// The code it exited with; none when a signal ended it.
    pub exit_code: Option<i32>,
    /// Its standard output.
    pub stdout: Captured,
    /// Its standard error.
    pub stderr: Captured,
}
