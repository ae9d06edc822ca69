//! What is kept of an output: its head and its tail within a bound, while its lines pass by.

use std::collections::VecDeque;

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::text::plain;
use super::{LineSink, Stream};

/// The longest line that is handed on whole, in bytes; a longer one comes in pieces.
const LINE_LEN_MAX: usize = 8 * 1024;

/// A program's output, or its head and tail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Captured {
    /// The text; what is not UTF-8 is replaced, and a mark stands for a middle that is left out.
    pub text: String,
    /// How long all of it was, in bytes.
    pub len: u64,
    /// Whether it was read to its end. Not so when a process that the program left behind still
    /// holds the pipe.
    pub is_complete: bool,
}

/// Reads one output.
pub(super) struct Capture {
    stream: Stream,
    lines: Option<LineSink>,
    line: Vec<u8>,
    head_len_max: usize,
    head: Vec<u8>,
    tail_len_max: usize,
    tail: VecDeque<u8>,
    len: u64,
    is_complete: bool,
}

impl Capture {
    pub(super) fn new(stream: Stream, len_max: usize, lines: Option<LineSink>) -> Self {
        Self {
            stream,
            lines,
            line: Vec::new(),
            head_len_max: len_max / 2,
            head: Vec::new(),
            tail_len_max: len_max - len_max / 2,
            tail: VecDeque::new(),
            len: 0,
            is_complete: false,
        }
    }

    /// Reads to the end. May be dropped before; what was read until then is kept.
    pub(super) async fn read(&mut self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = vec![0; 16 * 1024];
        // An error of a pipe is as good as its end: nothing more can come.
        while let Ok(len @ 1..) = pipe.read(&mut buffer).await {
            self.take(&buffer[..len]);
            // A program that writes without end must not keep its stop from being seen.
            tokio::task::yield_now().await;
        }
        self.is_complete = true;
    }

    fn take(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(self.head_len_max - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(self.tail_len_max)..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(self.tail_len_max);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
        if self.lines.is_some() {
            self.split_lines(bytes);
        }
    }

    fn split_lines(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(LINE_LEN_MAX) {
                if self.line.len() + piece.len() > LINE_LEN_MAX {
                    self.end_line();
                }
                self.line.extend_from_slice(piece);
            }
            if self.line.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let Some(lines) = &self.lines else { return };
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        lines(self.stream, &plain(&String::from_utf8_lossy(line)));
        self.line.clear();
    }

    /// What was kept; the last line is handed on even without an end.
    pub(super) fn finish(mut self) -> Captured {
        if !self.line.is_empty() {
            self.end_line();
        }
        let mut tail: &[u8] = self.tail.make_contiguous();
        let mut head = &self.head[..];
        let is_cut = self.len > (head.len() + tail.len()) as u64;
        let text = if is_cut {
            head = without_partial_end(head);
            tail = without_partial_start(tail);
            let left_out = self.len - (head.len() + tail.len()) as u64;
            format!(
                "{}\n[... {left_out} bytes left out ...]\n{}",
                String::from_utf8_lossy(head),
                String::from_utf8_lossy(tail)
            )
        } else {
            self.head.extend_from_slice(tail);
            String::from_utf8_lossy(&self.head).into_owned()
        };
        Captured {
            text,
            len: self.len,
            is_complete: self.is_complete,
        }
    }
}

/// Without a character that the cut goes through.
fn without_partial_end(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// Without the rest of a character that the cut goes through: at most three bytes.
fn without_partial_start(bytes: &[u8]) -> &[u8] {
    let is_continuation = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let rest = bytes.iter().take(3).take_while(is_continuation).count();
    &bytes[rest..]
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn captured(len_max: usize, parts: &[&[u8]]) -> (Captured, Vec<String>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let lines: LineSink = Arc::new(move |_, line| sink.lock().unwrap().push(line.to_owned()));
        let mut capture = Capture::new(Stream::Stdout, len_max, Some(lines));
        for part in parts {
            capture.take(part);
        }
        let captured = capture.finish();
        let lines = seen.lock().unwrap().clone();
        (captured, lines)
    }

    #[test]
    fn what_fits_is_kept_whole_whatever_the_pieces() {
        let text = "grüße\nund mehr".as_bytes();
        for at in 0..text.len() {
            let (head, tail) = text.split_at(at);
            let (captured, lines) = captured(text.len(), &[head, tail]);
            assert_eq!(captured.text, "grüße\nund mehr");
            assert_eq!(lines, ["grüße", "und mehr"]);
        }
    }

    #[test]
    fn the_middle_is_left_out_with_a_mark_between_whole_characters() {
        let (captured, _) = captured(7, &["aüüüüüüüz".as_bytes()]);
        assert_eq!(captured.text, "aü\n[... 10 bytes left out ...]\nüz");
        assert_eq!(captured.len, 16);
    }

    #[test]
    fn nothing_may_be_kept_at_all() {
        let (captured, _) = captured(0, &[b"abc"]);
        assert_eq!(captured.text, "\n[... 3 bytes left out ...]\n");
    }

    #[test]
    fn invalid_bytes_are_replaced() {
        let (captured, lines) = captured(10, &[b"a\xffb\r\n"]);
        assert_eq!(captured.text, "a\u{fffd}b\r\n");
        assert_eq!(lines, ["a\u{fffd}b"]);
    }

    #[test]
    fn a_long_line_comes_in_pieces() {
        let (_, lines) = captured(10, &[&vec![b'x'; 3 * LINE_LEN_MAX], b"\n"]);
        assert_eq!(lines.concat().len(), 3 * LINE_LEN_MAX);
        assert!(lines.iter().all(|line| line.len() <= LINE_LEN_MAX));
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_and_left_out_is_all(
            parts in proptest::collection::vec(proptest::collection::vec(b'a'..=b'z', 0..40), 0..12),
            len_max in 0_usize..100,
        ) {
            let all = parts.concat();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let (captured, _) = captured(len_max, &parts);
            assert_eq!(captured.len, all.len() as u64);
            match captured.text.split_once("\n[... ") {
                None => assert_eq!(captured.text.as_bytes(), all),
                Some((head, rest)) => {
                    let (left_out, tail) = rest.split_once(" bytes left out ...]\n").unwrap();
                    let left_out: usize = left_out.parse().unwrap();
                    assert_eq!(head.len() + tail.len(), len_max);
                    assert_eq!(left_out, all.len() - len_max);
                    assert!(all.starts_with(head.as_bytes()) && all.ends_with(tail.as_bytes()));
                }
            }
        }
    }
}
