//! The console over HTTP: what its answers allow a browser, what is kept, what is told live.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::local::{Local, entity, trace_id};

#[test]
fn a_page_may_do_nothing_but_what_it_is_for() {
    let local = Local::start();
    for path in [
        "/",
        "/traces",
        "/runs",
        "/jobs",
        "/rejects",
        "/filter?filter=x",
        "/traces/nothing",
        "/traces/nothing/compare",
    ] {
        let (head, body) = local.get(path, "");
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
             connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{path}: {header} in {head}");
        }
        assert!(!head.contains("access-control"), "{path}: {head}");
        assert!(!body.contains("style=\""), "{path}");
        assert!(!body.contains("<style"), "{path}");
        assert!(!body.contains("onclick"), "{path}");
    }
}

#[test]
fn pages_take_nothing() {
    let local = Local::start();
    for path in ["/", "/traces", "/runs/x", "/live"] {
        let answer = local.answer(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0\r\n"));
        assert!(answer.starts_with("http/1.1 405"), "{path}: {answer}");
    }
}

#[test]
fn words_of_an_address_that_are_not_known_are_told_with_those_that_are() {
    let local = Local::start();
    local.put(&[segment(1)]);
    let trace = trace_id(1);
    for (path, told) in [
        (
            format!("/traces/{trace}?tab=header"),
            "tab=header is not known: write overview, resources, annotations, metadata, exceptions or raw",
        ),
        (
            "/traces?sort=size".to_owned(),
            "sort=size is not known: write start, duration, status or service",
        ),
        (
            "/map/traces?since=9999d&node=Clients&status=late".to_owned(),
            "status=late is not known: write ok, error, throttle or fault",
        ),
        (
            "/runs?outcome=changed".to_owned(),
            "outcome=changed is not known: write running, failed, no end seen or done",
        ),
        (
            "/jobs?outcome=changed".to_owned(),
            "outcome=changed is not known: write running, failed, no end seen or done",
        ),
        (
            "/map/traces?since=9999d&node=Clients&min=1.5".to_owned(),
            "min=1.5 is no number of whole milliseconds",
        ),
    ] {
        let (head, body) = local.get(&path, "");
        assert!(head.starts_with("http/1.1 400"), "{path}: {head}");
        assert!(body.contains(told), "{path}: {body}");
    }
    let (head, _) = local.get(&format!("/traces/{trace}?tab=raw"), "");
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[test]
fn what_was_run_before_the_window_is_found() {
    let local = Local::start();
    let start = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        - 7200;
    local.put(&[json!({ "id": "0000000000000001", "trace_id": format!("1-{start:08x}-{:024x}", 1), "name": "fleet",
        "start_time": start, "end_time": start + 60,
        "annotations": { "run_id": "old", "job": "a", "outcome": "changed", "bucket": "b", "region": "us-east-1" } })]);
    let (head, body) = local.get("/jobs/unknown", "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(body.contains("no segment here is of a job"), "{body}");
    let (head, body) = local.get("/jobs/a", "");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(body.contains("It was not run in the last hour"), "{body}");
    let (_, body) = local.get("/jobs/a?since=3h", "");
    assert!(body.contains("b</bdi></span> <span"), "{body}");
    // What the page of a run links to is where the run is.
    let (_, body) = local.get("/runs/old", "");
    for link in [
        "/jobs/a?start=",
        "/traces?start=",
        "service=fleet",
        "segment=0000000000000001",
    ] {
        assert!(body.contains(link), "{link} in {body}");
    }
}

#[test]
fn the_foot_of_a_page_is_the_command_that_shows_the_same() {
    let local = Local::start();
    let documents = [segment(1), segment(2)].map(|mut segment| {
        let number = segment["id"].clone();
        segment["annotations"] = json!({ "run_id": "r 1", "job": number, "outcome": "changed" });
        segment
    });
    local.put(&documents);
    for (service, is_found) in [
        ("nobody", false),
        (documents[0]["name"].as_str().unwrap(), true),
    ] {
        let (_, body) = local.get(
            &format!("/jobs?start=2001-01-01T00:00:00Z&service={service}"),
            "",
        );
        assert_eq!(body.contains("No job is so"), !is_found, "{body}");
    }
    for (page, command) in [
        (
            "/runs?outcome=done&name=n&since=30d&page=2",
            "runs --outcome done --name n --since 30d --local",
        ),
        (
            "/runs/r%201?outcome=changed&find=-a&since=3h",
            "runs 'r 1' --outcome changed --find=-a --local",
        ),
        ("/runs/r%201/report", "runs 'r 1' --report markdown --local"),
        (
            "/jobs?find=a+b&outcome=no+end+seen",
            "jobs --outcome 'no end seen' --find 'a b' --local",
        ),
        ("/jobs?service=s", "jobs --service s --local"),
        (
            "/jobs/0000000000000001?service=s&outcome=done&since=7d",
            "jobs 0000000000000001 --outcome done --service s --since 7d --local",
        ),
        (
            "/rejects?code=InvalidName&page=3",
            "rejects --code InvalidName --local",
        ),
    ] {
        let (head, body) = local.get(page, "");
        assert!(head.starts_with("http/1.1 200"), "{page}: {head}");
        let foot = body.split_once("<footer").unwrap().1;
        assert!(
            foot.contains(&format!(">xray-ecs {command}<")),
            "{page}: {foot}"
        );
    }
}

#[test]
fn the_report_of_a_run_is_a_page() {
    let local = Local::start();
    let mut job = segment(1);
    job["name"] = json!("fleet");
    job["fault"] = json!(true);
    job["cause"] = json!({ "exceptions": [{ "id": "00000000000000ee", "type": "Io", "message": "<b>broken</b>" }] });
    job["annotations"] =
        json!({ "run_id": "r", "job": "a", "outcome": "failed", "bucket": "logs" });
    job["metadata"] = json!({ "default": { "changes": ["bucket: create"] } });
    local.put(&[job]);
    let (_, body) = local.get("/runs/r/report", "");
    for part in [
        "<h2>Failures</h2>",
        "<bdi>Io: &lt;b&gt;broken&lt;/b&gt;</bdi>",
        "<h2>Changes</h2>",
        "<li><bdi>bucket: create</bdi></li>",
        "<h2>Jobs</h2>",
        "<bdi>logs</bdi>",
        "href=\"/runs/r/report.md\"",
        "href=\"/runs/r/report.json\"",
        "# Run r: failed",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
}

#[test]
fn strangers_get_no_page() {
    let local = Local::start();
    let port = local.address.port();
    for headers in [
        "Origin: https://evil.example\r\n".to_owned(),
        format!("Origin: http://localhost:{}\r\n", port.wrapping_add(1)),
        "Origin: null\r\n".to_owned(),
    ] {
        let (head, _) = local.get("/", &headers);
        assert!(head.starts_with("http/1.1 403"), "{headers}: {head}");
    }
    let (head, _) = local.get("/live", "Origin: https://evil.example\r\n");
    assert!(head.starts_with("http/1.1 403"), "{head}");
}

#[test]
fn files_are_kept_and_pages_are_small() {
    let local = Local::start();
    let (head, page) = local.get("/", "");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let sheets = page
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next());
    let assets: Vec<&str> = sheets.filter(|link| link.starts_with("/assets/")).collect();
    assert!(assets.len() > 2, "{assets:?}");
    for asset in assets {
        let (head, _) = local.get(asset, "");
        assert!(head.starts_with("http/1.1 200"), "{asset}: {head}");
        assert!(head.contains("immutable"), "{asset}: {head}");
    }
    let (head, _) = local.get("/assets/0000000000000000/console.css", "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    let (head, _) = local.get_bytes("/", "Accept-Encoding: gzip\r\n");
    assert!(head.contains("content-encoding: gzip"), "{head}");
}

#[test]
fn what_is_no_page_is_told_to_people_and_to_programs() {
    let local = Local::start();
    let (head, body) = local.get("/nothing", "Accept: text/html,*/*\r\n");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(body.contains("there is no page at /nothing"), "{body}");
    let (head, body) = local.get("/nothing", "Accept: */*\r\n");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(
        head.contains("x-amzn-errortype: unknownoperationexception"),
        "{body}"
    );
}

/// The events of a connection.
struct Events(BufReader<TcpStream>);

#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Events {
    fn of(local: &Local, last: Option<&str>) -> Self {
        let last = last.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
        let stream = local.begin("/live", &last);
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Self(BufReader::new(stream))
    }

    /// The next event; none when the connection has ended.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event {
            name: String::new(),
            id: String::new(),
            data: Value::Null,
        };
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                _ if line.trim_end().is_empty() && !event.name.is_empty() => return Some(event),
                _ => {}
            }
        }
    }
}

