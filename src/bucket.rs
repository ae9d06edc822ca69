//! The bucket job: observe what S3 has, plan what differs from what is wanted, converge.
//!
//! ```text
//! BucketSpec ─check─► Desired ─► Part (one a sub-resource): observe ─► change ─► make
//!  job file                       run: HeadBucket, CreateBucket, then each part in S3's order
//! ```
//! Calls are strictly serial, since two configuration calls on one bucket at once refuse each other
//! (`OperationAborted`). Nothing here retries: calls are retried by the SDK, jobs by the runner.

mod accelerate;
mod acl;
mod change;
mod cors;
mod create;
mod desired;
mod encryption;
mod error;
mod intelligent_tiering;
mod lifecycle;
mod logging;
mod made;
mod name;
mod notification;
mod object_lock;
mod object_ownership;
mod part;
mod policy;
mod public_access_block;
mod replication;
mod request_payment;
mod rules;
mod run;
mod subresource;
mod tags;
mod versioning;
mod wanted;
mod website;

pub use change::{Action, Change};
pub use desired::{BucketSpec, Desired};
pub use error::{BucketError, CallError};
pub(crate) use made::Made;
pub use name::{BucketName, BucketNameError, RegionName, RegionNameError};
pub(crate) use run::{Mode, run};
