//! Console and terminal over one store: of one thing both tell one number, in the same words.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::program::Place;
use crate::serve::serve;

/// Wide enough for every column.
const WIDE: &str = "200";

fn now() -> f64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs_f64().floor()
}

/// A segment of a trace of its own, with microseconds that no summary tells.
fn segment(number: u32, now: f64, micros: u32, more: &Value) -> Value {
    let start = now - 600.0 + f64::from(number);
    let mut segment = json!({"trace_id": format!("1-{:08x}-{number:024x}", start as u64), "id": format!("{number:016x}"),
        "name": "web", "start_time": start, "end_time": start + f64::from(micros) / 1e6});
    segment
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    segment
}

/// A subsegment of the first 5 ms of a segment.
fn call(number: u32, now: f64, more: &Value) -> Value {
    let mut call = segment(number, now, 5000, more);
    call["id"] = format!("{:016x}", 0xa000 + number).into();
    call["name"] = "db".into();
    call["namespace"] = "remote".into();
    json!({"subsegments": [call]})
}

/// Traces of every kind, some with times between two milliseconds.
fn documents() -> Vec<Value> {
    let now = now();
    let mut documents: Vec<Value> = (1..=40)
        .map(|number| segment(number, now, 337 + number * number * 1451, &json!({})))
        .collect();
    let with = |number, mut more: Value, flags: Value| {
        let flags = flags.as_object().unwrap().clone();
        more.as_object_mut().unwrap().extend(flags);
        segment(number, now, 12_345, &more)
    };
    let throttled = |number| call(number, now, &json!({"error": true, "throttle": true}));
    documents.extend([
        with(41, throttled(41), json!({})),
        with(42, throttled(42), json!({"error": true})),
        with(43, json!({}), json!({"error": true, "throttle": true})),
        with(44, throttled(44), json!({"fault": true})),
        with(
            45,
            call(45, now, &json!({"fault": true})),
            json!({"error": true}),
        ),
        with(46, call(46, now, &json!({"error": true})), json!({})),
        with(
            47,
            call(47, now, &json!({"error": true})),
            json!({"error": true, "http": {"response": {"status": 404}}}),
        ),
    ]);
    // A failed root, of which a part goes on; its time so far is none of the durations.
    let mut goes_on = with(
        48,
        call(48, now, &json!({"in_progress": true})),
        json!({"fault": true}),
    );
    goes_on["subsegments"][0]
        .as_object_mut()
        .unwrap()
        .remove("end_time");
    documents.push(goes_on);
    documents
}

/// A page's text, tags left out.
fn text(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        let after = part.split_once('>').map_or(part, |(_, after)| after);
        text.push_str(after);
        text.push(' ');
    }
    let text = text.replace("&lt;", "<").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn page(server: &str, path: &str) -> String {
    let address = server.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// What stands between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"))
        .1;
    rest.split_once(after)
        .unwrap_or_else(|| panic!("no {after} in {rest}"))
        .0
}

fn in_terminal(place: &Place, args: &[&str]) -> String {
    let mut command = place.command(args);
    let ended = crate::program::ended(command.env("COLUMNS", WIDE));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout
}

/// Cells of a line that stand two spaces apart.
fn cells(line: &str) -> Vec<String> {
    let cells = line.split("  ").map(str::trim);
    cells
        .filter(|cell| !cell.is_empty())
        .map(str::to_owned)
        .collect()
}

fn place_with(documents: &[Value]) -> Place {
    let place = Place::new();
    let lines: String = documents
        .iter()
        .map(|document| format!("{document}\n"))
        .collect();
    place.write("traces.jsonl", lines);
    let imported = place.run(&["import", "traces.jsonl"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    place
}

#[test]
fn a_list_of_traces_is_the_same_in_console_and_terminal() {
    let documents = documents();
    let place = place_with(&documents);
    let served = serve(&place);
    let html = page(&served.xray, "/traces");
    let list = in_terminal(&place, &["traces", "--local"]);

    let figures = text(between(&html, "<h2>Duration</h2>", "</p>"));
    let line = list
        .lines()
        .find(|line| line.starts_with("duration: "))
        .unwrap();
    let line = line.strip_prefix("duration: ").unwrap();
    let told: Vec<&str> = line.split(", ").take(4).collect();
    assert_eq!(figures, told.join(" "), "{list}");

    for document in &documents {
        let id = document["trace_id"].as_str().unwrap();
        let row = text(between(&html, &format!("<tr id=\"{id}\">"), "</tr>"));
        let row = row.split_once(" min ago ").map_or(&*row, |(_, row)| row);
        let line = list.lines().find(|line| line.contains(id)).unwrap();
        let line = cells(line);
        // UTC, id, duration, status, and what is worse within.
        let [_, _, duration, status, rest @ ..] = &line[..] else {
            panic!("{line:?}")
        };
        let within = rest.first().filter(|cell| *cell != "web");
        let within = within.map_or_else(String::new, |within| format!(" {within} within"));
        let expected = format!("{status}{within} {duration} ");
        assert!(row.starts_with(&expected), "{row:?} is not {expected:?}");
    }
    for (id, status, within) in [
        (41, "ok", "throttle"),
        (42, "error", "throttle"),
        (45, "error", "fault"),
    ] {
        let line = list
            .lines()
            .find(|line| line.contains(&format!("{id:024x}")))
            .unwrap();
        assert_eq!(cells(line)[3..5], [status, within], "{line}");
    }
}

#[test]
fn the_numbers_of_the_map_are_the_same_in_console_and_terminal() {
    let place = place_with(&documents());
    let served = serve(&place);
    let html = page(&served.xray, "/");
    let map = in_terminal(&place, &["map", "--local", "--edges"]);
    let nodes = between(&html, "id=\"map-nodes\"", "</table>");
    assert!(
        text(nodes).contains("average and percentiles are response times"),
        "{nodes}"
    );
    assert!(map.contains("AVERAGE, P95: response times"), "{map}");
    for name in ["web", "db"] {
        let row = nodes
            .split("<tr>")
            .find(|row| row.contains(&format!("<bdi>{name}</bdi>")));
        let numbers: Vec<String> = row.unwrap().split("</td>").map(text).collect();
        // Average, p50, p95, p99, and what is after the last cell.
        let [average, _, p95, _, _] = &numbers[numbers.len() - 5..] else {
            panic!("{numbers:?}")
        };
        let table = map.split("NODE ").nth(1).unwrap();
        let line = table.lines().find(|line| line.starts_with(name)).unwrap();
        let line = cells(line);
        assert_eq!(
            line[line.len() - 2..],
            [average.clone(), p95.clone()],
            "{map}"
        );

        let panel = text(&page(&served.xray, &format!("/?node={name}")));
        for told in [format!("{average} on average"), format!("p95 {p95}")] {
            assert!(panel.contains(&told), "{told} in {panel}");
        }
    }
}
