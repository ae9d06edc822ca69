//! How fast pages of the console arrive: `cargo run --release -p local-xray --example pages` fills a store with a
//! map of 500 nodes and 700 edges, 1,000 traces, two traces of 10,000 segments, 60,000 jobs that link to one run, and
//! 500 runs of 200 jobs, each job a trace. It asks for each page again and again, and prints how long they take from
//! the request to the last byte, and their sizes. With the argument
//! `serve` it goes on serving them, for a browser.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use local_xray::{LocalXray, Store};
use serde_json::{Value, json};

const NODES: usize = 500;
const EDGES: usize = 700;
const TRACES: usize = 1000;
const SEGMENTS: usize = 10_000;
const LINKING_JOBS: usize = 60_000;
const RUNS: usize = 500;
const JOBS_OF_A_RUN: usize = 200;
/// How often each page is asked for.
const ROUNDS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut pages = Vec::new();
    let mut fill = |what: &str, age: u64, page: &str, documents: Vec<Value>| {
        let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
        for batch in texts.chunks(500) {
            let refused = store.put_trace_segments(batch, SystemTime::now().into());
            assert!(refused.is_ok_and(|refused| refused.is_empty()));
        }
        pages.push((what.to_owned(), page.replace("{}", &window(now - age))));
    };
    // Each in an hour of its own.
    fill(
        "map of 500 nodes, 700 edges",
        3600,
        "/?{}",
        services(now - 3600),
    );
    fill(
        "list of 1,000 traces",
        7200,
        "/traces?limit=1000&{}",
        traces(now - 7200),
    );
    let long = trace_id(now - 10_800, 1);
    let page = format!("/traces/{long}");
    fill(
        "trace of 10,000 segments",
        10_800,
        &page,
        segments(now - 10_800, "step"),
    );
    fill(
        "the same, one segment of it",
        10_800,
        &format!("{page}?segment={:016x}", 5000),
        Vec::new(),
    );
    let other = trace_id(now - 18_000, 1);
    fill(
        "the same beside another",
        18_000,
        &format!("{page}/compare?with={other}"),
        segments(now - 18_000, "other"),
    );
    // Asked for again, the page knows the links: the longest is the first.
    let run = trace_id(now - 100_000, 1);
    fill(
        "run that 60,000 jobs link to",
        100_000,
        &format!("/traces/{run}"),
        jobs(now - 100_000, &run),
    );
    fill(
        "the trace before that run",
        100_000,
        &format!("/traces/{run}/compare"),
        Vec::new(),
    );
    fill(
        "first page, few services",
        14_400,
        "/?{}",
        traces(now - 14_400).split_off(TRACES - 10),
    );
    let of_runs = [
        ("runs of 100,000 jobs", "/runs?{}"),
        ("one of these runs", "/runs/run-250?{}"),
        ("jobs, each 500 times", "/jobs?{}"),
        ("one of these jobs", "/jobs/job-100?{}"),
        ("list of 100,000 traces", "/traces?{}"),
        ("map of 100,000 traces", "/?{}"),
    ];
    for (place, (what, page)) in of_runs.into_iter().enumerate() {
        let documents = if place == 0 {
            runs(now - 21_600)
        } else {
            Vec::new()
        };
        fill(what, 21_600, page, documents);
    }

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = runtime.block_on(LocalXray::start(listener, store, Default::default()))?;
    let address = server.address();
    println!(
        "{:<30} {:>10} {:>10} {:>12} {:>10}",
        "page", "median", "longest", "bytes", "gzip"
    );
    for (what, page) in &pages {
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            bytes = get(address, page, "")?;
            times.push(start.elapsed());
        }
        times.sort();
        let compressed = get(address, page, "Accept-Encoding: gzip\r\n")?;
        let [median, longest] = [times[ROUNDS / 2], times[ROUNDS - 1]].map(milliseconds);
        println!("{what:<30} {median:>10} {longest:>10} {bytes:>12} {compressed:>10}");
    }
    if std::env::args().nth(1).as_deref() == Some("serve") {
        for (what, page) in &pages {
            println!("{what}: http://{address}{page}");
        }
        std::thread::park();
    }
    runtime.block_on(server.stop());
    Ok(())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Ten minutes from a second on.
fn window(second: u64) -> String {
    let time = |second: u64| {
        let time = chrono::DateTime::from_timestamp(second.cast_signed(), 0).unwrap();
        time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    format!("start={}&end={}", time(second - 60), time(second + 600))
}

/// Asks for a page, and tells how many bytes its body has.
fn get(address: SocketAddr, page: &str, headers: &str) -> Result<usize, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {page} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or("no head")?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(format!("{page}: {}", String::from_utf8_lossy(&answer[..head])).into());
    }
    Ok(answer.len() - head - 4)
}

fn trace_id(second: u64, number: usize) -> String {
    format!("1-{second:08x}-{number:024x}")
}

