//! A job file's text before it is checked, or the variables that stand for one job.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::environment::Environment;
use super::fault::{Fault, Faults, suggestion};
use super::source::SourceError;
use super::{Context, JobFile, load, uses_account};

/// The text of a job file and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    source_name: String,
    text: String,
    scalars: Option<ScalarFaults>,
}

/// The job stands in variables; what is wrong with these alone.
type ScalarFaults = Vec<Fault>;

/// One job as variables; each is text, so that all faults are told and none only the first.
#[derive(Deserialize)]
struct Scalars {
    r#type: Option<String>,
    name: Option<String>,
    bucket: Option<String>,
    region: Option<String>,
    timeout: Option<String>,
    versioning: Option<String>,
    encryption: Option<String>,
    kms_key_id: Option<String>,
    public_access_block: Option<String>,
    object_ownership: Option<String>,
    tags: Option<String>,
    max_attempts: Option<String>,
}

const PREFIX: &str = "JOB_";

/// What the faults of variables name as their source.
const SOURCE_NAME: &str = "environment";

/// The variables of a job and the fields they stand for, the inner fields first.
const VARIABLES: [(&str, &str); 12] = [
    ("JOB_KMS_KEY_ID", "encryption.kms_key_id"),
    ("JOB_MAX_ATTEMPTS", "retry"),
    ("JOB_TYPE", "type"),
    ("JOB_NAME", "name"),
    ("JOB_BUCKET", "bucket"),
    ("JOB_REGION", "region"),
    ("JOB_TIMEOUT", "timeout"),
    ("JOB_VERSIONING", "versioning"),
    ("JOB_ENCRYPTION", "encryption"),
    ("JOB_PUBLIC_ACCESS_BLOCK", "public_access_block"),
    ("JOB_OBJECT_OWNERSHIP", "object_ownership"),
    ("JOB_TAGS", "tags"),
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

impl Document {
    /// A job file's text; `source_name` names it in faults.
    pub fn new(source_name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            source_name: source_name.into(),
            text: text.into(),
            scalars: None,
        }
    }

    /// One job out of the variables `JOB_TYPE`, `JOB_BUCKET` and so on.
    pub(super) fn from_variables(environment: &Environment) -> Result<Self, SourceError> {
        let mut faults = unknown_variables(environment);
        let mut variables = Vec::new();
        for (name, _) in VARIABLES {
            if let Some(value) = environment.get_non_empty(name)? {
                variables.push((name.to_owned(), value.to_owned()));
            }
        }
        let scalars: Scalars = envy::prefixed(PREFIX).from_iter(variables)?;
        Ok(Self {
            source_name: SOURCE_NAME.to_owned(),
            text: job_file(scalars, &mut faults).to_string(),
            scalars: Some(faults),
        })
    }

    /// What the faults call the document.
    pub fn source_name(&self) -> &str {
        &self.source_name
    }

    /// The text: JSON, also where the job stands in variables.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a template stands for the account, so that it must be known for [`Self::load`].
    pub fn uses_account(&self) -> bool {
        uses_account(&self.text)
    }

    /// Reads and checks the document.
    ///
    /// # Errors
    /// Every fault; those of variables name the variable and have no place.
    pub fn load(&self, context: &Context<'_>) -> Result<JobFile, Faults> {
        let loaded = load(&self.source_name, &self.text, context);
        let Some(faults) = &self.scalars else {
            return loaded;
        };
        let mut faults = faults.clone();
        match loaded {
            Ok(file) if faults.is_empty() => return Ok(file),
            Ok(_) => {}
            Err(Faults(more)) => faults.extend(more.into_iter().map(of_variable)),
        }
        Err(Faults(faults))
    }
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
fn job_file(scalars: Scalars, faults: &mut ScalarFaults) -> Value {
    let name = scalars.name.or_else(|| {
        let plain = scalars
            .bucket
            .clone()
            .filter(|name| !name.contains(['{', '}']));
        Some(plain.unwrap_or_else(|| "job".to_owned()))
    });
    let encryption = match (scalars.encryption, scalars.kms_key_id) {
        (Some(algorithm), None) => Some(Value::String(algorithm)),
        (Some(algorithm), Some(key)) => Some(json!({ "algorithm": algorithm, "kms_key_id": key })),
        (None, Some(key)) => Some(json!({ "kms_key_id": key })),
        (None, None) => None,
    };
    let max_attempts = scalars.max_attempts.map(plain_value);
    let fields = [
        ("type", scalars.r#type.map(Value::String)),
        ("name", name.map(Value::String)),
        ("bucket", scalars.bucket.map(Value::String)),
        ("region", scalars.region.map(Value::String)),
        ("timeout", scalars.timeout.map(Value::String)),
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
        ("tags", scalars.tags.map(|tags| tags_value(&tags, faults))),
        (
            "retry",
            max_attempts.map(|number| json!({ "max_attempts": number })),
        ),
    ];
    let set = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let job: Map<String, Value> = set.collect();
    json!({ "version": 1, "name": "bucket creation", "jobs": [job] })
}

/// `true`, `false` and numbers as such, all else as text, which the check then refuses.
fn plain_value(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
        _ => Value::String(text),
    }
}

/// Tags from `team=data,env=prod`.
fn tags_value(text: &str, faults: &mut ScalarFaults) -> Value {
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
            faults.push(fault(
                "JOB_TAGS",
                format!("tag `{key}` stands twice, keep one"),
            ));
        }
    }
    Value::Object(tags)
}

