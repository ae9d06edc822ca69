//! What to run, as plain data: read from text, checked whole, every fault told at once.
//!
//! ```text
//! arguments, environment ─► Source ─► Document ─► Checked ─► JobSpec, one by one
//!                            find      open        load(Context): shape, defaults, templates,
//!                                                  wrong combinations
//! ```
//! Only [`Source::open`] waits for something; the rest reads files and decides from what it is given.
//! What a job file may say stands once, in types: the JSON Schema comes from them ([`job_file_schema`]),
//! the check follows the schema, and what it lets pass the types read.

mod checked;
mod context;
mod document;
mod environment;
mod expand;
mod fields;
mod job;
mod kind;
mod limits;
mod lines;
mod load;
mod resolve;
mod retry;
mod schema;
mod secret;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod variables;

pub use crate::job::command::CommandSpec;
pub use checked::{Checked, CheckedFile, Jobs};
pub use checked_json::{
    DURATION_MAX, DurationError, FAULTS_TOLD_MAX, Fault, Faults, Position, format_duration,
    parse_duration,
};
pub use context::{CheckPayload, Context, CustomKinds};
pub use document::Document;
pub use environment::{Environment, NotUnicode};
pub use job::{CustomJob, JobKind, JobSpec};
pub use limits::RunLimits;
pub use load::load;
pub use retry::{RetryCause, RetryOn, RetrySpec};
pub use schema::job_file_schema;
#[cfg(feature = "schedule")]
pub(crate) use secret::is_secret_name;
#[cfg(feature = "schedule")]
pub(crate) use source::nearest_file;
pub use source::{Fetch, FetchError, Source, SourceError};

/// The job kinds of this program, the words of a job's `type`.
const OWN_KINDS: [&str; 2] = ["create-bucket", "command"];

/// Whether a word is that of a job kind of this program.
pub(crate) fn is_own_kind(type_name: &str) -> bool {
    OWN_KINDS.contains(&type_name)
}

/// The most attempts of a job.
pub const ATTEMPTS_MAX: u32 = 100;

/// The most jobs at once.
pub const CONCURRENCY_MAX: u32 = 1000;
