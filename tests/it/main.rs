//! The program as its users see it: the real binary, real sockets, real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod docs;
mod input;
mod program;
#[cfg(feature = "local")]
mod python;
#[cfg(feature = "local")]
mod run;
#[cfg(feature = "local")]
mod serve;
mod stop;
mod stub_s3;
