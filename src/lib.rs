//! Batch jobs on ECS on a schedule, every one of them visible in AWS X-Ray.
//!
//! ```text
//! cli ─► spec (what to run) ─► runner ─► job ─► bucket ─► outcome ─► report
//! ```
//! Around them: `aws` and `local` are where the work is done, `telemetry` tells of it, `query` asks
//! X-Ray and `view` draws its answers.

mod aws;
pub mod bucket;
pub mod cli;
mod job;
#[cfg(feature = "local")]
mod local;
mod outcome;
#[cfg(feature = "local")]
mod query;
mod report;
mod runner;
mod shutdown;
pub mod spec;
mod telemetry;
pub mod view;
mod xray;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
