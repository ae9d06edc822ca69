//! The changes that a bucket job has made so far, in all its attempts. An attempt that fails has made
//! those before it, and what is cut off has made those before that.

use std::sync::{Mutex, PoisonError};

use super::change::Change;
use super::error::BucketError;

/// The changes so far, in their order.
#[derive(Debug, Default)]
pub(crate) struct Made(Mutex<Vec<Change>>);

impl Made {
    /// Notes a change before its call is sent: the answer may be lost although it was made.
    pub(super) fn note(&self, change: Change) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A further attempt makes a change again whose call failed before.
        if !changes.contains(&change) {
            changes.push(change);
        }
    }

    /// Takes the last change back, if its call was surely refused.
    pub(super) fn refused(&self, change: &Change, error: &BucketError) {
        let is_refusal = error
            .status()
            .is_some_and(|status| (400..500).contains(&status));
        if is_refusal {
            let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            changes.retain(|made| made != change);
        }
    }

    /// The changes so far.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
