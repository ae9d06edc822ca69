//! The checks of what the tasks of a target are given.

use std::collections::BTreeMap;

use super::super::{ContainerFields, WORKER_CONTAINER};
use super::Findings;
use super::target::At;
use crate::input::{
    ContainerOverrides, EnvironmentValue, INPUT_LEN_MAX, Input, Overrides, TaskOverrides,
    is_of_trigger, trigger,
};
use crate::rule::Rule;

/// The variables of which the worker takes one to say what to run.
const SOURCES: [&str; 3] = ["JOB_FILE", "JOB_SPEC", "JOB_TYPE"];

/// What the tasks are given.
pub(super) fn input(at: &At<'_>, id: &str, rule: &Rule, findings: &mut Findings<'_>) -> Input {
    let fields = at.fields;
    let raw = [
        ("input", fields.input.is_some()),
        ("input_path", fields.input_path.is_some()),
        ("input_transformer", fields.input_transformer.is_some()),
    ];
    let mut given = raw
        .iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(name, _)| *name);
    let (first, second) = (given.next(), given.next());
    let has_overrides =
        fields.worker.is_some() || fields.containers.is_some() || fields.task.is_some();
    if let (Some(first), Some(second)) = (first, second) {
        at.fault(
            second,
            format!("stands beside `{first}`, keep one of the two"),
            findings,
        );
    }
    if let Some(first) = first
        && has_overrides
    {
        at.fault(
            first,
            "stands beside `worker`, `containers` or `task`, which make the input: keep one",
            findings,
        );
    }
    let input = if let Some(input) = &fields.input {
        if !input.is_object() {
            at.fault("input", "ECS takes an object of overrides alone", findings);
        }
        Input::of_constant(input.clone())
    } else if let Some(input_path) = &fields.input_path {
        path(at, "input_path", input_path, findings);
        Input::Path {
            input_path: input_path.clone(),
        }
    } else if let Some(transformer) = &fields.input_transformer {
        for (name, path_text) in &transformer.paths {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            if name.is_empty()
                || !name.chars().all(is_plain)
                || name.to_lowercase().starts_with("aws")
            {
                let message =
                    "takes names of letters, digits, `_` and `-` that do not begin with AWS";
                at.fault(
                    &format!("input_transformer.paths.{name}"),
                    message,
                    findings,
                );
            }
            path(
                at,
                &format!("input_transformer.paths.{name}"),
                path_text,
                findings,
            );
        }
        for name in transformer.undefined() {
            let message = format!("`<{name}>` stands for nothing, define it in `paths`");
            at.fault("input_transformer.template", message, findings);
        }
        if !transformer.is_json() {
            let message =
                "is no JSON when its placeholders are filled in, and ECS takes nothing else";
            at.fault("input_transformer.template", message, findings);
        }
        Input::of_transformer(transformer.clone(), &findings.place.rule(&rule.name))
    } else {
        overrides(at, id, rule, findings)
    };
    let len = input.len();
    if len > INPUT_LEN_MAX {
        let field = first.unwrap_or("worker");
        let message = format!(
            "makes an input of {len} characters, EventBridge and ECS take {INPUT_LEN_MAX}: put the jobs \
             into a file, and name it as `job_file`"
        );
        at.fault(field, message, findings);
    }
    input
}

/// EventBridge takes JSON paths with dots alone.
fn path(at: &At<'_>, field: &str, path: &str, findings: &mut Findings<'_>) {
    if !(path == "$" || path.starts_with("$.")) || path.contains('[') {
        at.fault(
            field,
            format!(
                "`{}` is no path, write one such as `$.time`",
                path.escape_debug()
            ),
            findings,
        );
    }
}

fn overrides(at: &At<'_>, id: &str, rule: &Rule, findings: &mut Findings<'_>) -> Input {
    let fields = at.fields;
    let mut containers = BTreeMap::new();
    for (name, container) in fields.containers.iter().flatten() {
        container_name(at, &format!("containers.{name}"), name, findings);
        environment(at, &format!("containers.{name}"), container, findings);
        containers.insert(name.clone(), of_fields(container));
    }
    if let Some(worker) = &fields.worker {
        let name = worker.container.as_deref().unwrap_or(WORKER_CONTAINER);
        container_name(at, "worker.container", name, findings);
        environment(at, "worker", &worker.fields, findings);
        let mut container = of_fields(&worker.fields);
        sources(at, worker.job_file.as_deref(), &worker.fields, findings);
        if let Some(file) = &worker.job_file {
            let value = EnvironmentValue::Text(file.clone());
            container.environment.insert("JOB_FILE".to_owned(), value);
        }
        if worker.trigger {
            for (name, value) in trigger(&findings.place.rule(&rule.name), id) {
                container.environment.insert(name.to_owned(), value);
            }
        }
        if containers.insert(name.to_owned(), container).is_some() {
            at.fault(
                &format!("containers.{name}"),
                "is the worker, give all of it in `worker`",
                findings,
            );
        }
        let key = (rule.name.clone(), id.to_owned());
        findings.workers.insert(key, name.to_owned());
    } else {
        let blind = "no `worker`: its tasks do not learn which firing started them";
        findings.warn(rule, format_args!("target `{id}`: {blind}"));
    }
    let place = findings.place;
    let task = fields.task.clone().unwrap_or_default();
    sizes(at, &task, findings);
    for (field, role) in [
        ("task_role", &task.task_role),
        ("execution_role", &task.execution_role),
    ] {
        if let Some(role) = role {
            let path = at.path(&format!("task.{field}"), findings);
            findings.reference(path, role, &super::ROLE);
        }
    }
    let overrides = Overrides {
        containers,
        task: task.with_roles(|name| place.role(name)),
    };
    Input::Overrides(overrides.simplified())
}

