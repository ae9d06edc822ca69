//! How fast the store takes documents in, and how fast it answers. Budgets: 50,000 segments of
//! 1 KB a second, a trace in 2 ms, the graph of 100,000 traces and a filter over them in 300 ms, an
//! open store in 3 ms.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use local_xray::{FilterExpression, Store, SummaryQuery, TimeRange};
use tempfile::TempDir;
use tracing_xray::Timestamp;

mod segment;

use segment::{FIRST_SECS, document, trace_id};

fn main() {
    divan::main();
}

struct Filled {
    store: Store,
    _dir: TempDir,
}

fn filled(traces: usize) -> Filled {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for first in (0..traces).step_by(1000) {
        let documents: Vec<_> = (first..traces.min(first + 1000)).map(document).collect();
        assert!(
            store
                .put_trace_segments(&documents, Timestamp::default())
                .unwrap()
                .is_empty()
        );
    }
    Filled { store, _dir: dir }
}

#[divan::bench(args = [50, 500], sample_count = 200, sample_size = 1)]
fn ingest(bencher: Bencher<'_, '_>, batch: usize) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut number = 0;
    bencher
        .counter(ItemsCount::new(batch))
        .with_inputs(|| {
            number += batch;
            (number - batch..number).map(document).collect::<Vec<_>>()
        })
        .bench_local_refs(|documents| {
            store
                .put_trace_segments(documents, Timestamp::default())
                .unwrap()
        });
}

#[divan::bench(sample_count = 200)]
fn trace_by_id(bencher: Bencher<'_, '_>) {
    let filled = filled(10_000);
    let ids = [trace_id(5_000)];
    bencher.bench_local(|| filled.store.batch_get_traces(black_box(&ids)).unwrap());
}

#[divan::bench(args = [10_000, 100_000], sample_count = 10, sample_size = 1)]
fn graph(bencher: Bencher<'_, '_>, traces: usize) {
    let filled = filled(traces);
    let (start, end) = window(traces);
    bencher.bench_local(|| filled.store.service_graph(start, end, None).unwrap());
}

/// What a search over 100,000 traces costs when it has to look at all of them.
#[divan::bench(
    args = [
        "fault",
        "service(\"bucket creation\") { responsetime > 9 }",
        "annotation.job = \"job-7\"",
        "rootcause.fault.service { name = \"S3\" }",
    ],
    sample_count = 10,
    sample_size = 1
)]
fn filter(bencher: Bencher<'_, '_>, expression: &str) {
    static FILLED: LazyLock<Filled> = LazyLock::new(|| filled(100_000));
    let filter = FilterExpression::parse(expression, &|_| None).unwrap();
    let (start, end) = window(100_000);
    let query = SummaryQuery {
        start,
        end,
        filter: Some(&filter),
        limit: 100,
        ..SummaryQuery::default()
    };
    bencher.bench_local(|| {
        let page = FILLED.store.trace_summaries(&query).unwrap();
        assert_eq!(page.processed, 100_000);
    });
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn newest_hundred_summaries(bencher: Bencher<'_, '_>) {
    let filled = filled(10_000);
    let (start, end) = window(10_000);
    let query = SummaryQuery {
        start,
        end,
        range: TimeRange::Event,
        limit: 100,
        ..SummaryQuery::default()
    };
    bencher.bench_local(|| filled.store.trace_summaries(&query).unwrap());
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn open_a_filled_store(bencher: Bencher<'_, '_>) {
    let filled = filled(10_000);
    let dir = filled._dir.path();
    bencher.bench_local(|| Store::open(dir).unwrap());
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn open_a_new_store(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(|| tempfile::tempdir().unwrap())
        .bench_local_refs(|dir| Store::open(dir.path()).unwrap());
}

fn window(traces: usize) -> (Timestamp, Timestamp) {
    let second = |second: usize| Timestamp::from_micros(second as u64 * 1_000_000);
    (
        second(FIRST_SECS as usize),
        second(FIRST_SECS as usize + traces + 1),
    )
}
