//! The schemas that are derived from our types, without what a file does not have: null for
//! an option that is not given, and formats that stand for limits.

use schemars::Schema;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};

/// Brings a schema and all within it into the form that the check understands.
pub(super) fn normalise(schema: &mut Schema) {
    if let Some(fields) = schema.as_object_mut() {
        without_null(fields);
        limits_of_format(fields);
    }
    transform_subschemas(&mut normalise, schema);
}

/// An option is left out when it is not given; null is no way to say so.
fn without_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            fields["type"] = only.clone();
        }
    }
    if fields.get("default") == Some(&Value::Null) {
        fields.remove("default");
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    for keyword in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = fields.get_mut(keyword) else {
            continue;
        };
        branches.retain(|branch| *branch != json!({ "type": "null" }));
        if let [Value::Object(only)] = &branches[..] {
            let only = only.clone();
            fields.remove(keyword);
            for (name, value) in only {
                fields.entry(name).or_insert(value);
            }
        }
    }
}

/// `"format": "uint32"` and its like, as the limits that they mean.
fn limits_of_format(fields: &mut Map<String, Value>) {
    let (minimum, maximum) = match fields.get("format").and_then(Value::as_str) {
        Some("uint8") => (json!(0), json!(u8::MAX)),
        Some("uint16") => (json!(0), json!(u16::MAX)),
        Some("uint32") => (json!(0), json!(u32::MAX)),
        Some("uint64" | "uint") => (json!(0), json!(u64::MAX)),
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("int64" | "int") => (json!(i64::MIN), json!(i64::MAX)),
        Some("double" | "float") => {
            fields.remove("format");
            return;
        }
        _ => return,
    };
    fields.remove("format");
    fields.entry("minimum").or_insert(minimum);
    fields.entry("maximum").or_insert(maximum);
}
