//! `xray-ecs traces`, `trace` and `rejects`: sorted, narrowed, refused documents, pictures.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::Place;

const NAME: &str = "bucket creation";

fn place_with_traces() -> Place {
    let place = Place::new();
    let run = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    place
}

fn services(place: &Place, args: &[&str]) -> Vec<String> {
    let list = place.run(&[&["traces", "--local", "--json"], args].concat());
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let summaries = list["TraceSummaries"].as_array().unwrap().iter();
    let name = |summary: &Value| summary["EntryPoint"]["Name"].as_str().unwrap().to_owned();
    summaries.map(name).collect()
}

#[test]
fn traces_come_in_the_order_and_number_that_is_asked_for() {
    let place = place_with_traces();
    let run = "bucket creation run";
    assert_eq!(services(&place, &["--sort", "service"]), [NAME, run]);
    assert_eq!(
        services(&place, &["--sort", "service", "--reverse"]),
        [run, NAME]
    );
    assert_eq!(
        services(&place, &["--sort", "duration", "--limit", "1"]),
        [run]
    );
    let list = place.run(&["traces", "--local", "--limit", "1"]);
    assert!(
        list.stdout.contains("1 more trace beyond --limit"),
        "{}",
        list.stdout
    );
    assert!(list.stdout.contains("2 traces: 2 ok"), "{}", list.stdout);
}

