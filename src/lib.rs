//! Batch jobs on ECS on a schedule, every one of them visible in AWS X-Ray.
//!
//! ```text
//! cli ─► spec (what to run) ─► runner ─► job ─► bucket ─► outcome ─► report
//! ```
//! Around them: `aws` and `local` are where the work is done, `telemetry` and `progress` tell of it,
//! `query` asks X-Ray and `view` draws its answers.

#![recursion_limit = "256"] // the futures of a run are deep

mod aws;
pub mod bucket;
mod cli;
mod firing;
mod job;
mod ledger;
#[cfg(feature = "local")]
mod local;
mod outcome;
mod progress;
#[cfg(any(feature = "local", feature = "schedule"))]
#[cfg_attr(
    not(feature = "local"),
    expect(dead_code, reason = "an audit asks for traces by their ids alone")
)]
mod query;
mod report;
mod runner;
mod shard;
mod shutdown;
pub mod spec;
mod telemetry;
pub mod view;
mod worker;
mod xray;

pub use job::{BoxError, JobContext, Permanent};
pub use worker::Worker;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
