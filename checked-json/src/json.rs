//! JSON as strict as a file that people write needs it: read fast, and read again with positions only when there
//! is a fault to tell.

use std::collections::HashMap;
use std::fmt;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::shape::{At, RawFault};

/// A value in which no object has a field twice.
struct Strict;

/// Reads a JSON text. A field that stands twice in an object is a fault, as is what is not JSON;
/// [`read`](crate::read) tells them.
pub fn parse(text: &str) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if fields.insert(name, value).is_some() {
                return Err(Error::custom("a field stands twice"));
            }
        }
        Ok(fields.into())
    }
}

/// A text parsed with positions.
pub(super) struct Places<'t> {
    root: Result<ast::Value<'t>, (usize, String)>,
    line_starts: Vec<usize>,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            root: parse_with_positions(text),
            line_starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// Why [`parse`] refused the text, with the byte of each fault; and the value, if it is JSON.
    pub(super) fn faults(&self, text: &str) -> (Option<Value>, Vec<(usize, RawFault)>) {
        match &self.root {
            Err((offset, message)) => {
                let fault = RawFault::of_value("", format!("not JSON: {message}"));
                (None, vec![(*offset, fault)])
            }
            Ok(root) => {
                let mut faults = Vec::new();
                self.doubles(root, At::Root(""), &mut faults);
                (serde_json::from_str(text).ok(), faults)
            }
        }
    }

    fn doubles(&self, value: &ast::Value<'_>, at: At<'_>, faults: &mut Vec<(usize, RawFault)>) {
        match value {
            ast::Value::Array(array) => {
                for (index, value) in array.elements.iter().enumerate() {
                    self.doubles(value, At::Element(&at, index), faults);
                }
            }
            ast::Value::Object(object) => {
                let mut first_offsets = HashMap::new();
                for property in &object.properties {
                    let (name, offset) = (property.name.as_str(), property.name.start());
                    let at = At::Field(&at, name);
                    if let Some(first) = first_offsets.insert(name, offset) {
                        let line = self.line(first);
                        let message = format!(
                            "field `{name}` stands here again, first in line {line}: keep one"
                        );
                        faults.push((offset, RawFault::of_value(at.to_string(), message)));
                    }
                    self.doubles(&property.value, at, faults);
                }
            }
            _ => {}
        }
    }

    /// The byte where a field or its name begins; of one that is missing, where the object begins
    /// in which it should stand.
    pub(super) fn offset(&self, path: &str, is_name: bool) -> usize {
        let Ok(root) = &self.root else { return 0 };
        let (mut value, mut rest, mut offset) = (root, path, root.start());
        while !rest.is_empty() {
            let Some((name_offset, inner, after)) = step(value, rest) else {
                return value.start();
            };
            offset = if is_name { name_offset } else { inner.start() };
            (value, rest) = (inner, after);
        }
        offset
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset)
    }

    /// The byte with which a line begins.
    pub(super) fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line - 1).copied().unwrap_or_default()
    }
}

/// The value that the first step of `path` leads to, where its name begins, and the other steps.
fn step<'v, 'p>(
    value: &'v ast::Value<'v>,
    path: &'p str,
) -> Option<(usize, &'v ast::Value<'v>, &'p str)> {
    match value {
        ast::Value::Array(array) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            let element = array.elements.get(index.parse::<usize>().ok()?)?;
            Some((element.start(), element, rest))
        }
        ast::Value::Object(object) => {
            let path = path.strip_prefix('.').unwrap_or(path);
            // A name may hold dots and brackets itself: the longest that fits is meant.
            let fitting = object.properties.iter().filter_map(|property| {
                let rest = path.strip_prefix(property.name.as_str())?;
                let is_whole = rest.is_empty() || rest.starts_with(['.', '[']);
                is_whole.then_some((property, rest))
            });
            let (property, rest) = fitting.min_by_key(|(_, rest)| rest.len())?;
            Some((property.name.start(), &property.value, rest))
        }
        _ => None,
    }
}

/// The value, or the byte of the first fault and what it is.
fn parse_with_positions(text: &str) -> Result<ast::Value<'_>, (usize, String)> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    // The parser lets some of what only JSON5 allows pass, such as line breaks in a text.
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict)
        .map_err(|error| (error.range().start, lower_first(&error.kind().to_string())))?;
    let strict = serde_json::from_str::<IgnoredAny>(text);
    if let Err(error) = strict.and_then(|_| serde_json::from_str::<Value>(text)) {
        let lines = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1));
        let offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        return Err((text.floor_char_boundary(offset), message.to_owned()));
    }
    parsed
        .value
        .ok_or_else(|| (0, "the text is empty".to_owned()))
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
