//! A store filled through the API, then asked: `cargo run --release -p local-xray --example load -- [SEGMENTS]`
//! prints how fast it takes segments of 1 KB in batches of 50 over as many connections as a daemon
//! has at work, how fast it answers, how much memory
//! the server needs and how large the file grows. The server is a process of its own.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local_xray::{LocalXray, STORE_FILE, Store};
use serde_json::json;

#[path = "../benches/segment/mod.rs"]
mod segment;

use segment::{FIRST_SECS, document, trace_id};

const BATCH: usize = 50;
/// How many requests are underway at once.
const CONNECTIONS: usize = 4;
/// How many batches each connection sends before more are made.
const AT_ONCE: usize = 100;
/// The traces that graph and filter look at.
const TRACES: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("serve") => serve(Path::new(&arguments.next().ok_or("name a directory")?)),
        segments => load(segments.map_or(Ok(1_000_000), str::parse)?),
    }
}

fn serve(dir: &Path) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = LocalXray::start(listener, Store::open(dir)?, Default::default()).await?;
        println!("{}", server.address());
        std::future::pending().await
    })
}

/// A connection to the server.
struct Client {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: &str) -> Result<Self, Box<dyn Error>> {
        let stream = BufReader::new(TcpStream::connect(address)?);
        stream.get_ref().set_nodelay(true)?;
        Ok(Self {
            address: address.to_owned(),
            stream,
        })
    }

    /// Asks, and gives the answer.
    fn post(&mut self, path: &str, body: &str) -> Result<String, Box<dyn Error>> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.stream.get_mut().write_all(body.as_bytes())?;
        let (mut length, mut line, mut status) = (0, String::new(), String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let lower = line.trim().to_ascii_lowercase();
            if status.is_empty() {
                status.clone_from(&lower);
            }
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if lower.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        let answer = String::from_utf8(answer)?;
        if !status.contains(" 200 ") {
            return Err(format!("{path}: {status} {answer}").into());
        }
        Ok(answer)
    }
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(dir: &Path) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or("no output")?;
        BufReader::new(out).read_line(&mut line)?;
        Ok(Self {
            child,
            address: line.trim().to_owned(),
        })
    }

    /// Seconds of processor time so far: ticks of 10 ms, by user and system.
    fn cpu(&self) -> Result<f64, Box<dyn Error>> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, after_name) = stat.rsplit_once(')').ok_or("no such process")?;
        let ticks = after_name.split_whitespace().skip(11).take(2);
        let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() / 100.0)
    }

    /// `VmRSS` or `VmHWM` in MB.
    fn memory(&self, name: &str) -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(kilobytes.ok_or("no such figure")?.parse::<u64>()? / 1000)
    }

    /// Sends batches over all connections at once, and tells how long that took.
    fn take_in(&self, bodies: &[String]) -> Result<Duration, Box<dyn Error>> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(&self.address)?);
        }
        let started = Instant::now();
        let failed = std::thread::scope(|scope| {
            let share = bodies.len().div_ceil(CONNECTIONS).max(1);
            let senders = clients.iter_mut().zip(bodies.chunks(share));
            let senders: Vec<_> = senders
                .map(|(client, bodies)| {
                    scope.spawn(move || {
                        let mut answers = bodies
                            .iter()
                            .map(|body| client.post("/TraceSegments", body));
                        answers.find_map(|answer| answer.err().map(|error| error.to_string()))
                    })
                })
                .collect();
            senders
                .into_iter()
                .find_map(|sender| sender.join().unwrap())
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(started.elapsed()),
        }
    }

    /// Asks five times, and prints the median.
    fn told(&self, what: &str, path: &str, body: &str) -> Result<(), Box<dyn Error>> {
        let mut client = Client::connect(&self.address)?;
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..5 {
            let started = Instant::now();
            bytes = client.post(path, body)?.len();
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let memory = self.memory("VmRSS")?;
        println!(
            "{what:<58} {:>8.2} ms  {bytes:>9} bytes  RSS {memory} MB",
            times[2]
        );
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn load(segments: usize) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let server = Server::start(dir.path())?;
    let (mut sent, mut took) = (0_usize, Duration::ZERO);
    for first in (0..segments).step_by(BATCH * CONNECTIONS * AT_ONCE) {
        let last = segments.min(first + BATCH * CONNECTIONS * AT_ONCE);
        let batches = (first..last).step_by(BATCH).map(|first| {
            let documents = (first..last.min(first + BATCH)).map(document);
            let documents: Vec<_> = documents.collect();
            sent += documents.iter().map(String::len).sum::<usize>();
            json!({ "TraceSegmentDocuments": documents }).to_string()
        });
        let bodies: Vec<_> = batches.collect();
        took += server.take_in(&bodies)?;
    }
    println!(
        "ingest: {:.0} segments/s of {} bytes in batches of {BATCH} through the API (budget 50,000), {:.2} CPU-s per 100,000",
        segments as f64 / took.as_secs_f64(),
        sent / segments,
        server.cpu()? * 100_000.0 / segments as f64,
    );
    println!(
        "memory after {segments} segments: RSS {} MB",
        server.memory("VmRSS")?
    );
    let file = dir.path().join(STORE_FILE).metadata()?.len();
    println!("file: {:.2} times the documents", file as f64 / sent as f64);
    let last = FIRST_SECS as usize + segments;
    let window =
        |secs: usize| json!({ "StartTime": last.saturating_sub(secs), "EndTime": last + 9 });
    let recent = window(TRACES);
    server.told(
        "graph of 100,000 traces (300 ms)",
        "/ServiceGraph",
        &recent.to_string(),
    )?;
    for filter in [
        "fault",
        "service(\"bucket creation\") { responsetime > 9 }",
        "annotation.job = \"none\"",
        "rootcause.responsetime.entity { name = \"none\" }",
    ] {
        let mut body = recent.clone();
        body["FilterExpression"] = filter.into();
        let what = format!("filter over 100,000 (300 ms): {filter}");
        server.told(&what, "/TraceSummaries", &body.to_string())?;
    }
    server.told(
        "newest hundred summaries",
        "/TraceSummaries",
        &recent.to_string(),
    )?;
    let mut series = recent;
    series["Period"] = 300.into();
    server.told(
        "time series of 100,000 traces",
        "/TimeSeriesServiceStatistics",
        &series.to_string(),
    )?;
    let id = trace_id(segments / 2).to_string();
    server.told(
        "a trace by id (2 ms)",
        "/Traces",
        &json!({ "TraceIds": [id] }).to_string(),
    )?;
    server.told(
        "graph of all",
        "/ServiceGraph",
        &window(segments).to_string(),
    )?;
    println!(
        "memory at most: {} MB (budget 150)",
        server.memory("VmHWM")?
    );
    Ok(())
}
