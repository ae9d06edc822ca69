//! Any JSON, sent to every operation; and what needs a clock of its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tracing_xray::{ManualClock, Timestamp};

use super::*;

mod bodies;

use bodies::{any_body, any_value};

#[test]
fn any_json_is_answered_or_refused() {
    let (_dir, api) = api(Clock::System);
    let answered = RefCell::new(BTreeSet::new());
    let check = |body: Value| {
        let body = body.to_string();
        for (path, operation) in OPERATIONS {
            match operation(&api, body.as_bytes()) {
                Ok(answer) => {
                    let answer: Value = serde_json::from_slice(&answer).unwrap();
                    prop_assert!(answer.is_object(), "{path} {body}");
                    answered.borrow_mut().insert(path);
                }
                Err(error) => {
                    // Read to its end, and refused for what it is.
                    if format!("{error:?}").contains("local X-Ray") {
                        answered.borrow_mut().insert(path);
                    }
                    let status = error.into_response().status();
                    prop_assert!(status.is_client_error(), "{path} {body}: {status}");
                }
            }
        }
        Ok(())
    };
    let config = ProptestConfig {
        cases: 200,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let bodies = prop_oneof![15 => any_body(), 1 => any_value()];
    TestRunner::new(config).run(&bodies, check).unwrap();
    let all = OPERATIONS.iter().map(|(path, _)| *path);
    let never: Vec<_> = all
        .filter(|path| !answered.borrow().contains(path))
        .collect();
    assert_eq!(never, [""; 0], "nothing that they answer was ever sent");
}

fn api(clock: Clock) -> (tempfile::TempDir, Api) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, Api { store, clock })
}

fn ask(api: &Api, operation: Operation, body: &Value) -> Value {
    let answer = operation(api, body.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn ten_minutes_of_statistics_come_in_pages() {
    let hand = ManualClock::at(Timestamp::from_micros(1_763_790_003_500_000));
    let (_dir, api) = api(Clock::Manual(hand.clone()));
    let mut rule = json!({
        "RuleName": "a", "Priority": 1, "FixedRate": 1, "ReservoirSize": 1, "Version": 1,
    });
    for member in [
        "ServiceName",
        "ServiceType",
        "Host",
        "HTTPMethod",
        "URLPath",
        "ResourceARN",
    ] {
        rule[member] = "*".into();
    }
    let create = json!({ "SamplingRule": rule });
    ask(&api, rules::create_sampling_rule, &create);
    for requests in 0..70 {
        hand.advance(Duration::from_secs(10));
        let report = |rule| {
            json!({
                "RuleName": rule, "ClientID": "0123456789abcdef01234567", "Timestamp": 1,
                "RequestCount": requests, "SampledCount": 0,
            })
        };
        let reports = json!({ "SamplingStatisticsDocuments": [report("a"), report("Default")] });
        ask(&api, sampling::get_sampling_targets, &reports);
    }
    let (mut pages, mut body) = (Vec::new(), json!({}));
    loop {
        let answer = ask(&api, sampling::get_sampling_statistic_summaries, &body);
        pages.push(
            answer["SamplingStatisticSummaries"]
                .as_array()
                .unwrap()
                .clone(),
        );
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
        // Windows that end while somebody reads do not matter.
        hand.advance(Duration::from_secs(1));
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 20]);
    let all = pages.concat();
    for (index, summary) in all.iter().enumerate() {
        assert_eq!(summary["RuleName"], ["Default", "a"][index % 2]);
        assert_eq!(summary["RequestCount"], 10 + index / 2);
        let window = 1_763_790_000.0 + 10.0 * (11 + index / 2) as f64;
        assert_eq!(summary["Timestamp"], window);
    }
}
