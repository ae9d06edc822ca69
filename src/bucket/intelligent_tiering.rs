//! S3 Intelligent-Tiering: after how many days without access objects of that class are archived.

use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_s3::types::{
    IntelligentTieringAccessTier, IntelligentTieringAndOperator, IntelligentTieringConfiguration,
    IntelligentTieringFilter, IntelligentTieringStatus, Tiering,
};
use checked_json::Checks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CallError;
use super::rules::{ObjectFilter, check_count, check_ids, on};
use super::subresource::{Calls, SubResource};

/// The most configurations that S3 keeps for a bucket.
const CONFIGURATIONS_MAX: usize = 1_000;
/// The most days without access.
const DAYS_MAX: i32 = 730;
/// The fewest days before the Archive Access tier.
const ARCHIVE_DAYS_MIN: i32 = 90;
/// The fewest days before the Deep Archive Access tier.
const DEEP_ARCHIVE_DAYS_MIN: i32 = 180;

/// All configurations of the bucket; those that are not listed are removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct IntelligentTiering(pub(crate) Vec<TieringConfiguration>);

/// When objects of the class INTELLIGENT_TIERING are archived.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TieringConfiguration {
    /// The name of the configuration, unique in the bucket.
    pub(crate) id: String,
    /// Whether it works; on unless told.
    #[serde(default = "on")]
    pub(crate) enabled: bool,
    /// Which objects; all of them unless told.
    #[serde(default, skip_serializing_if = "ObjectFilter::is_empty")]
    pub(crate) filter: ObjectFilter,
    /// Days without access before the Archive Access tier, 90 to 730; not archived there unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = ARCHIVE_DAYS_MIN, max = DAYS_MAX))]
    pub(crate) archive_access_days: Option<i32>,
    /// Days without access before the Deep Archive Access tier, 180 to 730; not archived there unless
    /// told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = DEEP_ARCHIVE_DAYS_MIN, max = DAYS_MAX))]
    pub(crate) deep_archive_access_days: Option<i32>,
}

impl TieringConfiguration {
    fn check(&self, checks: &mut Checks) {
        checks.field("filter", |checks| self.filter.check(checks));
        let archive = ("archive_access_days", self.archive_access_days);
        let deep = ("deep_archive_access_days", self.deep_archive_access_days);
        for ((field, days), min) in [(archive, ARCHIVE_DAYS_MIN), (deep, DEEP_ARCHIVE_DAYS_MIN)] {
            if let Some(days) = days.filter(|days| !(min..=DAYS_MAX).contains(days)) {
                checks.field(field, |checks| {
                    checks.fault(format!("is {days}, S3 takes {min} to {DAYS_MAX}"));
                });
            }
        }
        match (archive.1, deep.1) {
            (None, None) => {
                checks.fault("must have `archive_access_days` or `deep_archive_access_days`");
            }
            (Some(archive), Some(deep)) if deep <= archive => {
                checks.field("deep_archive_access_days", |checks| {
                    checks.fault(format!(
                        "is {deep}, which must be more than `archive_access_days`, {archive}"
                    ));
                });
            }
            _ => {}
        }
    }

    fn canonical(mut self) -> Self {
        self.filter = self.filter.canonical();
        self
    }

    fn to_sdk(&self) -> Result<IntelligentTieringConfiguration, BuildError> {
        let status = match self.enabled {
            true => IntelligentTieringStatus::Enabled,
            false => IntelligentTieringStatus::Disabled,
        };
        let tiers = [
            (
                self.archive_access_days,
                IntelligentTieringAccessTier::ArchiveAccess,
            ),
            (
                self.deep_archive_access_days,
                IntelligentTieringAccessTier::DeepArchiveAccess,
            ),
        ];
        let tiers = tiers.into_iter().filter_map(|(days, tier)| {
            let tiering = Tiering::builder().days(days?).access_tier(tier);
            Some(tiering.build())
        });
        IntelligentTieringConfiguration::builder()
            .id(&self.id)
            .status(status)
            .set_filter(self.sdk_filter()?)
            .set_tierings(Some(tiers.collect::<Result<_, _>>()?))
            .build()
    }

    fn sdk_filter(&self) -> Result<Option<IntelligentTieringFilter>, BuildError> {
        let ObjectFilter { prefix, .. } = self.filter.clone().canonical();
        let mut tags = self.filter.sdk_tags()?;
        let filter = IntelligentTieringFilter::builder();
        Ok(match (prefix, tags.len()) {
            (None, 0) => None,
            (Some(prefix), 0) => Some(filter.prefix(prefix).build()),
            (None, 1) => Some(filter.set_tag(tags.pop()).build()),
            (prefix, _) => {
                let and = IntelligentTieringAndOperator::builder().set_prefix(prefix);
                Some(filter.and(and.set_tags(Some(tags)).build()).build())
            }
        })
    }

