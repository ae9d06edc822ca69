//! The AWS X-Ray SDK for Rust: `tracing` spans as X-Ray segments, sent to the X-Ray daemon.
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let variable = |_: &str| None;
//! // In a program: |name| std::env::var(name).ok()
//! let settings = tracing_xray::Settings::from_env(variable)?;
//! let (emitter, guard) = tracing_xray::Emitter::start(&settings, Default::default())?;
//! let xray = tracing_xray::layer(emitter, &settings, Default::default());
//! let subscriber = tracing_subscriber::registry().with(xray);
//!
//! tracing::subscriber::with_default(subscriber, || {
//!     // A segment, for the field `xray.segment`, with an annotation and a subsegment.
//!     let job = tracing::info_span!("job", xray.segment = "nightly import", customer = "acme");
//!     job.in_scope(|| tracing::info_span!("load").in_scope(|| { /* work */ }));
//! });
//! let counts = guard.close();
//! assert_eq!(counts.sent + counts.refused, 1); // refused where no daemon listens
//! # Ok(())
//! # }
//! ```
//!
//! - A span becomes a **segment** by the field `xray.segment`: its text is the segment's name
//!   (`true`: the span's own name). It starts a trace of its own, or continues the one whose header
//!   stands in the field `xray.trace_header`.
//! - A span at INFO or above beneath it becomes a **subsegment**. Spans of HTTP and SDK internals,
//!   and those below INFO, are transparent: what is beneath them belongs to what is above them.
//! - Fields become annotations, metadata, the http and aws blocks; errors become faults with a
//!   cause. `docs/tracing.md` has the table.
//! - A segment ends when its span was last exited, and is sent when its span and all beneath it
//!   are closed. Spans outside any segment are nobody's.
//! - A segment that is open for long is also shown **in progress**; of very many subsegments some are
//!   **streamed** before their segment ([`LayerOptions`] has the bounds of both).
//! - A document over [`DATAGRAM_LEN_MAX`] is **split** by subtree, and what is too large alone is
//!   **trimmed**, with a mark in the metadata `xray.trimmed`.

#[cfg(feature = "aws")]
pub mod aws;
mod clock;
mod document;
#[cfg(feature = "ecs")]
pub mod ecs;
mod emitter;
mod error_code;
mod future;
mod header;
mod id;
mod layer;
mod name;
pub mod sampling;
mod segment;
mod settings;

pub use clock::{Clock, ManualClock, Timestamp};
pub use document::{DATAGRAM_HEADER, DATAGRAM_LEN_MAX};
pub use emitter::{Emitter, EmitterCounts, EmitterOptions, FlushGuard};
pub use error_code::{is_throttling, plain_code};
pub use future::in_span;
pub use header::{HEADER_NAME, Sampled, TraceHeader};
pub use id::{IdError, SegmentId, TraceId};
pub use layer::{LayerOptions, SpanExt, TraceContext, layer};
pub use name::{ANNOTATION_LEN_MAX, NAME_LEN_MAX, is_legal_name, legal_name};
pub use segment::{
    AnnotationValue, Cause, CloudWatchLogs, Ec2, Ecs, Eks, ElasticBeanstalk, Entity, Exception,
    Http, HttpRequest, HttpResponse, Link, Namespace, Segment, SegmentAws, Service, Sql,
    StackFrame, Subsegment, SubsegmentAws, XraySdk,
};
pub use settings::{
    ContextMissing, DaemonAddress, DaemonAddressError, HostPort, Settings, SettingsError,
    SettingsErrors,
};
