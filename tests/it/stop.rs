//! How a run can end: failures, retries, timeouts, signals, a deadline, and no daemon.

use serde_json::Value;

use crate::program::{Ended, Place, Running, ended};
use crate::stub_s3::{StubS3, answer, error};

/// Nobody listens there: port 1 is privileged and nothing binds it.
const NO_DAEMON: &str = "127.0.0.1:1";

fn job_file(timeout: &str, jobs: usize) -> String {
    let jobs: Vec<String> = (0..jobs)
        .map(|n| {
            format!(r#"{{"name": "job-{n}", "type": "create-bucket", "bucket": "bucket-{n}"}}"#)
        })
        .collect();
    format!(
        r#"{{"version": 1, "name": "bucket creation",
            "defaults": {{"timeout": "{timeout}", "retry": {{"base_delay": "1ms", "max_delay": "2ms"}}}},
            "jobs": [{}]}}"#,
        jobs.join(",")
    )
}

fn report(place: &Place) -> Value {
    serde_json::from_str(&place.read("r.json")).unwrap()
}

fn run(place: &Place, s3: &StubS3, args: &[&str]) -> (Ended, Value) {
    let args = [&["run", "--report", "r.json"], args].concat();
    let ended = ended(&mut place.command_at(&s3.url(), NO_DAEMON, &args));
    (ended, report(place))
}

#[test]
fn a_daemon_that_is_not_there_fails_nothing_and_is_told() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| answer("200 OK", ""));
    place.write("jobs.json", job_file("30s", 3));
    let (ended, report) = run(&place, &s3, &["jobs.json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(report["segments"]["refused"], 4, "the jobs' and the run's");
    assert_eq!(report["segments"]["sent"], 0);
    assert!(
        ended
            .stdout
            .contains("segments: 0 sent, 4 refused, 0 dropped")
    );
}

#[test]
fn tracing_can_be_off() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| answer("200 OK", ""));
    place.write("jobs.json", job_file("30s", 1));
    let (ended, report) = run(&place, &s3, &["--daemon", "off", "jobs.json"]);
    assert_eq!(ended.code, 0);
    assert!(report.get("segments").is_none());
    assert!(report["jobs"][0].get("trace_id").is_none());
}

