//! The integration tests of this crate: a local S3 on a free port, driven by the AWS SDK.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod buckets;
mod fixture;
mod objects;
mod raw;
mod server;
mod subresources;
