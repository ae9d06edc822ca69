//! Runs that are killed and started again, delivered twice, or overlap: what is done is done once,
//! and nothing is lost.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::{Place, Running, ended};
use crate::s3::{S3, fleet};

const OPTIONS: &str = r#""defaults": { "versioning": true, "tags": { "team": "data" } },"#;

fn report(place: &Place) -> Value {
    serde_json::from_str(&place.read("r.json")).unwrap()
}

fn assert_converged(place: &Place, s3: &S3, count: usize) {
    assert_eq!(s3.buckets().len(), count);
    let before = s3.changes();
    let again = ended(&mut s3.command(place, &["run", "fleet.json"]));
    let wanted = format!("{count} unchanged");
    assert!(again.stdout.contains(&wanted), "{}", again.stdout);
    assert_eq!(s3.changes(), before);
}

#[test]
fn a_run_that_is_killed_at_any_point_goes_on_where_it_was() {
    const JOBS: usize = 40;
    for ledger in ["run.ledger", "s3://ledgers/nightly"] {
        let place = Place::new();
        let s3 = S3::start();
        s3.make("ledgers");
        place.write("fleet.json", fleet(JOBS, OPTIONS));
        let args = [
            "run",
            "--concurrency",
            "4",
            "--ledger",
            ledger,
            "--report",
            "r.json",
            "fleet.json",
        ];
        let mut seen_done = 0;
        for kill_after in [0, 1, 3, 9, 14] {
            let run = Running::start(s3.command(&place, &args));
            for _ in 0..kill_after {
                run.line("job ");
            }
            if kill_after == 0 {
                run.line("START");
            }
            run.signal("KILL");
            let (code, _) = run.wait();
            assert_eq!(code, None, "it was killed");
            let buckets = s3.buckets().len() - 1;
            assert!(buckets >= seen_done, "what was made stays");
            seen_done = buckets;
            let_lease_run_out(&s3, ledger);
        }
        let last = ended(&mut s3.command(&place, &args));
        assert_eq!(last.code, 0, "{ledger}: {}\n{}", last.stdout, last.stderr);
        let report = report(&place);
        let totals = &report["totals"];
        assert_eq!(totals["jobs"], JOBS);
        // To S3 the notes go in batches, and those of the last moment are lost with the process.
        let least = if ledger.starts_with("s3:") { 1 } else { 20 };
        assert!(
            totals["done_before"].as_u64().unwrap() >= least,
            "{ledger}: {totals}"
        );
        assert_eq!(report["resumed"], true);
        assert_eq!(s3.changes_by("CreateBucket"), JOBS as u64 + 1);
        s3.ask(async |client| {
            let listed = client
                .list_objects_v2()
                .bucket("ledgers")
                .send()
                .await
                .unwrap();
            assert_eq!(listed.contents.is_some(), ledger.starts_with("s3:"));
        });

        // It is over: the same command is a new run, which finds nothing to do.
        let next = ended(&mut s3.command(&place, &args));
        assert_eq!(next.code, 0, "{}", next.stderr);
        assert!(
            next.stdout.contains("40 unchanged"),
            "{ledger}: {}",
            next.stdout
        );
    }
}

/// As if the killed run's lease had run out meanwhile.
fn let_lease_run_out(s3: &S3, ledger: &str) {
    if !ledger.starts_with("s3:") {
        return; // a lock goes with its process
    }
    s3.ask(async |client| {
        let lock = client
            .get_object()
            .bucket("ledgers")
            .key("nightly/lock.json");
        let lock = lock.send().await.unwrap().body.collect().await.unwrap();
        let mut lock: Value = serde_json::from_slice(&lock.to_vec()).unwrap();
        lock["expires_at"] = "2020-01-01T00:00:00Z".into();
        let put = client
            .put_object()
            .bucket("ledgers")
            .key("nightly/lock.json");
        put.body(lock.to_string().into_bytes().into())
            .send()
            .await
            .unwrap();
    });
}