/// CPU and memory of a task: a whole number, or as people say it.
fn sizes(at: &At<'_>, task: &TaskOverrides, findings: &mut Findings<'_>) {
    let sizes = [
        ("cpu", &task.cpu, "vcpu", "`512` or `.5 vCPU`"),
        ("memory", &task.memory, "gb", "`1024` or `1 GB`"),
    ];
    for (field, size, unit, such) in sizes {
        let Some(size) = size else { continue };
        let lower = size.to_ascii_lowercase();
        let is_size = match lower.strip_suffix(unit) {
            Some(number) => number
                .trim_end()
                .parse()
                .is_ok_and(|number: f64| number > 0.0 && number < 1e6),
            None => size.parse().is_ok_and(|number: u32| number > 0),
        };
        if !is_size {
            let message = format!("`{}` is no size, write such as {such}", size.escape_debug());
            at.fault(&format!("task.{field}"), message, findings);
        }
    }
}

/// ECS takes letters, digits, `-` and `_` (API reference, ContainerDefinition).
fn container_name(at: &At<'_>, field: &str, name: &str, findings: &mut Findings<'_>) {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if name.is_empty() || name.len() > 255 || !name.chars().all(is_legal) {
        let message = "is no name of a container, which has letters, digits, `-` and `_`";
        at.fault(field, message, findings);
    }
}

fn of_fields(fields: &ContainerFields) -> ContainerOverrides {
    let environment = fields.environment.iter();
    ContainerOverrides {
        command: fields.command.clone(),
        environment: environment
            .map(|(name, value)| (name.clone(), EnvironmentValue::Text(value.clone())))
            .collect(),
        environment_files: fields.environment_files.clone(),
        cpu: fields.cpu,
        memory: fields.memory,
        memory_reservation: fields.memory_reservation,
        resource_requirements: fields.resource_requirements.clone(),
    }
}

/// The faults of a container's variables and limits.
fn environment(at: &At<'_>, field: &str, container: &ContainerFields, findings: &mut Findings<'_>) {
    for (name, value) in &container.environment {
        let field = format!("{field}.environment.{name}");
        if name.is_empty() || name.contains(['=', '\0']) {
            at.fault(&field, "is no name of a variable", findings);
        } else if value.contains('\0') {
            at.fault(&field, "holds a NUL, which no variable can", findings);
        } else if name == "XRAY_ECS_RUN_ID" {
            at.fault(
                &field,
                "would make all firings one run, leave it out",
                findings,
            );
        } else if is_of_trigger(name) {
            at.fault(&field, "is set from the firing, leave it out", findings);
        }
    }
    if let (Some(memory), Some(kept)) = (container.memory, container.memory_reservation)
        && kept > memory
    {
        at.fault(
            &format!("{field}.memory_reservation"),
            "is more than `memory`",
            findings,
        );
    }
    for (index, file) in container.environment_files.iter().enumerate() {
        let is_object = crate::place::Arn::parse(file)
            .is_some_and(|arn| arn.service == "s3" && arn.resource.contains('/'));
        if !is_object {
            let message = "is no object of S3, write arn:aws:s3:::bucket/key.env";
            at.fault(
                &format!("{field}.environment_files[{index}]"),
                message,
                findings,
            );
        }
    }
}

/// That one thing says what to run, and not two.
fn sources(
    at: &At<'_>,
    job_file: Option<&str>,
    fields: &ContainerFields,
    findings: &mut Findings<'_>,
) {
    let is_object = |file: &str| match file.strip_prefix("s3://").map(|rest| rest.split_once('/')) {
        Some(Some((bucket, key))) => !bucket.is_empty() && !key.is_empty(),
        Some(None) => false,
        None => !file.contains("://"),
    };
    if let Some(file) = job_file.filter(|file| !is_object(file)) {
        let message = format!(
            "`{}` is no job file, write a path in the image or s3://bucket/key",
            file.escape_debug()
        );
        at.fault("worker.job_file", message, findings);
    }
    if job_file == Some("-") {
        at.fault(
            "worker.job_file",
            "a task has no standard input, name a file or s3://bucket/key",
            findings,
        );
    }
    let in_environment = SOURCES
        .into_iter()
        .filter(|name| fields.environment.contains_key(*name));
    let mut named: Vec<&str> = in_environment.collect();
    if job_file.is_some() {
        named.insert(0, "job_file");
    }
    if let [first, second, ..] = named[..] {
        let message = format!("stands beside `{first}`, and both say what to run: keep one");
        at.fault(&format!("worker.environment.{second}"), message, findings);
    }
}