/// Services that call each other: each is called by one before it, as services are, and some by another.
fn services(second: u64) -> Vec<Value> {
    let call = |number: usize, from: usize, to: usize| {
        let trace_id = trace_id(second, number);
        let start = second as f64 + number as f64 / 10.0;
        let (caller, call, called) = (3 * number + 1, 3 * number + 2, 3 * number + 3);
        let [caller, call, called] = [caller, call, called].map(|id| format!("{id:016x}"));
        let is_root = from == 0;
        let mut documents = vec![
            json!({ "trace_id": trace_id, "id": caller, "name": format!("service-{from:03}"),
                "start_time": start, "end_time": start + 0.08,
                "subsegments": [{ "id": call, "name": format!("service-{to:03}"), "namespace": "remote",
                    "start_time": start + 0.01, "end_time": start + 0.07 }] }),
            json!({ "trace_id": trace_id, "id": called, "parent_id": call, "name": format!("service-{to:03}"),
                "start_time": start + 0.02, "end_time": start + 0.06, "fault": number.is_multiple_of(17) }),
        ];
        if !is_root {
            // Whoever calls is called from elsewhere: no client stands before each.
            documents[0]["parent_id"] = json!("ffffffffffffffff");
        }
        documents
    };
    let mut documents = Vec::new();
    for to in 1..NODES {
        documents.extend(call(to, (to - 1) / 3, to));
    }
    for number in NODES..=EDGES {
        let from = number * 7 % (NODES - 20);
        documents.extend(call(number, from, from + 1 + number % 19));
    }
    documents
}

/// Short traces of a shop.
fn traces(second: u64) -> Vec<Value> {
    let trace = |number: usize| {
        let start = second as f64 + number as f64 / 2.0;
        let seconds = 0.01 * (1 + number % 97) as f64;
        let status = [200, 200, 200, 200, 404, 200, 500][number % 7];
        json!({ "trace_id": trace_id(second, number), "id": format!("{:016x}", number + 1), "name": "shop",
            "start_time": start, "end_time": start + seconds, "error": status == 404, "fault": status == 500,
            "annotations": { "customer": format!("customer-{}", number % 40), "basket": number % 12 },
            "http": { "request": { "method": "GET", "url": format!("https://shop.example/orders/{number}") },
                "response": { "status": status } },
            "subsegments": [{ "id": format!("{:016x}", 1_000_000 + number), "name": "DynamoDB", "namespace": "aws",
                "aws": { "operation": "GetItem", "table_name": "orders" },
                "start_time": start + 0.001, "end_time": start + seconds / 2.0 }] })
    };
    (0..TRACES).map(trace).collect()
}

/// A run, and jobs that link to it.
fn jobs(second: u64, run: &str) -> Vec<Value> {
    let segment = |number: usize| {
        let start = second as f64 + number as f64 / 100.0;
        let (name, links) = match number {
            1 => ("fleet run", json!([])),
            _ => (
                "fleet",
                json!([{ "trace_id": run, "id": format!("{:016x}", 1) }]),
            ),
        };
        json!({ "trace_id": trace_id(second + number as u64 / 100, number), "id": format!("{number:016x}"), "name": name,
            "start_time": start, "end_time": start + 1.0, "links": links,
            "annotations": { "run_id": "run", "bucket": format!("bucket-{number}") },
            "subsegments": [{ "id": format!("{:016x}", 1_000_000 + number), "name": "S3", "namespace": "aws",
                "aws": { "operation": "HeadBucket" }, "start_time": start, "end_time": start + 0.5 }] })
    };
    (1..=LINKING_JOBS).map(segment).collect()
}

/// A trace of many services, each called by one before it; every other has a name with this word.
fn segments(second: u64, word: &str) -> Vec<Value> {
    let segment = |number: usize| {
        let start = second as f64 + number as f64 / 1000.0;
        let name = match number % 2 {
            0 => format!("step {number}"),
            _ => format!("{word} {number}"),
        };
        let mut segment = json!({ "trace_id": trace_id(second, 1), "id": format!("{number:016x}"),
            "name": name, "start_time": start,
            "end_time": start + (SEGMENTS - number + 1) as f64 / 500.0, "fault": number.is_multiple_of(1000) });
        if number > 1 {
            segment["parent_id"] = json!(format!("{:016x}", number / 8 + 1));
        }
        segment
    };
    (1..=SEGMENTS).map(segment).collect()
}

/// Runs that began a second after each other, each of the same jobs.
fn runs(second: u64) -> Vec<Value> {
    let segment = |run: usize, job: usize| {
        let number = run * (JOBS_OF_A_RUN + 1) + job;
        let start = second as f64 + run as f64 + job as f64 / 1000.0;
        let mut segment = json!({ "trace_id": trace_id(second + run as u64, 1_000_000 + number),
            "id": format!("{:016x}", 2_000_000 + number), "name": "nightly", "start_time": start,
            "end_time": start + 0.2, "annotations": { "run_id": format!("run-{run}"), "outcome": "changed" } });
        if job == 0 {
            segment["name"] = json!("nightly run");
            segment["annotations"]["outcome"] = json!("done");
        } else {
            segment["annotations"]["job"] = json!(format!("job-{job}"));
            segment["subsegments"] = json!([{ "id": format!("{:016x}", 4_000_000 + number), "name": "attempt 1",
                "start_time": start, "end_time": start + 0.2 }]);
        }
        segment
    };
    let of_run = |run: usize| (0..=JOBS_OF_A_RUN).map(move |job| segment(run, job));
    (0..RUNS).flat_map(of_run).collect()
}
