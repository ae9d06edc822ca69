//! An S3 on your disk: buckets, their sub-resources and objects in a directory, spoken to over
//! HTTP by unmodified clients (AWS SDKs, boto3, the AWS CLI), with S3's own rules and errors.
//!
//! - **Buckets**: create, head, list, delete, location; versioning, encryption, public access
//!   block, ownership controls and tagging are kept and read back; whether object lock is enabled
//!   can be read.
//! - **Objects**: put, get (with ranges), head, delete, list (version 2). A bucket remembers its
//!   versioning state, but objects have one version, and encryption is not done.
//! - **Accounts**: an access key of 12 digits is the caller's account, every other key stands for
//!   the default account. Signatures and expiry of presigned URLs are not checked, so it must
//!   listen on loopback only. A bucket belongs to the account that created it.
//! - Everything else is answered `NotImplemented` (501).
//!
//! s3s logs every refused request at level ERROR under the target `s3s`: a program that embeds
//! this crate will want to filter that target out.

mod front;
mod listing;
mod location;
mod name;
mod server;
mod service;
mod store;

pub use server::{LocalS3, Options, StartError};
