//! What a schema wants, in words.

use serde_json::Value;

use super::{Shape, ShapeId, Shapes};
use crate::words::either;

impl Shapes {
    /// What a value of this shape is, such as `a whole number from 1 to 100`.
    pub(super) fn wanted(&self, id: ShapeId) -> String {
        either(self.choices(id))
    }

    fn choices(&self, id: ShapeId) -> Vec<String> {
        let shape = &self.shapes[id.0];
        if let Some(wanted) = &shape.wanted {
            return vec![wanted.clone()];
        }
        if let Some(words) = &shape.words {
            return words.iter().map(word).collect();
        }
        if !shape.any_of.is_empty() {
            let mut choices = Vec::new();
            for choice in shape.any_of.iter().flat_map(|id| self.choices(*id)) {
                if !choices.contains(&choice) {
                    choices.push(choice);
                }
            }
            return choices;
        }
        match (&shape.types[..], &shape.all_of[..]) {
            ([], [only]) => self.choices(*only),
            ([], _) => vec!["a value".to_owned()],
            (types, _) => types.iter().flat_map(|name| shape.of_type(name)).collect(),
        }
    }

    /// The words of a shape and of the branches in it.
    pub(super) fn words(&self, id: ShapeId) -> Vec<&str> {
        let shape = &self.shapes[id.0];
        let own = shape.words.iter().flatten().filter_map(Value::as_str);
        let inner = shape.any_of.iter().chain(&shape.all_of);
        own.chain(inner.flat_map(|id| self.words(*id))).collect()
    }
}

impl Shape {
    fn of_type(&self, name: &str) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match name {
            "boolean" => vec!["true".to_owned(), "false".to_owned()],
            "string" => one("text"),
            "integer" => vec![format!("a whole number{}", self.range())],
            "number" => vec![format!("a number{}", self.range())],
            "array" => one("an array"),
            "object" => one("an object"),
            other => one(other),
        }
    }

    fn range(&self) -> String {
        // Beyond it a number is only a limit of its type.
        let maximum = self.maximum.filter(|maximum| *maximum < 1e15);
        match (self.minimum, self.exclusive_minimum, maximum) {
            (Some(least), _, Some(most)) => format!(" from {least} to {most}"),
            (Some(least), _, None) => format!(" from {least}"),
            (None, Some(least), _) => format!(" above {least}"),
            (None, None, Some(most)) => format!(" up to {most}"),
            (None, None, None) => String::new(),
        }
    }
}

/// What to give for a field that is missing, where its schema says more than its type.
pub(super) fn to_give(schema: &Value, root: &Value) -> Option<String> {
    let target = schema["$ref"].as_str();
    let target = target.and_then(|name| root.pointer(name.trim_start_matches('#')));
    let said = |keyword: &str| {
        let own = schema.get(keyword);
        own.or_else(|| target?.get(keyword))
    };
    if let Some(give) = said("x-give").and_then(Value::as_str) {
        return Some(give.to_owned());
    }
    if said("enum").is_some() {
        return None;
    }
    let description = said("description").and_then(Value::as_str)?;
    let first = description.split(['.', ':', ';', '\n']).next()?;
    let (article, noun) = first.split_once(' ')?;
    ["The", "A", "An"]
        .contains(&article)
        .then(|| format!("{} {noun}", article.to_lowercase()))
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}
