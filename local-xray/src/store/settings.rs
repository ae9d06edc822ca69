//! What clients set: groups, sampling rules, tags; and what they report beside traces: sampling
//! statistics and telemetry. All of it is in the file, so every process sees it.

use std::fmt;

use rusqlite::{Transaction, types::FromSqlError, types::ValueRef};
use tracing_xray::Timestamp;

use super::write::micros;
use super::{Store, StoreError};

mod groups;
mod indexing;
mod quotas;
mod rules;
mod share;
mod statistics;
mod tags;
mod telemetry;

pub(crate) use groups::{Group, GroupChange, expression_of, is_named, parse_filter};
pub(crate) use quotas::{BoostReport, Report};
pub(crate) use rules::{RuleChange, SamplingRateBoost, SamplingRule};
pub(crate) use tags::Tag;
pub use telemetry::{BackendConnectionErrors, TelemetryRecord, TelemetrySender};

/// The group and the sampling rule that are always there.
pub(crate) const DEFAULT: &str = "Default";

/// How an ARN of ours begins. Local X-Ray has one account and one region.
const ARN_START: &str = "arn:aws:xray:us-east-1:000000000000:";

/// What has an ARN and tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Group(String),
    SamplingRule(String),
}

impl Resource {
    /// Reads an ARN of whatever partition, region and account: local X-Ray stands in for them all.
    pub(crate) fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let is_ours = parts.next() == Some("arn")
            && parts.next().is_some_and(|partition| !partition.is_empty())
            && parts.next() == Some("xray");
        let (_region, _account) = (parts.next()?, parts.next()?);
        let (kind, name) = parts.next()?.split_once('/')?;
        match kind {
            _ if !is_ours || name.is_empty() => None,
            "group" => Some(Self::Group(name.to_owned())),
            "sampling-rule" => Some(Self::SamplingRule(name.to_owned())),
            _ => None,
        }
    }

    pub(crate) fn arn(&self) -> String {
        format!("{ARN_START}{}", self.path())
    }

    /// The end of the ARN.
    fn path(&self) -> String {
        match self {
            Self::Group(name) => format!("group/{name}"),
            Self::SamplingRule(name) => format!("sampling-rule/{name}"),
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(formatter, "group {name:?}"),
            Self::SamplingRule(name) => write!(formatter, "sampling rule {name:?}"),
        }
    }
}

/// Why a setting is not changed, although the store could.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no {0}")]
    Unknown(Resource),
    #[error("there is a {0} already: update it, or take another name")]
    Exists(Resource),
    #[error("the {0} cannot be deleted")]
    Undeletable(Resource),
    #[error("the {resource} keeps its {member}: only {changeable} can be changed")]
    Unchangeable {
        resource: Resource,
        member: &'static str,
        changeable: &'static str,
    },
    #[error("there are {0} groups already, the most that X-Ray keeps: delete one")]
    TooManyGroups(u32),
    #[error("there are {0} sampling rules already, the most that X-Ray keeps: delete one")]
    TooManyRules(u32),
    #[error("the {resource} would have more than {most} tags")]
    TooManyTags { resource: Resource, most: u32 },
    #[error("NotificationsEnabled is true without InsightsEnabled")]
    NotificationsWithoutInsights,
}

/// Why a setting was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What ends a change before its time, and takes it back.
#[derive(Debug)]
enum Stop {
    Sqlite(rusqlite::Error),
    Refused(Refusal),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Store {
    fn change<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, SettingError> {
        let mut refused = None;
        let changed = self.write(|transaction| {
            change(transaction).map_err(|stop| match stop {
                Stop::Sqlite(error) => error,
                Stop::Refused(refusal) => {
                    refused = Some(refusal);
                    // Any error does: it takes back what was written, and is not told.
                    rusqlite::Error::QueryReturnedNoRows
                }
            })
        });
        match refused {
            Some(refusal) => Err(refusal.into()),
            None => Ok(changed?),
        }
    }
}

/// A time in a column.
fn time(value: ValueRef<'_>) -> Result<Timestamp, FromSqlError> {
    let micros = value.as_i64()?;
    Ok(Timestamp::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// Whether at most one row was to change, and one did.
fn require_one(changed: usize, otherwise: Refusal) -> Result<(), Stop> {
    match changed {
        0 => Err(otherwise.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_a_group_or_a_sampling_rule() {
        let group = |name: &str| Some(Resource::Group(name.into()));
        let rule = |name: &str| Some(Resource::SamplingRule(name.into()));
        for (arn, expected) in [
            (
                "arn:aws:xray:us-east-1:000000000000:group/Default",
                group("Default"),
            ),
            ("arn:aws-cn:xray:cn-north-1:1:group/a/b:c", group("a/b:c")),
            ("arn:aws:xray:::sampling-rule/mine", rule("mine")),
            ("arn:aws:xray:us-east-1:000000000000:group/", None),
            ("arn:aws:xray:us-east-1:000000000000:group", None),
            ("arn:aws:xray:us-east-1:000000000000:trace/1", None),
            ("arn:aws:s3:us-east-1:000000000000:group/Default", None),
            ("arn::xray:us-east-1:000000000000:group/Default", None),
            ("aws:xray:group/Default", None),
            ("Default", None),
            ("", None),
        ] {
            assert_eq!(Resource::of_arn(arn), expected, "{arn}");
            if let Some(resource) = expected {
                assert_eq!(Resource::of_arn(&resource.arn()), Some(resource));
            }
        }
    }
}
