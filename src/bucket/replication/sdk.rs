//! The replication in the types of the SDK, and back.

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    AccessControlTranslation, DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination,
    EncryptionConfiguration, ExistingObjectReplication, ExistingObjectReplicationStatus, Metrics,
    MetricsStatus, ReplicaModifications, ReplicaModificationsStatus, ReplicationConfiguration,
    ReplicationRule as SdkRule, ReplicationRuleAndOperator, ReplicationRuleFilter,
    ReplicationRuleStatus, ReplicationTime, ReplicationTimeStatus, ReplicationTimeValue,
    SourceSelectionCriteria, SseKmsEncryptedObjects, SseKmsEncryptedObjectsStatus,
};

use super::check::MINUTES;
use super::{Replication, ReplicationDestination, ReplicationRule};
use crate::bucket::rules::ObjectFilter;

impl Replication {
    pub(super) fn to_sdk(&self) -> Result<ReplicationConfiguration, BuildError> {
        let rules = self.rules.iter().map(|rule| rule.to_sdk(&self.role));
        ReplicationConfiguration::builder()
            .role(&self.role)
            .set_rules(Some(rules.collect::<Result<_, _>>()?))
            .build()
    }

    pub(super) fn of_sdk(configuration: ReplicationConfiguration) -> Self {
        let rules = configuration.rules.into_iter();
        Self {
            role: configuration.role,
            rules: rules.map(ReplicationRule::of_sdk).collect(),
        }
    }
}

impl ReplicationRule {
    /// Always with a filter, a priority and the word on delete markers: that is what S3 calls version
    /// 2 of the configuration, and it takes them together only.
    fn to_sdk(&self, role: &str) -> Result<SdkRule, BuildError> {
        let status = match self.enabled {
            true => ReplicationRuleStatus::Enabled,
            false => ReplicationRuleStatus::Disabled,
        };
        let markers = match self.delete_marker_replication {
            true => DeleteMarkerReplicationStatus::Enabled,
            false => DeleteMarkerReplicationStatus::Disabled,
        };
        let markers = DeleteMarkerReplication::builder().status(markers);
        let existing = self.existing_object_replication.then(|| {
            ExistingObjectReplication::builder()
                .status(ExistingObjectReplicationStatus::Enabled)
                .build()
        });
        let destination = self.destination.clone().canonical(role);
        SdkRule::builder()
            .set_id(self.id.clone())
            .priority(self.priority)
            .status(status)
            .filter(sdk_filter(&self.filter)?)
            .delete_marker_replication(markers.build())
            .set_source_selection_criteria(self.source_selection()?)
            .set_existing_object_replication(existing.transpose()?)
            .destination(destination.to_sdk()?)
            .build()
    }

    fn source_selection(&self) -> Result<Option<SourceSelectionCriteria>, BuildError> {
        let kms = self.sse_kms_encrypted_objects.then(|| {
            SseKmsEncryptedObjects::builder()
                .status(SseKmsEncryptedObjectsStatus::Enabled)
                .build()
        });
        let modifications = self.replica_modifications.then(|| {
            ReplicaModifications::builder()
                .status(ReplicaModificationsStatus::Enabled)
                .build()
        });
        let (kms, modifications) = (kms.transpose()?, modifications.transpose()?);
        Ok((kms.is_some() || modifications.is_some()).then(|| {
            SourceSelectionCriteria::builder()
                .set_sse_kms_encrypted_objects(kms)
                .set_replica_modifications(modifications)
                .build()
        }))
    }

    fn of_sdk(rule: SdkRule) -> Self {
        // A prefix without a filter is version 1 of the configuration, which copies delete markers.
        #[expect(
            deprecated,
            reason = "S3 still answers it for rules that were put with it"
        )]
        let prefix = rule.prefix;
        let is_version_1 = rule.filter.is_none();
        let filter = match rule.filter {
            Some(filter) => {
                let and = filter.and.map(|and| (and.prefix, and.tags));
                ObjectFilter::of(filter.prefix, filter.tag, and)
            }
            None => ObjectFilter::of(prefix, None, None),
        };
        let markers = rule.delete_marker_replication.and_then(|m| m.status);
        let markers = markers.map(|status| status == DeleteMarkerReplicationStatus::Enabled);
        let selection = rule.source_selection_criteria;
        let selected = |selection: &SourceSelectionCriteria| {
            let kms = selection.sse_kms_encrypted_objects.as_ref();
            let modifications = selection.replica_modifications.as_ref();
            (
                kms.is_some_and(|kms| kms.status == SseKmsEncryptedObjectsStatus::Enabled),
                modifications.is_some_and(|m| m.status == ReplicaModificationsStatus::Enabled),
            )
        };
        let (sse_kms_encrypted_objects, replica_modifications) =
            selection.as_ref().map_or((false, false), selected);
        Self {
            id: rule.id,
            priority: rule.priority.unwrap_or_default(),
            enabled: rule.status == ReplicationRuleStatus::Enabled,
            filter,
            delete_marker_replication: markers.unwrap_or(is_version_1),
            sse_kms_encrypted_objects,
            replica_modifications,
            existing_object_replication: rule
                .existing_object_replication
                .is_some_and(|e| e.status == ExistingObjectReplicationStatus::Enabled),
            destination: ReplicationDestination::of_sdk(rule.destination),
        }
    }
}

