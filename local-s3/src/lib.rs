//! An S3 on your disk: buckets, their sub-resources and objects in a directory, spoken to over
//! HTTP by unmodified clients (AWS SDKs, boto3, the AWS CLI), with S3's own rules and errors.
//!
//! - **Buckets**: create (with every option but those of directory buckets), head, list, delete,
//!   location. All sub-resources are kept and read back: versioning, encryption, public access
//!   block, ownership controls, tagging, policy, access control list, lifecycle, logging, CORS,
//!   notification, object lock, replication, acceleration, request payment, website, and the
//!   configurations of intelligent tiering, inventory, analytics and metrics. They are judged by
//!   S3's rules, but none takes effect on objects.
//! - **Objects**: put, get (with ranges), head, delete, list (version 2). Conditional writes are
//!   atomic across all processes that serve the directory. A bucket remembers its versioning
//!   state, but objects have one version, and encryption is not done.
//! - **Accounts**: an access key of 12 digits is the caller's account, every other key stands for
//!   the default account. Signatures and expiry of presigned URLs are not checked, so it must
//!   listen on loopback only. A bucket belongs to the account that created it.
//! - **Faults** on order: see [`FaultPlan`]. **Counts** of requests: see [`LocalS3::requests`].
//! - Everything else is answered `NotImplemented` (501).
//!
//! s3s logs every refused request at level ERROR under the target `s3s`: a program that embeds
//! this crate will want to filter that target out.

mod fault;
mod front;
mod listing;
mod location;
mod name;
mod requests;
mod server;
mod service;
mod store;

pub use fault::{FaultKind, FaultPlan, FaultPlanError};
pub use requests::RequestCount;
pub use server::{LocalS3, Options, StartError};
