//! A document as it leaves: the daemon's header line, then one segment or subsegment as JSON, in
//! one UDP datagram. One that is too large for it is split, and what is too large alone is trimmed.

mod split;
mod trim;

pub(crate) use split::split;
pub(crate) use trim::cut_note;

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};

use serde_json::Value;

use crate::id::{SegmentId, TraceId};
use crate::segment::{Segment, Subsegment};

/// What every datagram to the daemon starts with. The daemon splits at the first newline and takes
/// nothing but version 1 of format json.
pub const DATAGRAM_HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// The most bytes of a datagram: 65,535 less the headers of IPv4 and UDP.
pub const DATAGRAM_LEN_MAX: usize = 65_507;

/// What is sent in one datagram.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// A segment with the subsegments that are still in it.
    Segment(Box<Segment>),
    /// A subsegment that left before its segment, because there were so many.
    Subsegment {
        trace_id: TraceId,
        parent_id: SegmentId,
        subsegment: Box<Subsegment>,
    },
    /// Either one, cut to fit into a datagram.
    Trimmed(Box<Value>),
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Segment(segment) => segment.serialize(serializer),
            Self::Subsegment {
                trace_id,
                parent_id,
                subsegment,
            } => {
                let mut map = serializer.serialize_map(None)?;
                subsegment.put_apart(&mut map, *trace_id, *parent_id)?;
                map.end()
            }
            Self::Trimmed(json) => json.serialize(serializer),
        }
    }
}

impl Document {
    /// The name of what it holds, for a message about it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Segment(segment) => &segment.entity.name,
            Self::Subsegment { subsegment, .. } => &subsegment.entity.name,
            Self::Trimmed(json) => json["name"].as_str().unwrap_or_default(),
        }
    }

    /// Writes the whole datagram into `buffer`, whose old content goes.
    pub(crate) fn write_datagram(&self, buffer: &mut Vec<u8>) -> serde_json::Result<()> {
        buffer.clear();
        buffer.extend_from_slice(DATAGRAM_HEADER.as_bytes());
        serde_json::to_writer(buffer, self)
    }
}

/// The bytes of a value as JSON, which nobody keeps.
pub(crate) fn encoded_len(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    // The counter takes everything, and what cannot be encoded is found out when it is sent.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::segment::Entity;

    #[test]
    fn a_streamed_subsegment_names_its_trace_and_parent() {
        let schema: Value =
            serde_json::from_str(include_str!("../tests/vectors/segment_schema.json")).unwrap();
        let mut entity = Entity::start("step".into(), Timestamp::from_micros(1));
        entity.end_time = Some(Timestamp::from_micros(2));
        let document = Document::Subsegment {
            trace_id: TraceId::from_parts(1, 2),
            parent_id: SegmentId::from_bits(3),
            subsegment: Box::new(Subsegment {
                namespace: None,
                aws: None,
                sql: None,
                precursor_ids: Vec::new(),
                entity,
            }),
        };
        let mut datagram = vec![1, 2, 3];
        document.write_datagram(&mut datagram).unwrap();
        let text = String::from_utf8(datagram).unwrap();
        let (header, body) = text.split_once('\n').unwrap();
        assert_eq!(header, r#"{"format":"json","version":1}"#);
        let body: Value = serde_json::from_str(body).unwrap();
        assert!(
            jsonschema::validator_for(&schema).unwrap().is_valid(&body),
            "{body:#}"
        );
        assert_eq!(body["parent_id"], "0000000000000003");
        assert_eq!(body["type"], "subsegment");
    }
}
