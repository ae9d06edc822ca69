//! `xray-ecs run --local` and what the terminal then shows.

use serde_json::Value;

use crate::program::{Ended, Place, ended};

/// Snapshots of what people read, with all that differs between runs replaced.
fn assert_reads(name: &str, text: &str) {
    insta::with_settings!({filters => vec![
        (r"1-[0-9a-f]{8}-[0-9a-f]{24}", "1-<trace-id>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<request-id>"),
        (r"run [0-9a-f]{16}", "run <run-id>"),
        (r"run_id=[0-9a-f]{16}", "run_id=<run-id>"),
        (r"segment [0-9a-f]{16}", "segment <id>"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC", "<time> UTC"),
        (r" *(< )?\d+(\.\d+)? (µs|ms|s)\b", " <duration>"),
        (r"(?m)(ok|error|fault) +[━─╺╸╾╼╴╶ ]+$", "$1 <bar>"),
        // The order in which they are told depends on the durations.
        (r"(?s)(◆ critical path \(heavy bars\):).*?\n\n", "$1 <shares>\n\n"),
        (r"─{2,}", "──"),
        (r"\n +0 <duration>", "\n<axis>"),
        (r"xray-\S*…\S*", "<elided>"),
        (r"([^ \n]) {2,}", "$1  "),
    ]}, {
        insta::assert_snapshot!(name, text);
    });
}

fn assert_done(ended: &Ended) {
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
}

#[test]
fn a_bucket_is_created_once_and_each_run_is_told_as_report_trace_and_map() {
    let place = Place::new();
    let first = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_done(&first);
    assert_reads("first_run", &first.stdout);
    assert!(place.path().join(".xray-ecs/xray.sqlite").exists());

    let second = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_done(&second);
    assert_reads("second_run", &second.stdout);
}

#[test]
fn the_log_has_lambda_s_lines_with_the_trace() {
    let place = Place::new();
    let run = place.run(&[
        "run",
        "--local",
        "--report",
        "r.json",
        "jobs/create-bucket.json",
    ]);
    assert_done(&run);
    let report: Value = serde_json::from_str(&place.read("r.json")).unwrap();
    let job = &report["jobs"][0];
    let lines: Vec<&str> = run.stderr.lines().collect();
    let request_id = job["request_id"].as_str().unwrap();
    assert_eq!(
        lines[0],
        format!("START RequestId: {request_id} Version: $LATEST")
    );
    assert_eq!(lines[1], format!("END RequestId: {request_id}"));
    assert!(lines[2].starts_with(&format!("REPORT RequestId: {request_id}\tDuration: ")));
    assert!(lines[2].contains("\tInit Duration: "));
    let trace = format!(
        "XRAY TraceId: {}\tSegmentId: {}\tSampled: true\t",
        job["trace_id"].as_str().unwrap(),
        job["segment_id"].as_str().unwrap()
    );
    assert_eq!(lines[3], trace);
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["segments"]["sent"], 2, "the job's and the run's");
    assert_eq!(job["outcome"], "changed");
}

