//! What changes in the schema when it is given to editors.

use serde_json::{Map, Value, json};

/// The keywords that hold a text to something that a template need not be before it is expanded.
const OF_TEXT: [&str; 5] = ["enum", "const", "pattern", "minLength", "maxLength"];

/// Lets a text with a template pass wherever a text may stand.
pub fn allow_templates(schema: &mut Value) {
    let Value::Object(fields) = schema else {
        return;
    };
    // A template may be what two branches want.
    if let Some(branches) = fields.remove("oneOf") {
        fields.insert("anyOf".to_owned(), branches);
    }
    subschemas(fields).for_each(allow_templates);
    if !is_limited_text(fields) {
        return;
    }
    let mut limited = Map::new();
    for keyword in ["type"].iter().chain(&OF_TEXT) {
        if let Some(value) = fields.remove(*keyword) {
            limited.insert((*keyword).to_owned(), value);
        }
    }
    let template = json!({ "type": "string", "pattern": r"\{" });
    fields.insert("anyOf".to_owned(), json!([limited, template]));
}

/// Whether the schema is of a text with limits.
fn is_limited_text(fields: &Map<String, Value>) -> bool {
    let is_text = match (fields.get("type"), fields.get("const"), fields.get("enum")) {
        (Some(name), _, _) => name == "string",
        (None, Some(word), _) => word.is_string(),
        (None, None, Some(Value::Array(words))) => words.iter().all(Value::is_string),
        _ => false,
    };
    is_text && OF_TEXT.iter().any(|keyword| fields.contains_key(*keyword))
}

/// Leaves out what is only for our own faults, and says which draft it is.
pub fn publish(schema: &mut Value) {
    without_own_keywords(schema);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
}

fn without_own_keywords(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        fields.retain(|keyword, _| !keyword.starts_with("x-"));
        subschemas(fields).for_each(without_own_keywords);
    }
}

/// The schemas within a schema.
fn subschemas(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    fields.iter_mut().flat_map(|(keyword, value)| {
        let found: Box<dyn Iterator<Item = &mut Value>> = match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(schemas)) => Box::new(schemas.values_mut()),
            ("anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => Box::new(schemas.iter_mut()),
            ("items" | "additionalProperties", schema) => Box::new(std::iter::once(schema)),
            _ => Box::new(std::iter::empty()),
        };
        found
    })
}
