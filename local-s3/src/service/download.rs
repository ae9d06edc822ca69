//! The content of an object on its way to the client, and the conditions of reading it.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use s3s::dto::{self, ETagCondition, StreamingBlob};
use s3s::{Body, S3ErrorCode, S3Result};
use tokio::io::{AsyncRead, ReadBuf};

use super::error::refuse;

const READ_LEN: usize = 64 * 1024;

/// What to send of an object of `size` bytes: the bytes, and whether that is a part.
pub(super) fn part(
    range: Option<&dto::Range>,
    size: u64,
) -> S3Result<(Range<u64>, Option<String>)> {
    let Some(range) = range else {
        return Ok((0..size, None));
    };
    let bytes = range.check(size).map_err(|_| {
        refuse(
            S3ErrorCode::InvalidRange,
            "The requested range is not satisfiable",
        )
    })?;
    if bytes.is_empty() {
        return Ok((bytes, None));
    }
    let content_range = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
    Ok((bytes, Some(content_range)))
}

/// `If-Match` (412) and `If-None-Match` (304).
pub(super) fn check_conditions(
    etag: &str,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let holds = |condition: &ETagCondition| {
        condition.is_any() || condition.as_etag().is_some_and(|e| e.value() == etag)
    };
    if if_match.is_some_and(|condition| !holds(condition)) {
        return Err(refuse(
            S3ErrorCode::PreconditionFailed,
            "At least one of the pre-conditions you specified did not hold",
        ));
    }
    if if_none_match.is_some_and(holds) {
        return Err(S3ErrorCode::NotModified.into());
    }
    Ok(())
}

/// Streams a part of a file.
pub(super) fn stream(mut file: File, bytes: Range<u64>) -> io::Result<StreamingBlob> {
    file.seek(SeekFrom::Start(bytes.start))?;
    let content = FileContent {
        file: tokio::fs::File::from_std(file),
        left: bytes.end - bytes.start,
    };
    Ok(StreamingBlob::from(Body::http_body(content)))
}

struct FileContent {
    file: tokio::fs::File,
    left: u64,
}

impl HttpBody for FileContent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let len = usize::try_from(self.left).map_or(READ_LEN, |left| left.min(READ_LEN));
        let mut bytes = BytesMut::zeroed(len);
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.file).poll_read(cx, &mut buffer))?;
        let read = buffer.filled().len();
        if read == 0 {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        bytes.truncate(read);
        self.left -= read as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes.freeze()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
