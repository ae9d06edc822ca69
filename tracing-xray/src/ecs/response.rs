//! An answer of HTTP/1.1 (RFC 9112): its status, and its body by length, in chunks, or up to the
//! end of the connection.

use std::io::{BufRead, Read};

use super::get::GetError;

/// The most bytes of a status line with its headers, and of the lines around chunks.
const HEAD_LEN_MAX: usize = 16 * 1024;
const HEADERS_LEN_MAX: usize = 64;

/// How a body ends.
#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunks,
    Connection,
}

/// Reads the body of an answer with status 200.
pub(super) fn read(stream: &mut impl BufRead, len_max: usize) -> Result<Vec<u8>, GetError> {
    let (status, framing) = loop {
        let head = read_lines(stream)?;
        let (status, framing) = parse_head(&head)?;
        // An interim answer; the true one follows.
        if !(100..200).contains(&status) {
            break (status, framing);
        }
    };
    if status != 200 {
        return Err(GetError::Status(status));
    }
    match framing {
        Framing::Length(len) if len > len_max => Err(GetError::TooLong),
        Framing::Length(len) => {
            let mut body = Vec::new();
            read_exactly(stream, len, &mut body)?;
            Ok(body)
        }
        Framing::Chunks => read_chunks(stream, len_max),
        Framing::Connection => {
            let mut body = Vec::new();
            let mut bounded = stream.take(len_max as u64 + 1);
            bounded.read_to_end(&mut body).map_err(GetError::of_io)?;
            if body.len() > len_max {
                return Err(GetError::TooLong);
            }
            Ok(body)
        }
    }
}

/// Lines up to an empty one.
fn read_lines(stream: &mut impl BufRead) -> Result<Vec<u8>, GetError> {
    let mut lines = Vec::new();
    loop {
        let line_at = lines.len();
        read_line(stream, &mut lines)?;
        if matches!(&lines[line_at..], b"\r\n" | b"\n") {
            return Ok(lines);
        }
    }
}

/// Adds one line, with its end; all lines together have a bound.
fn read_line(stream: &mut impl BufRead, lines: &mut Vec<u8>) -> Result<(), GetError> {
    let left = HEAD_LEN_MAX.saturating_sub(lines.len());
    let mut bounded = stream.take(left as u64);
    let read = bounded.read_until(b'\n', lines);
    let read = read.map_err(GetError::of_io)?;
    if read > 0 && lines.last() == Some(&b'\n') {
        Ok(())
    } else if lines.len() >= HEAD_LEN_MAX {
        Err(GetError::NotHttp("its head has no end"))
    } else {
        Err(GetError::EndedEarly)
    }
}

fn parse_head(head: &[u8]) -> Result<(u16, Framing), GetError> {
    let malformed = GetError::NotHttp("its head is malformed");
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_LEN_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let status = match response.parse(head) {
        Ok(httparse::Status::Complete(_)) => response.code.ok_or(malformed)?,
        _ => return Err(malformed),
    };
    let values = |name: &'static str| {
        let headers = response.headers.iter();
        headers
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    };
    let mut encodings = values("transfer-encoding");
    let framing = match (encodings.next(), encodings.next()) {
        // Chunks win over a length: RFC 9112, 6.3.
        (Some(encoding), None) if encoding.eq_ignore_ascii_case(b"chunked") => Framing::Chunks,
        (Some(_), _) => return Err(GetError::NotHttp("its transfer encoding is unknown")),
        (None, _) => {
            let mut lengths = values("content-length");
            match lengths.next() {
                None => Framing::Connection,
                Some(length) if lengths.all(|other| other == length) => {
                    Framing::Length(parse_length(length)?)
                }
                Some(_) => return Err(GetError::NotHttp("it has two lengths")),
            }
        }
    };
    Ok((status, framing))
}

fn parse_length(digits: &[u8]) -> Result<usize, GetError> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !is_number {
        return Err(GetError::NotHttp("its length is no number"));
    }
    // More digits than fit are surely too long.
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    Ok(digits.parse().unwrap_or(usize::MAX))
}

