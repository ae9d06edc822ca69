//! The checks of where the tasks of a target run, as ECS refuses them.

use super::Findings;
use super::target::At;
use crate::rule::{CapacityProvider, Network};

/// Fargate's capacity providers.
const FARGATE_PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

pub(super) fn check(at: &At<'_>, findings: &mut Findings<'_>) {
    let fields = at.fields;
    let launch_type = fields.launch_type.as_deref();
    let providers = fields.capacity_providers.as_deref().unwrap_or_default();
    if launch_type.is_some() && !providers.is_empty() {
        let message = "stand beside `launch_type`, keep one of the two";
        at.fault("capacity_providers", message, findings);
    }
    let mut names = providers.iter().map(|one| one.name.as_str()).peekable();
    let has_providers = names.peek().is_some();
    let are_fargate: Vec<bool> = names
        .map(|name| FARGATE_PROVIDERS.contains(&name))
        .collect();
    if launch_type == Some("FARGATE") || (has_providers && are_fargate.iter().all(|is| *is)) {
        on_fargate(at, findings);
    }
    let is_elsewhere = launch_type.is_some_and(|name| name != "FARGATE");
    if is_elsewhere || (has_providers && !are_fargate.contains(&true)) {
        elsewhere(at, findings);
    }
    capacity_providers(at, providers, &are_fargate, findings);
    constraints(at, findings);
    if let Some(network) = &fields.network {
        ids(at, network, findings);
    }
}

/// What tasks on Fargate need, and what they cannot have.
fn on_fargate(at: &At<'_>, findings: &mut Findings<'_>) {
    let fields = at.fields;
    if at.lacks("network", fields.network.as_ref(), findings) {
        let message = "missing, give the subnets: tasks on Fargate have a network of their own, here \
                       or in `defaults`";
        at.fault("network", message, findings);
    }
    let placements = [
        (
            "placement_constraints",
            fields.placement_constraints.is_some(),
        ),
        ("placement_strategy", fields.placement_strategy.is_some()),
    ];
    for (field, _) in placements.into_iter().filter(|(_, is_given)| *is_given) {
        at.fault(field, "Fargate places tasks itself, leave it out", findings);
    }
}

/// What only tasks on Fargate have.
fn elsewhere(at: &At<'_>, findings: &mut Findings<'_>) {
    let fields = at.fields;
    if fields.platform_version.is_some() {
        let message = "is Fargate's alone, leave it out";
        at.fault("platform_version", message, findings);
    }
    let network = fields.network.as_ref();
    if network.is_some_and(|network| network.assign_public_ip) {
        let message = "only Fargate gives public addresses, leave it out";
        at.fault("network.assign_public_ip", message, findings);
    }
}

fn capacity_providers(
    at: &At<'_>,
    providers: &[CapacityProvider],
    are_fargate: &[bool],
    findings: &mut Findings<'_>,
) {
    if providers.is_empty() {
        return;
    }
    let mut fault = |message| at.fault("capacity_providers", message, findings);
    if providers.iter().all(|one| one.weight == 0) {
        fault("all weights are 0, give one of them 1");
    }
    if providers.iter().filter(|one| one.base > 0).count() > 1 {
        fault("two have a base, ECS takes one");
    }
    if are_fargate.contains(&true) && are_fargate.contains(&false) {
        fault("Fargate's stand beside others, ECS takes one kind at a time");
    }
}

fn constraints(at: &At<'_>, findings: &mut Findings<'_>) {
    for (index, one) in at.fields.placement_constraints.iter().flatten().enumerate() {
        if (one.r#type == "memberOf") != one.expression.is_some() {
            let field = format!("placement_constraints[{index}].expression");
            let message = "goes with `memberOf`, and `memberOf` needs it";
            at.fault(&field, message, findings);
        }
    }
    for (index, one) in at.fields.placement_strategy.iter().flatten().enumerate() {
        let message = match (one.r#type.as_str(), one.field.as_deref()) {
            ("binpack", Some("cpu" | "memory")) | ("random", None) | ("spread", _) => continue,
            ("binpack", _) => "`binpack` packs by `cpu` or by `memory`, give one",
            _ => "`random` has no field, leave it out",
        };
        at.fault(
            &format!("placement_strategy[{index}].field"),
            message,
            findings,
        );
    }
}

/// That subnets and security groups are such.
fn ids(at: &At<'_>, network: &Network, findings: &mut Findings<'_>) {
    let ids = [
        ("subnets", "subnet-", &network.subnets),
        ("security_groups", "sg-", &network.security_groups),
    ];
    for (field, start, ids) in ids {
        let is_id = |id: &&String| {
            let rest = id.strip_prefix(start).unwrap_or_default();
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric())
        };
        for id in ids.iter().filter(|id| !is_id(id)) {
            let id = id.escape_debug();
            let message = format!("`{id}` is no id of AWS, write one such as `{start}0a1b2c3d`");
            at.fault(&format!("network.{field}"), message, findings);
        }
    }
}
