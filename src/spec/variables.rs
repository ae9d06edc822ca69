//! One job out of the variables `JOB_TYPE`, `JOB_BUCKET` and so on.

use checked_json::{Fault, Faults, suggestion};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::checked::CheckedFile;
use super::document::Document;
use super::environment::Environment;
use super::source::SourceError;

/// One job as variables; each is text, so that all faults are told and not only the first.
#[derive(Deserialize)]
struct Scalars {
    r#type: Option<String>,
    name: Option<String>,
    timeout: Option<String>,
    max_attempts: Option<String>,
    retry_on: Option<String>,
    bucket: Option<String>,
    region: Option<String>,
    expected_owner: Option<String>,
    namespace: Option<String>,
    versioning: Option<String>,
    encryption: Option<String>,
    kms_key_id: Option<String>,
    public_access_block: Option<String>,
    object_ownership: Option<String>,
    object_lock: Option<String>,
    acl: Option<String>,
    policy: Option<String>,
    accelerate: Option<String>,
    request_payment: Option<String>,
    tags: Option<String>,
    command: Option<String>,
    working_directory: Option<String>,
    stdin: Option<String>,
}

const PREFIX: &str = "JOB_";

/// What the faults of variables name as their source.
const SOURCE_NAME: &str = "environment";

/// The variables of a job and the fields they stand for, the inner fields first.
const VARIABLES: [(&str, &str); 23] = [
    ("JOB_KMS_KEY_ID", "encryption.kms_key_id"),
    ("JOB_MAX_ATTEMPTS", "retry.max_attempts"),
    ("JOB_RETRY_ON", "retry"),
    ("JOB_TYPE", "type"),
    ("JOB_NAME", "name"),
    ("JOB_TIMEOUT", "timeout"),
    ("JOB_BUCKET", "bucket"),
    ("JOB_REGION", "region"),
    ("JOB_EXPECTED_OWNER", "expected_owner"),
    ("JOB_NAMESPACE", "namespace"),
    ("JOB_VERSIONING", "versioning"),
    ("JOB_ENCRYPTION", "encryption"),
    ("JOB_PUBLIC_ACCESS_BLOCK", "public_access_block"),
    ("JOB_OBJECT_OWNERSHIP", "object_ownership"),
    ("JOB_OBJECT_LOCK", "object_lock"),
    ("JOB_ACL", "acl"),
    ("JOB_POLICY", "policy"),
    ("JOB_ACCELERATE", "accelerate"),
    ("JOB_REQUEST_PAYMENT", "request_payment"),
    ("JOB_TAGS", "tags"),
    ("JOB_COMMAND", "command"),
    ("JOB_WORKING_DIRECTORY", "working_directory"),
    ("JOB_STDIN", "stdin"),
];

/// Variables that tell about the trigger, or where a job file is.
const OTHER_VARIABLES: [&str; 6] = [
    "JOB_SPEC",
    "JOB_FILE",
    "JOB_SCHEDULED_TIME",
    "JOB_EVENT_ID",
    "JOB_RULE_ARN",
    "JOB_TARGET_ID",
];