fn read_chunks(stream: &mut impl BufRead, len_max: usize) -> Result<Vec<u8>, GetError> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        read_line(stream, &mut line)?;
        let len = match httparse::parse_chunk_size(&line) {
            Ok(httparse::Status::Complete((_, len))) => usize::try_from(len).unwrap_or(usize::MAX),
            _ => return Err(GetError::NotHttp("the size of a chunk is malformed")),
        };
        if len == 0 {
            // Trailers, which say nothing to us.
            read_lines(stream)?;
            return Ok(body);
        }
        if len > len_max - body.len() {
            return Err(GetError::TooLong);
        }
        read_exactly(stream, len, &mut body)?;
        let mut end = Vec::new();
        read_line(stream, &mut end)?;
        if !matches!(end.as_slice(), b"\r\n" | b"\n") {
            return Err(GetError::NotHttp("a chunk is longer than its size"));
        }
    }
}

/// Adds so many bytes; the memory grows with what comes, not with what is announced.
fn read_exactly(stream: &mut impl BufRead, len: usize, body: &mut Vec<u8>) -> Result<(), GetError> {
    let read = stream.take(len as u64).read_to_end(body);
    if read.map_err(GetError::of_io)? < len {
        return Err(GetError::EndedEarly);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The body of these bytes, after which the connection ends.
    fn body_of(mut bytes: &[u8]) -> Result<String, String> {
        match read(&mut bytes, 20) {
            Ok(body) => Ok(String::from_utf8_lossy(&body).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn ok(rest: &str) -> Result<String, String> {
        body_of(format!("HTTP/1.1 200 OK\r\n{rest}").as_bytes())
    }

    #[test]
    fn a_body_ends_by_length_chunk_or_connection() {
        let same = Ok("{\"a\":1}".to_owned());
        assert_eq!(ok("Content-Length: 7\r\n\r\n{\"a\":1}more"), same);
        assert_eq!(
            ok("content-length: 7\r\ncontent-length:7\r\n\r\n{\"a\":1}"),
            same
        );
        assert_eq!(ok("\r\n{\"a\":1}"), same);
        assert_eq!(
            ok(
                "Transfer-Encoding: Chunked\r\nContent-Length: 2\r\n\r\n3;x=y\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nT: 1\r\n\r\n"
            ),
            same
        );
        assert_eq!(
            body_of(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\nContent-Length: 7\n\n{\"a\":1}"
            ),
            same
        );
        assert_eq!(ok("Content-Length: 0\r\n\r\n"), Ok(String::new()));
    }

    #[test]
    fn a_body_that_is_cut_off_is_none() {
        for rest in [
            "",
            "Content-Length: 7\r\n",
            "Content-Length: 7\r\n\r\n{",
            "Transfer-Encoding: chunked\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
            "Transfer-Encoding: chunked\r\n\r\n2\r\nab",
            "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
        ] {
            let ended = "the connection ended before the answer did";
            assert_eq!(ok(rest), Err(ended.to_owned()), "{rest:?}");
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_not_read() {
        let long = "x".repeat(21);
        for rest in [
            format!("Content-Length: 21\r\n\r\n{long}"),
            "Content-Length: 99999999999999999999999\r\n\r\n".to_owned(),
            format!("\r\n{long}"),
            "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n10\r\n".to_owned(),
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n".to_owned(),
        ] {
            let error = ok(&rest).unwrap_err();
            assert!(error.starts_with("the answer is longer than"), "{error}");
        }
        assert_eq!(
            ok(&format!("\r\n{}", &long[1..])).map(|body| body.len()),
            Ok(20)
        );
    }

    #[test]
    fn what_is_not_http_is_told() {
        for (rest, why) in [
            ("no header\r\n\r\n", "its head is malformed"),
            ("Content-Length: +7\r\n\r\n", "its length is no number"),
            (
                "Content-Length: 7\r\nContent-Length: 8\r\n\r\n",
                "it has two lengths",
            ),
            (
                "Transfer-Encoding: gzip\r\n\r\n",
                "its transfer encoding is unknown",
            ),
            (
                "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                "the size of a chunk is malformed",
            ),
            (
                "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
                "a chunk is longer than its size",
            ),
        ] {
            assert_eq!(ok(rest), Err(format!("the answer is not HTTP/1.1: {why}")));
        }
        let endless = format!("A: {}", "x".repeat(HEAD_LEN_MAX));
        assert!(ok(&endless).unwrap_err().ends_with("its head has no end"));
        assert!(body_of(b"\x16\x03\x01\r\n\r\n").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_body_or_an_error(bytes: Vec<u8>, rest in "[0-9a-f\\r\\n]{0,30}") {
            let _ = body_of(&bytes);
            let _ = ok(&format!("Transfer-Encoding: chunked\r\n\r\n{rest}"));
        }
    }
}
