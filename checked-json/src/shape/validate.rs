//! Checks a JSON value against its shape and says in which field what is wrong.

use std::fmt;

use serde_json::{Map, Value};

use super::{Additional, Shape, ShapeId, Shapes};
use crate::duration::parse_duration;
use crate::words::{nearest, suggestion};

/// A fault before its place in the text is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RawFault {
    /// The field, such as `jobs[2].bucket`.
    pub path: String,
    /// Whether the name of the field is at fault and not its value.
    pub is_name: bool,
    /// What is wrong, and the mend.
    pub message: String,
}

impl RawFault {
    /// What is wrong with the value of a field.
    pub fn of_value(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            is_name: false,
            message: message.into(),
        }
    }

    /// What is wrong with the name of a field.
    pub fn of_name(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            is_name: true,
            ..Self::of_value(path, message)
        }
    }
}

/// Where a value stands, told from the inside out.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// The value as a whole, which stands at this path.
    Root(&'a str),
    /// A field of an object.
    Field(&'a At<'a>, &'a str),
    /// An element of an array.
    Element(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(path) => f.write_str(path),
            Self::Field(Self::Root(""), name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What texts may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// A text with a brace is a template: what it becomes is not yet known.
    MayBeTemplates,
    /// Texts are what they are.
    Plain,
}

impl Shapes {
    /// Every fault of a value that should have this shape.
    pub fn check(&self, id: ShapeId, value: &Value, at: At<'_>, texts: Texts) -> Vec<RawFault> {
        let mut faults = Vec::new();
        let mut check = Check {
            shapes: self,
            texts,
            faults: &mut faults,
        };
        check.value(id, value, at);
        faults
    }
}

struct Check<'a> {
    shapes: &'a Shapes,
    texts: Texts,
    faults: &'a mut Vec<RawFault>,
}

impl Check<'_> {
    fn fault(&mut self, at: At<'_>, message: impl Into<String>) {
        self.faults
            .push(RawFault::of_value(at.to_string(), message));
    }

    fn wrong(&mut self, at: At<'_>, value: &Value, wanted: &str) {
        self.fault(at, format!("found {}, wanted {wanted}", found(value)));
    }

    fn value(&mut self, id: ShapeId, value: &Value, at: At<'_>) {
        let shapes = self.shapes;
        let shape = &shapes.shapes[id.0];
        if shape.is_plain && self.texts != Texts::Plain {
            self.faults
                .extend(shapes.check(id, value, at, Texts::Plain));
            return;
        }
        if !shape.is_of_type(value) {
            return self.wrong(at, value, &shapes.wanted(id));
        }
        for inner in &shape.all_of {
            self.value(*inner, value, at);
        }
        if !shape.any_of.is_empty() {
            self.any_of(id, value, at);
        }
        match value {
            Value::String(text) => {
                let may_be_template = self.texts == Texts::MayBeTemplates && text.contains('{');
                if !may_be_template {
                    self.text(id, text, at);
                }
            }
            _ if shape
                .words
                .as_ref()
                .is_some_and(|words| !words.contains(value)) =>
            {
                self.wrong(at, value, &shapes.wanted(id));
            }
            Value::Number(number) => self.number(id, number, value, at),
            Value::Array(values) => self.array(shape, values, at),
            Value::Object(fields) => self.object(shape, fields, at),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// One of the branches must do. Which one is meant is told by the JSON type; else the one with
    /// the fewest faults is told about.
    fn any_of(&mut self, id: ShapeId, value: &Value, at: At<'_>) {
        let shapes = self.shapes;
        let branches = &shapes.shapes[id.0].any_of;
        let of_type = branches.iter().filter(|id| shapes.takes_type(**id, value));
        let mut fewest: Option<Vec<RawFault>> = None;
        let mut count = 0;
        for branch in of_type {
            let faults = shapes.check(*branch, value, at, self.texts);
            if faults.is_empty() {
                return;
            }
            count += 1;
            if fewest
                .as_ref()
                .is_none_or(|fewest| faults.len() < fewest.len())
            {
                fewest = Some(faults);
            }
        }
        match (fewest, value) {
            (None, _) => self.wrong(at, value, &shapes.wanted(id)),
            (Some(_), Value::String(text)) if count > 1 || branches.len() > 1 => {
                let words = shapes.words(id);
                let meant = match nearest(text, words.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("wanted {}", shapes.wanted(id)),
                };
                self.fault(
                    at,
                    format!("unknown value `{}`, {meant}", text.escape_debug()),
                );
            }
            (Some(faults), _) => self.faults.extend(faults),
        }
    }

    fn text(&mut self, id: ShapeId, text: &str, at: At<'_>) {
        let shapes = self.shapes;
        let shape = &shapes.shapes[id.0];
        if let Some(words) = &shape.words
            && !words.iter().any(|word| word == text)
        {
            let known: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            let suggestion = suggestion(text, &known);
            return self.fault(
                at,
                format!("unknown value `{}`{suggestion}", text.escape_debug()),
            );
        }
        if shape.is_duration {
            if let Err(error) = parse_duration(text) {
                self.fault(at, error.to_string());
            }
            return;
        }
        if shape.least.is_none() && shape.most.is_none() && shape.pattern.is_none() {
            return;
        }
        let len = text.chars().count() as u64;
        let fits = shape.least.is_none_or(|least| least <= len)
            && shape.most.is_none_or(|most| len <= most)
            && shape
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(text));
        if !fits {
            let wanted = match (&shape.wanted, shape.least, shape.most, &shape.pattern) {
                (Some(wanted), ..) => wanted.clone(),
                (None, _, _, Some(pattern)) => format!("text like `{pattern}`"),
                (None, Some(least), Some(most), _) => format!("{least} to {most} characters"),
                (None, None, Some(most), _) => format!("at most {most} characters"),
                (None, Some(1), None, _) => "some text".to_owned(),
                (None, least, None, None) => {
                    format!("at least {} characters", least.unwrap_or_default())
                }
            };
            self.fault(
                at,
                format!("found the text `{}`, wanted {wanted}", text.escape_debug()),
            );
        }
    }

    fn number(&mut self, id: ShapeId, number: &serde_json::Number, value: &Value, at: At<'_>) {
        let shape = &self.shapes.shapes[id.0];
        let number = number.as_f64().unwrap_or(f64::NAN);
        let fits = shape.minimum.is_none_or(|least| least <= number)
            && shape.maximum.is_none_or(|most| number <= most)
            && shape.exclusive_minimum.is_none_or(|least| least < number);
        if !fits {
            self.wrong(at, value, &self.shapes.wanted(id));
        }
    }

    fn array(&mut self, shape: &Shape, values: &[Value], at: At<'_>) {
        let len = values.len() as u64;
        if let Some(least) = shape.least.filter(|least| len < *least) {
            let least = if least == 1 {
                "one".to_owned()
            } else {
                least.to_string()
            };
            let found = if len == 0 {
                "empty".to_owned()
            } else {
                format!("found {len} elements")
            };
            self.fault(at, format!("{found}, give at least {least}"));
        }
        if let Some(most) = shape.most.filter(|most| *most < len) {
            self.fault(at, format!("found {len} elements, give at most {most}"));
        }
        for (index, value) in values.iter().enumerate() {
            let at = At::Element(&at, index);
            if shape.is_unique && values[..index].contains(value) {
                self.fault(at, "stands twice, keep one");
            }
            if let Some(items) = shape.items {
                self.value(items, value, at);
            }
        }
    }

    fn object(&mut self, shape: &Shape, fields: &Map<String, Value>, at: At<'_>) {
        for (name, give) in &shape.required {
            if !fields.contains_key(name) {
                let of_shape = || shape.properties.get(name).map(|id| self.shapes.wanted(*id));
                let give = give.clone().or_else(of_shape);
                let give = give.as_deref().unwrap_or("it");
                self.fault(At::Field(&at, name), format!("missing, give {give}"));
            }
        }
        let len = fields.len() as u64;
        if shape.least.is_some_and(|least| len < least) {
            self.fault(at, "found no field, give one");
        }
        if let Some(most) = shape.most.filter(|most| *most < len) {
            self.fault(at, format!("found {len} fields, give at most {most}"));
        }
        for (name, value) in fields {
            let at = At::Field(&at, name);
            match (shape.properties.get(name), &shape.additional) {
                (Some(id), _) | (None, Additional::Like(id)) => self.value(*id, value, at),
                (None, Additional::None) => self.unknown_field(shape, name, at),
                (None, Additional::Any) => {}
            }
            if let Some(names) = shape.property_names {
                let words = self.shapes.words(names);
                if !words.is_empty() && !words.contains(&name.as_str()) {
                    let suggestion = suggestion(name, &words);
                    let message = format!("unknown name `{}`{suggestion}", name.escape_debug());
                    self.faults.push(RawFault::of_name(at.to_string(), message));
                }
            }
        }
    }

    fn unknown_field(&mut self, shape: &Shape, name: &str, at: At<'_>) {
        let known: Vec<_> = shape.properties.keys().map(String::as_str).collect();
        let suggestion = suggestion(name, &known);
        let message = format!("unknown field `{}`{suggestion}", name.escape_debug());
        self.faults.push(RawFault::of_name(at.to_string(), message));
    }
}

impl Shapes {
    /// Whether a shape takes values of this JSON type at all.
    fn takes_type(&self, id: ShapeId, value: &Value) -> bool {
        let shape = &self.shapes[id.0];
        let is_word_of_type = |words: &Vec<Value>| {
            let of_type =
                |word| std::mem::discriminant::<Value>(word) == std::mem::discriminant(value);
            words.iter().any(of_type)
        };
        shape.is_of_type(value)
            && shape.words.as_ref().is_none_or(is_word_of_type)
            && shape.all_of.iter().all(|id| self.takes_type(*id, value))
            && (shape.any_of.is_empty()
                || shape.any_of.iter().any(|id| self.takes_type(*id, value)))
    }
}

impl Shape {
    fn is_of_type(&self, value: &Value) -> bool {
        let is = |name: &String| match name.as_str() {
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => value.is_null(),
        };
        self.types.is_empty() || self.types.iter().any(is)
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text `{}`", text.escape_debug()),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Null => "null".to_owned(),
    }
}