/// The document that says the same as the variables.
pub(super) fn document(environment: &Environment) -> Result<Document, SourceError> {
    let mut faults = unknown_variables(environment);
    let mut variables = Vec::new();
    for (name, _) in VARIABLES {
        if let Some(value) = environment.get_non_empty(name)? {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }
    let scalars: Scalars = envy::prefixed(PREFIX).from_iter(variables)?;
    let text = job_file(scalars, &mut faults).to_string();
    let mut document = Document::new(SOURCE_NAME, text);
    document.variables = Some(faults.into());
    Ok(document)
}

/// What was loaded from variables, with the faults of the variables themselves; faults name the
/// variable and have no place.
pub(super) fn with_faults(
    loaded: Result<CheckedFile, Faults>,
    own: &[Fault],
) -> Result<CheckedFile, Faults> {
    let mut faults = Faults {
        told: own.to_vec(),
        untold: 0,
    };
    match loaded {
        Ok(file) if own.is_empty() => return Ok(file),
        Ok(_) => {}
        Err(mut more) => {
            more.told = more.told.into_iter().map(of_variable).collect();
            faults.append(more);
        }
    }
    Err(faults)
}

fn fault(field: &str, message: String) -> Fault {
    Fault {
        source_name: SOURCE_NAME.to_owned(),
        position: None,
        field: field.to_owned(),
        message,
    }
}

fn unknown_variables(environment: &Environment) -> Vec<Fault> {
    let names = VARIABLES.map(|(name, _)| name);
    let is_known = |name: &str| names.contains(&name) || OTHER_VARIABLES.contains(&name);
    environment
        .names_with_prefix(PREFIX)
        .filter(|name| !is_known(name))
        .map(|name| {
            fault(
                name,
                format!("unknown variable{}", suggestion(name, &names)),
            )
        })
        .collect()
}

/// The job file that says the same as the variables.
fn job_file(scalars: Scalars, faults: &mut Vec<Fault>) -> Value {
    let name = scalars.name.or_else(|| {
        let plain = scalars.bucket.clone();
        let plain = plain.filter(|name| !name.contains(['{', '}']));
        Some(plain.unwrap_or_else(|| "job".to_owned()))
    });
    let file_name = match scalars.r#type.as_deref() {
        Some("command") => "commands",
        _ => "bucket creation",
    };
    let encryption = match (scalars.encryption, scalars.kms_key_id) {
        (Some(algorithm), None) => Some(Value::String(algorithm)),
        (Some(algorithm), Some(key)) => Some(json!({ "algorithm": algorithm, "kms_key_id": key })),
        (None, Some(key)) => Some(json!({ "kms_key_id": key })),
        (None, None) => None,
    };
    let causes = scalars.retry_on.map(|words| {
        let words = words.split(',').map(str::trim);
        words.map(Value::from).collect::<Vec<_>>().into()
    });
    let retry: Map<String, Value> = [
        ("max_attempts", scalars.max_attempts.map(plain_value)),
        ("on", causes),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect();
    let fields = [
        ("type", scalars.r#type.map(Value::String)),
        ("name", name.map(Value::String)),
        ("timeout", scalars.timeout.map(Value::String)),
        ("retry", (!retry.is_empty()).then_some(Value::Object(retry))),
        ("bucket", scalars.bucket.map(Value::String)),
        ("region", scalars.region.map(Value::String)),
        ("expected_owner", scalars.expected_owner.map(Value::String)),
        ("namespace", scalars.namespace.map(Value::String)),
        ("versioning", scalars.versioning.map(plain_value)),
        ("encryption", encryption),
        (
            "public_access_block",
            scalars.public_access_block.map(plain_value),
        ),
        (
            "object_ownership",
            scalars.object_ownership.map(Value::String),
        ),
        ("object_lock", scalars.object_lock.map(plain_value)),
        ("acl", scalars.acl.map(plain_value)),
        ("policy", scalars.policy.map(plain_value)),
        ("accelerate", scalars.accelerate.map(plain_value)),
        (
            "request_payment",
            scalars.request_payment.map(Value::String),
        ),
        ("tags", scalars.tags.map(|tags| tags_value(&tags, faults))),
        ("command", scalars.command.map(|command| words(&command))),
        (
            "working_directory",
            scalars.working_directory.map(Value::String),
        ),
        ("stdin", scalars.stdin.map(Value::String)),
    ];
    let set = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let job: Map<String, Value> = set.collect();
    json!({ "version": 1, "name": file_name, "jobs": [job] })
}

/// `true`, `false`, numbers, objects and arrays as such, all else as text.
fn plain_value(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(Value::Null | Value::String(_)) | Err(_) => Value::String(text),
        Ok(value) => value,
    }
}

/// A program and its arguments: a JSON array, or words with spaces between them. There is no
/// quoting, which the array is for.
fn words(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(array @ Value::Array(_)) => array,
        _ => text.split_whitespace().map(Value::from).collect(),
    }
}

/// Tags from `team=data,env=prod`, or the word for none.
fn tags_value(text: &str, faults: &mut Vec<Fault>) -> Value {
    if text == "absent" {
        return text.into();
    }
    let mut tags = Map::new();
    for pair in text.split(',') {
        let Some((key, value)) = pair.split_once('=') else {
            let message = format!("`{pair}` is no tag, write `key=value,key2=value2`");
            faults.push(fault("JOB_TAGS", message));
            continue;
        };
        let (key, value) = (
            key.trim().to_owned(),
            Value::String(value.trim().to_owned()),
        );
        if tags.insert(key.clone(), value).is_some() {
            let message = format!("tag `{key}` stands twice, keep one");
            faults.push(fault("JOB_TAGS", message));
        }
    }
    Value::Object(tags)
}

/// A fault of the job file as one of the variable that the field came from.
fn of_variable(fault: Fault) -> Fault {
    let field = fault.field.strip_prefix("jobs[0].").unwrap_or(&fault.field);
    let stands_for = |path: &str| {
        let rest = field.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let variable = VARIABLES.iter().find(|(_, path)| stands_for(path));
    Fault {
        field: variable.map_or(field, |(name, _)| name).to_owned(),
        position: None,
        ..fault
    }
}

#[cfg(test)]
mod tests;
