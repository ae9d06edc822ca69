//! What is deployed: config/, docs/deploy.md, and what is told when something in them was not filled in.

#[cfg(feature = "schedule")]
mod unfilled;
