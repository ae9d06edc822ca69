//! The content coding `aws-chunked`, with or without signatures and trailers
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>):
//!
//! ```text
//! <hex length>[;chunk-signature=...]\r\n <bytes> \r\n   ...   0[;...]\r\n [<name>:<value>\r\n]... \r\n
//! ```

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::body::{Body as HttpBody, Frame};

/// Longest line: a length with its signature, or a trailer.
const LINE_LEN_MAX: usize = 8 * 1024;
const TRAILERS_MAX: usize = 32;

/// The trailers of a body, which are known once it was read to its end.
pub(crate) type Trailers = Arc<OnceLock<HeaderMap>>;

/// What is wrong with a chunked body.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChunkError {
    #[error("aws-chunked body: the line of a chunk does not begin with its length in hex")]
    Length,
    #[error("aws-chunked body: a chunk is longer than its line says")]
    Overrun,
    #[error("aws-chunked body: a line has more than {LINE_LEN_MAX} bytes")]
    LineTooLong,
    #[error(
        "aws-chunked body: a trailer is not <name>:<value>, or there are more than {TRAILERS_MAX}"
    )]
    Trailer,
    #[error("aws-chunked body: it ends before its last chunk")]
    Incomplete,
}

/// Decodes a body, and hands its trailers to whoever holds the other end of `trailers`.
pub(super) struct ChunkedBody<B> {
    inner: B,
    decoder: Decoder,
    trailers: Trailers,
}

impl<B> ChunkedBody<B> {
    pub(super) fn new(inner: B, trailers: Trailers) -> Self {
        Self {
            inner,
            decoder: Decoder::default(),
            trailers,
        }
    }
}

