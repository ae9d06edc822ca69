//! Versioning of a bucket's objects: `true` or `false`.

use aws_sdk_s3::types::{BucketVersioningStatus, MfaDeleteStatus, VersioningConfiguration};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CallError;
use super::subresource::{Absent, Calls, SubResource};

/// Whether old versions of objects are kept: `true` is on; `false` is never on, or suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "bool", into = "bool")]
#[schemars(with = "bool")]
pub(crate) struct Versioning {
    pub(crate) status: VersioningStatus,
    /// Whether deleting a version, or changing this, asks for the root user's MFA device. It is
    /// seen and never set: only the root user can.
    pub(crate) mfa_delete: bool,
}

/// The versioning of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersioningStatus {
    /// Never switched on.
    Off,
    /// On.
    On,
    /// Switched on once, then off; old versions are kept.
    Suspended,
}

impl From<bool> for Versioning {
    fn from(on: bool) -> Self {
        Self {
            status: match on {
                true => VersioningStatus::On,
                false => VersioningStatus::Off,
            },
            mfa_delete: false,
        }
    }
}

impl From<Versioning> for bool {
    fn from(versioning: Versioning) -> Self {
        versioning.status == VersioningStatus::On
    }
}

impl SubResource for Versioning {
    const FIELD: &'static str = "versioning";

    fn of_new_bucket() -> Option<Self> {
        Some(false.into())
    }

    fn absent() -> Absent<Self> {
        Absent::Never("versioning is never undone once it was on: give `false` to suspend it")
    }

    fn check(&self, _: &mut Checks) {}

    fn canonical(&self, there: Option<&Self>) -> Self {
        use VersioningStatus::{Off, On, Suspended};
        let there = there.copied().unwrap_or(*self);
        Self {
            status: match (self.status, there.status) {
                (On, _) => On,
                (Off | Suspended, Off) => Off,
                (Off | Suspended, On | Suspended) => Suspended,
            },
            mfa_delete: there.mfa_delete,
        }
    }

    fn refusal(&self, there: &Self) -> Option<String> {
        (there.mfa_delete && self.status != there.status).then(|| {
            "MFA delete is on, so only the root user with its device can change the versioning: \
             do that, or leave `versioning` out of the job"
                .to_owned()
        })
    }

    fn shown(&self) -> Value {
        let status = match self.status {
            VersioningStatus::Off => "off",
            VersioningStatus::On => "on",
            VersioningStatus::Suspended => "suspended",
        };
        status.into()
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let call = bucket.client.get_bucket_versioning();
        let call = call.bucket(bucket.bucket);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        let output = sent.map_err(|error| CallError::new("GetBucketVersioning", error))?;
        Ok(Some(Self {
            status: match output.status() {
                Some(BucketVersioningStatus::Enabled) => VersioningStatus::On,
                Some(BucketVersioningStatus::Suspended) => VersioningStatus::Suspended,
                _ => VersioningStatus::Off,
            },
            mfa_delete: output.mfa_delete() == Some(&MfaDeleteStatus::Enabled),
        }))
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let status = match self.status {
            VersioningStatus::On => BucketVersioningStatus::Enabled,
            VersioningStatus::Off | VersioningStatus::Suspended => {
                BucketVersioningStatus::Suspended
            }
        };
        let configuration = VersioningConfiguration::builder().status(status).build();
        let call = bucket.client.put_bucket_versioning();
        let call = call
            .bucket(bucket.bucket)
            .versioning_configuration(configuration);
        let sent = call.set_expected_bucket_owner(bucket.owner()).send().await;
        CallError::of("PutBucketVersioning", sent)
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self::from(false).put(bucket).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versioning_is_suspended_and_resumed_but_never_undone() {
        use VersioningStatus::{Off, On, Suspended};
        for (there, wanted, becomes) in [
            (Off, true, On),
            (Suspended, true, On),
            (On, true, On),
            (On, false, Suspended),
            (Suspended, false, Suspended),
            (Off, false, Off),
        ] {
            let there = Versioning {
                status: there,
                mfa_delete: false,
            };
            let status = Versioning::from(wanted).canonical(Some(&there)).status;
            assert_eq!(status, becomes, "{there:?} {wanted}");
        }
    }

    #[test]
    fn mfa_delete_is_no_drift_and_forbids_a_change() {
        let there = Versioning {
            mfa_delete: true,
            ..true.into()
        };
        assert_eq!(Versioning::from(true).canonical(Some(&there)), there);
        let suspended = Versioning::from(false).canonical(Some(&there));
        assert!(suspended.refusal(&there).unwrap().contains("root user"));
        assert_eq!(there.refusal(&there), None);
    }

    #[test]
    fn it_is_a_boolean_in_the_job_file() {
        for on in [true, false] {
            let read: Versioning = serde_json::from_value(on.into()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), Value::from(on));
        }
    }
}
