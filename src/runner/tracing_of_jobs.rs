//! What the segments of a run's jobs belong to, and which of them are kept.

use std::sync::Arc;

use tracing::{Id, Span, field, info_span};
use tracing_xray::SpanExt;

use crate::spec::JobSpec;

/// Decides whether a job's trace is kept.
pub(crate) type Sampler = dyn Fn(&str, &JobSpec) -> Sampling + Send + Sync;

/// Whether a trace is kept, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sampling {
    pub(crate) sampled: bool,
    pub(crate) rule: Option<String>,
}

/// How the jobs of a run are traced.
#[derive(Clone)]
pub(crate) struct TracingOfJobs {
    /// The trace header that each job's segment continues; none: each has a trace of its own.
    pub(crate) header: Option<String>,
    /// The span of the run's own segment, which jobs in traces of their own link to. Its id only: who
    /// holds the span keeps the segment open.
    pub(crate) run: Option<Id>,
    /// The schedule that the run belongs to.
    pub(crate) schedule: Option<String>,
    /// Which are kept; none: all, or as the header says.
    pub(crate) sampler: Option<Arc<Sampler>>,
}

impl TracingOfJobs {
    /// The segment of a job.
    pub(crate) fn segment(
        &self,
        service: &str,
        spec: &JobSpec,
        run_id: &str,
        request_id: &str,
    ) -> Span {
        // Within another trace that has been decided.
        let sampler = self.sampler.as_ref().filter(|_| self.header.is_none());
        let sampling = sampler.map(|sampler| sampler(service, spec));
        let span = info_span!(
            parent: None,
            "invocation",
            xray.segment = service,
            xray.trace_header = self.header.as_deref(),
            xray.sampled = sampling.as_ref().map(|sampling| sampling.sampled),
            xray.sampling_rule = sampling.as_ref().and_then(|sampling| sampling.rule.as_deref()),
            job = spec.name,
            job_type = spec.kind.type_name(),
            run_id,
            request_id,
            schedule = self.schedule.as_deref(),
            bucket = spec.kind.bucket(),
            region = spec.kind.region(),
            attempt = field::Empty,
            outcome = field::Empty,
        );
        if self.header.is_none() {
            span.follows_from(self.run.clone());
        }
        span.edit_entity(|entity| entity.add_metadata("default", "spec", spec.redacted()));
        span
    }
}
