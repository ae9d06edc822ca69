//! Files as the official SDKs read them, and what their rules decide.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn vectors(text: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(text).unwrap();
    vectors["cases"].as_array().unwrap().clone()
}

fn start() -> Timestamp {
    Timestamp::from_micros(1_500_000_000_000_000)
}

/// The rules of version 2 whose default is this.
fn rules_of(fixed_target: &Value, rate: &Value, rules: &Value) -> LocalRules {
    let default = json!({"fixed_target": fixed_target, "rate": rate});
    let file = json!({"version": 2, "rules": rules, "default": default});
    LocalRules::parse(&file.to_string()).unwrap()
}

fn faults_of(file: &Value) -> Vec<String> {
    let errors = LocalRules::parse(&file.to_string()).unwrap_err();
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_vectors_of_files_hold() {
    let cases = vectors(include_str!(
        "../../tests/vectors/sampling_local_manifest.json"
    ));
    assert!(cases.len() > 15);
    for case in cases {
        let parsed = LocalRules::parse(&case["manifest"].to_string());
        let valid = case["recommended_valid"].as_bool().unwrap();
        assert_eq!(parsed.is_ok(), valid, "{}: {parsed:?}", case["title"]);
        if let Err(errors) = parsed {
            assert_eq!(errors.0.len(), 1, "{}: {errors}", case["title"]);
        }
    }
}

#[test]
fn the_official_default_is_read() {
    let vectors: Value = serde_json::from_str(include_str!(
        "../../tests/vectors/sampling_local_manifest.json"
    ))
    .unwrap();
    let rules = LocalRules::parse(&vectors["builtin_default"].to_string()).unwrap();
    let decide = |random| rules.decide(&Request::default(), start(), random).sampled;
    assert_eq!(
        [decide(0.9), decide(0.9), decide(0.049)],
        [true, false, true]
    );
}

#[test]
fn the_vectors_of_local_reservoirs_hold() {
    let cases = vectors(include_str!("../../tests/vectors/sampling_reservoir.json"));
    let mut seen = 0;
    for case in cases {
        match case["kind"].as_str().unwrap() {
            "local" => {
                let rules = rules_of(&case["capacity"], &json!(0), &json!([]));
                let step = case["step_ms"].as_u64().unwrap();
                let tries = (0..case["duration_ms"].as_u64().unwrap()).step_by(step as usize);
                let taken = tries.filter(|millis| {
                    let now = start().after(Duration::from_millis(*millis));
                    rules.decide(&Request::default(), now, 0.0).sampled
                });
                assert_eq!(case["expect_taken"], taken.count(), "{}", case["title"]);
            }
            "local_decide" => {
                let rules = rules_of(&case["capacity"], &case["rate"], &json!([]));
                for _ in 0..case["used"].as_u64().unwrap() {
                    assert!(rules.decide(&Request::default(), start(), 0.99).sampled);
                }
                let random = case["random"].as_f64().unwrap();
                let decision = rules.decide(&Request::default(), start(), random);
                let expect = &case["expect"];
                assert_eq!(expect["sample"], decision.sampled, "{}", case["title"]);
                assert_eq!(expect["rule_name"], json!(decision.rule));
            }
            // The others are about central rules.
            _ => continue,
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_first_rule_that_matches_decides_for_itself() {
    let rule = |name: &str, path: &str, target: u32, rate: f64| {
        json!({"description": name, "host": "night*", "http_method": "create-bucket",
               "url_path": path, "fixed_target": target, "rate": rate})
    };
    let rules = rules_of(
        &json!(0),
        &json!(0),
        &json!([
            rule("first", "/logs-?", 1, 0.0),
            rule("second", "/logs*", 0, 0.5)
        ]),
    );
    let decide = |path, random| {
        let request = Request {
            host: Some("Nightly"),
            http_method: Some("CREATE-BUCKET"),
            url_path: Some(path),
        };
        let decision = rules.decide(&request, start(), random);
        (decision.sampled, decision.rule)
    };
    assert_eq!(decide("/logs-1", 0.0), (true, Some("first")));
    // Its one trace is taken, and no other rule is asked.
    assert_eq!(decide("/logs-2", 0.0), (false, Some("first")));
    assert_eq!(decide("/logs-10", 0.49), (true, Some("second")));
    assert_eq!(decide("/logs-10", 0.5), (false, Some("second")));
    assert_eq!(decide("/images", 0.0), (false, None));
    // What a request lacks matches every rule.
    for url_path in [None, Some("")] {
        let request = Request {
            url_path,
            ..Request::default()
        };
        assert_eq!(rules.decide(&request, start(), 0.0).rule, Some("first"));
    }
}

#[test]
fn version_1_compares_the_host_with_the_service_name() {
    let file = json!({
        "version": 1,
        "default": {"fixed_target": 0, "rate": 0},
        "rules": [{"id": "7", "description": "d", "service_name": "a*", "http_method": "*",
                   "url_path": "*", "fixed_target": 0, "rate": 1}],
    });
    let rules = LocalRules::parse(&file.to_string()).unwrap();
    let decide = |host| {
        let request = Request {
            host: Some(host),
            ..Request::default()
        };
        rules.decide(&request, start(), 0.999)
    };
    let by_rule = Decision {
        sampled: true,
        rule: Some("7"),
    };
    assert_eq!(decide("abc"), by_rule);
    assert!(!decide("bc").sampled);
}

#[test]
fn without_a_file_everything_is_sampled() {
    let rules = LocalRules::default();
    let everything = Decision {
        sampled: true,
        rule: None,
    };
    for _ in 0..100 {
        let decision = rules.decide(&Request::default(), start(), 0.999_999);
        assert_eq!(decision, everything);
    }
}

#[test]
fn every_fault_is_told_with_its_place_and_mend() {
    let faults = faults_of(&json!({
        "version": 2,
        "ruels": [],
        "default": {"fixed_target": -1, "rate": 5, "host": "*"},
        "rules": [
            {"service_name": "*", "http_method": "", "urlpath": "*", "fixed_target": 1.5},
            7,
        ],
    }));
    assert_eq!(
        faults,
        [
            "ruels: unknown field, did you mean `rules`?",
            "rules[0].urlpath: unknown field, did you mean `url_path`?",
            "rules[0].service_name: this version calls it `host`",
            "rules[0].http_method: `\"\"` is no pattern; write a text, `*` for any",
            "rules[0].url_path: is missing; write `*` for any",
            "rules[0].fixed_target: `1.5` is no count; write how many traces a second are recorded whatever the rate: a whole number from 0, such as 1",
            "rules[0].rate: is missing; write the share of further traces that are recorded: a number from 0 to 1, such as 0.05 for 5 %",
            "rules[1]: write an object",
            "default.host: leave it out: the default holds only `fixed_target` and `rate`",
            "default.fixed_target: `-1` is no count; write how many traces a second are recorded whatever the rate: a whole number from 0, such as 1",
            "default.rate: `5` is no share; write the share of further traces that are recorded: a number from 0 to 1, such as 0.05 for 5 %",
        ]
    );
}

#[test]
fn a_file_that_is_no_file_of_rules_says_so() {
    let error = LocalRules::parse("{\"version\": 2,}").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("sampling rules: is no JSON: trailing comma at line 1"),
        "{error}"
    );
    assert_eq!(
        faults_of(&json!([])),
        ["sampling rules: write an object of `version`, `rules` and `default`"]
    );
    assert_eq!(
        faults_of(&json!({"rules": {}})),
        [
            "version: is missing; write 2",
            "rules: write a list of rules",
            "default: is missing; write what holds where no rule matches, such as {\"fixed_target\": 1, \"rate\": 0.05}",
        ]
    );
}

#[test]
fn the_file_of_the_project_samples_all_but_the_chatty() {
    let rules = LocalRules::parse(include_str!("../../../config/sampling-rules.json")).unwrap();
    let decide = |url_path| {
        let request = Request {
            host: Some("bucket creation"),
            http_method: Some("CREATE-BUCKET"),
            url_path: Some(url_path),
        };
        rules.decide(&request, start(), 0.9).sampled
    };
    assert_eq!([decide("/heartbeat"), decide("/heartbeat")], [true, false]);
    assert_eq!([decide("/logs"), decide("/logs")], [true, true]);
}

proptest! {
    #[test]
    fn any_text_is_rules_or_faults(text: String, field in "[a-z_\"{}:,0-9]{0,40}") {
        for file in [text, format!("{{\"version\":2,\"default\":{{{field}}}}}")] {
            if let Err(errors) = LocalRules::parse(&file) {
                prop_assert!(!errors.0.is_empty());
            }
        }
    }

    #[test]
    fn over_a_long_time_the_rate_holds(rate in 0.0..=1.0_f64) {
        let rules = rules_of(&json!(0), &json!(rate), &json!([]));
        let draws = (0..1000).map(|draw| f64::from(draw) / 1000.0);
        let sampled = draws.filter(|random| rules.decide(&Request::default(), start(), *random).sampled);
        prop_assert!((sampled.count() as f64 - rate * 1000.0).abs() <= 1.0);
    }
}
