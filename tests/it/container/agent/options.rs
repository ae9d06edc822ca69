//! A container's definition as arguments of `docker create`, and its environment.

use std::collections::BTreeMap;

use super::super::aws::REGION;
use super::super::definition::{ContainerDefinition, LaunchType};
use super::super::docker::LABEL;
use super::super::network::HOST;
use super::{Overrides, Task};

impl Task {
    /// What the definition says of a container, but for its environment, its image and its command.
    pub(super) fn options(
        &self,
        definition: &ContainerDefinition,
        overrides: &Overrides,
    ) -> Vec<String> {
        let mut options: Vec<[String; 2]> = Vec::new();
        let mut option = |name: &str, value: String| options.push([name.to_owned(), value]);
        option("--label", LABEL.to_owned());
        option("--network", format!("container:{}", self.pause.name));
        option("--name", format!("{}-{}", self.id, definition.name));
        option("--user", definition.user.clone());
        for capability in &definition.linux_parameters.capabilities.drop {
            option("--cap-drop", capability.clone());
        }
        for mount in &definition.mount_points {
            let access = if mount.read_only { "ro" } else { "rw" };
            let volume = self.volume(&mount.source_volume);
            option(
                "--volume",
                format!("{volume}:{}:{access}", mount.container_path),
            );
        }
        for (container, from, path) in &overrides.files {
            if *container == definition.name {
                option("--volume", format!("{from}:{path}:ro"));
            }
        }
        // Its own limit, else the task's.
        let own = definition.memory.map(|memory| memory.to_string());
        let memory = own.unwrap_or_else(|| self.definition.memory.clone());
        option("--memory", format!("{memory}m"));
        option("--memory-swap", format!("{memory}m"));
        if let Some(reservation) = definition.memory_reservation {
            option("--memory-reservation", format!("{reservation}m"));
        }
        if let Some(cpu) = definition.cpu {
            option("--cpu-shares", cpu.to_string());
        }
        let cores = self.definition.cpu.parse::<f64>().unwrap() / 1024.0;
        option("--cpus", cores.to_string());
        let mut options = options.concat();
        if definition.readonly_root_filesystem {
            options.push("--read-only".to_owned());
        }
        if definition.linux_parameters.init_process_enabled {
            options.push("--init".to_owned());
        }
        options
    }

    /// What the definition and the overrides say, and what ECS adds.
    pub(super) fn environment(
        &self,
        definition: &ContainerDefinition,
        overrides: &Overrides,
        metadata_path: &str,
        credentials_path: &str,
    ) -> BTreeMap<String, String> {
        let mut environment: BTreeMap<String, String> = definition
            .environment
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.clone()))
            .collect();
        let overridden = overrides
            .environment
            .get(&definition.name)
            .into_iter()
            .flatten();
        environment.extend(overridden.map(|(name, value)| (name.clone(), value.clone())));
        let execution = match self.launch_type() {
            LaunchType::Fargate => "AWS_ECS_FARGATE",
            LaunchType::Ec2 => "AWS_ECS_EC2",
        };
        let of_ecs = [
            (
                "ECS_CONTAINER_METADATA_URI_V4",
                format!("http://{HOST}{metadata_path}"),
            ),
            (
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                credentials_path.to_owned(),
            ),
            ("AWS_EXECUTION_ENV", execution.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ];
        environment.extend(of_ecs.map(|(name, value)| (name.to_owned(), value)));
        environment
    }
}
