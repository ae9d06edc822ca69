//! A request for tasks as ECS's SDK takes it.

use aws_sdk_ecs::error::BuildError;
use aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder;
use aws_sdk_ecs::types as sdk;

use crate::input::{ContainerOverrides, EnvironmentValue, Overrides};
use crate::rule::Network;
use crate::run_task::Request;

impl Request {
    /// The call with everything that the rule says.
    pub(super) fn to_sdk(
        &self,
        call: RunTaskFluentBuilder,
    ) -> Result<RunTaskFluentBuilder, BuildError> {
        let tasks = &self.tasks;
        let providers = tasks.capacity_providers.iter().map(|one| {
            sdk::CapacityProviderStrategyItem::builder()
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
        let tags = tasks.tags.iter();
        let tags = tags.map(|(key, value)| sdk::Tag::builder().key(key).value(value).build());
        Ok(call
            .cluster(&self.cluster)
            .task_definition(&tasks.task_definition)
            .count(self.count)
            .client_token(&self.client_token)
            .started_by(&self.started_by)
            .set_launch_type(tasks.launch_type.as_deref().map(Into::into))
            .set_capacity_provider_strategy(given(providers))
            .set_network_configuration(tasks.network.as_ref().map(network).transpose()?)
            .set_platform_version(tasks.platform_version.clone())
            .set_group(tasks.group.clone())
            .enable_ecs_managed_tags(tasks.enable_ecs_managed_tags)
            .enable_execute_command(tasks.enable_execute_command)
            .set_placement_constraints(given(constraints.collect()))
            .set_placement_strategy(given(strategy.collect()))
            .set_propagate_tags(tasks.propagate_tags.as_deref().map(Into::into))
            .set_reference_id(tasks.reference_id.clone())
            .set_tags(given(tags.collect()))
            .set_overrides(
                (!self.overrides.is_empty())
                    .then(|| overrides(&self.overrides))
                    .transpose()?,
            ))
    }
}

fn network(network: &Network) -> Result<sdk::NetworkConfiguration, BuildError> {
    let assign = match network.assign_public_ip {
        true => sdk::AssignPublicIp::Enabled,
        false => sdk::AssignPublicIp::Disabled,
    };
    let vpc = sdk::AwsVpcConfiguration::builder()
        .set_subnets(Some(network.subnets.iter().cloned().collect()))
        .set_security_groups(given(network.security_groups.iter().cloned().collect()))
        .assign_public_ip(assign)
        .build()?;
    let configuration = sdk::NetworkConfiguration::builder();
    Ok(configuration.awsvpc_configuration(vpc).build())
}

fn overrides(overrides: &Overrides) -> Result<sdk::TaskOverride, BuildError> {
    let containers = overrides.containers.iter();
    let containers = containers.map(|(name, container)| container_override(name, container));
    let task = &overrides.task;
    let storage = task.ephemeral_storage_gib;
    let storage = storage.map(|size| sdk::EphemeralStorage::builder().size_in_gib(size).build());
    Ok(sdk::TaskOverride::builder()
        .set_container_overrides(given(containers.collect::<Result<_, _>>()?))
        .set_cpu(task.cpu.clone())
        .set_memory(task.memory.clone())
        .set_ephemeral_storage(storage)
        .set_task_role_arn(task.task_role.clone())
        .set_execution_role_arn(task.execution_role.clone())
        .build())
}

fn container_override(
    name: &str,
    container: &ContainerOverrides,
) -> Result<sdk::ContainerOverride, BuildError> {
    let environment = container.environment.iter().map(|(name, value)| {
        let value = match value {
            EnvironmentValue::Text(value) | EnvironmentValue::Event(value) => value,
        };
        sdk::KeyValuePair::builder().name(name).value(value).build()
    });
    let files = container.environment_files.iter().map(|arn| {
        let file = sdk::EnvironmentFile::builder().value(arn);
        file.r#type(sdk::EnvironmentFileType::S3).build()
    });
    let resources = container.resource_requirements.iter().map(|(kind, value)| {
        let requirement = sdk::ResourceRequirement::builder().value(value);
        requirement.r#type(kind.as_str().into()).build()
    });
    Ok(sdk::ContainerOverride::builder()
        .name(name)
        .set_command(container.command.clone())
        .set_environment(given(environment.collect()))
        .set_environment_files(given(files.collect::<Result<_, _>>()?))
        .set_cpu(container.cpu)
        .set_memory(container.memory)
        .set_memory_reservation(container.memory_reservation)
        .set_resource_requirements(given(resources.collect::<Result<_, _>>()?))
        .build())
}

fn given<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
