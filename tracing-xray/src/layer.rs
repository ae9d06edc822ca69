//! The `tracing` layer: spans in, segments out, by the rules that the crate's documentation tells.
//!
//! The layer filters for itself, so a log filter on another layer never drops a trace. A filter
//! that is a layer of its own on the whole subscriber does: put it on the fmt layer instead.

mod context;
mod fields;
mod open;
mod progress;

#[cfg(feature = "aws")]
pub(crate) use context::context_missing;
pub use context::{SpanExt, TraceContext};

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::clock::{Clock, Timestamp};
use crate::document::Document;
use crate::emitter::{Emitter, Ticket};
use crate::segment::{Exception, Link, Segment, SegmentAws, Service, XraySdk};
use crate::settings::{ContextMissing, Settings};
use fields::{FieldVisitor, SEGMENT_FIELD};
use open::{Open, Work};
use progress::InProgress;

/// Spans of these crates, and of `aws_sdk_*` and `aws_smithy_*`, are transparent at any level.
const TRANSPARENT: [&str; 13] = [
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sigv4",
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "tokio",
    "tonic",
    "tower",
    "tower_http",
];

/// Subsegments that a segment keeps when nothing else is said; as the SDKs for Java and Node.js.
const STREAMING_THRESHOLD: usize = 100;

/// How long a segment may be open before it is shown in progress, when nothing else is said.
const IN_PROGRESS_AFTER: Duration = Duration::from_millis(1500);

/// What every segment of this process says of itself, and when it is sent.
#[derive(Clone, Debug)]
pub struct LayerOptions {
    /// Where the time comes from.
    pub clock: Clock,
    /// The kind of resource the process runs on, such as `AWS::ECS::Container`.
    pub origin: Option<Cow<'static, str>>,
    /// Where on AWS it runs. The block `xray`, which names this SDK, is added.
    pub aws: SegmentAws,
    /// What the service is; its version above all.
    pub service: Option<Service>,
    /// A segment that is open for longer is sent once with `in_progress`, as it is by then but for
    /// its subsegments, so that a long job shows while it runs, or when it died. The complete
    /// segment replaces it. Default 1.5 s; `None` and zero: never. Needs a subscriber that is built
    /// on [`tracing_subscriber::Registry`], and is the global one if the layer is in an `Option`; of
    /// segments open at once the first 10,000 are watched.
    pub in_progress_after: Option<Duration>,
    /// Subsegments that wait for their segment to end. When a segment has kept as many, or about
    /// 56 KB of them, each further one is sent when it ends, with what it holds. Default 100;
    /// 0: every one.
    pub streaming_threshold: usize,
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            origin: None,
            aws: SegmentAws::default(),
            service: None,
            in_progress_after: Some(IN_PROGRESS_AFTER),
            streaming_threshold: STREAMING_THRESHOLD,
        }
    }
}

/// Turns spans into segments.
#[derive(Debug)]
struct XrayLayer {
    emitter: Emitter,
    clock: Clock,
    tracing_name: Option<Cow<'static, str>>,
    context_missing: ContextMissing,
    origin: Option<Cow<'static, str>>,
    aws: Box<SegmentAws>,
    service: Option<Service>,
    in_progress: Option<InProgress>,
    streaming_threshold: usize,
}

/// A layer that turns spans into segments and hands them to `emitter`, with a filter of its own.
pub fn layer<S>(
    emitter: Emitter,
    settings: &Settings,
    options: LayerOptions,
) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut aws = Box::new(options.aws);
    aws.xray = Some(XraySdk {
        sdk: Some("X-Ray for Rust".into()),
        sdk_version: Some(env!("CARGO_PKG_VERSION").into()),
        ..XraySdk::default()
    });
    let name = settings.tracing_name.as_deref();
    let layer = XrayLayer {
        emitter,
        clock: options.clock,
        tracing_name: name
            .map(|name| crate::legal_name(name).into_owned().into())
            .filter(|name: &Cow<'_, str>| !name.is_empty()),
        context_missing: settings.context_missing,
        origin: options.origin,
        aws,
        service: options.service,
        in_progress: InProgress::new(options.in_progress_after),
        streaming_threshold: options.streaming_threshold,
    };
    layer.with_filter(filter())
}

/// What the layer looks at: spans at INFO and above or with the marker, but for those of
/// transparent crates; and errors.
fn filter() -> FilterFn {
    filter_fn(|metadata| {
        if metadata.is_event() {
            return *metadata.level() == Level::ERROR && metadata.fields().field("error").is_some();
        }
        let marked = metadata.fields().field(SEGMENT_FIELD).is_some();
        marked || (*metadata.level() <= Level::INFO && !is_transparent(metadata))
    })
}

fn is_transparent(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let root = target.split("::").next().unwrap_or(target);
    TRANSPARENT.contains(&root) || root.starts_with("aws_smithy") || root.starts_with("aws_sdk")
}

