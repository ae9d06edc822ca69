//! Skeleton.

pub mod view;
