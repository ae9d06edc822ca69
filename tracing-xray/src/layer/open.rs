//! The state of a span that is part of a segment, from its opening to its closing.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::Timestamp;
use crate::document::DATAGRAM_LEN_MAX;
use crate::emitter::Ticket;
use crate::header::{Sampled, TraceHeader};
use crate::id::{SegmentId, TraceId};
use crate::name::legal_name;
use crate::segment::{Entity, Exception, Segment, Subsegment};

/// What a segment keeps of subsegments, in bytes of JSON: a datagram, less what is its own.
const KEPT_LEN_MAX: usize = DATAGRAM_LEN_MAX - 8 * 1024;

/// What a span has gathered so far.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) work: Work,
    pub(crate) trace: Arc<Trace>,
    /// The marker said that the span is a segment; `xray.segment = false` says it is none.
    pub(super) is_marked: bool,
    /// It was cut off, and so is all beneath it that has not ended.
    pub(super) is_interrupted: bool,
    /// Where the emitter watches for it to be open for long.
    pub(super) ticket: Option<Ticket>,
    /// The header of the caller, as the span's fields gave it.
    upstream: Option<TraceHeader>,
    /// Whether the trace is recorded, as the span's fields decided it.
    pub(super) sampled: Option<bool>,
}

/// The document in the making.
#[derive(Debug)]
pub(crate) enum Work {
    Segment(Box<Segment>),
    Subsegment(Box<Subsegment>),
}

/// What all parts of a segment share.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) trace_id: TraceId,
    pub(crate) sampled: bool,
    /// Parts of the caller's header that are only handed on.
    pub(crate) extras: Vec<(String, String)>,
    kept: Kept,
}

/// The subsegments that have ended and wait in the segment, or in what is open beneath it.
#[derive(Debug, Default)]
struct Kept {
    count: AtomicUsize,
    len: AtomicUsize,
}

impl Trace {
    /// Whether one more subsegment is kept, of which the segment keeps `count_max` and
    /// [`KEPT_LEN_MAX`] bytes. What was kept stays counted, even if it leaves within another one.
    /// Threads that end subsegments at once may surpass the bounds by one each.
    pub(super) fn keeps(&self, subsegment: &Subsegment, count_max: usize) -> bool {
        if self.kept.count.load(Ordering::Relaxed) >= count_max {
            return false;
        }
        let len = subsegment.approximate_len();
        if self.kept.len.load(Ordering::Relaxed) + len > KEPT_LEN_MAX {
            return false;
        }
        self.kept.count.fetch_add(1, Ordering::Relaxed);
        self.kept.len.fetch_add(len, Ordering::Relaxed);
        true
    }
}

impl Work {
    pub(crate) fn entity(&self) -> &Entity {
        match self {
            Self::Segment(segment) => &segment.entity,
            Self::Subsegment(subsegment) => &subsegment.entity,
        }
    }

    pub(crate) fn entity_mut(&mut self) -> &mut Entity {
        match self {
            Self::Segment(segment) => &mut segment.entity,
            Self::Subsegment(subsegment) => &mut subsegment.entity,
        }
    }
}

impl Open {
    /// A segment, whose trace is settled once its fields are known.
    pub(super) fn segment(span_name: &'static str, start_time: Timestamp) -> Self {
        let trace_id = TraceId::random(start_time);
        Self::new(
            Work::Segment(Box::new(Segment {
                trace_id,
                parent_id: None,
                origin: None,
                resource_arn: None,
                user: None,
                service: None,
                aws: None,
                entity: Entity::start(span_legal_name(span_name), start_time),
            })),
            Arc::new(Trace {
                trace_id,
                sampled: true,
                extras: Vec::new(),
                kept: Kept::default(),
            }),
        )
    }

    pub(super) fn subsegment(
        span_name: &'static str,
        start_time: Timestamp,
        trace: Arc<Trace>,
    ) -> Self {
        Self::new(
            Work::Subsegment(Box::new(Subsegment {
                namespace: None,
                aws: None,
                sql: None,
                precursor_ids: Vec::new(),
                entity: Entity::start(span_legal_name(span_name), start_time),
            })),
            trace,
        )
    }

    fn new(work: Work, trace: Arc<Trace>) -> Self {
        Self {
            work,
            trace,
            is_marked: false,
            is_interrupted: false,
            ticket: None,
            upstream: None,
            sampled: None,
        }
    }

    /// Names it, unless nothing of the name is legal.
    pub(super) fn rename(&mut self, name: &str) {
        let legal = legal_name(name);
        if !legal.is_empty() {
            self.work.entity_mut().name = legal.into_owned().into();
        }
    }

    /// Remembers the caller's header. It counts when the span is opened, not later.
    pub(super) fn continue_from(&mut self, header: TraceHeader) {
        self.upstream = Some(header);
    }

    /// Takes trace, parent and sampling from the caller's header, where it has them, and sampling
    /// from its own field before that.
    pub(super) fn settle_trace(&mut self) {
        if self.upstream.is_none() && self.sampled.is_none() {
            return;
        }
        let header = self.upstream.take().unwrap_or_default();
        let Work::Segment(segment) = &mut self.work else {
            return;
        };
        if let Some(root) = header.root {
            segment.trace_id = root;
            segment.parent_id = header.parent;
        }
        self.trace = Arc::new(Trace {
            trace_id: segment.trace_id,
            // A caller that asks for a decision, or leaves it to us, is answered yes.
            sampled: self.sampled.unwrap_or(header.sampled != Some(Sampled::No)),
            extras: header.extras,
            kept: Kept::default(),
        });
    }

    /// Marks it as cut off: a fault, and so is all beneath it that has not ended.
    pub(super) fn interrupt(&mut self, why: &str) {
        self.is_interrupted = true;
        let entity = self.work.entity_mut();
        entity.fault = true;
        entity.add_exceptions(vec![Exception::interrupted(why)]);
    }

    /// The id that a callee names as its parent.
    pub(crate) fn id(&self) -> SegmentId {
        self.work.entity().id
    }
}

fn span_legal_name(name: &'static str) -> Cow<'static, str> {
    match legal_name(name) {
        // Nearly always: names of spans are names of functions.
        Cow::Borrowed("") => Cow::Borrowed("span"),
        Cow::Owned(legal) if legal.is_empty() => Cow::Borrowed("span"),
        legal => legal,
    }
}
