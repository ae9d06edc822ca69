//! What happens in the store, as server-sent events: at most one a second, each with how far it tells, so
//! that a page whose connection broke is told what it missed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use serde_json::json;

use super::answer::GUARDS;
use super::{Address, Console};
use crate::store::{Mark, StoreError};

/// How often is looked, and what lies between two events at least.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
const EVENT_INTERVAL: Duration = Duration::from_secs(1);

/// How many traces an event names; what is beyond is told as `more`.
const TRACES_MAX: usize = 100;

/// The events after the one that the browser names as its last, else after the mark of its page.
pub(super) async fn events(
    State(console): State<Arc<Console>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let address = Address::of(&uri);
    let last = last.or(address.get("after")).and_then(|id| id.parse().ok());
    let kept_open = KeepAlive::new().interval(Duration::from_secs(15));
    (
        GUARDS,
        Sse::new(stream(console, last)).keep_alive(kept_open),
    )
        .into_response()
}

fn stream(
    console: Arc<Console>,
    last: Option<Mark>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let stopped = console.stopped.clone();
    unfold(
        (last, stopped, Duration::ZERO),
        move |(last, mut stopped, mut pause)| {
            let console = Arc::clone(&console);
            async move {
                loop {
                    let stops = stopped.wait_for(|stopping| *stopping);
                    if tokio::time::timeout(pause, stops).await.is_ok() {
                        return None;
                    }
                    pause = LOOK_INTERVAL;
                    let console = Arc::clone(&console);
                    let looked = tokio::task::spawn_blocking(move || news(&console, last)).await;
                    match looked {
                        Ok(Ok(None)) => {}
                        Ok(Ok(Some((mark, event)))) => {
                            return Some((Ok(event), (Some(mark), stopped, EVENT_INTERVAL)));
                        }
                        // The browser comes again.
                        Ok(Err(error)) => {
                            tracing::warn!(%error, "events of the console");
                            return None;
                        }
                        Err(_) => return None,
                    }
                }
            }
        },
    )
}

/// What has happened since a mark, if anything has. Who has none learns where things stand.
fn news(console: &Console, last: Option<Mark>) -> Result<Option<(Mark, Event)>, StoreError> {
    let mark = console.store.mark()?;
    let Some(last) = last else {
        return Ok(Some((
            mark,
            Event::default()
                .event("here")
                .id(mark.to_string())
                .data("{}"),
        )));
    };
    if last == mark {
        return Ok(None);
    }
    let (traces, more) = match mark.follows(&last) {
        true => {
            let mut traces = console.store.traces_after(&last, TRACES_MAX + 1)?;
            let more = traces.len() > TRACES_MAX;
            traces.truncate(TRACES_MAX);
            (traces, more || mark.removed != last.removed)
        }
        // Another store, or what was removed cannot be told.
        false => (Vec::new(), true),
    };
    let traces: Vec<String> = traces.iter().map(ToString::to_string).collect();
    let data = json!({
        "traces": traces,
        "more": more,
        "rejects": mark.rejects != last.rejects,
        "telemetry": mark.telemetry != last.telemetry,
    });
    let event = Event::default().event("news").id(mark.to_string());
    Ok(Some((mark, event.data(data.to_string()))))
}