    fn of_sdk(configuration: IntelligentTieringConfiguration) -> Self {
        let days = |tier: IntelligentTieringAccessTier| {
            let mut tierings = configuration.tierings.iter();
            let tiering = tierings.find(|tiering| tiering.access_tier == tier)?;
            Some(tiering.days)
        };
        let archive_access_days = days(IntelligentTieringAccessTier::ArchiveAccess);
        let deep_archive_access_days = days(IntelligentTieringAccessTier::DeepArchiveAccess);
        let filter = configuration.filter.map(|filter| {
            let and = filter.and.map(|and| (and.prefix, and.tags));
            ObjectFilter::of(filter.prefix, filter.tag, and)
        });
        Self {
            id: configuration.id,
            enabled: configuration.status == IntelligentTieringStatus::Enabled,
            filter: filter.unwrap_or_default(),
            archive_access_days,
            deep_archive_access_days,
        }
    }

    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let send = async {
            bucket
                .client
                .put_bucket_intelligent_tiering_configuration()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .id(&self.id)
                .intelligent_tiering_configuration(self.to_sdk()?)
                .send()
                .await
        };
        let sent = send.await.map(drop);
        sent.map_err(|error| CallError::new("PutBucketIntelligentTieringConfiguration", error))
    }

    /// One that is gone already is as good as removed.
    async fn delete(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let call = bucket
            .client
            .delete_bucket_intelligent_tiering_configuration()
            .bucket(bucket.bucket)
            .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
            .id(&self.id);
        match call.send().await {
            Err(error) if error.code() != Some("NoSuchConfiguration") => Err(CallError::new(
                "DeleteBucketIntelligentTieringConfiguration",
                error,
            )),
            _ => Ok(()),
        }
    }
}

impl IntelligentTiering {
    /// All pages, sorted.
    async fn list(bucket: &Calls<'_>) -> Result<Self, Box<CallError>> {
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let call = bucket
                .client
                .list_bucket_intelligent_tiering_configurations()
                .bucket(bucket.bucket)
                .set_expected_bucket_owner(bucket.owner.map(str::to_owned))
                .set_continuation_token(token.take());
            let page = call.send().await.map_err(|error| {
                CallError::new("ListBucketIntelligentTieringConfigurations", error)
            })?;
            all.extend(
                page.intelligent_tiering_configuration_list
                    .into_iter()
                    .flatten(),
            );
            token = page.next_continuation_token;
            if page.is_truncated != Some(true) || token.is_none() {
                break;
            }
        }
        let all = all.into_iter().map(TieringConfiguration::of_sdk).collect();
        Ok(Self(all).canonical(None))
    }

    /// What is to be put and what is to be deleted, where these are there.
    fn changes<'a>(
        &'a self,
        there: &'a Self,
    ) -> (
        impl Iterator<Item = &'a TieringConfiguration>,
        impl Iterator<Item = &'a TieringConfiguration>,
    ) {
        let puts = self.0.iter().filter(|wanted| !there.0.contains(wanted));
        let deletes = there.0.iter();
        let deletes = deletes.filter(|there| self.0.iter().all(|wanted| wanted.id != there.id));
        (puts, deletes)
    }
}

impl SubResource for IntelligentTiering {
    const FIELD: &'static str = "intelligent_tiering";

    fn of_new_bucket() -> Option<Self> {
        None
    }

    fn check(&self, checks: &mut Checks) {
        check_count(checks, self.0.len(), CONFIGURATIONS_MAX);
        check_ids(checks, self.0.iter().map(|c| Some(c.id.as_str())));
        for (index, configuration) in self.0.iter().enumerate() {
            checks.element(index, |checks| configuration.check(checks));
        }
    }

    /// They have no order.
    fn canonical(&self, _there: Option<&Self>) -> Self {
        let all = self.0.iter().cloned().map(TieringConfiguration::canonical);
        let mut all: Vec<_> = all.collect();
        all.sort_unstable();
        Self(all)
    }

    async fn get(bucket: &Calls<'_>) -> Result<Option<Self>, Box<CallError>> {
        let all = Self::list(bucket).await?;
        Ok((!all.0.is_empty()).then_some(all))
    }

    /// Each configuration is a call of its own, one after the other: only those that differ are put,
    /// and those that are not wanted are deleted. They are listed again for that.
    async fn put(&self, bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        let wanted = self.canonical(None);
        let there = Self::list(bucket).await?;
        let (puts, deletes) = wanted.changes(&there);
        for configuration in puts {
            configuration.put(bucket).await?;
        }
        for configuration in deletes {
            configuration.delete(bucket).await?;
        }
        Ok(())
    }

    async fn delete(bucket: &Calls<'_>) -> Result<(), Box<CallError>> {
        Self::default().put(bucket).await
    }
}

#[cfg(test)]
mod tests;
