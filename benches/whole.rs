//! Whole processes against a running `xray-ecs local`: one bucket, and a fleet of 200.
//!
//! Prints wall time, CPU time and peak memory beside the budgets of the design. It asserts nothing
//! of these: machines differ.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool of the developers"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_xray-ecs");

/// Clock ticks in a second, as Linux tells them to programs on every architecture.
const TICKS: f64 = 100.0;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let (mut server, variables) = serve(dir.path());
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let bucket = Runs::of(&jobs.join("create-bucket.json"), &variables, 100);
    println!("one bucket that is there, 100 runs: start to exit");
    bucket.print("  budget: 40 times faster than Python's 700 ms = 17.5 ms; 20 MiB");
    let fleet = Runs::of(&jobs.join("fleet.json"), &variables, 20);
    println!("fleet of 200 buckets that are there, 20 runs");
    fleet.print("");
    println!(
        "  {:.0} jobs/s, {:.0} jobs per CPU-second, the start included",
        200.0 / fleet.median().as_secs_f64(),
        200.0 / fleet.cpu.as_secs_f64()
    );
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A server on free ports, and the variables that it prints.
fn serve(dir: &Path) -> (Child, Vec<(String, String)>) {
    let free = "local --listen 127.0.0.1:0 --s3 127.0.0.1:0 --daemon 127.0.0.1:0";
    let mut server = Command::new(PROGRAM)
        .args(free.split(' '))
        .current_dir(dir)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let variables = lines
        .map_while(Result::ok)
        .take_while(|line| line.starts_with("export "))
        .take(5)
        .flat_map(|line| {
            let pairs = line.split_whitespace().skip(1).map(str::to_owned);
            pairs.collect::<Vec<_>>()
        })
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('\'').to_owned()))
        })
        .collect();
    (server, variables)
}

struct Runs {
    walls: Vec<Duration>,
    /// Of one run.
    cpu: Duration,
    peak_mb: u64,
}

impl Runs {
    fn of(job_file: &Path, variables: &[(String, String)], count: u32) -> Self {
        let run = || {
            let start = Instant::now();
            let output = Command::new(PROGRAM)
                .arg("run")
                .arg(job_file)
                .env_clear()
                .envs(variables.iter().cloned())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            (start.elapsed(), peak_mb(&output.stderr))
        };
        run(); // makes what is not there yet
        let before = children_cpu();
        let (mut walls, peaks): (Vec<_>, Vec<_>) = (0..count).map(|_| run()).unzip();
        walls.sort();
        Self {
            walls,
            cpu: (children_cpu() - before) / count,
            peak_mb: peaks.into_iter().max().unwrap(),
        }
    }

    fn median(&self) -> Duration {
        self.walls[self.walls.len() / 2]
    }

    fn print(&self, budget: &str) {
        let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
        println!(
            "  {:.1} ms wall (median; {:.1} to {:.1}), {:.1} ms CPU, at most {} MiB",
            millis(self.median()),
            millis(self.walls[0]),
            millis(*self.walls.last().unwrap()),
            millis(self.cpu),
            self.peak_mb
        );
        if !budget.is_empty() {
            println!("{budget}");
        }
    }
}

/// The largest peak that a REPORT line tells: up to the end of the last job.
fn peak_mb(stderr: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(stderr);
    let peaks = text.split("Max Memory Used: ").skip(1);
    peaks
        .filter_map(|rest| rest.split(' ').next()?.parse().ok())
        .max()
        .unwrap()
}

/// The CPU time of all children that have ended.
fn children_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks: f64 = fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap();
    Duration::from_secs_f64(ticks / TICKS)
}