#[test]
fn a_fleet_of_200_is_one_node_and_every_segment_arrives() {
    let place = Place::new();
    let run = place.run(&["run", "--local", "jobs/fleet.json"]);
    assert_done(&run);
    assert!(
        run.stdout.contains("200 jobs, 200 changed"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("segments: 201 sent, 0 refused, 0 dropped")
    );
    assert!(run.stdout.contains("S3, 200 buckets"), "{}", run.stdout);
    let list = place.run(&["traces", "--local", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["TraceSummaries"].as_array().unwrap().len(), 201);
    let again = place.run(&["run", "--local", "jobs/fleet.json"]);
    assert!(again.stdout.contains("200 unchanged: nothing to change"));
}

#[test]
fn a_hardened_bucket_gets_what_differs_from_the_defaults() {
    let place = Place::new();
    let first = place.run(&["run", "--local", "jobs/hardened-bucket.json"]);
    assert_done(&first);
    for change in [
        "+ bucket: create in us-east-1",
        "+ encryption: algorithm: AES256 → aws:kms",
        "+ versioning: off → on",
        "+ tags: +data-class=internal",
    ] {
        assert!(first.stdout.contains(change), "{}", first.stdout);
    }
    let second = place.run(&["run", "--local", "jobs/hardened-bucket.json"]);
    assert!(second.stdout.contains("nothing to change"));
    // What somebody changed by hand is put right, and nothing else.
    place.write(
        "suspend.json",
        place
            .read("jobs/hardened-bucket.json")
            .replace("\"versioning\": true", "\"versioning\": false"),
    );
    let drift = place.run(&["run", "--local", "suspend.json"]);
    assert!(
        drift.stdout.contains("versioning: on → suspended"),
        "{}",
        drift.stdout
    );
    let mended = place.run(&["run", "--local", "jobs/hardened-bucket.json"]);
    assert!(mended.stdout.contains("versioning: suspended → on"));
    assert!(!mended.stdout.contains("+ tags"));
}

#[test]
fn the_environment_has_three_forms() {
    let place = Place::new();
    let spec = place.read("jobs/create-bucket.json");
    for (variables, changed) in [
        (vec![("JOB_SPEC", spec.as_str())], true),
        (vec![("JOB_FILE", "jobs/create-bucket.json")], false),
        (
            vec![
                ("JOB_TYPE", "create-bucket"),
                ("JOB_BUCKET", "xray-ecs-{account}-{region}"),
                ("JOB_VERSIONING", "true"),
            ],
            true,
        ),
    ] {
        let mut command = place.command(&["run", "--local"]);
        command.envs(variables.clone());
        let run = ended(&mut command);
        assert_done(&run);
        let word = if changed { "1 changed" } else { "1 unchanged" };
        assert!(run.stdout.contains(word), "{variables:?}: {}", run.stdout);
    }
    let mut command = place.command(&["run", "--local"]);
    command.env("JOB_SPEC", &spec).env("JOB_FILE", "x");
    let two = ended(&mut command);
    assert_eq!(two.code, 2);
    assert!(two.stderr.contains("JOB_SPEC") && two.stderr.contains("JOB_FILE"));
}

#[test]
fn local_mode_heeds_nothing_of_aws_in_the_environment() {
    let place = Place::new();
    let mut command = place.command(&["run", "--local", "jobs/create-bucket.json"]);
    command
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_PROFILE", "nobody")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:1");
    let run = ended(&mut command);
    assert_done(&run);
    assert!(run.stdout.contains("create in us-east-1"));
}

#[test]
fn a_failed_job_shows_as_a_fault_with_its_cause() {
    let place = Place::new();
    place.write(
        "other.json",
        r#"{"version": 1, "name": "bucket creation", "jobs": [
            {"name": "mine", "type": "create-bucket", "bucket": "taken-name", "region": "eu-west-1"}]}"#,
    );
    assert_done(&place.run(&["run", "--local", "other.json"]));
    place.write(
        "moved.json",
        place
            .read("other.json")
            .replace("eu-west-1", "eu-central-1"),
    );
    let run = place.run(&["run", "--local", "moved.json"]);
    assert_eq!(run.code, 1);
    assert_reads("failed_run", &run.stdout);
}

#[test]
fn reports_go_where_they_are_wanted() {
    let place = Place::new();
    let run = place.run(&["run", "--local", "--report", "-", "jobs/create-bucket.json"]);
    assert_done(&run);
    let report: Value = serde_json::from_str(&run.stdout).expect("nothing but the report");
    assert_eq!(
        report["jobs"][0]["changes"][0],
        "bucket: create in us-east-1"
    );
    assert!(run.stderr.contains("Clients"));
}

#[test]
fn a_caller_s_trace_is_continued() {
    let place = Place::new();
    let header = "Root=1-6921dcb0-80c11c39b0c928905eb0828d;Parent=53995c3f42cd8ad8;Sampled=1";
    let run = place.run(&[
        "run",
        "--local",
        "--trace-header",
        header,
        "jobs/create-bucket.json",
    ]);
    assert_done(&run);
    let trace = place.run(&[
        "trace",
        "1-6921dcb0-80c11c39b0c928905eb0828d",
        "--local",
        "--json",
    ]);
    assert_done(&trace);
    let trace: Value = serde_json::from_str(&trace.stdout).unwrap();
    let segments = trace["Traces"][0]["Segments"].as_array().unwrap();
    let documents = segments
        .iter()
        .map(|segment| segment["Document"].as_str().unwrap())
        .collect::<Vec<_>>();
    assert!(
        documents
            .iter()
            .any(|document| document.contains("\"53995c3f42cd8ad8\""))
    );
}

#[test]
fn traces_that_are_not_sampled_are_not_waited_for() {
    let place = Place::new();
    let header = "Root=1-6921dcb0-80c11c39b0c928905eb0828d;Sampled=0";
    let run = place.run(&[
        "run",
        "--local",
        "--trace-header",
        header,
        "jobs/create-bucket.json",
    ]);
    assert_done(&run);
    assert!(run.stdout.contains("segments: 0 sent"), "{}", run.stdout);
    assert!(!run.stdout.contains("No services"));
}

#[test]
fn queries_say_by_their_exit_code_whether_they_found_something() {
    let place = Place::new();
    let nowhere = place.run(&["traces", "--local"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("xray-ecs run --local=.xray-ecs"));
    assert!(!place.path().join(".xray-ecs").exists());
    assert_done(&place.run(&["run", "--local", "jobs/create-bucket.json"]));
    for args in [
        ["map", "--local"].as_slice(),
        &["traces", "--local"],
        &["trace", "latest", "--local"],
    ] {
        assert_done(&place.run(args));
        let json = place.run(&[args, &["--json"]].concat());
        assert_done(&json);
        serde_json::from_str::<Value>(&json.stdout).unwrap();
    }
    let unknown = place.run(&["trace", "1-6921dcb0-80c11c39b0c928905eb0828d", "--local"]);
    assert_eq!(unknown.code, 1);
    assert_eq!(place.run(&["trace", "first", "--local"]).code, 2);
}
