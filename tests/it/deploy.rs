//! What is deployed: config/, docs/deploy.md, and what is told when something in them was not filled in.

#[cfg(all(feature = "local", feature = "schedule"))]
mod document;
mod faults;
mod filled;
#[cfg(feature = "schedule")]
mod fit;
#[cfg(any(feature = "local", feature = "schedule"))]
mod lint;
mod policy;
#[cfg(any(feature = "local", feature = "schedule"))]
mod stack;
#[cfg(all(feature = "local", feature = "schedule"))]
mod stubs;
mod task_definition;
#[cfg(any(feature = "local", feature = "schedule"))]
mod template;
#[cfg(feature = "schedule")]
mod unfilled;
