//! The X-Ray daemon as a library: segment documents in by UDP, batched, uploaded with
//! `PutTraceSegments`, and the SDKs' calls for sampling rules signed and forwarded on TCP.
//!
//! ```text
//! UDP ─► receive (a thread) ─► queue (bounded, drops the oldest) ─► batch ─► upload ─► X-Ray
//! TCP ─► proxy ──────────────────── client (signs with SigV4) ─────────────────────► X-Ray
//! ```
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use xray_daemon::{Config, Daemon, XrayClient, default_endpoint};
//!
//! let daemon = Daemon::bind(Config::default())?; // from here on nothing is lost
//! let region = "eu-west-1"; // looked for, in a real program
//! let client = XrayClient::new(default_endpoint(region)?, region.to_owned(), None);
//! let stop = std::future::pending(); // a signal, in a real program
//! let counts = daemon.run(client, stop).await;
//! assert_eq!(counts.pending(), 0);
//! # Ok(())
//! # }
//! ```

mod batch;
mod client;
mod config;
mod counts;
mod daemon;
mod document;
mod log_limit;
mod proxy;
mod queue;
mod receive;
mod telemetry;
mod upload;

pub use batch::BatchLimits;
pub use client::{
    CallError, Endpoint, EndpointError, ServiceError, SignedClient, XrayClient, default_endpoint,
    service_endpoint,
};
pub use config::Config;
pub use counts::{Counts, CountsHandle};
pub use daemon::{BindError, Daemon};
pub use telemetry::TelemetryOptions;
pub use upload::RetryPolicy;
