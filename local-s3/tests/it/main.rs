//! The integration tests of this crate: a local S3 on a free port, driven by the AWS SDK.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access_control;
mod accounts;
mod buckets;
mod configurations;
mod faults;
mod fixture;
mod lifecycle;
mod objects;
mod races;
mod raw;
mod requests;
mod server;
mod settings;
mod subresources;
mod versions;
