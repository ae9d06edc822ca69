//! The program as its users see it: the real binary, real sockets, real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

#[cfg(feature = "local")]
mod command;
mod completions;
#[cfg(feature = "local")]
mod container;
mod daemon;
mod deploy;
mod docs;
#[cfg(feature = "local")]
mod ecs;
#[cfg(feature = "local")]
mod faults;
#[cfg(feature = "local")]
mod figures;
mod input;
#[cfg(feature = "local")]
mod map;
#[cfg(feature = "local")]
mod metadata;
#[cfg(feature = "local")]
mod open;
#[cfg(feature = "local")]
mod plan;
mod program;
#[cfg(feature = "local")]
mod python;
#[cfg(feature = "local")]
mod resume;
#[cfg(feature = "local")]
mod run;
#[cfg(feature = "local")]
mod runs;
#[cfg(feature = "local")]
mod s3;
#[cfg(feature = "schedule")]
mod schedule;
#[cfg(feature = "local")]
mod secrets;
#[cfg(feature = "local")]
mod serve;
mod stop;
mod stub_s3;
#[cfg(feature = "local")]
mod tls;
#[cfg(feature = "local")]
mod trace;
#[cfg(feature = "local")]
mod traces;
#[cfg(feature = "local")]
mod transfer;
#[cfg(feature = "local")]
mod trust;
mod version;
#[cfg(feature = "local")]
mod worker;
#[cfg(feature = "local")]
mod xray_clients;
