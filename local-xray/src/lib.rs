//! An X-Ray on your disk: segment documents in a SQLite file, and the API of the X-Ray service over
//! it, so that the AWS command line, the SDKs and daemons work against it unchanged.
//!
//! ```text
//! document ─► outline, facts ─► store ─► assemble ─► filter, graph, summary ─► api, console
//!                └─ infer         └─► runs ─► console
//! ```

mod api;
mod assemble;
pub mod compare;
mod console;
pub mod critical_path;
pub mod daemons;
mod document;
pub mod draw;
mod facts;
mod filter;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod graph;
mod infer;
pub mod layout;
pub mod map;
mod outline;
mod packed;
mod read;
pub mod runs;
mod server;
mod store;
mod summary;
pub mod svg;
mod time;
pub mod timeline;

pub use console::Surroundings;
pub use document::{UnprocessedTraceSegment, seconds};
pub use filter::term;
pub use filter::{EntitySelector, FilterError, FilterExpression, Selects};
pub use graph::{ServiceNode, TimePoint, TimeSeriesQuery};
pub use server::{LocalXray, Options, StartError};
pub use store::{
    BYTES_MIN, BackendConnectionErrors, Reject, Retention, STORE_FILE, Share, Store, StoreError,
    SummaryPage, SummaryQuery, TelemetryRecord, TelemetrySender, TimeRange, Trace,
};
pub use summary::TraceSummary;
