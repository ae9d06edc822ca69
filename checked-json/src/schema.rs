//! JSON Schemas (draft 2020-12) out of the types that read a file: a strict one for our own check, and
//! what makes of it one for editors, which lets templates pass.

mod editor;
mod normal;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

pub use editor::{allow_templates, publish};

/// The strict schema of a type, complete with its `$defs`: what [`Shapes`](crate::Shapes) lets pass by
/// it, the type reads, provided that its structs deny unknown fields.
pub fn schema_for<T: JsonSchema>() -> Value {
    let mut generator = generator();
    let mut schema = schema_of::<T>(&mut generator);
    let definitions = definitions(&mut generator);
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    schema
}

/// Makes schemas of several types that share their `$defs`.
pub fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// The strict schema of a type without its `$defs`, which stay with the generator.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator);
    normal::normalise(&mut schema);
    schema.to_value()
}

/// The `$defs` of all types that the generator has met, strict.
pub fn definitions(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut definitions = Map::new();
    for (name, value) in generator.definitions() {
        let mut schema = Schema::try_from(value.clone()).unwrap_or_default();
        normal::normalise(&mut schema);
        definitions.insert(name.clone(), schema.to_value());
    }
    definitions
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::{At, DurationText, FaultLog, Shapes, Texts, read};

    /// A menu.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Menu {
        /// The name of the house.
        house: String,
        /// How long the kitchen is open.
        open: Option<DurationText>,
        /// What there is.
        dishes: Vec<Dish>,
    }

    /// A dish.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Dish {
        /// What it is called.
        name: String,
        /// How many there are.
        portions: Option<u8>,
        /// How it is served.
        served: Option<Served>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq, Eq)]
    #[serde(rename_all = "lowercase")]
    enum Served {
        Hot,
        Cold,
    }

    /// The value and its faults.
    fn checked(text: &str, texts: Texts) -> (Option<Value>, String) {
        let shapes = Shapes::compile(&schema_for::<Menu>());
        let none: [String; 0] = [];
        assert_eq!(shapes.unknown_keywords(), none);
        let mut log = FaultLog::new(text, 0);
        let value = read(text, &mut log);
        if let Some(value) = &value {
            let faults = shapes.check(shapes.root(), value, At::Root(""), texts);
            faults.into_iter().for_each(|fault| log.add(fault));
        }
        (value, log.finish("menu.json").to_string())
    }

    #[test]
    fn what_has_no_fault_the_types_read() {
        let text = r#"{
            "house": "Lamb", "open": "1h30m",
            "dishes": [{ "name": "soup", "portions": 12, "served": "hot" }, { "name": "tart" }]
        }"#;
        let (value, faults) = checked(text, Texts::Plain);
        assert_eq!(faults, "");
        let menu: Menu = serde_json::from_value(value.unwrap()).unwrap();
        assert_eq!(menu.house, "Lamb");
        assert_eq!(menu.open.unwrap().0.as_secs(), 5400);
        let [soup, tart] = &menu.dishes[..] else {
            panic!("{menu:?}")
        };
        assert_eq!(
            (soup.portions, &soup.served),
            (Some(12), &Some(Served::Hot))
        );
        assert_eq!((tart.name.as_str(), tart.portions), ("tart", None));
    }

    #[test]
    fn every_fault_is_told_with_its_place_and_its_mend() {
        let text = r#"{
  "hause": "Lamb",
  "open": "90",
  "dishes": [
    { "name": 7, "portions": 300 },
    { "served": "Hot", "name": "tart", "name": "pie" },
    { "name": "jam", "portions": null, "served": "raw" }
  ]
}"#;
        let wanted = "\
menu.json:1:1: house: missing, give the name of the house
menu.json:2:3: hause: unknown field `hause`, did you mean `house`?
menu.json:3:11: open: `90` has no unit, write `90s` for seconds or `90ms` for milliseconds
menu.json:5:15: dishes[0].name: found the number 7, wanted text
menu.json:5:30: dishes[0].portions: found the number 300, wanted a whole number from 0 to 255
menu.json:6:17: dishes[1].served: unknown value `Hot`, did you mean `hot`?
menu.json:6:40: dishes[1].name: field `name` stands here again, first in line 6: keep one
menu.json:7:34: dishes[2].portions: found null, wanted a whole number from 0 to 255
menu.json:7:50: dishes[2].served: unknown value `raw`, known are `hot`, `cold`";
        assert_eq!(checked(text, Texts::Plain).1, wanted);
    }

    #[test]
    fn a_template_may_become_what_is_wanted() {
        let text = r#"{ "house": "x", "open": "{open}", "dishes": [] }"#;
        assert_eq!(checked(text, Texts::MayBeTemplates).1, "");
        assert!(checked(text, Texts::Plain).1.contains("no duration"));
    }

    #[test]
    fn editors_get_the_schema_without_our_own_keywords() {
        let mut schema = schema_for::<Menu>();
        allow_templates(&mut schema);
        publish(&mut schema);
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert!(!schema.to_string().contains("\"x-"));
        let template = json!({ "type": "string", "pattern": r"\{" });
        assert_eq!(schema["$defs"]["Duration"]["anyOf"][1], template);
    }
}
