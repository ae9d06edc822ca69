//! Schedules made true on a fake AWS, over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "bodies are written where they are used"
)]

mod apply;
mod ecs;
mod fixture;
mod foreign;
mod logs;
mod pages;
mod recover;
mod refused;
mod run;
mod sdk;
mod steps;
mod watch;
