//! The outline of an entity: what the service graph needs of it, in a compact form that is made
//! once when the document arrives, so that a graph of many traces parses no JSON.
//!
//! The form of one outline, in the order written:
//!
//! ```text
//! flags u8 | id u64 | parent u64, if any | start u64 | duration, if complete
//!          | service, if any: name, type, account | links, if any: trace id, id, whether to a parent
//! ```

use std::borrow::Cow;

use tracing_xray::{SegmentId, Timestamp, TraceId};

use crate::document;
use crate::facts::Facts;
use crate::infer;
use crate::packed::{Reader, put_number, put_text, put_u64};

/// How many links of an entity count: what X-Ray takes of a segment.
pub(crate) const LINKS_MAX: usize = 20;

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
    pub(crate) links: Vec<Link>,
    /// Its place among all entities of the trace's documents.
    pub(crate) place: usize,
}

/// A segment of another trace that an entity names, as a message names who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) trace_id: TraceId,
    pub(crate) id: SegmentId,
    /// Whether the one named came before; otherwise it came of this one.
    pub(crate) to_parent: bool,
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

impl Service<'_> {
    /// How many bytes it takes to name it.
    pub(crate) fn text_len(&self) -> usize {
        self.name.len() + self.kind.len() + self.account.len()
    }
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

/// The outlines and facts of a document and all nested in it; entities that lack an id or a start
/// have none.
pub(crate) fn of_document<'a>(entity: &document::Entity<'a>) -> Vec<(Outline<'a>, Facts<'a>)> {
    let mut outlines = Vec::with_capacity(1 + entity.subsegments.len());
    let mut place = 0;
    entity.walk(&mut |entity, enclosing| {
        if let Some((mut outline, facts)) = of_entity(entity, enclosing) {
            outline.place = place;
            outlines.push((outline, facts));
        }
        place += 1;
    });
    outlines
}

fn of_entity<'a>(
    entity: &document::Entity<'a>,
    enclosing: Option<&document::Entity<'a>>,
) -> Option<(Outline<'a>, Facts<'a>)> {
    let parent = enclosing.map_or_else(|| entity.parent_id(), document::Entity::id);
    let subsegment = enclosing.is_some() || entity.is_separate_subsegment();
    let aws = entity.fields.object("aws");
    let facts = Facts::of(&entity.fields, &aws);
    let service = if subsegment {
        infer::called_service(&entity.fields, &aws)
    } else {
        Some(infer::sending_service(&entity.fields, &aws))
    };
    let kind = match (subsegment, &service) {
        (false, _) => Kind::Segment,
        (true, Some(_)) => Kind::Call,
        (true, None) => Kind::Local,
    };
    let outline = Outline {
        id: entity.id()?,
        parent,
        kind,
        nested: enclosing.is_some(),
        start: entity.start()?,
        end: entity.end(),
        outcome: outcome(&facts),
        service,
        links: links(&entity.fields),
        place: 0,
    };
    Some((outline, facts))
}

/// The flags decide; where none is set, the status of the HTTP response.
fn outcome(facts: &Facts<'_>) -> Outcome {
    if facts.flags.fault {
        return Outcome::Fault;
    }
    if facts.flags.throttle {
        return Outcome::Throttle;
    }
    if facts.flags.error {
        return Outcome::Error;
    }
    match facts.http.status {
        Some(429) => Outcome::Throttle,
        Some(400..=499) => Outcome::Error,
        Some(500..=599) => Outcome::Fault,
        _ => Outcome::Ok,
    }
}

/// Links as X-Ray documents carry them, the first twenty; those without ids are none.
fn links(fields: &document::Fields<'_>) -> Vec<Link> {
    let links = fields.objects("links").into_iter().filter_map(|link| {
        let attributes = link.object("attributes");
        let reference = attributes.text("aws.xray.reserved.reference_type");
        Some(Link {
            trace_id: link.text("trace_id")?.parse().ok()?,
            id: link.text("id")?.parse().ok()?,
            to_parent: reference.is_none_or(|reference| reference != "child"),
        })
    });
    links.take(LINKS_MAX).collect()
}

