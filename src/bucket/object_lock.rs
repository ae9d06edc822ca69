//! Object lock: objects that nobody may delete or overwrite for a while.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{
    DefaultRetention as SdkRetention, EventHoldDuration, ObjectLockConfiguration,
    ObjectLockEnabled, ObjectLockRule,
};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::rules::on;
use super::subresource::{Absent, Calls, SubResource};

/// The most days of a default retention.
const DAYS_MAX: i32 = 36_500;
/// The most years of a default retention.
const YEARS_MAX: i32 = 100;

/// Whether objects can be locked, and how long new ones are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Spelling")]
pub(crate) struct ObjectLock {
    /// Always true: S3 never switches a lock off.
    pub(crate) enabled: bool,
    /// How long new objects are locked whose upload does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_retention: Option<DefaultRetention>,
    /// How long new objects stay locked after the event that ends their hold. No job says it; one
    /// that is there is kept, since it is put together with the retention.
    #[serde(skip)]
    default_event_hold: Option<EventHoldDuration>,
}

/// What a job file may say: `true`, or an object.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Spelling {
    /// `true`: objects can be locked, none is unless its upload says so.
    Switch(bool),
    /// The lock with its defaults.
    Options(Options),
}

/// Whether objects can be locked, and how long new ones are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ObjectLockOptions")]
struct Options {
    /// Always true: S3 never switches a lock off.
    #[serde(default = "on")]
    enabled: bool,
    /// How long new objects are locked whose upload does not say; not at all unless told.
    #[serde(default)]
    default_retention: Option<DefaultRetention>,
}

impl From<bool> for ObjectLock {
    fn from(enabled: bool) -> Self {
        Self {
            enabled,
            default_retention: None,
            default_event_hold: None,
        }
    }
}

impl From<Spelling> for ObjectLock {
    fn from(spelling: Spelling) -> Self {
        match spelling {
            Spelling::Switch(enabled) => enabled.into(),
            Spelling::Options(options) => Self {
                default_retention: options.default_retention,
                ..options.enabled.into()
            },
        }
    }
}

/// How long new objects are locked: days or years.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultRetention {
    /// Who may end it early: who has the permission (GOVERNANCE), or nobody at all (COMPLIANCE).
    #[schemars(extend("enum" = ["GOVERNANCE", "COMPLIANCE"]))]
    pub(crate) mode: String,
    /// Days, 1 to 36,500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub(crate) days: Option<i32>,
    /// Years, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = YEARS_MAX))]
    pub(crate) years: Option<i32>,
}

fn check_period(checks: &mut Checks, days: Option<i32>, years: Option<i32>) {
    if days.is_some() == years.is_some() {
        checks.fault("must have one of `days` and `years`");
    }
    for (field, number, max) in [("days", days, DAYS_MAX), ("years", years, YEARS_MAX)] {
        if let Some(number) = number.filter(|number| !(1..=max).contains(number)) {
            checks.field(field, |checks| {
                checks.fault(format!("is {number}, S3 takes 1 to {max}"));
            });
        }
    }
}

impl ObjectLock {
    fn to_sdk(&self) -> ObjectLockConfiguration {
        let hold = self.default_event_hold.clone();
        let period = self.default_retention.as_ref();
        let rule = (period.is_some() || hold.is_some()).then(|| {
            let retention = SdkRetention::builder()
                .set_mode(period.map(|period| period.mode.as_str().into()))
                .set_days(period.and_then(|period| period.days))
                .set_years(period.and_then(|period| period.years))
                .set_default_event_hold(hold);
            ObjectLockRule::builder()
                .default_retention(retention.build())
                .build()
        });
        ObjectLockConfiguration::builder()
            .set_object_lock_enabled(self.enabled.then_some(ObjectLockEnabled::Enabled))
            .set_rule(rule)
            .build()
    }

    fn of_sdk(configuration: ObjectLockConfiguration) -> Self {
        let retention = configuration.rule.and_then(|rule| rule.default_retention);
        let mut lock = Self {
            enabled: configuration.object_lock_enabled.is_some(),
            default_retention: None,
            default_event_hold: None,
        };
        if let Some(retention) = retention {
            lock.default_event_hold = retention.default_event_hold;
            lock.default_retention = retention.mode.map(|mode| DefaultRetention {
                mode: mode.as_str().to_owned(),
                days: retention.days,
                years: retention.years,
            });
        }
        lock
    }
}

