//! What a task has different from its definition.

use serde::Deserialize;
use serde_json::Value;

use super::definitions::Definition;
use super::invalid;
use crate::protocol::ApiError;

/// How many characters all overrides of a RunTask may have, with the syntax of JSON.
const CHARACTERS_MAX: usize = 8192;

/// The members of a TaskOverride, all of which may be missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape is judged")]
struct TaskOverride {
    container_overrides: Option<Vec<ContainerOverride>>,
    cpu: Option<String>,
    memory: Option<String>,
    execution_role_arn: Option<String>,
    task_role_arn: Option<String>,
    ephemeral_storage: Option<Value>,
    inference_accelerator_overrides: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape is judged")]
struct ContainerOverride {
    name: Option<String>,
    command: Option<Vec<String>>,
    environment: Option<Vec<Variable>>,
    environment_files: Option<Vec<Value>>,
    cpu: Option<i64>,
    memory: Option<i64>,
    memory_reservation: Option<i64>,
    resource_requirements: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the shape is judged")]
struct Variable {
    name: Option<String>,
    value: Option<String>,
}

/// Reads the input of a target as EventBridge does for ECS: what is no TaskOverride is refused before
/// RunTask is called.
pub(crate) fn task_override(input: &str) -> Result<Value, ApiError> {
    let shape = serde_json::from_str::<TaskOverride>(input);
    match (shape, serde_json::from_str(input)) {
        (Ok(_), Ok(value)) => Ok(value),
        _ => Err(ApiError::new(
            "INVALID_PARAMETER",
            "Unable to convert target input to TaskOverride",
        )),
    }
}

/// What RunTask refuses.
pub(super) fn check(overrides: &Value, definition: &Definition) -> Result<(), ApiError> {
    TaskOverride::deserialize(overrides)
        .map_err(|error| ApiError::new("SerializationException", error.to_string()))?;
    if overrides.to_string().chars().count() > CHARACTERS_MAX {
        return Err(invalid(format!(
            "Container Overrides length must be at most {CHARACTERS_MAX}"
        )));
    }
    for container in overrides["containerOverrides"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let Some(name) = container["name"].as_str().filter(|name| !name.is_empty()) else {
            return Err(invalid("Container name in overrides cannot be blank."));
        };
        if definition.container(name).is_none() {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_has_to_be_a_task_override() {
        for taken in [
            "{}",
            r#"{"containerOverrides":[{"name":"a","command":["b"],"environment":[{"name":"X","value":"1"}]}]}"#,
            r#"{"cpu":"256","memory":"512"}"#,
        ] {
            assert!(task_override(taken).is_ok(), "{taken}");
        }
        for refused in [
            "",
            "\"text\"",
            "[]",
            r#"{"VAR1":"x"}"#,
            r#"{"containerOverrides":{}}"#,
            r#"{"containerOverrides":[{"name":"a","environment":[{"name":"X","value":1}]}]}"#,
            r#"{"containerOverrides":[{"Name":"a"}]}"#,
        ] {
            let error = task_override(refused).unwrap_err();
            assert_eq!(
                error.message, "Unable to convert target input to TaskOverride",
                "{refused}"
            );
        }
    }
}
