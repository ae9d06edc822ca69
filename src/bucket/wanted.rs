//! What a job file can say about a sub-resource: how it is to be, or that there is to be none.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// The word of the job file for none.
const ABSENT: &str = "absent";

/// A sub-resource as wanted: `"absent"`, or a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted<T> {
    /// There is to be none: what S3 has is removed.
    Absent,
    /// It is to be so.
    Present(T),
}

impl<T> Wanted<T> {
    /// The value, if one is wanted.
    pub(crate) fn present(&self) -> Option<&T> {
        match self {
            Self::Absent => None,
            Self::Present(value) => Some(value),
        }
    }
}

impl<T: Serialize> Serialize for Wanted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_str(ABSENT),
            Self::Present(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Wanted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value == ABSENT {
            return Ok(Self::Absent);
        }
        T::deserialize(value)
            .map(Self::Present)
            .map_err(Error::custom)
    }
}

/// The value's schema with one more word, in such a way that the JSON type still tells its branches
/// apart.
impl<T: JsonSchema> JsonSchema for Wanted<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Wanted{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        if let Some(words) = words_of(schema.ensure_object()) {
            words.push(ABSENT.into());
            return schema;
        }
        let branches = schema.get_mut("anyOf").and_then(Value::as_array_mut);
        if let Some(branches) = branches {
            let mut texts = branches.iter_mut().filter_map(Value::as_object_mut);
            match texts.find(|branch| branch.get("type") == Some(&json!("string"))) {
                // A text that may be anything may be this word.
                Some(text) => {
                    if let Some(words) = words_of(text) {
                        words.push(ABSENT.into());
                    }
                }
                None => branches.push(absent_schema()),
            }
            return schema;
        }
        let value = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [value, absent_schema()] })
    }
}

fn absent_schema() -> Value {
    json!({ "type": "string", "enum": [ABSENT], "description": "there is to be none" })
}

fn words_of(schema: &mut serde_json::Map<String, Value>) -> Option<&mut Vec<Value>> {
    if schema.get("type") != Some(&json!("string")) {
        return None;
    }
    schema.get_mut("enum")?.as_array_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct Part {
        days: u32,
    }

    #[test]
    fn absent_is_a_word_and_everything_else_a_value() {
        for (json, wanted) in [
            (json!("absent"), Wanted::Absent),
            (json!({ "days": 3 }), Wanted::Present(Part { days: 3 })),
        ] {
            let read: Wanted<Part> = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(read, wanted);
            assert_eq!(serde_json::to_value(&read).unwrap(), json);
        }
        assert!(serde_json::from_value::<Wanted<Part>>(json!("gone")).is_err());
    }

    #[test]
    fn the_schema_has_one_branch_for_texts() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        #[schemars(untagged)]
        enum Words {
            Word(#[schemars(extend("enum" = ["a", "b"]))] String),
            Part(Part),
        }
        let schema = schemars::schema_for!(Wanted<Words>);
        let branches = schema.get("anyOf").and_then(Value::as_array).unwrap();
        assert_eq!(branches.len(), 2, "{schema:?}");
        assert_eq!(branches[0]["enum"], json!(["a", "b", "absent"]));

        let schema = schemars::schema_for!(Wanted<Part>);
        let branches = schema.get("anyOf").and_then(Value::as_array).unwrap();
        assert_eq!(branches.len(), 2, "{schema:?}");
        assert_eq!(branches[1]["enum"], json!(["absent"]));
    }
}
