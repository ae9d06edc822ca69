//! The outline of an entity: what the service graph needs of it, in a compact form that is made
//! once when the document arrives, so that a graph of many traces parses no JSON.
//!
//! The form of one outline, in the order written; numbers are little-endian, texts have their
//! length as a LEB128 number before them:
//!
//! ```text
//! flags u8 | id u64 | parent u64, if any | start u64 | duration LEB128, if complete
//!          | service, if any: name, type, account
//! ```

use std::borrow::Cow;

use tracing_xray::{SegmentId, Timestamp};

use crate::document;
use crate::infer;

/// One segment or subsegment, as far as the graph needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outline<'a> {
    pub(crate) id: SegmentId,
    pub(crate) parent: Option<SegmentId>,
    pub(crate) kind: Kind,
    /// Arrived within another document, not as one of its own.
    pub(crate) nested: bool,
    pub(crate) start: Timestamp,
    /// Absent while in progress.
    pub(crate) end: Option<Timestamp>,
    pub(crate) outcome: Outcome,
    /// The service that sent the segment, or the service that the subsegment calls.
    pub(crate) service: Option<Service<'a>>,
    /// Its place among all entities of the trace's documents.
    pub(crate) place: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Segment,
    /// A subsegment within its service.
    Local,
    /// A subsegment that calls another service.
    Call,
}

/// How a request ended; where several flags are set, the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Ok,
    Error,
    Throttle,
    Fault,
}

/// What makes a node of the graph; type and account are empty where unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Service<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) kind: Cow<'a, str>,
    pub(crate) account: Cow<'a, str>,
}

impl Outline<'_> {
    pub(crate) fn is_segment(&self) -> bool {
        self.kind == Kind::Segment
    }

    /// Its end, or while in progress its start.
    pub(crate) fn last_seen(&self) -> Timestamp {
        self.end.unwrap_or(self.start)
    }

    /// Microseconds from start to end; absent while in progress.
    pub(crate) fn duration_us(&self) -> Option<u64> {
        let end = self.end?;
        Some(end.as_micros().saturating_sub(self.start.as_micros()))
    }
}

/// The outlines of a document and all nested in it; entities that lack an id or a start have none.
pub(crate) fn of_document<'a>(entity: &document::Entity<'a>) -> Vec<Outline<'a>> {
    let mut outlines = Vec::with_capacity(1 + entity.subsegments.len());
    let mut place = 0;
    entity.walk(&mut |entity, enclosing| {
        if let Some(mut outline) = of_entity(entity, enclosing) {
            outline.place = place;
            outlines.push(outline);
        }
        place += 1;
    });
    outlines
}

fn of_entity<'a>(
    entity: &document::Entity<'a>,
    enclosing: Option<&document::Entity<'a>>,
) -> Option<Outline<'a>> {
    let parent = enclosing.map_or_else(|| entity.parent_id(), document::Entity::id);
    let subsegment = enclosing.is_some() || entity.is_separate_subsegment();
    let service = if subsegment {
        infer::called_service(&entity.fields)
    } else {
        Some(infer::sending_service(&entity.fields))
    };
    let kind = match (subsegment, &service) {
        (false, _) => Kind::Segment,
        (true, Some(_)) => Kind::Call,
        (true, None) => Kind::Local,
    };
    Some(Outline {
        id: entity.id()?,
        parent,
        kind,
        nested: enclosing.is_some(),
        start: entity.start()?,
        end: entity.end(),
        outcome: outcome(&entity.fields),
        service,
        place: 0,
    })
}

/// The flags decide; where none is set, the status of the HTTP response.
pub(crate) fn outcome(fields: &document::Fields<'_>) -> Outcome {
    if fields.flag("fault") {
        return Outcome::Fault;
    }
    if fields.flag("throttle") {
        return Outcome::Throttle;
    }
    if fields.flag("error") {
        return Outcome::Error;
    }
    let status = fields.object("http").object("response").number("status");
    match status.unwrap_or_default() as u16 {
        429 => Outcome::Throttle,
        400..=499 => Outcome::Error,
        500..=599 => Outcome::Fault,
        _ => Outcome::Ok,
    }
}

const HAS_PARENT: u8 = 1;
const NESTED: u8 = 1 << 1;
const COMPLETE: u8 = 1 << 2;
const HAS_SERVICE: u8 = 1 << 3;
const SEGMENT: u8 = 1 << 4;
const OUTCOME_SHIFT: u8 = 6;

/// Appends the outline's bytes.
pub(crate) fn encode(outline: &Outline<'_>, out: &mut Vec<u8>) {
    let mut flags = (outline.outcome as u8) << OUTCOME_SHIFT;
    for (flag, set) in [
        (HAS_PARENT, outline.parent.is_some()),
        (NESTED, outline.nested),
        (COMPLETE, outline.end.is_some()),
        (HAS_SERVICE, outline.service.is_some()),
        (SEGMENT, outline.is_segment()),
    ] {
        flags |= if set { flag } else { 0 };
    }
    out.push(flags);
    out.extend(outline.id.to_bits().to_le_bytes());
    if let Some(parent) = outline.parent {
        out.extend(parent.to_bits().to_le_bytes());
    }
    out.extend(outline.start.as_micros().to_le_bytes());
    if let Some(duration) = outline.duration_us() {
        encode_number(duration, out);
    }
    if let Some(service) = &outline.service {
        for text in [&service.name, &service.kind, &service.account] {
            encode_number(text.len() as u64, out);
            out.extend(text.as_bytes());
        }
    }
}

