//! How long it takes over HTTP to apply 300 rules, which is all that an event bus has room for, and
//! to read them and compare. The fake answers at once on the loopback, so this is what the program
//! itself costs. Budget: 2 s for reading and comparing.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/it/sdk.rs"]
mod sdk;

use std::path::Path;
use std::time::{Duration, Instant};

use fake_aws::FakeAws;
use scheduler::apply::apply;
use scheduler::diff::{Diff, diff};
use scheduler::eventbridge::EventBridge;
use scheduler::file::{CheckedFile, Context, read};
use scheduler::place::Place;
use serde_json::json;

const RULES: usize = 300;
const ROUNDS: u32 = 10;
const BUDGET: Duration = Duration::from_secs(2);

fn file(place: &Place) -> CheckedFile {
    let rules = (0..RULES).map(|index| {
        json!({
            "name": format!("rule-{index}"),
            "schedule": format!("cron({} {} * * ? *)", index % 60, index % 24),
            "targets": [{ "worker": { "job_file": format!("s3://acme/jobs-{index}.json") } }],
        })
    });
    let file = json!({
        "version": 1,
        "name": "nightly",
        "tags": { "team": "data" },
        "defaults": { "cluster": "batch", "task_definition": "worker", "role": "events" },
        "rules": rules.collect::<Vec<_>>(),
    });
    let context = Context {
        region: Some(place.region.clone()),
        account: Some(place.account.clone()),
        variable: &|_| Ok(None),
        now: "2026-11-28T00:00:00Z".parse().unwrap(),
    };
    read(
        Path::new("schedule.json"),
        file.to_string().as_bytes(),
        &context,
    )
    .unwrap()
}

async fn found(eventbridge: &EventBridge, file: &CheckedFile) -> Diff {
    let names: Vec<&str> = file.rules.iter().map(|rule| rule.name.as_str()).collect();
    let remote = eventbridge.read(&names, &file.name).await.unwrap();
    diff(&file.rules, &remote, &file.name)
}

#[tokio::main]
async fn main() {
    let fake = FakeAws::builder().start().unwrap();
    let place = Place {
        region: fake.region(),
        account: fake.account(),
    };
    let file = file(&place);
    let eventbridge = EventBridge::new(&sdk::config(&fake), place);

    let wanted = found(&eventbridge, &file).await;
    let start = Instant::now();
    let applied = apply(&eventbridge, &wanted).await;
    let elapsed = start.elapsed();
    assert!(applied.iter().all(|rule| rule.errors.is_empty()));
    println!(
        "apply {RULES} rules: {elapsed:.0?}, {} calls",
        fake.writes().len()
    );

    let before = fake.calls().len();
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let diff = found(&eventbridge, &file).await;
        all.push(start.elapsed());
        assert_eq!((diff.rules.len(), diff.unchanged), (0, RULES));
    }
    let calls = (fake.calls().len() - before) / ROUNDS as usize;
    all.sort();
    let (median, most) = (all[all.len() / 2], all[all.len() - 1]);
    println!(
        "read and compare {RULES} rules: {median:.0?} (at most {most:.0?}), {calls} calls; budget {BUDGET:.0?}"
    );
}
