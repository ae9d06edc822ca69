//! A segment document on its way: kept as it came, with what it will weigh in a request.

use std::time::Instant;

use serde::Deserialize;

/// The text of one datagram's body, never parsed on its way through.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    text: Box<str>,
    encoded_len: u32,
    arrived: Instant,
}

impl Document {
    /// Copies the body of a datagram. Bytes that are not UTF-8 become U+FFFD, as a JSON request
    /// cannot carry them.
    pub(crate) fn new(body: &[u8], arrived: Instant) -> Self {
        let text: Box<str> = String::from_utf8_lossy(body).into();
        Self {
            encoded_len: encoded_len(&text),
            text,
            arrived,
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of the document as a JSON string, quotes included.
    pub(crate) fn encoded_len(&self) -> usize {
        self.encoded_len as usize
    }

    /// Bytes of memory the document holds, bookkeeping included.
    pub(crate) fn memory_len(&self) -> usize {
        self.text.len() + size_of::<Self>()
    }

    pub(crate) fn arrived(&self) -> Instant {
        self.arrived
    }

    /// The id of the segment, when the document is one.
    pub(crate) fn segment_id(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Segment {
            id: String,
        }
        serde_json::from_str(&self.text)
            .ok()
            .map(|Segment { id }| id)
    }
}

/// Counts instead of encoding; the loop has no branch, so that it runs many bytes at a time.
fn encoded_len(text: &str) -> u32 {
    let extra: u32 = text
        .bytes()
        .map(|byte| {
            let escaped = byte == b'"' || byte == b'\\';
            let control = byte < 0x20;
            let short = matches!(byte, 0x08 | b'\t' | b'\n' | 0x0c | b'\r');
            u32::from(escaped) + 5 * u32::from(control) - 4 * u32::from(short)
        })
        .sum();
    // A datagram holds at most 65,507 bytes, so that six times that cannot overflow.
    text.len() as u32 + extra + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(body: &[u8]) -> Document {
        Document::new(body, Instant::now())
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(document(b"a\xffb").text(), "a\u{fffd}b");
    }

    #[test]
    fn the_id_is_that_of_the_segment_itself() {
        let nested = br#"{"subsegments":[{"id":"inner"}],"id":"outer","name":"n"}"#;
        assert_eq!(document(nested).segment_id().as_deref(), Some("outer"));
        assert_eq!(document(b"hello").segment_id(), None);
        assert_eq!(document(br#"{"name":"n"}"#).segment_id(), None);
    }

    proptest! {
        #[test]
        fn the_encoded_length_is_what_the_encoder_writes(text in "(\\PC|[\\x00-\\x1f\"\\\\])*") {
            let encoded = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(document(text.as_bytes()).encoded_len(), encoded.len());
        }
    }
}
