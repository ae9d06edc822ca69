//! The JSON Schema of the job file, out of the types that read it: one that is complete, for our
//! own check, and one for editors, which lets templates pass.

use checked_json::schema::{allow_templates, definitions, generator, publish, schema_of};
use serde_json::{Map, Value, json};

use super::context::CustomKinds;
use super::fields::{FileFields, JobFields};
use crate::bucket::BucketSpec;
use crate::job::command::CommandSpec;

/// A kind of jobs and what its schema says.
struct Kind {
    type_name: String,
    /// The schema of its own fields.
    fields: Value,
    /// What the job is about, which no default can say.
    subject: &'static str,
}

/// The parts of the schema before they are put together.
struct Parts {
    file: Value,
    job: Value,
    kinds: Vec<Kind>,
    /// What the fields of all jobs refer to.
    common: Map<String, Value>,
    /// What the fields of the kinds refer to.
    of_kinds: Map<String, Value>,
}

/// The schema that the check follows: what it lets pass the types can read, templates expanded.
pub(super) fn strict(kinds: &CustomKinds) -> Value {
    Parts::new(kinds).assemble()
}

/// The JSON Schema (draft 2020-12) of the job file for editors and other programs: a text that may
/// hold a template is not held to what it must be afterwards. A line of a JSON Lines file is what
/// `$defs/Job` says, its first one what the root says without `jobs`.
pub fn job_file_schema(kinds: &CustomKinds) -> Value {
    let mut parts = Parts::new(kinds);
    for kind in &mut parts.kinds {
        allow_templates(&mut kind.fields);
    }
    parts.of_kinds.values_mut().for_each(allow_templates);
    let mut schema = parts.assemble();
    publish(&mut schema);
    schema
}

impl Parts {
    fn new(custom: &CustomKinds) -> Self {
        let mut generator = generator();
        let file = schema_of::<FileFields>(&mut generator);
        let mut job = schema_of::<JobFields>(&mut generator);
        for (_, field) in job["properties"].as_object_mut().into_iter().flatten() {
            field["x-plain"] = true.into(); // templates stand in the fields of the kinds only
        }
        let common = definitions(&mut generator);
        let kind = |type_name: &str, fields, subject| Kind {
            type_name: type_name.to_owned(),
            fields,
            subject,
        };
        let mut kinds = vec![
            kind(
                "create-bucket",
                schema_of::<BucketSpec>(&mut generator),
                "bucket",
            ),
            kind(
                "command",
                schema_of::<CommandSpec>(&mut generator),
                "command",
            ),
        ];
        let payload = json!({
            "type": "object",
            "properties": { "payload": { "description": "What the job is given." } },
        });
        kinds.extend(
            custom
                .types()
                .map(|name| kind(name, payload.clone(), "payload")),
        );
        Self {
            file,
            job,
            kinds,
            common,
            of_kinds: definitions(&mut generator),
        }
    }

    fn assemble(self) -> Value {
        let mut definitions = self.common;
        definitions.extend(self.of_kinds);
        let mut defaults = fields_of(&self.job);
        defaults.retain(|name, _| !["name", "type"].contains(&name.as_str()));
        let mut jobs = Vec::new();
        for (index, kind) in self.kinds.into_iter().enumerate() {
            let definition = definition_of(index, &kind.type_name);
            let of_kind = fields_of(&kind.fields).into_iter();
            defaults.extend(of_kind.filter(|(name, _)| name.as_str() != kind.subject));
            jobs.push(json!({ "$ref": format!("#/$defs/{}", definition) }));
            definitions.insert(
                definition,
                job_of_kind(&self.job, &kind.type_name, kind.fields),
            );
        }
        definitions.insert("Job".to_owned(), json!({ "oneOf": jobs }));
        definitions.insert(
            "Defaults".to_owned(),
            json!({ "type": "object", "properties": defaults, "additionalProperties": false }),
        );
        let mut file = self.file;
        file["title"] = "Job file of xray-ecs".into();
        file["properties"]["defaults"]["$ref"] = "#/$defs/Defaults".into();
        file["properties"]["jobs"]["items"] = json!({ "$ref": "#/$defs/Job" });
        file["$defs"] = definitions.into();
        file
    }
}

/// The name of the schema of the jobs of a kind; `index` counts the kinds.
pub(super) fn definition_of(index: usize, type_name: &str) -> String {
    match type_name {
        "create-bucket" => "CreateBucketJob".to_owned(),
        "command" => "CommandJob".to_owned(),
        _ => format!("CustomJob{index}"),
    }
}

/// The schema of one kind of jobs: what every job has and what this kind has, nothing else.
fn job_of_kind(job: &Value, type_name: &str, mut fields: Value) -> Value {
    let mut required = vec![json!("name"), json!("type")];
    required.extend(fields["required"].as_array().into_iter().flatten().cloned());
    let mut properties = fields_of(job);
    if let Some(Value::Object(own)) = fields.get_mut("properties") {
        properties.append(own);
    }
    properties["type"]["const"] = type_name.into();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if let Some(description) = fields.get("description") {
        schema["description"] = description.clone();
    }
    schema
}

fn fields_of(schema: &Value) -> Map<String, Value> {
    schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default()
}
