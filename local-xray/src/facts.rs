//! What an entity tells beyond its outline, as far as filters and summaries look at it: in a compact
//! form of its own, so that neither parses JSON, and graphs, which need none of it, read past it.
//!
//! The facts of a document's entities stand in the order of their outlines. One entity's, in the
//! order written:
//!
//! ```text
//! flags u8 | name | http, if any: parts u8, status, texts | annotations, if any | exceptions, if any
//!          | identity, if any: parts u8, texts
//! ```

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::document::Fields;
use crate::packed::{Reader, put_number, put_text, put_u64};

/// What an entity tells beyond its outline.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts<'a> {
    /// Its name as it was sent.
    pub(crate) name: Cow<'a, str>,
    /// How it ended, as it was sent: several may be set.
    pub(crate) flags: Flags,
    /// It was sent as an inferred segment.
    pub(crate) inferred: bool,
    pub(crate) user: Option<Cow<'a, str>>,
    pub(crate) resource_arn: Option<Cow<'a, str>>,
    pub(crate) instance_id: Option<Cow<'a, str>>,
    pub(crate) availability_zone: Option<Cow<'a, str>>,
    pub(crate) http: Http<'a>,
    /// In the order sent; keys may be there twice.
    pub(crate) annotations: Vec<(Cow<'a, str>, AnnotationValue<'a>)>,
    pub(crate) exceptions: Vec<Exception<'a>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) error: bool,
    pub(crate) fault: bool,
    pub(crate) throttle: bool,
}

/// The request and how it was answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Http<'a> {
    pub(crate) url: Option<Cow<'a, str>>,
    pub(crate) method: Option<Cow<'a, str>>,
    pub(crate) user_agent: Option<Cow<'a, str>>,
    pub(crate) client_ip: Option<Cow<'a, str>>,
    pub(crate) status: Option<i64>,
}

/// The value of an annotation: values of different types are never equal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) enum AnnotationValue<'a> {
    #[serde(rename = "StringValue")]
    Text(Cow<'a, str>),
    #[serde(rename = "NumberValue")]
    Number(f64),
    #[serde(rename = "BooleanValue")]
    Boolean(bool),
}

/// An exception of an entity's cause.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Exception<'a> {
    /// Its type, which the API calls its name.
    pub(crate) name: Cow<'a, str>,
    pub(crate) message: Cow<'a, str>,
}

impl<'a> Facts<'a> {
    /// Of an entity that tells nothing.
    pub(crate) const NONE: Self = Self {
        name: Cow::Borrowed(""),
        flags: Flags {
            error: false,
            fault: false,
            throttle: false,
        },
        inferred: false,
        user: None,
        resource_arn: None,
        instance_id: None,
        availability_zone: None,
        http: Http {
            url: None,
            method: None,
            user_agent: None,
            client_ip: None,
            status: None,
        },
        annotations: Vec::new(),
        exceptions: Vec::new(),
    };

    /// Reads the facts of an entity whose member `aws` the caller has read.
    pub(crate) fn of(fields: &Fields<'a>, aws: &Fields<'a>) -> Self {
        let ec2 = aws.object("ec2");
        let annotations = fields.object("annotations");
        let exceptions = fields.object("cause").objects("exceptions").into_iter();
        Self {
            name: fields.text("name").unwrap_or_default(),
            flags: Flags {
                error: fields.flag("error"),
                fault: fields.flag("fault"),
                throttle: fields.flag("throttle"),
            },
            inferred: fields.flag("inferred"),
            user: fields.filled("user"),
            resource_arn: fields.filled("resource_arn"),
            instance_id: ec2.filled("instance_id"),
            availability_zone: ec2.filled("availability_zone"),
            http: Http::of(&fields.object("http")),
            annotations: annotations
                .into_members()
                .filter_map(|(key, value)| Some((key, AnnotationValue::of(value)?)))
                .collect(),
            exceptions: exceptions
                .map(|exception| Exception {
                    name: exception.text("type").unwrap_or_default(),
                    message: exception.text("message").unwrap_or_default(),
                })
                .collect(),
        }
    }
}

/// The statuses that can be told: an integer of the API has 32 bits, and SDKs refuse a whole answer
/// over a larger one.
const STATUSES: RangeInclusive<f64> = i32::MIN as f64..=i32::MAX as f64;

impl<'a> Http<'a> {
    fn of(http: &Fields<'a>) -> Self {
        if http.is_empty() {
            return Self::default();
        }
        let request = http.object("request");
        let status = http.object("response").number("status");
        Self {
            url: request.filled("url"),
            method: request.filled("method"),
            user_agent: request.filled("user_agent"),
            client_ip: request.filled("client_ip"),
            status: status
                .filter(|status| STATUSES.contains(status))
                .map(|status| status as i64),
        }
    }
}

