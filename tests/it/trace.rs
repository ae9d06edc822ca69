//! The run's own trace: its segment, the schedule before it, links from the jobs, sampling.

use serde_json::{Value, json};

use crate::program::{Place, ended};

/// The documents of a trace.
fn documents(place: &Place, trace_id: &str) -> Vec<Value> {
    let trace = place.run(&["trace", trace_id, "--local", "--json"]);
    assert_eq!(trace.code, 0, "{}", trace.stderr);
    let trace: Value = serde_json::from_str(&trace.stdout).unwrap();
    let segments = trace["Traces"][0]["Segments"].as_array().unwrap();
    let parse = |segment: &Value| serde_json::from_str(segment["Document"].as_str().unwrap());
    segments
        .iter()
        .map(|segment| parse(segment).unwrap())
        .collect()
}

fn named<'a>(documents: &'a [Value], name: &str) -> &'a Value {
    let found = documents.iter().find(|document| document["name"] == name);
    found.unwrap_or_else(|| panic!("no segment `{name}` in {documents:#?}"))
}

fn run(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Value {
    let args = [&["run", "--local", "--report", "r.json"], args].concat();
    let mut command = place.command(&args);
    command.envs(variables.iter().copied());
    let ended = ended(&mut command);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&place.read("r.json")).unwrap()
}

#[test]
fn a_run_has_a_trace_of_its_own_and_its_jobs_link_to_it() {
    let place = Place::new();
    let report = run(&place, &["jobs/create-bucket.json"], &[]);
    let run_trace = report["trace_id"].as_str().unwrap();
    let of_run = documents(&place, run_trace);
    let segment = named(&of_run, "bucket creation run");
    assert_eq!(segment["annotations"]["run_id"], report["run_id"]);
    assert_eq!(segment["annotations"]["outcome"], "done");
    let job = &report["jobs"][0];
    let of_job = documents(&place, job["trace_id"].as_str().unwrap());
    let job = named(&of_job, "bucket creation");
    assert_eq!(job["links"][0]["trace_id"], run_trace);
    assert_eq!(job["links"][0]["id"], segment["id"]);
}

#[test]
fn trace_run_puts_the_jobs_into_the_run_s_trace() {
    let place = Place::new();
    let report = run(&place, &["--trace", "run", "jobs/create-bucket.json"], &[]);
    assert_eq!(report["jobs"][0]["trace_id"], report["trace_id"]);
    let documents = documents(&place, report["trace_id"].as_str().unwrap());
    let run = named(&documents, "bucket creation run");
    assert_eq!(named(&documents, "bucket creation")["parent_id"], run["id"]);
}

#[test]
fn a_caller_s_trace_goes_on() {
    let place = Place::new();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let trace_id = format!("1-{now:08x}-0123456789abcdef01234567");
    let header = format!("Root={trace_id};Parent=53995c3f42cd8ad8;Sampled=1");
    let report = run(
        &place,
        &["jobs/create-bucket.json"],
        &[("_X_AMZN_TRACE_ID", &header)],
    );
    assert_eq!(report["trace_id"], *trace_id);
    let documents = documents(&place, &trace_id);
    let run = named(&documents, "bucket creation run");
    assert_eq!(run["parent_id"], "53995c3f42cd8ad8");
    assert_eq!(named(&documents, "bucket creation")["parent_id"], run["id"]);
}

#[test]
fn a_firing_shows_its_schedule_before_the_run() {
    let place = Place::new();
    let scheduled = chrono::Utc::now() - chrono::TimeDelta::seconds(90);
    let time = scheduled.to_rfc3339();
    let variables = [
        (
            "JOB_RULE_ARN",
            "arn:aws:events:eu-west-1:000000000000:rule/nightly",
        ),
        ("JOB_SCHEDULED_TIME", &*time),
        ("JOB_EVENT_ID", "event-1"),
    ];
    let report = run(&place, &["jobs/create-bucket.json"], &variables);
    let documents = documents(&place, report["trace_id"].as_str().unwrap());
    let schedule = named(&documents, "schedule:nightly");
    let run = named(&documents, "bucket creation run");
    assert_eq!(run["parent_id"], schedule["id"]);
    assert_eq!(run["annotations"]["schedule"], "nightly");
    assert_eq!(run["annotations"]["event_id"], "event-1");
    let length = schedule["end_time"].as_f64().unwrap() - schedule["start_time"].as_f64().unwrap();
    assert!((89.0..150.0).contains(&length), "{length}");
    // The same firing again: one run id, one trace.
    let again = run_again(&place, &variables);
    assert_eq!(again["run_id"], report["run_id"]);
    assert_eq!(again["trace_id"], report["trace_id"]);
}

fn run_again(place: &Place, variables: &[(&str, &str)]) -> Value {
    run(place, &["jobs/create-bucket.json"], variables)
}

