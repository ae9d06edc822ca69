//! The program `xray-ecs` as a library: job specs and the jobs themselves.

pub mod bucket;
pub mod spec;
