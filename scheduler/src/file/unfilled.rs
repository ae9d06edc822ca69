//! What somebody was to fill in and did not, such as `${AWS_ACCOUNT_ID}`, `<account-id>` or
//! `subnet-xxxx`, wherever a text names something on AWS or is a setting of the worker.
//!
//! Left alone is what may hold such a text and mean it: commands and variables of programs, which are
//! the shell's, what people read, and the input transformer, whose `<name>` EventBridge fills in.
//! Accounts that documents use, such as 123456789012, are not judged: the credentials' account is
//! compared with them.

use checked_json::{At, RawFault, placeholder_of_name, placeholder_of_setting};
use serde_json::Value;

/// The fields in which nothing is looked for.
const LEFT_ALONE: [&str; 7] = [
    "$schema",
    "schedule",
    "description",
    "command",
    "input_path",
    "input_transformer",
    "expression",
];

/// Finds them in every text of a value.
pub(super) fn find(value: &Value, at: At<'_>, faults: &mut Vec<RawFault>) {
    match value {
        Value::String(text) => {
            faults.extend(placeholder_of_name(text).map(|found| told(&at, found)));
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                find(value, At::Element(&at, index), faults);
            }
        }
        Value::Object(fields) => {
            // A variable as ECS spells it, in an `input`.
            if let (Some(Value::String(name)), Some(value)) =
                (fields.get("name"), fields.get("value"))
            {
                return variable(name, value, At::Field(&at, "value"), faults);
            }
            for (name, value) in fields {
                let at = At::Field(&at, name);
                match (name.as_str(), value) {
                    ("environment", Value::Object(variables)) => {
                        for (name, value) in variables {
                            variable(name, value, At::Field(&at, name), faults);
                        }
                    }
                    (name, _) if LEFT_ALONE.contains(&name) => {}
                    _ => find(value, at, faults),
                }
            }
        }
        _ => {}
    }
}

fn variable(name: &str, value: &Value, at: At<'_>, faults: &mut Vec<RawFault>) {
    let found = value
        .as_str()
        .and_then(|value| placeholder_of_setting(name, value));
    faults.extend(found.map(|found| told(&at, found)));
}

fn told(at: &At<'_>, found: &str) -> RawFault {
    let name = found
        .strip_prefix("${")
        .and_then(|name| name.strip_suffix('}'));
    let mend = match name {
        Some(name) => {
            format!("write the value, or `{{env:{name}}}` for the variable of the environment")
        }
        None => "write the value".to_owned(),
    };
    RawFault::of_value(
        at.to_string(),
        format!("`{found}` is a placeholder that nobody filled in: {mend}"),
    )
}
