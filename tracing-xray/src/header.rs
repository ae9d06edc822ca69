//! The trace header `X-Amzn-Trace-Id`: read tolerantly, since others write it in many ways, and
//! written exactly, as `Root=..;Parent=..;Sampled=..` and then what the caller sent beside them.

use std::fmt;
use std::str::FromStr;

use crate::id::{SegmentId, TraceId};

/// The header's name on an HTTP request, in lower case as HTTP/2 wants it.
pub const HEADER_NAME: &str = "x-amzn-trace-id";

/// Bytes of `key=value` parts beside Root, Parent and Sampled that are handed on; the SDK for
/// Node.js keeps as many.
const EXTRAS_LEN_MAX: usize = 256;

/// Whether the caller has decided to sample a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sampled {
    /// `0`: the trace is not recorded; the header still goes on.
    No,
    /// `1`: the trace is recorded.
    Yes,
    /// `?`: the callee decides and answers what it decided.
    Requested,
}

impl Sampled {
    const fn as_str(self) -> &'static str {
        match self {
            Self::No => "0",
            Self::Yes => "1",
            Self::Requested => "?",
        }
    }
}

/// What a trace header says. All parts are optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceHeader {
    /// The trace.
    pub root: Option<TraceId>,
    /// The caller's segment or subsegment.
    pub parent: Option<SegmentId>,
    /// The sampling decision; `None` when nobody has decided.
    pub sampled: Option<Sampled>,
    /// Other `key=value` parts, such as `Lineage`, in the order they came.
    pub extras: Vec<(String, String)>,
}

impl TraceHeader {
    /// Reads a header. What is not understood is skipped, never an error: a trace must not fail a
    /// call. Keys ignore case, spaces around parts are trimmed, the last of repeated keys wins, and
    /// `Self`, which load balancers write, is dropped.
    pub fn parse(text: &str) -> Self {
        let mut header = Self::default();
        let mut extras_len = 0;
        for part in text.split(';') {
            let Some((key, value)) = part.split_once('=') else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if key.eq_ignore_ascii_case("root") {
                header.root = value.parse().ok();
            } else if key.eq_ignore_ascii_case("parent") {
                header.parent = value.parse().ok();
            } else if key.eq_ignore_ascii_case("sampled") {
                header.sampled = match value {
                    "0" => Some(Sampled::No),
                    "1" => Some(Sampled::Yes),
                    "?" => Some(Sampled::Requested),
                    _ => None,
                };
            } else if !key.is_empty() && !key.eq_ignore_ascii_case("self") && is_visible(part) {
                extras_len += key.len() + 1 + value.len();
                if extras_len <= EXTRAS_LEN_MAX {
                    header.extras.push((key.to_owned(), value.to_owned()));
                }
            }
        }
        header
    }
}

/// Whether a part can stand in an HTTP header, where it is handed on.
fn is_visible(part: &str) -> bool {
    part.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

impl FromStr for TraceHeader {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text))
    }
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut part = |key: &str, value: &dyn fmt::Display| {
            let written = write!(f, "{separator}{key}={value}");
            separator = ";";
            written
        };
        if let Some(root) = self.root {
            part("Root", &root)?;
        }
        if let Some(parent) = self.parent {
            part("Parent", &parent)?;
        }
        if let Some(sampled) = self.sampled {
            part("Sampled", &sampled.as_str())?;
        }
        for (key, value) in &self.extras {
            part(key, value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    struct Vectors<T> {
        cases: Vec<T>,
    }

    #[derive(Deserialize)]
    struct ParseCase {
        header: String,
        recommended: Parts,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct Parts {
        root: Option<String>,
        parent: Option<String>,
        sampled: Option<String>,
        data: BTreeMap<String, String>,
    }

    impl From<&TraceHeader> for Parts {
        fn from(header: &TraceHeader) -> Self {
            Self {
                root: header.root.map(|id| id.to_string()),
                parent: header.parent.map(|id| id.to_string()),
                sampled: header.sampled.map(|sampled| sampled.as_str().to_owned()),
                data: header.extras.iter().cloned().collect(),
            }
        }
    }

    #[test]
    fn the_vectors_of_reading_hold() {
        let vectors: Vectors<ParseCase> =
            serde_json::from_str(include_str!("../tests/vectors/trace_header_parse.json")).unwrap();
        assert!(vectors.cases.len() > 20);
        for case in &vectors.cases {
            let header = TraceHeader::parse(&case.header);
            assert_eq!(Parts::from(&header), case.recommended, "{:?}", case.header);
        }
    }

    #[derive(Deserialize)]
    struct FormatCase {
        root: Option<TraceId>,
        parent: Option<String>,
        sampled: Option<bool>,
        data: BTreeMap<String, String>,
        expect: String,
    }

    #[test]
    fn the_vectors_of_writing_hold() {
        let vectors: Vectors<FormatCase> =
            serde_json::from_str(include_str!("../tests/vectors/trace_header_format.json"))
                .unwrap();
        for case in vectors.cases {
            let parent = case
                .parent
                .as_deref()
                .and_then(|id| id.parse::<SegmentId>().ok());
            let header = TraceHeader {
                root: case.root,
                parent,
                sampled: case
                    .sampled
                    .map(|yes| if yes { Sampled::Yes } else { Sampled::No }),
                extras: case.data.into_iter().collect(),
            };
            // Two cases name the parent `foo`, which X-Ray refuses: our type cannot hold it.
            let expect = case.expect.replace("Parent=foo;", "");
            assert_eq!(header.to_string(), expect);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(trace: u128, parent: u64, sampled in 0..4, value in "[a-z:=|]{0,20}") {
            let header = TraceHeader {
                root: Some(TraceId::from_w3c(trace)),
                parent: Some(SegmentId::from_bits(parent)),
                sampled: [None, Some(Sampled::No), Some(Sampled::Yes), Some(Sampled::Requested)][sampled as usize],
                extras: vec![("Lineage".to_owned(), value)],
            };
            proptest::prop_assert_eq!(TraceHeader::parse(&header.to_string()), header);
        }

        #[test]
        fn any_text_is_read_and_handed_on_as_a_legal_header(text: String, value: String) {
            let header = TraceHeader::parse(&text).to_string();
            proptest::prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let header = TraceHeader::parse(&format!("Lineage={value}")).to_string();
            proptest::prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
