//! The containers of a task definition: those that the target overrides, the worker, and the X-Ray
//! daemon beside it.
//!
//! ECS starts a container after those that it depends on and stops it before them. So `START` on the
//! daemon is what keeps the daemon alive until the worker has sent its last segment.

use super::Told;
use crate::ecs::{ContainerDefinition, TaskDefinition};
use crate::input::{ContainerOverrides, EnvironmentValue};
use crate::rule::{Target, Tasks};

/// How long ECS waits for a container that does not say, in seconds.
const STOP_TIMEOUT_DEFAULT_S: i32 = 30;

/// The most that Fargate waits.
const STOP_TIMEOUT_FARGATE_MAX_S: i32 = 120;

/// What Fargate Spot gives between its warning and the end.
const SPOT_WARNING_S: i32 = 120;

pub(super) fn check(
    target: &Target,
    tasks: &Tasks,
    worker: Option<&str>,
    definition: &TaskDefinition,
    told: &mut Told,
) {
    let names: Vec<&str> = definition
        .containers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if let Some(overrides) = target.input.overrides() {
        for (name, container) in &overrides.containers {
            if !names.contains(&name.as_str()) {
                let suggestion = checked_json::suggestion(name, &names);
                told.fault(format!(
                    "task definition {} has no container `{name}`{suggestion}",
                    definition.arn
                ));
            }
            let memory = container.memory.or(container.memory_reservation);
            if let (Some(memory), Some(most)) = (memory, definition.memory)
                && memory > most
                && overrides.task.memory.is_none()
            {
                told.fault(format!(
                    "container `{name}` is to have {memory} MiB, and the task has {most}"
                ));
            }
        }
    }
    for container in &definition.containers {
        if let Some(placeholder) = checked_json::placeholder_of_name(&container.image) {
            told.fault(format!(
                "container `{}`: its image has the placeholder `{placeholder}`: fill it in",
                container.name
            ));
        }
        for (name, value) in &container.environment {
            if let Some(placeholder) = checked_json::placeholder_of_setting(name, value) {
                told.fault(format!(
                    "container `{}`: its variable {name} has the placeholder `{placeholder}`: fill it in",
                    container.name
                ));
            }
        }
    }
    let is_fargate = tasks.launch_type.as_deref() == Some("FARGATE")
        || tasks
            .capacity_providers
            .iter()
            .any(|one| one.name.starts_with("FARGATE"));
    if is_fargate {
        for container in &definition.containers {
            if stop_timeout(container) > STOP_TIMEOUT_FARGATE_MAX_S {
                told.fault(format!(
                    "container `{}`: stopTimeout is {} s, Fargate waits {STOP_TIMEOUT_FARGATE_MAX_S} s at most",
                    container.name,
                    stop_timeout(container)
                ));
            }
        }
    }
    let worker = worker.and_then(|name| definition.container(name));
    if let Some(worker) = worker {
        check_worker(worker, definition, told);
        check_last_line(worker, target, told);
        let is_spot = tasks
            .capacity_providers
            .iter()
            .any(|one| one.name == "FARGATE_SPOT");
        check_daemon(worker, target, definition, is_spot, told);
    }
}

fn check_worker(worker: &ContainerDefinition, definition: &TaskDefinition, told: &mut Told) {
    let name = &worker.name;
    if !worker.is_essential {
        told.warn(format!(
            "container `{name}` is not essential: the task goes on without the worker, and its end is not the worker's"
        ));
    }
    match &worker.logs {
        None => told.warn(format!(
            "container `{name}` does not log to CloudWatch Logs: `schedule run` cannot show what it says"
        )),
        Some(logs) if logs.stream_prefix.is_none() => told.warn(format!(
            "container `{name}` has no awslogs-stream-prefix: `schedule run` cannot find its log"
        )),
        Some(_) => {}
    }
    for dependency in &worker.depends_on {
        if definition.container(&dependency.container).is_none() {
            told.fault(format!(
                "container `{name}` depends on `{}`, which is none",
                dependency.container
            ));
        }
    }
}