impl<'a> AnnotationValue<'a> {
    pub(crate) fn into_owned(self) -> AnnotationValue<'static> {
        match self {
            Self::Text(text) => AnnotationValue::Text(text.into_owned().into()),
            Self::Number(number) => AnnotationValue::Number(number),
            Self::Boolean(boolean) => AnnotationValue::Boolean(boolean),
        }
    }

    fn of(value: &'a RawValue) -> Option<Self> {
        if value.get().starts_with('"') {
            return crate::document::text(value).map(Self::Text);
        }
        match serde_json::from_str(value.get()).ok()? {
            Value::Number(number) => number.as_f64().map(Self::Number),
            Value::Bool(boolean) => Some(Self::Boolean(boolean)),
            Value::Null | Value::Array(_) | Value::Object(_) | Value::String(_) => None,
        }
    }
}

const ERROR: u8 = 1;
const FAULT: u8 = 1 << 1;
const THROTTLE: u8 = 1 << 2;
const INFERRED: u8 = 1 << 3;
const HAS_HTTP: u8 = 1 << 4;
const HAS_ANNOTATIONS: u8 = 1 << 5;
const HAS_EXCEPTIONS: u8 = 1 << 6;
const HAS_IDENTITY: u8 = 1 << 7;

/// The tags of an annotation's value.
const TEXT: u8 = 0;
const NUMBER: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;

/// Appends the facts' bytes.
pub(crate) fn encode(facts: &Facts<'_>, out: &mut Vec<u8>) {
    let http = [
        &facts.http.url,
        &facts.http.method,
        &facts.http.user_agent,
        &facts.http.client_ip,
    ];
    let identity = [
        &facts.user,
        &facts.resource_arn,
        &facts.instance_id,
        &facts.availability_zone,
    ];
    let has_http = facts.http.status.is_some() || http.iter().any(|part| part.is_some());
    let has_identity = identity.iter().any(|part| part.is_some());
    let mut flags = 0;
    for (flag, set) in [
        (ERROR, facts.flags.error),
        (FAULT, facts.flags.fault),
        (THROTTLE, facts.flags.throttle),
        (INFERRED, facts.inferred),
        (HAS_HTTP, has_http),
        (HAS_ANNOTATIONS, !facts.annotations.is_empty()),
        (HAS_EXCEPTIONS, !facts.exceptions.is_empty()),
        (HAS_IDENTITY, has_identity),
    ] {
        flags |= if set { flag } else { 0 };
    }
    out.push(flags);
    put_text(&facts.name, out);
    if has_http {
        put_parts(http, u8::from(facts.http.status.is_some()) << 4, out);
        if let Some(status) = facts.http.status {
            put_number(status.cast_unsigned(), out);
        }
    }
    if !facts.annotations.is_empty() {
        put_number(facts.annotations.len() as u64, out);
        for (key, value) in &facts.annotations {
            put_text(key, out);
            put_annotation_value(value, out);
        }
    }
    if !facts.exceptions.is_empty() {
        put_number(facts.exceptions.len() as u64, out);
        for exception in &facts.exceptions {
            put_text(&exception.name, out);
            put_text(&exception.message, out);
        }
    }
    if has_identity {
        put_parts(identity, 0, out);
    }
}

fn put_annotation_value(value: &AnnotationValue<'_>, out: &mut Vec<u8>) {
    match value {
        AnnotationValue::Text(text) => {
            out.push(TEXT);
            put_text(text, out);
        }
        AnnotationValue::Number(number) => {
            out.push(NUMBER);
            put_u64(number.to_bits(), out);
        }
        AnnotationValue::Boolean(false) => out.push(FALSE),
        AnnotationValue::Boolean(true) => out.push(TRUE),
    }
}

/// A byte that says which parts are there, with `more` bits, and those parts.
fn put_parts(parts: [&Option<Cow<'_, str>>; 4], more: u8, out: &mut Vec<u8>) {
    let mut there = more;
    for (place, part) in parts.iter().enumerate() {
        there |= u8::from(part.is_some()) << place;
    }
    out.push(there);
    for part in parts.into_iter().flatten() {
        put_text(part, out);
    }
}

/// Appends the facts in `bytes`, those of one or more documents. Bytes that nobody here wrote end
/// the reading.
pub(crate) fn decode<'a>(bytes: &'a [u8], facts: &mut Vec<Facts<'a>>) {
    let mut reader = Reader::new(bytes);
    while let Some(read) = decode_one(&mut reader) {
        facts.push(read);
    }
}

/// The first facts in `bytes`: those of the document itself.
pub(crate) fn decode_first(bytes: &[u8]) -> Option<Facts<'_>> {
    decode_one(&mut Reader::new(bytes))
}