/// A fault of the job file as one of the variable that the field came from.
fn of_variable(fault: Fault) -> Fault {
    let field = fault.field.strip_prefix("jobs[0].").unwrap_or(&fault.field);
    let stands_for = |path: &str| {
        let rest = field.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let variable = VARIABLES.iter().find(|(_, path)| stands_for(path));
    Fault {
        field: variable.map_or(field, |(name, _)| name).to_owned(),
        position: None,
        ..fault
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::Source;
    use super::*;

    fn from_variables(variables: &[(&str, &str)]) -> Result<JobFile, String> {
        let environment: Environment = variables.iter().copied().collect();
        let sources = Source::find(&[], &environment).map_err(|error| error.to_string())?;
        let document = sources[0].read().map_err(|error| error.to_string())?;
        let context = Context {
            account: "111122223333",
            region: Some("us-east-1"),
            start: DateTime::UNIX_EPOCH,
            run_id: "run-1",
            environment: &environment,
        };
        document.load(&context).map_err(|faults| faults.to_string())
    }

    #[test]
    fn variables_stand_for_one_job() {
        let file = from_variables(&[
            ("JOB_TYPE", "create-bucket"),
            ("JOB_BUCKET", "acme-{account}"),
            ("JOB_TIMEOUT", "5m"),
            ("JOB_VERSIONING", "true"),
            ("JOB_ENCRYPTION", "aws:kms"),
            ("JOB_KMS_KEY_ID", "alias/acme"),
            ("JOB_PUBLIC_ACCESS_BLOCK", "false"),
            ("JOB_OBJECT_OWNERSHIP", "BucketOwnerPreferred"),
            ("JOB_TAGS", "team=data, expression=a=b"),
            ("JOB_MAX_ATTEMPTS", "5"),
            ("JOB_REGION", ""),
            ("JOB_SPEC", ""),
            ("JOB_EVENT_ID", "e"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(file.name, "bucket creation");
        assert_eq!(
            serde_json::to_value(&file.jobs).unwrap(),
            serde_json::json!([{
                "name": "job",
                "type": "create-bucket",
                "bucket": "acme-111122223333",
                "region": "us-east-1",
                "timeout": "5m",
                "versioning": true,
                "encryption": {
                    "algorithm": "aws:kms", "kms_key_id": "alias/acme", "bucket_key": false,
                },
                "public_access_block": {
                    "block_public_acls": false, "ignore_public_acls": false,
                    "block_public_policy": false, "restrict_public_buckets": false,
                },
                "object_ownership": "BucketOwnerPreferred",
                "tags": { "team": "data", "expression": "a=b" },
                "retry": { "max_attempts": 5, "base_delay": "200ms", "max_delay": "20s" },
            }])
        );
    }

    #[test]
    fn the_bucket_names_a_job_of_variables() {
        let variables = [("JOB_TYPE", "create-bucket"), ("JOB_BUCKET", "acme")];
        assert_eq!(from_variables(&variables).unwrap().jobs[0].name, "acme");
    }

    #[test]
    fn faults_of_variables_name_the_variable() {
        let faults = from_variables(&[
            ("JOB_TYPE", "create-buckets"),
            ("JOB_REGOIN", "eu-west-1"),
            ("JOB_TIMEOUT", "30"),
            ("JOB_VERSIONING", "yes"),
            ("JOB_KMS_KEY_ID", "{nope}"),
            ("JOB_TAGS", "team,a=1,a=2,b={env:NOPE}"),
            ("JOB_MAX_ATTEMPTS", "many"),
        ])
        .unwrap_err();
        let mut faults: Vec<_> = faults.lines().collect();
        faults.sort_unstable();
        assert_eq!(
            faults,
            [
                "environment: JOB_BUCKET: missing, give the bucket's name",
                "environment: JOB_ENCRYPTION: missing, give `AES256`, `aws:kms` or `aws:kms:dsse`",
                "environment: JOB_KMS_KEY_ID: unknown template `{nope}`, known are `account`, `region`, `job`, `env`, `date`, `rand`",
                "environment: JOB_MAX_ATTEMPTS: found the text `many`, wanted a whole number from 1 to 100",
                "environment: JOB_REGOIN: unknown variable, did you mean `JOB_REGION`?",
                "environment: JOB_TAGS: `team` is no tag, write `key=value,key2=value2`",
                "environment: JOB_TAGS: environment variable `NOPE` of template `{env:NOPE}` is not set",
                "environment: JOB_TAGS: tag `a` stands twice, keep one",
                "environment: JOB_TIMEOUT: `30` has no unit, write `30s` for seconds or `30ms` for milliseconds",
                "environment: JOB_TYPE: unknown value `create-buckets`, did you mean `create-bucket`?",
                "environment: JOB_VERSIONING: found the text `yes`, wanted true or false",
            ]
        );
    }
}
