//! Answers that go wrong on their way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use s3s::{Body, StdError};
use tokio::time::{Sleep, sleep};

use crate::fault::{Fault, FaultKind, When};

/// The connection is to end without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is reset, as the fault plan has it")]
pub(crate) struct ConnectionReset;

#[derive(Debug, thiserror::Error)]
#[error("the answer is cut off, as the fault plan has it")]
struct CutOff;

/// In how many pieces a slow body comes.
const SLOW_PIECES: u32 = 8;
const GARBAGE: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Answer><<&nothing of this is XML";

/// Spoils an answer. An error in place of the answer was put there already.
pub(super) async fn spoil(
    mut response: Response<Body>,
    fault: Fault,
) -> Result<Response<Body>, ConnectionReset> {
    match fault.kind {
        FaultKind::InternalError | FaultKind::SlowDown | FaultKind::OperationAborted => {}
        FaultKind::ConnectionReset => return Err(ConnectionReset),
        FaultKind::SlowBody => {
            let Some(len) = content_len(&response) else {
                sleep(fault.delay).await;
                return Ok(response);
            };
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = Body::http_body_unsync(Trickle::new(body, len, fault.delay));
        }
        FaultKind::HalfAnswer => {
            let len = content_len(&response).ok_or(ConnectionReset)?;
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = Body::http_body_unsync(Half::new(body, len));
        }
        FaultKind::WrongXml => {
            if fault.when == When::Before || !is_document(&response) {
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            }
            let headers = response.headers_mut();
            headers.remove(CONTENT_LENGTH);
            let xml = HeaderValue::from_static("application/xml");
            headers.insert(CONTENT_TYPE, xml);
            *response.body_mut() = Body::from(GARBAGE.to_owned());
        }
    }
    Ok(response)
}

/// The length of a body that has one, and is not empty.
fn content_len(response: &Response<Body>) -> Option<u64> {
    response.body().size_hint().exact().filter(|len| *len > 0)
}

/// Whether a success is told by a document, which a client has to read.
fn is_document(response: &Response<Body>) -> bool {
    let has_document = |kind: &[u8]| kind.ends_with(b"/xml") || kind.ends_with(b"/json");
    let kind = response.headers().get(CONTENT_TYPE);
    response.status().is_success()
        && kind.is_some_and(|kind| has_document(kind.as_bytes()))
        && response
            .body()
            .bytes()
            .is_some_and(|bytes| !bytes.is_empty())
}

/// The first half of a body, and then an error.
struct Half {
    body: Body,
    len: u64,
    left: u64,
    is_flushed: bool,
}

impl Half {
    fn new(body: Body, len: u64) -> Self {
        Self {
            body,
            len,
            left: len / 2,
            is_flushed: false,
        }
    }
}

impl HttpBody for Half {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        if self.left == 0 {
            // What was written is sent while the body is waited for.
            if !self.is_flushed {
                self.is_flushed = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(Some(Err(CutOff.into())));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame.map_data(|mut data| {
                data.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= data.len() as u64;
                data
            })))),
            other => Poll::Ready(other),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len)
    }
}

/// A body in pieces, with a pause before each.
struct Trickle {
    body: Body,
    /// What has arrived of the body and is still to be sent.
    arrived: Bytes,
    left: u64,
    piece_len: usize,
    pause: Duration,
    waiting: Pin<Box<Sleep>>,
}

impl Trickle {
    fn new(body: Body, len: u64, delay: Duration) -> Self {
        let pause = delay / SLOW_PIECES;
        let piece_len = usize::try_from(len.div_ceil(u64::from(SLOW_PIECES)));
        Self {
            body,
            arrived: Bytes::new(),
            left: len,
            piece_len: piece_len.unwrap_or(usize::MAX),
            pause,
            waiting: Box::pin(sleep(pause)),
        }
    }
}

impl HttpBody for Trickle {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        ready!(self.waiting.as_mut().poll(cx));
        while self.arrived.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => self.arrived = frame.into_data().unwrap_or_default(),
                other => return Poll::Ready(other),
            }
        }
        let len = self.piece_len.min(self.arrived.len());
        let piece = self.arrived.split_to(len);
        self.left = self.left.saturating_sub(len as u64);
        self.waiting = Box::pin(sleep(self.pause));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
