//! What the spans of a run tell: in which invocation something happens, and at which step each is.
//!
//! A span with the fields `job` and `request_id` is an invocation; those at INFO beneath it are its
//! steps, but for those of libraries and of the calls that the SDK makes.

use std::fmt;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Level, Span, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::bars::Bars;

/// Spans of these crates, and of `aws_*`, are no steps.
const NO_STEPS: [&str; 4] = ["h2", "hyper", "hyper_util", "tracing_xray"];

/// The invocation that a span is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// The job's name.
    pub(crate) job: Arc<str>,
    /// The invocation's id.
    pub(crate) request_id: Arc<str>,
}

impl Invocation {
    /// The one that the current span is in. Needs a subscriber that is built on [`Registry`].
    pub(crate) fn current() -> Option<Self> {
        Span::current()
            .with_subscriber(|(id, dispatch)| {
                let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
                let mut scope = span.scope();
                scope.find_map(|span| span.extensions().get::<Self>().cloned())
            })
            .flatten()
    }
}

/// A step of this invocation, which a span is.
struct Step(Arc<str>);

struct StepsLayer(Option<Bars>);

/// Marks invocations, and tells `bars` of their steps.
pub(super) fn layer<S>(bars: Option<Bars>) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    StepsLayer(bars).with_filter(filter_fn(|metadata| {
        let target = metadata.target();
        let root = target.split("::").next().unwrap_or(target);
        metadata.is_span()
            && *metadata.level() <= Level::INFO
            && !NO_STEPS.contains(&root)
            && !root.starts_with("aws_")
    }))
}

impl<S> Layer<S> for StepsLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let fields = attributes.metadata().fields();
        if fields.field("request_id").is_some() && fields.field("job").is_some() {
            let read = Fields::of(attributes);
            span.extensions_mut().insert(Invocation {
                job: read.job.into(),
                request_id: read.request_id.into(),
            });
        } else if let Some(bars) = &self.0 {
            let above = span.scope().skip(1);
            let invocation =
                { above }.find_map(|span| span.extensions().get::<Invocation>().cloned());
            if let Some(Invocation { request_id, .. }) = invocation {
                let name = Fields::of(attributes).name;
                let name = name.unwrap_or_else(|| span.name().to_owned());
                bars.open_step(&request_id, id.into_u64(), name);
                span.extensions_mut().insert(Step(request_id));
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let (Some(bars), Some(span)) = (&self.0, context.span(&id))
            && let Some(Step(request_id)) = span.extensions().get::<Step>()
        {
            bars.close_step(request_id, id.into_u64());
        }
    }
}

/// The fields that are asked for.
#[derive(Default)]
struct Fields {
    job: String,
    request_id: String,
    /// What the trace calls the span.
    name: Option<String>,
}

impl Fields {
    fn of(attributes: &Attributes<'_>) -> Self {
        let mut fields = Self::default();
        attributes.record(&mut fields);
        fields
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "job" => value.clone_into(&mut self.job),
            "request_id" => value.clone_into(&mut self.request_id),
            "xray.name" => self.name = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if matches!(field.name(), "job" | "request_id" | "xray.name") {
            self.record_str(field, &format!("{value:?}"));
        }
    }
}