impl<B> HttpBody for ChunkedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<s3s::StdError>,
{
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(data) = this.decoder.next_data()? {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        this.decoder.push(&data);
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => {
                    // A second end of the same body finds the trailers set: they stay.
                    let _ = this.trailers.set(this.decoder.end()?);
                    return Poll::Ready(None);
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct Decoder {
    buffer: BytesMut,
    state: State,
    trailers: HeaderMap,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the line of a chunk.
    #[default]
    Line,
    /// Within a chunk: how many bytes are left of it.
    Data(u64),
    /// At the line end after a chunk.
    DataEnd,
    Trailers,
    /// Past the empty line; what follows is ignored.
    Done,
}

impl Decoder {
    fn push(&mut self, bytes: &[u8]) {
        if self.state != State::Done {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next bytes of content; none when more input is needed, or at the end.
    fn next_data(&mut self) -> Result<Option<Bytes>, ChunkError> {
        loop {
            match self.state {
                State::Line => {
                    let Some(line) = self.line()? else {
                        return Ok(None);
                    };
                    self.state = match chunk_len(&line)? {
                        0 => State::Trailers,
                        len => State::Data(len),
                    };
                }
                State::Data(_) if self.buffer.is_empty() => return Ok(None),
                State::Data(left) => {
                    let take = usize::try_from(left)
                        .map_or(self.buffer.len(), |left| left.min(self.buffer.len()));
                    self.state = match left - take as u64 {
                        0 => State::DataEnd,
                        left => State::Data(left),
                    };
                    return Ok(Some(self.buffer.split_to(take).freeze()));
                }
                State::DataEnd => match self.line()? {
                    Some(line) if line.is_empty() => self.state = State::Line,
                    Some(_) => return Err(ChunkError::Overrun),
                    None => return Ok(None),
                },
                State::Trailers => match self.line()? {
                    Some(line) if line.is_empty() => self.state = State::Done,
                    Some(line) => self.add_trailer(&line)?,
                    None => return Ok(None),
                },
                State::Done => {
                    self.buffer.clear();
                    return Ok(None);
                }
            }
        }
    }

    /// The end of the input: the trailers. Some clients leave out the empty line after them.
    fn end(&mut self) -> Result<HeaderMap, ChunkError> {
        match self.state {
            State::Trailers | State::Done => Ok(std::mem::take(&mut self.trailers)),
            _ => Err(ChunkError::Incomplete),
        }
    }

    fn add_trailer(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        let at = line.iter().position(|b| *b == b':');
        let (name, value) = line.split_at(at.ok_or(ChunkError::Trailer)?);
        let name = HeaderName::from_bytes(name).map_err(|_| ChunkError::Trailer)?;
        let value = HeaderValue::from_bytes(value[1..].trim_ascii());
        if self.trailers.len() == TRAILERS_MAX {
            return Err(ChunkError::Trailer);
        }
        self.trailers
            .insert(name, value.map_err(|_| ChunkError::Trailer)?);
        Ok(())
    }

    /// The next whole line, without its end.
    fn line(&mut self) -> Result<Option<Bytes>, ChunkError> {
        let Some(at) = self.buffer.iter().position(|b| *b == b'\n') else {
            return if self.buffer.len() > LINE_LEN_MAX {
                Err(ChunkError::LineTooLong)
            } else {
                Ok(None)
            };
        };
        if at > LINE_LEN_MAX {
            return Err(ChunkError::LineTooLong);
        }
        let mut line = self.buffer.split_to(at).freeze();
        self.buffer.advance(1);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        Ok(Some(line))
    }
}

fn chunk_len(line: &[u8]) -> Result<u64, ChunkError> {
    let digits = line.split(|b| *b == b';').next().unwrap_or_default();
    std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or(ChunkError::Length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Decodes input that arrives in pieces of `step` bytes.
    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, HeaderMap), ChunkError> {
        let mut decoder = Decoder::default();
        let mut content = Vec::new();
        for piece in input.chunks(step) {
            decoder.push(piece);
            while let Some(data) = decoder.next_data()? {
                content.extend_from_slice(&data);
            }
        }
        Ok((content, decoder.end()?))
    }

    #[test]
    fn signed_and_unsigned_bodies_are_read() {
        let trailer = "x-amz-checksum-crc32";
        let cases: [(&str, &str, Option<&str>); 6] = [
            ("0\r\n\r\n", "", None),
            ("5\r\nhello\r\n0\r\n\r\n", "hello", None),
            (
                "5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0;chunk-signature=cd\r\n\r\n",
                "hello!",
                None,
            ),
            (
                "A\r\n0123\r\n6789\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n",
                "0123\r\n6789",
                Some("AAAA"),
            ),
            (
                "1\r\na\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n",
                "a",
                Some("AAAA"),
            ),
            (
                "1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAA\n\r\nx-amz-trailer-signature:00\r\n\r\n",
                "a",
                Some("AAAA"),
            ),
        ];
        for (input, content, checksum) in cases {
            for step in [1, 2, 7, 1000] {
                let (decoded, trailers) = decode(input.as_bytes(), step).unwrap();
                assert_eq!(decoded, content.as_bytes(), "{input}");
                let value = trailers.get(trailer).map(|v| v.to_str().unwrap());
                assert_eq!(value, checksum, "{input}");
            }
        }
    }

    #[test]
    fn broken_bodies_are_named() {
        let long = "0".repeat(LINE_LEN_MAX + 1);
        let cases = [
            ("", ChunkError::Incomplete),
            ("5\r\nhell", ChunkError::Incomplete),
            ("5\r\nhello\r\n", ChunkError::Incomplete),
            ("5\r\nhello!\r\n", ChunkError::Overrun),
            ("hello\r\n", ChunkError::Length),
            ("\r\n", ChunkError::Length),
            ("+5\r\nhello\r\n", ChunkError::Length),
            ("fffffffffffffffff\r\n", ChunkError::Length),
            ("0\r\nno colon\r\n\r\n", ChunkError::Trailer),
            ("0\r\n:value\r\n\r\n", ChunkError::Trailer),
            (&long, ChunkError::LineTooLong),
        ];
        for (input, error) in cases {
            assert_eq!(decode(input.as_bytes(), 3).unwrap_err(), error, "{input}");
        }
    }

    proptest! {
        #[test]
        fn content_comes_back_whatever_the_pieces(
            content in proptest::collection::vec(any::<u8>(), 0..500),
            chunk in 1usize..100,
            step in 1usize..100,
        ) {
            let mut input = Vec::new();
            for piece in content.chunks(chunk) {
                input.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                input.extend_from_slice(piece);
                input.extend_from_slice(b"\r\n");
            }
            input.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(decode(&input, step).unwrap().0, content);
        }

        #[test]
        fn any_bytes_are_read_or_refused(input in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&input, 5);
        }
    }
}
