//! Where the objects of a bucket would be copied; nothing is.

use s3s::dto::{
    GetBucketReplicationOutput, PutBucketReplicationInput, PutBucketReplicationOutput,
    ReplicationConfiguration, ReplicationRule,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::access::Access;
use super::error::{invalid_argument, invalid_request, malformed_xml, refuse};
use super::{Service, answer, rule_id, versioning};
use crate::name::BucketName;
use crate::store::{BucketRecord, Store};

const RULES_MAX: usize = 1000;

impl Service {
    /// Source and destinations must keep versions.
    pub(super) async fn put_replication(
        &self,
        req: S3Request<PutBucketReplicationInput>,
    ) -> S3Result<S3Response<PutBucketReplicationOutput>> {
        let access = Access::of(&req, &req.input.bucket)?;
        let wanted = checked(req.input.replication_configuration)?;
        self.blocking(move |store| {
            access.open(store)?;
            for rule in &wanted.rules {
                check_destination(store, &rule.destination.bucket)?;
            }
            store.update_bucket(&access.bucket, |bucket| {
                if !versioning::is_enabled(bucket) {
                    return Err(invalid_request(
                        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
                    ));
                }
                bucket.replication = Some(wanted);
                Ok(())
            })?;
            access.operation.changed();
            Ok(())
        })
        .await?;
        answer(PutBucketReplicationOutput {})
    }
}

pub(super) fn get(bucket: BucketRecord) -> S3Result<S3Response<GetBucketReplicationOutput>> {
    let replication = bucket.replication.ok_or_else(|| {
        refuse(
            S3ErrorCode::ReplicationConfigurationNotFoundError,
            "The replication configuration was not found",
        )
    })?;
    answer(GetBucketReplicationOutput {
        replication_configuration: Some(replication),
    })
}

fn checked(mut wanted: ReplicationConfiguration) -> S3Result<ReplicationConfiguration> {
    if !wanted.role.starts_with("arn:") {
        return Err(invalid_argument("Invalid Role value"));
    }
    if !(1..=RULES_MAX).contains(&wanted.rules.len()) {
        return Err(malformed_xml());
    }
    rule_id::complete(wanted.rules.iter_mut().map(|rule| &mut rule.id))?;
    wanted.rules.iter().try_for_each(check)?;
    let mut priorities: Vec<i32> = wanted
        .rules
        .iter()
        .filter_map(|rule| rule.priority)
        .collect();
    let count = priorities.len();
    priorities.sort_unstable();
    priorities.dedup();
    if priorities.len() < count {
        return Err(invalid_request(
            "Found duplicate priority in the replication rules",
        ));
    }
    Ok(wanted)
}

fn check(rule: &ReplicationRule) -> S3Result<()> {
    if !matches!(rule.status.as_str(), "Enabled" | "Disabled")
        || rule.filter.is_some() && rule.prefix.is_some()
    {
        return Err(malformed_xml());
    }
    if rule.filter.is_some() && rule.priority.is_none() {
        return Err(invalid_request(
            "Priority must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.",
        ));
    }
    if rule.filter.is_some() && rule.delete_marker_replication.is_none() {
        return Err(invalid_request(
            "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.",
        ));
    }
    Ok(())
}

fn check_destination(store: &Store, arn: &str) -> S3Result<()> {
    let missing = || invalid_request("Destination bucket must exist.");
    let name = arn.split_once(":s3:::").ok_or_else(malformed_xml)?.1;
    let name = BucketName::parse(name).map_err(|_| missing())?;
    let destination = store.bucket(&name).map_err(|_| missing())?;
    if versioning::is_enabled(&destination) {
        Ok(())
    } else {
        Err(invalid_request(
            "Destination bucket must have versioning enabled.",
        ))
    }
}
