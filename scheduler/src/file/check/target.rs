//! The checks of a target: where its tasks run, and how their start is tried.

use std::time::Duration;

use super::super::TargetFields;
use super::{CLUSTER, Findings, QUEUE, ROLE, TASK_DEFINITION, Tagged, placement, tags, worker};
use crate::place::Arn;
use crate::rule::{RetryPolicy, Rule, Target, Tasks, platform_version};

/// A target that is looked at: its rule's and its own place among those of the file.
pub(super) struct At<'f> {
    pub(super) place: (usize, usize),
    pub(super) fields: &'f TargetFields,
}

impl At<'_> {
    /// The path of a field: there, or in the defaults where it comes from them.
    pub(super) fn path(&self, field: &str, findings: &Findings<'_>) -> String {
        let top = field.split(['.', '[']).next().unwrap_or(field);
        let is_default = |merged: &Vec<String>| merged.iter().any(|name| name == top);
        if findings.merged.get(&self.place).is_some_and(is_default) {
            return format!("defaults.{field}");
        }
        let (rule, target) = self.place;
        format!("rules[{rule}].targets[{target}].{field}")
    }

    /// Whether a field is not there, and was not there with a fault of its own.
    pub(super) fn lacks<T>(&self, field: &str, value: Option<&T>, findings: &Findings<'_>) -> bool {
        let (rule, target) = self.place;
        let own = format!("rules[{rule}].targets[{target}].{field}");
        let places = [
            own,
            format!("defaults.{field}"),
            format!("rules[{rule}].targets[{target}]"),
        ];
        value.is_none()
            && !findings
                .removed
                .iter()
                .any(|removed| places.contains(removed))
    }

    pub(super) fn fault(
        &self,
        field: &str,
        message: impl Into<String>,
        findings: &mut Findings<'_>,
    ) {
        let path = self.path(field, findings);
        findings.fault(path, message);
    }
}

/// The target that the fields say.
pub(super) fn of_fields(
    fields: &TargetFields,
    id: &str,
    place: (usize, usize),
    rule: &Rule,
    findings: &mut Findings<'_>,
) -> Target {
    let at = At { place, fields };
    let here = findings.place;
    missing(&at, findings);
    references(&at, findings);
    placement::check(&at, findings);
    if let Some(task_tags) = &fields.task_tags {
        let path = at.path("task_tags", findings);
        tags(task_tags, &path, Tagged::Tasks, findings);
    }
    let input = worker::input(&at, id, rule, findings);
    if fields.dead_letter_queue.is_none() {
        let loss = "no dead_letter_queue: a firing that cannot be delivered is lost unseen";
        findings.warn(rule, format_args!("target `{id}`: {loss}"));
    }
    Target {
        cluster: fields
            .cluster
            .as_deref()
            .map(|name| here.cluster(name))
            .unwrap_or_default(),
        role: fields.role.as_deref().map(|name| here.role(name)),
        tasks: Some(tasks(fields, findings)),
        input,
        retry_policy: retry_policy(&at, id, rule, findings),
        dead_letter_queue: fields
            .dead_letter_queue
            .as_deref()
            .map(|name| here.queue(name)),
        ..Target::default()
    }
}

fn tasks(fields: &TargetFields, findings: &Findings<'_>) -> Tasks {
    let definition = fields.task_definition.as_deref();
    Tasks {
        task_definition: definition
            .map(|name| findings.place.task_definition(name))
            .unwrap_or_default(),
        task_count: fields.task_count.unwrap_or(1),
        launch_type: fields.launch_type.clone(),
        capacity_providers: fields
            .capacity_providers
            .iter()
            .flatten()
            .cloned()
            .collect(),
        network: fields.network.clone(),
        platform_version: platform_version(fields.platform_version.clone()),
        group: fields.group.clone(),
        placement_constraints: fields
            .placement_constraints
            .iter()
            .flatten()
            .cloned()
            .collect(),
        placement_strategy: fields.placement_strategy.clone().unwrap_or_default(),
        enable_execute_command: fields.enable_execute_command.unwrap_or_default(),
        enable_ecs_managed_tags: fields.enable_ecs_managed_tags.unwrap_or_default(),
        propagate_tags: fields.propagate_tags.clone(),
        reference_id: fields.reference_id.clone(),
        tags: fields.task_tags.clone().unwrap_or_default(),
    }
}

