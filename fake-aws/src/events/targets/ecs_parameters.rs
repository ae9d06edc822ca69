//! What PutTargets refuses in the EcsParameters of a target.

use serde::Deserialize;
use serde_json::Value;

use super::super::tags::{self, Tag};
use crate::protocol::{ApiError, in_range, length, one_of, read, tags_allowed, validation};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EcsParameters {
    task_definition_arn: String,
    task_count: Option<i64>,
    launch_type: Option<String>,
    network_configuration: Option<NetworkConfiguration>,
    group: Option<String>,
    capacity_provider_strategy: Option<Vec<CapacityProvider>>,
    #[serde(default)]
    placement_constraints: Vec<Value>,
    #[serde(default)]
    placement_strategy: Vec<Value>,
    propagate_tags: Option<String>,
    reference_id: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct NetworkConfiguration {
    #[serde(rename = "awsvpcConfiguration")]
    awsvpc: Option<Awsvpc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Awsvpc {
    subnets: Vec<String>,
    #[serde(default)]
    security_groups: Vec<String>,
    assign_public_ip: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CapacityProvider {
    capacity_provider: String,
    weight: Option<i64>,
    base: Option<i64>,
}

pub(super) fn check(parameters: &Value) -> Result<(), ApiError> {
    let parameters: EcsParameters = read(parameters)?;
    length(
        "taskDefinitionArn",
        &parameters.task_definition_arn,
        1,
        1600,
    )?;
    let is_definition = parameters.task_definition_arn.contains(":task-definition/");
    if !parameters.task_definition_arn.starts_with("arn:") || !is_definition {
        return Err(validation(format!(
            "Parameter {} is not valid. Reason: Provided Arn is not in correct format.",
            parameters.task_definition_arn
        )));
    }
    in_range("taskCount", parameters.task_count.unwrap_or(1), 1, i64::MAX)?;
    if let Some(launch_type) = &parameters.launch_type {
        one_of("launchType", launch_type, &["EC2", "FARGATE", "EXTERNAL"])?;
        if parameters.capacity_provider_strategy.is_some() {
            return Err(validation(
                "Only one of LaunchType and CapacityProviderStrategy must be provided.",
            ));
        }
    }
    if let Some(awsvpc) = parameters
        .network_configuration
        .and_then(|network| network.awsvpc)
    {
        entries("subnets", awsvpc.subnets.len(), 16)?;
        entries("securityGroups", awsvpc.security_groups.len(), 5)?;
        if let Some(assign) = &awsvpc.assign_public_ip {
            one_of("assignPublicIp", assign, &["ENABLED", "DISABLED"])?;
        }
    }
    if let Some(group) = &parameters.group {
        length("group", group, 0, 255)?;
    }
    let strategy = parameters.capacity_provider_strategy.unwrap_or_default();
    entries("capacityProviderStrategy", strategy.len(), 6)?;
    for provider in &strategy {
        length("capacityProvider", &provider.capacity_provider, 1, 255)?;
        in_range("weight", provider.weight.unwrap_or(0), 0, 1000)?;
        in_range("base", provider.base.unwrap_or(0), 0, 100_000)?;
    }
    entries(
        "placementConstraints",
        parameters.placement_constraints.len(),
        10,
    )?;
    entries("placementStrategy", parameters.placement_strategy.len(), 5)?;
    if let Some(propagate) = &parameters.propagate_tags {
        one_of("propagateTags", propagate, &["TASK_DEFINITION"])?;
    }
    if let Some(reference) = &parameters.reference_id {
        length("referenceId", reference, 0, 1024)?;
    }
    tags_allowed(&tags::pairs(parameters.tags))
}

fn entries(member: &str, found: usize, max: i64) -> Result<(), ApiError> {
    in_range(member, i64::try_from(found).unwrap_or(i64::MAX), 0, max)
}