#[test]
fn what_may_pass_is_tried_again_and_counted() {
    let place = Place::new();
    let s3 = StubS3::start(|line, number| match number {
        _ if line.starts_with("HEAD") => answer("404 Not Found", ""),
        // The SDK's own three tries, and then another attempt.
        1..=3 => error("409 Conflict", "OperationAborted"),
        _ => answer("200 OK", ""),
    });
    place.write("jobs.json", job_file("30s", 1));
    let (ended, report) = run(&place, &s3, &["jobs.json"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(report["jobs"][0]["attempts"], 2);
    assert_eq!(report["totals"]["changed"], 1);
    assert!(ended.stderr.contains("attempt failed, another follows"));
}

#[test]
fn a_bucket_that_somebody_made_just_now_is_looked_at_before_it_is_changed() {
    let place = Place::new();
    let s3 = StubS3::start(|line, number| match number {
        0 => answer("404 Not Found", ""),
        1 => error("409 Conflict", "BucketAlreadyOwnedByYou"),
        _ if line.starts_with("GET") => answer(
            "200 OK",
            "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
        ),
        _ => answer("200 OK", ""),
    });
    place.write(
        "jobs.json",
        job_file("30s", 1).replace("\"bucket-0\"", "\"bucket-0\", \"versioning\": true"),
    );
    let (ended, report) = run(&place, &s3, &["jobs.json"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(
        report["jobs"][0]["changes"][1],
        "versioning: suspended → on"
    );
}

#[test]
fn what_cannot_pass_is_tried_once() {
    let place = Place::new();
    let s3 = StubS3::start(|line, _| {
        if line.starts_with("HEAD") {
            answer("404 Not Found", "")
        } else {
            error("409 Conflict", "BucketAlreadyExists")
        }
    });
    place.write("jobs.json", job_file("30s", 1));
    let (ended, report) = run(&place, &s3, &["jobs.json"]);
    assert_eq!(ended.code, 1);
    let job = &report["jobs"][0];
    assert_eq!(job["outcome"], "failed");
    assert_eq!(job["attempts"], 1);
    assert_eq!(job["error"]["code"], "BucketAlreadyExists");
    assert_eq!(job["error"]["request_id"], "REQ1");
    assert_eq!(job["request_id"].as_str().map(str::len), Some(36));
    assert!(
        ended
            .stdout
            .contains("CreateBucket: 409 BucketAlreadyExists: about"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_job_whose_time_is_up_is_cut_and_told_as_lambda_does() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| None);
    place.write("jobs.json", job_file("1s", 1));
    let (ended, report) = run(&place, &s3, &["jobs.json"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("Task timed out after 1.00 seconds"));
    assert_eq!(report["jobs"][0]["outcome"], "timed_out");
    assert_eq!(report["jobs"][0]["limit_ms"], 1000);
}

#[test]
fn a_run_whose_deadline_passes_exits_with_4() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| None);
    place.write("jobs.json", job_file("30s", 3));
    let (ended, report) = run(
        &place,
        &s3,
        &["--timeout", "500ms", "--concurrency", "2", "jobs.json"],
    );
    assert_eq!(ended.code, 4);
    assert_eq!(report["totals"]["interrupted"], 2);
    assert_eq!(report["totals"]["not_run"], 1);
    assert_eq!(report["segments"]["refused"], 3);
}

#[test]
fn a_signal_drains_then_cuts_and_the_rest_is_reported_as_not_run() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| None);
    place.write("jobs.json", job_file("30s", 3));
    let args = [
        "run",
        "--report",
        "r.json",
        "--concurrency",
        "1",
        "--stop-budget",
        "200ms",
        "jobs.json",
    ];
    let running = Running::start(place.command_at(&s3.url(), NO_DAEMON, &args));
    s3.asked();
    running.signal("TERM");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
    let report = report(&place);
    assert_eq!(report["exit_code"], 3);
    assert_eq!(report["totals"]["interrupted"], 1);
    assert_eq!(report["totals"]["not_run"], 2);
    assert!(lines.iter().any(|line| line.starts_with("REPORT")));
}

#[test]
fn a_signal_before_the_first_job_ends_the_run_with_3() {
    let place = Place::new();
    // STS, which is asked for the account, never answers.
    let sts = StubS3::start(|_, _| None);
    let mut command = place.command(&["run", "jobs/create-bucket.json"]);
    command
        .env("AWS_ENDPOINT_URL", sts.url())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "a")
        .env("AWS_SECRET_ACCESS_KEY", "b");
    let running = Running::start(command);
    sts.asked();
    running.signal("TERM");
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
}

#[test]
fn what_an_embedded_daemon_could_not_upload_is_told() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| answer("200 OK", ""));
    let xray = StubS3::start(|_, _| answer("400 Bad Request", ""));
    place.write("jobs.json", job_file("30s", 2));
    let args = [
        "run",
        "--daemon",
        "embedded",
        "--report",
        "r.json",
        "jobs.json",
    ];
    let mut command = place.command_at(&s3.url(), NO_DAEMON, &args);
    let ended = ended(command.env("AWS_ENDPOINT_URL_XRAY", xray.url()));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("segments: 3 sent, 0 refused, 0 dropped; 0 in X-Ray"),
        "{}",
        ended.stdout
    );
    let report = report(&place);
    assert_eq!(report["segments"]["confirmed"], 0);
}