fn decode_one<'a>(reader: &mut Reader<'a>) -> Option<Facts<'a>> {
    let flags = reader.byte()?;
    let has = |flag| flags & flag != 0;
    let mut facts = Facts {
        name: reader.text()?,
        flags: Flags {
            error: has(ERROR),
            fault: has(FAULT),
            throttle: has(THROTTLE),
        },
        inferred: has(INFERRED),
        ..Facts::default()
    };
    if has(HAS_HTTP) {
        let (more, [url, method, user_agent, client_ip]) = parts(reader)?;
        facts.http = Http {
            url,
            method,
            user_agent,
            client_ip,
            status: match more {
                0 => None,
                _ => Some(reader.number()?.cast_signed()),
            },
        };
    }
    if has(HAS_ANNOTATIONS) {
        facts.annotations = reader.list(|reader| {
            let key = reader.text()?;
            Some((key, annotation_value(reader)?))
        })?;
    }
    if has(HAS_EXCEPTIONS) {
        facts.exceptions = reader.list(|reader| {
            Some(Exception {
                name: reader.text()?,
                message: reader.text()?,
            })
        })?;
    }
    if has(HAS_IDENTITY) {
        let (_, identity) = parts(reader)?;
        [
            facts.user,
            facts.resource_arn,
            facts.instance_id,
            facts.availability_zone,
        ] = identity;
    }
    Some(facts)
}

fn annotation_value<'a>(reader: &mut Reader<'a>) -> Option<AnnotationValue<'a>> {
    Some(match reader.byte()? {
        TEXT => AnnotationValue::Text(reader.text()?),
        NUMBER => AnnotationValue::Number(f64::from_bits(reader.u64()?)),
        FALSE => AnnotationValue::Boolean(false),
        TRUE => AnnotationValue::Boolean(true),
        _ => return None,
    })
}

type Parts<'a> = [Option<Cow<'a, str>>; 4];

fn parts<'a>(reader: &mut Reader<'a>) -> Option<(u8, Parts<'a>)> {
    let there = reader.byte()?;
    let mut parts: Parts<'a> = Default::default();
    for (place, part) in parts.iter_mut().enumerate() {
        if there & (1 << place) != 0 {
            *part = Some(reader.text()?);
        }
    }
    Some((there >> 4, parts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = Option<Cow<'static, str>>> {
        proptest::option::of("\\PC{0,20}".prop_map(Cow::from))
    }

    fn any_value() -> impl Strategy<Value = AnnotationValue<'static>> {
        prop_oneof![
            "\\PC{0,200}".prop_map(|text| AnnotationValue::Text(text.into())),
            (-1e9..1e9).prop_map(AnnotationValue::Number),
            any::<bool>().prop_map(AnnotationValue::Boolean),
        ]
    }

    fn any_facts() -> impl Strategy<Value = Facts<'static>> {
        let http = (text(), text(), text(), text(), any::<Option<i64>>());
        let identity = (text(), text(), text(), text());
        let annotations = proptest::collection::vec(("\\PC{0,9}", any_value()), 0..4);
        let exceptions = proptest::collection::vec(("\\PC{0,9}", "\\PC{0,300}"), 0..3);
        (
            "\\PC{0,20}",
            any::<[bool; 4]>(),
            http,
            identity,
            annotations,
            exceptions,
        )
            .prop_map(|(name, flags, http, identity, annotations, exceptions)| {
                let [error, fault, throttle, inferred] = flags;
                let (url, method, user_agent, client_ip, status) = http;
                let (user, resource_arn, instance_id, availability_zone) = identity;
                Facts {
                    name: name.into(),
                    flags: Flags {
                        error,
                        fault,
                        throttle,
                    },
                    inferred,
                    user,
                    resource_arn,
                    instance_id,
                    availability_zone,
                    http: Http {
                        url,
                        method,
                        user_agent,
                        client_ip,
                        status,
                    },
                    annotations: annotations
                        .into_iter()
                        .map(|(key, value)| (key.into(), value))
                        .collect(),
                    exceptions: exceptions
                        .into_iter()
                        .map(|(name, message)| Exception {
                            name: name.into(),
                            message: message.into(),
                        })
                        .collect(),
                }
            })
    }

    #[test]
    fn a_status_is_an_integer_of_32_bits_or_none() {
        for (status, expected) in [
            ("200", Some(200)),
            ("\"404\"", Some(404)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", None),
            ("1e999", None),
            ("\"inf\"", None),
            ("\"nan\"", None),
        ] {
            let fields = format!(r#"{{"response":{{"status":{status}}}}}"#);
            let fields = serde_json::from_str(&fields).unwrap();
            assert_eq!(Http::of(&fields).status, expected, "{status}");
        }
    }

    proptest! {
        #[test]
        fn facts_read_back_what_they_write(
            written in proptest::collection::vec(any_facts(), 0..4),
        ) {
            let mut bytes = Vec::new();
            written.iter().for_each(|facts| encode(facts, &mut bytes));
            let mut read = Vec::new();
            decode(&bytes, &mut read);
            prop_assert_eq!(read, written);
        }

        #[test]
        fn any_bytes_decode_to_something(bytes: Vec<u8>) {
            decode(&bytes, &mut Vec::new());
        }
    }
}
