//! A JSON Schema made ready for checking many values: the keywords that our types give rise to, and
//! no others.

mod validate;
mod wanted;

use std::collections::{BTreeMap, HashMap};

use regex_lite::Regex;
use serde_json::Value;

pub use validate::{At, RawFault, Texts};

/// All shapes of one schema.
#[derive(Debug, Default)]
pub struct Shapes {
    shapes: Vec<Shape>,
    by_reference: HashMap<String, ShapeId>,
    /// Keywords that the check does not know.
    unknown: Vec<String>,
}

/// A shape among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeId(usize);

/// What a value must be.
#[derive(Debug, Default)]
struct Shape {
    /// The JSON types, as the schema names them; none: any.
    types: Vec<String>,
    /// The only values, where there are such.
    words: Option<Vec<Value>>,
    any_of: Vec<ShapeId>,
    all_of: Vec<ShapeId>,
    properties: BTreeMap<String, ShapeId>,
    /// The fields that must be there, and what to give, where that is not told by their shape.
    required: Vec<(String, Option<String>)>,
    additional: Additional,
    property_names: Option<ShapeId>,
    items: Option<ShapeId>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    exclusive_minimum: Option<f64>,
    /// Characters, elements or fields.
    least: Option<u64>,
    most: Option<u64>,
    is_unique: bool,
    pattern: Option<Regex>,
    is_duration: bool,
    /// Whether no text in it is a template.
    is_plain: bool,
    /// What a value should be, in words.
    wanted: Option<String>,
}

/// What fields may stand in an object beside its properties.
#[derive(Debug, Default)]
enum Additional {
    #[default]
    Any,
    None,
    Like(ShapeId),
}

impl Shapes {
    /// The shapes of a schema; its root comes first.
    pub fn compile(schema: &Value) -> Self {
        let mut shapes = Self::default();
        shapes.add(schema, schema);
        shapes
    }

    /// The shape of the root.
    pub fn root(&self) -> ShapeId {
        ShapeId(0)
    }

    /// A shape by its name in the schema's `$defs`.
    pub fn definition(&self, name: &str) -> Option<ShapeId> {
        let reference = format!("#/$defs/{name}");
        self.by_reference.get(&reference).copied()
    }

    /// Whether the shape names a field.
    pub fn has_field(&self, id: ShapeId, name: &str) -> bool {
        self.shapes[id.0].properties.contains_key(name)
    }

    /// The keywords that were not understood.
    pub fn unknown_keywords(&self) -> &[String] {
        &self.unknown
    }

    fn add(&mut self, schema: &Value, root: &Value) -> ShapeId {
        let id = ShapeId(self.shapes.len());
        self.shapes.push(Shape::default());
        self.shapes[id.0] = self.shape(schema, root);
        id
    }

    /// A definition, once.
    fn refer(&mut self, reference: &str, root: &Value) -> ShapeId {
        if let Some(id) = self.by_reference.get(reference) {
            return *id;
        }
        let id = ShapeId(self.shapes.len());
        self.shapes.push(Shape::default());
        self.by_reference.insert(reference.to_owned(), id);
        let pointer = reference.trim_start_matches('#');
        let schema = root.pointer(pointer).unwrap_or(&Value::Null);
        self.shapes[id.0] = self.shape(schema, root);
        id
    }

    fn each(&mut self, schemas: &Value, root: &Value) -> Vec<ShapeId> {
        let schemas = schemas.as_array().into_iter().flatten();
        schemas.map(|schema| self.add(schema, root)).collect()
    }

    fn shape(&mut self, schema: &Value, root: &Value) -> Shape {
        let mut shape = Shape::default();
        let keywords = schema.as_object().into_iter().flatten();
        for (keyword, value) in keywords {
            let text = || value.as_str().unwrap_or_default();
            match keyword.as_str() {
                "$ref" => shape.all_of.push(self.refer(text(), root)),
                "type" => {
                    let names = value
                        .as_array()
                        .map_or(std::slice::from_ref(value), |all| all);
                    let names = names.iter().filter_map(Value::as_str);
                    shape.types = names.map(str::to_owned).collect();
                }
                "enum" => shape.words = value.as_array().cloned(),
                "const" => shape.words = Some(vec![value.clone()]),
                "anyOf" | "oneOf" => shape.any_of = self.each(value, root),
                "allOf" => shape.all_of.extend(self.each(value, root)),
                "properties" => {
                    for (name, schema) in value.as_object().into_iter().flatten() {
                        let id = self.add(schema, root);
                        shape.properties.insert(name.clone(), id);
                    }
                }
                "required" => {
                    let names = value.as_array().into_iter().flatten();
                    for name in names.filter_map(Value::as_str) {
                        let give = wanted::to_give(&schema["properties"][name], root);
                        shape.required.push((name.to_owned(), give));
                    }
                }
                "additionalProperties" => {
                    shape.additional = match value {
                        Value::Bool(false) => Additional::None,
                        Value::Bool(true) => Additional::Any,
                        schema => Additional::Like(self.add(schema, root)),
                    }
                }
                "propertyNames" => shape.property_names = Some(self.add(value, root)),
                "items" => shape.items = Some(self.add(value, root)),
                "minimum" => shape.minimum = value.as_f64(),
                "maximum" => shape.maximum = value.as_f64(),
                "exclusiveMinimum" => shape.exclusive_minimum = value.as_f64(),
                "minLength" | "minItems" | "minProperties" => shape.least = value.as_u64(),
                "maxLength" | "maxItems" | "maxProperties" => shape.most = value.as_u64(),
                "uniqueItems" => shape.is_unique = value == true,
                "pattern" => match Regex::new(text()) {
                    Ok(pattern) => shape.pattern = Some(pattern),
                    Err(error) => self.unknown.push(error.to_string()),
                },
                "x-duration" => shape.is_duration = value == true,
                "x-plain" => shape.is_plain = value == true,
                "x-wanted" => shape.wanted = Some(text().to_owned()),
                "$defs" => {
                    for name in value
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name)
                    {
                        self.refer(&format!("#/$defs/{name}"), root);
                    }
                }
                "title" | "description" | "default" | "examples" | "$schema" | "x-give"
                | "deprecated" => {}
                unknown => self.unknown.push(unknown.to_owned()),
            }
        }
        shape
    }
}
