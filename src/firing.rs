//! One firing of a schedule: what the scheduler tells the worker of it, and the ids that follow from
//! it, so that a firing which is delivered twice has one run id and one trace.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tracing_xray::TraceId;

use crate::spec::{Environment, NotUnicode};

/// A firing, as `JOB_RULE_ARN`, `JOB_TARGET_ID`, `JOB_SCHEDULED_TIME` and `JOB_EVENT_ID` tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Firing {
    rule_arn: String,
    target_id: String,
    /// When the schedule wanted it.
    pub(crate) scheduled_time: DateTime<Utc>,
    /// EventBridge's id of the event.
    pub(crate) event_id: Option<String>,
}

/// What is wrong with the variables of a firing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FiringError {
    #[error(
        "JOB_SCHEDULED_TIME: `{0}` is no time, write it as EventBridge does: 2026-01-02T03:04:00Z"
    )]
    Time(String),
    #[error(
        "JOB_RULE_ARN is set without JOB_SCHEDULED_TIME, and both make the firing's key: set both"
    )]
    NoTime,
    #[error(transparent)]
    NotUnicode(#[from] NotUnicode),
}

/// Hex digits of the key that make the run's id.
const RUN_ID_LEN: usize = 32;

impl Firing {
    /// The firing that started this process, if one did.
    ///
    /// # Errors
    /// A time that is none, or a rule without a time.
    pub(crate) fn of_environment(environment: &Environment) -> Result<Option<Self>, FiringError> {
        let text = |name: &str| environment.get_non_empty(name);
        let time = scheduled_time(environment)?;
        let Some(rule_arn) = text("JOB_RULE_ARN")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            rule_arn: rule_arn.to_owned(),
            target_id: text("JOB_TARGET_ID")?.unwrap_or_default().to_owned(),
            scheduled_time: time.ok_or(FiringError::NoTime)?,
            event_id: text("JOB_EVENT_ID")?.map(str::to_owned),
        }))
    }

    /// The firing of a rule's target at a time, as it will be told.
    #[cfg(feature = "schedule")]
    pub(crate) fn new(rule_arn: &str, target_id: &str, scheduled_time: DateTime<Utc>) -> Self {
        Self {
            rule_arn: rule_arn.to_owned(),
            target_id: target_id.to_owned(),
            scheduled_time,
            event_id: None,
        }
    }

    /// SHA-256 of the rule, the target and the minute, in hex.
    fn key(&self) -> String {
        let minute = self.scheduled_time.format("%Y-%m-%dT%H:%MZ");
        let text = format!("{}\n{}\n{minute}", self.rule_arn, self.target_id);
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The run's id.
    pub(crate) fn run_id(&self) -> String {
        self.key()[..RUN_ID_LEN].to_owned()
    }

    /// The run's trace: its time is the minute of the schedule, the rest is the key.
    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        let seconds = self.scheduled_time.timestamp() / 60 * 60;
        let seconds = u32::try_from(seconds).ok()?;
        format!("1-{seconds:08x}-{}", &self.key()[..24])
            .parse()
            .ok()
    }

    /// The rule's name: what its ARN ends with.
    pub(crate) fn rule_name(&self) -> &str {
        let resource = self.rule_arn.rsplit(':').next().unwrap_or(&self.rule_arn);
        resource.rsplit('/').next().unwrap_or(resource)
    }
}

/// When the schedule wanted the run, if it says so; also without a rule.
///
/// # Errors
/// A time that is none.
pub(crate) fn scheduled_time(
    environment: &Environment,
) -> Result<Option<DateTime<Utc>>, FiringError> {
    let Some(text) = environment.get_non_empty("JOB_SCHEDULED_TIME")? else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| FiringError::Time(text.to_owned()))?;
    Ok(Some(time.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "arn:aws:events:eu-west-1:111122223333:rule/nightly";

    fn firing(variables: &[(&str, &str)]) -> Result<Option<Firing>, FiringError> {
        Firing::of_environment(&variables.iter().copied().collect())
    }

    fn at(time: &str) -> Firing {
        let variables = [
            ("JOB_RULE_ARN", RULE),
            ("JOB_TARGET_ID", "worker"),
            ("JOB_SCHEDULED_TIME", time),
        ];
        firing(&variables).unwrap().unwrap()
    }

    #[test]
    fn a_firing_that_is_delivered_twice_has_one_run_and_one_trace() {
        let first = at("2026-01-02T03:04:00Z");
        assert_eq!(first.run_id(), at("2026-01-02T03:04:59Z").run_id());
        assert_eq!(first.trace_id(), at("2026-01-02T04:04:07+01:00").trace_id());
        assert_ne!(first.run_id(), at("2026-01-02T03:05:00Z").run_id());
        let minute = DateTime::parse_from_rfc3339("2026-01-02T03:04:00Z").unwrap();
        let trace_id = first.trace_id().unwrap().to_string();
        let wanted = format!("1-{:08x}-{}", minute.timestamp(), &first.run_id()[..24]);
        assert_eq!(trace_id, wanted);
        assert_eq!(first.rule_name(), "nightly");
    }

    #[test]
    fn the_key_is_what_the_design_says() {
        let text = format!("{RULE}\nworker\n2026-01-02T03:04Z");
        let digest = Sha256::digest(text.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(at("2026-01-02T03:04:05.123Z").run_id(), hex[..32]);
    }

    #[test]
    fn a_run_by_hand_has_no_firing_and_half_a_one_is_told() {
        assert_eq!(firing(&[]), Ok(None));
        let time = ("JOB_SCHEDULED_TIME", "2026-01-02T03:04:00Z");
        assert_eq!(firing(&[time]), Ok(None));
        assert_eq!(firing(&[("JOB_RULE_ARN", RULE)]), Err(FiringError::NoTime));
        let wrong = firing(&[("JOB_SCHEDULED_TIME", "noon")]).unwrap_err();
        assert!(wrong.to_string().starts_with("JOB_SCHEDULED_TIME: `noon`"));
    }
}
