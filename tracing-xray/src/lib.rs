//! The AWS X-Ray SDK for Rust: `tracing` spans as X-Ray segments, sent to the X-Ray daemon.

mod clock;
mod header;
mod id;
mod name;
mod settings;

pub use clock::{Clock, ManualClock, Timestamp};
pub use header::{HEADER_NAME, Sampled, TraceHeader};
pub use id::{IdError, SegmentId, TraceId};
pub use name::{ANNOTATION_LEN_MAX, NAME_LEN_MAX, is_legal_name, legal_name};
pub use settings::{
    ContextMissing, DaemonAddress, DaemonAddressError, HostPort, Settings, SettingsError,
};