/// What no target can do without, wherever it stands.
fn missing(at: &At<'_>, findings: &mut Findings<'_>) {
    let fields = at.fields;
    let needed = [
        (
            "cluster",
            at.lacks("cluster", fields.cluster.as_ref(), findings),
            "the cluster's name or ARN",
        ),
        (
            "task_definition",
            at.lacks("task_definition", fields.task_definition.as_ref(), findings),
            "the task definition's family, `family:revision` or ARN",
        ),
        (
            "role",
            at.lacks("role", fields.role.as_ref(), findings),
            "the role with which EventBridge starts the tasks, such as `ecsEventsRole`",
        ),
    ];
    for (field, is_missing, give) in needed {
        if is_missing {
            at.fault(
                field,
                format!("missing, give {give}, here or in `defaults`"),
                findings,
            );
        }
    }
}

fn references(at: &At<'_>, findings: &mut Findings<'_>) {
    let fields = at.fields;
    let references = [
        ("cluster", &fields.cluster, &CLUSTER),
        ("task_definition", &fields.task_definition, &TASK_DEFINITION),
        ("role", &fields.role, &ROLE),
        ("dead_letter_queue", &fields.dead_letter_queue, &QUEUE),
    ];
    for (field, text, kind) in references {
        if let Some(text) = text {
            let path = at.path(field, findings);
            findings.reference(path, text, kind);
        }
    }
    if fields
        .dead_letter_queue
        .as_deref()
        .is_some_and(|name| name.ends_with(".fifo"))
    {
        at.fault(
            "dead_letter_queue",
            "is a FIFO queue, EventBridge takes a standard queue",
            findings,
        );
    }
    if let Some(definition) = &fields.task_definition {
        let name = match Arn::parse(definition) {
            Some(arn) => arn
                .resource
                .strip_prefix(TASK_DEFINITION.resource)
                .unwrap_or_default(),
            None => definition,
        };
        let is_revision = |revision: &str| revision.parse().is_ok_and(|number: u32| number > 0);
        if let Some((family, revision)) = name.split_once(':')
            && (family.is_empty() || !is_revision(revision))
        {
            let message = format!("`{revision}` is no revision, write `{family}` or `{family}:3`");
            at.fault("task_definition", message, findings);
        }
    }
}

fn retry_policy(at: &At<'_>, id: &str, rule: &Rule, findings: &mut Findings<'_>) -> RetryPolicy {
    let default = RetryPolicy::default();
    let Some(fields) = &at.fields.retry_policy else {
        let late =
            "no retry_policy: a start that fails is tried for 24h, so tasks may begin a day late";
        findings.warn(rule, format_args!("target `{id}`: {late}"));
        return default;
    };
    let age = fields.maximum_event_age.map(|text| text.0);
    let limits = Duration::from_secs(60)..=Duration::from_secs(86_400);
    if let Some(age) = age
        && (!limits.contains(&age) || age.subsec_nanos() > 0)
    {
        at.fault(
            "retry_policy.maximum_event_age",
            "EventBridge takes whole seconds from `1m` to `24h`",
            findings,
        );
    }
    RetryPolicy {
        maximum_event_age_s: age.map_or(default.maximum_event_age_s, |age| {
            age.as_secs().try_into().unwrap_or(u32::MAX)
        }),
        maximum_retry_attempts: fields
            .maximum_retry_attempts
            .unwrap_or(default.maximum_retry_attempts),
    }
}