impl SubResource for ObjectLock {
    const FIELD: &'static str = "object_lock";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn absent() -> Absent<Self> {
        Absent::Never(
            "S3 never switches a lock off: leave the field out, or give `true` for a lock without defaults",
        )
    }

    fn check(&self, checks: &mut Checks) {
        if !self.enabled {
            checks.fault("is off: S3 never switches a lock off; leave the field out");
        }
        if let Some(retention) = &self.default_retention {
            checks.field("default_retention", |checks| {
                check_period(checks, retention.days, retention.years);
            });
        }
    }

    fn canonical(&self, there: Option<&Self>) -> Self {
        let hold = there.and_then(|there| there.default_event_hold.clone());
        Self {
            default_event_hold: self.default_event_hold.clone().or(hold),
            ..self.clone()
        }
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket
            .client
            .get_object_lock_configuration()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned));
        match call.send().await {
            Ok(output) => Ok(output.object_lock_configuration.map(Self::of_sdk)),
            Err(error) if error.code() == Some("ObjectLockConfigurationNotFoundError") => Ok(None),
            Err(error) => Err(CallError::new("GetObjectLockConfiguration", error)),
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket
            .client
            .put_object_lock_configuration()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
            .object_lock_configuration(self.to_sdk());
        let sent = call.send().await.map(drop);
        sent.map_err(|error| CallError::new("PutObjectLockConfiguration", error))
    }

    /// Takes the defaults away; the lock itself stays, since S3 never switches it off.
    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self::from(true).put(bucket).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bucket::rules::testing::{faulty, of_json};

    fn example() -> ObjectLock {
        of_json(json!({
            "default_retention": { "mode": "GOVERNANCE", "days": 30 },
        }))
    }

    #[cfg(feature = "local")]
    #[tokio::test]
    async fn local_s3_keeps_it() {
        use crate::bucket::rules::testing::kept_by_local_s3;

        let left = kept_by_local_s3(&example(), &[]).await;
        // S3 never switches a lock off.
        assert_eq!(left, Some(of_json(json!(true))));
    }

    #[test]
    fn true_and_an_empty_object_say_the_same() {
        let short: ObjectLock = of_json(json!(true));
        assert_eq!(short, of_json(json!({})));
        assert_eq!(short, of_json(json!({ "enabled": true })));
        assert_eq!(faulty(&short), [""; 0]);
    }

    #[test]
    fn the_schema_tells_a_switch_from_an_object() {
        let schema = schemars::schema_for!(ObjectLock).to_value();
        let branches = schema["anyOf"].as_array().unwrap();
        assert_eq!(branches.len(), 2);
        assert_eq!(branches[0]["type"], "boolean");
    }

    #[test]
    fn it_is_the_same_after_the_sdk_had_it() {
        let examples = [
            of_json(json!(true)),
            example(),
            of_json(json!({ "default_retention": { "mode": "COMPLIANCE", "years": 7 } })),
        ];
        for lock in examples {
            assert_eq!(faulty(&lock), [""; 0]);
            assert_eq!(ObjectLock::of_sdk(lock.to_sdk()), lock);
        }
    }

    #[test]
    fn an_event_hold_that_is_there_is_kept_and_no_drift() {
        let hold = EventHoldDuration::builder().years(1).build();
        let mut there = example();
        there.default_event_hold = Some(hold.clone());
        let there = ObjectLock::of_sdk(there.to_sdk());
        assert_eq!(example().canonical(Some(&there)), there.canonical(None));

        let longer: ObjectLock = of_json(json!({
            "default_retention": { "mode": "GOVERNANCE", "days": 31 },
        }));
        let put = longer.canonical(Some(&there)).to_sdk();
        let retention = put.rule.unwrap().default_retention.unwrap();
        assert_eq!(retention.days, Some(31));
        assert_eq!(retention.default_event_hold, Some(hold));
        assert_eq!(there.shown(), example().shown());
    }

    #[test]
    fn every_fault_has_its_path() {
        let lock: ObjectLock = of_json(json!({
            "enabled": false,
            "default_retention": { "mode": "GOVERNANCE", "days": 36_501, "years": 101 },
        }));
        let paths = [
            "object_lock",
            "object_lock.default_retention",
            "object_lock.default_retention.days",
            "object_lock.default_retention.years",
        ];
        assert_eq!(faulty(&lock), paths);
        let zero: ObjectLock = of_json(json!({
            "default_retention": { "mode": "GOVERNANCE", "days": 0 },
        }));
        assert_eq!(faulty(&zero), ["object_lock.default_retention.days"]);
    }
}
