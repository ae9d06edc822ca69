//! JSON Lines: a header and a job a line, in two passes.

use std::io::{Seek as _, SeekFrom, Write as _};

use super::*;

const HEADER: &str = r#"{"version": 1, "name": "fleet", "defaults": {"tags": {"team": "data"}}}"#;

fn job(name: &str, bucket: &str) -> String {
    format!(r#"{{"name": "{name}", "type": "create-bucket", "bucket": "{bucket}"}}"#)
}

#[test]
fn a_header_and_a_job_a_line() {
    let text = format!(
        "\u{feff}\n  \n{HEADER}\r\n\n{}\r\n  {}",
        job("a", "acme-{job}"),
        job("b", "acme-b")
    );
    let file = load_text(&text).unwrap();
    assert_eq!(file.name, "fleet");
    let buckets: Vec<_> = file
        .jobs
        .iter()
        .map(|job| job.kind.bucket().unwrap())
        .collect();
    assert_eq!(buckets, ["acme-a", "acme-b"]);
    let job = serde_json::to_value(&file.jobs[0]).unwrap();
    assert_eq!(job["tags"], serde_json::json!({ "team": "data" }));
}

#[test]
fn lines_say_the_same_as_json() {
    let jobs = [job("a", "acme-a"), job("b", "acme-{account}")];
    let lines = load_text(&format!("{HEADER}\n{}", jobs.join("\n"))).unwrap();
    let header = HEADER.trim_end_matches('}');
    let json = load_text(&format!("{header}}}}}, \"jobs\": [{}]}}", jobs.join(","))).unwrap();
    assert_eq!(lines.jobs, json.jobs);
}

#[test]
fn a_fault_names_its_line() {
    let header = r#"{"version": 1, "name": "fleet", "defaults": {"regoin": "x", "tags": {"a": "{env:NOPE}"}}}"#;
    let unknown =
        r#"{"name": "c", "type": "create-bucket", "bucket": "acme-c", "vesioning": true}"#;
    let text = [
        header,
        &job("a", "acme-a"),
        "",
        "{,",
        &job("a", "acme-a"),
        unknown,
        &job("d", "acme-{x}"),
    ];
    assert_faults(
        &text.join("\n"),
        &[
            "a.json:1:46: defaults.regoin: unknown field `regoin`, did you mean `region`?",
            "a.json:1:75: defaults.tags.a: environment variable `NOPE` of template `{env:NOPE}` is not set",
            "a.json:4:2: not JSON: unexpected token in object",
            "a.json:5:10: name: job `a` stands in line 2 already, give the job a name of its own",
            "a.json:6:60: vesioning: unknown field `vesioning`, did you mean `versioning`?",
            "a.json:7:50: bucket: unknown template `{x}`, known are `account`, `region`, `job`, `env`, `date`, `rand`",
        ],
    );
    assert_faults(
        &[HEADER, &job("a", "acme"), &job("b", "acme")].join("\n"),
        &[
            "a.json:3:50: bucket: bucket `acme` has a job in line 2 already, keep one job for a bucket",
        ],
    );
}

#[test]
fn jobs_without_a_header_get_a_hint() {
    let faults = load_text(&[job("a", "acme-a"), job("b", "acme-b")].join("\n")).unwrap_err();
    assert!(
        faults
            .to_string()
            .contains("the first line of JSON Lines is the file's header"),
        "{faults}"
    );
}

#[test]
fn very_many_faults_are_counted() {
    let lines: Vec<_> = (0..500).map(|_| job("a", "Bad")).collect();
    let faults = load_text(&format!("{HEADER}\n{}", lines.join("\n"))).unwrap_err();
    assert_eq!((faults.told.len(), faults.count()), (100, 999));
}

#[test]
fn a_line_that_is_too_long_or_no_text_is_told() {
    let long = job("a", &"x".repeat(2 << 20));
    let faults = load_text(&[HEADER, &long, &job("b", "acme-b")].join("\n")).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "a.json:2:1: the line is longer than 1 MiB, make it shorter"
    );
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(format!("{HEADER}\n").as_bytes()).unwrap();
    file.write_all(b"\xff\n").unwrap();
    let faults = load(&[Document::of_file("b", file)], &context()).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "b:2:1: not UTF-8, save the file as UTF-8"
    );
}

#[test]
fn a_line_that_changes_after_the_check_is_the_error_of_its_job() {
    let jobs = [job("a", "acme-a"), job("b", "acme-b"), job("c", "acme-c")];
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(format!("{HEADER}\n{}", jobs.join("\n")).as_bytes())
        .unwrap();
    let mut same = file.try_clone().unwrap();
    let checked = load(&[Document::of_file("b", file)], &context()).unwrap();
    let jobs = |checked: &Checked| -> Vec<_> {
        let told = |job: Result<JobSpec, Fault>| match job {
            Ok(job) => job.name,
            Err(fault) => fault.to_string(),
        };
        checked.files[0].jobs().map(told).collect()
    };
    assert_eq!(jobs(&checked), ["a", "b", "c"]);
    let len = HEADER.len() as u64 + 1 + job("a", "acme-a").len() as u64 + 1;
    same.seek(SeekFrom::Start(len)).unwrap();
    same.write_all(job("B", "acme-B").as_bytes()).unwrap();
    same.set_len(len + job("B", "acme-B").len() as u64).unwrap();
    assert_eq!(
        jobs(&checked),
        [
            "a",
            "b:3:1: the line is another one since the file was checked, start the run again",
            "b: the line is gone since the file was checked, start the run again",
        ]
    );
}

#[test]
fn names_and_buckets_are_unique_in_all_files() {
    let lines = Document::new(
        "x.jsonl",
        format!("{HEADER}\n{}\n{}", job("a", "acme-a"), job("b", "acme-b")),
    );
    let json = Document::new(
        "y.json",
        file_with(&[&job("b", "acme-c"), &job("d", "acme-a")]),
    );
    let faults = load(&[lines, json], &context()).unwrap_err().to_string();
    assert_eq!(
        faults,
        "y.json:2:10: jobs[0].name: `b` stands in a job of x.jsonl already, run it once\n\
         y.json:3:50: jobs[1].bucket: `acme-a` stands in a job of x.jsonl already, run it once"
    );
}
