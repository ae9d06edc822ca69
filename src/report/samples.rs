//! Reports for tests.

use std::time::Duration;

use super::{JobReport, JobReports, RunReport, SegmentCounts};
use crate::outcome::{ExitStatus, Failure, Outcome};

/// A job's report with what every job has.
pub(crate) fn job(name: &str, outcome: Outcome) -> JobReport {
    let has_begun = !matches!(outcome, Outcome::NotRun | Outcome::DoneBefore);
    let id = |text: &str| has_begun.then(|| text.to_owned());
    JobReport {
        job: name.to_owned(),
        kind: "create-bucket".to_owned(),
        service: "nightly".to_owned(),
        bucket: Some(format!("acme-{name}")),
        outcome,
        attempts: has_begun.into(),
        retried: Vec::new(),
        duration: Duration::from_millis(if has_begun { 84 } else { 0 }),
        partial_changes: Vec::new(),
        s3_request_ids: Vec::new(),
        request_id: id("8f5a2a5e-7e3b-4c47-9d6e-6d1f3c1f0a11"),
        trace_id: id("1-5759e988-bd862e3fe1be46a994272793"),
        segment_id: id("53995c3f42cd8ad8"),
        unsampled: false,
    }
}

pub(crate) fn failure(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        code: Some("AccessDenied".to_owned()),
        status: Some(403),
        request_id: Some("4442587FB7D0A2F9".to_owned()),
        extended_request_id: Some("vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQ".to_owned()),
    }
}

/// A run of these jobs, in their order.
pub(crate) fn run_of(jobs: impl IntoIterator<Item = JobReport>) -> RunReport {
    let mut reports = JobReports::default();
    for (place, job) in jobs.into_iter().enumerate() {
        reports.put(place, &job).unwrap();
    }
    let totals = reports.totals();
    let is_done = totals.done() == totals.jobs;
    RunReport {
        run_id: "0123456789abcdef".to_owned(),
        shard: None,
        started_at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        duration: Duration::from_millis(1_240),
        status: if is_done {
            ExitStatus::Done
        } else {
            ExitStatus::Failed
        },
        plan: false,
        resumed: false,
        tolerated: None,
        totals,
        trace_id: None,
        segments: None,
        console_region: None,
        jobs: reports,
    }
}

/// A run with an outcome of every kind, traced, in a shard, resumed.
pub(crate) fn run() -> RunReport {
    let changes = vec![
        "bucket: create in eu-west-1".to_owned(),
        "tags: +team=data".to_owned(),
    ];
    let retried = failure("put tags: SlowDown: reduce your request rate");
    let denied = failure("put bucket policy: AccessDenied (403): ask for s3:PutBucketPolicy | <b>");
    let jobs = [
        JobReport {
            s3_request_ids: vec!["79104EXAMPLEB723".to_owned()],
            attempts: 2,
            retried: vec![retried.clone()],
            ..job("logs", Outcome::Changed { changes })
        },
        job("photos", Outcome::Unchanged),
        JobReport {
            attempts: 3,
            retried: vec![retried.clone(), retried.clone()],
            ..job("policy|_x_", Outcome::Failed { error: denied })
        },
        JobReport {
            service: "other".to_owned(),
            ..job(
                "slow",
                Outcome::TimedOut {
                    limit: Duration::from_secs(3),
                    error: Some(retried),
                },
            )
        },
        JobReport {
            service: "other".to_owned(),
            unsampled: true,
            ..job("cut", Outcome::Interrupted)
        },
        job("before", Outcome::DoneBefore),
        job("last", Outcome::NotRun),
    ];
    RunReport {
        shard: Some("2/4".to_owned()),
        resumed: true,
        trace_id: Some("1-5759e988-00000000000000000000000a".to_owned()),
        segments: Some(SegmentCounts {
            sent: 5,
            refused: 0,
            dropped: 1,
            confirmed: Some(4),
        }),
        console_region: Some("eu-west-1".to_owned()),
        ..run_of(jobs)
    }
}

/// A run of so many jobs, every hundredth of which failed.
pub(crate) fn large(jobs: usize) -> RunReport {
    run_of((0..jobs).map(|number| {
        let error = failure("access denied");
        let outcome = match number % 100 {
            99 => Outcome::Failed { error },
            _ => Outcome::Unchanged,
        };
        job(&format!("job-{number}"), outcome)
    }))
}

/// A run whose one job has this name and failed for this reason.
pub(crate) fn named(name: &str, message: &str) -> RunReport {
    let error = failure(message);
    run_of([job(name, Outcome::Failed { error })])
}

/// A plan.
pub(crate) fn plan() -> RunReport {
    let planned = |creates, changes: &[&str], diff: &[&str]| Outcome::Planned {
        creates,
        changes: changes.iter().map(|&text| text.to_owned()).collect(),
        diff: diff.iter().map(|&text| text.to_owned()).collect(),
    };
    let new = planned(
        true,
        &["bucket: create in eu-west-1", "versioning: off → on"],
        &["+ bucket: acme-logs in eu-west-1", "~ versioning: off → on"],
    );
    let changed = planned(
        false,
        &["lifecycle: 30 → 60 days"],
        &[
            "~ lifecycle.rules[expire].expiration.days: 30 → 60",
            "- tags.old: ```",
            "+ tags.team: data",
        ],
    );
    RunReport {
        plan: true,
        ..run_of([
            job("logs", new),
            job("photos", changed),
            job("same", Outcome::Unchanged),
        ])
    }
}
