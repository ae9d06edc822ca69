//! The documents of the traces that a list shows, to be kept or taken elsewhere.

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream::{StreamExt as _, unfold};
use tokio::sync::mpsc;

use super::super::answer::{Failure, download};
use super::super::filter::Filter;
use super::super::window::Window;
use super::super::{Console, Request};
use super::asked::Asked;
use crate::store::{ListingQuery, StoreError};

/// How many traces are taken along, the first of the list.
pub(super) const TRACES_MAX: usize = 1000;

/// How many documents wait for a slow browser.
const WAITING_MAX: usize = 50;

/// Why an export ends before its end.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the browser is gone")]
    Gone,
}

/// The documents as JSON Lines, read while they are sent.
pub(in super::super) fn documents(
    console: &Console,
    request: &Request,
) -> Result<Response, Failure> {
    let now = console.now();
    let window = Window::read(&request.address, now)?;
    let asked = Asked::read(&request.address.without(&["page", "limit"]))?;
    let filter = Filter::of(console, &request.address)?;
    let expression = filter
        .read
        .map_err(|error| Failure::BadRequest(format!("the filter cannot be read: {error}")))?;
    let listing = console.store.listing(&ListingQuery {
        limit: TRACES_MAX,
        ..asked.query(&window, expression.as_ref(), now)
    })?;
    if listing.ids.is_empty() {
        let told = "no trace matches: there is nothing to download";
        return Err(Failure::NotFound(told.to_owned()));
    }
    let (sender, receiver) = mpsc::channel::<Result<Bytes, StoreError>>(WAITING_MAX);
    let store = console.store.clone();
    tokio::task::spawn_blocking(move || {
        let exported = store.export(&listing.ids, |line| {
            let line = Bytes::from(format!("{line}\n"));
            sender.blocking_send(Ok(line)).map_err(|_| Ended::Gone)
        });
        if let Err(Ended::Store(error)) = exported {
            tracing::warn!(%error, "export of traces");
            // The browser tells of a download that broke off.
            let _ = sender.blocking_send(Err(error));
        }
    });
    let lines = unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    // Whoever compresses it asks once more after its end.
    let body = Body::from_stream(lines.fuse());
    Ok(download("application/x-ndjson", "traces.jsonl", body))
}
