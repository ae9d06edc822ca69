//! The fake over real HTTP: by raw requests, and by the official SDK for Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "bodies are written where they are used"
)]

mod ecs;
mod events;
mod faults;
mod fire;
mod fixture;
mod protocol;
mod python;
