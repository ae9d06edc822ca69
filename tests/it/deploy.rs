//! What is deployed: config/, docs/deploy.md, and what is told when something in them was not filled in.

mod filled;
#[cfg(any(feature = "local", feature = "schedule"))]
mod lint;
mod policy;
#[cfg(any(feature = "local", feature = "schedule"))]
mod stack;
mod task_definition;
#[cfg(feature = "schedule")]
mod unfilled;
