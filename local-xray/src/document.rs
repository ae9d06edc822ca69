//! Segment documents as they arrive: parsed tolerantly and without a copy, so that what is stored
//! and shown again is what was sent.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing_xray::{SegmentId, Timestamp};

mod strict;
mod validate;

pub(crate) use strict::push_strict;
pub use validate::UnprocessedTraceSegment;
pub(crate) use validate::{Accepted, accept};

/// How deep arrays and objects may be nested in a document. Readers of JSON commonly stop at 128
/// levels.
pub(crate) const LEVELS_MAX: usize = 127;

/// When the year 9999 begins, in seconds since the epoch. Python, and boto3 with it, fails on later
/// times, and so on a whole page of traces over one document with its times in milliseconds.
pub(crate) const SECONDS_END: u64 = 253_370_764_800;

/// How deep arrays and objects are nested in JSON.
fn levels(json: &str) -> usize {
    let (mut level, mut deepest): (usize, usize) = (0, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                level += 1;
                deepest = deepest.max(level);
            }
            b'}' | b']' if !in_text => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether arrays and objects are nested deeper than `max`.
fn is_deeper(json: &str, max: usize) -> bool {
    // Counting is much faster, and mostly enough.
    let opened = json.bytes().filter(|byte| matches!(byte, b'{' | b'['));
    opened.count() > max && levels(json) > max
}

/// A JSON object as its members in the order sent, each value still as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A segment or subsegment: its own members, and the subsegments nested in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entity<'a> {
    pub(crate) fields: Fields<'a>,
    pub(crate) subsegments: Vec<Entity<'a>>,
}

impl<'a> Entity<'a> {
    /// Reads a document. JSON that is no object gives an entity without members.
    pub(crate) fn parse(document: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(document)
    }

    /// The entity and all nested in it, each before its own subsegments.
    pub(crate) fn walk<'s>(&'s self, visit: &mut impl FnMut(&'s Self, Option<&'s Self>)) {
        fn below<'s, 'a>(
            entity: &'s Entity<'a>,
            parent: Option<&'s Entity<'a>>,
            visit: &mut impl FnMut(&'s Entity<'a>, Option<&'s Entity<'a>>),
        ) {
            visit(entity, parent);
            for subsegment in &entity.subsegments {
                below(subsegment, Some(entity), visit);
            }
        }
        // The parser refuses documents nested deeper than 128 levels.
        below(self, None, visit);
    }

    /// Its id, if it is one.
    pub(crate) fn id(&self) -> Option<SegmentId> {
        self.fields.text("id")?.parse().ok()
    }

    /// Whether it is a subsegment that was sent on its own.
    pub(crate) fn is_separate_subsegment(&self) -> bool {
        self.fields
            .text("type")
            .is_some_and(|kind| kind == "subsegment")
    }

    /// The id of its parent; what is no id is taken as none.
    pub(crate) fn parent_id(&self) -> Option<SegmentId> {
        self.fields.text("parent_id")?.parse().ok()
    }

    pub(crate) fn start(&self) -> Option<Timestamp> {
        self.fields.time("start_time")
    }

    /// Its end; an entity in progress has none.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        if self.fields.flag("in_progress") {
            return None;
        }
        self.fields.time("end_time")
    }
}

impl<'a> Fields<'a> {
    /// The last member of that name, other than `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().rev().find(|(member, _)| member == name)?;
        (value.get() != "null").then_some(*value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    pub(crate) fn into_members(self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.0.into_iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether arrays and objects in it are nested deeper than `max`.
    pub(crate) fn is_deeper(&self, max: usize) -> bool {
        self.0.iter().any(|(_, value)| is_deeper(value.get(), max))
    }

    /// The member as text, if it is text.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.get(name)?)
    }

    /// The member as text that is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<Cow<'a, str>> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Whether the member is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.get() == "true")
    }

