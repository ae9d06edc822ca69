//! Job kinds of a program that uses this library: an async handler each, with a payload of its own
//! type.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Attempt, Done, JobContext, Mode};
use crate::outcome::JobError;
use crate::spec::{CheckPayload, CustomJob, CustomKinds};

/// Why a handler failed.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An error that a later attempt would meet again: the job is not tried again.
///
/// ```
/// use xray_ecs::{BoxError, Permanent};
///
/// fn check(size: usize) -> Result<(), BoxError> {
///     match size {
///         0 => Err(Permanent("the file is empty".into()).into()),
///         _ => Ok(()),
///     }
/// }
/// # assert!(check(0).is_err() && check(1).is_ok());
/// ```
#[derive(Debug)]
pub struct Permanent(pub BoxError);

impl fmt::Display for Permanent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Permanent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// A handler's error as the run knows it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(#[source] BoxError);

impl HandlerError {
    /// What its exception is called in the trace.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.is_permanent() {
            true => "Permanent",
            false => "HandlerError",
        }
    }

    /// Whether a later attempt would meet it again.
    pub(crate) fn is_permanent(&self) -> bool {
        self.0.is::<Permanent>()
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Value, BoxError>> + Send>>;

/// A job kind: how its payload is checked, and what is done with it.
#[derive(Clone)]
struct Kind {
    check: fn(&Value) -> Result<(), String>,
    handle: Arc<dyn Fn(Value, JobContext) -> Answer + Send + Sync>,
}

/// The job kinds of a program, by the word that stands in a job's `type`.
#[derive(Clone, Default)]
pub(crate) struct Handlers(BTreeMap<String, Kind>);

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Handlers {
    /// Adds a kind. What the handler answers stands in the trace as the metadata `output`.
    pub(crate) fn add<P, T, F>(
        &mut self,
        kind: &str,
        handler: impl Fn(P, JobContext) -> F + Send + Sync + 'static,
    ) where
        P: DeserializeOwned + Send + 'static,
        T: Serialize,
        F: Future<Output = Result<T, BoxError>> + Send + 'static,
    {
        let handle = move |payload: Value, context: JobContext| -> Answer {
            // It was checked when the job file was read.
            match serde_json::from_value(payload) {
                Ok(payload) => {
                    let answer = handler(payload, context);
                    Box::pin(async { Ok(serde_json::to_value(answer.await?)?) })
                }
                Err(error) => Box::pin(async { Err(Permanent(error.into()).into()) }),
            }
        };
        let kind_of_job = Kind {
            check: |payload| match P::deserialize(payload) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
            handle: Arc::new(handle),
        };
        self.0.insert(kind.to_owned(), kind_of_job);
    }

    /// The kinds' words.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The kinds as the check of a job file wants them.
    pub(crate) fn kinds(self: &Arc<Self>) -> CustomKinds {
        let kind = |name: &String| {
            let (handlers, name): (_, Arc<str>) = (Arc::clone(self), name.as_str().into());
            let check: CheckPayload = {
                let name = Arc::clone(&name);
                Arc::new(move |payload| match handlers.0.get(&*name) {
                    Some(kind) => (kind.check)(payload),
                    None => Ok(()),
                })
            };
            (name, check)
        };
        self.0.keys().map(kind).collect()
    }

    /// Runs the handler. A plan runs none: nobody knows what it would change.
    pub(super) async fn attempt(
        &self,
        job: &CustomJob,
        attempt: &Attempt<'_>,
    ) -> Result<Done, JobError> {
        let change = format!("run {}", job.type_name);
        if attempt.mode == Mode::Plan {
            return Ok(Done {
                diff: vec![format!("+ {change}")],
                changes: vec![change],
                ..Done::default()
            });
        }
        let Some(kind) = self.0.get(&*job.type_name) else {
            let unknown = format!("no handler for jobs of type `{}`", job.type_name);
            return Err(HandlerError(Permanent(unknown.into()).into()).into());
        };
        let answer = (kind.handle)(job.payload.clone(), attempt.context.clone());
        let output = answer.await.map_err(HandlerError)?;
        Ok(Done {
            changes: vec![change],
            output: (!output.is_null()).then_some(output),
            ..Done::default()
        })
    }
}
