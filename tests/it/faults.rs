//! What faults of S3 do to a run: it converges all the same, does nothing twice that must not be,
//! and each retry is in the trace.

use serde_json::Value;

use crate::program::{Place, Running, ended};
use crate::s3::{S3, fleet};

/// Managed so that each job makes several changes.
const OPTIONS: &str = r#""defaults": {
    "timeout": "2m",
    "retry": { "max_attempts": 100, "base_delay": "1ms", "max_delay": "20ms" },
    "versioning": true,
    "tags": { "team": "data" },
    "lifecycle": { "rules": [ { "id": "expire", "expiration": { "days": 30 } } ] }
},"#;

#[test]
fn a_fleet_converges_although_a_third_of_all_answers_is_faulty() {
    let place = Place::new();
    let s3 = S3::start();
    place.write("fleet.json", fleet(200, OPTIONS));
    s3.fail("rate=0.3,seed=7");
    let run = ended(&mut s3.command(&place, &["run", "--report", "r.json", "fleet.json"]));
    s3.mend();
    assert_eq!(run.code, 0, "{}", run.stdout);
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    let jobs = report["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 200);
    assert!(jobs.iter().any(|job| job["attempts"].as_u64() > Some(1)));
    assert_eq!(s3.buckets().len(), 200);
    // What creates is done once a bucket, however often its answer was lost.
    assert_eq!(s3.changes_by("CreateBucket"), 200);

    // Without faults there is nothing left to do: all is as wanted.
    let before = s3.changes();
    let again = ended(&mut s3.command(&place, &["run", "fleet.json"]));
    assert_eq!(again.code, 0, "{}", again.stdout);
    assert!(again.stdout.contains("200 unchanged"), "{}", again.stdout);
    assert_eq!(s3.changes(), before);
}

#[test]
fn every_kind_of_fault_passes() {
    for kind in [
        "internal_error",
        "slow_down",
        "operation_aborted",
        "connection_reset",
        "slow_body",
        "half_answer",
        "wrong_xml",
    ] {
        let place = Place::new();
        let s3 = S3::start();
        place.write("fleet.json", fleet(3, OPTIONS));
        s3.fail(&format!("rate=0.2,kinds={kind},seed=3"));
        let run = ended(&mut s3.command(&place, &["run", "fleet.json"]));
        assert_eq!(run.code, 0, "{kind}: {}\n{}", run.stdout, run.stderr);
        s3.mend();
        let again = ended(&mut s3.command(&place, &["run", "fleet.json"]));
        assert!(
            again.stdout.contains("3 unchanged"),
            "{kind}: {}",
            again.stdout
        );
    }
}

#[test]
fn each_retry_is_in_the_trace() {
    let place = Place::new();
    let mut server = place.command(&[
        "local",
        "--listen",
        "127.0.0.1:0",
        "--s3",
        "127.0.0.1:0",
        "--daemon",
        "127.0.0.1:0",
        // The SDK's three attempts fail, and then those of the next attempt of the job pass.
        "--s3-faults",
        "rate=1,kinds=internal_error,operations=PutBucketVersioning,count=3",
    ]);
    server.stdin(std::process::Stdio::null());
    let server = Running::start(server);
    server.line("serving");
    place.write("fleet.json", fleet(1, OPTIONS));
    let run = place.run(&["run", "--local", "--report", "r.json", "fleet.json"]);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    let job = &report["jobs"][0];
    assert_eq!(job["attempts"], 2);
    assert_eq!(job["retried"].as_array().map(Vec::len), Some(1));
    let trace_id = job["trace_id"].as_str().unwrap();
    let trace = place.run(&["trace", trace_id, "--local"]);
    assert_eq!(trace.code, 0, "{}", trace.stderr);
    assert!(trace.stdout.contains("attempt 1"), "{}", trace.stdout);
    assert!(trace.stdout.contains("attempt 2"), "{}", trace.stdout);
    let json = place.run(&["trace", trace_id, "--local", "--json"]).stdout;
    assert!(
        json.contains("\\\"retries\\\":2") || json.contains("\"retries\": 2"),
        "{json}"
    );
}
