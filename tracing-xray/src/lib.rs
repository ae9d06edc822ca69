//! The AWS X-Ray SDK for Rust: `tracing` spans as X-Ray segments, sent to the X-Ray daemon.

#[cfg(feature = "aws")]
pub mod aws;
mod clock;
mod document;
mod emitter;
mod future;
mod header;
mod id;
pub mod layer;
mod name;
mod segment;
mod settings;

pub use clock::{Clock, ManualClock, Timestamp};
pub use document::{DATAGRAM_HEADER, DATAGRAM_LEN_MAX};
pub use emitter::{Emitter, EmitterCounts, EmitterOptions, FlushGuard};
pub use future::in_span;
pub use header::{HEADER_NAME, Sampled, TraceHeader};
pub use id::{IdError, SegmentId, TraceId};
pub use layer::{LayerOptions, SpanExt, TraceContext, XrayLayer, layer};
pub use name::{ANNOTATION_LEN_MAX, NAME_LEN_MAX, is_legal_name, legal_name};
pub use segment::{
    AnnotationValue, Cause, CloudWatchLogs, Ec2, Ecs, Eks, ElasticBeanstalk, Entity, Exception,
    Http, HttpRequest, HttpResponse, Link, Namespace, Segment, SegmentAws, Service, Sql,
    StackFrame, Subsegment, SubsegmentAws, XraySdk,
};
pub use settings::{
    ContextMissing, DaemonAddress, DaemonAddressError, HostPort, Settings, SettingsError,
};
