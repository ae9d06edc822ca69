//! Overrides in the shape of ECS's TaskOverride, there and back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{ContainerOverrides, EnvironmentValue, Overrides, TaskOverrides};

/// What the event of one firing has for the paths that overrides use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskEvent {
    /// `$.time`: the scheduled time as EventBridge writes it.
    pub time: String,
    /// `$.id`: the event's id.
    pub id: String,
}

impl TaskEvent {
    /// The text at a path.
    fn get(&self, path: &str) -> Option<&str> {
        match path {
            "$.time" => Some(&self.time),
            "$.id" => Some(&self.id),
            _ => None,
        }
    }
}

impl Overrides {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The TaskOverride, with what `text_of` gives for the values that come from the event.
    pub(super) fn to_aws(&self, text_of: impl Fn(&str) -> String) -> Value {
        let containers: Vec<Value> = self
            .containers
            .iter()
            .map(|(name, container)| container.to_aws(name, &text_of))
            .collect();
        let task = &self.task;
        let storage = task.ephemeral_storage_gib;
        object([
            (
                "containerOverrides",
                (!containers.is_empty()).then(|| containers.into()),
            ),
            ("cpu", text(task.cpu.as_ref())),
            ("memory", text(task.memory.as_ref())),
            (
                "ephemeralStorage",
                storage.map(|size| json!({ "sizeInGiB": size })),
            ),
            ("taskRoleArn", text(task.task_role.as_ref())),
            ("executionRoleArn", text(task.execution_role.as_ref())),
        ])
    }

    /// The TaskOverride as ECS's API spells it, of overrides without values of the event.
    pub fn to_json(&self) -> Value {
        self.to_aws(str::to_owned)
    }

    /// The overrides of one firing: texts alone.
    ///
    /// # Errors
    /// The paths of which the event has nothing.
    pub fn of_firing(&self, event: &TaskEvent) -> Result<Self, Vec<String>> {
        let mut resolved = self.clone();
        let mut unknown = Vec::new();
        let containers = resolved.containers.values_mut();
        for value in containers.flat_map(|container| container.environment.values_mut()) {
            if let EnvironmentValue::Event(path) = value {
                match event.get(path) {
                    Some(text) => *value = EnvironmentValue::Text(text.to_owned()),
                    None => unknown.push(std::mem::take(path)),
                }
            }
        }
        if unknown.is_empty() {
            Ok(resolved)
        } else {
            Err(unknown)
        }
    }

    /// The overrides that a TaskOverride says, if it says nothing else. `of_event` tells which
    /// values stand for a path of the event.
    pub(super) fn of_aws(
        value: &Value,
        of_event: impl Fn(&Value) -> Option<String>,
    ) -> Option<Self> {
        let mut overrides = Self::default();
        for (name, value) in value.as_object()? {
            match name.as_str() {
                "containerOverrides" => {
                    for container in value.as_array()? {
                        let name = container.get("name")?.as_str()?.to_owned();
                        let read = ContainerOverrides::of_aws(container, &of_event)?;
                        // Which of two for one container ECS takes is not known.
                        if overrides.containers.insert(name, read).is_some() {
                            return None;
                        }
                    }
                }
                "cpu" => overrides.task.cpu = Some(value.as_str()?.to_owned()),
                "memory" => overrides.task.memory = Some(value.as_str()?.to_owned()),
                "ephemeralStorage" => {
                    overrides.task.ephemeral_storage_gib = Some(only(value, "sizeInGiB")?);
                }
                "taskRoleArn" => overrides.task.task_role = Some(value.as_str()?.to_owned()),
                "executionRoleArn" => {
                    overrides.task.execution_role = Some(value.as_str()?.to_owned());
                }
                _ => return None,
            }
        }
        Some(overrides)
    }

    /// Without containers of which nothing differs.
    pub(crate) fn simplified(mut self) -> Self {
        let is_different =
            |container: &ContainerOverrides| *container != ContainerOverrides::default();
        self.containers
            .retain(|_, container| is_different(container));
        self
    }
}

