//! From rules on AWS to a schedule file that wants just them.

use std::collections::BTreeMap;
use std::path::Path;

use checked_json::DurationText;
use checked_json::template::escape;
use chrono::DateTime;

use super::{
    ContainerFields, Context, FileFields, RetryFields, RuleFields, TargetFields, WORKER_CONTAINER,
    WorkerFields, read,
};
use crate::input::{ContainerOverrides, EnvironmentValue, Input, Overrides, Sent, trigger};
use crate::place::Place;
use crate::rule::{DISABLED, ENABLED, RetryPolicy, Rule, Target, Tasks};

/// A schedule file, and what it could not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub text: String,
    /// How many rules it has.
    pub rule_count: usize,
    /// The rules that are left out, and why, a line each.
    pub left_out: Vec<String>,
}

/// A file of this name with the rules. Every rule in it was read back: the file wants just them.
///
/// # Errors
/// JSON that cannot be written, which does not happen with text.
pub fn write<'r>(
    name: &str,
    place: &Place,
    rules: impl IntoIterator<Item = &'r Rule>,
) -> serde_json::Result<Written> {
    let mut written = Written::default();
    let mut all = Vec::new();
    for rule in rules {
        match readable(name, rule, place) {
            Ok(fields) => all.push(fields),
            Err(why) => written
                .left_out
                .push(format!("rule `{}`: {why}", rule.name)),
        }
    }
    written.rule_count = all.len();
    written.text = serde_json::to_string_pretty(&file(name, place, all))? + "\n";
    Ok(written)
}

fn file(name: &str, place: &Place, rules: Vec<RuleFields>) -> FileFields {
    FileFields {
        version: Some(1),
        name: Some(name.to_owned()),
        region: Some(place.region.clone()),
        rules: Some(rules),
        ..FileFields::default()
    }
}

/// How the input of a target is written.
#[derive(Clone, Copy)]
enum Inputs {
    /// In the fields of a worker and of containers.
    Fields,
    /// As EventBridge has it.
    Raw,
}

/// The fields that read as this rule, or why there are none.
fn readable(name: &str, rule: &Rule, place: &Place) -> Result<RuleFields, String> {
    let mut why = String::new();
    for inputs in [Inputs::Fields, Inputs::Raw] {
        match read_back(name, rule_fields(rule, place, inputs)?, rule, place) {
            Ok(fields) => return Ok(fields),
            Err(refused) => why = refused,
        }
    }
    Err(why)
}

fn read_back(
    name: &str,
    fields: RuleFields,
    rule: &Rule,
    place: &Place,
) -> Result<RuleFields, String> {
    let file = file(name, place, vec![fields]);
    let text = serde_json::to_string(&file).map_err(|error| error.to_string())?;
    let context = Context {
        region: Some(place.region.clone()),
        account: Some(place.account.clone()),
        variable: &|_| Ok(None),
        now: DateTime::UNIX_EPOCH,
    };
    let checked = read(Path::new("dump"), text.as_bytes(), &context).map_err(|faults| {
        let told = faults.told.first().map(|fault| {
            let message = fault.message.lines().next().unwrap_or_default();
            format!("{}: {message}", fault.field.trim_start_matches("rules[0]."))
        });
        told.unwrap_or_default()
    })?;
    let wanted = Rule {
        owner: Some(name.to_owned()),
        ..rule.clone()
    };
    let mut rules = file.rules.unwrap_or_default();
    match rules.pop() {
        Some(fields) if checked.rules == [wanted] => Ok(fields),
        _ => Err("no fields of a file say just the same".to_owned()),
    }
}