impl XrayLayer {
    fn open_segment(&self, attributes: &Attributes<'_>, start_time: Timestamp) -> Open {
        let mut open = Open::segment(attributes.metadata().name(), start_time);
        if let Work::Segment(segment) = &mut open.work {
            segment.origin.clone_from(&self.origin);
            segment.service.clone_from(&self.service);
            segment.aws = Some(self.aws.clone());
        }
        attributes.record(&mut FieldVisitor(&mut open));
        if let Some(name) = &self.tracing_name {
            open.work.entity_mut().name = name.clone();
        }
        open.settle_trace();
        open
    }

    /// Keeps the state of a segment that was opened, and has it watched.
    fn begin_segment<S>(&self, span: &SpanRef<'_, S>, mut open: Open)
    where
        S: for<'l> LookupSpan<'l>,
    {
        let mut extensions = span.extensions_mut();
        if open.trace.sampled
            && let Some(in_progress) = &self.in_progress
        {
            // Nobody can look at the span before the state is there: the extensions are locked.
            open.ticket = in_progress.watch(&self.emitter, &span.id());
        }
        extensions.insert(open);
    }

    fn finish_segment(&self, segment: Box<Segment>, ticket: Option<Ticket>) {
        self.emitter.send_segment(segment, ticket);
    }

    /// Puts a subsegment that has ended into its parent, or sends it when the segment is full.
    fn finish_subsegment<'a, S>(&self, span: &SpanRef<'a, S>, open: Open)
    where
        S: LookupSpan<'a>,
    {
        let Work::Subsegment(subsegment) = open.work else {
            return;
        };
        let Some(parent) = span.parent() else { return };
        let mut extensions = parent.extensions_mut();
        let Some(parent) = extensions.get_mut::<Open>() else {
            return;
        };
        if open.trace.keeps(&subsegment, self.streaming_threshold) {
            parent.work.entity_mut().subsegments.push(*subsegment);
        } else {
            self.emitter.send(Document::Subsegment {
                trace_id: open.trace.trace_id,
                parent_id: parent.work.entity().id,
                subsegment,
            });
        }
    }
}

/// The nearest span above that is part of a segment; the filter has left out the transparent ones.
fn parent_of<'a, S>(
    attributes: &Attributes<'_>,
    context: &'a Context<'_, S>,
) -> Option<SpanRef<'a, S>>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    if attributes.is_root() {
        None
    } else if let Some(parent) = attributes.parent() {
        // Beneath an explicit parent that is transparent we cannot see: better lost than misplaced.
        context.span(parent)
    } else {
        context.lookup_current()
    }
}

impl<S> Layer<S> for XrayLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        if let Some(in_progress) = &self.in_progress {
            in_progress.register(subscriber);
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let now = self.clock.now();
        let metadata = attributes.metadata();
        if metadata.fields().field(SEGMENT_FIELD).is_some() {
            let open = self.open_segment(attributes, now);
            if open.is_marked {
                self.begin_segment(&span, open);
                return;
            }
        }
        let Some(parent) = parent_of(attributes, &context) else {
            return;
        };
        let trace = match parent.extensions().get::<Open>() {
            Some(parent) => Arc::clone(&parent.trace),
            None => return,
        };
        let mut open = Open::subsegment(metadata.name(), now, trace);
        attributes.record(&mut FieldVisitor(&mut open));
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            values.record(&mut FieldVisitor(open));
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let (Some(span), Some(followed)) = (context.span(id), context.span(follows)) else {
            return;
        };
        let followed = match followed.extensions().get::<Open>() {
            Some(open) => (open.trace.trace_id, open.work.entity().id),
            None => return,
        };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let (trace_id, followed_id) = followed;
            match &mut open.work {
                Work::Subsegment(subsegment) if open.trace.trace_id == trace_id => {
                    subsegment.precursor_ids.push(followed_id);
                }
                work => work.entity_mut().links.push(Link {
                    trace_id,
                    id: followed_id,
                    attributes: [(
                        "aws.xray.reserved.reference_type".into(),
                        serde_json::Value::from("parent"),
                    )]
                    .into(),
                }),
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if let Some(span) = context.event_span(event)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            event.record(&mut fields::ErrorVisitor(open));
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            open.work.entity_mut().end_time = Some(self.clock.now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let Some(mut open) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        if !open.trace.sampled {
            return;
        }
        let interrupted = span.scope().skip(1).any(|above| {
            let extensions = above.extensions();
            extensions
                .get::<Open>()
                .is_some_and(|open| open.is_interrupted)
        });
        if interrupted && !open.is_interrupted {
            open.interrupt("ended with what it was a part of");
        }
        let entity = open.work.entity_mut();
        if std::thread::panicking() {
            entity.fault = true;
            entity.add_exceptions(vec![Exception::new("panic", "the thread panicked")]);
        }
        // A span that was never entered, such as one that is held for a call, ends now.
        entity.end_time.get_or_insert_with(|| self.clock.now());
        match open.work {
            Work::Segment(segment) => self.finish_segment(segment, open.ticket),
            Work::Subsegment(_) => self.finish_subsegment(&span, open),
        }
    }
}
