//! What S3 would refuse of a lifecycle configuration.

use std::collections::BTreeSet;

use checked_json::Checks;

use super::{Lifecycle, LifecycleExpiration, LifecycleFilter, LifecycleRule, sdk};
use crate::bucket::rules::{check_count, check_ids, check_prefix, check_tags};

/// The most rules that S3 takes.
const RULES_MAX: usize = 1_000;
/// The most old versions that a rule keeps.
pub(super) const NEWER_VERSIONS_MAX: i32 = 100;
/// Objects are moved to the classes for infrequent access after this many days at the earliest.
const INFREQUENT_DAYS_MIN: i32 = 30;

pub(super) fn check(lifecycle: &Lifecycle, checks: &mut Checks) {
    checks.field("rules", |checks| {
        check_count(checks, lifecycle.rules.len(), RULES_MAX);
        check_ids(
            checks,
            lifecycle.rules.iter().map(|rule| rule.id.as_deref()),
        );
        for (index, rule) in lifecycle.rules.iter().enumerate() {
            checks.element(index, |checks| check_rule(rule, checks));
        }
    });
}

fn check_rule(rule: &LifecycleRule, checks: &mut Checks) {
    let has_action = rule.expiration.is_some()
        || rule.noncurrent_version_expiration.is_some()
        || !rule.transitions.is_empty()
        || !rule.noncurrent_version_transitions.is_empty()
        || rule.abort_incomplete_multipart_upload_days.is_some();
    if !has_action {
        checks.fault("has no action: add `expiration`, `transitions` or another one");
    }
    checks.field("filter", |checks| check_filter(&rule.filter, checks));
    if let Some(expiration) = &rule.expiration {
        checks.field("expiration", |checks| check_expiration(expiration, checks));
    }
    if let Some(expiration) = &rule.noncurrent_version_expiration {
        checks.field("noncurrent_version_expiration", |checks| {
            at_least(checks, "days", Some(expiration.days), 1);
            check_newer_versions(checks, expiration.newer_versions);
        });
    }
    check_transitions(rule, checks);
    check_noncurrent_transitions(rule, checks);
    let abort_days = rule.abort_incomplete_multipart_upload_days;
    at_least(
        checks,
        "abort_incomplete_multipart_upload_days",
        abort_days,
        1,
    );
    check_order(rule, checks);
    check_tagged(rule, checks);
}

fn check_filter(filter: &LifecycleFilter, checks: &mut Checks) {
    check_prefix(checks, filter.prefix.as_deref());
    check_tags(checks, &filter.tags);
    let (more, fewer) = (
        filter.object_size_greater_than,
        filter.object_size_less_than,
    );
    at_least(checks, "object_size_greater_than", more, 0);
    at_least(checks, "object_size_less_than", fewer, 1);
    if let (Some(more), Some(fewer)) = (more, fewer)
        && fewer <= more
    {
        checks.field("object_size_less_than", |checks| {
            checks.fault(format!(
                "is {fewer}, which must be more than `object_size_greater_than`, {more}"
            ));
        });
    }
}

fn check_expiration(expiration: &LifecycleExpiration, checks: &mut Checks) {
    let said = [
        expiration.days.is_some(),
        expiration.date.is_some(),
        expiration.expired_object_delete_marker,
    ];
    if said.into_iter().filter(|said| *said).count() != 1 {
        checks.fault("must have one of `days`, `date` and `expired_object_delete_marker: true`");
    }
    at_least(checks, "days", expiration.days, 1);
    check_date(checks, expiration.date.as_deref());
}

fn check_transitions(rule: &LifecycleRule, checks: &mut Checks) {
    checks.field("transitions", |checks| {
        let mut classes = BTreeSet::new();
        for (index, transition) in rule.transitions.iter().enumerate() {
            checks.element(index, |checks| {
                if transition.days.is_some() == transition.date.is_some() {
                    checks.fault("must have one of `days` and `date`");
                }
                check_days(checks, transition.days, &transition.storage_class);
                check_date(checks, transition.date.as_deref());
                check_class(checks, &mut classes, &transition.storage_class);
            });
        }
    });
}

fn check_noncurrent_transitions(rule: &LifecycleRule, checks: &mut Checks) {
    checks.field("noncurrent_version_transitions", |checks| {
        let mut classes = BTreeSet::new();
        for (index, transition) in rule.noncurrent_version_transitions.iter().enumerate() {
            checks.element(index, |checks| {
                check_days(checks, Some(transition.days), &transition.storage_class);
                check_newer_versions(checks, transition.newer_versions);
                check_class(checks, &mut classes, &transition.storage_class);
            });
        }
    });
}