fn rule_fields(rule: &Rule, place: &Place, inputs: Inputs) -> Result<RuleFields, String> {
    if rule.event_pattern.is_some() {
        return Err("it fires for events too".to_owned());
    }
    if rule.role.is_some() {
        return Err("it has a role of its own, beside those of its targets".to_owned());
    }
    if ![ENABLED, DISABLED].contains(&rule.state.as_str()) {
        return Err(format!("its state is {}", rule.state));
    }
    if rule.targets.is_empty() {
        return Err("it starts nothing".to_owned());
    }
    let targets = rule.targets.iter();
    let targets = targets.map(|(id, target)| {
        target_fields(rule, id, target, place, inputs)
            .map_err(|why| format!("target `{id}`: {why}"))
    });
    Ok(RuleFields {
        name: Some(rule.name.clone()),
        schedule: rule.schedule.clone(),
        enabled: (!rule.is_enabled()).then_some(false),
        description: match rule.description.as_str() {
            "" => None,
            text => Some(text_of(text)?),
        },
        tags: map_of(&rule.tags)?,
        targets: Some(targets.collect::<Result<_, _>>()?),
    })
}

fn target_fields(
    rule: &Rule,
    id: &str,
    target: &Target,
    place: &Place,
    inputs: Inputs,
) -> Result<TargetFields, String> {
    let tasks = target.tasks.as_ref().ok_or("it is no ECS cluster")?;
    if let Some(other) = target.of_other_services.first() {
        return Err(format!("it has {other}"));
    }
    let short = |arn: &str, long: fn(&Place, &str) -> String| place.short(arn, long).to_owned();
    let mut fields = TargetFields {
        id: Some(id.to_owned()),
        cluster: Some(short(&target.cluster, Place::cluster)),
        role: target.role.as_deref().map(|arn| short(arn, Place::role)),
        retry_policy: retry_fields(target.retry_policy),
        dead_letter_queue: target
            .dead_letter_queue
            .as_deref()
            .map(|arn| short(arn, Place::queue)),
        ..task_fields(tasks, place)?
    };
    match (&target.input, inputs) {
        (Input::Overrides(overrides), Inputs::Fields) => {
            let plain = fields.clone();
            // What no field can say stays as EventBridge has it.
            if overrides_fields(rule, id, overrides, place, &mut fields).is_err() {
                fields = plain;
                raw_input(target.input.to_sent(), &mut fields);
            }
        }
        (input, _) => raw_input(input.to_sent(), &mut fields),
    }
    Ok(fields)
}

/// The input as EventBridge has it.
fn raw_input(sent: Sent, fields: &mut TargetFields) {
    match sent {
        Sent::None => {}
        Sent::Input(text) => {
            let input = serde_json::from_str(&text).unwrap_or_else(|_| text.into());
            fields.input = Some(input);
        }
        Sent::Path(path) => fields.input_path = Some(path),
        Sent::Transformer(transformer) => fields.input_transformer = Some(transformer),
    }
}

fn task_fields(tasks: &Tasks, place: &Place) -> Result<TargetFields, String> {
    let given = |is_given: bool| is_given.then_some(true);
    let constraints = tasks.placement_constraints.iter().map(|one| {
        let mut one = one.clone();
        one.expression = one.expression.as_deref().map(text_of).transpose()?;
        Ok(one)
    });
    let constraints = constraints.collect::<Result<Vec<_>, String>>()?;
    Ok(TargetFields {
        task_definition: Some(
            place
                .short(&tasks.task_definition, Place::task_definition)
                .to_owned(),
        ),
        task_count: (tasks.task_count != 1).then_some(tasks.task_count),
        launch_type: tasks.launch_type.clone(),
        capacity_providers: some(tasks.capacity_providers.iter().cloned().collect()),
        network: tasks.network.clone(),
        platform_version: tasks.platform_version.clone(),
        group: tasks.group.as_deref().map(text_of).transpose()?,
        placement_constraints: some(constraints),
        placement_strategy: some(tasks.placement_strategy.clone()),
        enable_execute_command: given(tasks.enable_execute_command),
        enable_ecs_managed_tags: given(tasks.enable_ecs_managed_tags),
        propagate_tags: tasks.propagate_tags.clone(),
        reference_id: tasks.reference_id.as_deref().map(text_of).transpose()?,
        task_tags: match tasks.tags.is_empty() {
            true => None,
            false => Some(map_of(&tasks.tags)?),
        },
        ..TargetFields::default()
    })
}