/// A worker on ECS ends with a line of JSON, unless its flags or its variables say otherwise.
fn check_last_line(worker: &ContainerDefinition, target: &Target, told: &mut Told) {
    let own = own(worker, target).map(|own| &own.environment);
    for (flag, variable, other) in [
        ("--log-format", "XRAY_ECS_LOG_FORMAT", "text"),
        ("--report", "XRAY_ECS_REPORT", "-"),
    ] {
        let flags = values(command(worker, target), flag);
        let of_target = own.and_then(|own| own.get(variable));
        let (is_other, wording) = match (&flags[..], of_target) {
            ([_, ..], _) => (flags.contains(&other), format!("{flag} {other}")),
            ([], Some(value)) => (
                *value == EnvironmentValue::Text(other.to_owned()),
                format!("{variable}={other}"),
            ),
            ([], None) => (
                worker
                    .environment
                    .get(variable)
                    .is_some_and(|value| value == other),
                format!("{variable}={other}"),
            ),
        };
        if is_other {
            told.warn(format!(
                "container `{}` has `{wording}`: its log does not end with the line `run.report`, which the alarm for missing runs counts",
                worker.name
            ));
        }
    }
}

fn check_daemon(
    worker: &ContainerDefinition,
    target: &Target,
    definition: &TaskDefinition,
    is_spot: bool,
    told: &mut Told,
) {
    let Some(daemon) = definition
        .containers
        .iter()
        .find(|one| is_daemon(one, worker))
    else {
        if !has_embedded_daemon(worker, target) {
            told.warn(format!(
                "no X-Ray daemon beside container `{}`: add one as a sidecar, or let the worker run with `--daemon embedded`",
                worker.name
            ));
        }
        return;
    };
    let name = &daemon.name;
    if daemon.is_essential {
        told.warn(format!("container `{name}` is essential: a daemon that fails stops the worker, let it be `\"essential\": false`"));
    }
    let dependency = worker.depends_on.iter().find(|one| one.container == *name);
    match dependency.map(|one| one.condition.as_str()) {
        Some("START") => {}
        Some("HEALTHY") if daemon.has_health_check => {}
        Some("HEALTHY") => told.fault(format!(
            "container `{}` waits until `{name}` is healthy, and that has no health check: depend on START",
            worker.name
        )),
        Some(condition) => told.fault(format!(
            "container `{}` waits for `{name}` with {condition}, and a daemon does not end: depend on START",
            worker.name
        )),
        None => told.warn(format!(
            "container `{}` does not depend on `{name}`: ECS may stop the daemon before the last segments are sent, depend on START",
            worker.name
        )),
    }
    let is_bridge = definition.network_mode == "bridge";
    let is_addressed = worker.environment.contains_key("AWS_XRAY_DAEMON_ADDRESS");
    if is_bridge && !is_addressed {
        told.warn(format!(
            "in network mode bridge `{name}` is not at 127.0.0.1: link it, and set AWS_XRAY_DAEMON_ADDRESS to `{name}:2000`"
        ));
    }
    let both = stop_timeout(worker) + stop_timeout(daemon);
    if is_spot && both > SPOT_WARNING_S {
        told.warn(format!(
            "the stop timeouts of `{}` and `{name}` are {both} s together, and Fargate Spot gives {SPOT_WARNING_S} s",
            worker.name
        ));
    }
}

fn stop_timeout(container: &ContainerDefinition) -> i32 {
    container.stop_timeout_s.unwrap_or(STOP_TIMEOUT_DEFAULT_S)
}

/// Whether a container beside the worker is an X-Ray daemon: ours, the official one, or another at its
/// port.
fn is_daemon(container: &ContainerDefinition, worker: &ContainerDefinition) -> bool {
    let is_at_port = || {
        container
            .ports
            .iter()
            .any(|(port, protocol)| *port == 2000 && protocol == "udp")
    };
    let is_ours = || {
        container
            .command
            .first()
            .is_some_and(|word| word == "daemon")
    };
    let is_official = || container.image.contains("xray-daemon");
    container.name != worker.name && (is_at_port() || is_ours() || is_official())
}

fn has_embedded_daemon(worker: &ContainerDefinition, target: &Target) -> bool {
    values(command(worker, target), "--daemon").contains(&"embedded")
}

/// What the target changes in the worker.
fn own<'t>(worker: &ContainerDefinition, target: &'t Target) -> Option<&'t ContainerOverrides> {
    target.input.overrides()?.containers.get(&worker.name)
}

/// The arguments that the worker starts with.
fn command<'t>(worker: &'t ContainerDefinition, target: &'t Target) -> &'t [String] {
    let of_target = own(worker, target).and_then(|own| own.command.as_ref());
    of_target.unwrap_or(&worker.command)
}

/// The values of a flag, as `--flag value` or `--flag=value`.
fn values<'c>(command: &'c [String], flag: &str) -> Vec<&'c str> {
    let following = command.iter().skip(1).map(Some).chain([None]);
    let values =
        command
            .iter()
            .zip(following)
            .filter_map(|(word, next)| match word.strip_prefix(flag)? {
                "" => next.map(String::as_str),
                rest => rest.strip_prefix('='),
            });
    values.collect()
}
