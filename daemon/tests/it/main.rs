//! The daemon against real sockets: SDKs are UDP and HTTP clients, X-Ray is an HTTP server on a
//! free port that keeps what it is sent.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::print_stderr)] // how long and how large, for whoever reads --nocapture

mod bind;
mod client;
mod proxy;
mod receive;
mod running;
mod stub;
mod telemetry;
mod upload;
