//! Groups of traces.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{DEFAULT, Refusal, Resource, SettingError, Stop, Tag, require_one, tags};
use crate::filter::{FilterError, FilterExpression};
use crate::store::{Store, StoreError};

/// How many groups there may be beside Default.
const GROUPS_MAX: u32 = 25;

const COLUMNS: &str = "name, filter_expression, insights_enabled, notifications_enabled";

/// A `Group` of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Group {
    pub(crate) group_name: String,
    #[serde(rename = "GroupARN")]
    pub(crate) group_arn: String,
    /// Without one, all traces are in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_expression: Option<String>,
    pub(crate) insights_configuration: InsightsConfiguration,
}

/// Kept, without effect: local X-Ray has no insights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InsightsConfiguration {
    insights_enabled: bool,
    notifications_enabled: bool,
}

/// What to change about a group; what is absent stays, or takes the default of a new group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupChange<'a> {
    /// An empty one is none.
    pub(crate) filter_expression: Option<&'a str>,
    pub(crate) insights_enabled: Option<bool>,
    pub(crate) notifications_enabled: Option<bool>,
}

impl Store {
    /// All groups, by name.
    pub(crate) fn groups(&self) -> Result<Vec<Group>, StoreError> {
        self.read(|connection| {
            let query = format!("SELECT {COLUMNS} FROM trace_groups ORDER BY name");
            let mut statement = connection.prepare_cached(&query)?;
            statement.query_map([], group)?.collect()
        })
    }

    /// The group of that name. Names are case-sensitive.
    pub(crate) fn group(&self, name: &str) -> Result<Option<Group>, StoreError> {
        self.read(|connection| find(connection, name))
    }

    pub(crate) fn create_group(
        &self,
        name: &str,
        change: &GroupChange<'_>,
        with_tags: &[Tag],
    ) -> Result<Group, SettingError> {
        self.change(|transaction| {
            let resource = Resource::Group(name.to_owned());
            if find(transaction, name)?.is_some() {
                return Err(Refusal::Exists(resource).into());
            }
            let count = "SELECT count(*) FROM trace_groups WHERE name <> ?1";
            let count: u32 = transaction.query_row(count, [DEFAULT], |row| row.get(0))?;
            if count >= GROUPS_MAX {
                return Err(Refusal::TooManyGroups(count).into());
            }
            let group = change.applied_to(Group {
                group_name: name.to_owned(),
                group_arn: resource.arn(),
                filter_expression: None,
                insights_configuration: InsightsConfiguration::default(),
            })?;
            keep(transaction, &group)?;
            tags::add(transaction, &resource, with_tags)?;
            Ok(group)
        })
    }

    /// Changes a group. Default keeps all traces.
    pub(crate) fn update_group(
        &self,
        name: &str,
        change: &GroupChange<'_>,
    ) -> Result<Group, SettingError> {
        self.change(|transaction| {
            let resource = Resource::Group(name.to_owned());
            let Some(group) = find(transaction, name)? else {
                return Err(Refusal::Unknown(resource).into());
            };
            let group = change.applied_to(group)?;
            if name == DEFAULT && group.filter_expression.is_some() {
                return Err(Stop::Refused(Refusal::Unchangeable {
                    resource,
                    member: "FilterExpression",
                    changeable: "InsightsConfiguration",
                }));
            }
            keep(transaction, &group)?;
            Ok(group)
        })
    }

    /// Deletes a group and its tags.
    pub(crate) fn delete_group(&self, name: &str) -> Result<(), SettingError> {
        self.change(|transaction| {
            let resource = Resource::Group(name.to_owned());
            if name == DEFAULT {
                return Err(Refusal::Undeletable(resource).into());
            }
            tags::remove_all(transaction, &resource)?;
            let delete = "DELETE FROM trace_groups WHERE name = ?1";
            require_one(
                transaction.execute(delete, [name])?,
                Refusal::Unknown(resource),
            )
        })
    }
}

impl GroupChange<'_> {
    fn applied_to(&self, mut group: Group) -> Result<Group, Refusal> {
        if let Some(expression) = self.filter_expression {
            let is_one = !expression.trim().is_empty();
            group.filter_expression = is_one.then(|| expression.to_owned());
        }
        let insights = &mut group.insights_configuration;
        insights.insights_enabled = self.insights_enabled.unwrap_or(insights.insights_enabled);
        insights.notifications_enabled = match self.notifications_enabled {
            Some(true) if !insights.insights_enabled => {
                return Err(Refusal::NotificationsWithoutInsights);
            }
            Some(enabled) => enabled,
            None => insights.notifications_enabled && insights.insights_enabled,
        };
        Ok(group)
    }
}

pub(super) fn find(connection: &Connection, name: &str) -> Result<Option<Group>, rusqlite::Error> {
    let query = format!("SELECT {COLUMNS} FROM trace_groups WHERE name = ?1");
    let mut statement = connection.prepare_cached(&query)?;
    statement.query_row([name], group).optional()
}

fn keep(connection: &Connection, group: &Group) -> Result<(), rusqlite::Error> {
    let insights = group.insights_configuration;
    let columns = params![
        group.group_name,
        group.filter_expression,
        insights.insights_enabled,
        insights.notifications_enabled,
    ];
    let put = format!("INSERT OR REPLACE INTO trace_groups ({COLUMNS}) VALUES (?1, ?2, ?3, ?4)");
    connection.execute(&put, columns)?;
    Ok(())
}

fn group(row: &Row<'_>) -> Result<Group, rusqlite::Error> {
    let name: String = row.get(0)?;
    Ok(Group {
        group_arn: Resource::Group(name.clone()).arn(),
        group_name: name,
        filter_expression: row.get(1)?,
        insights_configuration: InsightsConfiguration {
            insights_enabled: row.get(2)?,
            notifications_enabled: row.get(3)?,
        },
    })
}

/// Reads an expression that may name these groups.
pub(crate) fn parse_filter(
    groups: &[Group],
    expression: &str,
) -> Result<FilterExpression, FilterError> {
    FilterExpression::parse(expression, &|name| expression_of(groups, name))
}

/// The expression of the group of that name or ARN; one without takes every trace.
pub(crate) fn expression_of(groups: &[Group], wanted: &str) -> Option<String> {
    let group = groups
        .iter()
        .find(|group| is_named(wanted, &group.group_name));
    match group {
        Some(group) => Some(group.filter_expression.clone().unwrap_or_default()),
        None => is_named(wanted, DEFAULT).then(String::new),
    }
}

/// Whether a name or an ARN is that of a group.
pub(crate) fn is_named(wanted: &str, name: &str) -> bool {
    let of_arn = || Resource::of_arn(wanted) == Some(Resource::Group(name.to_owned()));
    wanted == name || of_arn()
}