#[test]
fn flags_narrow_the_list_and_show_the_expression_that_they_make() {
    let place = place_with_traces();
    let narrowed = ["--annotation", "outcome=changed", "--filter", "fault OR ok"];
    assert_eq!(services(&place, &narrowed), [NAME]);
    let list = place.run(&[&["traces", "--local"], &narrowed[..]].concat());
    let expression = "filter: annotation.outcome = \"changed\" AND (fault OR ok)\n";
    assert_eq!((list.code, &*list.stderr), (0, expression));
    // A number is no text.
    assert_eq!(services(&place, &["--annotation", "attempt=1"]), [NAME]);
    let text = place.run(&["traces", "--local", "--annotation", "attempt=\"1\""]);
    assert_eq!((text.code, &*text.stdout), (1, ""));
    assert!(
        text.stderr.contains("no trace matches the filter"),
        "{}",
        text.stderr
    );
    let wrong = place.run(&["traces", "--local", "--annotation", "attempt"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("KEY=VALUE"), "{}", wrong.stderr);
}

fn post(server: &str, path: &str, body: &str) -> String {
    let address = server.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: \
         {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_was_refused_is_listed_with_what_to_mend() {
    let place = place_with_traces();
    let none = place.run(&["rejects", "--local"]);
    assert_eq!(none.code, 0, "{}", none.stderr);
    assert!(none.stdout.contains("No documents were refused"));
    let served = crate::serve::serve(&place);
    let document = json!({"id": "70de5b6f19ff9a0a", "name": "shop (v2)", "start_time": 1, "end_time": 2,
        "trace_id": "1-69214cb0-00000000000000000000000a"});
    let body = json!({"TraceSegmentDocuments": [document.to_string()]}).to_string();
    let answer = post(&served.xray, "/TraceSegments", &body);
    assert!(answer.contains("InvalidName"), "{answer}");
    // While the server runs.
    let list = place.run(&["rejects", "--local"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    for part in [
        "InvalidName: 1 document",
        "holds `(` `)`",
        "1-69214cb0-00000000000000000000000a",
    ] {
        assert!(list.stdout.contains(part), "{part} in {}", list.stdout);
    }
    let list = place.run(&["rejects", "--local", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["Rejects"][0]["ErrorCode"], "InvalidName");
    assert_eq!(list["Rejects"][0]["Document"], document.to_string());
    let other = place.run(&["rejects", "--local", "--code", "MissingId"]);
    assert!(
        other
            .stdout
            .contains("No documents were refused with this code, 1 with others."),
        "{}",
        other.stdout
    );
    // The daemon of the server reports beside them.
    let body = json!({"Hostname": "host-a", "TelemetryRecords": [{"Timestamp": 1_763_790_000,
        "SegmentsReceivedCount": 7, "SegmentsSentCount": 5, "SegmentsSpilloverCount": 2}]});
    post(&served.xray, "/TelemetryRecords", &body.to_string());
    let list = place.run(&["rejects", "--local"]).stdout;
    let of_daemon = list.lines().find(|line| line.starts_with("host-a"));
    assert!(of_daemon.is_some_and(|line| line.contains("7")), "{list}");
}

#[test]
fn a_trace_is_drawn_into_a_file_or_to_stdout() {
    let place = place_with_traces();
    let drawn = place.run(&["trace", "latest", "--local", "--svg", "t.svg"]);
    assert_eq!((drawn.code, &*drawn.stdout), (0, ""));
    let svg = place.read("t.svg");
    assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
    assert_eq!(
        place
            .run(&["trace", "latest", "--local", "--svg", "-"])
            .stdout,
        svg
    );
    let nowhere = place.run(&["trace", "latest", "--local", "--svg", "no/t.svg"]);
    assert_eq!(nowhere.code, 2);
    assert!(
        nowhere.stderr.contains("write no/t.svg"),
        "{}",
        nowhere.stderr
    );
    let level = place.run(&["trace", "latest", "--local", "--level", "0"]);
    assert_eq!(level.code, 2);
}

#[test]
fn what_is_no_filter_expression_is_told_by_its_column_before_anything_is_asked() {
    let place = Place::new();
    for command in ["traces", "map"] {
        let refused = place.run(&[command, "--local", "--filter", "fault AND durration > 3"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
        assert!(refused.stderr.contains("column 11"), "{}", refused.stderr);
        assert!(refused.stderr.contains("duration"), "{}", refused.stderr);
        let caret = "fault AND durration > 3\n          ^\n";
        assert!(refused.stderr.contains(caret), "{}", refused.stderr);
    }
}

/// A directory with one trace, of 2001.
fn old(place: &Place) {
    place.write(
        "old.jsonl",
        r#"{"trace_id":"1-3b9aca00-000000000000000000000001","id":"00000000000000a1",
            "name":"old","start_time":1000000000,"end_time":1000000001}"#
            .replace('\n', " "),
    );
    let imported = place.run(&["import", "old.jsonl"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
}

#[test]
fn an_empty_window_tells_where_the_traces_are() {
    let place = Place::new();
    old(&place);
    for command in ["traces", "map"] {
        let none = place.run(&[command, "--local", "--since", "90m"]);
        assert_eq!((none.code, none.stdout.as_str()), (1, ""));
        let told =
            "no traces in the last 1h30m; the newest began at 2001-09-09 01:46:40 UTC: --since ";
        let days = none
            .stderr
            .strip_prefix(told)
            .unwrap_or_else(|| panic!("{}", none.stderr));
        let days = days.split_once(' ').unwrap().0;
        let found = place.run(&[command, "--local", "--since", days]);
        assert_eq!(found.code, 0, "{days}: {}", found.stderr);
        let filtered = place.run(&[command, "--local", "--since", days, "--filter", "fault"]);
        assert_eq!(filtered.code, 1);
        assert_eq!(filtered.stderr, "no trace matches the filter\n");
    }
    let latest = place.run(&["trace", "latest", "--local"]);
    assert_eq!(latest.code, 0, "{}", latest.stderr);
}

#[test]
fn a_window_may_lie_in_the_past() {
    let place = Place::new();
    old(&place);
    let ask = |arguments: &str| {
        let mut args = vec!["traces", "--local"];
        args.extend(arguments.split(' '));
        place.run(&args)
    };
    for (arguments, code) in [
        (
            "--since 2001-09-09T01:46:00Z --until 2001-09-09T01:47:00Z",
            0,
        ),
        (
            "--since 2001-09-09T01:46:00Z --until 2001-09-09T01:46:30Z",
            1,
        ),
        ("--since 5m --until 2001-09-09T01:50:00Z", 0),
        ("--since 1m --until 2001-09-09T01:50:00Z", 1),
        ("--since 2001-09-09T03:46:00+02:00", 0),
        ("--since 2001-09-09T01:46:42Z", 1),
    ] {
        let asked = ask(arguments);
        assert_eq!(asked.code, code, "{arguments}: {}", asked.stderr);
    }
    let none = ask("--since 1m --until 2001-09-09T01:50:00Z").stderr;
    let told = "no traces in the 1m until 2001-09-09 01:50:00 UTC; the newest began at 2001-09-09 01:46:40 UTC: \
        --since 2001-09-09T01:46:40Z without --until shows it";
    assert!(none.contains(told), "{none}");
    assert_eq!(ask("--since 2001-09-09T01:46:40Z").code, 0);
    for (arguments, told) in [
        (
            "--since 2026-01-02T00:00:00Z --until 2026-01-01T00:00:00Z",
            "the window ends before it begins",
        ),
        ("--since 9999-01-01T00:00:00Z", "--since is in the future"),
        ("--since 2026-01-02T00", "write a time such as"),
        ("--since soon", "or a time such as"),
        ("--until now", "write a time such as"),
    ] {
        let refused = ask(arguments);
        assert_eq!(refused.code, 2, "{arguments}");
        assert!(
            refused.stderr.contains(told),
            "{arguments}: {}",
            refused.stderr
        );
    }
}

#[test]
fn a_directory_after_local_is_told_how_to_write_it() {
    let place = Place::new();
    for command in ["traces", "map"] {
        let refused = place.run(&[command, "--local", ".xray-ecs"]);
        assert_eq!(refused.code, 2);
        assert!(
            refused.stderr.contains("--local=.xray-ecs"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_of_an_export() {
    let place = Place::new();
    let document = "x".repeat(30_000);
    let lines: String = (0..20)
        .map(|number| {
            format!(
                "{{\"trace_id\":\"1-3b9aca00-{number:024x}\",\"id\":\"00000000000000a1\",\"name\":\"n\",\
                 \"start_time\":1,\"end_time\":2,\"metadata\":{{\"x\":\"{document}\"}}}}\n"
            )
        })
        .collect();
    place.write("many.jsonl", lines);
    assert_eq!(place.run(&["import", "many.jsonl"]).code, 0);
    let mut export = place.command(&["export", "--local"]);
    export.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut export = export.spawn().unwrap();
    drop(export.stdout.take());
    let ended = export.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
