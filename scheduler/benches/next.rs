//! How fast firings are found: the next 1,000 of expressions both dense and sparse, and a count
//! over a year. Budgets: 10 ms for the firings, some microseconds for the count.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use divan::{Bencher, black_box};
use scheduler::expression::Expression;

const EXPRESSIONS: [&str; 9] = [
    "cron(* * * * ? *)",
    "cron(0 10 * * ? *)",
    "cron(0/30 20-2 ? * MON-FRI *)",
    "cron(0 0 L-3 * ? *)",
    "cron(30 17 LW * ? *)",
    "cron(0 0 29 2 ? *)",
    "cron(0 0 ? 2 1#5 *)",
    "cron(0 0 1 1 ? 2199)",
    "rate(5 minutes)",
];

fn main() {
    divan::main();
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap()
}

#[divan::bench(args = EXPRESSIONS)]
fn firings_1000(bencher: Bencher<'_, '_>, text: &str) {
    let expression = Expression::parse(text).unwrap();
    bencher.bench_local(|| {
        expression
            .firings(black_box(now()))
            .take(1_000)
            .fold(0, |sum, firing| sum ^ firing.timestamp())
    });
}

#[divan::bench(args = EXPRESSIONS)]
fn count_365_days(bencher: Bencher<'_, '_>, text: &str) {
    let expression = Expression::parse(text).unwrap();
    bencher.bench_local(|| expression.count(black_box(now()), now() + TimeDelta::days(365)));
}

#[divan::bench(args = EXPRESSIONS)]
fn parse(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench_local(|| Expression::parse(black_box(text)));
}

#[divan::bench(args = EXPRESSIONS)]
fn warnings(bencher: Bencher<'_, '_>, text: &str) {
    let expression = Expression::parse(text).unwrap();
    bencher.bench_local(|| expression.warnings(black_box(now())));
}
