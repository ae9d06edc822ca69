//! The whole circle: rules are applied, fire, run real workers, and are audited by their reports and
//! traces.

use std::time::Instant;

use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::tasks::Workers;
use super::{file, rule};
use crate::program::{Ended, PATIENCE, ended};

const REPORTS: &str = "s3://acme-reports/runs/";

/// The sample's rule, but every hour, and with reports.
fn hourly(name: &str, job_file: &str) -> Value {
    let mut rule = rule(name, "cron(0 * * * ? *)");
    rule["targets"][0]["worker"] = json!({
        "job_file": job_file,
        "command": ["run", "--allow-command"],
        "environment": { "XRAY_ECS_REPORT": format!("{REPORTS}{{{{run_id}}}}.json") },
    });
    rule
}

/// The hours that begin the firings which an audit looks at.
struct Hours(DateTime<Utc>);

impl Hours {
    fn now() -> Self {
        Self(Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap())
    }

    fn ago(&self, hours: i64) -> DateTime<Utc> {
        self.0 - TimeDelta::hours(hours)
    }

    /// How long ago that was, and a minute more.
    fn since(&self, hours: i64) -> String {
        format!("{}s", (Utc::now() - self.ago(hours)).num_seconds() + 60)
    }
}

fn scene(rules: &Value) -> Workers {
    let workers = Workers::new();
    let place = &workers.scene.place;
    let bucket = json!({ "name": "reports", "type": "create-bucket", "bucket": "acme-reports" });
    let jobs = json!({ "version": 1, "name": "reports", "jobs": [bucket] });
    place.write("reports.json", jobs.to_string());
    let made = workers.worker(&["run", "--daemon", "off", "reports.json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let failing = json!({ "name": "fails", "type": "command", "command": ["false"] });
    let failing = json!({ "version": 1, "name": "failing", "jobs": [failing] });
    place.write("failing.json", failing.to_string());
    place.write("s.json", file(rules.clone()).to_string());
    workers.scene.done(&["apply", "--yes", "s.json"]);
    workers
}

fn fire(workers: &Workers, rule: &str, time: DateTime<Utc>, deliveries: usize) {
    let aws = &workers.scene.aws;
    let firing = aws.fire_times(rule, time, deliveries);
    assert!(firing.errors().is_empty(), "{firing:#?}");
    assert_eq!(firing.tasks().len(), deliveries);
    let ended = |tasks: &[Value]| tasks.iter().all(|task| task["lastStatus"] == "STOPPED");
    assert!(ended(&aws.wait_for_tasks(PATIENCE, ended)));
}

fn audit(workers: &Workers, args: &[&str]) -> Ended {
    let args = [&["audit", "s.json"], args].concat();
    ended(&mut workers.command(&args))
}

fn findings(ended: &Ended) -> Vec<Found> {
    let audit: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.stdout, ended.stderr));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = audit["findings"].as_array().unwrap().iter();
    let mut findings: Vec<_> = findings
        .map(|found| {
            (
                text(&found["rule"]),
                text(&found["problem"]),
                found["due"].clone(),
            )
        })
        .collect();
    findings.sort_by_key(|(rule, problem, due)| (rule.clone(), problem.clone(), due.to_string()));
    findings
}

type Found = (String, String, Value);

fn sorted(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|(rule, problem, due)| (rule.clone(), problem.clone(), due.to_string()));
    found
}

#[test]
fn what_went_wrong_is_found_by_reports_and_by_traces() {
    let rules = json!([
        hourly("good", "jobs/create-bucket.json"),
        hourly("failing", "failing.json"),
    ]);
    let workers = scene(&rules);
    let hours = Hours::now();
    // Two hours ago nothing came of it, and an hour ago it was delivered twice.
    fire(&workers, "good", hours.ago(3), 1);
    fire(&workers, "good", hours.ago(1), 2);
    fire(&workers, "good", hours.ago(0), 1);
    for ago in 0..4 {
        fire(&workers, "failing", hours.ago(ago), 1);
    }
    let since = hours.since(3);
    let of = |rule: &str, problem: &str, ago: i64| -> Found {
        let due = hours.ago(ago).to_rfc3339_opts(SecondsFormat::Secs, true);
        (rule.to_owned(), problem.to_owned(), json!(due))
    };
    let failed: Vec<Found> = (0..4).map(|ago| of("failing", "failed", ago)).collect();
    let late = [
        of("good", "late", 3),
        of("failing", "late", 3),
        of("failing", "late", 2),
    ];
    let of_an_hour = format!("{}s", (Utc::now() - hours.ago(1)).num_seconds() + 600);
    for (source, sees_duplicates) in [
        // A report is named by its run, and the second run of a firing overwrites that of the first.
        (&["--reports", REPORTS][..], false),
        (&["--traces"], true),
        (&["--reports", REPORTS, "--traces"], true),
        (
            &["--reports", REPORTS, "--traces", "--local=.xray-ecs"],
            true,
        ),
    ] {
        let audit = |late: &str| {
            let args = [source, &["--since", &since, "--late", late, "--json"]].concat();
            let found = audit(&workers, &args);
            assert_eq!(found.code, 1, "{args:?}: {}", found.stderr);
            findings(&found)
        };
        let mut expected = failed.clone();
        expected.extend(sees_duplicates.then(|| of("good", "duplicate", 1)));
        // A firing that may still come is not missed.
        assert_eq!(audit("4h"), sorted(expected.clone()), "{source:?}");
        // All of them ran just now.
        expected.extend(late.clone());
        expected.push(of("good", "missed", 2));
        assert_eq!(audit(&of_an_hour), sorted(expected), "{source:?}");
    }
    let args = [
        "audit",
        "s.json",
        "--reports",
        REPORTS,
        "--since",
        &since,
        "--late",
        &of_an_hour,
    ];
    let table = ended(workers.command(&args).env("COLUMNS", "120"));
    assert_eq!(table.code, 1);
    for words in [
        "exit code 1",
        "no run",
        "began ",
        "good/worker  4 firings due, 3 ran",
    ] {
        assert!(
            table.stdout.contains(words),
            "no `{words}` in {}",
            table.stdout
        );
    }
}

