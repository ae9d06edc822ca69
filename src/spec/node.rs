//! Typed reading of parsed JSON: each value knows its place and its path, and what is not as
//! wanted becomes a fault in the log.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;

use super::fault::{FaultLog, suggestion};

/// A value and its path, such as `jobs[2].bucket`.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    value: &'a Value<'a>,
    path: String,
}

/// The fields of an object, each once.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    node: Node<'a>,
    entries: Vec<(&'a str, Node<'a>)>,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value<'a>) -> Self {
        let path = String::new();
        Self { value, path }
    }

    pub(super) fn offset(&self) -> usize {
        self.value.start()
    }

    pub(super) fn fault(&self, log: &mut FaultLog<'_>, message: impl Into<String>) {
        log.add(self.offset(), &self.path, message.into());
    }

    /// Notes that the value is of another type than `wanted`.
    pub(super) fn wrong_type<T>(&self, log: &mut FaultLog<'_>, wanted: &str) -> Option<T> {
        let found = match self.value {
            Value::StringLit(text) => format!("the text `{}`", text.value.escape_debug()),
            Value::NumberLit(number) => format!("the number {}", number.value),
            Value::BooleanLit(boolean) => boolean.value.to_string(),
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "an array".to_owned(),
            Value::NullKeyword(_) => "null".to_owned(),
        };
        self.fault(log, format!("found {found}, wanted {wanted}"));
        None
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, Value::StringLit(_))
    }

    pub(super) fn is_boolean(&self) -> bool {
        matches!(self.value, Value::BooleanLit(_))
    }

    pub(super) fn text(&self, log: &mut FaultLog<'_>) -> Option<&'a str> {
        match self.value {
            Value::StringLit(text) => Some(&text.value),
            _ => self.wrong_type(log, "text"),
        }
    }

    pub(super) fn boolean(&self, log: &mut FaultLog<'_>) -> Option<bool> {
        match self.value {
            Value::BooleanLit(boolean) => Some(boolean.value),
            _ => self.wrong_type(log, "true or false"),
        }
    }

    pub(super) fn whole_number(
        &self,
        log: &mut FaultLog<'_>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let (least, most) = (range.start(), range.end());
        let wanted = format!("a whole number from {least} to {most}");
        match self.value {
            Value::NumberLit(number) => match number.value.parse() {
                Ok(number) if range.contains(&number) => Some(number),
                _ => self.wrong_type(log, &wanted),
            },
            _ => self.wrong_type(log, &wanted),
        }
    }

    /// One of the words that `known` gives a meaning.
    pub(super) fn word<T: Clone>(&self, log: &mut FaultLog<'_>, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(log)?;
        let found = known.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
            let suggestion = suggestion(text, &words);
            self.fault(log, format!("unknown value `{text}`{suggestion}"));
        }
        found.map(|(_, meaning)| meaning.clone())
    }

    pub(super) fn array(&self, log: &mut FaultLog<'_>) -> Option<Vec<Self>> {
        let Value::Array(array) = self.value else {
            return self.wrong_type(log, "an array");
        };
        let node = |(index, value)| Self {
            value,
            path: format!("{}[{index}]", self.path),
        };
        Some(array.elements.iter().enumerate().map(node).collect())
    }

    /// An object's fields; each that is not among `known`, if given, or stands twice is a fault.
    pub(super) fn object(
        &self,
        log: &mut FaultLog<'_>,
        known: Option<&[&str]>,
    ) -> Option<Fields<'a>> {
        let Value::Object(object) = self.value else {
            return self.wrong_type(log, "an object");
        };
        let mut entries = Vec::with_capacity(object.properties.len());
        let mut first_offsets = HashMap::with_capacity(object.properties.len());
        for property in &object.properties {
            let name = property.name.as_str();
            let path = match self.path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            let offset = property.name.start();
            if let Some(first) = first_offsets.insert(name, offset) {
                let line = log.position(first).line;
                let message =
                    format!("field `{name}` stands here again, first in line {line}: keep one");
                log.add(offset, &path, message);
                continue;
            }
            if let Some(known) = known.filter(|known| !known.contains(&name)) {
                let suggestion = suggestion(name, known);
                log.add(offset, &path, format!("unknown field `{name}`{suggestion}"));
            }
            let value = &property.value;
            entries.push((name, Self { value, path }));
        }
        let node = self.clone();
        Some(Fields { node, entries })
    }
}

impl<'a> Fields<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&Node<'a>> {
        let entry = self.entries.iter().find(|(entry, _)| *entry == name);
        entry.map(|(_, node)| node)
    }

    /// The field, or a fault that tells what to give.
    pub(super) fn required(
        &self,
        log: &mut FaultLog<'_>,
        name: &str,
        mend: &str,
    ) -> Option<&Node<'a>> {
        let found = self.get(name);
        if found.is_none() {
            self.missing(log, name, mend);
        }
        found
    }

    /// Notes that a field is missing.
    pub(super) fn missing(&self, log: &mut FaultLog<'_>, name: &str, mend: &str) {
        let path = match self.node.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        log.add(self.node.offset(), &path, format!("missing, {mend}"));
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        self.entries.iter().map(|(name, node)| (*name, node))
    }
}