fn encode_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends the outlines in `bytes`, the outlines of one or more documents. Bytes that nobody here
/// wrote end the reading.
pub(crate) fn decode<'a>(mut bytes: &'a [u8], outlines: &mut Vec<Outline<'a>>) {
    while let Some(outline) = decode_one(&mut bytes, outlines.len()) {
        outlines.push(outline);
    }
}

fn decode_one<'a>(bytes: &mut &'a [u8], place: usize) -> Option<Outline<'a>> {
    let (&flags, rest) = bytes.split_first()?;
    *bytes = rest;
    let has = |flag| flags & flag != 0;
    let id = SegmentId::from_bits(decode_u64(bytes)?);
    let parent = if has(HAS_PARENT) {
        Some(SegmentId::from_bits(decode_u64(bytes)?))
    } else {
        None
    };
    let start = decode_u64(bytes)?;
    let end = if has(COMPLETE) {
        Some(start.saturating_add(decode_number(bytes)?))
    } else {
        None
    };
    let service = if has(HAS_SERVICE) {
        Some(Service {
            name: decode_text(bytes)?,
            kind: decode_text(bytes)?,
            account: decode_text(bytes)?,
        })
    } else {
        None
    };
    let kind = match (has(SEGMENT), has(HAS_SERVICE)) {
        (true, _) => Kind::Segment,
        (false, true) => Kind::Call,
        (false, false) => Kind::Local,
    };
    let outcomes = [
        Outcome::Ok,
        Outcome::Error,
        Outcome::Throttle,
        Outcome::Fault,
    ];
    Some(Outline {
        id,
        parent,
        kind,
        nested: has(NESTED),
        start: Timestamp::from_micros(start),
        end: end.map(Timestamp::from_micros),
        outcome: outcomes[usize::from(flags >> OUTCOME_SHIFT)],
        service,
        place,
    })
}

fn decode_u64(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

fn decode_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn decode_text<'a>(bytes: &mut &'a [u8]) -> Option<Cow<'a, str>> {
    let length = usize::try_from(decode_number(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(String::from_utf8_lossy(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_flags_give_the_worst_outcome_and_the_status_only_without_flags() {
        for (fields, expected) in [
            (r#"{"error":true,"fault":true}"#, Outcome::Fault),
            (r#"{"error":true,"throttle":true}"#, Outcome::Throttle),
            (
                r#"{"error":true,"http":{"response":{"status":500}}}"#,
                Outcome::Error,
            ),
            (r#"{"http":{"response":{"status":"503"}}}"#, Outcome::Fault),
            (r#"{"http":{"response":{"status":429}}}"#, Outcome::Throttle),
            (r#"{"fault":"true","http":7}"#, Outcome::Ok),
        ] {
            let entity = document::Entity::parse(fields).unwrap();
            assert_eq!(outcome(&entity.fields), expected, "{fields}");
        }
    }

    proptest::proptest! {
        #[test]
        fn outlines_read_back_what_they_write(
            ids in proptest::collection::vec((0u64.., proptest::option::of(0u64..)), 0..5),
            start in 0u64..=u64::MAX / 2,
            duration in proptest::option::of(0u64..=u64::MAX / 2),
            service in proptest::option::of(("\\PC{0,200}", "\\PC*", "[0-9]*")),
            outcome in 0usize..4,
            nested: bool,
            segment: bool,
        ) {
            let service = service.map(|(name, kind, account)| Service {
                name: name.into(), kind: kind.into(), account: account.into(),
            });
            let kind = match (segment, &service) {
                (true, _) => Kind::Segment,
                (false, Some(_)) => Kind::Call,
                (false, None) => Kind::Local,
            };
            let outlines: Vec<_> = ids.into_iter().enumerate().map(|(place, (id, parent))| Outline {
                id: SegmentId::from_bits(id),
                parent: parent.map(SegmentId::from_bits),
                kind,
                nested,
                start: Timestamp::from_micros(start),
                end: duration.map(|duration| Timestamp::from_micros(start + duration)),
                outcome: [Outcome::Ok, Outcome::Error, Outcome::Throttle, Outcome::Fault][outcome],
                service: service.clone(),
                place,
            }).collect();
            let mut bytes = Vec::new();
            outlines.iter().for_each(|outline| encode(outline, &mut bytes));
            let mut read = Vec::new();
            decode(&bytes, &mut read);
            proptest::prop_assert_eq!(read, outlines);
        }

        #[test]
        fn any_bytes_decode_to_something(bytes: Vec<u8>) {
            decode(&bytes, &mut Vec::new());
        }
    }
}
