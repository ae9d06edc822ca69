//! A target as EventBridge's API has it, there and back.

use std::collections::BTreeSet;

use aws_sdk_eventbridge::error::BuildError;
use aws_sdk_eventbridge::types::{
    self as sdk, AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem,
    DeadLetterConfig, EcsParameters, InputTransformer, NetworkConfiguration,
};

use crate::input::{Input, Sent, Transformer};
use crate::rule::{
    CapacityProvider, Network, PlacementConstraint, PlacementStrategy, RetryPolicy, Target, Tasks,
    platform_version,
};

/// The target as PutTargets takes it.
pub(super) fn to_sdk(id: &str, target: &Target) -> Result<sdk::Target, BuildError> {
    let retry = target.retry_policy;
    let retry = sdk::RetryPolicy::builder()
        .maximum_event_age_in_seconds(signed(retry.maximum_event_age_s))
        .maximum_retry_attempts(signed(retry.maximum_retry_attempts))
        .build();
    let queue = target.dead_letter_queue.as_ref();
    let queue = queue.map(|arn| DeadLetterConfig::builder().arn(arn).build());
    let mut builder = sdk::Target::builder()
        .id(id)
        .arn(&target.cluster)
        .set_role_arn(target.role.clone())
        .set_ecs_parameters(target.tasks.as_ref().map(tasks_to_sdk).transpose()?)
        .retry_policy(retry)
        .set_dead_letter_config(queue);
    builder = match target.input.to_sent() {
        Sent::None => builder,
        Sent::Input(text) => builder.input(text),
        Sent::Path(path) => builder.input_path(path),
        Sent::Transformer(Transformer { paths, template }) => builder.input_transformer(
            InputTransformer::builder()
                .set_input_paths_map(Some(paths.into_iter().collect()))
                .input_template(template)
                .build()?,
        ),
    };
    builder.build()
}

/// A target of the rule with this ARN.
pub(super) fn of_sdk(target: sdk::Target, rule_arn: &str) -> Target {
    let of_other_services = other_services(&target);
    let sent = match (target.input, target.input_path, target.input_transformer) {
        (Some(text), ..) => Sent::Input(text),
        (None, Some(path), _) => Sent::Path(path),
        (None, None, Some(transformer)) => Sent::Transformer(Transformer {
            paths: transformer
                .input_paths_map
                .unwrap_or_default()
                .into_iter()
                .collect(),
            template: transformer.input_template,
        }),
        (None, None, None) => Sent::None,
    };
    let retry = target.retry_policy.map(|policy| {
        let default = RetryPolicy::default();
        let or = |number: Option<i32>, default| {
            number
                .and_then(|number| number.try_into().ok())
                .unwrap_or(default)
        };
        RetryPolicy {
            maximum_event_age_s: or(
                policy.maximum_event_age_in_seconds,
                default.maximum_event_age_s,
            ),
            maximum_retry_attempts: or(
                policy.maximum_retry_attempts,
                default.maximum_retry_attempts,
            ),
        }
    });
    Target {
        cluster: target.arn,
        role: target.role_arn,
        tasks: target.ecs_parameters.map(tasks_of_sdk),
        input: Input::of_sent(sent, rule_arn),
        retry_policy: retry.unwrap_or_default(),
        dead_letter_queue: target.dead_letter_config.and_then(|config| config.arn),
        of_other_services,
    }
}

/// What a target has for services that no schedule file knows.
fn other_services(target: &sdk::Target) -> BTreeSet<String> {
    [
        ("KinesisParameters", target.kinesis_parameters.is_some()),
        (
            "RunCommandParameters",
            target.run_command_parameters.is_some(),
        ),
        ("BatchParameters", target.batch_parameters.is_some()),
        ("SqsParameters", target.sqs_parameters.is_some()),
        ("HttpParameters", target.http_parameters.is_some()),
        (
            "RedshiftDataParameters",
            target.redshift_data_parameters.is_some(),
        ),
        (
            "SageMakerPipelineParameters",
            target.sage_maker_pipeline_parameters.is_some(),
        ),
        ("AppSyncParameters", target.app_sync_parameters.is_some()),
    ]
    .into_iter()
    .filter(|(_, is_given)| *is_given)
    .map(|(name, _)| name.to_owned())
    .collect()
}

