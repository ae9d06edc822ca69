//! The ids of X-Ray: 35 characters for a trace, 16 for a segment or subsegment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Timestamp;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The id of a trace: `1-`, eight hex digits of epoch seconds, `-`, 24 hex digits at random.
///
/// A W3C trace id of 32 hex digits maps to it digit for digit (X-Ray developer guide, "Segment
/// documents"), so it is kept as the same 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(u128);

impl TraceId {
    /// The length of its text.
    pub const LEN: usize = 35;

    /// A fresh id for a trace that starts at `time`.
    pub fn random(time: Timestamp) -> Self {
        Self::from_parts(time.as_secs() as u32, rand::random())
    }

    /// The id with these epoch seconds and the low 96 bits of `unique`.
    pub const fn from_parts(epoch_secs: u32, unique: u128) -> Self {
        Self(((epoch_secs as u128) << 96) | (unique & ((1 << 96) - 1)))
    }

    /// The id whose 32 hex digits a W3C `traceparent` carries.
    pub const fn from_w3c(id: u128) -> Self {
        Self(id)
    }

    /// The 128 bits of the W3C trace id.
    pub const fn to_w3c(self) -> u128 {
        self.0
    }

    /// The epoch seconds in the id: the trace's start, except where a W3C id was random throughout.
    pub const fn epoch_secs(self) -> u32 {
        (self.0 >> 96) as u32
    }

    fn text(self) -> [u8; Self::LEN] {
        let mut text = *b"1-00000000-000000000000000000000000";
        let mut rest = self.0;
        for place in (11..35).rev().chain((2..10).rev()) {
            text[place] = HEX[(rest & 15) as usize];
            rest >>= 4;
        }
        text
    }
}

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not the form of a trace id.
    #[error("a trace id is `1-`, 8 lower-case hex digits, `-` and 24 more")]
    TraceId,
    /// Not the form of a segment id.
    #[error("a segment id is 16 lower-case hex digits")]
    SegmentId,
}

impl FromStr for TraceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = text.as_bytes();
        if bytes.len() != Self::LEN || !bytes.starts_with(b"1-") || bytes[10] != b'-' {
            return Err(IdError::TraceId);
        }
        let digits = bytes[2..10].iter().chain(&bytes[11..]);
        parse_hex(digits).map(Self).ok_or(IdError::TraceId)
    }
}

/// The id of a segment or subsegment: 64 bits, 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(u64);

impl SegmentId {
    /// The length of its text.
    pub const LEN: usize = 16;

    /// A fresh id.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The id of these 64 bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its 64 bits.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    fn text(self) -> [u8; Self::LEN] {
        let mut text = [b'0'; Self::LEN];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = HEX[(rest & 15) as usize];
            rest >>= 4;
        }
        text
    }
}

impl FromStr for SegmentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != Self::LEN {
            return Err(IdError::SegmentId);
        }
        parse_hex(text.as_bytes().iter())
            .map(|bits| Self(bits as u64))
            .ok_or(IdError::SegmentId)
    }
}

fn parse_hex<'a>(mut digits: impl Iterator<Item = &'a u8>) -> Option<u128> {
    digits.try_fold(0, |bits, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((bits << 4) | u128::from(value))
    })
}

macro_rules! text_form {
    ($id:ty) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text = self.text();
                serializer
                    .serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_form!(TraceId);
text_form!(SegmentId);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
        w3c: Vec<W3c>,
    }

    #[derive(Deserialize)]
    struct Case {
        input: String,
        valid_strict: bool,
    }

    #[derive(Deserialize)]
    struct W3c {
        w3c: String,
        xray: String,
    }

    #[test]
    fn the_vectors_of_trace_ids_hold() {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../tests/vectors/trace_id.json")).unwrap();
        for case in &vectors.cases {
            let parsed = case.input.parse::<TraceId>();
            assert_eq!(parsed.is_ok(), case.valid_strict, "{:?}", case.input);
            if let Ok(id) = parsed {
                assert_eq!(id.to_string(), case.input);
            }
        }
        for case in &vectors.w3c {
            let id = TraceId::from_w3c(u128::from_str_radix(&case.w3c, 16).unwrap());
            assert_eq!(id.to_string(), case.xray);
            assert_eq!(format!("{:032x}", id.to_w3c()), case.w3c);
        }
    }

    #[test]
    fn a_fresh_trace_id_starts_with_the_time() {
        let id = TraceId::random(Timestamp::from_micros(0x5759_e988 * 1_000_000 + 999_999));
        assert_eq!(id.epoch_secs(), 0x5759_e988);
        assert!(id.to_string().starts_with("1-5759e988-"));
        assert_ne!(id, TraceId::random(Timestamp::from_micros(0)));
    }

    proptest::proptest! {
        #[test]
        fn ids_read_back_what_they_write(trace: u128, segment: u64) {
            let trace = TraceId::from_w3c(trace);
            let segment = SegmentId::from_bits(segment);
            proptest::prop_assert_eq!(trace.to_string().parse(), Ok(trace));
            proptest::prop_assert_eq!(segment.to_string().parse(), Ok(segment));
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text: String) {
            let _ = text.parse::<TraceId>();
            let _ = text.parse::<SegmentId>();
        }
    }
}
