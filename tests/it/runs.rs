//! `xray-ecs runs`, `jobs` and `rejects`: of a directory, and of what stands in for AWS.

use serde_json::{Value, json};

use crate::program::{Ended, Place, ended};
use crate::serve::serve;

/// The moment at which the runs of `night` began.
const START: u64 = 1_000_000_000;

/// The time in which they lie, and much around it.
const NIGHT: [&str; 4] = [
    "--since",
    "2001-09-08T12:00:00Z",
    "--until",
    "2001-09-09T12:00:00Z",
];

fn segment(number: u64, name: &str, seconds: (f64, Option<f64>), more: Value) -> Value {
    let start = START as f64 + seconds.0;
    let mut segment = json!({ "id": format!("{number:016x}"), "name": name, "start_time": start,
        "trace_id": format!("1-{:08x}-{number:024x}", start as u64) });
    match seconds.1 {
        Some(end) => segment["end_time"] = json!(START as f64 + end),
        None => segment["in_progress"] = json!(true),
    }
    match more {
        Value::Object(members) => segment.as_object_mut().unwrap().extend(members),
        other => panic!("members, not {other}"),
    }
    segment
}

/// A directory with a run that failed, one that is done, and one whose worker was killed.
fn night(place: &Place) {
    let cause = |message: &str| json!({ "exceptions": [{ "id": "00000000000000ee", "type": "ExitCode", "message": message }] });
    let annotated = |run: &str, job: Option<&str>, outcome: Option<&str>| {
        let mut annotations = json!({ "run_id": run });
        let given = [("job", job), ("outcome", outcome)];
        for (key, value) in given
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
        {
            annotations[key] = json!(value);
        }
        annotations
    };
    let attempt = |number: u64, seconds: (f64, f64), more: Value| {
        segment(number, "attempt 1", (seconds.0, Some(seconds.1)), more)
    };
    let totals = json!({ "default": { "totals": { "jobs": 3, "changed": 1, "failed": 2 } } });
    let documents = [
        segment(
            1,
            "fleet run",
            (0.0, Some(9.0)),
            json!({ "fault": true, "metadata": totals,
            "annotations": annotated("f856c315d8f64289", None, Some("failed")) }),
        ),
        segment(
            2,
            "fleet",
            (1.0, Some(2.5)),
            json!({ "annotations": annotated("f856c315d8f64289", Some("logs"), Some("changed")),
            "metadata": { "default": { "changes": ["bucket: create in us-east-1"] } } }),
        ),
        segment(
            3,
            "fleet",
            (1.0, Some(1.25)),
            json!({ "fault": true, "cause": cause("`sh` exited with code 3"),
            "subsegments": [attempt(4, (1.0, 1.1), json!({ "fault": true, "cause": cause("no such table") })),
                attempt(5, (1.1, 1.25), json!({ "fault": true, "cause": cause("`sh` exited with code 3") }))],
            "annotations": annotated("f856c315d8f64289", Some("photos"), Some("failed")) }),
        ),
        segment(
            6,
            "fleet run",
            (60.0, Some(62.0)),
            json!({ "annotations": annotated("0abc", None, Some("done")) }),
        ),
        segment(
            7,
            "fleet",
            (60.5, Some(61.0)),
            json!({ "annotations": annotated("0abc", Some("logs"), Some("unchanged")) }),
        ),
        segment(
            8,
            "night run",
            (90.0, Some(95.0)),
            json!({ "fault": true,
            "annotations": annotated("killed", None, Some("stopped")) }),
        ),
        segment(
            9,
            "night",
            (91.0, None),
            json!({ "annotations": annotated("killed", Some("photos"), None),
            "links": [{ "trace_id": format!("1-{:08x}-{:024x}", START + 90, 8), "id": format!("{:016x}", 8),
                "attributes": { "aws.xray.reserved.reference_type": "parent" } }] }),
        ),
    ];
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    place.write("night.jsonl", lines.join("\n"));
    let imported = place.run(&["import", "night.jsonl"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
}

/// A command about the night, of the directory.
fn local(place: &Place, args: &[&str]) -> Ended {
    place.run(&[args, &NIGHT, &["--local"]].concat())
}

#[test]
fn runs_and_jobs_are_listed_and_shown() {
    let place = Place::new();
    night(&place);
    for (name, args) in [
        ("runs", &["runs"][..]),
        ("run", &["runs", "f856c315d8f64289"]),
        ("jobs", &["jobs"]),
        ("job", &["jobs", "logs"]),
    ] {
        let told = local(&place, args);
        assert_eq!(told.code, 0, "{}", told.stderr);
        insta::assert_snapshot!(name, told.stdout);
    }
}

#[test]
fn lists_are_narrowed_and_machines_read_them() {
    let place = Place::new();
    night(&place);
    let names = |args: &[&str], list: &str, key: &str| {
        let told = local(&place, &[args, &["--json"]].concat());
        let told: Value = serde_json::from_str(&told.stdout).unwrap();
        let listed = told[list].as_array().unwrap().iter();
        let names: Vec<String> = listed
            .map(|one| one[key].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    let runs = |args: &[&str]| names(&[&["runs"], args].concat(), "runs", "run_id");
    assert_eq!(runs(&[]), "killed 0abc f856c315d8f64289");
    assert_eq!(runs(&["--limit", "2"]), "killed 0abc");
    assert_eq!(runs(&["--outcome", "failed"]), "killed f856c315d8f64289");
    assert_eq!(runs(&["--name", "fleet", "--outcome", "done"]), "0abc");
    let jobs = |args: &[&str]| names(&[&["jobs"], args].concat(), "jobs", "service");
    assert_eq!(jobs(&[]), "fleet night fleet");
    assert_eq!(jobs(&["--find", "PHOTO"]), "fleet night");
    assert_eq!(jobs(&["--service", "night"]), "night");
    assert_eq!(jobs(&["--outcome", "no end seen"]), "night");
    assert_eq!(
        names(&["jobs", "logs"], "runs", "outcome"),
        "unchanged changed"
    );
    assert_eq!(
        names(&["jobs", "logs", "--outcome", "changed"], "runs", "run_id"),
        "f856c315d8f64289"
    );
    let one = |args: &[&str]| local(&place, &[&["runs", "f856c315d8f64289"], args].concat()).stdout;
    assert_eq!(one(&["--json"]), one(&["--report", "json"]));
    let failed: Value = serde_json::from_str(&one(&["--json", "--outcome", "failed"])).unwrap();
    assert_eq!(failed["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(
        failed["jobs"][0]["error"]["message"],
        "ExitCode: `sh` exited with code 3"
    );
    assert!(one(&["--report", "markdown"]).starts_with("# Run f856c315d8f64289: failed\n"));
    assert!(!one(&["--find", "log"]).contains("photos"));
    let limited: Value = serde_json::from_str(&one(&["--json", "--limit", "1"])).unwrap();
    assert_eq!(limited["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(limited["started_at"], "2001-09-09T01:46:40Z");
    let listed = local(&place, &["runs", "--json", "--name", "fleet"]).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["runs"][1]["started_at"], limited["started_at"]);
    let before = [
        "--since",
        "2001-09-08T12:00:00Z",
        "--until",
        "2001-09-09T01:47:00Z",
    ];
    let latest = place.run(&[&["runs", "latest", "--local"], &before[..]].concat());
    assert!(
        latest.stdout.contains("f856c315d8f64289"),
        "{}",
        latest.stdout
    );
}

#[test]
fn what_is_not_there_is_told() {
    let place = Place::new();
    night(&place);
    for (args, code, told) in [
        (&["runs", "unknown", "--local"][..], 1, "no run unknown"),
        (&["jobs", "unknown", "--local"], 1, "no job unknown"),
        (
            &["jobs", "logs", "--local"],
            1,
            "job logs was not run in the last 1h",
        ),
        (
            &["runs", "--local"],
            1,
            "no runs in the last 1h; the newest began at 2001-09-09 01:48:10 UTC: --since ",
        ),
        (
            &["runs", "--local", "--until", "2001-09-08T12:00:00Z"],
            1,
            ": --since 2001-09-09T01:48:10Z without --until shows it",
        ),
        (
            &["runs", "latest", "--local", "--since", "1h"],
            1,
            "no run in the last 1h: --since looks further back",
        ),
        (
            &["jobs", "--local", "--find", "log"],
            1,
            r#"no job with "log" in its name was run in the last 1h: --since"#,
        ),
        (
            &[
                "jobs",
                "logs",
                "--service",
                "night",
                "--local",
                "--since",
                "2001-09-08T12:00:00Z",
            ],
            1,
            "UTC, but not of service night",
        ),
        (
            &["runs", "0abc", "--local", "--outcome", "failed"],
            1,
            "no job is so",
        ),
        (&["runs", "0abc", "--local", "--json", "--find", "x"], 1, ""),
        (
            &["runs", "--local", "--outcome", "x"],
            2,
            "write one of `running`, `failed`, `no end seen`, `done`",
        ),
        (&["jobs", "--local", "--outcome", "x"], 2, "write one of"),
        (&["runs", "--local", "--report", "json"], 2, "RUN_ID"),
        (&["runs", "--local", "--max-traces", "9"], 2, "--max-traces"),
        (
            &["rejects"],
            2,
            "rejects needs --local: X-Ray itself keeps nothing",
        ),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{args:?}: {}", ended.stderr);
    }
    // A run is found whenever it was.
    assert_eq!(place.run(&["runs", "0abc", "--local"]).code, 0);
    let latest = place.run(&["runs", "latest", "--local"]);
    assert!(
        latest.stdout.starts_with("night: stopped"),
        "{}",
        latest.stdout
    );
}

#[test]
fn aws_is_asked_for_the_traces_that_name_a_run() {
    let place = Place::new();
    night(&place);
    let served = serve(&place);
    let of_aws = |args: &[&str]| {
        let mut command = place.command(&[args, &NIGHT].concat());
        command
            .env("AWS_ENDPOINT_URL_XRAY", &served.xray)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local");
        ended(&mut command)
    };
    for args in [
        &["runs"][..],
        &["runs", "f856c315d8f64289"],
        &["runs", "latest", "--json"],
        &["jobs"],
        // Whether its run is over, another trace tells.
        &["jobs", "photos"],
    ] {
        let (told, expected) = (of_aws(args), local(&place, args));
        assert_eq!((told.code, &*told.stderr), (0, ""), "{args:?}");
        assert_eq!(told.stdout, expected.stdout, "{args:?}");
    }
    let few = of_aws(&["runs", "--max-traces", "2"]);
    assert!(
        few.stderr
            .contains("only 2 traces of these from 2001-09-08"),
        "{}",
        few.stderr
    );
    assert!(!few.stdout.contains("f856c315d8f64289"), "{}", few.stdout);
    let none = of_aws(&["runs", "unknown"]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""));
    assert!(
        none.stderr.contains("--since looks further back"),
        "{}",
        none.stderr
    );
}