impl ContainerOverrides {
    fn to_aws(&self, name: &str, text_of: &impl Fn(&str) -> String) -> Value {
        let environment: Vec<Value> = self
            .environment
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    EnvironmentValue::Text(text) => text.clone(),
                    EnvironmentValue::Event(path) => text_of(path),
                };
                json!({ "name": name, "value": value })
            })
            .collect();
        let files = self.environment_files.iter();
        let files: Vec<Value> = files
            .map(|arn| json!({ "value": arn, "type": "s3" }))
            .collect();
        let resources = self.resource_requirements.iter();
        let resources: Vec<Value> = resources
            .map(|(kind, value)| json!({ "type": kind, "value": value }))
            .collect();
        let list = |list: Vec<Value>| (!list.is_empty()).then(|| list.into());
        object([
            ("name", Some(name.into())),
            ("command", self.command.clone().map(Into::into)),
            ("environment", list(environment)),
            ("environmentFiles", list(files)),
            ("cpu", self.cpu.map(Into::into)),
            ("memory", self.memory.map(Into::into)),
            ("memoryReservation", self.memory_reservation.map(Into::into)),
            ("resourceRequirements", list(resources)),
        ])
    }

    fn of_aws(value: &Value, of_event: &impl Fn(&Value) -> Option<String>) -> Option<Self> {
        let mut container = Self::default();
        for (name, value) in value.as_object()? {
            match name.as_str() {
                "name" => {}
                "command" => container.command = Some(texts(value)?),
                "environment" => {
                    for entry in value.as_array()? {
                        let [name, value] = pair(entry, ["name", "value"])?;
                        let value = match of_event(value) {
                            Some(path) => EnvironmentValue::Event(path),
                            None => EnvironmentValue::Text(value.as_str()?.to_owned()),
                        };
                        let name = name.as_str()?.to_owned();
                        if container.environment.insert(name, value).is_some() {
                            return None;
                        }
                    }
                }
                "environmentFiles" => {
                    for entry in value.as_array()? {
                        let [arn, kind] = pair(entry, ["value", "type"])?;
                        (kind == "s3").then_some(())?;
                        container.environment_files.push(arn.as_str()?.to_owned());
                    }
                }
                "cpu" => container.cpu = Some(number(value)?),
                "memory" => container.memory = Some(number(value)?),
                "memoryReservation" => container.memory_reservation = Some(number(value)?),
                "resourceRequirements" => {
                    for entry in value.as_array()? {
                        let [kind, value] = pair(entry, ["type", "value"])?;
                        let (kind, value) = (kind.as_str()?, value.as_str()?);
                        let requirements = &mut container.resource_requirements;
                        if requirements
                            .insert(kind.to_owned(), value.to_owned())
                            .is_some()
                        {
                            return None;
                        }
                    }
                }
                _ => return None,
            }
        }
        Some(container)
    }
}

impl TaskOverrides {
    /// With the ARNs that `arn_of` makes of the names of the roles.
    pub(crate) fn with_roles(self, arn_of: impl Fn(&str) -> String) -> Self {
        Self {
            task_role: self.task_role.as_deref().map(&arn_of),
            execution_role: self.execution_role.as_deref().map(&arn_of),
            ..self
        }
    }
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter();
    let set = fields.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect::<Map<_, _>>())
}

fn text(text: Option<&String>) -> Option<Value> {
    text.map(|text| text.as_str().into())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let values = value.as_array()?.iter();
    values.map(|text| Some(text.as_str()?.to_owned())).collect()
}

fn number(value: &Value) -> Option<i32> {
    value.as_i64()?.try_into().ok()
}

/// The number of an object that has this one field.
fn only(value: &Value, name: &str) -> Option<i32> {
    let fields: BTreeMap<_, _> = value.as_object()?.iter().collect();
    (fields.len() == 1).then_some(())?;
    number(value.get(name)?)
}

/// The two fields of an object that has no others.
fn pair<'v>(value: &'v Value, names: [&str; 2]) -> Option<[&'v Value; 2]> {
    let fields = value.as_object()?;
    (fields.len() == 2).then_some(())?;
    Some([fields.get(names[0])?, fields.get(names[1])?])
}
