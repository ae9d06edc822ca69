//! What PutTargets refuses.

use serde_json::Value;

use super::super::transform::{self, PREDEFINED};
use super::{InputTransformer, Target, ecs_parameters};
use crate::protocol::{ApiError, in_range, length, name_pattern, validation};

pub(super) fn target(target: &Target) -> Result<(), ApiError> {
    name_pattern("targets.member.id", &target.id)?;
    length("targets.member.arn", &target.arn, 1, 1600)?;
    if !target.arn.starts_with("arn:") {
        let id = &target.id;
        return Err(validation(format!(
            "Parameter {} is not valid. Reason: Provided Arn is not in correct format. Target: {id}.",
            target.arn
        )));
    }
    if let Some(role) = &target.role_arn {
        length("targets.member.roleArn", role, 1, 1600)?;
    }
    if let Some(policy) = &target.retry_policy {
        let retries = policy.maximum_retry_attempts.unwrap_or(185);
        in_range("maximumRetryAttempts", retries, 0, 185)?;
        let age = policy.maximum_event_age_in_seconds.unwrap_or(86_400);
        in_range("maximumEventAgeInSeconds", age, 60, 86_400)?;
    }
    if let Some(arn) = target
        .dead_letter_config
        .as_ref()
        .and_then(|letters| letters.arn.as_deref())
        && (!arn.starts_with("arn:") || !arn.contains(":sqs:"))
    {
        return Err(validation(format!(
            "Parameter DeadLetterConfig of target {} is not valid: {arn} is no queue.",
            target.id
        )));
    }
    input(target)?;
    match &target.ecs_parameters {
        Some(parameters) => ecs_parameters::check(parameters)?,
        None if target.is_cluster() => {
            return Err(validation(format!(
                "EcsParameters is required for target {}.",
                target.arn
            )));
        }
        None => {}
    }
    if target.is_cluster() && target.role_arn.is_none() {
        return Err(validation(format!(
            "RoleArn is required for target {}.",
            target.arn
        )));
    }
    Ok(())
}

