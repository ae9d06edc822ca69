//! Whether the rules of a file fit what is on AWS: the cluster, the task definition with its
//! sidecar, the quota. The facts come as arguments.

mod containers;

use crate::ecs::{Cluster, TaskDefinition};
use crate::rule::{Rule, Target, Tasks};

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// AWS would refuse it, or it could not do its work.
    Fault(String),
    /// It works, and will be regretted.
    Warning(String),
}

/// What is known of AWS for one target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The cluster, if there is one.
    pub cluster: Option<&'a Cluster>,
    /// The task definition, if there is one.
    pub definition: Option<&'a TaskDefinition>,
}

/// Regions with a smaller quota of rules (quotas of EventBridge).
const SMALL_REGIONS: [&str; 2] = ["af-south-1", "eu-south-1"];

/// How many rules an event bus has room for, unless the quota was raised.
pub fn rule_quota(region: &str) -> usize {
    if SMALL_REGIONS.contains(&region) {
        100
    } else {
        300
    }
}

/// Whether the rules that are still to be made have room beside those that are there.
pub fn quota(rule_count: usize, new: usize, region: &str) -> Option<Finding> {
    let quota = rule_quota(region);
    let after = rule_count + new;
    let finding = format!(
        "the event bus would have {after} rules, and the quota of {region} is {quota} unless it was raised: \
         see Service Quotas, EventBridge, `Number of rules`"
    );
    // A tenth is little for what others make meanwhile.
    (new > 0 && after * 10 > quota * 9).then_some(Finding::Warning(finding))
}

/// What does not fit about one target. `worker` is the container of its worker, where it has one.
pub fn target(
    rule: &Rule,
    (id, target): (&str, &Target),
    worker: Option<&str>,
    known: Known<'_>,
) -> Vec<Finding> {
    let name = format!("rule `{}`, target `{id}`", rule.name);
    let mut told = Told {
        name,
        findings: Vec::new(),
    };
    let Some(tasks) = &target.tasks else {
        return told.findings;
    };
    cluster(target, tasks, known.cluster, &mut told);
    match known.definition {
        None => {
            let definition = &tasks.task_definition;
            told.fault(format!(
                "there is no task definition {definition}: register it first"
            ));
        }
        Some(definition) => {
            self::definition(tasks, definition, &mut told);
            containers::check(target, tasks, worker, definition, &mut told);
        }
    }
    told.findings
}

/// Findings of one target.
struct Told {
    name: String,
    findings: Vec<Finding>,
}

impl Told {
    fn fault(&mut self, text: impl std::fmt::Display) {
        self.findings
            .push(Finding::Fault(format!("{}: {text}", self.name)));
    }

    fn warn(&mut self, text: impl std::fmt::Display) {
        self.findings
            .push(Finding::Warning(format!("{}: {text}", self.name)));
    }
}

fn cluster(target: &Target, tasks: &Tasks, cluster: Option<&Cluster>, told: &mut Told) {
    let Some(cluster) = cluster else {
        return told.fault(format!("there is no cluster {}", target.cluster));
    };
    if cluster.status != "ACTIVE" {
        told.fault(format!("cluster {} is {}", target.cluster, cluster.status));
    }
    for provider in &tasks.capacity_providers {
        if !cluster.capacity_providers.contains(&provider.name) {
            let has = match &cluster.capacity_providers[..] {
                [] => "it has none".to_owned(),
                all => format!("it has {}", all.join(", ")),
            };
            told.fault(format!(
                "cluster {} has no capacity provider {}, {has}",
                target.cluster, provider.name
            ));
        }
    }
}

fn definition(tasks: &Tasks, definition: &TaskDefinition, told: &mut Told) {
    let arn = &definition.arn;
    if definition.status != "ACTIVE" {
        told.fault(format!(
            "task definition {arn} is {}: register a new revision",
            definition.status
        ));
    }
    let fargate = ["FARGATE", "FARGATE_SPOT"];
    let of_provider = |name: &str| fargate.contains(&name).then_some("FARGATE");
    let by_provider = tasks
        .capacity_providers
        .iter()
        .find_map(|one| of_provider(&one.name));
    let wanted = tasks.launch_type.as_deref().or(by_provider);
    if let Some(wanted) = wanted
        && !definition.compatibilities.is_empty()
        && !definition.compatibilities.iter().any(|one| one == wanted)
    {
        let fits = definition.compatibilities.join(", ");
        told.fault(format!(
            "task definition {arn} runs on {fits}, and the target wants {wanted}"
        ));
    }
    match (definition.network_mode == "awsvpc", &tasks.network) {
        (true, None) => told.fault(format!(
            "task definition {arn} has network mode awsvpc: give the target a `network` with subnets"
        )),
        (false, Some(_)) => told.fault(format!(
            "task definition {arn} has network mode {}, with which ECS takes no `network`: leave it out",
            definition.network_mode
        )),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
