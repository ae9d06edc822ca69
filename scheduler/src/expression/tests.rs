//! Expressions against what eight implementations of cron say, and against a slow reading of them.

mod properties;
mod vectors;
