//! The integration tests of local X-Ray: a real server over a real store.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod api;
mod api_account;
mod api_groups;
mod api_rules;
mod api_sampling;
mod api_surface;
mod api_tags;
mod assembly;
mod browser;
mod console;
mod filters;
mod format;
mod kill;
mod large;
mod links;
mod local;
mod order;
mod retention;
mod series;
mod vectors;
