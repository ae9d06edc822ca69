//! `run --plan`: it tells what would change and changes nothing, which the S3 counts.

use serde_json::Value;

use crate::program::{Place, ended};
use crate::s3::{S3, fleet};

const WANTED: &str = r#"{
  "version": 1, "name": "plan", "jobs": [
    { "name": "new", "type": "create-bucket", "bucket": "plan-new", "versioning": true,
      "lifecycle": { "rules": [ { "id": "expire", "expiration": { "days": 60 } } ] } },
    { "name": "drifted", "type": "create-bucket", "bucket": "plan-drifted", "tags": { "team": "data" },
      "lifecycle": { "rules": [ { "id": "expire", "expiration": { "days": 60 } } ] } },
    { "name": "fine", "type": "create-bucket", "bucket": "plan-fine", "tags": { "team": "data" } }
  ]
}"#;

#[test]
fn a_plan_tells_what_would_change_and_writes_nothing() {
    let place = Place::new();
    let s3 = S3::start();
    place.write("wanted.json", WANTED);
    let before = WANTED.replace("60", "30").replace(
        "\"team\": \"data\" },\n      \"lifecycle\"",
        "\"team\": \"ops\" },\n      \"lifecycle\"",
    );
    place.write("before.json", before);
    let first = ended(&mut s3.command(
        &place,
        &["run", "--only", "drifted", "--only", "fine", "before.json"],
    ));
    assert_eq!(first.code, 0, "{}", first.stderr);
    let (changes, buckets) = (s3.changes(), s3.buckets());

    let args = ["run", "--plan", "--report", "r.json", "wanted.json"];
    let plan = ended(&mut s3.command(&place, &args));
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert_eq!(s3.changes(), changes, "a plan wrote something");
    assert_eq!(s3.buckets(), buckets);
    insta::with_settings!({filters => vec![
        (r"run [0-9a-f]{16}", "run <run-id>"),
        (r"\d+(\.\d+)? (µs|ms|s)\b", "<duration>"),
        (r"1-[0-9a-f]{8}-[0-9a-f]{24}", "1-<trace-id>"),
    ]}, { insta::assert_snapshot!("plan", plan.stdout); });
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    assert_eq!(report["plan"], true);
    assert_eq!(report["totals"]["planned"], 2);
    assert_eq!(report["totals"]["unchanged"], 1);

    // What was planned is what is done, and then there is nothing left.
    let done = ended(&mut s3.command(&place, &["run", "--report", "done.json", "wanted.json"]));
    assert_eq!(done.code, 0, "{}", done.stderr);
    let done: Value = serde_json::from_str(&place.read("done.json")).unwrap();
    for (planned, done) in [0, 1].map(|n| (&report["jobs"][n], &done["jobs"][n])) {
        assert_eq!(planned["outcome"], "planned");
        assert_eq!(planned["changes"], done["changes"]);
    }
    let changes = s3.changes();
    let plan = ended(&mut s3.command(&place, &args));
    assert_eq!(plan.code, 0);
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    assert_eq!(report["totals"]["unchanged"], 3);
    assert_eq!(s3.changes(), changes);
}

#[test]
fn only_those_that_are_named_are_run() {
    let place = Place::new();
    let s3 = S3::start();
    place.write("fleet.json", fleet(30, ""));
    let run = ended(&mut s3.command(
        &place,
        &[
            "run",
            "--only",
            "job-01*",
            "--only",
            "job-000",
            "fleet.json",
        ],
    ));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(s3.buckets().len(), 11);
    let unknown = ended(&mut s3.command(&place, &["run", "--only", "job-0001", "fleet.json"]));
    assert_eq!(unknown.code, 2);
    assert!(
        unknown
            .stderr
            .contains("no job is named `job-0001`, did you mean `job-00"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_plan_notes_nothing_in_a_ledger() {
    for ledger in ["run.ledger", "s3://ledgers/nightly"] {
        let place = Place::new();
        let s3 = S3::start();
        s3.make("ledgers");
        place.write("fleet.json", fleet(3, ""));
        let changes = s3.changes();
        let args = ["run", "--ledger", ledger, "--run-id", "one", "fleet.json"];
        let plan = ended(&mut s3.command(&place, &[&args[..], &["--plan"]].concat()));
        assert_eq!(plan.code, 0, "{}", plan.stderr);
        assert_eq!(s3.changes(), changes, "a plan wrote something");
        assert!(!place.path().join("run.ledger").exists());
        let run = ended(&mut s3.command(&place, &args));
        assert!(
            run.stdout.contains("3 changed"),
            "{}\n{}",
            run.stdout,
            run.stderr
        );
        let part = ended(&mut s3.command(&place, &[&args[..], &["--only", "job-000"]].concat()));
        assert_eq!(part.code, 2);
        assert!(part.stderr.contains("--only"), "{}", part.stderr);
    }
}

#[test]
fn no_bucket_is_made_in_an_account_that_must_not_own_it() {
    let place = Place::new();
    let s3 = S3::start();
    place.write(
        "fleet.json",
        fleet(1, r#""defaults": { "expected_owner": "111122223333" },"#),
    );
    for plan in [&["--plan"][..], &[]] {
        let run = ended(&mut s3.command(&place, &[&["run"], plan, &["fleet.json"]].concat()));
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stdout.contains("must be owned by"), "{}", run.stdout);
    }
    assert_eq!(s3.changes(), 0);
}
