//! What segments and subsegments have in common.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;

use super::{Cause, Exception, Http, Link, Subsegment};
use crate::clock::Timestamp;
use crate::id::SegmentId;
use crate::name::{ANNOTATION_LEN_MAX, legal_annotation_key, legal_name};

/// The namespace of metadata that names none.
const METADATA_DEFAULT: &str = "default";

/// What segments and subsegments have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The name, legal by [`crate::is_legal_name`].
    pub name: Cow<'static, str>,
    /// The id, unique within the trace.
    pub id: SegmentId,
    /// When it started.
    pub start_time: Timestamp,
    /// When it ended; `None` while it is in progress.
    pub end_time: Option<Timestamp>,
    /// The caller's mistake: a 4xx.
    pub error: bool,
    /// The caller was too fast: a 429. Stands together with `error`.
    pub throttle: bool,
    /// Our mistake: a 5xx, an exception, a job that failed.
    pub fault: bool,
    /// The exceptions behind a fault or an error.
    pub cause: Option<Cause>,
    /// The HTTP request and its response.
    pub http: Option<Box<Http>>,
    /// Keys and values that X-Ray indexes, at most 50 in a trace.
    pub annotations: Vec<(Cow<'static, str>, AnnotationValue)>,
    /// Anything else worth keeping, by namespace; not indexed.
    pub metadata: BTreeMap<Cow<'static, str>, BTreeMap<Cow<'static, str>, Value>>,
    /// The parts of its work that have ended.
    pub subsegments: Vec<Subsegment>,
    /// Other traces it belongs with, at most 20.
    pub links: Vec<Link>,
}

/// The value of an annotation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnnotationValue {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above [`i64::MAX`].
    Uint(u64),
    /// A finite number.
    Float(f64),
    /// A text of at most [`ANNOTATION_LEN_MAX`] characters.
    Text(Cow<'static, str>),
}

impl Entity {
    /// What begins at this time, with a new id. The name is made legal.
    ///
    /// Spans make entities by themselves; this is for work whose times are known otherwise, such as
    /// what happened before the process started.
    pub fn new(name: &str, start_time: Timestamp) -> Self {
        Self::start(legal_name(name).into_owned().into(), start_time)
    }

    pub(crate) fn start(name: Cow<'static, str>, start_time: Timestamp) -> Self {
        Self {
            name,
            id: SegmentId::random(),
            start_time,
            end_time: None,
            error: false,
            throttle: false,
            fault: false,
            cause: None,
            http: None,
            annotations: Vec::new(),
            metadata: BTreeMap::new(),
            subsegments: Vec::new(),
            links: Vec::new(),
        }
    }

    /// What is known of it while it is open, without what is beneath it. It has no end, although
    /// its span may have been left before.
    pub(super) fn in_progress(&self) -> Self {
        Self {
            name: self.name.clone(),
            id: self.id,
            start_time: self.start_time,
            end_time: None,
            error: self.error,
            throttle: self.throttle,
            fault: self.fault,
            cause: self.cause.clone(),
            http: self.http.clone(),
            annotations: self.annotations.clone(),
            metadata: self.metadata.clone(),
            subsegments: Vec::new(),
            links: self.links.clone(),
        }
    }

    /// Sets an annotation; the last value of a key stands. A text that is too long to be indexed
    /// and a number that JSON cannot write become metadata instead.
    pub fn annotate(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<AnnotationValue>,
    ) {
        let key = match key.into() {
            Cow::Borrowed(key) => legal_annotation_key(key),
            Cow::Owned(key) => Cow::Owned(legal_annotation_key(&key).into_owned()),
        };
        let value = match value.into() {
            AnnotationValue::Text(text)
                if text.len() > ANNOTATION_LEN_MAX && text.chars().count() > ANNOTATION_LEN_MAX =>
            {
                return self.add_metadata(METADATA_DEFAULT, key, text.into_owned().into());
            }
            AnnotationValue::Float(number) if !number.is_finite() => {
                return self.add_metadata(METADATA_DEFAULT, key, number.to_string().into());
            }
            value => value,
        };
        match self.annotations.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.annotations.push((key, value)),
        }
    }

    /// Sets a value of the metadata. The namespace `AWS.` is X-Ray's own.
    pub fn add_metadata(
        &mut self,
        namespace: impl Into<Cow<'static, str>>,
        key: impl Into<Cow<'static, str>>,
        value: Value,
    ) {
        let namespace = self.metadata.entry(namespace.into()).or_default();
        namespace.insert(key.into(), value);
    }

    /// Flags what an HTTP status means: 4xx an error, 429 also a throttle, 5xx a fault.
    pub fn flag_http_status(&mut self, status: u16) {
        match status {
            429 => (self.error, self.throttle) = (true, true),
            400..=499 => self.error = true,
            500..=599 => self.fault = true,
            _ => {}
        }
    }

    /// Makes it a fault caused by `error`, with all that caused it in turn.
    pub fn fail(&mut self, error: &(dyn Error + 'static)) {
        self.fault = true;
        self.add_exceptions(Exception::chain(error));
    }

    /// Adds exceptions to the cause, which flags nothing by itself.
    pub fn add_exceptions(&mut self, added: Vec<Exception>) {
        match &mut self.cause {
            Some(Cause::Exceptions { exceptions, .. }) => exceptions.extend(added),
            Some(Cause::Reference(_)) | None => {
                self.cause = Some(Cause::Exceptions {
                    working_directory: None,
                    paths: Vec::new(),
                    message: None,
                    exceptions: added,
                });
            }
        }
    }

    /// The request block, made when it is not there yet.
    pub fn http_mut(&mut self) -> &mut Http {
        self.http.get_or_insert_default()
    }

    pub(super) fn put<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("start_time", &self.start_time)?;
        match &self.end_time {
            Some(time) => map.serialize_entry("end_time", time)?,
            None => map.serialize_entry("in_progress", &true)?,
        }
        put_flag(map, "error", self.error)?;
        put_flag(map, "throttle", self.throttle)?;
        put_flag(map, "fault", self.fault)?;
        put_some(map, "cause", &self.cause)?;
        put_some(map, "http", &self.http)?;
        put(
            map,
            "annotations",
            &AsMap(&self.annotations),
            self.annotations.is_empty(),
        )?;
        put(map, "metadata", &self.metadata, self.metadata.is_empty())?;
        put(
            map,
            "subsegments",
            &self.subsegments,
            self.subsegments.is_empty(),
        )?;
        put(map, "links", &self.links, self.links.is_empty())
    }
}

/// Writes a list of pairs as a JSON object.
struct AsMap<'a>(&'a [(Cow<'static, str>, AnnotationValue)]);

impl Serialize for AsMap<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

pub(super) fn put<M: SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    value: &T,
    is_empty: bool,
) -> Result<(), M::Error> {
    if is_empty {
        return Ok(());
    }
    map.serialize_entry(key, value)
}

pub(super) fn put_some<M: SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    value: &Option<T>,
) -> Result<(), M::Error> {
    put(map, key, value, value.is_none())
}

pub(super) fn put_flag<M: SerializeMap>(
    map: &mut M,
    key: &str,
    value: bool,
) -> Result<(), M::Error> {
    put(map, key, &value, !value)
}

impl From<bool> for AnnotationValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for AnnotationValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for AnnotationValue {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u64> for AnnotationValue {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Uint(value), Self::Int)
    }
}

impl From<f64> for AnnotationValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<String> for AnnotationValue {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<&str> for AnnotationValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned().into())
    }
}