const HAS_PARENT: u8 = 1;
const NESTED: u8 = 1 << 1;
const COMPLETE: u8 = 1 << 2;
const HAS_SERVICE: u8 = 1 << 3;
const SEGMENT: u8 = 1 << 4;
const HAS_LINKS: u8 = 1 << 5;
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
        (HAS_LINKS, !outline.links.is_empty()),
    ] {
        flags |= if set { flag } else { 0 };
    }
    out.push(flags);
    put_u64(outline.id.to_bits(), out);
    if let Some(parent) = outline.parent {
        put_u64(parent.to_bits(), out);
    }
    put_u64(outline.start.as_micros(), out);
    if let Some(duration) = outline.duration_us() {
        put_number(duration, out);
    }
    if let Some(service) = &outline.service {
        for text in [&service.name, &service.kind, &service.account] {
            put_text(text, out);
        }
    }
    if !outline.links.is_empty() {
        put_number(outline.links.len() as u64, out);
        for link in &outline.links {
            out.extend(link.trace_id.to_w3c().to_le_bytes());
            put_u64(link.id.to_bits(), out);
            out.push(u8::from(link.to_parent));
        }
    }
}

/// Appends the outlines in `bytes`, the outlines of one or more documents. Bytes that nobody here
/// wrote end the reading.
pub(crate) fn decode<'a>(bytes: &'a [u8], outlines: &mut Vec<Outline<'a>>) {
    let mut reader = Reader::new(bytes);
    while let Some(outline) = decode_one(&mut reader, outlines.len()) {
        outlines.push(outline);
    }
}

/// The first outline in `bytes`: that of the document itself.
pub(crate) fn decode_first(bytes: &[u8]) -> Option<Outline<'_>> {
    decode_one(&mut Reader::new(bytes), 0)
}

fn decode_one<'a>(reader: &mut Reader<'a>, place: usize) -> Option<Outline<'a>> {
    let flags = reader.byte()?;
    let has = |flag| flags & flag != 0;
    let id = SegmentId::from_bits(reader.u64()?);
    let parent = if has(HAS_PARENT) {
        Some(SegmentId::from_bits(reader.u64()?))
    } else {
        None
    };
    let start = reader.u64()?;
    let end = if has(COMPLETE) {
        Some(start.saturating_add(reader.number()?))
    } else {
        None
    };
    let service = if has(HAS_SERVICE) {
        Some(Service {
            name: reader.text()?,
            kind: reader.text()?,
            account: reader.text()?,
        })
    } else {
        None
    };
    let links = if has(HAS_LINKS) {
        reader.list(|reader| {
            Some(Link {
                trace_id: TraceId::from_w3c(u128::from_le_bytes(reader.array()?)),
                id: SegmentId::from_bits(reader.u64()?),
                to_parent: reader.byte()? != 0,
            })
        })?
    } else {
        Vec::new()
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
        links,
        place,
    })
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
            let facts = Facts::of(&entity.fields, &entity.fields.object("aws"));
            assert_eq!(outcome(&facts), expected, "{fields}");
        }
    }

    #[test]
    fn of_many_links_the_first_twenty_count() {
        let link = |id: usize| {
            serde_json::json!({
                "trace_id": "1-69214cb0-000000000000000000000001", "id": format!("{id:016x}"),
            })
        };
        // Those that are none count for nothing.
        let links: Vec<_> = std::iter::repeat_n(serde_json::json!({}), 30)
            .chain((1..100).map(link))
            .collect();
        let document = serde_json::json!({ "links": links }).to_string();
        let entity = document::Entity::parse(&document).unwrap();
        let found = super::links(&entity.fields).into_iter();
        let found: Vec<_> = found.map(|link| link.id.to_bits()).collect();
        assert_eq!(found, (1..=20).collect::<Vec<_>>());
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
            links in proptest::collection::vec((0u128.., 0u64.., proptest::bool::ANY), 0..3),
        ) {
            let links: Vec<_> = links.into_iter().map(|(trace_id, id, to_parent)| Link {
                trace_id: TraceId::from_w3c(trace_id), id: SegmentId::from_bits(id), to_parent,
            }).collect();
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
                links: links.clone(),
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
