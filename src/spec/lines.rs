//! The lines of a JSON Lines file: read one by one, so that a file of any size needs little memory.

use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufRead, Read};

use super::document::Reader;

/// The longest line, in bytes.
pub(super) const LINE_LEN_MAX: usize = 1 << 20;

/// Reads lines that are not blank.
pub(super) struct Lines {
    reader: Reader,
    buffer: Vec<u8>,
    number: usize,
}

/// A line that is not blank, without the spaces before and after it.
pub(super) struct Line<'a> {
    /// Its number in the file, from 1.
    pub(super) number: usize,
    bytes: &'a [u8],
    is_whole: bool,
}

impl Lines {
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let is_whole = loop {
            self.buffer.clear();
            let mut limited = (&mut self.reader).take(LINE_LEN_MAX as u64 + 1);
            if limited.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let is_whole = self.buffer.len() <= LINE_LEN_MAX;
            if !is_whole {
                self.reader.skip_until(b'\n')?;
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) && !self.is_mark_alone() {
                break is_whole;
            }
        };
        let mut bytes = &self.buffer[..];
        if self.number == 1 {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        Ok(Some(Line {
            number: self.number,
            bytes: bytes.trim_ascii_end(),
            is_whole,
        }))
    }

    fn is_mark_alone(&self) -> bool {
        self.number == 1 && self.buffer.trim_ascii_end() == BYTE_ORDER_MARK
    }
}

/// With it some editors begin a file.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Line<'_> {
    /// The line's text, or why it has none.
    pub(super) fn text(&self) -> Result<&str, String> {
        if !self.is_whole {
            let most = LINE_LEN_MAX >> 20;
            return Err(format!(
                "the line is longer than {most} MiB, make it shorter"
            ));
        }
        std::str::from_utf8(self.bytes).map_err(|_| "not UTF-8, save the file as UTF-8".to_owned())
    }

    /// Tells this line from another one.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.bytes);
        hasher.finish()
    }
}