#[test]
fn sampling_rules_decide_which_jobs_are_traced() {
    let place = Place::new();
    let rules = json!({
        "version": 2,
        "default": { "fixed_target": 0, "rate": 1.0 },
        "rules": [ { "description": "chatty", "host": "*", "http_method": "*", "url_path": "/chatty-*",
                     "fixed_target": 0, "rate": 0.0 } ]
    });
    place.write("rules.json", rules.to_string());
    let jobs = json!({ "version": 1, "name": "sampled", "jobs": [
        { "name": "chatty-1", "type": "create-bucket", "bucket": "sampled-1" },
        { "name": "important", "type": "create-bucket", "bucket": "sampled-2" }
    ]});
    place.write("jobs.json", jobs.to_string());
    let report = run(
        &place,
        &["--sampling-rules", "rules.json", "jobs.json"],
        &[],
    );
    assert_eq!(report["jobs"][0]["unsampled"], true);
    assert_eq!(report["jobs"][1].get("unsampled"), None);
    let kept = documents(&place, report["jobs"][1]["trace_id"].as_str().unwrap());
    assert_eq!(
        kept.iter()
            .filter(|document| document["name"] == "sampled")
            .count(),
        1
    );
    let lost = report["jobs"][0]["trace_id"].as_str().unwrap();
    assert_eq!(place.run(&["trace", lost, "--local"]).code, 1);
}

#[test]
fn a_long_job_shows_while_it_runs() {
    let place = Place::new();
    let jobs = json!({ "version": 1, "name": "long", "jobs": [
        { "name": "wait", "type": "command", "command": ["sh", "-c", "while [ ! -e go ]; do sleep 0.1; done"] }
    ]});
    place.write("jobs.json", jobs.to_string());
    let served = crate::serve::serve(&place);
    let run = crate::program::Running::start(place.command(&[
        "run",
        "--local",
        "--allow-command",
        "jobs.json",
    ]));
    run.line("START");
    let wait_until = |is_in_progress: bool| {
        let deadline = std::time::Instant::now() + crate::program::PATIENCE;
        loop {
            let latest = place.run(&["trace", "latest", "--local", "--json"]).stdout;
            if !latest.is_empty() && latest.contains("in_progress") == is_in_progress {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{latest}");
        }
    };
    wait_until(true);
    place.write("go", "");
    let (code, lines) = run.wait();
    assert_eq!(code, Some(0), "{lines:#?}");
    wait_until(false);
    drop(served);
}

#[test]
fn two_firings_of_a_job_are_compared() {
    let place = Place::new();
    let ids = [(); 2].map(|()| {
        let report = run(&place, &["jobs/create-bucket.json"], &[]);
        report["jobs"][0]["trace_id"].as_str().unwrap().to_owned()
    });
    let [first, second] = &ids;
    let compare = |more: &[&str]| {
        let args = ["trace", first, "--compare", second, "--local"];
        place.run(&[&args[..], more].concat())
    };
    let compared = compare(&[]);
    assert_eq!(compared.code, 0, "{}", compared.stderr);
    // The bucket is made the first time, and is there the second.
    let mut lines = compared.stdout.lines();
    let made = lines.find(|line| line.contains("S3 CreateBucket"));
    assert!(
        made.is_some_and(|line| line.contains("− only in A")),
        "{}",
        compared.stdout
    );
    for told in [first, second, "From A to B", "outcome"] {
        assert!(
            compared.stdout.contains(told),
            "{told} in {}",
            compared.stdout
        );
    }
    let sorted = compare(&["--sort", "difference", "--level", "1"]);
    assert_eq!(sorted.code, 0, "{}", sorted.stderr);
    assert!(
        !sorted.stdout.contains("S3 CreateBucket"),
        "{}",
        sorted.stdout
    );
    let json: Value = serde_json::from_str(&compare(&["--json"]).stdout).unwrap();
    assert_eq!(
        (&json["A"]["Id"], &json["B"]["Id"]),
        (&json!(first), &json!(second))
    );
    let rows = json["Rows"].as_array().unwrap();
    let made = rows.iter().find(|row| row["Name"] == "S3 CreateBucket");
    let made = made.unwrap_or_else(|| panic!("{json:#}"));
    assert_eq!((&made["A"]["Calls"], &made["B"]), (&json!(1), &Value::Null));

    let unknown = "1-6921a2b0-0000000000000000000000ff";
    let missing = place.run(&["trace", first, "--compare", unknown, "--local"]);
    assert_eq!(missing.code, 1);
    assert_eq!(missing.stderr, format!("B: no trace {unknown}\n"));
    let missing = place.run(&["trace", unknown, "--compare", first, "--local", "--json"]);
    assert_eq!(missing.code, 1);
    assert_eq!(missing.stderr, format!("A: no trace {unknown}\n"));
    let told: Value = serde_json::from_str(&missing.stdout).unwrap();
    assert_eq!(
        (&told["A"], &told["B"]["Id"]),
        (&Value::Null, &json!(first))
    );
    for wrong in [
        &["--sort", "difference"][..],
        &["--compare", "latest", "--svg", "-"],
    ] {
        let refused = place.run(&[&["trace", first, "--local"], wrong].concat());
        assert_eq!(refused.code, 2, "{wrong:?}: {}", refused.stderr);
    }
}
