//! From a span to its segment: the trace context to hand on, and blocks that fields cannot express.

use tracing::Span;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::open::{Open, Work};
use crate::header::{Sampled, TraceHeader};
use crate::id::{SegmentId, TraceId};
use crate::segment::{Entity, Subsegment};

/// Where in which trace a span is: what a callee needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The segment or subsegment.
    pub id: SegmentId,
    /// The trace is recorded.
    pub sampled: bool,
    /// What the caller's header held beside.
    pub extras: Vec<(String, String)>,
}

impl TraceContext {
    /// The header that makes a callee a child of the span.
    pub fn header(&self) -> TraceHeader {
        TraceHeader {
            root: Some(self.trace_id),
            parent: Some(self.id),
            sampled: Some(if self.sampled {
                Sampled::Yes
            } else {
                Sampled::No
            }),
            extras: self.extras.clone(),
        }
    }
}

/// What X-Ray knows of a [`Span`]. Works with a subscriber that is built on
/// [`tracing_subscriber::Registry`]; with another, a span is as good as in no segment.
pub trait SpanExt {
    /// The context of the span, or of the nearest one above it that is part of a segment.
    fn trace_context(&self) -> Option<TraceContext>;

    /// Changes the segment or subsegment that the span is. False when it is none.
    fn edit_entity(&self, edit: impl FnOnce(&mut Entity)) -> bool;

    /// Changes the subsegment that the span is. False when it is none.
    fn edit_subsegment(&self, edit: impl FnOnce(&mut Subsegment)) -> bool;

    /// Marks the span as cut off: a fault, and so is all beneath it that has not ended.
    fn interrupt(&self, why: &str);
}

impl SpanExt for Span {
    fn trace_context(&self) -> Option<TraceContext> {
        with_registry(self, |span| {
            span.scope().find_map(|span| {
                let extensions = span.extensions();
                let open = extensions.get::<Open>()?;
                Some(TraceContext {
                    trace_id: open.trace.trace_id,
                    id: open.id(),
                    sampled: open.trace.sampled,
                    extras: open.trace.extras.clone(),
                })
            })
        })
        .flatten()
    }

    fn edit_entity(&self, edit: impl FnOnce(&mut Entity)) -> bool {
        edit_open(self, |open| {
            edit(open.work.entity_mut());
            true
        })
    }

    fn edit_subsegment(&self, edit: impl FnOnce(&mut Subsegment)) -> bool {
        edit_open(self, |open| match &mut open.work {
            Work::Subsegment(subsegment) => {
                edit(subsegment);
                true
            }
            Work::Segment(_) => false,
        })
    }

    fn interrupt(&self, why: &str) {
        edit_open(self, |open| {
            open.interrupt(why);
            true
        });
    }
}

fn edit_open(span: &Span, edit: impl FnOnce(&mut Open) -> bool) -> bool {
    with_registry(span, |span| {
        let mut extensions = span.extensions_mut();
        extensions.get_mut::<Open>().is_some_and(edit)
    })
    .unwrap_or(false)
}

fn with_registry<T>(span: &Span, read: impl FnOnce(SpanRef<'_, Registry>) -> T) -> Option<T> {
    span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        registry.span(id).map(read)
    })
    .flatten()
}

/// What to do about a call outside any segment; `None` when no layer of ours is there to trace it.
#[cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "asked by interceptors")
)]
pub(crate) fn context_missing() -> Option<crate::settings::ContextMissing> {
    tracing::dispatcher::get_default(|dispatch| {
        dispatch
            .downcast_ref::<super::XrayLayer>()
            .map(|layer| layer.context_missing)
    })
}