#[cfg(feature = "local")]
#[test]
fn segments_of_a_run_that_was_cut_still_reach_x_ray() {
    let place = Place::new();
    let served = crate::serve::serve(&place);
    let s3 = StubS3::start(|_, _| None);
    place.write("jobs.json", job_file("30s", 1));
    let args = [
        "run",
        "--daemon",
        "embedded",
        "--timeout",
        "500ms",
        "jobs.json",
    ];
    let mut command = place.command_at(&s3.url(), NO_DAEMON, &args);
    let ended = ended(command.env("AWS_ENDPOINT_URL_XRAY", &served.xray));
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("2 sent, 0 refused, 0 dropped; 2 in X-Ray"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_report_of_many_failures_does_not_call_them_done() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| error("403 Forbidden", "AccessDenied"));
    place.write("jobs.json", job_file("30s", 60));
    let (ended, _) = run(&place, &s3, &["jobs.json"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stdout.contains("60 jobs, 60 failed"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("10 more"), "{}", ended.stdout);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_first_job() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| answer("200 OK", ""));
    place.write("jobs.json", job_file("30s", 1));
    let args = ["run", "--report", "no/such/r.json", "jobs.json"];
    let ended = ended(&mut place.command_at(&s3.url(), NO_DAEMON, &args));
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("write report no/such/r.json"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_report_that_s3_does_not_take_holds_up_no_stop() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| None);
    place.write("jobs.json", job_file("30s", 1));
    let args = [
        "run",
        "--report",
        "s3://acme-reports/r.json",
        "--stop-budget",
        "200ms",
        "jobs.json",
    ];
    let running = Running::start(place.command_at(&s3.url(), NO_DAEMON, &args));
    s3.asked();
    running.signal("TERM");
    // Less than the patience of a test is less than what S3 is given else.
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
    let told = "error: report not written, it took too long: s3://acme-reports/r.json";
    assert!(lines.iter().any(|line| line == told), "{lines:#?}");
}

#[test]
fn a_second_signal_hurries() {
    let place = Place::new();
    let s3 = StubS3::start(|_, _| None);
    place.write("jobs.json", job_file("10m", 1));
    let args = [
        "run",
        "--report",
        "r.json",
        "--stop-budget",
        "10m",
        "jobs.json",
    ];
    let running = Running::start(place.command_at(&s3.url(), NO_DAEMON, &args));
    s3.asked();
    running.signal("INT");
    running.signal("TERM");
    let (code, _) = running.wait();
    assert_eq!(code, Some(3));
}

#[test]
fn a_job_that_runs_at_the_signal_may_finish() {
    let place = Place::new();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Arc::new(std::sync::Mutex::new(gone));
    let s3 = StubS3::start(move |_, _| {
        gone.lock().unwrap().recv().unwrap();
        answer("200 OK", "")
    });
    place.write("jobs.json", job_file("30s", 2));
    let args = [
        "run",
        "--report",
        "r.json",
        "--concurrency",
        "1",
        "jobs.json",
    ];
    let running = Running::start(place.command_at(&s3.url(), NO_DAEMON, &args));
    s3.asked();
    running.signal("TERM");
    running.line("stopping: ");
    go.send(()).unwrap();
    let (code, lines) = running.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
    let report = report(&place);
    assert_eq!(report["totals"]["unchanged"], 1);
    assert_eq!(report["totals"]["not_run"], 1);
}

#[test]
fn a_signal_ends_a_run_that_reads_standard_input() {
    let place = Place::new();
    let mut command = place.command(&["run", "-"]);
    command.stdin(std::process::Stdio::piped());
    let run = Running::start(command);
    run.signal_once_caught("TERM");
    let (code, lines) = run.wait();
    assert_eq!(code, Some(3), "{lines:#?}");
}

/// The first job's bucket is somebody else's, all others are there.
fn first_fails() -> StubS3 {
    StubS3::start(|line, _| match line {
        _ if line.contains("/bucket-0") => error("403 Forbidden", "AccessDenied"),
        _ => answer("200 OK", ""),
    })
}

#[test]
fn failures_are_tolerated_as_far_as_told() {
    let place = Place::new();
    let s3 = first_fails();
    place.write("jobs.json", job_file("30s", 4));
    for (args, code) in [
        (&[][..], 1),
        (&["--tolerate", "1"], 0),
        (&["--tolerate", "25%"], 0),
        (&["--tolerate", "24%"], 1),
        (&["--tolerate", "0"], 1),
    ] {
        let (ended, report) = run(&place, &s3, &[args, &["jobs.json"]].concat());
        assert_eq!(ended.code, code, "{args:?}: {}", ended.stdout);
        assert_eq!(report["exit_code"], code);
        assert_eq!(report["totals"]["failed"], 1);
        assert_eq!(
            report["totals"]["unchanged"], 3,
            "all others run all the same"
        );
    }
}

#[test]
fn fail_fast_begins_no_further_job() {
    let place = Place::new();
    let s3 = first_fails();
    place.write("jobs.json", job_file("30s", 4));
    let args = ["--fail-fast", "--concurrency", "1", "jobs.json"];
    let (ended, report) = run(&place, &s3, &args);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert_eq!(report["totals"]["failed"], 1);
    assert_eq!(report["totals"]["not_run"], 3);
    let (ended, report) = run(&place, &s3, &[&["--tolerate", "1"], &args[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(report["totals"]["not_run"], 0);
}