    /// The member as a number, which some SDKs send as text.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        let value = self.get(name)?.get();
        value.trim_matches('"').parse().ok()
    }

    /// The member as a time in seconds since the epoch, in a year of four digits.
    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        time(self.get(name)?.get())
    }

    /// The member as an object; empty when it is none.
    pub(crate) fn object(&self, name: &str) -> Fields<'a> {
        let value = self.get(name).map(RawValue::get);
        value.and_then(fields).unwrap_or_default()
    }

    /// The objects in the member, if it is an array.
    pub(crate) fn objects(&self, name: &str) -> Vec<Fields<'a>> {
        let values = self.array(name);
        values
            .iter()
            .filter_map(|value| fields(value.get()))
            .collect()
    }

    /// The first text in the member, if it is an array.
    pub(crate) fn first_text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.array(name).first().and_then(|value| text(value))
    }

    fn array(&self, name: &str) -> Vec<&'a RawValue> {
        let value = self.get(name).map(RawValue::get);
        value
            .and_then(|value| serde_json::from_str(value).ok())
            .unwrap_or_default()
    }
}

/// A number, or text that holds one, as a time.
fn time(json: &str) -> Option<Timestamp> {
    let time: Timestamp = serde_json::from_str(json.trim_matches('"')).ok()?;
    (time.as_secs() < SECONDS_END).then_some(time)
}

/// The time that a member of a segment document holds, in seconds since the epoch: a number, or
/// text that holds one, as some SDKs send it; at least 0, in a year of four digits. X-Ray refuses
/// documents without such times; what is no such time is none.
pub fn seconds(value: &Value) -> Option<f64> {
    let is_scalar = matches!(value, Value::Number(_) | Value::String(_));
    is_scalar
        .then(|| time(&value.to_string()))?
        .map(Timestamp::as_secs_f64)
}

/// The value as text, if it is text.
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value.get())
        .ok()
        .map(|text| text.0)
}

fn fields(value: &str) -> Option<Fields<'_>> {
    value
        .starts_with('{')
        .then(|| serde_json::from_str(value).ok())?
}

/// Text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Entity::deserialize_with(deserializer, false)?.fields)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize_with(deserializer, true)
    }
}

impl<'a> Entity<'a> {
    fn deserialize_with<'de: 'a, D: Deserializer<'de>>(
        deserializer: D,
        nested: bool,
    ) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntityVisitor {
            nested,
            borrows: PhantomData,
        })
    }
}

/// Reads an object; with `nested`, the subsegments in it become entities of their own. What is no
/// object becomes an entity without members.
struct EntityVisitor<'a> {
    nested: bool,
    borrows: PhantomData<&'a ()>,
}

/// Whatever is neither array nor object is taken as if it were empty.
macro_rules! scalars_are {
    ($empty:expr) => {
        scalars_are!($empty, visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }
    };
    ($empty:expr, $($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok($empty)
        })*
    };
}

impl<'de: 'a, 'a> Visitor<'de> for EntityVisitor<'a> {
    type Value = Entity<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a segment document")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut entity = Entity::default();
        while let Some(Text(name)) = map.next_key()? {
            if self.nested && name == "subsegments" {
                entity.subsegments = map.next_value::<Subsegments<'a>>()?.0;
            } else {
                entity.fields.0.push((name, map.next_value()?));
            }
        }
        Ok(entity)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entity::default())
    }

    scalars_are!(Entity::default());
}

/// The member `subsegments`: an array of entities, or nothing.
struct Subsegments<'a>(Vec<Entity<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Subsegments<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SubsegmentsVisitor(PhantomData))
    }
}

struct SubsegmentsVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for SubsegmentsVisitor<'a> {
    type Value = Subsegments<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of subsegments")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        let mut subsegments = Vec::new();
        while let Some(entity) = seq.next_element()? {
            subsegments.push(entity);
        }
        Ok(Subsegments(subsegments))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Subsegments(Vec::new()))
    }

    scalars_are!(Subsegments(Vec::new()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_alike_from_a_field_and_from_a_value() {
        for (json, expected) in [
            ("1763790000.25", Some(1_763_790_000.25)),
            ("\"1763790000\"", Some(1_763_790_000.0)),
            ("0", Some(0.0)),
            ("-1", None),
            ("1763790000500", None),
            ("\"soon\"", None),
            ("\"\"", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            ("{}", None),
        ] {
            let document = format!("{{\"start_time\":{json}}}");
            let field = Entity::parse(&document).unwrap().start();
            assert_eq!(field.map(Timestamp::as_secs_f64), expected, "{json}");
            assert_eq!(
                seconds(&serde_json::from_str(json).unwrap()),
                expected,
                "{json}"
            );
        }
    }
}