fn tasks_to_sdk(tasks: &Tasks) -> Result<EcsParameters, BuildError> {
    let providers = tasks.capacity_providers.iter().map(|one| {
        CapacityProviderStrategyItem::builder()
            .capacity_provider(&one.name)
            .weight(one.weight)
            .base(one.base)
            .build()
    });
    let providers = providers.collect::<Result<Vec<_>, _>>()?;
    let constraints = tasks.placement_constraints.iter().map(|one| {
        sdk::PlacementConstraint::builder()
            .r#type(one.r#type.as_str().into())
            .set_expression(one.expression.clone())
            .build()
    });
    let strategy = tasks.placement_strategy.iter().map(|one| {
        sdk::PlacementStrategy::builder()
            .r#type(one.r#type.as_str().into())
            .set_field(one.field.clone())
            .build()
    });
    EcsParameters::builder()
        .task_definition_arn(&tasks.task_definition)
        .task_count(tasks.task_count)
        .set_launch_type(tasks.launch_type.as_deref().map(Into::into))
        .set_network_configuration(tasks.network.as_ref().map(network_to_sdk).transpose()?)
        .set_platform_version(tasks.platform_version.clone())
        .set_group(tasks.group.clone())
        .set_capacity_provider_strategy(given(providers))
        .enable_ecs_managed_tags(tasks.enable_ecs_managed_tags)
        .enable_execute_command(tasks.enable_execute_command)
        .set_placement_constraints(given(constraints.collect()))
        .set_placement_strategy(given(strategy.collect()))
        .set_propagate_tags(tasks.propagate_tags.as_deref().map(Into::into))
        .set_reference_id(tasks.reference_id.clone())
        .set_tags(given(super::write::tags(&tasks.tags)?))
        .build()
}

fn tasks_of_sdk(ecs: EcsParameters) -> Tasks {
    let providers = ecs.capacity_provider_strategy.unwrap_or_default();
    let constraints = ecs.placement_constraints.unwrap_or_default();
    let strategy = ecs.placement_strategy.unwrap_or_default();
    let network = ecs
        .network_configuration
        .and_then(|network| network.awsvpc_configuration);
    Tasks {
        task_definition: ecs.task_definition_arn,
        task_count: ecs.task_count.unwrap_or(1),
        launch_type: ecs.launch_type.map(|name| name.as_str().to_owned()),
        capacity_providers: providers
            .into_iter()
            .map(|one| CapacityProvider {
                name: one.capacity_provider,
                weight: one.weight,
                base: one.base,
            })
            .collect(),
        network: network.map(network_of_sdk),
        platform_version: platform_version(ecs.platform_version),
        group: ecs.group,
        placement_constraints: constraints
            .into_iter()
            .map(|one| PlacementConstraint {
                r#type: word(
                    one.r#type
                        .as_ref()
                        .map(sdk::PlacementConstraintType::as_str),
                ),
                expression: one.expression,
            })
            .collect(),
        placement_strategy: strategy
            .into_iter()
            .map(|one| PlacementStrategy {
                r#type: word(one.r#type.as_ref().map(sdk::PlacementStrategyType::as_str)),
                field: one.field,
            })
            .collect(),
        enable_execute_command: ecs.enable_execute_command,
        enable_ecs_managed_tags: ecs.enable_ecs_managed_tags,
        propagate_tags: ecs.propagate_tags.map(|word| word.as_str().to_owned()),
        reference_id: ecs.reference_id,
        tags: ecs
            .tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect(),
    }
}

fn network_to_sdk(network: &Network) -> Result<NetworkConfiguration, BuildError> {
    let assign = match network.assign_public_ip {
        true => AssignPublicIp::Enabled,
        false => AssignPublicIp::Disabled,
    };
    let vpc = AwsVpcConfiguration::builder()
        .set_subnets(Some(network.subnets.iter().cloned().collect()))
        .set_security_groups(given(network.security_groups.iter().cloned().collect()))
        .assign_public_ip(assign)
        .build()?;
    Ok(NetworkConfiguration::builder()
        .awsvpc_configuration(vpc)
        .build())
}

fn network_of_sdk(vpc: AwsVpcConfiguration) -> Network {
    Network {
        subnets: vpc.subnets.into_iter().collect(),
        security_groups: vpc
            .security_groups
            .unwrap_or_default()
            .into_iter()
            .collect(),
        assign_public_ip: vpc.assign_public_ip == Some(AssignPublicIp::Enabled),
    }
}

fn given<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn word(word: Option<&str>) -> String {
    word.unwrap_or_default().to_owned()
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
