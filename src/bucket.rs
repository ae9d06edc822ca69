//! The bucket job: observe what S3 has, plan what differs from what is wanted, converge.
//!
//! [`plan`] decides and never waits; [`observe`] and [`converge`] talk to S3, one call after the
//! other, since two configuration calls on one bucket at once refuse each other
//! (`OperationAborted`). Nothing here retries: calls are retried by the SDK, jobs by the runner.

mod converge;
mod desired;
mod error;
mod name;
mod observed;
mod plan;
#[cfg(test)]
mod tests;

pub use converge::converge;
pub use desired::{Desired, Encryption, ObjectOwnership, PublicAccessBlock};
pub use error::{BucketError, CallError};
pub use name::{BucketName, BucketNameError, RegionName, RegionNameError};
pub use observed::{Existence, Observed, ObservedEncryption, Versioning, observe};
pub use plan::{Change, plan};
