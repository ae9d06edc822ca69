//! Traces taken from one X-Ray to another: export and import, one document a line.

use serde_json::{Value, json};

use std::time::Instant;

use crate::program::{PATIENCE, Place, Running, ended};
use crate::serve::serve;

fn summaries(place: &Place, dir: &str) -> Value {
    let list = place.run(&["traces", &format!("--local={dir}"), "--json"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    serde_json::from_str(&list.stdout).unwrap()
}

#[test]
fn what_is_exported_and_imported_is_what_was_there() {
    let place = Place::new();
    let run = place.run(&["run", "--local=one", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let exported = place.run(&["export", "--local=one"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    assert!(exported.stdout.lines().count() >= 2, "{}", exported.stdout);
    place.write("traces.jsonl", &exported.stdout);
    let imported = place.run(&["import", "traces.jsonl", "--local=two"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    assert!(
        imported.stdout.ends_with("of 2 traces imported\n"),
        "{}",
        imported.stdout
    );
    assert_eq!(summaries(&place, "two"), summaries(&place, "one"));

    // One of them alone, and the other way round through a pipe.
    let id = summaries(&place, "one")["TraceSummaries"][0]["Id"].clone();
    let id = id.as_str().unwrap();
    let one = place.run(&["export", id, "--local=one"]);
    assert!(
        one.stdout.lines().all(|line| line.contains(id)),
        "{}",
        one.stdout
    );
    let unknown = place.run(&[
        "export",
        "1-00000001-000000000000000000000001",
        "--local=one",
    ]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (1, ""));
}

#[test]
fn a_trace_of_a_service_is_exported_as_it_was_sent() {
    let place = Place::new();
    let served = serve(&place);
    let run = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let list = summaries(&place, ".xray-ecs");
    let id = list["TraceSummaries"][0]["Id"].as_str().unwrap();
    let mut command = place.command(&["export", id]);
    command
        .env("AWS_ENDPOINT_URL_XRAY", &served.xray)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    let exported = ended(&mut command);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    for line in exported.stdout.lines() {
        let document: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&document["trace_id"], &document["inferred"]),
            (&json!(id), &Value::Null)
        );
    }
    let nothing = place.run(&["export"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("--local"), "{}", nothing.stderr);
}

#[test]
fn lines_that_are_refused_are_told_and_lose_no_neighbour() {
    let place = Place::new();
    let document = |id: &str, name: &str| {
        json!({ "trace_id": "1-69214cb0-000000000000000000000001", "id": id, "name": name,
            "start_time": 1, "end_time": 2 })
        .to_string()
    };
    let good = document("00000000000000a1", "good");
    let bad = document("00000000000000a2", "what?");
    let text = format!(
        "{good}\nnonsense\n\n{bad}\n{}\n",
        document("00000000000000a3", "last")
    );
    let mut bytes = text.into_bytes();
    bytes.extend(b"\xff\xfe\n");
    place.write("mixed.jsonl", bytes);
    let imported = place.run(&["import", "mixed.jsonl"]);
    assert_eq!(imported.code, 1);
    assert_eq!(
        imported.stdout,
        "2 documents of 1 trace imported, 3 lines refused\n"
    );
    let refused: Vec<_> = imported.stderr.lines().collect();
    assert_eq!(
        refused,
        [
            "line 2: Invalid segment. ErrorCode: ParseError",
            "line 4: Invalid segment. ErrorCode: InvalidName",
            "line 6: Invalid segment. ErrorCode: ParseError",
        ]
    );
    let absent = place.run(&["import", "absent.jsonl", "--local=other"]);
    assert_eq!(absent.code, 2);
    assert!(absent.stderr.contains("absent.jsonl"), "{}", absent.stderr);
    assert!(!place.path().join("other").exists(), "nothing was made");
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let place = Place::new();
    for (flag, value) in [
        ("--keep", "0d"),
        ("--keep", "soon"),
        ("--keep-bytes", "2 apples"),
        ("--keep-bytes", "100kB"),
    ] {
        let refused = place.run(&["local", flag, value]);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(flag), "{}", refused.stderr);
    }
}

/// Serves with these flags until `is_done` says so of the number of traces that are left.
fn serve_until(place: &Place, flags: &[&str], is_done: impl Fn(usize) -> bool) {
    let ports = "local --listen 127.0.0.1:0 --s3 127.0.0.1:0 --daemon 127.0.0.1:0";
    let args: Vec<&str> = ports.split(' ').chain(flags.iter().copied()).collect();
    let running = Running::start(place.command(&args));
    running.line("export AWS_ENDPOINT_URL_S3=");
    let deadline = Instant::now() + PATIENCE;
    while !is_done(exported(place)) {
        assert!(Instant::now() < deadline, "{flags:?} removed nothing");
    }
}

fn exported(place: &Place) -> usize {
    place.run(&["export", "--local"]).stdout.lines().count()
}

#[test]
fn a_server_keeps_what_it_is_told_to_and_a_run_after_it_no_less() {
    let place = Place::new();
    let filler = "x".repeat(60_000);
    let documents: String = (0..500)
        .map(|number| {
            let document = json!({ "trace_id": format!("1-69214cb0-{number:024x}"),
                "id": "00000000000000a1", "name": "kept", "start_time": 1, "end_time": 2,
                "metadata": { "filler": filler } });
            format!("{document}\n")
        })
        .collect();
    place.write("many.jsonl", documents);
    let imported = place.run(&["import", "many.jsonl"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    serve_until(&place, &["--keep-bytes", "20MB"], |left| left < 500);
    let left = exported(&place);
    assert!((200..400).contains(&left), "about 20 MB of 30: {left}");
    serve_until(&place, &["--keep", "1s"], |left| left == 0);
    // What was set holds for what comes after.
    let imported = place.run(&["import", "many.jsonl"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    serve_until(&place, &[], |left| left == 0);
}
