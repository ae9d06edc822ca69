//! The ids that S3 gives to the calls of a job which change something: AWS support asks for them.
//!
//! An interceptor finds the job of a call by the task that makes it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// The most ids of a job that are kept; a bucket with every sub-resource makes twenty calls.
const LEN_MAX: usize = 50;

/// What operations that change something begin with.
const WRITES: [&str; 3] = ["Create", "Delete", "Put"];

tokio::task_local! {
    static OF_JOB: RequestIds;
}

/// The ids of a job's calls. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestIds(Arc<Mutex<Vec<String>>>);

impl RequestIds {
    /// Keeps the ids of the calls that `work` makes.
    pub(crate) async fn keep<T>(&self, work: impl Future<Output = T>) -> T {
        OF_JOB.scope(self.clone(), work).await
    }

    /// The ids so far.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < LEN_MAX {
            ids.push(id.to_owned());
        }
    }
}

/// Notes the ids of calls that succeeded.
#[derive(Debug)]
pub(super) struct KeepRequestId;

impl Intercept for KeepRequestId {
    fn name(&self) -> &'static str {
        "KeepRequestId"
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(Metadata::name);
        let is_write =
            operation.is_some_and(|name| WRITES.iter().any(|verb| name.starts_with(verb)));
        let response = context.response().filter(|_| is_write);
        if let Some(response) = response.filter(|response| response.status().is_success())
            && let Some(id) = response.headers().get("x-amz-request-id")
        {
            // A call of nobody's job, such as the ledger's, is not kept.
            let _ = OF_JOB.try_with(|ids| ids.add(id));
        }
        Ok(())
    }
}