#[test]
fn a_firing_that_is_delivered_twice_runs_once_in_one_trace() {
    let place = Place::new();
    let s3 = S3::start();
    s3.make("ledgers");
    place.write("fleet.json", fleet(3, OPTIONS));
    let args = [
        "run",
        "--ledger",
        "s3://ledgers/nightly",
        "--report",
        "r.json",
        "fleet.json",
    ];
    let deliver = || {
        let mut command = s3.command(&place, &args);
        command.envs([
            (
                "JOB_RULE_ARN",
                "arn:aws:events:eu-west-1:000000000000:rule/nightly",
            ),
            ("JOB_TARGET_ID", "worker"),
            ("JOB_SCHEDULED_TIME", "2026-11-23T01:00:00Z"),
        ]);
        ended(&mut command)
    };
    let first = deliver();
    assert_eq!(first.code, 0, "{}", first.stderr);
    let first = report(&place);
    assert_eq!(first["totals"]["changed"], 3);
    let before = s3.changes();
    let second = deliver();
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(second.stderr.contains("was done at"), "{}", second.stderr);
    assert_eq!(s3.changes(), before, "a duplicate changes nothing");
    let run_id = first["run_id"].as_str().unwrap();
    assert_eq!(run_id.len(), 32);
    assert!(first["trace_id"].as_str().unwrap().ends_with(&run_id[..24]));
}

#[test]
fn of_two_runs_at_once_one_works() {
    let place = Place::new();
    let s3 = S3::start();
    s3.make("ledgers");
    place.write(
        "slow.json",
        r#"{"version": 1, "name": "slow", "jobs": [
            {"name": "wait", "type": "command", "command": ["sh", "-c", "echo here > started; while [ ! -e go ]; do sleep 0.05; done"]}
        ]}"#,
    );
    for ledger in ["run.ledger", "s3://ledgers/nightly"] {
        let args = ["run", "--allow-command", "--ledger", ledger, "slow.json"];
        let first = Running::start(s3.command(&place, &args));
        first.line("START");
        let skipped = ended(&mut s3.command(&place, &args));
        assert_eq!(skipped.code, 0, "{}", skipped.stderr);
        assert!(skipped.stderr.contains("is running"), "{}", skipped.stderr);
        let failed =
            ended(&mut s3.command(&place, &[&args[..], &["--on-overlap", "fail"]].concat()));
        assert_eq!(failed.code, 2, "{}", failed.stderr);
        place.write("go", "");
        let (code, lines) = first.wait();
        assert_eq!(code, Some(0), "{lines:#?}");
        std::fs::remove_file(place.path().join("go")).unwrap();
    }
}

#[test]
fn shards_run_every_job_once() {
    let place = Place::new();
    let s3 = S3::start();
    place.write("fleet.json", fleet(30, OPTIONS));
    let mut jobs = Vec::new();
    for index in 1..=3 {
        let shard = format!("{index}/3");
        let args = [
            "run",
            "--shard",
            &shard,
            "--ledger",
            "run.ledger",
            "--report",
            "r.json",
            "fleet.json",
        ];
        let run = ended(&mut s3.command(&place, &args));
        assert_eq!(run.code, 0, "{}", run.stderr);
        let report = report(&place);
        assert_eq!(report["shard"], shard);
        let names = report["jobs"].as_array().unwrap().iter();
        jobs.extend(names.map(|job| job["job"].as_str().unwrap().to_owned()));
    }
    assert_eq!(jobs.len(), 30);
    assert_eq!(jobs.iter().collect::<BTreeSet<_>>().len(), 30);
    assert_converged(&place, &s3, 30);
    // A child of an array job of AWS Batch counts from 0.
    let mut child = s3.command(&place, &["run", "--report", "r.json", "fleet.json"]);
    child.envs([
        ("AWS_BATCH_JOB_ARRAY_INDEX", "0"),
        ("AWS_BATCH_JOB_ARRAY_SIZE", "3"),
    ]);
    assert_eq!(ended(&mut child).code, 0);
    assert_eq!(report(&place)["shard"], "1/3");
}

#[test]
fn a_ledger_and_a_report_in_a_faulty_s3_are_written() {
    let place = Place::new();
    let s3 = S3::start();
    s3.make("ledgers");
    place.write(
        "fleet.json",
        fleet(20, r#""defaults": { "retry": { "max_attempts": 100, "base_delay": "1ms", "max_delay": "20ms" } },"#),
    );
    s3.fail("rate=0.2,seed=11");
    let args = [
        "run",
        "--ledger",
        "s3://ledgers/nightly",
        "--run-id",
        "one",
        "--report",
        "s3://ledgers/{run_id}.json",
        "fleet.json",
    ];
    let run = ended(&mut s3.command(&place, &args));
    s3.mend();
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let again = ended(&mut s3.command(&place, &args));
    assert!(again.stderr.contains("was done at"), "{}", again.stderr);
    let report = s3.ask(async |client| {
        let report = client
            .get_object()
            .bucket("ledgers")
            .key("one.json")
            .send()
            .await
            .unwrap();
        report.body.collect().await.unwrap().into_bytes()
    });
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["totals"]["changed"], 20);
}