#[test]
fn what_ran_as_it_should_is_clean_and_its_trace_begins_with_the_schedule() {
    let workers = scene(&json!([hourly("good", "jobs/create-bucket.json")]));
    let hours = Hours::now();
    for ago in 0..3 {
        fire(&workers, "good", hours.ago(ago), 1);
    }
    // A run by hand is none of the schedule.
    workers.scene.done(&["run", "s.json", "--interval", "20ms"]);
    let since = hours.since(2);
    let args = [
        "--since",
        &since,
        "--late",
        "4h",
        "--reports",
        "s3://acme-reports/runs/{run_id}.json",
        "--traces",
    ];
    let clean = audit(&workers, &args);
    assert_eq!(clean.code, 0, "{}\n{}", clean.stdout, clean.stderr);
    assert_eq!(
        clean.stdout,
        "good/worker  3 firings due, 3 ran\n0 problems; 1 other run: of other rules, or by hand\n"
    );

    let from = (hours.ago(2) - TimeDelta::minutes(1)).to_rfc3339();
    let next = [
        "next", "s.json", "--from", &from, "--count", "3", "--trace", "--json",
    ];
    let next: Vec<Value> = serde_json::from_str(&workers.scene.done(&next).stdout).unwrap();
    for firing in next {
        let id = firing["targets"][0]["trace_id"].as_str().unwrap();
        // A worker that has ended may have segments that the daemon has not uploaded yet.
        let deadline = Instant::now() + PATIENCE;
        let mut trace = workers.scene.place.run(&["trace", id, "--local", "--json"]);
        while !trace.stdout.contains("schedule:good") {
            assert!(
                Instant::now() < deadline,
                "{id}: {}{}",
                trace.stdout,
                trace.stderr
            );
            trace = workers.scene.place.run(&["trace", id, "--local", "--json"]);
        }
        let trace: Value = serde_json::from_str(&trace.stdout).unwrap();
        assert_eq!(trace["Traces"][0]["Id"], id);
    }
}

#[test]
fn a_rate_is_audited_from_the_runs_that_there_were() {
    let mut every = hourly("every", "jobs/create-bucket.json");
    every["schedule"] = json!("rate(1 hour)");
    let workers = scene(&json!([every]));
    let sources = [
        "--reports",
        REPORTS,
        "--since",
        "4h",
        "--late",
        "5h",
        "--json",
    ];
    let unknown = audit(&workers, &sources);
    assert_eq!(unknown.code, 1, "{}", unknown.stdout);
    assert!(
        unknown
            .stdout
            .contains("a rate counts from when its rule was made")
    );
    // A rate fires in any minute of the hour.
    let first = Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap() - TimeDelta::minutes(190);
    for hours in [0, 1, 2, 3] {
        fire(&workers, "every", first + TimeDelta::hours(hours), 1);
    }
    let clean = audit(&workers, &sources);
    assert_eq!(clean.code, 0, "{}\n{}", clean.stdout, clean.stderr);
}

#[test]
fn an_audit_that_cannot_look_is_refused() {
    let workers = scene(&json!([hourly("good", "jobs/create-bucket.json")]));
    for (args, mend) in [
        (&["--reports", "acme/runs"][..], "write s3://bucket/prefix"),
        (
            &["--reports", "s3://no-such-bucket/"],
            "list the reports in s3://no-such-bucket/",
        ),
        (&["--traces", "--since", "31d"], "write at most `30d`"),
    ] {
        let refused = audit(&workers, args);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{args:?}");
        assert!(refused.stderr.contains(mend), "{}", refused.stderr);
    }
}
