//! Sampling rules.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use tracing_xray::Timestamp;

use super::{DEFAULT, Refusal, Resource, SettingError, Stop, Tag, micros, tags, time};
use crate::store::{Store, StoreError};

/// How many rules there may be beside Default.
const RULES_MAX: u32 = 25;

const COLUMNS: &str = "name, priority, fixed_rate, reservoir_size, service_name, service_type, host, \
     http_method, url_path, resource_arn, attributes, boost_max_rate, boost_cooldown_minutes, \
     created_us, modified_us";

/// A `SamplingRuleRecord` of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SamplingRuleRecord {
    pub(crate) sampling_rule: SamplingRule,
    pub(crate) created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
}

/// A `SamplingRule` of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SamplingRule {
    pub(crate) rule_name: String,
    #[serde(rename = "RuleARN")]
    pub(crate) rule_arn: String,
    #[serde(rename = "ResourceARN")]
    pub(crate) resource_arn: String,
    pub(crate) priority: i64,
    pub(crate) fixed_rate: f64,
    pub(crate) reservoir_size: i64,
    pub(crate) service_name: String,
    pub(crate) service_type: String,
    pub(crate) host: String,
    #[serde(rename = "HTTPMethod")]
    pub(crate) http_method: String,
    #[serde(rename = "URLPath")]
    pub(crate) url_path: String,
    /// Always 1: there is no other form of rules.
    pub(crate) version: i64,
    pub(crate) attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sampling_rate_boost: Option<SamplingRateBoost>,
}

/// A `SamplingRateBoost` of the API.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SamplingRateBoost {
    pub(crate) max_rate: f64,
    pub(crate) cooldown_window_minutes: i64,
}

/// What to change about a rule; what is absent stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleChange {
    pub(crate) resource_arn: Option<String>,
    pub(crate) priority: Option<i64>,
    pub(crate) fixed_rate: Option<f64>,
    pub(crate) reservoir_size: Option<i64>,
    pub(crate) service_name: Option<String>,
    pub(crate) service_type: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) http_method: Option<String>,
    pub(crate) url_path: Option<String>,
    pub(crate) attributes: Option<BTreeMap<String, String>>,
    pub(crate) sampling_rate_boost: Option<SamplingRateBoost>,
}

impl Store {
    /// All rules in the order in which they are tried: by priority, then by name.
    pub(crate) fn sampling_rules(&self) -> Result<Vec<SamplingRuleRecord>, StoreError> {
        self.read(|connection| {
            let query = format!("SELECT {COLUMNS} FROM sampling_rules ORDER BY priority, name");
            let mut statement = connection.prepare_cached(&query)?;
            statement.query_map([], record)?.collect()
        })
    }

    pub(crate) fn create_sampling_rule(
        &self,
        rule: SamplingRule,
        with_tags: &[Tag],
        now: Timestamp,
    ) -> Result<SamplingRuleRecord, SettingError> {
        self.change(|transaction| {
            let resource = Resource::SamplingRule(rule.rule_name.clone());
            if find(transaction, &rule.rule_name)?.is_some() {
                return Err(Refusal::Exists(resource).into());
            }
            let count = "SELECT count(*) FROM sampling_rules WHERE name <> ?1";
            let count: u32 = transaction.query_row(count, [DEFAULT], |row| row.get(0))?;
            if count >= RULES_MAX {
                return Err(Refusal::TooManyRules(count).into());
            }
            let record = SamplingRuleRecord {
                sampling_rule: rule,
                created_at: now,
                modified_at: now,
            };
            keep(transaction, &record)?;
            tags::add(transaction, &resource, with_tags)?;
            Ok(record)
        })
    }

    /// Changes a rule. Of Default only the rate and the reservoir can be changed.
    pub(crate) fn update_sampling_rule(
        &self,
        name: &str,
        change: RuleChange,
        now: Timestamp,
    ) -> Result<SamplingRuleRecord, SettingError> {
        self.change(|transaction| {
            let resource = Resource::SamplingRule(name.to_owned());
            let Some(before) = find(transaction, name)? else {
                return Err(Refusal::Unknown(resource).into());
            };
            let rule = change.applied_to(before.sampling_rule.clone());
            if name == DEFAULT
                && let Some(member) = differs(&before.sampling_rule, &rule)
            {
                return Err(Stop::Refused(Refusal::Unchangeable {
                    resource,
                    member,
                    changeable: "FixedRate and ReservoirSize",
                }));
            }
            let record = SamplingRuleRecord {
                sampling_rule: rule,
                created_at: before.created_at,
                modified_at: now,
            };
            keep(transaction, &record)?;
            Ok(record)
        })
    }

