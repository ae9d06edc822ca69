//! A worker with job kinds of its own, on the same command line, runner, report and traces.

use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli;
use crate::job::{BoxError, Handlers, JobContext};
use crate::spec::is_own_kind;

/// A worker: this program with job kinds that its user adds.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use xray_ecs::{BoxError, JobContext, Worker};
///
/// #[derive(serde::Deserialize)]
/// struct Greeting {
///     whom: String,
/// }
///
/// async fn greet(greeting: Greeting, context: JobContext) -> Result<String, BoxError> {
///     Ok(format!("hello {}, attempt {}", greeting.whom, context.attempt))
/// }
///
/// fn main() -> ExitCode {
///     Worker::new().kind("greet", greet).main()
/// }
/// ```
/// A job of this kind is `{"name": "morning", "type": "greet", "payload": {"whom": "world"}}`. Its
/// payload is checked when the job file is read, before any job is run. Spans of the handler become
/// subsegments of the job's segment.
#[derive(Debug, Default)]
pub struct Worker {
    handlers: Handlers,
}

impl Worker {
    /// A worker with the job kinds of this program.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of job: the word of the job file's `type`, and what is done for a payload. What the
    /// handler answers stands in the trace as the metadata `output`; an error is tried again as the
    /// job's `retry` says, unless it is [`crate::Permanent`]. The handler's future is dropped when the
    /// job's time is up, and run again by the next attempt: it must be able to go on from what an
    /// earlier one left.
    ///
    /// # Panics
    /// When the word is that of a kind which is there already.
    #[must_use]
    pub fn kind<P, T, F>(
        mut self,
        kind: &str,
        handler: impl Fn(P, JobContext) -> F + Send + Sync + 'static,
    ) -> Self
    where
        P: DeserializeOwned + Send + 'static,
        T: Serialize + 'static,
        F: Future<Output = Result<T, BoxError>> + Send + 'static,
    {
        let is_taken = is_own_kind(kind) || self.handlers.names().any(|name| name == kind);
        assert!(!is_taken, "job kind `{kind}` is there already");
        self.handlers.add(kind, handler);
        self
    }

    /// Runs the program with the process's arguments and environment, and answers its exit code.
    pub fn main(self) -> ExitCode {
        cli::main(Arc::new(self.handlers))
    }
}
