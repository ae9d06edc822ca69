//! What a datagram must look like: a header line, then the document.
//!
//! `{"format":"json","version":1}`, a newline, the document up to the end. The rules are those of
//! the official daemon 3.6: `json` in any case, the integer 1, any other keys, any key case, any
//! order, white space of JSON around; nothing is asked of the document but that it is there.

use serde_json::{Map, Value};
use thiserror::Error;

/// What the official SDKs write; both spare the JSON parser.
const CANONICAL: [&[u8]; 2] = [
    b"{\"format\":\"json\",\"version\":1}\n",
    b"{\"format\": \"json\", \"version\": 1}\n",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum HeaderError {
    #[error("no newline after the header")]
    NoNewline,
    #[error("no document after the header")]
    NoDocument,
    #[error("the header is not a JSON object")]
    NotAnObject,
    #[error("the header's format is not `json`")]
    Format,
    #[error("the header's version is not 1")]
    Version,
}

/// The document of a datagram.
pub(crate) fn document(datagram: &[u8]) -> Result<&[u8], HeaderError> {
    let canonical = CANONICAL
        .iter()
        .find_map(|line| datagram.strip_prefix(*line));
    let document = match canonical {
        Some(document) => document,
        None => {
            let end = datagram
                .iter()
                .position(|&byte| byte == b'\n')
                .ok_or(HeaderError::NoNewline)?;
            check(&datagram[..end])?;
            &datagram[end + 1..]
        }
    };
    match document {
        [] => Err(HeaderError::NoDocument),
        document => Ok(document),
    }
}

fn check(line: &[u8]) -> Result<(), HeaderError> {
    let header: Map<String, Value> =
        serde_json::from_slice(line).map_err(|_| HeaderError::NotAnObject)?;
    let value = |name: &str| {
        let mut entries = header.iter();
        entries.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    };
    value("format")
        .and_then(Value::as_str)
        .filter(|format| format.eq_ignore_ascii_case("json"))
        .ok_or(HeaderError::Format)?;
    value("version")
        .and_then(Value::as_u64)
        .filter(|&version| version == 1)
        .ok_or(HeaderError::Version)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vectors_of_datagrams_hold() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/vectors/datagrams.json")).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let datagram = case["datagram"].as_str().unwrap();
            let answer = match document(datagram.as_bytes()) {
                Ok(document) => Value::from(std::str::from_utf8(document).unwrap()),
                Err(_) => Value::Null,
            };
            assert_eq!(answer, case["document"], "{}", case["case"]);
        }
    }

    #[test]
    fn a_refusal_names_its_reason() {
        let reason = |datagram: &[u8]| document(datagram).unwrap_err();
        assert_eq!(reason(b"x"), HeaderError::NoNewline);
        assert_eq!(reason(b"[]\nx"), HeaderError::NotAnObject);
        assert_eq!(reason(b"{\"version\":1}\nx"), HeaderError::Format);
        assert_eq!(reason(b"{\"format\":\"json\"}\nx"), HeaderError::Version);
        assert_eq!(reason(CANONICAL[0]), HeaderError::NoDocument);
    }

    proptest! {
        #[test]
        fn outside_bytes_never_panic(datagram: Vec<u8>) {
            let _ = document(&datagram);
        }

        #[test]
        fn the_document_is_all_after_the_first_newline(body in prop::collection::vec(any::<u8>(), 1..200)) {
            for line in CANONICAL.iter().chain([&&b"{\"Version\":1,\"FORMAT\":\"JSON\"}\r\n"[..]]) {
                let datagram = [line, &body[..]].concat();
                prop_assert_eq!(document(&datagram), Ok(&body[..]));
            }
        }
    }
}
