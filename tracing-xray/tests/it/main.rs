//! The SDK as its users see it: spans go in, datagrams come out of a real socket.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod aws;
mod daemon;
#[cfg(feature = "ecs")]
mod ecs;
mod emitter;
mod long;
mod sampling;
mod spans;