    /// Deletes a rule with its tags and statistics, and tells what it was.
    pub(crate) fn delete_sampling_rule(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<SamplingRuleRecord, SettingError> {
        self.change(|transaction| {
            let resource = Resource::SamplingRule(name.to_owned());
            if name == DEFAULT {
                return Err(Refusal::Undeletable(resource).into());
            }
            let Some(record) = find(transaction, name)? else {
                return Err(Refusal::Unknown(resource).into());
            };
            tags::remove_all(transaction, &resource)?;
            for delete in [
                "DELETE FROM sampling_rules WHERE name = ?1",
                "DELETE FROM sampling_clients WHERE rule = ?1",
                "DELETE FROM sampling_statistics WHERE rule = ?1",
            ] {
                transaction.execute(delete, [name])?;
            }
            changed(transaction, now)?;
            Ok(record)
        })
    }
}

impl RuleChange {
    fn applied_to(self, rule: SamplingRule) -> SamplingRule {
        SamplingRule {
            resource_arn: self.resource_arn.unwrap_or(rule.resource_arn),
            priority: self.priority.unwrap_or(rule.priority),
            fixed_rate: self.fixed_rate.unwrap_or(rule.fixed_rate),
            reservoir_size: self.reservoir_size.unwrap_or(rule.reservoir_size),
            service_name: self.service_name.unwrap_or(rule.service_name),
            service_type: self.service_type.unwrap_or(rule.service_type),
            host: self.host.unwrap_or(rule.host),
            http_method: self.http_method.unwrap_or(rule.http_method),
            url_path: self.url_path.unwrap_or(rule.url_path),
            attributes: self.attributes.unwrap_or(rule.attributes),
            sampling_rate_boost: self.sampling_rate_boost.or(rule.sampling_rate_boost),
            ..rule
        }
    }
}

/// A member that differs, other than rate and reservoir.
fn differs(one: &SamplingRule, other: &SamplingRule) -> Option<&'static str> {
    let members = [
        (one.resource_arn != other.resource_arn, "ResourceARN"),
        (one.priority != other.priority, "Priority"),
        (one.service_name != other.service_name, "ServiceName"),
        (one.service_type != other.service_type, "ServiceType"),
        (one.host != other.host, "Host"),
        (one.http_method != other.http_method, "HTTPMethod"),
        (one.url_path != other.url_path, "URLPath"),
        (one.attributes != other.attributes, "Attributes"),
        (
            one.sampling_rate_boost != other.sampling_rate_boost,
            "SamplingRateBoost",
        ),
    ];
    let member = members.into_iter().find(|(differs, _)| *differs);
    member.map(|(_, name)| name)
}

pub(super) fn find(
    connection: &Connection,
    name: &str,
) -> Result<Option<SamplingRuleRecord>, rusqlite::Error> {
    let query = format!("SELECT {COLUMNS} FROM sampling_rules WHERE name = ?1");
    let mut statement = connection.prepare_cached(&query)?;
    statement.query_row([name], record).optional()
}

fn keep(connection: &Connection, record: &SamplingRuleRecord) -> Result<(), rusqlite::Error> {
    let rule = &record.sampling_rule;
    let boost = rule.sampling_rate_boost;
    let columns = params![
        rule.rule_name,
        rule.priority,
        rule.fixed_rate,
        rule.reservoir_size,
        rule.service_name,
        rule.service_type,
        rule.host,
        rule.http_method,
        rule.url_path,
        rule.resource_arn,
        serde_json::json!(rule.attributes).to_string(),
        boost.map(|boost| boost.max_rate),
        boost.map(|boost| boost.cooldown_window_minutes),
        micros(record.created_at),
        micros(record.modified_at),
    ];
    let put = format!(
        "INSERT INTO sampling_rules ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT DO UPDATE SET priority = ?2, fixed_rate = ?3, reservoir_size = ?4,
             service_name = ?5, service_type = ?6, host = ?7, http_method = ?8, url_path = ?9,
             resource_arn = ?10, attributes = ?11, boost_max_rate = ?12,
             boost_cooldown_minutes = ?13, modified_us = ?15"
    );
    connection.execute(&put, columns)?;
    changed(connection, record.modified_at)
}

/// Lets SDKs know that they have to read the rules again.
fn changed(connection: &Connection, now: Timestamp) -> Result<(), rusqlite::Error> {
    let update = "UPDATE single_settings SET rules_changed_us = max(rules_changed_us, ?1)";
    connection.execute(update, [micros(now)])?;
    Ok(())
}

fn record(row: &Row<'_>) -> Result<SamplingRuleRecord, rusqlite::Error> {
    let name: String = row.get(0)?;
    let attributes = row.get_ref(10)?.as_str()?;
    let boost: (Option<f64>, Option<i64>) = (row.get(11)?, row.get(12)?);
    Ok(SamplingRuleRecord {
        sampling_rule: SamplingRule {
            rule_arn: Resource::SamplingRule(name.clone()).arn(),
            rule_name: name,
            priority: row.get(1)?,
            fixed_rate: row.get(2)?,
            reservoir_size: row.get(3)?,
            service_name: row.get(4)?,
            service_type: row.get(5)?,
            host: row.get(6)?,
            http_method: row.get(7)?,
            url_path: row.get(8)?,
            resource_arn: row.get(9)?,
            version: 1,
            // We wrote it; a file that somebody edited still opens.
            attributes: serde_json::from_str(attributes).unwrap_or_default(),
            sampling_rate_boost: match boost {
                (Some(max_rate), Some(cooldown_window_minutes)) => Some(SamplingRateBoost {
                    max_rate,
                    cooldown_window_minutes,
                }),
                _ => None,
            },
        },
        created_at: time(row.get_ref(13)?)?,
        modified_at: time(row.get_ref(14)?)?,
    })
}
