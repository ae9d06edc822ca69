//! Segments that are open for long: how the emitter's thread gets to see one.
//!
//! Nothing of a span is copied when it is opened. The emitter remembers the span's id, and when the
//! segment is still open after a while it asks here for what the span holds by then.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::Dispatch;
use tracing::dispatcher::{WeakDispatch, get_default, with_default};
use tracing::span::Id;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan;

use super::open::{Open, Work};
use crate::document::Document;
use crate::emitter::{Emitter, Snapshot, Ticket};

/// Has segments watched that a layer opens.
pub(super) struct InProgress {
    after: Duration,
    /// The subscriber that the layer is a part of, known once it is one; unless the layer is in an
    /// `Option` or a `Vec`, which do not tell it.
    dispatch: Arc<OnceLock<WeakDispatch>>,
    snapshot: Snapshot,
}

impl InProgress {
    /// `None` when segments are not to be shown in progress.
    pub(super) fn new(after: Option<Duration>) -> Option<Self> {
        let after = after.filter(|after| !after.is_zero())?;
        let dispatch = Arc::new(OnceLock::<WeakDispatch>::new());
        let snapshot: Snapshot = {
            let dispatch = Arc::clone(&dispatch);
            Arc::new(move |id, ticket| {
                let dispatch = match dispatch.get() {
                    Some(dispatch) => dispatch.upgrade()?,
                    // On the emitter's thread that is the global one.
                    None => get_default(Dispatch::clone),
                };
                snapshot(&dispatch, id, ticket)
            })
        };
        Some(Self {
            after,
            dispatch,
            snapshot,
        })
    }

    pub(super) fn register(&self, dispatch: &Dispatch) {
        // A layer becomes part of one subscriber, once.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    pub(super) fn watch(&self, emitter: &Emitter, id: &Id) -> Option<Ticket> {
        emitter.watch(id.clone(), self.after, Arc::clone(&self.snapshot))
    }
}

impl std::fmt::Debug for InProgress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProgress")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// The segment as it is now. `None` when it has closed, or the subscriber is not built on
/// [`Registry`].
fn snapshot(dispatch: &Dispatch, id: &Id, ticket: Ticket) -> Option<Document> {
    // Whoever lets go of a span last closes its parent, through the default subscriber; while we
    // look at it, that may be this thread.
    with_default(dispatch, || {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        let extensions = span.extensions();
        let open = extensions.get::<Open>()?;
        match &open.work {
            Work::Segment(segment) if open.ticket == Some(ticket) => {
                Some(Document::Segment(Box::new(segment.in_progress())))
            }
            _ => None,
        }
    })
}
