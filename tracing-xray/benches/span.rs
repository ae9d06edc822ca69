//! What a span costs: a segment with one subsegment and an annotation each, made, encoded, sent.
//!
//! Prints the CPU time of the caller's thread and of the emitter's thread beside the budgets of
//! the design. It asserts nothing: machines differ.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool of the developers"
)]

use std::net::UdpSocket;
use std::time::Duration;

use tracing::{info_span, subscriber};
use tracing_subscriber::layer::SubscriberExt;
use tracing_xray::{Emitter, EmitterOptions, LayerOptions, Settings};

/// Segments in a round, fewer than the emitter's queue holds, and rounds.
const ROUND: u32 = 2_000;
const ROUNDS: u32 = 10;

fn main() {
    let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        daemon_address: sink.local_addr().unwrap().to_string().parse().unwrap(),
        ..Settings::default()
    };
    let options = EmitterOptions {
        start_timeout: Duration::ZERO,
        ..EmitterOptions::default()
    };
    let (emitter, guard) = Emitter::start(&settings, options).unwrap();
    let layer = tracing_xray::layer(emitter.clone(), &settings, LayerOptions::default());
    subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();

    run(&emitter); // warm caches and allocators
    let (caller_before, all_before) = (caller_cpu(), process_cpu());
    for _ in 0..ROUNDS {
        run(&emitter);
    }
    let each = |before: Duration, after: Duration| {
        (after - before).as_secs_f64() * 1e6 / f64::from(ROUND * ROUNDS)
    };
    let caller = each(caller_before, caller_cpu());
    let all = each(all_before, process_cpu());
    let counts = guard.close();
    println!("segment + subsegment, {} times:", ROUND * ROUNDS);
    println!("  caller's thread   {caller:5.2} µs CPU   (budget 2.5)");
    println!("  emitter's thread  {:5.2} µs CPU", all - caller);
    println!("  together          {all:5.2} µs CPU   (budget 6)");
    println!("  {counts:?}");
}

fn run(emitter: &Emitter) {
    for job in 0..ROUND {
        let segment = info_span!("job", xray.segment = "bucket creation", job);
        segment.in_scope(|| info_span!("step", bucket = "acme-logs").in_scope(|| ()));
    }
    assert!(emitter.flush(Duration::from_secs(60)));
}

/// The first number of a schedstat file: nanoseconds on a processor.
fn on_cpu(schedstat: &std::path::Path) -> Duration {
    let text = std::fs::read_to_string(schedstat).unwrap();
    let nanos = text.split_whitespace().next().unwrap().parse().unwrap();
    Duration::from_nanos(nanos)
}

fn caller_cpu() -> Duration {
    on_cpu("/proc/thread-self/schedstat".as_ref())
}

fn process_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .map(|task| on_cpu(&task.unwrap().path().join("schedstat")))
        .sum()
}