fn retry_fields(policy: RetryPolicy) -> Option<RetryFields> {
    let default = RetryPolicy::default();
    if policy == default {
        return None;
    }
    let age = std::time::Duration::from_secs(policy.maximum_event_age_s.into());
    let attempts = policy.maximum_retry_attempts;
    Some(RetryFields {
        maximum_event_age: (policy.maximum_event_age_s != default.maximum_event_age_s)
            .then_some(DurationText(age)),
        maximum_retry_attempts: (attempts != default.maximum_retry_attempts).then_some(attempts),
    })
}

fn overrides_fields(
    rule: &Rule,
    id: &str,
    overrides: &Overrides,
    place: &Place,
    fields: &mut TargetFields,
) -> Result<(), String> {
    let trigger = trigger(&place.rule(&rule.name), id);
    let is_told = |container: &ContainerOverrides| {
        let mut all = trigger.iter();
        all.all(|(name, value)| container.environment.get(*name) == Some(value))
    };
    let mut containers = overrides.containers.clone();
    let told = overrides
        .containers
        .iter()
        .find(|(_, container)| is_told(container));
    let worker = match told {
        Some((name, _)) => Some((name.clone(), true)),
        None => containers
            .contains_key(WORKER_CONTAINER)
            .then(|| (WORKER_CONTAINER.to_owned(), false)),
    };
    if let Some((name, is_told)) = worker {
        let mut container = containers.remove(&name).unwrap_or_default();
        if is_told {
            container
                .environment
                .retain(|name, _| !trigger.iter().any(|(own, _)| own == name));
        }
        let job_file = match container.environment.remove("JOB_FILE") {
            Some(EnvironmentValue::Text(file)) => Some(text_of(&file)?),
            _ => None,
        };
        fields.worker = Some(WorkerFields {
            container: (name != WORKER_CONTAINER).then_some(name),
            job_file,
            trigger: is_told,
            fields: container_fields(&container)?,
        });
    }
    let containers = containers.iter();
    let containers: BTreeMap<_, _> = containers
        .map(|(name, container)| Ok((name.clone(), container_fields(container)?)))
        .collect::<Result<_, String>>()?;
    fields.containers = (!containers.is_empty()).then_some(containers);
    fields.task = (!overrides.task.is_empty()).then(|| {
        overrides
            .task
            .clone()
            .with_roles(|arn| place.short(arn, Place::role).to_owned())
    });
    Ok(())
}

fn container_fields(container: &ContainerOverrides) -> Result<ContainerFields, String> {
    let environment = container
        .environment
        .iter()
        .map(|(name, value)| match value {
            EnvironmentValue::Text(text) => Ok((name.clone(), text_of(text)?)),
            EnvironmentValue::Event(path) => Err(format!("its {name} is {path} of the event")),
        });
    let command = container.command.as_ref();
    let command = command.map(|words| words.iter().map(|word| text_of(word)).collect());
    Ok(ContainerFields {
        command: command.transpose()?,
        environment: environment.collect::<Result<_, _>>()?,
        environment_files: container.environment_files.clone(),
        cpu: container.cpu,
        memory: container.memory,
        memory_reservation: container.memory_reservation,
        resource_requirements: container.resource_requirements.clone(),
    })
}

/// The text as a template that stands for just it.
fn text_of(text: &str) -> Result<String, String> {
    escape(text).ok_or_else(|| format!("`{text}` holds a `${{` that no template can"))
}

fn map_of(map: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    let entries = map.iter();
    entries
        .map(|(key, value)| Ok((key.clone(), text_of(value)?)))
        .collect()
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
