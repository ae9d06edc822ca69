//! How the daemon fares under load on loopback: loss and CPU at a steady rate, and a burst.
//!
//! `cargo run --release -p xray-daemon --example load [RATE [SECONDS]]`, by default 30,000
//! segments of 1 KB a second for five seconds. Sender, daemon and endpoint share the machine; the
//! CPU is that of the daemon's threads alone. Linux only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use xray_daemon::{Config, Counts, Daemon, XrayClient};

const BURST: u64 = 5000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse());
    let rate: u64 = arguments.next().map_or(30_000, |rate| rate.unwrap());
    let seconds: u64 = arguments.next().map_or(5, |seconds| seconds.unwrap());
    run("one segment", |sender| send_paced(sender, 1, 1));
    run("steady", |sender| send_paced(sender, rate, rate * seconds));
    run("burst", |sender| (0..BURST).for_each(|n| sender.send(n)));
}

/// Runs a daemon for one load, and prints what became of it.
fn run(name: &str, load: impl FnOnce(&Sender)) {
    let endpoint_runtime = runtime("endpoint");
    let kept = Arc::new(AtomicU64::new(0));
    let endpoint = endpoint_runtime.block_on(endpoint(Arc::clone(&kept)));
    let daemon_runtime = runtime("daemon");
    let start = Instant::now();
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config {
        udp: free,
        tcp: Some(free),
        ..Config::default()
    };
    let url = format!("http://{endpoint}").parse().unwrap();
    let credentials = Credentials::new("AKID", "secret", None, None, "example");
    let credentials = SharedCredentialsProvider::new(credentials);
    let client = XrayClient::new(url, "us-east-1".to_owned(), Some(credentials));
    let guard = daemon_runtime.enter();
    let daemon = Daemon::bind(config).unwrap();
    drop(guard);
    let bound = start.elapsed();
    let sender = Sender::to(daemon.udp_address());
    let (buffer, counts) = (daemon.receive_buffer_bytes(), daemon.counts());
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = daemon_runtime.spawn(daemon.run(client, async {
        let _ = stopped.await;
    }));

    let start = Instant::now();
    load(&sender);
    let sending = start.elapsed();
    while counts.read().pending() > 0 || counts.read().received == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    let delivered = start.elapsed();
    let cpu = cpu_of(&["xray-receive", "daemon"]);
    stop.send(()).unwrap();
    let counts = daemon_runtime.block_on(ended).unwrap();
    println!(
        "{name}: bound in {bound:?}, buffer {buffer} B, sent in {sending:?}, all uploaded after {delivered:?}"
    );
    print(&counts, cpu, kept.load(Ordering::Relaxed));
}

fn print(counts: &Counts, cpu: Duration, kept: u64) {
    let sent = counts.received + counts.kernel_dropped;
    let lost = 100.0 * counts.lost() as f64 / sent as f64;
    let per_100k = cpu.as_secs_f64() * 100_000.0 / sent as f64;
    println!(
        "  {sent} datagrams, {kept} at the endpoint, {lost:.3} % lost, {cpu:?} CPU, {per_100k:.2} CPU-s per 100k"
    );
    println!("  {counts:?}");
}

fn runtime(name: &str) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(1).thread_name(name);
    builder.enable_all().build().unwrap()
}

/// Takes everything; counts the documents by the one place where a quote precedes a brace.
async fn endpoint(kept: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = |State(kept): State<Arc<AtomicU64>>, body: Bytes| async move {
        let documents = body.windows(2).filter(|pair| pair == b"\"{").count();
        kept.fetch_add(documents as u64, Ordering::Relaxed);
        "{\"UnprocessedTraceSegments\":[]}"
    };
    let router = Router::new().route("/TraceSegments", post(take));
    let router = router.with_state(kept);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

struct Sender {
    socket: UdpSocket,
}

impl Sender {
    fn to(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(address).unwrap();
        Self { socket }
    }

    fn send(&self, n: u64) {
        let mut datagram = format!(
            "{{\"format\":\"json\",\"version\":1}}\n{{\"name\":\"load\",\"id\":\"{n:016x}\",\
             \"trace_id\":\"1-69214cb0-{n:024x}\",\"start_time\":1763790000.0,\
             \"end_time\":1763790001.0,\"metadata\":{{\"default\":{{"
        );
        for field in 0.. {
            if datagram.len() > 980 {
                break;
            }
            let comma = if field > 0 { "," } else { "" };
            datagram.push_str(&format!("{comma}\"field{field:02}\":\"value {field:04}\""));
        }
        datagram.push_str("}}}");
        self.socket.send(datagram.as_bytes()).unwrap();
    }
}

/// Sends `total` datagrams, as many each millisecond as the rate asks for.
fn send_paced(sender: &Sender, rate: u64, total: u64) {
    let start = Instant::now();
    for n in 0..total {
        let due = start + Duration::from_millis(n * 1000 / rate);
        let now = Instant::now();
        if due > now {
            thread::sleep(due - now);
        }
        sender.send(n);
    }
}

/// The CPU time of this process's threads of the given names.
fn cpu_of(names: &[&str]) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let nanoseconds = tasks.filter_map(|task| {
        let path = task.ok()?.path();
        let name = fs::read_to_string(path.join("comm")).ok()?;
        let statistics = fs::read_to_string(path.join("schedstat")).ok()?;
        let on_cpu = statistics.split(' ').next()?.parse::<u64>().ok()?;
        names.contains(&name.trim()).then_some(on_cpu)
    });
    Duration::from_nanos(nanoseconds.sum())
}
