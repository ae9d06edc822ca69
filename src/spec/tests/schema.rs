//! The JSON Schema and the parser agree.

use checked_json::Shapes;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::*;

fn validator() -> Validator {
    let schema = job_file_schema(&CustomKinds::default());
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn the_check_understands_every_keyword() {
    let schema = super::super::schema::strict(&CustomKinds::default());
    let none: [String; 0] = [];
    assert_eq!(Shapes::compile(&schema).unknown_keywords(), none);
}

#[test]
fn nothing_of_our_own_is_published() {
    let schema = job_file_schema(&CustomKinds::default());
    assert!(!schema.to_string().contains("\"x-"));
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    for (name, field) in schema["$defs"]["CreateBucketJob"]["properties"]
        .as_object()
        .unwrap()
    {
        assert!(
            field.get("description").is_some(),
            "{name} has no description"
        );
    }
}

#[test]
fn editors_accept_what_the_parser_accepts() {
    let validator = validator();
    for text in samples() {
        let file: Value = serde_json::from_str(&text).unwrap();
        load_text(&text).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
        assert!(
            validator.is_valid(&file),
            "{text}\n{:?}",
            validator.validate(&file)
        );
    }
}

fn samples() -> Vec<String> {
    let mut samples = vec![FULL.to_owned()];
    samples.push(
        json!({
            "version": 1, "name": "n", "run_timeout": "2h", "tolerated_failure_count": 1,
            "tolerated_failure_percentage": 2.5, "fail_fast": false,
            "rate_limits": { "*": 10, "PutBucketPolicy": 1.5 },
            "defaults": { "working_directory": "/{job}", "acl": "private", "retry": { "on": ["any", "SlowDown"] } },
            "jobs": [
                { "name": "c", "type": "command", "command": ["a", "{job}"], "success_codes": [0, 3],
                  "environment": { "A": "{env:STAGE}" }, "inherit_environment": false,
                  "stdin": [null, { "a": "{account}" }], "output_len_max": 10 },
                { "name": "d", "type": "command", "command": ["a"], "stdin": "x" },
                { "name": "e", "type": "create-bucket", "bucket": "{job}-bucket", "versioning": false,
                  "encryption": { "algorithm": "aws:kms", "kms_key_id": "alias/{env:STAGE}" },
                  "public_access_block": { "block_public_acls": true, "ignore_public_acls": true,
                     "block_public_policy": false, "restrict_public_buckets": true },
                  "policy": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
                     "Principal": { "AWS": "{account}" }, "Action": "s3:GetObject",
                     "Resource": "arn:aws:s3:::e-bucket/${aws:username}" }] },
                  "request_payment": "Requester", "tags": "absent", "expected_owner": "{account}" },
            ],
        })
        .to_string(),
    );
    for file in ["commands", "create-bucket", "fleet", "hardened-bucket"] {
        let path = format!("{}/jobs/{file}.json", env!("CARGO_MANIFEST_DIR"));
        samples.push(std::fs::read_to_string(path).unwrap());
    }
    samples.extend(documented("json"));
    samples
}

/// The blocks of the document that are job files, and those that are JSON Lines.
fn documented(fence: &str) -> Vec<String> {
    let document = include_str!("../../../docs/jobs.md");
    let blocks = document.split("```").skip(1).step_by(2);
    let of_fence = blocks.filter_map(|block| block.strip_prefix(fence)?.strip_prefix('\n'));
    of_fence
        .filter(|text| text.contains("\"version\""))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_job_file_of_the_document_loads() {
    let validator = validator();
    let files = documented("json");
    assert!(files.len() >= 7);
    for text in &files {
        load_text(text).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
        let file: Value = serde_json::from_str(text).unwrap();
        assert!(
            validator.is_valid(&file),
            "{text}\n{:?}",
            validator.validate(&file)
        );
    }
    for text in documented("jsonl") {
        assert_eq!(load_text(&text).unwrap().jobs.len(), 2);
    }
}

#[test]
fn every_field_is_documented() {
    let document = include_str!("../../../docs/jobs.md");
    let schema = job_file_schema(&CustomKinds::default());
    let mut names = Vec::new();
    field_names(&schema, &mut names);
    let stands = |name: &String| {
        let spellings = [
            format!("`{name}`"),
            format!(".{name}`"),
            format!("\"{name}\""),
        ];
        spellings.iter().any(|spelling| document.contains(spelling))
    };
    names.retain(|name| !stands(name));
    let none: [String; 0] = [];
    assert_eq!(names, none);
}

fn field_names(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            for (keyword, value) in fields {
                if let ("properties", Value::Object(fields)) = (keyword.as_str(), value) {
                    into.extend(fields.keys().cloned());
                }
                field_names(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| field_names(value, into)),
        _ => {}
    }
}

/// All places in a value, as JSON pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{name}"), into);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                places(value, &format!("{at}/{index}"), into);
            }
        }
        _ => {}
    }
}

fn mutated(mut file: Value, place: usize, change: usize) -> Value {
    let mut all = Vec::new();
    places(&file, "", &mut all);
    let at = &all[place % all.len()];
    let Some(value) = file.pointer_mut(at) else {
        return file;
    };
    match (change, &mut *value) {
        (0, _) => *value = json!(7),
        (1, _) => *value = json!("unknown-word"),
        (2, _) => *value = json!({ "unknown": true }),
        (3, _) => *value = json!([]),
        (4, _) => *value = Value::Null,
        (5, Value::Object(fields)) => {
            if let Some(name) = fields.keys().next().cloned() {
                let value = fields.remove(&name).unwrap_or_default();
                fields.insert(format!("{name}x"), value);
            }
        }
        (6, Value::Object(fields)) => {
            let name = fields.keys().next_back().cloned();
            name.map(|name| fields.remove(&name));
        }
        (7, Value::Number(_)) => *value = json!(-1),
        (8, Value::String(text)) => text.push('!'),
        (9, Value::Bool(_)) => *value = json!("true"),
        _ => *value = json!(true),
    }
    file
}

/// Whether a refusal is about more than a schema can know.
fn is_beyond_schema(faults: &Faults) -> bool {
    let structural = [
        "unknown field",
        "missing, give",
        "found ",
        "unknown value",
        "unknown name",
        "is no duration",
        "has no unit",
        "empty, give at least",
        "stands twice, keep one",
    ];
    let is_structural = |fault: &Fault| structural.iter().any(|part| fault.message.contains(part));
    !faults.told.iter().any(is_structural)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn schema_and_parser_refuse_the_same_structures(
        sample in proptest::sample::select(samples()), place in 0..10_000_usize, change in 0..11_usize,
    ) {
        use std::sync::OnceLock;
        static VALIDATOR: OnceLock<Validator> = OnceLock::new();
        let validator = VALIDATOR.get_or_init(validator);
        let file: Value = serde_json::from_str(&sample).unwrap();
        let file = mutated(file, place, change);
        let is_valid = validator.is_valid(&file);
        match load_text(&file.to_string()) {
            Ok(_) => prop_assert!(is_valid, "the schema refuses what loads: {file}"),
            Err(faults) if is_valid => {
                prop_assert!(is_beyond_schema(&faults), "the schema accepts {file}\n{faults}");
            }
            Err(_) => {}
        }
    }
}