/// One condition stands for itself, several stand in `And`; none is the empty prefix.
fn sdk_filter(filter: &ObjectFilter) -> Result<ReplicationRuleFilter, BuildError> {
    let ObjectFilter { prefix, .. } = filter.clone().canonical();
    let mut tags = filter.sdk_tags()?;
    let filter = ReplicationRuleFilter::builder();
    Ok(match (prefix, tags.len()) {
        (prefix, 0) => filter.prefix(prefix.unwrap_or_default()).build(),
        (None, 1) => filter.set_tag(tags.pop()).build(),
        (prefix, _) => {
            let and = ReplicationRuleAndOperator::builder().set_prefix(prefix);
            filter.and(and.set_tags(Some(tags)).build()).build()
        }
    })
}

impl ReplicationDestination {
    fn to_sdk(&self) -> Result<Destination, BuildError> {
        let translation = self.access_control_translation.as_deref().map(|owner| {
            AccessControlTranslation::builder()
                .owner(owner.into())
                .build()
        });
        let key = self.replica_kms_key_id.as_ref();
        let encryption = key.map(|key| {
            EncryptionConfiguration::builder()
                .replica_kms_key_id(key)
                .build()
        });
        let time = self.replication_time_minutes.map(|minutes| {
            ReplicationTime::builder()
                .status(ReplicationTimeStatus::Enabled)
                .time(sdk_minutes(minutes))
                .build()
        });
        let metrics = self.metrics.then(|| {
            Metrics::builder()
                .status(MetricsStatus::Enabled)
                .set_event_threshold(self.event_threshold_minutes.map(sdk_minutes))
                .build()
        });
        Destination::builder()
            .bucket(&self.bucket)
            .set_account(self.account.clone())
            .set_access_control_translation(translation.transpose()?)
            .set_storage_class(self.storage_class.as_deref().map(Into::into))
            .set_encryption_configuration(encryption)
            .set_replication_time(time.transpose()?)
            .set_metrics(metrics.transpose()?)
            .build()
    }

    fn of_sdk(destination: Option<Destination>) -> Self {
        let Some(to) = destination else {
            return Self::nowhere();
        };
        let translation = to.access_control_translation;
        let time = to.replication_time;
        let time = time.filter(|time| time.status == ReplicationTimeStatus::Enabled);
        let metrics = to.metrics.filter(|m| m.status == MetricsStatus::Enabled);
        Self {
            bucket: to.bucket,
            account: to.account,
            access_control_translation: translation.map(|t| t.owner.as_str().to_owned()),
            storage_class: to.storage_class.map(|class| class.as_str().to_owned()),
            replica_kms_key_id: to
                .encryption_configuration
                .and_then(|e| e.replica_kms_key_id),
            replication_time_minutes: time
                .map(|time| time.time.and_then(|time| time.minutes).unwrap_or(MINUTES)),
            metrics: metrics.is_some(),
            event_threshold_minutes: metrics
                .and_then(|metrics| metrics.event_threshold)
                .and_then(|threshold| threshold.minutes),
        }
    }

    /// S3 always answers a destination; none would never be what a job wants.
    fn nowhere() -> Self {
        Self {
            bucket: String::new(),
            account: None,
            access_control_translation: None,
            storage_class: None,
            replica_kms_key_id: None,
            replication_time_minutes: None,
            metrics: false,
            event_threshold_minutes: None,
        }
    }
}

fn sdk_minutes(minutes: i32) -> ReplicationTimeValue {
    ReplicationTimeValue::builder().minutes(minutes).build()
}
