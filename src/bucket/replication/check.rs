//! What S3 would refuse of a replication configuration.

use std::collections::BTreeMap;

use checked_json::Checks;

use super::{Replication, ReplicationDestination, ReplicationRule};
use crate::bucket::rules::{check_count, check_ids};

/// The most rules that S3 takes.
const RULES_MAX: usize = 1_000;
/// The only number of minutes that S3 takes.
pub(super) const MINUTES: i32 = 15;

pub(super) fn check(replication: &Replication, checks: &mut Checks) {
    let role: Vec<_> = replication.role.splitn(6, ':').collect();
    if !matches!(role[..], ["arn", _, "iam", "", _, name] if name.starts_with("role/")) {
        checks.field("role", |checks| {
            checks.fault(format!(
                "`{}` is no role such as arn:aws:iam::111122223333:role/replication",
                replication.role
            ));
        });
    }
    checks.field("rules", |checks| {
        let rules = &replication.rules;
        check_count(checks, rules.len(), RULES_MAX);
        check_ids(checks, rules.iter().map(|rule| rule.id.as_deref()));
        for (index, rule) in rules.iter().enumerate() {
            checks.element(index, |checks| check_rule(rule, checks));
        }
        check_priorities(rules, checks);
    });
}

/// S3 wants them to differ in the whole configuration, whatever the destinations.
fn check_priorities(rules: &[ReplicationRule], checks: &mut Checks) {
    let mut seen = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let first = *seen.entry(rule.priority).or_insert(index);
        if first != index {
            checks.element(index, |checks| {
                checks.field("priority", |checks| {
                    checks.fault(format!(
                        "is {} as that of [{first}]: priorities must differ",
                        rule.priority
                    ));
                });
            });
        }
    }
}

fn check_rule(rule: &ReplicationRule, checks: &mut Checks) {
    if rule.priority < 0 {
        checks.field("priority", |checks| {
            checks.fault(format!("is {}, S3 takes 0 or more", rule.priority));
        });
    }
    checks.field("filter", |checks| rule.filter.check(checks));
    if rule.delete_marker_replication && !rule.filter.tags.is_empty() {
        checks.field("delete_marker_replication", |checks| {
            checks.fault("does not go with a filter by tags: markers have none; switch it off");
        });
    }
    checks.field("destination", |checks| {
        check_destination(&rule.destination, checks);
        let key = rule.destination.replica_kms_key_id.is_some();
        if rule.sse_kms_encrypted_objects && !key {
            checks
                .fault("must have `replica_kms_key_id`: the rule has `sse_kms_encrypted_objects`");
        }
        if key && !rule.sse_kms_encrypted_objects {
            checks.field("replica_kms_key_id", |checks| {
                checks.fault("takes `sse_kms_encrypted_objects: true` in the rule");
            });
        }
    });
}

fn check_destination(destination: &ReplicationDestination, checks: &mut Checks) {
    let bucket = &destination.bucket;
    if bucket.is_empty() || (bucket.contains(':') && !is_bucket_arn(bucket)) {
        checks.field("bucket", |checks| {
            checks.fault(format!("`{bucket}` is no bucket: write its name or ARN"));
        });
    }
    let account = destination.account.as_deref();
    if account.is_some_and(|a| a.len() != 12 || !a.bytes().all(|b| b.is_ascii_digit())) {
        checks.field("account", |checks| checks.fault("must have 12 digits"));
    }
    if destination.access_control_translation.is_some() && account.is_none() {
        checks.field("access_control_translation", |checks| {
            checks.fault("takes `account`, the account that owns the copies");
        });
    }
    for (field, minutes) in [
        (
            "replication_time_minutes",
            destination.replication_time_minutes,
        ),
        (
            "event_threshold_minutes",
            destination.event_threshold_minutes,
        ),
    ] {
        if let Some(minutes) = minutes.filter(|minutes| *minutes != MINUTES) {
            checks.field(field, |checks| {
                checks.fault(format!("is {minutes}, S3 takes {MINUTES} only"));
            });
        }
    }
    let metrics = destination.metrics || destination.replication_time_minutes.is_some();
    if destination.event_threshold_minutes.is_some() && !metrics {
        checks.field("event_threshold_minutes", |checks| {
            checks.fault("takes `metrics: true`");
        });
    }
}

fn is_bucket_arn(arn: &str) -> bool {
    let parts: Vec<_> = arn.split(':').collect();
    matches!(parts[..], ["arn", _, "s3", "", "", name] if !name.is_empty())
}
