//! A future in a span that knows when it was dropped before it was done.

use std::pin::pin;

use tracing::{Instrument, Span};

use crate::layer::SpanExt;

/// Runs `future` in `span`, as `tracing::Instrument` does. When it is dropped before it is done, by
/// a timeout or a `select!`, the subsegment becomes a fault that says so, and with it all beneath it
/// that had not ended. (A dropped future runs no code of its own, so nobody else could tell.)
pub async fn in_span<F: Future>(span: Span, future: F) -> F::Output {
    // Declared before the guard, so dropped after it: what is beneath closes as interrupted.
    let future = pin!(future.instrument(span.clone()));
    let guard = Dropped(Some(span));
    let output = future.await;
    guard.disarm();
    output
}

struct Dropped(Option<Span>);

impl Dropped {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            span.interrupt("dropped before it was done");
        }
    }
}