fn segment(number: usize) -> Value {
    let id = format!("{number:016x}");
    entity(
        &id,
        1763790000.0,
        1763790001.0,
        json!({ "trace_id": trace_id(number) }),
    )
}

#[test]
fn what_happens_is_told_once_and_after_a_break_what_was_missed() {
    let local = Local::start();
    local.put(&[segment(1)]);
    let mut events = Events::of(&local, None);
    let here = events.next().unwrap();
    assert_eq!((here.name.as_str(), &here.data), ("here", &json!({})));

    local.put(&[segment(2), segment(3)]);
    let news = events.next().unwrap();
    let told = json!({ "traces": [trace_id(2), trace_id(3)], "more": false, "rejects": false, "telemetry": false });
    assert_eq!((news.name.as_str(), &news.data), ("news", &told));
    drop(events);

    local.put(&[segment(4)]);
    let refused = local.post(
        "/TraceSegments",
        &json!({ "TraceSegmentDocuments": ["no document"] }),
    );
    assert_eq!(
        refused["UnprocessedTraceSegments"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let mut events = Events::of(&local, Some(&news.id));
    let missed = events.next().unwrap();
    let told =
        json!({ "traces": [trace_id(4)], "more": false, "rejects": true, "telemetry": false });
    assert_eq!(missed.data, told);
    // Who is up to date is told nothing before something happens.
    let mut events = Events::of(&local, Some(&missed.id));
    local.put(&[segment(5)]);
    assert_eq!(events.next().unwrap().data["traces"], json!([trace_id(5)]));
    // What is from another store says nothing here.
    let mut events = Events::of(&local, Some("999.1.999.999"));
    assert_eq!(events.next().unwrap().data["more"], true);
    let mut events = Events::of(&local, Some("nonsense"));
    assert_eq!(events.next().unwrap().name, "here");
}

#[test]
fn many_traces_at_once_are_one_event() {
    let local = Local::start();
    let mut events = Events::of(&local, None);
    events.next().unwrap();
    let documents: Vec<Value> = (1..=300).map(segment).collect();
    local.put(&documents);
    let news = events.next().unwrap();
    assert_eq!(news.data["traces"].as_array().unwrap().len(), 100);
    assert_eq!(news.data["more"], true);
}

#[test]
fn who_listens_does_not_keep_the_server_from_stopping() {
    let mut local = Local::start();
    let mut events = Events::of(&local, None);
    events.next().unwrap();
    let before = Instant::now();
    local.stop();
    // It would wait five seconds for what does not end by itself.
    assert!(before.elapsed() < Duration::from_secs(4));
    assert_eq!(events.next(), None);
}