fn input(target: &Target) -> Result<(), ApiError> {
    let id = &target.id;
    let given = [
        target.input.is_some(),
        target.input_path.is_some(),
        target.input_transformer.is_some(),
    ];
    if given.into_iter().filter(|&given| given).count() > 1 {
        return Err(validation(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if let Some(input) = &target.input {
        length("targets.member.input", input, 0, 8192)?;
        if serde_json::from_str::<Value>(input).is_err() {
            return Err(validation(format!(
                "Input for target {id} is not a valid JSON text."
            )));
        }
    }
    if let Some(path) = &target.input_path {
        input_path(path)?;
    }
    match &target.input_transformer {
        Some(transformer) => input_transformer(id, transformer),
        None => Ok(()),
    }
}

fn input_path(path: &str) -> Result<(), ApiError> {
    length("inputPath", path, 0, 256)?;
    if transform::is_path(path) {
        return Ok(());
    }
    Err(validation(format!("Invalid JSON path {path}.")))
}

fn input_transformer(id: &str, transformer: &InputTransformer) -> Result<(), ApiError> {
    let InputTransformer {
        input_paths_map: paths,
        input_template: template,
    } = transformer;
    let entries = i64::try_from(paths.len()).unwrap_or(i64::MAX);
    in_range("inputPathsMap", entries, 0, 100)?;
    for (name, path) in paths {
        length("inputPathsMap.key", name, 1, 256)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.chars().all(allowed) || name.to_ascii_lowercase().starts_with("aws") {
            return Err(validation(format!(
                "InputPathsMap for target {id} has the invalid key {name}."
            )));
        }
        input_path(path)?;
    }
    length("inputTemplate", template, 1, 8192)?;
    let undefined = transform::placeholders(template)
        .into_iter()
        .find(|name| !paths.contains_key(*name) && !PREDEFINED.contains(name));
    if let Some(name) = undefined {
        return Err(validation(format!(
            "InputTemplate for target {id} contains invalid placeholder {name}."
        )));
    }
    if !transform::is_json(template) {
        return Err(validation(format!(
            "Invalid InputTemplate for target {id}."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::read;

    const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/jobs";

    fn cluster_target(change: Value) -> Value {
        let mut whole = json!({
            "Id": "worker",
            "Arn": CLUSTER,
            "RoleArn": "arn:aws:iam::123456789012:role/ecsEventsRole",
            "EcsParameters": {
                "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/worker",
            },
        });
        if let (Value::Object(members), Value::Object(change)) = (&mut whole, change) {
            members.extend(change);
            members.retain(|_, member| !member.is_null());
        }
        whole
    }

    fn judged(target: &Value) -> Result<(), ApiError> {
        super::target(&read(target)?)
    }

    #[test]
    fn targets_that_aws_takes_are_taken() {
        let definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/worker:3";
        for taken in [
            cluster_target(json!({})),
            cluster_target(json!({"Input": "{}"})),
            cluster_target(json!({"InputPath": "$.detail"})),
            cluster_target(json!({"InputTransformer": {
                "InputPathsMap": {"t": "$.time"},
                "InputTemplate": "{\"containerOverrides\":[{\"name\":<aws.events.rule-name>,\"x\":<t>}]}",
            }})),
            cluster_target(json!({
                "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
                "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:letters"},
            })),
            cluster_target(json!({"EcsParameters": {
                "TaskDefinitionArn": definition, "TaskCount": 2, "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}},
                "PropagateTags": "TASK_DEFINITION", "Tags": [{"Key": "a", "Value": "b"}],
            }})),
            json!({"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}),
        ] {
            assert_eq!(judged(&taken), Ok(()), "{taken}");
        }
    }

    #[test]
    fn targets_that_aws_refuses_are_refused() {
        let definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/worker";
        let ecs = |change: Value| {
            let mut parameters = json!({ "TaskDefinitionArn": definition });
            if let (Value::Object(members), Value::Object(change)) = (&mut parameters, change) {
                members.extend(change);
            }
            cluster_target(json!({ "EcsParameters": parameters }))
        };
        let transformer = |paths: Value, template: &str| {
            cluster_target(json!({ "InputTransformer": {
                "InputPathsMap": paths, "InputTemplate": template,
            } }))
        };
        let strategy = json!([{"capacityProvider": "FARGATE_SPOT"}]);
        let many: serde_json::Map<String, Value> =
            (0..101).map(|n| (format!("k{n}"), json!("$.id"))).collect();
        for (refused, told) in [
            (cluster_target(json!({"Id": null})), "'id'"),
            (cluster_target(json!({"Id": "a b"})), "pattern"),
            (cluster_target(json!({"Arn": "jobs"})), "Provided Arn"),
            (
                cluster_target(json!({"RoleArn": null})),
                "RoleArn is required",
            ),
            (
                cluster_target(json!({"EcsParameters": null})),
                "EcsParameters is required",
            ),
            (
                cluster_target(json!({"Input": "{"})),
                "not a valid JSON text",
            ),
            (
                cluster_target(json!({"Input": format!("\"{}\"", "x".repeat(8191))})),
                "8192",
            ),
            (
                cluster_target(json!({"Input": "{}", "InputPath": "$.detail"})),
                "Only one of",
            ),
            (
                cluster_target(json!({"InputPath": "$['detail']"})),
                "JSON path",
            ),
            (
                cluster_target(json!({"RetryPolicy": {"MaximumRetryAttempts": 186}})),
                "185",
            ),
            (
                cluster_target(json!({"RetryPolicy": {"MaximumEventAgeInSeconds": 59}})),
                "60",
            ),
            (
                cluster_target(json!({"DeadLetterConfig": {"Arn": "letters"}})),
                "no queue",
            ),
            (
                transformer(json!({}), "{\"a\":<t>}"),
                "invalid placeholder t",
            ),
            (
                transformer(json!({}), "<aws.events.rule>"),
                "invalid placeholder aws.events.rule",
            ),
            (
                transformer(json!({"t": "$.time"}), "due <t>"),
                "Invalid InputTemplate",
            ),
            (transformer(json!({"t": "time"}), "<t>"), "JSON path"),
            (
                transformer(json!({"aws-t": "$.time"}), "<aws-t>"),
                "invalid key",
            ),
            (transformer(json!(many), "{}"), "100"),
            (transformer(json!({}), ""), "greater than or equal to 1"),
            (ecs(json!({"TaskDefinitionArn": "worker"})), "Provided Arn"),
            (ecs(json!({"TaskCount": 0})), "greater than or equal to 1"),
            (
                ecs(json!({"LaunchType": "MANAGED_INSTANCES"})),
                "enum value set",
            ),
            (
                ecs(json!({"LaunchType": "FARGATE", "CapacityProviderStrategy": strategy})),
                "Only one of LaunchType",
            ),
            (ecs(json!({"PropagateTags": "SERVICE"})), "enum value set"),
            (
                ecs(json!({"NetworkConfiguration": {"awsvpcConfiguration": {}}})),
                "'subnets'",
            ),
            (
                ecs(json!({"NetworkConfiguration": {"awsvpcConfiguration": {
                    "Subnets": [], "SecurityGroups": vec!["sg"; 6],
                }}})),
                "5",
            ),
            (ecs(json!({"Group": "g".repeat(256)})), "255"),
        ] {
            let error = judged(&refused).unwrap_err();
            assert_eq!(error.code, "ValidationException", "{refused}");
            assert!(error.message.contains(told), "{told}: {}", error.message);
        }
    }
}