/// Objects are deleted after they were moved, and days and dates do not mix.
fn check_order(rule: &LifecycleRule, checks: &mut Checks) {
    let expiration = rule.expiration.clone().unwrap_or_default();
    let transitions = &rule.transitions;
    let has_days = expiration.days.is_some() || transitions.iter().any(|t| t.days.is_some());
    let has_dates = expiration.date.is_some() || transitions.iter().any(|t| t.date.is_some());
    if has_days && has_dates {
        checks.fault(
            "has days and dates in `expiration` and `transitions`: use one of them, or two rules",
        );
    }
    let last = transitions.iter().filter_map(|t| t.days).max();
    let last_date = transitions
        .iter()
        .filter_map(|t| sdk::midnight(t.date.as_deref()?));
    checks.field("expiration", |checks| {
        not_after(checks, "days", expiration.days, last);
        if let Some(date) = expiration.date.as_deref().and_then(sdk::midnight)
            && last_date.max().is_some_and(|last| date <= last)
        {
            checks.field("date", |checks| {
                checks.fault("must be later than the dates of `transitions`");
            });
        }
    });
    let transitions = &rule.noncurrent_version_transitions;
    let last = transitions.iter().map(|t| t.days).max();
    let expiration = rule.noncurrent_version_expiration.as_ref();
    checks.field("noncurrent_version_expiration", |checks| {
        not_after(checks, "days", expiration.map(|e| e.days), last);
    });
}

fn not_after(checks: &mut Checks, field: &str, expiration: Option<i32>, last: Option<i32>) {
    if let (Some(days), Some(last)) = (expiration, last)
        && days <= last
    {
        checks.field(field, |checks| {
            checks.fault(format!(
                "is {days}, which must be more than the {last} days of the last transition"
            ));
        });
    }
}

/// Uploads that are not complete and delete markers have neither tags nor a size.
fn check_tagged(rule: &LifecycleRule, checks: &mut Checks) {
    let tagged = !rule.filter.tags.is_empty();
    let filter = &rule.filter;
    let sized = filter.object_size_greater_than.is_some() || filter.object_size_less_than.is_some();
    let mend = "does not go with a filter by tags or size: make it a rule of its own";
    if (tagged || sized) && rule.abort_incomplete_multipart_upload_days.is_some() {
        checks.field("abort_incomplete_multipart_upload_days", |checks| {
            checks.fault(mend);
        });
    }
    let expiration = rule.expiration.as_ref();
    if (tagged || sized) && expiration.is_some_and(|e| e.expired_object_delete_marker) {
        checks.field("expiration", |checks| {
            checks.field("expired_object_delete_marker", |checks| checks.fault(mend));
        });
    }
}

fn at_least<N: Copy + PartialOrd + std::fmt::Display>(
    checks: &mut Checks,
    field: &str,
    number: Option<N>,
    min: N,
) {
    if let Some(number) = number
        && number < min
    {
        checks.field(field, |checks| {
            checks.fault(format!("is {number}, S3 takes {min} or more"));
        });
    }
}

/// Checks the days of a transition (S3 user guide, "Transitioning objects using Amazon S3 Lifecycle").
fn check_days(checks: &mut Checks, days: Option<i32>, class: &str) {
    let is_infrequent = matches!(class, "STANDARD_IA" | "ONEZONE_IA");
    match days {
        Some(days @ 0..INFREQUENT_DAYS_MIN) if is_infrequent => {
            checks.field("days", |checks| {
                checks.fault(format!(
                    "is {days}, S3 takes {INFREQUENT_DAYS_MIN} or more for `{class}`"
                ));
            });
        }
        days => at_least(checks, "days", days, 0),
    }
}

fn check_newer_versions(checks: &mut Checks, versions: Option<i32>) {
    if let Some(versions) = versions.filter(|v| !(1..=NEWER_VERSIONS_MAX).contains(v)) {
        checks.field("newer_versions", |checks| {
            checks.fault(format!("is {versions}, S3 takes 1 to {NEWER_VERSIONS_MAX}"));
        });
    }
}

fn check_date(checks: &mut Checks, date: Option<&str>) {
    if let Some(date) = date
        && sdk::midnight(date).is_none()
    {
        checks.field("date", |checks| {
            checks.fault(format!("`{date}` is no day such as 2030-12-31"));
        });
    }
}

fn check_class<'a>(checks: &mut Checks, seen: &mut BTreeSet<&'a str>, class: &'a str) {
    if !seen.insert(class) {
        checks.field("storage_class", |checks| {
            checks.fault(format!(
                "`{class}` stands twice: S3 takes each class once a rule"
            ));
        });
    }
}
